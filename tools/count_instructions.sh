#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Guest instructions of one inference on Arm, counted by an emulator's plugin between the markers of targets/firmware/selftest.c:
# a Markdown table, millions; "-" where a model or the plugin is not there. Usage: count_instructions.sh [MODEL...]
# Environment: BUILD (default build), INTAGLIO_MODELS (default $BUILD/zoo, made by `make zoo`), INTAGLIO_INSNCOUNT, the plugin's source,
# INTAGLIO_CORES, of which `TARGET/CPU` to count; INTAGLIO_DATA, where kws, ic and vww are (tools/models.sh).
set -eu
BUILD=${BUILD:-build}
ZOO=${INTAGLIO_MODELS:-$BUILD/zoo}
PLUGIN=${INTAGLIO_INSNCOUNT:-../shared/tools/insncount.c}
WORK=$BUILD/instructions
CORES=${INTAGLIO_CORES:-armv7/cortex-a7 aarch64-neon/cortex-a53 aarch64-dotprod/cortex-a76 aarch64-i8mm/max,sve=off,sme=off}
ROWS=${*:-resnet18 mobilenet_v2 squeezenet1_1 efficientnet_lite0 ic vww kws}
. tools/models.sh
mkdir -p "$WORK"

# source_of MODEL: its file and options; nothing if it is not there. Small models have samples of their own.
source_of() {
    small=$(echo "$MODELS" | awk -v name="$1" '$1 == name { printf "%s --calib %s", $2, $3; for (i = 5; i <= NF; i++) printf " %s", $i }')
    if [ -n "$small" ]; then
        [ ! -e "${small%% *}" ] || echo "$small"
        return
    fi
    for file in "$ZOO/$1.onnx" "$ZOO/tv_$1_legacy16.onnx" "$ZOO/timm_$1_legacy16.onnx"; do
        if [ -e "$file" ]; then
            echo "$file --calib $WORK/noise.npy --layout nhwc"
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

# count MODEL SOURCE TARGET CPU: millions.
count() {
    dir=$WORK/$3-$1 architecture=${3%%-*}
    emulator=qemu-aarch64
    [ "$architecture" = aarch64 ] || emulator=qemu-arm
    # shellcheck disable=SC2086 # a file and options
    "$BUILD/host/intaglio" compile $2 --preset fast --weights asm --quiet --target "$3" --name "$1" -o "$dir" >"$WORK/log" 2>&1 &&
        make -s BUILD="$BUILD" TARGET="linux-$architecture" MODEL="$dir" firmware >>"$WORK/log" 2>&1 &&
        $emulator -cpu "$4" -plugin "$WORK/insncount.so,magic=on,out=$WORK/count" "$BUILD/linux-$architecture/$1.elf" >>"$WORK/log" 2>&1 &&
        awk '$1 == "regions:" { printf $4 < 1e7 ? "%.3f" : "%.1f", $4 / 1e6; found = 1 } END { exit !found }' "$WORK/count" || echo "failed (see $WORK/log)"
}

[ -e "$PLUGIN" ] && ${HOSTCC:-gcc} -O2 -fPIC -shared -o "$WORK/insncount.so" "$PLUGIN"
write_noise
printf '| model |' && printf ' %s |' $CORES
printf '\n|---|' && for pair in $CORES; do printf -- '---|'; done && echo
for model in $ROWS; do
    source=$(source_of "$model")
    printf '| %s |' "$model"
    for pair in $CORES; do
        if [ -n "$source" ] && [ -e "$WORK/insncount.so" ]; then
            printf ' %s |' "$(count "$model" "$source" "${pair%%/*}" "${pair#*/}")"
        else
            printf ' - |'
        fi
    done
    echo
done
