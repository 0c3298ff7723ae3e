#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every input of the fuzz corpora, and every one that was once a finding, through the fuzz targets: none may end the process or take long.
set -u
BUILD=${BUILD:-build}
passed=0 failed=0
make -s -j2 BUILD="$BUILD" replays || exit 1
for target in import graph options samples; do
    log=$BUILD/test-logs/replay_$target.log
    mkdir -p "$BUILD/test-logs"
    if "$BUILD/host/${target}_replay" "tests/fuzz/corpus/$target" "tests/regress/$target" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $target (log: $log)"
        tail -n 3 "$log"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
