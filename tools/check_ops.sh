#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every record of compiler/ops/ops.inc has its file; every runtime op has runtime/ops/X.c, a quantizer that makes its steps, a struct in
# plan.h and a paragraph in docs/numerics.md. Names what is missing.
set -u
status=0
complain() { echo "$*"; status=1; }

records=$(sed -nE 's/^OP\(([^,]*,){3} *(itgc_op_[a-z0-9_]+).*/\2/p' compiler/ops/ops.inc | sort -u)
for record in $records; do
    grep -lqE "^const itgc_op $record\b" compiler/ops/*.c || complain "$record: no file of compiler/ops defines it"
done
sed -nE 's/^OP\( *([A-Za-z0-9]+),.*/\1/p' compiler/ops/ops.inc | LC_ALL=C sort -fc 2>/dev/null || complain "compiler/ops/ops.inc: rows are not in alphabetical order"
for file in runtime/ops/*.c; do
    op=$(basename "$file" .c)
    grep -q "^void itg_op_$op(" "$file" || complain "$file: no itg_op_$op in it"
    grep -q "} itg_$op;" include/intaglio/plan.h || complain "itg_op_$op: no struct itg_$op in include/intaglio/plan.h"
    grep -lqE "(_KIND\(|\.run = )itg_op_$op," compiler/ops/*.c compiler/schedule/*.c || complain "itg_op_$op: nothing in compiler/ makes its steps"
    grep -q "itg_op_$op\b" docs/numerics.md || complain "itg_op_$op: no paragraph in docs/numerics.md"
done
exit $status
