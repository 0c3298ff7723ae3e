#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed of every kernel table on the shapes of kernel_check, one line a shape and table. Called by make bench.
set -eu
BUILD=${BUILD:-build}
"$BUILD/host/kernel_check" --bench | awk '$2 ~ /^[a-z]/ && $4 == "ns" {
    text = $0
    sub(/.* [0-9.]+x +/, "", text)
    sub(/ dilation 1x1/, "", text)
    sub(/ types.*/, "", text)
    printf "%-12s %-12s %10.2f %-11s %7s of scalar  %s\n", $1, $2, $5, $6, $7, text }'
