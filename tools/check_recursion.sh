#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No function of the given objects calls itself, directly or through others, but those whose depth is known: read_root asks once for the
# divisor, add_folder goes one level down. Calls through pointers are not seen. Called by `make lint-recursion`.
set -u
known='read_root|add_folder'
edges=$(for object in "$@"; do
    objdump -dr --no-show-raw-insn "$object" | awk -v object="$object" '
        function name(text) { sub(/\..*/, "", text); return text }
        # A name of other objects leads to this body.
        /^[0-9a-f]+ <.*>:$/ { gsub(/[<>:]/, "", $2); caller = object ":" name($2); print name($2), caller; next }
        /\t(call|bl|jmp|b) +[0-9a-f]+ <[^+>]*>/ {
            callee = $NF; gsub(/[<>]/, "", callee); callee = object ":" name(callee)
            if (callee != caller) print caller, callee
            else if ($0 ~ /\t(call|bl) /) print "self", callee
        }
        /R_(X86_64_PLT32|AARCH64_CALL26|AARCH64_JUMP26|ARM_CALL|ARM_JUMP24)/ {
            callee = $NF; sub(/[-+]0x.*/, "", callee)
            if (callee !~ /^\./) print caller, name(callee)
        }'
done)
loops=$( (echo "$edges" | sed -n 's/^self //p'; echo "$edges" | grep -v '^self ' | tsort 2>&1 >/dev/null | sed -n 's/^tsort: \([^ ]*:\)/\1/p') |
    grep -vE ":($known)$" | grep -v 'input contains a loop' | sort -u)
[ -z "$loops" ] && exit 0
echo "functions that call themselves:"
echo "$loops"
exit 1
