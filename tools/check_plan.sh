#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ITG_PLAN_VERSION is raised with every change of the structs in include/intaglio/plan.h: tests/golden/plan.version holds the version and a
# checksum of what plan.h declares, without comments and spaces.
set -eu
PLAN=include/intaglio/plan.h
GOLDEN=tests/golden/plan.version
version=$(sed -nE 's/^#define ITG_PLAN_VERSION ([0-9]+)u.*/\1/p' $PLAN)
code=$(grep -v '^#' $PLAN | tr '\n' ' ' | awk '{ while ((at = index($0, "/*")) > 0) $0 = substr($0, 1, at - 1) substr($0, at + index(substr($0, at), "*/") + 1); print }')
now="$version $(printf '%s' "$code" | tr -d ' ' | cksum | cut -d ' ' -f 1)"
[ "$now" != "$(cat $GOLDEN)" ] || exit 0
if [ "$version" = "$(cut -d ' ' -f 1 $GOLDEN)" ]; then
    echo "$PLAN declares other structs than version $version did: raise ITG_PLAN_VERSION and run make golden UPDATE=1"
else
    echo "$GOLDEN is of another version: if that is meant, write \"$now\" into it"
fi
exit 1
