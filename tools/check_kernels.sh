#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Object code of the x86 kernels: no instruction above the folder's level, and no vector that travels through the stack in an innermost
# loop that multiplies. Usage: check_kernels.sh OBJECT... (build/host/runtime/kernels/ISA/*.o). Called by make lint-kernels.
set -eu
case $(uname -m) in
x86_64) ;;
*)
    echo "not an x86 host: nothing to check"
    exit 0
    ;;
esac
status=0
loops=0

# What each folder may not contain, as extended regular expressions over disassembled lines.
forbidden() {
    case $1 in
    scalar) echo '%[yzk]mm|	v[a-z]+ |%k[1-7]|	p(mulld|mulhrsw|shufb|maddubsw|mov[sz]x)' ;;
    sse41) echo '%[yz]mm|	v[a-z]+ |%k[1-7]' ;;
    avx2) echo '%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[1-7]|vpdp|tdp' ;;
    avxvnni) echo '%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[1-7]|tdp' ;;
    avx512vnni) echo 'tdp|tileload|vp2intersect|vpermi2b|vpmadd52' ;;
    amx) echo 'vp2intersect|vpermi2b|vpmadd52' ;;
    esac
}

for object in "$@"; do
    isa=$(basename "$(dirname "$object")")
    pattern=$(forbidden "$isa")
    if [ -n "$pattern" ] && objdump -d --no-show-raw-insn "$object" | grep -Em 3 "$pattern"; then
        echo "$object: an instruction above $isa"
        status=1
    fi
    # An innermost loop: from a backward jump's target to the jump, with no smaller one inside.
    found=$(objdump -d --no-show-raw-insn "$object" | awk -v object="$object" '
        function hex(text,   value, i) {
            value = 0
            for (i = 1; i <= length(text); i++)
                value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
            return value
        }
        /^[0-9a-f]+ <.*>:$/ { name = $2; count = 0; last_end = -1; next }
        /^ *[0-9a-f]+:/ {
            address = $1
            sub(/:/, "", address)
            at[count] = hex(address)
            line[count++] = $0
            if ($2 ~ /^j/ && $3 ~ /^[0-9a-f]+$/ && hex($3) <= at[count - 1] && hex($3) > last_end) {
                products = 0
                spills = 0
                for (i = count - 1; i >= 0 && at[i] >= hex($3); i--) {
                    products += line[i] ~ /dpbusd|maddubsw|maddwd/
                    spills += line[i] ~ /\(%r[sb]p[),]/ && line[i] ~ /%[xyz]mm/
                }
                last_end = at[count - 1]
                if (products) {
                    loops++
                    if (spills)
                        printf "%s: %s %d vectors through the stack in a loop of %d products\n", object, name, spills, products
                }
            }
        }
        END { print "loops " loops + 0 }')
    loops=$((loops + $(echo "$found" | awk '$1 == "loops" { print $2 }')))
    if echo "$found" | grep -v '^loops '; then
        status=1
    fi
done
[ $status -ne 0 ] || echo "$# objects, $loops innermost loops of products"
exit $status
