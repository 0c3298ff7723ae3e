#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The choice of kernel tables by processor: an emulated x86 finds the tables it can run and no other, refuses one it cannot run in words, and
# its best one gives the bytes of this machine's. Skipped where there is no emulator for x86.
set -u
BUILD=${BUILD:-build}
TOOL=$BUILD/host/intaglio
WORK=$BUILD/tables
MODEL=tests/models/demo
RUN="$MODEL/gesture19.onnx --labels $MODEL/labels.json --input-shape input=1,96,96,3 --quiet --preset fast --steps=-correct --threads 1 --raw-output"
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }
emulate() { # CPU COMMAND…
    cpu=$1
    shift
    qemu-x86_64 -cpu "$cpu" "$TOOL" "$@" 2>"$WORK/stderr"
}
expect_tables() { # CPU TABLES
    found=$(emulate "$1" targets | sed -n 's/^kernel tables of this machine (--isa): //p')
    if [ "$found" = "$2" ]; then ok; else bad "$1: tables '$found', expected '$2'"; fi
}

rm -rf "$WORK" && mkdir -p "$WORK" || exit 1
if [ "$(uname -m)" != x86_64 ] || ! command -v qemu-x86_64 >/dev/null; then
    echo "SKIP tables: qemu-x86_64 is not installed"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
expect_tables qemu64 scalar
expect_tables Nehalem "scalar sse41"
expect_tables Haswell "scalar sse41 avx2"

# shellcheck disable=SC2086 # options are words
{
"$TOOL" run $RUN --calib $MODEL/calib --save-calib "$WORK/ranges" --isa scalar --input $MODEL/test/rock --output "$WORK/scalar.npy" || bad "scalar run"
for cpu in Nehalem Haswell; do
    emulate $cpu run $RUN --calib "$WORK/ranges" --input $MODEL/test/rock --output "$WORK/$cpu.npy" || bad "run on $cpu"
    if cmp -s "$WORK/scalar.npy" "$WORK/$cpu.npy"; then ok; else bad "$cpu gives other bytes"; fi
done
emulate Nehalem bench $MODEL/gesture19.onnx --input-shape input=1,96,96,3 --quiet --isa avx2 >/dev/null
status=$?
if [ "$status" -eq 2 ] && grep -q -- "--isa avx2: this machine has no such kernel table" "$WORK/stderr"; then ok; else bad "avx2 on Nehalem: $status $(cat "$WORK/stderr")"; fi
}
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
