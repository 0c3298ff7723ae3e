#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make size: arena and constants of every model as compiled for every core, with the difference to the last run (build/size.last).
set -eu
BUILD=${BUILD:-build}
. tools/models.sh
NOW=$BUILD/size.now LAST=$BUILD/size.last
: >"$NOW"
number() { sed -nE "s/^  \"$1\": ([0-9]+),.*/\1/p" "$2"; }
echo "$MODELS" | while read -r name file calib data options; do
    [ -e "$file" ] || continue
    ranges=$BUILD/size_$name.ranges
    for target in cortex-m4 cortex-m55 aarch64 x86-64; do
        out=$BUILD/size/$target
        mkdir -p "$out"
        [ "$target" = cortex-m4 ] && source="--calib $calib --save-calib $ranges" || source="--calib $ranges"
        # shellcheck disable=SC2086 # options are words
        "$BUILD/host/intaglio" compile "$file" $source $options --quiet --target $target --name "$name" -o "$out"
        echo "$name $target $(number arena_bytes "$out/$name.report.json") $(number weights_bytes "$out/$name.report.json")" >>"$NOW"
    done
done
[ -e "$LAST" ] || cp "$NOW" "$LAST"
printf '%-12s %-12s %12s %10s %12s %10s\n' model target arena change constants change
awk 'NR == FNR { arena[$1 $2] = $3; flash[$1 $2] = $4; next }
     { printf "%-12s %-12s %12d %+10d %12d %+10d\n", $1, $2, $3, ($1 $2 in arena) ? $3 - arena[$1 $2] : 0, $4, ($1 $2 in flash) ? $4 - flash[$1 $2] : 0 }' "$LAST" "$NOW"
cp "$NOW" "$LAST"
