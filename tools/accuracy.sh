#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make accuracy: rewrites the table of docs/accuracy.md from `intaglio eval --json` on every model that is there; memory from the report of
# `intaglio compile` for a Cortex-M, whose plan is the smallest.
set -eu
BUILD=${BUILD:-build}
. tools/models.sh
TABLE=$BUILD/accuracy.md
number() { sed -nE "s/.*\"$1\": ([0-9.e+-]+|null).*/\1/p" "$2" | head -n 1; }
inner() { sed -nE "s/.*\"$1\": \{\"top1\": ([0-9.e+-]+|null), \"top5\": ([0-9.e+-]+|null)\}.*/\1 \2/p" "$2"; }
dash() { case $1 in null | "") echo "–" ;; *) LC_ALL=C printf "%.${2}f" "$1" ;; esac; }

{
    echo "| model | preset | samples | top-1 float | top-1 int8 | same answer % | KL mean, nats | logits SQNR, dB | int16 MACs % | live bytes | all int8 |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
    for preset in fast accurate; do echo "$MODELS" | sed "s/^/$preset /"; done | while read -r preset name file calib data options; do
        [ -e "$file" ] || { echo "accuracy.sh: $file is not there; $name is left out" >&2; continue; }
        json=$BUILD/accuracy_${preset}_$name.json
        # shellcheck disable=SC2086 # options are words
        "$BUILD/host/intaglio" eval "$file" --preset $preset --calib "$calib" --data "$data" $options --quiet --json "$json" >/dev/null
        # shellcheck disable=SC2086 # options are words
        "$BUILD/host/intaglio" compile "$file" --preset $preset --calib "$calib" $options --gate none --quiet --target cortex-m7 --name $name \
            -o "$BUILD/accuracy_plan"
        plan=$BUILD/accuracy_plan/$name.report.json
        float=$(inner float "$json") int8=$(inner int8 "$json")
        echo "| $name | $preset | $(number samples "$json") | $(dash "${float% *}" 2) | $(dash "${int8% *}" 2) |" \
            "$(dash "$(number agreement "$json")" 2) | $(dash "$(number kl_mean "$json")" 5) | $(dash "$(number logit_sqnr_db "$json")" 2) |" \
            "$(dash "$(number macs_percent "$json")" 1) | $(number live_bytes "$plan") | $(number live_bytes_int8 "$plan") |"
    done
} >"$TABLE"
tools/write_section.sh docs/accuracy.md table cat "$TABLE"
cat "$TABLE"
