#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole models on this machine, one line each: kernel table, milliseconds, MACs per second.
set -eu
BUILD=${BUILD:-build}
. tools/models.sh
echo "$MODELS" | while read -r name file calib data options; do
    [ -e "$file" ] || continue
    json=$BUILD/bench_$name.json
    # shellcheck disable=SC2086 # options are words
    "$BUILD/host/intaglio" bench "$file" --calib "$calib" $options --quiet --json "$json" | awk -v name="$name" '
        $1 == "all" { printf "%-12s %-12s %14s MACs %10s ms %8s GMAC/s %s of peak\n", name, $2, $3, $4, $5, $6 }'
done
