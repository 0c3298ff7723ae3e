#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the firmware example of README.md (its ```c block) against an emitted header.
set -eu
BUILD=${BUILD:-build}
WORK=$BUILD/readme
mkdir -p "$WORK"
sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d' >"$WORK/example.c"
[ -s "$WORK/example.c" ] || { echo "README.md: no C example"; exit 1; }
cp tests/golden/hand.h "$WORK/hand.h"
sed 's/HAND/KWS/g; s/hand/kws/g' "$WORK/hand.h" >"$WORK/kws.h"
gcc -std=c99 -Wall -Wextra -Werror -Iinclude -I"$WORK" -fsyntax-only "$WORK/example.c"
