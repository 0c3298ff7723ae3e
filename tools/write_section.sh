#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Replaces what stands between `<!-- NAME begin -->` and `<!-- NAME end -->` of a file by what a command prints.
# Usage: tools/write_section.sh FILE NAME COMMAND…
set -eu
file=$1 name=$2
shift 2
grep -q "<!-- $name begin -->" "$file" || { echo "$file: no section $name" >&2; exit 1; }
"$@" >"$file.section"
awk -v name="$name" -v section="$file.section" '
    index($0, "<!-- " name " end -->") { skip = 0 }
    !skip { print }
    index($0, "<!-- " name " begin -->") { while ((getline line < section) > 0) print line; skip = 1 }' "$file" >"$file.new"
mv "$file.new" "$file"
rm "$file.section"
