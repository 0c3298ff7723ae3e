#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The test set of one target: run_target.sh TARGET [MODEL…]. Emits each model for the target, runs its self-test there (on every CPU that
# target.mk names), compares every step's CRC with the host's, and checks that a wrong weight is found in the right step.
# Models: hand assembled norm gesture kws ic demo (the default set) vww ad sww resnet20 squeezenet.
# Environment: BUILD (default build), INTAGLIO_DATA (default ../shared/data). Needs build/host/intaglio for all models but the hand-made one.
set -u
TARGET=${1:?usage: run_target.sh TARGET [MODEL...]}
shift
BUILD=${BUILD:-build}
DATA=${INTAGLIO_DATA:-../shared/data}
HOST=$BUILD/host
WORK=$BUILD/$TARGET/models
MODELS=${*:-hand assembled norm gesture kws ic demo}
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); echo "PASS $TARGET $*"; }
fail() { failed=$((failed + 1)); echo "FAIL $TARGET $*"; }
skip() { skipped=$((skipped + 1)); echo "SKIP $TARGET $*"; }

variable() { sed -n "s/^$1 *:= *//p" "targets/$TARGET/target.mk"; }
make_target() { make -s BUILD="$BUILD" TARGET="$TARGET" "$@"; }

# source_of MODEL: the ONNX file and options of a model, or nothing if it is not there.
source_of() {
    case $1 in
    gesture) echo "$DATA/models/gesture_keypoints.onnx --calib $DATA/gesture/calib.npy" ;;
    kws) echo "$DATA/models/kws_dscnn.onnx --calib $DATA/kws/calib --raw i8,0.5847029089927673,83" ;;
    ic) echo "$DATA/models/ic_resnet8.onnx --calib $DATA/cifar10/calib" ;;
    vww) echo "$DATA/models/vww_mobilenet.onnx --calib $DATA/vww/calib --scale 0.00392156862745098" ;;
    ad) echo "$DATA/models/ad_autoencoder.onnx --calib $DATA/ad/calib.npy" ;;
    sww) echo "$DATA/models/sww.onnx --calib $DATA/sww/calib --raw f32" ;;
    resnet20)
        echo "$DATA/models/cifar_resnet20.onnx --calib $DATA/cifar10/calib --scale 0.00392156862745098" \
            "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"
        ;;
    squeezenet) echo "$DATA/models/squeezenet1_1.onnx --calib $DATA/imagenet/calib --color bgr --mean 104,117,123 --crop 227,227" ;;
    demo) echo "tests/models/demo/gesture19.onnx --input-shape input=1,96,96,3 --calib tests/models/demo/calib --labels tests/models/demo/labels.json" ;;
    esac
}

# emit MODEL TARGET DIR: status 0 done, 2 refused with the reason on standard error.
emit() {
    if [ "$1" = hand ] || [ "$1" = norm ]; then
        "$HOST/write_hand_model" "$2" "$3" "$1"
    elif [ "$1" = assembled ]; then
        "$HOST/write_hand_model" "$2" "$3" assembled asm
    else
        # shellcheck disable=SC2046 # options are words
        "$HOST/intaglio" compile $(source_of "$1") --quiet --target "$2" --name "$1" -o "$3"
    fi
}

# Models that a target is too small for: refused with error 501 or 502, until they fit.
may_refuse() {
    case $TARGET/$1 in
    microbit/kws | microbit/ic | microbit/demo | microbit/vww | microbit/ad | microbit/resnet20 | microbit/squeezenet) true ;;
    *) false ;;
    esac
}

# step_crcs SELF_TEST: a line for each step that has a checksum: its node's name or "-", the checksum.
step_crcs() {
    awk '/step_crc\[\]/ { list = 1; next } /step_name\[\]/ { list = 2; next } /};/ { list = 0 }
        list == 1 { sub(/,.*/, ""); crc[n++] = $1 }
        list == 2 { gsub(/^ *"|",$/, ""); gsub(/ /, "_"); print ($0 == "" ? "-" : $0), crc[at++] }' "$1" | grep -v ' 0x00000000u$'
}

# same_steps A B: lists of step_crcs. Targets may compute a convolution inside its reader or not, so steps may be missing on one side: every line
# of the shorter list is found in the longer one, in its order, and the last ones are equal.
same_steps() {
    [ -s "$1" ] && [ "$(tail -n 1 "$1")" = "$(tail -n 1 "$2")" ] || return 1
    [ "$(wc -l <"$1")" -le "$(wc -l <"$2")" ] || set -- "$2" "$1"
    awk 'BEGIN { at = 0 }
        NR == FNR { longer[n++] = $0; next }
        { while (at < n && longer[at] != $0) at++; if (at++ == n) exit 1 }' "$2" "$1"
}

run_model() {
    make_target run-firmware MODEL="$WORK/$1" CPU="$2" >"$WORK/$(basename "$1").log" 2>&1
}

# Changes one of the weights of step $2 by 64: the first value, or behind the head of packed weights, of up to 128 bytes, the first but zero.
spoil_weight() {
    awk -v array="_w$2_(weights|packed)\\\\[" '
        hit && !done {
            for (i = 1; i <= NF && !done; i++)
                if (++at > (packed ? 128 : 0) && $i + 0) {
                    $i = ($i > 0 ? $i - 64 : $i + 64) ","
                    done = 1
                }
        }
        $0 ~ array && /= \{/ { hit = 1; packed = /packed/ } { print }' "$1" >"$1.new" && mv "$1.new" "$1"
}

# expected_table CPU: the kernel table that the self-test chooses there, where the target has several.
expected_table() {
    case $TARGET/$1 in
    linux-x86_64/Nehalem) echo sse41 ;;
    linux-x86_64/Haswell) echo avx2 ;;
    linux-x86_64/native) "$HOST/intaglio" targets | sed -n 's/^kernel tables of this machine.* //p' ;;
    linux-aarch64/cortex-a53) echo neon ;;
    linux-aarch64/cortex-a76) echo dotprod ;;
    linux-aarch64/max) echo i8mm ;;
    linux-armv7/*) echo neon32 ;;
    *) echo scalar ;;
    esac
}

# stack_fits MODEL: what the self-test took is within what the header says.
stack_fits() {
    taken=$(sed -n 's/^stack \([0-9]*\) bytes.*/\1/p' "$WORK/$1.log")
    budget=$(sed -n 's/^#define [A-Z0-9_]*_STACK_BYTES *\([0-9]*\)u.*/\1/p' "$WORK/$1/$1.h")
    [ "${taken:-0}" -gt 0 ] && [ "$taken" -le "${budget:-0}" ]
}

check_wrong_weight() {
    for step in 00 "$(sed -nE 's/.*hand_w([0-9]+)_(weights|packed)\[.*/\1/p' "$WORK/hand/hand_weights.c" | tail -n 1)"; do
        rm -rf "$WORK/spoilt" && cp -r "$WORK/hand" "$WORK/spoilt"
        spoil_weight "$WORK/spoilt/hand_weights.c" $step
        if run_model spoilt "$1"; then
            fail "spoilt weight of step $step was not noticed"
        elif grep -q "FAIL first difference in .* step ${step#0}\$" "$WORK/spoilt.log"; then
            pass "spoilt weight of step $step is reported there"
        else
            fail "spoilt weight of step $step: $(tail -n 1 "$WORK/spoilt.log")"
        fi
    done
}

check_model() {
    if ! emit "$1" "$TARGET" "$WORK/$1" 2>"$WORK/$1.log"; then
        if grep -q 'E50[12]' "$WORK/$1.log" && may_refuse "$1"; then
            pass "$1 is refused: $(grep -h 'E50[12]' "$WORK/$1.log")"
        else
            fail "$1 was not emitted: $(cat "$WORK/$1.log")"
        fi
        return
    fi
    emit "$1" host "$WORK/host/$1" 2>"$WORK/$1.log" || { fail "$1 for the host: $(cat "$WORK/$1.log")"; return; }
    step_crcs "$WORK/$1/$1_test.c" >"$WORK/$1.crcs"
    step_crcs "$WORK/host/$1/$1_test.c" >"$WORK/host/$1.crcs"
    if ! same_steps "$WORK/$1.crcs" "$WORK/host/$1.crcs"; then
        fail "$1: CRCs of the steps differ from the host's"
        return
    fi
    if [ "$TARGET" = "linux-$(uname -m)" ]; then
        if run_model "host/$1" "$(variable CPUS | sed 's/.* //')"; then
            pass "$1 for the host: $(grep '^tables' "$WORK/$1.log")"
        else
            fail "$1 for the host: $(tail -n 3 "$WORK/$1.log" | tr '\n' ' ')"
        fi
    fi
    for cpu in $(variable CPUS); do
        if ! run_model "$1" "$cpu"; then
            fail "$1 on $cpu: $(tail -n 3 "$WORK/$1.log" | tr '\n' ' ')"
        elif ! grep -q "^tables .*$(expected_table "$cpu")\$" "$WORK/$1.log"; then
            fail "$1 on $cpu: $(grep '^tables' "$WORK/$1.log"), expected $(expected_table "$cpu") last"
        elif ! stack_fits "$1"; then
            fail "$1 on $cpu: $(grep '^stack' "$WORK/$1.log"), the header says $budget"
        else
            pass "$1 on $cpu: $(grep -E '^(tables|arena|crc|stack|ticks)' "$WORK/$1.log" | tr '\n' ' ')"
        fi
    done
}

mkdir -p "$WORK/host"
make -s BUILD="$BUILD" "$HOST/write_hand_model" || exit 1
for model in $MODELS; do
    file=$(source_of "$model" | cut -d' ' -f1)
    if [ -n "$file" ] && [ ! -e "$file" ]; then
        skip "$model: $file is not there"
    elif [ -n "$file" ] && [ ! -x "$HOST/intaglio" ]; then
        skip "$model: $HOST/intaglio is not built"
    else
        check_model "$model"
    fi
done
case $TARGET in
linux-*)
    if make_target kernel-check KERNEL_CASES=150 >"$WORK/kernels.log" 2>&1; then
        pass "kernel tables: $(grep -c ', ok' "$WORK/kernels.log") families"
    else
        fail "kernel tables: $(grep -E 'FAIL|error' "$WORK/kernels.log" | head -n 3)"
    fi
    ;;
esac
case " $MODELS " in *" hand "*) check_wrong_weight "$(variable CPUS | sed 's/.* //')" ;; esac
printf '#include "hand.h"\n' >"$WORK/header.cc" # the emitted header as C++
if [ "$TARGET" = linux-x86_64 ] && ! g++ -std=c++11 -Wall -Wextra -Werror -Iinclude -I"$WORK/hand" -fsyntax-only "$WORK/header.cc"; then
    fail "hand.h as C++"
fi
if "$HOST/write_hand_model" "$TARGET" "$WORK/example" kws && make_target firmware-example MODEL="$WORK/example" >"$WORK/example.log" 2>&1; then
    pass "targets/example compiles"
else
    fail "targets/example: $(tail -n 3 "$WORK/example.log")"
fi
echo "$TARGET: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
