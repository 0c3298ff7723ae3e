#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make effects: what each quantization step is worth. SQNR of the logits in dB on the evaluation part: no step, the preset `fast`, the preset
# `accurate`, and `accurate` without one step at a time; rewrites a table of docs/accuracy.md. MODELS_OF_EFFECTS: the models.
set -eu
BUILD=${BUILD:-build}
. tools/models.sh
WANTED=${MODELS_OF_EFFECTS:-gesture ad sww kws ic vww resnet20}
WORK=$BUILD/effects
TABLE=$WORK/table.md
mkdir -p "$WORK"

# The steps of a preset, from the list that --help prints: `accurate` has all that some preset has.
steps_of() { "$BUILD/host/intaglio" eval --help | sed -nE "s/^  ([a-z0-9-]+) +($1) .*/\1/p"; }
ACCURATE=$(steps_of 'accurate|fast, accurate')
FAST=$(steps_of 'fast, accurate')
without_all() { echo "$FAST" | sed 's/^/-/' | paste -s -d , -; }

# SQNR of model $1 with the options that follow.
measure() {
    model=$1
    shift
    echo "$MODELS" | while read -r name file calib data options; do
        [ "$name" = "$model" ] || continue
        [ -e "$file" ] || { echo "–"; continue; }
        # shellcheck disable=SC2086 # options are words
        "$BUILD/host/intaglio" eval "$file" --calib "$calib" --data "$data" $options "$@" --quiet --json "$WORK/one.json" >/dev/null
        LC_ALL=C printf '%.1f\n' "$(sed -nE 's/.*"logit_sqnr_db": ([0-9.e+-]+).*/\1/p' "$WORK/one.json" | head -n 1)"
    done
}

row() {
    printf '| %s |' "$1"
    shift
    for model in $WANTED; do printf ' %s |' "$(measure "$model" "$@")"; done
    echo
}

{
    printf '| steps |' && for model in $WANTED; do printf ' %s |' "$model"; done && echo
    printf '|---|' && for model in $WANTED; do printf '%s' '---|'; done && echo
    row none --preset fast "--steps=$(without_all)"
    row '`fast`' --preset fast
    row '`accurate`' --preset accurate
    for step in $ACCURATE; do row "\`accurate\` without $step" --preset accurate "--steps=-$step"; done
} >"$TABLE"
tools/write_section.sh docs/accuracy.md effects cat "$TABLE"
cat "$TABLE"
