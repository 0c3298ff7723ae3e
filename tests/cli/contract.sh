#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line as scripts rely on it (docs/architecture.md): exit statuses, JSON keys, clean standard output, what run writes,
# saved ranges, equal bytes from equal inputs. On the demo model, so that nothing outside the tree is needed.
set -u
BUILD=${BUILD:-build}
TOOL=$BUILD/${HOST:-host}/intaglio
WORK=$BUILD/cli
MODEL=tests/models/demo
COMMON="--labels $MODEL/labels.json --input-shape input=1,96,96,3 --quiet"
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }
expect() { # NAME STATUS COMMAND…
    name=$1 wanted=$2
    shift 2
    "$@" >"$WORK/stdout" 2>"$WORK/stderr"
    status=$?
    if [ "$status" -eq "$wanted" ]; then ok; else bad "$name: exit status $status, expected $wanted: $(tail -n 1 "$WORK/stderr")"; fi
}
has() { # NAME FILE TEXT…
    name=$1 file=$2
    shift 2
    for text in "$@"; do
        if grep -qF -- "$text" "$file"; then ok; else bad "$name: no $text in $file"; fi
    done
}
shape_of() { head -c 128 "$1" | tr -d '\000' | LC_ALL=C sed -nE "s/.*'shape': (\([^)]*\)).*/\1/p"; }

rm -rf "$WORK" && mkdir -p "$WORK" || exit 1
for command in compile run eval inspect bench conformance diff targets; do
    expect "$command --help" 0 "$TOOL" $command --help
done
expect version 0 "$TOOL" --version
expect help 0 "$TOOL" --help
expect nothing 2 "$TOOL"
into_full() { # NAME COMMAND…: what cannot be written is an error, said once
    name=$1
    shift
    "$@" >/dev/full 2>"$WORK/stderr"
    status=$?
    if [ "$status" -eq 2 ] && [ "$(grep -c 'standard output: writing failed.*\[E602\]' "$WORK/stderr")" -eq 1 ]; then ok
    else bad "$name into a full device: exit status $status, $(cat "$WORK/stderr")"; fi
}
into_full version "$TOOL" --version
into_full help "$TOOL" --help
into_full "compile --help" "$TOOL" compile --help
into_full targets "$TOOL" targets
into_full "targets --matrix" "$TOOL" targets --matrix
into_full inspect "$TOOL" inspect $MODEL/gesture19.onnx --input-shape input=1,96,96,3
into_full "inspect --json -" "$TOOL" inspect $MODEL/gesture19.onnx --input-shape input=1,96,96,3 --json - --quiet
into_full dump "$TOOL" inspect $MODEL/gesture19.onnx --input-shape input=1,96,96,3 --dump=lower
"$TOOL" targets >&- 2>"$WORK/stderr"
status=$?
if [ "$status" -eq 2 ] && grep -q 'standard output: writing failed.*\[E602\]' "$WORK/stderr"; then ok; else bad "closed standard output: exit status $status"; fi
expect targets 0 "$TOOL" targets
has targets "$WORK/stdout" microbit mps3-an547 cortex-m4 aarch64

# shellcheck disable=SC2086 # options are words, from here on
{
expect compile 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON --calib $MODEL/calib --save-calib "$WORK/ranges" --target cortex-m4 --name g -o "$WORK/a"
expect "compile again" 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON --calib $MODEL/calib --target cortex-m4 --name g --threads 1 -o "$WORK/b"
if diff -r "$WORK/a" "$WORK/b" >/dev/null; then ok; else bad "two compilations differ"; fi
for file in g.h g.c g_weights.c g_test.c g.report.json g.report.html; do
    if [ -s "$WORK/a/$file" ]; then ok; else bad "compile wrote no $file"; fi
done
has report "$WORK/a/g.report.json" '"arena_bytes"' '"arena_lower_bound_bytes"' '"weights_bytes"' '"stack_bytes"' '"steps"' '"nodes": ["/model/conv1/conv1.6/Conv", ' '"node": "/model/conv1/conv1.6/Conv"'
# Without the steps that learn from samples, which a file of ranges does not hold.
PLAIN="--preset fast --steps=-correct"
expect "compile without learning" 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON $PLAIN --calib $MODEL/calib --target cortex-m4 --name g -o "$WORK/p"
expect "compile from ranges" 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON $PLAIN --calib "$WORK/ranges" --target cortex-m4 --name g -o "$WORK/c"
if cmp -s "$WORK/p/g_weights.c" "$WORK/c/g_weights.c"; then ok; else bad "saved ranges give other weights"; fi
touch "$WORK/c/mine"
expect "compile into a used folder" 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --target cortex-m4 --name g -o "$WORK/c"
if [ -e "$WORK/c/mine" ]; then ok; else bad "compile removed another file"; fi

expect eval 0 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data $MODEL/test --json -
has eval "$WORK/stdout" '"samples": 152' '"float": {"top1": ' '"int8": {"top1": ' '"top5"' '"agreement"' '"kl_mean"' '"logit_sqnr_db"'
if [ "$(head -c 1 "$WORK/stdout")" = "{" ] && [ "$(wc -l <"$WORK/stdout")" -eq 1 ]; then ok; else bad "eval --json - writes more than JSON"; fi
expect "gate met" 0 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data $MODEL/test --gate 'top1-drop<=1,agreement>=97,kl<=0.01'
expect "gate failed" 1 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data $MODEL/test --gate 'sqnr>=90'
expect "gate on kept samples" 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON --calib $MODEL/calib --gate 'agreement>=90' --name g -o "$WORK/d"
expect "gate failed, nothing written" 1 "$TOOL" compile $MODEL/gesture19.onnx $COMMON --calib $MODEL/calib --gate 'sqnr>=90' --name g -o "$WORK/e"
if [ ! -e "$WORK/e" ]; then ok; else bad "a failed gate left files"; fi

# The cheapest preset that passes the gate; one that is named is not left.
mkdir -p "$WORK/few"
find $MODEL/calib -name '*_[01].jpg' | while read -r file; do cp "$file" "$WORK/few/"; done
FEW="$MODEL/gesture19.onnx ${COMMON%--quiet} --calib $WORK/few --data $WORK/few --name g"
expect "fast suffices" 0 "$TOOL" compile $FEW --gate 'sqnr>=30' -o "$WORK/cheap"
if grep -q 'accurate follows' "$WORK/stderr"; then bad "accurate where fast passes"; else ok; fi
expect "fast is not left" 1 "$TOOL" compile $FEW --preset fast --gate 'sqnr>=39' -o "$WORK/e"
expect "accurate follows" 0 "$TOOL" compile $FEW --gate 'sqnr>=39' -o "$WORK/dear"
has "accurate follows" "$WORK/stderr" 'the gate does not hold with --preset fast; --preset accurate follows'
if cmp -s "$WORK/dear/g_weights.c" "$WORK/cheap/g_weights.c"; then bad "accurate gives the weights of fast"; else ok; fi

expect "no gate" 0 "$TOOL" compile $MODEL/gesture19.onnx $COMMON --calib $MODEL/calib --preset fast --gate none --name g -o "$WORK/d"
has "report of accuracy" "$WORK/d/g.report.json" '"layers": [' '"local_sqnr_db"' '"cumulative_sqnr_db"' '"saturated_low"' '"used_codes"' '"advice": [' '"int16": {' '"worst": ['
has "page of the report" "$WORK/d/g.report.html" '<h2>Layers against the float model' '<h2>Worst samples</h2>' '<svg'
if grep -qE '<script|https?://' "$WORK/d/g.report.html"; then bad "the page needs something from outside"; else ok; fi
expect metric 0 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data $MODEL/test --metric top1 --json "$WORK/first.json"
if head -n 1 "$WORK/stdout" | grep -q '^top1: float [0-9.]*, int8 [0-9.]* %$'; then ok; else bad "metric: $(head -n 1 "$WORK/stdout")"; fi
has "cost of int16" "$WORK/first.json" '"int16": {"macs": ' '"live_bytes": '
has metric "$WORK/first.json" '"metric": {"name": "top1"' '"predictions": {"key": "' '"paired": {"different": ' '"p_value": '
expect compare 0 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --preset fast --steps=-mse,-mse-weights --data $MODEL/test --compare "$WORK/first.json" --json "$WORK/second.json"
has compare "$WORK/stdout" 'top-1 int8' 'this evaluation' "against $WORK/first.json: " 'of 152 samples are answered differently' '95 % confidence'
has compare "$WORK/second.json" '"compare": [{"file": "'
expect "compare other samples" 2 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data $MODEL/calib --compare "$WORK/first.json"

# An evaluation that a picture ends goes on behind what it had, with equal bytes.
mkdir -p "$WORK/data" && cp -r $MODEL/test/* "$WORK/data/"
last=$(find "$WORK/data" -name '*.jpg' | LC_ALL=C sort | tail -n 1)
cp "$last" "$WORK/last.jpg" && echo broken >"$last"
expect "eval of a broken picture" 2 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/rest.json"
if [ "$(wc -l <"$WORK/rest.json.resume")" -eq 152 ]; then ok; else bad "resume: $(wc -l <"$WORK/rest.json.resume") lines"; fi
printf '152 0 1' >>"$WORK/rest.json.resume"
cp "$WORK/last.jpg" "$last"
expect "eval continued" 0 "$TOOL" eval $MODEL/gesture19.onnx ${COMMON%--quiet} --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/rest.json"
has "eval continued" "$WORK/stderr" '151 samples are taken over'
if [ ! -e "$WORK/rest.json.resume" ]; then ok; else bad "resume is left behind"; fi
expect "eval of all" 0 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/all.json"
if cmp -s "$WORK/rest.json" "$WORK/all.json"; then ok; else bad "a continued eval differs from a whole one"; fi
mkdir "$WORK/stuck.json.partial" # where the JSON cannot be written, the work is not lost
expect "eval without its JSON" 2 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/stuck.json"
rmdir "$WORK/stuck.json.partial"
expect "eval with its JSON" 0 "$TOOL" eval $MODEL/gesture19.onnx ${COMMON%--quiet} --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/stuck.json"
has "eval with its JSON" "$WORK/stderr" '152 samples are taken over'
if cmp -s "$WORK/stuck.json" "$WORK/all.json" && [ ! -e "$WORK/stuck.json.resume" ]; then ok; else bad "an eval whose JSON was stuck differs, or left its resume"; fi

expect "eval into a device" 2 "$TOOL" eval $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --data "$WORK/data" --json /dev/full
has "eval into a device" "$WORK/stderr" '/dev/full: writing failed (No space left on device)' '[E602]'
if [ -e /dev/full.resume ]; then rm /dev/full.resume && bad "eval into a device left /dev/full.resume"; else ok; fi

# A picture that was replaced, or is prepared in another way, is not what the records are of.
interrupt() { # OPTION…: an evaluation that its last picture ends
    echo broken >"$last"
    expect "eval interrupted" 2 "$TOOL" eval $MODEL/gesture19.onnx $COMMON "$@" --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/new.json"
    if [ "$(wc -l <"$WORK/new.json.resume")" -eq 152 ]; then ok; else bad "interrupted: $(wc -l <"$WORK/new.json.resume") lines"; fi
    cp "$WORK/last.jpg" "$last"
}
same_as_whole() { # NAME OPTION…: the evaluation in new.json has the bytes of one that was never interrupted
    name=$1
    shift
    expect "$name, whole" 0 "$TOOL" eval $MODEL/gesture19.onnx $COMMON "$@" --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/whole.json"
    if cmp -s "$WORK/new.json" "$WORK/whole.json"; then ok; else bad "$name: records of other samples were taken over"; fi
}
interrupt
hundredth=$(find "$WORK/data" -name '*.jpg' | LC_ALL=C sort | sed -n 100p)
cp "$(find "$WORK/data" -name '*.jpg' | LC_ALL=C sort | head -n 1)" "$hundredth"
expect "eval with a replaced picture" 0 "$TOOL" eval $MODEL/gesture19.onnx ${COMMON%--quiet} --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/new.json"
has "eval with a replaced picture" "$WORK/stderr" ' 99 samples are taken over'
same_as_whole "a replaced picture"
interrupt --input-type f32 --scale 1/255
expect "eval of other pixels" 0 "$TOOL" eval $MODEL/gesture19.onnx ${COMMON%--quiet} --input-type f32 --scale 1/2 --calib "$WORK/ranges" --data "$WORK/data" --json "$WORK/new.json"
if grep -q 'taken over' "$WORK/stderr"; then bad "records of other pixels were taken over"; else ok; fi
same_as_whole "other pixels" --input-type f32 --scale 1/2

expect image 0 "$TOOL" run $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --image $MODEL/test/rock/rock_0.jpg
if head -n 1 "$WORK/stdout" | grep -q '^rock .*%$' && [ "$(wc -l <"$WORK/stdout")" -eq 5 ]; then ok; else bad "run --image: $(head -n 1 "$WORK/stdout")"; fi
expect "run a folder" 0 "$TOOL" run $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --input $MODEL/test/rock --output "$WORK/y.npy"
if [ "$(shape_of "$WORK/y.npy")" = "(8, 19,)" ] || [ "$(shape_of "$WORK/y.npy")" = "(8, 19)" ]; then ok; else bad "run: shape $(shape_of "$WORK/y.npy")"; fi
expect "run in float" 0 "$TOOL" run $MODEL/gesture19.onnx $COMMON --float --logits --input $MODEL/test/rock --output "$WORK/f/"
if [ -s "$WORK/f/output.npy" ]; then ok; else bad "run --float wrote no output.npy: $(ls "$WORK/f")"; fi
# The stem's last layer, which a plan computes inside its pooling's step.
expect "a layer inside a step" 0 "$TOOL" run $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --tap /model/act1/Relu_output_0 --input $MODEL/test/rock --output "$WORK/t/"
expect "raw output" 0 "$TOOL" run $MODEL/gesture19.onnx $COMMON --calib "$WORK/ranges" --raw-output --input $MODEL/test/rock --output "$WORK/r.npy"
if head -c 64 "$WORK/r.npy" | tr -d '\000' | grep -q "<u2"; then ok; else bad "run --raw-output is not uint16"; fi
expect "run without calibration" 2 "$TOOL" run $MODEL/gesture19.onnx $COMMON --input $MODEL/test/rock --output "$WORK/n.npy"

expect inspect 0 "$TOOL" inspect $MODEL/gesture19.onnx $COMMON --json -
has inspect "$WORK/stdout" '"supported": true' '"unsupported": []' '"int8": {"ready": true, ' '"missing": []' '"inputs"' '"outputs"' '"macs"' '"params"'
expect "inspect in words" 0 "$TOOL" inspect $MODEL/gesture19.onnx $COMMON
has "inspect in words" "$WORK/stdout" 'float    ready: every node is supported' 'int8     ready: '
expect bench 0 "$TOOL" bench $MODEL/gesture19.onnx $COMMON --isa scalar --json -
has bench "$WORK/stdout" '"isa": "scalar"' '"threads": 1' '"macs"' '"ms": {"min": ' '"median"' '"max"' '"steps": ['
expect "bench with threads" 0 "$TOOL" bench $MODEL/gesture19.onnx $COMMON --threads 2 --json "$WORK/bench.json"
has "bench with threads" "$WORK/bench.json" '"threads": 2'
expect diff 0 "$TOOL" diff "$WORK/a/g.report.json" "$WORK/c/g.report.json"
has diff "$WORK/stdout" calibration_samples difference
expect dump 0 "$TOOL" inspect $MODEL/gesture19.onnx $COMMON --dump=lower
has dump "$WORK/stdout" Conv
INTAGLIO_ISA=z80
export INTAGLIO_ISA
expect "INTAGLIO_ISA" 2 "$TOOL" bench $MODEL/gesture19.onnx $COMMON
}
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
