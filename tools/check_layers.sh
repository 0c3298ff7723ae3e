#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Refuses an include that tools/layers.txt does not allow, and system headers in the runtime beyond the four it may use.
# Usage: tools/check_layers.sh FILE…    Exit status 1 names each fault.
set -eu
grep -nE '^[[:space:]]*#[[:space:]]*include' "$@" /dev/null | awk -v table=tools/layers.txt '
BEGIN {
    while ((getline line < table) > 0)
        if (line !~ /^#/ && (colon = index(line, ":")) > 0) {
            folder[++count] = substr(line, 1, colon - 1)
            allowed[count] = substr(line, colon + 1)
        }
    plain = "^<(stdint|stddef|stdbool|string)\\.h>$"
}
{
    split($0, part, ":")
    file = part[1]
    if (!match($0, /[<"][^>"]*[>"]/)) next
    header = substr($0, RSTART, RLENGTH)
    name = substr(header, 2, length(header) - 2)
    if (header ~ /^</ && name !~ /^intaglio\//) {
        core = file ~ /^(runtime\/|include\/)/ && file !~ /^runtime\/host\// && file !~ /^runtime\/features\.c/
        if (core && header !~ plain && !(file ~ /^runtime\/kernels\/[a-z0-9]+\// && name ~ /intrin\.h$|^arm_(neon|acle|mve)\.h$/))
            complain(file, part[2], header " is not for the runtime core")
        next
    }
    for (f = 1; f <= count; f++)
        if (index(file, folder[f]) == 1) {
            n = split(allowed[f], prefix, " ")
            fine = 0
            for (p = 1; p <= n; p++)
                if (index(name, prefix[p]) == 1) fine = 1
            if (!fine) complain(file, part[2], header " is not for " folder[f])
            break
        }
}
function complain(file, line, text) { print file ":" line ": " text; bad = 1 }
END { exit bad }'
