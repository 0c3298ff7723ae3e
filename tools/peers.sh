#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Times intaglio beside OpenVINO and ONNX Runtime, on one thread, and prints what was found as a table of docs/performance.md. Results that are in
# $BUILD/peers are kept, so that it goes on where it stopped; on an idle machine, at best at real-time priority (chrt), it says what others can repeat.
# Usage: peers.sh [print]; print: only the table. Called by make peers.
set -eu
BUILD=${BUILD:-build}
BENCH=${INTAGLIO_PEERS:-../shared/peers/bench.py}
WORK=$BUILD/peers
MODELS="resnet18 mobilenet_v2 squeezenet1_1 alexnet"

measure() { # CAP MODEL
    if [ -e "$WORK/$1_$2.json" ]; then return; fi
    echo "$2, $1 at most" >&2
    "$BUILD/venv/bin/python" "$BENCH" "$WORK/$2.onnx" --isa "$1" --no-float --intaglio "$BUILD/host/intaglio" --json "$WORK/$1_$2.json.partial" >&2
    mv "$WORK/$1_$2.json.partial" "$WORK/$1_$2.json"
}

# ONNX Runtime takes the best instructions there are: no figure where those are better than the cap.
exceeds() { # CAP
    [ "$1" = avx2 ] || grep -q amx_int8 /proc/cpuinfo
}

# Of a file's two lists, milliseconds and ratios, the first or the second; times have three digits.
number() { # FILE RUNTIME LIST
    sed -nE "s/.*\"$2 int8\": ([0-9.e+-]+).*/\1/p" "$1" | sed -n "$3p"
}
time_of() { # FILE RUNTIME
    number "$1" "$2" 1 | awk '{ printf ($1 < 1 ? "%.3f" : $1 < 10 ? "%.2f" : $1 < 100 ? "%.1f" : "%.0f"), $1 }'
}

print_row() { # CAP MODEL
    file=$WORK/$1_$2.json name=$2
    if [ "$2" = alexnet ]; then name="alexnet, batch 10"; fi
    openvino=$(time_of "$file" openvino) onnxruntime=$(time_of "$file" onnxruntime)
    if [ "$1" = avx2 ]; then openvino="$openvino, may saturate"; fi
    if exceeds "$1"; then onnxruntime="not capped"; fi
    ratio=$(number "$file" intaglio 2 | awk '{ printf "%.2f", 1 / $1 }')
    echo "| $name | $1 | $(time_of "$file" intaglio) | $openvino | $onnxruntime | $ratio |"
}

if [ "${1:-}" != print ]; then
    tools/venv.sh
    "$BUILD/venv/bin/python" -c "import openvino, nncf" 2>/dev/null || "$BUILD/venv/bin/pip" install --quiet openvino nncf
    "$BUILD/venv/bin/python" tools/zoo/peers.py --output "$WORK" >&2
    for cap in avx512vnni avx2; do for model in $MODELS; do measure $cap "$model"; done; done
fi
echo "| model | cap | intaglio | OpenVINO | ONNX Runtime | fastest peer / intaglio |"
echo "|---|---|---|---|---|---|"
for cap in avx512vnni avx2; do for model in $MODELS; do print_row $cap "$model"; done; done
