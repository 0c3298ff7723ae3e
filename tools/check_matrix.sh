#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The op table of README.md: as `intaglio targets --matrix` prints it, with a column for every folder of runtime/kernels that holds a table; and
# each table's slots are what include/intaglio/kernels.h names for it, which the columns are made of.
set -u
BUILD=${BUILD:-build}
status=0
complain() { echo "$*"; status=1; }

make -s tools || exit 1
matrix=$("$BUILD/host/intaglio" targets --matrix) || exit 1
[ "$matrix" = "$(sed '1,/<!-- matrix begin -->/d; /<!-- matrix end -->/,$d' README.md)" ] || complain "README.md: the op table is not up to date; run make matrix"

columns=$(echo "$matrix" | sed -n '1s/| ONNX op | opsets | runs as | \(.*\) |/\1/p' | sed 's/ | /\n/g')
for table in runtime/kernels/*/table.c; do
    name=$(basename "$(dirname "$table")")
    echo "$columns" | grep -qx "$name" || complain "tools/cli/matrix.c: no column for $name"
    sed -nE 's/^ *\.([a-z]+) = &itg_(.*),.*/\1 \2/p' "$table" | while read -r family kernels; do
        [ "$kernels" = "${family}_$name" ] || echo "$table: .$family is itg_$kernels, not itg_${family}_$name"
    done | grep . && status=1
done
for name in $columns; do
    [ -f "runtime/kernels/$name/table.c" ] || complain "tools/cli/matrix.c: a column for $name, which has no table"
done
exit $status
