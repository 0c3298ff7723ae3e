#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/errors.md lists every error code that the sources raise (a number before a message's text), singly or in a range A–B, and no other.
set -u
status=0
raised=$( (grep -ohE ', [1-9][0-9]{2},( "| *$)' $(git ls-files 'compiler/*.[ch]' 'tools/*.[ch]') | grep -oE '[0-9]{3}'
    grep -ohE '\[E[0-9]{3}\]"' $(git ls-files 'compiler/*.c' 'tools/*.c') | grep -oE '[0-9]{3}') | sort -u)
listed=$(sed -nE 's/^\| ([0-9][0-9, –]*) \|.*/\1/p' docs/errors.md | tr ',' '\n' | tr -d ' ' | sed 's/–/ /' | while read -r first last; do
    seq "$first" "${last:-$first}"
done | sort -u)
for code in $raised; do
    echo "$listed" | grep -qx "$code" || { echo "E$code is raised but not in docs/errors.md"; status=1; }
done
for code in $listed; do
    echo "$raised" | grep -qx "$code" || { echo "E$code is in docs/errors.md but nothing raises it"; status=1; }
done
exit $status
