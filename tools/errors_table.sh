#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the tables of docs/errors.md: compiler/base/codes.inc, and for each code the file that raises it, or the folders of several (its
# number stands before the message's text, or in it). Called by `make errors-table` and tools/check_errors.sh.
set -eu
{
    # shellcheck disable=SC2046 # a list of files is words
    grep -oHE '(, |cli_error\()[1-9][0-9]{2},( "| *$)|\[E[0-9]{3}\]"' $(git ls-files 'compiler/*.[ch]' 'tools/*.[ch]') |
        sed -E 's/^(compiler|tools)\/([^:]*):[^0-9]*([0-9]{3}).*/\3 \2/' | LC_ALL=C sort -u
    sed -nE 's/^ITGC_CODES\("(.*)"\)$/title \1/p; s/^ITGC_CODE\(([0-9]+), "(.*)", "(.*)"\)$/code \1|\2|\3/p' compiler/base/codes.inc
} | awk '
    /^[0-9]/ {
        folder = $2
        sub(/\/.*/, "", folder)
        if (!(($1, folder) in seen)) folders[$1] = folders[$1] (folders[$1] == "" ? "" : ", ") folder
        seen[$1, folder] = 1
        file[$1] = $2
        count[$1]++
        next
    }
    /^title / { sub(/^title /, ""); print "\n### " toupper(substr($0, 1, 1)) substr($0, 2) "\n\n| code | what is wrong | what to do | raised in |\n|---|---|---|---|" }
    /^code / {
        sub(/^code /, "")
        split($0, part, "|")
        print "| " part[1] " | " part[2] " | " part[3] " | " (count[part[1]] == 1 ? file[part[1]] : folders[part[1]]) " |"
    }'
