#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs tests and adds up their counts: run_tests.sh quick | full | golden. The last line is `N passed, N failed, N skipped`.
# quick: unit tests of the host build. full: also with sanitizers, kernels, scripts, the command line, every target under its emulator.
# A cmocka executable counts its own cases; a script counts by its last line, or as one test by its exit status.
set -u
BUILD=${BUILD:-build}
export BUILD
MODE=${1:-full}
passed=0 failed=0 skipped=0
JOBS=$(nproc 2>/dev/null || echo 1)
[ "$JOBS" -le 2 ] || JOBS=2
LOGS=$BUILD/test-logs
mkdir -p "$LOGS"

count() { # FILE WORD: the number before `WORD` in the last line that has it
    sed -nE "s/(.*[^0-9])?([0-9]+) $2.*/\2/p" "$1" | tail -n 1
}

add() {
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-0})) skipped=$((skipped + ${3:-0}))
}

report() { # NAME LOG FAILED
    if [ "${3:-0}" -gt 0 ]; then
        echo "FAIL $1 (log: $2)"
        grep -E '\[  FAILED  \]|^FAIL|Error|error:|ERROR:|runtime error' "$2" | head -n 12 | sed 's/^/    /'
    fi
}

run_cmocka() { # EXECUTABLE NAME
    log=$LOGS/$(echo "$2" | tr '/' '_').log
    timeout 600 "$1" >"$log" 2>&1
    status=$?
    good=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) test.*/\1/p' "$log" | tail -n 1)
    bad=$(sed -nE 's/^\[  FAILED  \] ([0-9]+) test.*/\1/p' "$log" | tail -n 1)
    idle=$(sed -nE 's/^\[  SKIPPED \] ([0-9]+) test.*/\1/p' "$log" | tail -n 1)
    if [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then
        bad=1
    fi
    add "${good:-0}" "${bad:-0}" "${idle:-0}"
    report "$2" "$log" "${bad:-0}"
}

run_script() { # NAME COMMAND…
    name=$1
    shift
    log=$LOGS/$(echo "$name" | tr '/ ' '__').log
    timeout 1500 "$@" >"$log" 2>&1
    status=$?
    if tail -n 1 "$log" | grep -Eq '[0-9]+ passed, [0-9]+ failed'; then
        bad=$(count "$log" failed)
        [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
        add "$(count "$log" passed)" "$bad" "$(count "$log" skipped)"
    else
        bad=$((status != 0))
        add $((1 - bad)) "$bad" 0
    fi
    grep '^SKIP' "$log"
    report "$name" "$log" "$bad"
}

build() { # FLAGS…: false and one failure if the build breaks
    if make -s -j"$JOBS" "$@" >"$LOGS/build.log" 2>&1; then
        return 0
    fi
    echo "FAIL build: make $*"
    grep -E 'error:|Error|undefined' "$LOGS/build.log" | head -n 12 | sed 's/^/    /'
    add 0 1 0
    return 1
}

run_units() { # FOLDER LABEL
    for source in tests/unit/*/*_test.c tests/ops/*_test.c; do
        test=${source%.c}
        [ -x "$BUILD/$1/$test" ] && run_cmocka "$BUILD/$1/$test" "$2${test#tests/}"
    done
}

run_scripts() {
    for script in tests/errors/*.sh tests/cli/*.sh tests/regress/*.sh tests/models/*.sh; do
        [ -x "$script" ] && run_script "${script#tests/}" "$script"
    done
}

run_full() {
    build tools unit-tests "$BUILD/host/kernel_check" && run_units host "" && run_scripts
    [ -x "$BUILD/host/kernel_check" ] && run_script kernels "$BUILD/host/kernel_check"
    build SANITIZE=1 tools unit-tests && run_units asan sanitized/ &&
        run_script "sanitized errors" env HOST=asan tests/errors/run.sh
    for fragment in targets/*/target.mk; do
        target=$(basename "$(dirname "$fragment")")
        run_script "target $target" tests/targets/run_target.sh "$target"
    done
}

case $MODE in
quick) build tools unit-tests && run_units host "" ;;
golden) build tools unit-tests && run_units host "" && run_scripts ;;
full) run_full ;;
*) echo "run_tests.sh: give quick, full or golden" >&2; exit 2 ;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
