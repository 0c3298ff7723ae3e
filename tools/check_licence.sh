#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Line 1 of every C file names the licence.
set -eu
status=0
for file in "$@"; do
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "$file: line 1 does not name the licence"; status=1; }
done
exit $status
