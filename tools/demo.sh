#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make demo: from a bare Debian machine to classified pictures. Installs what is missing, builds, compiles the demo model, builds the
# emitted C, classifies the test pictures with it and says beside each what the float model says, then RAM, flash and MACs.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
MODEL=tests/models/demo
OUT=$BUILD/demo
PICTURES=19

tools/install_deps.sh build
mkdir -p "$OUT"

# Minutes on a slow machine: says in tenths how far it is, and in which folder. Messages of the compiler come past the pipe.
build_tools() {
    files=$(make -n tools | grep -c ' -c -o ' || true)
    echo "building the host tools: $files files to compile"
    rm -f "$OUT/built"
    { make -j"$(nproc 2>/dev/null || echo 1)" tools && : >"$OUT/built"; } | awk -v files="$files" '
        / -c -o / && int(begun++ * 10 / files) > tenths {
            tenths = int((begun - 1) * 10 / files)
            sub(/\/[^\/]*$/, "", $NF)
            printf "  %3d %%  %s\n", tenths * 10, $NF
            fflush()
        }'
    [ -e "$OUT/built" ] || { echo "make demo: the host tools could not be built" >&2; exit 1; }
}
build_tools

options="--labels $MODEL/labels.json --input-shape input=1,96,96,3"
echo "compiling $MODEL/gesture19.onnx to C for any machine"
# shellcheck disable=SC2086 # options are words
"$BUILD/host/intaglio" compile "$MODEL/gesture19.onnx" $options --calib "$MODEL/calib" --data "$MODEL/test" --target generic \
    --name gesture19 -o "$OUT/emitted"

echo "building the emitted C"
gcc -std=c99 -O2 -Iinclude -I"$OUT/emitted" -o "$OUT/classify" targets/example/demo.c "$OUT"/emitted/gesture19.c \
    "$OUT"/emitted/gesture19_weights.c "$BUILD/host/libintaglio.a" -ljpeg -lpthread

# One picture of each class.
find "$MODEL/test" -name '*_0.jpg' | LC_ALL=C sort | head -n $PICTURES >"$OUT/pictures"
echo
printf '%-42s %-24s %s\n' picture "emitted int8 C" "float model"
while read -r picture; do
    int8=$("$OUT/classify" "$picture")
    # shellcheck disable=SC2086
    float=$("$BUILD/host/intaglio" run "$MODEL/gesture19.onnx" $options --quiet --float --image "$picture" | head -n 1)
    printf '%-42s %-24s %s\n' "${picture#"$MODEL"/test/}" "$int8" "$(echo $float)"
done <"$OUT/pictures"
echo
number() { sed -n "s/^  \"$1\": \([0-9]*\),.*/\1/p" "$OUT/emitted/gesture19.report.json"; }
echo "RAM $(number arena_bytes) bytes (arena), flash $(number weights_bytes) bytes (constants, without code), $(number macs) MACs"
echo "the C is in $OUT/emitted, with a report to open in a browser: gesture19.report.html"
