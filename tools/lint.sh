#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make lint: every check, each by name; exit status 1 if one finds something.
set -u
BUILD=${BUILD:-build}
export BUILD
status=0
sources=$(git ls-files 'include/*.h' 'runtime/*.[ch]' 'compiler/*.[ch]' 'targets/*.[ch]' 'tools/*.[ch]')
everything=$(git ls-files '*.c' '*.h' | grep -v '^tests/golden/')

run() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok    $name${output:+: $(echo "$output" | tail -n 1)}"
    else
        echo "FAIL  $name"
        echo "$output" | head -n 40 | sed 's/^/      /'
        status=1
    fi
}

# shellcheck disable=SC2046,SC2086 # lists of files are words
{
    run format clang-format --dry-run -Werror $everything
    run layers tools/check_layers.sh $sources
    run symbols make -s lint-symbols
    run recursion make -s lint-recursion
    run kernels make -s lint-kernels
    run clang make -s lint-clang
    run headers tools/check_headers.sh
    run ops tools/check_ops.sh
    run lengths tools/check_lengths.sh $sources
    run errors tools/check_errors.sh
    run readme tools/check_readme.sh
    run plan tools/check_plan.sh
    run matrix tools/check_matrix.sh
    run licence tools/check_licence.sh $everything
}
exit $status
