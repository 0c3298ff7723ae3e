#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad input: each case's message is compared with tests/errors/NAME.err, its exit status with 2, and its output folder must not exist
# or must hold what it held before. UPDATE=1 rewrites the expected messages.
set -u
BUILD=${BUILD:-build}
TOOL=$PWD/$BUILD/${HOST:-host}/intaglio
GOLDEN=$PWD/tests/errors
WORK=$PWD/$BUILD/errors
PHOTO=$PWD/tests/models/demo/test/rock/rock_0.jpg
passed=0 failed=0 skipped=0

fail() { failed=$((failed + 1)); echo "FAIL $1: $2"; }
skip() { skipped=$((skipped + 1)); echo "SKIP $1: $2"; }

# check NAME ARGUMENT…: runs the tool in $WORK.
check() {
    name=$1
    shift
    "$TOOL" "$@" >stdout 2>stderr
    status=$?
    grep '^intaglio: error: ' stderr >message
    if [ -n "${UPDATE:-}" ]; then
        cp message "$GOLDEN/$name.err"
    fi
    if [ "$status" -ne 2 ]; then
        fail "$name" "exit status $status, expected 2: $(tail -n 1 stderr)"
    elif ! cmp -s message "$GOLDEN/$name.err"; then
        fail "$name" "the message is: $(cat message)"
    elif [ -e out ] && [ -n "$(ls -A out 2>/dev/null)" ]; then
        fail "$name" "something is left in the output folder: $(ls -A out)"
    else
        passed=$((passed + 1))
    fi
    rm -rf out
}

npy() { # FILE SHAPE DESCR BYTES: a .npy of zeros
    header="{'descr': '$3', 'fortran_order': False, 'shape': $2, }"
    printf '\223NUMPY\001\000\166\000' >"$1"
    printf '%-117s\n' "$header" >>"$1"
    head -c "$4" /dev/zero >>"$1"
}

make -s "$BUILD/host/write_bad_models" || exit 1
rm -rf "$WORK" && mkdir -p "$WORK" && cd "$WORK" || exit 1
spelled=$("$PWD/../host/write_bad_models" .) || { echo "FAIL write_bad_models"; exit 1; }
mkdir empty corrupt photo set set/classes set/classes/ant labelled raw short
head -c 16 /dev/zero >raw/1.bin
head -c 12 /dev/zero >short/1.bin
echo '{}' >empty.json
echo '{"predictions": {"key": "0", "label": [], "float": [], "int8": []}}' >other.json
npy good.npy '(8, 4)' '<f4' 128
npy more.npy '(9, 4)' '<f4' 144
npy three.npy '(3, 4)' '<f4' 48
npy single.npy '(1, 4)' '<f4' 16
npy good_rows.npy '(8, 4)' '<f4' 128
npy good_rows_labels.npy '(5,)' '<i8' 40
npy nan.npy '(1, 4)' '<f4' 0
printf '\000\000\300\177%012d' 0 >>nan.npy
npy shape.npy '(8, 5)' '<f4' 160
npy type.npy '(8, 4)' '<i8' 256
npy cut.npy '(8, 4)' '<f4' 100
printf 'this is no model, it is a line of text\n' >text.onnx
head -c 700 "$PHOTO" >corrupt/a.jpg
cp "$PHOTO" set/classes/ant/1.jpg
cp "$PHOTO" labelled/1.jpg
cp "$PHOTO" photo/1.jpg
echo '1.jpg 7' >labelled/labels.txt
echo cat >set/labels.txt
touch file nothing
echo cat >cat.txt
echo line >text.jpg
echo line >text.npy
echo line >text.pb
echo line >text.txt
echo line >file.data
echo intaglio-ranges >broken.ranges
truncate -s 3G huge.onnx
printf '\211PNG\r\n\032\n\000\000\000\rIHDR\000\000\234\100\000\000\234\100\010\002\000\000\000\336\156\231\122\000\000\000\001IDAT' >huge.png
long=$(printf '%0300d' 0)
mkdir lined counted
cp "$PHOTO" lined/1.jpg
echo 1.jpg >lined/labels.txt
"$TOOL" bench image.onnx --save-calib image.ranges >/dev/null 2>&1 || { echo "FAIL image.ranges"; exit 1; }
"$TOOL" bench good.onnx --save-calib good.ranges >/dev/null 2>&1 || { echo "FAIL good.ranges"; exit 1; }

check not_onnx compile text.onnx --calib good.npy -o out
check missing_model compile nowhere.onnx --calib good.npy -o out
check unsupported_op compile unsupported_op.onnx --calib good.npy -o out
check unsupported_attribute compile unsupported_attribute.onnx --calib good.npy -o out
check dynamic_dimension compile dynamic.onnx --calib good.npy -o out
check nan_weights compile nan.onnx --calib good.npy -o out
check missing_external_data compile external.onnx --calib good.npy -o out
check initializer_size compile short.onnx --calib good.npy -o out
check cycle compile cycle.onnx --calib good.npy -o out
check overflowing_shape compile overflow.onnx --calib good.npy -o out
check sample_shape compile good.onnx --calib shape.npy -o out
check sample_type compile good.onnx --calib type.npy -o out
check sample_truncated compile good.onnx --calib cut.npy -o out
check empty_calibration compile good.onnx --calib empty -o out
check missing_calibration compile good.onnx --calib nowhere -o out
check no_calibration compile good.onnx -o out
check corrupt_jpeg compile image.onnx --calib corrupt -o out
check picture_size compile image.onnx --calib photo -o out
check picture_sides compile image.onnx --calib photo --crop 11,2e25 -o out
check picture_resized compile image.onnx --calib photo --resize 32000 -o out
check picture_crop compile image.onnx --calib photo --crop 200,200 -o out
check label_out_of_range eval image.onnx --calib photo --data labelled --crop 8,8
check class_folder_unknown eval image.onnx --calib photo --data set/classes --crop 8,8
check raw_without_format compile good.onnx --calib raw -o out
check unwritable_folder compile good.onnx --calib good.npy -o file/out
check output_is_file compile good.onnx --calib good.npy -o file
check output_before_calibration compile good.onnx --calib nowhere -o file/out
check no_output_folder compile good.onnx --calib good.npy
check over_ram compile good.onnx --calib good.npy --ram 8 -o out
check over_flash compile good.onnx --calib good.npy --flash 16 -o out
check unknown_option compile good.onnx --clib good.npy -o out
check unknown_command complie good.onnx
check no_argument compile
check argument_too_many inspect good.onnx image.onnx
check value_missing compile good.onnx --calib
check value_unwanted compile good.onnx --quiet=yes
check no_backend_test conformance empty
check unknown_target compile good.onnx --calib good.npy --target cortex-m5 -o out
check option_of_other_command eval good.onnx --calib good.npy --data good.npy --target host
check wrong_choice compile good.onnx --calib good.npy --layout nwhc -o out
check wrong_number compile good.onnx --calib good.npy --scale big -o out
check wrong_shape_option compile good.onnx --calib good.npy --input-shape x=1,0 -o out
check shape_without_name compile good.onnx --calib good.npy --input-shape 1,3,99,99 -o out
check wrong_name compile good.onnx --calib good.npy --name 2fast -o out
check wrong_gate compile good.onnx --calib good.npy --gate 'top2<=1' -o out
check wrong_step compile good.onnx --calib good.npy --steps=+magic -o out
check wrong_isa bench good.onnx --isa z80
check wrong_metric eval good.onnx --calib good.npy --data good.npy --metric top3
check metric_unknown_here eval good.onnx --calib good.npy --data good.npy --metric auc
check compare_missing eval good.onnx --calib good.npy --data good.npy --compare x.json
check compare_without_answers eval good.onnx --calib good.npy --data good.npy --compare empty.json
check compare_other_samples eval good.onnx --calib good.npy --data good.npy --compare other.json
check run_without_input run good.onnx --calib good.npy --output y.npy
check tap_unknown run good.onnx --calib good.npy --input good.npy --output out.dir/ --tap nothing
check memory_limit compile good.onnx --calib good.npy --max-memory 20K -o out

check no_graph_outputs bench no_outputs.onnx
check no_op_type bench no_op_type.onnx
check text_weights bench text_weights.onnx
check not_a_tensor run good.onnx --float --input text.pb --output y.npy
check model_is_folder bench set
check name_too_long bench "$long.onnx"
check model_too_large bench huge.onnx
check external_data_ends bench external_short.onnx
check shape_of_other_rank bench good.onnx --input-shape x=1,5
check shape_of_unknown_input bench good.onnx --input-shape y=1,4
check shape_of_no_input bench no_inputs.onnx --input-shape x=1,4
check function_calls_itself bench recursion.onnx
check branch_on_input bench branch.onnx
check sample_kind compile good.onnx --calib text.txt -o out
check raw_of_other_size compile good.onnx --calib short --raw f32 -o out
check samples_of_two_counts compile two_inputs.onnx --calib x=good.npy z=more.npy -o out
check one_input_without_samples compile two_inputs.onnx --calib x=good.npy -o out
check two_batches compile two_batches.onnx --calib x=good.npy z=good.npy -o out
check rows_of_no_batch run pairs.onnx --float --input three.npy --output y.npy
check array_missing run good.onnx --float --input nowhere.npy --output y.npy
check array_is_text run good.onnx --float --input text.npy --output y.npy
check picture_missing run image.onnx --calib photo --crop 8,8 --image nowhere.jpg
check picture_is_text compile image.onnx --calib text.jpg --crop 8,8 -o out
check picture_huge compile image.onnx --calib huge.png --crop 8,8 -o out
check picture_for_vector compile good.onnx --calib photo -o out
check sample_nan compile good.onnx --calib nan.npy -o out
check model_gives_infinity compile inverse.onnx --calib good.npy -o out
check ranges_broken compile good.onnx --calib broken.ranges -o out
check ranges_of_other_model compile good.onnx --calib image.ranges -o out
check ranges_unwritable bench good.onnx --save-calib nowhere/good.ranges
check label_line eval image.onnx --calib photo --data lined --crop 8,8
check label_names_missing inspect good.onnx --labels nothing
check label_names_of_other_count inspect good.onnx --labels cat.txt
check report_is_text eval good.onnx --calib good.npy --data good.npy --compare text.txt
check output_type_of_softmax bench softmax.onnx --output-type i32
check output_unwritable run good.onnx --float --input good.npy --output nowhere/y.npy
check deviation_of_zero bench image.onnx --std 0
check layout_of_vector bench good.onnx --layout nhwc
check gate_unmeasurable eval good.onnx --calib good.npy --data good.npy --gate 'top1-drop<=1'
check gate_without_samples compile good.onnx --calib good.ranges --gate 'kl<=1' -o out
check no_elements_to_refine compile no_elements_inside.onnx --calib good.npy --preset accurate -o out
check probabilities_read bench read_probabilities.onnx --output-type u16
check nothing_to_evaluate compile good.onnx --calib single.npy --gate "kl<=1" -o out
check labels_of_other_count eval good.onnx --calib good.npy --data good_rows.npy
check eval_without_data eval good.onnx --calib good.ranges
check tap_fused run two_inputs.onnx --calib x=good.npy z=good.npy --input x=good.npy --input z=good.npy --tap s --output out.dir/
check output_of_several run two_inputs.onnx --float --input x=good.npy --input z=good.npy --output y.npy
check results_unwritable inspect good.onnx --json /dev/full

# Models in one line each (bad_nodes.c).
for name in $spelled; do
    check "$name" bench "$name.onnx"
done

# Cut at every sixteenth of its length: refused each time, with a message that names the file.
for model in truncated_*.onnx; do
    "$TOOL" compile "$model" --calib good.npy -o out >/dev/null 2>stderr
    status=$?
    if [ "$status" -eq 2 ] && grep -q "^intaglio: error: $model" stderr && [ ! -e out ]; then
        passed=$((passed + 1))
    else
        fail "$model" "status $status: $(tail -n 1 stderr)"
    fi
    rm -rf out
done

# A full file system: nothing half-written stays. The folder is a tmpfs of a few pages.
mkdir full
if mount -t tmpfs -o size=8k tmpfs full 2>/dev/null; then
    echo before >full/note
    "$TOOL" compile good.onnx --calib good.npy -o full >/dev/null 2>stderr
    status=$?
    if [ "$status" -eq 2 ] && grep -q 'No space left.*E604' stderr && [ "$(ls full)" = note ]; then
        passed=$((passed + 1))
    else
        fail full_folder "status $status, left: $(ls full | tr '\n' ' '), $(tail -n 1 stderr)"
    fi
    umount full
else
    skip full_folder "no tmpfs can be mounted here"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
