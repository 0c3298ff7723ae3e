#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole models on this machine, one line each: kernel table, shortest run in milliseconds, MACs per second, share of the table's peak.
# Usage: bench_models.sh [--threads N] [--isa NAME]. Called by make bench.
set -eu
BUILD=${BUILD:-build}
. tools/models.sh
echo "$MODELS" | while read -r name file calib data options; do
    [ -e "$file" ] || continue
    json=$BUILD/bench_$name.json
    # shellcheck disable=SC2086 # options are words
    "$BUILD/host/intaglio" bench "$file" --calib "$calib" $options "$@" --quiet --json "$json" | awk -v name="$name" '
        $1 == "all" { table = $2; macs = $3 }
        / runs, .* min / { for (i = 1; i < NF; i++) { if ($i == "min") ms = $(i + 1); if ($i == "thread:" || $i == "threads:") threads = $(i - 1) }
            peak = $(NF - 1)
            rate = macs / ms / 1e6
            printf "%-12s %-12s %s thread%s %12s MACs %9.4f ms %8.2f GMAC/s %5.1f %% of peak\n", name, table, threads, (threads > 1 ? "s" : " "),
                macs, ms, rate, 100 * rate / peak }'
done
