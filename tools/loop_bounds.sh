#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The inner loops of the 64-bit Arm kernels, from their object code: what is in one round, and how many multiply-accumulates (MACs) a cycle
# cores could do at most, by the products alone and by all instructions; a Markdown table. Usage: loop_bounds.sh, after
# `make TARGET=linux-aarch64 target-runtime`. Environment: BUILD (default build).
#
# Rules, from published timings (issue only: no latencies, no caches). Cycles of a round are the most that one of these takes:
#   A53  products 1, SADALP and SADDW 2, other vector operations 1, all on one pipe; 2 a register loaded or stored; 1/2 an instruction
#   A72  products 1 on their pipe; all vector operations 1/2; 1 a register; 1/3 an instruction
#   A76  SDOT and SMMLA 1/2, other products 1; all vector operations 1/2; 1/2 a register; 1/4 an instruction
# A core with SMMLA (N2, A710) is taken as A76. A product does 8 MACs (SMULL, SMLAL of bytes), 4 (of words), 16 (SDOT) or 32 (SMMLA); `useful`
# is the part that meets no padding: 3 of 4 taps in a column.
set -eu
BUILD=${BUILD:-build}
OBJECTS=$BUILD/linux-aarch64/runtime/kernels
OBJDUMP=aarch64-linux-gnu-objdump

# row NAME OBJECT FUNCTION PRODUCTS USEFUL: the innermost loop of that function with that many products.
row() {
    $OBJDUMP -d --no-show-raw-insn "$OBJECTS/$2.o" | awk -v name="$1" -v function_name="$3" -v wanted="$4" -v useful="$5" '
        function hex(text,   value, i) {
            value = 0
            for (i = 1; i <= length(text); i++)
                value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
            return value
        }
        function most(a, b) { return a > b ? a : b }
        # Vector registers that an instruction moves: lists "{v0.16b-v3.16b}" and pairs.
        function registers(text,   ends) {
            if (text ~ /\t(ldp|stp)\t/)
                return 2
            if (match(text, /v[0-9]+\.[0-9a-z]+-v[0-9]+/)) {
                split(substr(text, RSTART + 1, RLENGTH - 1), ends, /\.[0-9a-z]+-v/)
                return ends[2] - ends[1] + 1
            }
            return 1
        }
        # "of products / of all instructions" in MACs a cycle.
        function rates(products, all) { return sprintf("%.1f / %.1f (%d %%)", macs / products, macs / all, 100 * products / all + 0.5) }
        /^[0-9a-f]+ <.*>:$/ { inside = index($2, "<" function_name ">") == 1; count = 0; next }
        inside && /^ *[0-9a-f]+:/ {
            address = $1
            sub(/:/, "", address)
            at[count] = hex(address)
            line[count++] = $0
            if (done || $2 !~ /^b\.(ne|gt)$/ || hex($3) > at[count - 1])
                next
            bytes = words = fast = adds = vector = moves = 0
            for (first = count - 1; first > 0 && at[first] > hex($3); first--)
                continue
            for (i = first; i < count; i++) {
                text = line[i]
                if (text ~ /\tsml?(ull|al)2?\tv[0-9]+\.8h/ || text ~ /\tsmull2?\tv[0-9]+\.8h/) bytes++
                else if (text ~ /\tsm(ull|lal)2?\tv[0-9]+\.4s/) words++
                else if (text ~ /\tsdot\t/) { fast++; size = 16 }
                else if (text ~ /\tsmmla\t/) { fast++; size = 32 }
                else if (text ~ /\tsadalp\t|\tsaddw2?\t/) adds++
                else if (text ~ /\t(ld|st)[0-9a-z]*\t/ && text ~ /[vqd][0-9]/) moves += registers(text)
                else if (text ~ /\t[a-z0-9]+\t[vqd][0-9]/) vector++
            }
            products = bytes + words + fast
            if (products != wanted)
                next
            done = 1
            size = fast ? size : bytes ? 8 : 4
            macs = products * size * useful
            total = count - first
            a53 = most(most(products + 2 * adds + vector, 2 * moves), total / 2)
            a72 = most(most(products, (products + adds + vector) / 2), most(moves, total / 3))
            own = fast ? fast / 2 : bytes + words
            a76 = most(most(own, (products + adds + vector) / 2), most(moves / 2, total / 4))
            printf "| %s | %d | %d | %d | %d | %.3f |", name, total, products, adds, moves, total / macs
            printf " %s |", fast ? "-" : rates(products, a53)
            printf " %s |", fast ? "-" : rates(products, a72)
            printf " %s |\n", rates(own, a76)
        }
        END { if (!done) { print "no loop of " wanted " products in " function_name > "/dev/stderr"; exit 1 } }'
}

echo '| loop | instructions | products | widening adds | registers moved | instructions a MAC | A53, MACs a cycle | A72 | A76 |'
echo '|---|---|---|---|---|---|---|---|---|'
row 'neon 3x3 transformed: 4 tiles x 16 channels, 16 inputs, 16-bit' neon/conv itg_multiply_place_4 256 1
row 'neon conv, two products a lane: 2 pixels x 16 channels, 16 inputs' neon/conv direct_2_SAFE_16b 64 1
row 'neon conv, four products a lane proven' neon/conv direct_2_DEEP_16b 64 1
row 'neon 3x3 depthwise, two products a lane: 2 pixels x 16 channels, with codes' neon/depthwise rows_1_SAFE_16b 36 1
row 'neon 3x3 depthwise, three products a lane proven, with codes' neon/depthwise rows_1_DEEP_16b 36 1
row 'neon depthwise, other kernels: 2 pixels x 16 channels, 4 taps' neon/depthwise direct_2_16b 16 1
row 'dotprod conv: 5 pixels x 16 channels, 16 inputs' dotprod/conv direct_5x16b 80 1
row 'dotprod 3x3 depthwise: 4 pixels x 16 channels, with codes' dotprod/depthwise three_4_16b 48 0.75
row 'i8mm conv: 4 pixels x 16 channels, 32 inputs' i8mm/conv direct_4x16b 64 1
