#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# compiler/base/codes.inc has every error code that the sources raise and no other, docs/errors.md is what `make errors-table` writes, each
# code has a message in tests/errors or a test that names it, and each message there ends with its code and belongs to a case. Nothing but
# tools/cli/print.c writes to standard error.
set -u
status=0
complain() { echo "$*"; status=1; }

raised=$( (git ls-files 'compiler/*.[ch]' 'tools/*.[ch]' | xargs grep -ohE '(, |cli_error\()[1-9][0-9]{2},( "| *$)|\[E[0-9]{3}\]"') | grep -oE '[0-9]{3}' | sort -u)
listed=$(sed -nE 's/^ITGC_CODE\(([0-9]+), .*/\1/p' compiler/base/codes.inc)
for code in $raised; do
    echo "$listed" | grep -qx "$code" || complain "E$code is raised but not in compiler/base/codes.inc"
done
for code in $listed; do
    echo "$raised" | grep -qx "$code" || complain "E$code is in compiler/base/codes.inc but nothing raises it"
    grep -qF "[E$code]" tests/errors/*.err ||
        grep -qrE ", $code\)|import_bad\(f, $code,|, $code\}|\"E$code\"" tests/unit tests/ops --include='*.c' ||
        complain "E$code: no message in tests/errors and no test names it"
done
[ "$listed" = "$(echo "$listed" | sort -u)" ] || complain "compiler/base/codes.inc: codes are not in order"

table=$(tools/errors_table.sh)
[ "$table" = "$(sed -n '/<!-- codes begin -->/,/<!-- codes end -->/p' docs/errors.md | sed '1d;$d')" ] ||
    complain "docs/errors.md is not what the sources say; run make errors-table"

for message in tests/errors/*.err; do
    name=$(basename "$message" .err)
    grep -qE "^check $name |\{\"$name\"," tests/errors/run.sh tests/errors/bad_nodes.c || complain "$message belongs to no case"
    [ -s "$message" ] || complain "$message is empty"
    ! grep -qvE ' \[E[0-9]{3}\]$' "$message" || complain "$message: a message without its code"
done

for file in $(git grep -lE '\bstderr\b|STDERR_FILENO' -- 'compiler/*.[ch]' 'tools/*.[ch]'); do
    [ "$file" = tools/cli/print.c ] || complain "$file writes to standard error, which is for tools/cli/print.c alone"
done
exit $status
