#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Object code of the kernels: no instruction above the folder's level, and no vector that travels through the stack in an innermost loop that
# multiplies. Usage: check_kernels.sh OBJECT... (build/TARGET/runtime/kernels/ISA/*.o), of any architecture whose objdump is installed.
# Called by make lint-kernels.
set -eu
status=0
loops=0
checked=0

# The objdump of an object's architecture, which its ELF header names; nothing if it is not installed.
find_objdump() {
    case $(od -An -tu2 -j18 -N2 "$1" | tr -d ' ') in
    62) tool=objdump family=x86 ;;
    183) tool=aarch64-linux-gnu-objdump family=a64 ;;
    40) tool=arm-linux-gnueabihf-objdump family=a32 ;;
    *) tool='' ;;
    esac
    case $tool in
    "") ;;
    objdump) [ "$(uname -m)" = x86_64 ] || tool='' ;;
    *) command -v $tool >/dev/null || tool='' ;;
    esac
}

# What each folder may not contain, as extended regular expressions over disassembled lines.
forbidden() {
    case $1/$2 in
    x86/scalar) echo '%[yzk]mm|	v[a-z]+ |%k[1-7]|	p(mulld|mulhrsw|shufb|maddubsw|mov[sz]x)' ;;
    x86/sse41) echo '%[yz]mm|	v[a-z]+ |%k[1-7]' ;;
    x86/avx2) echo '%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[1-7]|vpdp|tdp' ;;
    x86/avxvnni) echo '%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[1-7]|tdp' ;;
    x86/avx512vnni) echo 'tdp|tileload|vp2intersect|vpermi2b|vpmadd52' ;;
    x86/amx) echo 'vp2intersect|vpermi2b|vpmadd52' ;;
    a64/scalar | a64/neon) echo '	([us]dot|(us|su)dot|[us]mmla|usmmla|sqrdml[as]h)	|[zp][0-9]+\.[bhsd]' ;;
    a64/dotprod) echo '	((us|su)dot|[us]mmla|usmmla)	|[zp][0-9]+\.[bhsd]' ;;
    a64/i8mm) echo '[zp][0-9]+\.[bhsd]' ;;
    a32/*) echo '	v([us]dot|[us]mmla|usmmla|rint[a-z]|maxnm|minnm|sel[a-z]*|qrdml[as]h)[.	]' ;;
    esac
}

for object in "$@"; do
    find_objdump "$object"
    [ -n "$tool" ] || continue
    checked=$((checked + 1))
    isa=$(basename "$(dirname "$object")")
    pattern=$(forbidden $family "$isa")
    if [ -n "$pattern" ] && $tool -d --no-show-raw-insn "$object" | grep -Em 3 "$pattern"; then
        echo "$object: an instruction above $isa"
        status=1
    fi
    # An innermost loop: from a backward jump's target to the jump, with no smaller one inside.
    found=$($tool -d --no-show-raw-insn "$object" | awk -v object="$object" -v family=$family '
        function hex(text,   value, i) {
            value = 0
            for (i = 1; i <= length(text); i++)
                value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
            return value
        }
        function is_jump(word) {
            if (family == "x86")
                return word ~ /^j/
            if (family == "a64")
                return word ~ /^(b|b\.[a-z]+|cbn?z|tbn?z)$/
            return word ~ /^(b|b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)|cbn?z)(\.[nw])?$/
        }
        function target(text,   count, words, i) {
            count = split(text, words, /[ \t,]+/)
            for (i = count; i > 0; i--)
                if (words[i] ~ /^</ && words[i - 1] ~ /^[0-9a-f]+$/)
                    return hex(words[i - 1])
            return -1
        }
        function multiplies(text) {
            if (family == "x86")
                return text ~ /dpbusd|dpwssd|maddubsw|maddwd|tdpb/
            if (family == "a64")
                return text ~ /\t([su]m(ull|lal)2?|sdot|smmla)\tv/
            return text ~ /\tvm(ull|lal)\./
        }
        function spills(text) {
            if (family == "x86")
                return text ~ /\(%r[sb]p[),]/ && text ~ /%[xyz]mm/
            if (family == "a64")
                return text ~ /\[sp[],]/ && text ~ /[\t {,][qdv][0-9]/
            return text ~ /\[sp[],:]/ && text ~ /\tv(ldr|str|ld1|st1|ldmia|stmia)/
        }
        /^[0-9a-f]+ <.*>:$/ { name = $2; count = 0; last_end = -1; next }
        /^ *[0-9a-f]+:/ {
            address = $1
            sub(/:/, "", address)
            at[count] = hex(address)
            line[count++] = $0
            to = is_jump($2) ? target($0) : -1
            if (to >= 0 && to <= at[count - 1] && to > last_end) {
                products = 0
                through = 0
                for (i = count - 1; i >= 0 && at[i] >= to; i--) {
                    products += multiplies(line[i])
                    through += spills(line[i])
                }
                last_end = at[count - 1]
                if (products) {
                    loops++
                    if (through)
                        printf "%s: %s %d vectors through the stack in a loop of %d products\n", object, name, through, products
                }
            }
        }
        END { print "loops " loops + 0 }')
    loops=$((loops + $(echo "$found" | awk '$1 == "loops" { print $2 }')))
    if echo "$found" | grep -v '^loops '; then
        status=1
    fi
done
[ $status -ne 0 ] || echo "$checked objects, $loops innermost loops of products"
exit $status
