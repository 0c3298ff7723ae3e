#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make spread: how much top-1 depends on which samples calibrate. Five draws of 8, 32 and 128 of the calibration part, each measured on the
# whole evaluation part; rewrites a table of docs/accuracy.md. A draw is the order of the files by checksum of its number and their name, so
# it is the same everywhere, and the smaller sets of a draw are parts of the larger. PRESET (fast) is the preset, MODELS_OF_SPREAD the models.
set -eu
BUILD=${BUILD:-build}
PRESET=${PRESET:-fast}
. tools/models.sh
WORK=$BUILD/spread
number() { sed -nE "s/.*\"$1\": ([0-9.e+-]+|null).*/\1/p" "$2" | head -n 1; }
int8_top1() { sed -nE 's/.*"int8": \{"top1": ([0-9.e+-]+).*/\1/p' "$1"; }

# Pictures of folder $1 in the order of draw $2.
order_files() {
    find -L "$1" -type f ! -name '*.txt' | while read -r file; do
        echo "$(echo "$2 ${file#"$1"}" | cksum | cut -d ' ' -f 1) $file"
    done | sort -n | cut -d ' ' -f 2-
}

# Links to the first $2 pictures of draw $3 of folder $1 in $4.
draw_samples() {
    rm -rf "$4"
    mkdir -p "$4"
    order_files "$1" "$3" | head -n "$2" | while read -r file; do
        ln -s "$(realpath "$file")" "$4/$(echo "$file" | cksum | cut -d ' ' -f 1)_${file##*/}"
    done
}

# One row: model, samples, then least, mean and most of top-1 and of the logits' SQNR, and the mean agreement.
report_draws() {
    for draw in 1 2 3 4 5; do
        json=$WORK/${PRESET}_$1_$2_$draw.json
        echo "$(int8_top1 "$json") $(number logit_sqnr_db "$json") $(number agreement "$json")"
    done | LC_ALL=C awk -v name="$1" -v count="$2" '
        NR == 1 { least = most = $1; low = high = $2 }
        { top += $1; sqnr += $2; same += $3; if ($1 < least) least = $1; if ($1 > most) most = $1; if ($2 < low) low = $2; if ($2 > high) high = $2 }
        END { printf "| %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f to %.2f |\n", name, count, least, top / NR, most, same / NR, low, high }'
}

mkdir -p "$WORK"
TABLE=$WORK/table.md
{
    echo "| model | calibration samples | least top-1 | mean top-1 | most top-1 | same answer % | logits SQNR, dB |"
    echo "|---|---|---|---|---|---|---|"
    echo "$MODELS" | while read -r name file calib data options; do
        case " ${MODELS_OF_SPREAD:-resnet20 squeezenet} " in *" $name "*) ;; *) continue ;; esac
        [ -e "$file" ] || { echo "calibration_spread.sh: $file is not there; $name is left out" >&2; continue; }
        for count in 8 32 128; do
            for draw in 1 2 3 4 5; do
                json=$WORK/${PRESET}_${name}_${count}_$draw.json
                draw_samples "$calib" $count $draw "$WORK/samples"
                # shellcheck disable=SC2086 # options are words
                "$BUILD/host/intaglio" eval "$file" --preset "$PRESET" --calib "$WORK/samples" --data "$data" $options --quiet --json "$json" >/dev/null
            done
            report_draws "$name" $count
        done
    done
} >"$TABLE"
tools/write_section.sh docs/accuracy.md spread cat "$TABLE"
cat "$TABLE"
