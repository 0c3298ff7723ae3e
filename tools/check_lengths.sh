#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files over 600 lines and functions over 60 (kernel bodies 120) are refused; the median and the 90th percentile are printed.
# Usage: tools/check_lengths.sh FILE…
set -eu
command -v ctags >/dev/null || { echo "check_lengths.sh: ctags is missing; install universal-ctags" >&2; exit 2; }
status=0
for file in "$@"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || { echo "$file: $lines lines, more than 600"; status=1; }
done
ctags -x --_xformat='%F %n %{end} %N' --kinds-C=f --languages=C "$@" | awk '
    NF >= 4 && $3 > 0 { n = $3 - $2 - 2; if (n < 1) n = 1; limit = $1 ~ /^runtime\/kernels\// ? 120 : 60; print n, limit, $1, $4 }' | sort -n | awk '
    { length_of[NR] = $1; if ($1 > $2) { print $3 ": function " $4 " has " $1 " lines, more than " $2; bad = 1 } }
    END { if (NR) printf "functions: %d, median %d, 90th percentile %d, longest %d lines\n", NR, length_of[int((NR + 1) / 2)], length_of[int(NR * 0.9)], length_of[NR]; exit bad }' || status=1
exit $status
