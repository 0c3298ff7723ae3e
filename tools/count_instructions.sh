#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Guest instructions of one inference on 64-bit Arm, counted by an emulator's plugin between the markers of targets/firmware/selftest.c:
# a Markdown table, millions; "-" where a model or the plugin is not there. Usage: count_instructions.sh [MODEL...]
# Environment: BUILD (default build), INTAGLIO_MODELS (default $BUILD/zoo, made by `make zoo`), INTAGLIO_INSNCOUNT, the plugin's source.
set -eu
BUILD=${BUILD:-build}
ZOO=${INTAGLIO_MODELS:-$BUILD/zoo}
PLUGIN=${INTAGLIO_INSNCOUNT:-../shared/tools/insncount.c}
WORK=$BUILD/instructions
ROWS=${*:-resnet18 mobilenet_v2 squeezenet1_1 efficientnet_lite0}
mkdir -p "$WORK"

find_model() {
    for file in "$ZOO/$1.onnx" "$ZOO/tv_$1_legacy16.onnx" "$ZOO/timm_$1_legacy16.onnx"; do
        if [ -e "$file" ]; then
            echo "$file"
            return
        fi
    done
}

# Noise of magnitude 1/2 to 1: float32, [1,3,224,224]. Counts do not depend on values.
write_noise() {
    LC_ALL=C awk 'BEGIN {
        header = "{\047descr\047: \047<f4\047, \047fortran_order\047: False, \047shape\047: (1, 3, 224, 224), }"
        while (length(header) < 117) header = header " "
        printf "%cNUMPY%c%c%c%c%s\n", 147, 1, 0, 118, 0, header
        srand(1)
        for (i = 0; i < 150528; i++) printf "%c%c%c%c", 1 + int(rand() * 255), 1 + int(rand() * 255), 1 + int(rand() * 127), rand() < 0.5 ? 63 : 191
    }' >"$WORK/noise.npy"
}

# count MODEL FILE TARGET CPU: millions.
count() {
    dir=$WORK/$3-$1
    "$BUILD/host/intaglio" compile "$2" --calib "$WORK/noise.npy" --layout nhwc --preset fast --weights asm --quiet --target "$3" --name "$1" -o "$dir" >"$WORK/log" 2>&1 &&
        make -s BUILD="$BUILD" TARGET=linux-aarch64 MODEL="$dir" firmware >>"$WORK/log" 2>&1 &&
        qemu-aarch64 -cpu "$4" -plugin "$WORK/insncount.so,magic=on,out=$WORK/count" "$BUILD/linux-aarch64/$1.elf" >>"$WORK/log" 2>&1 &&
        awk '$1 == "regions:" { printf "%.1f", $4 / 1e6; found = 1 } END { exit !found }' "$WORK/count" || echo "failed (see $WORK/log)"
}

[ -e "$PLUGIN" ] && ${HOSTCC:-gcc} -O2 -fPIC -shared -o "$WORK/insncount.so" "$PLUGIN"
write_noise
echo '| model | Armv8.0 (cortex-a53) | SDOT (cortex-a76) | SMMLA (max without SVE) |'
echo '|---|---|---|---|'
for model in $ROWS; do
    file=$(find_model "$model")
    printf '| %s |' "$model"
    for pair in aarch64-neon/cortex-a53 aarch64-dotprod/cortex-a76 aarch64-i8mm/max,sve=off,sme=off; do
        if [ -n "$file" ] && [ -e "$WORK/insncount.so" ]; then
            printf ' %s |' "$(count "$model" "$file" "${pair%%/*}" "${pair#*/}")"
        else
            printf ' - |'
        fi
    done
    echo
done
