#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every public header compiles alone as C99, C11 and C++, with gcc and, where installed, clang.
set -u
status=0
flags="-Iinclude -Wall -Wextra -Wpedantic -Werror -fsyntax-only"
for header in include/intaglio/*.h; do
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        for standard in c99 c11; do
            # shellcheck disable=SC2086 # flags are words
            echo "#include <intaglio/$(basename "$header")>" | "$compiler" $flags -std=$standard -x c - || { echo "$header: $compiler -std=$standard"; status=1; }
        done
        # shellcheck disable=SC2086
        echo "#include <intaglio/$(basename "$header")>" | "$compiler" $flags -std=c++11 -x c++ - || { echo "$header: $compiler -std=c++11"; status=1; }
    done
done
exit $status
