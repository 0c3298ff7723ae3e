#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Refuses runtime objects that own mutable data, export names without itg_, or need more than memcpy, memset and libgcc's integer helpers.
# Usage: [OBJDUMP=…] [NM=…] tools/check_symbols.sh OBJECT.o…    Exit status 1 names each fault.
# Two objects may need more of libgcc: convert.o its float helpers, features.o (hosted builds) its CPU detection.
set -eu

objdump=${OBJDUMP:-objdump}
nm=${NM:-nm}
status=0

complain() {
    echo "$1: $2"
    status=1
}

# 32- and 64-bit integer helpers, Thumb-1 switch tables.
integer_helpers='^(__aeabi_(lmul|ldivmod|uldivmod|llsl|llsr|lasr|lcmp|ulcmp|idiv|uidiv|idivmod|uidivmod)|__(u?divdi3|u?moddi3|muldi3|ashldi3|ashrdi3|lshrdi3|clzsi2|clzdi2)|__gnu_thumb1_case_[a-z]+)$'
float_helpers='^__aeabi_(f|i2f|ui2f|l2f|ul2f|cf)[a-z0-9]*$'

[ $# -gt 0 ] || { echo "usage: tools/check_symbols.sh OBJECT.o..." >&2; exit 2; }

for object in "$@"; do
    sections=$("$objdump" -h "$object" | awk '$2 ~ /^\.(data|bss|tdata|tbss|init_array|ctors)/ && $2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ {print $2}')
    for section in $sections; do
        complain "$object" "mutable data in section $section; make it const"
    done
    for symbol in $("$nm" -g --defined-only "$object" | awk 'NF == 3 {print $3}'); do
        case $symbol in
        itg_*) ;;
        *) complain "$object" "exports $symbol; make it static or prefix it with itg_" ;;
        esac
    done
    for symbol in $("$nm" -u "$object" | awk '{print $NF}'); do
        case $symbol in
        itg_* | memcpy | memset | _GLOBAL_OFFSET_TABLE_) continue ;;
        esac
        if echo "$symbol" | grep -Eq "$integer_helpers"; then
            continue
        fi
        if [ "${object##*/}" = features.o ] && echo "$symbol" | grep -Eq '^(__cpu_(model|features2|indicator_init)|syscall|getauxval)$'; then
            continue
        fi
        if [ "${object##*/}" = convert.o ] && echo "$symbol" | grep -Eq "$float_helpers"; then
            continue
        fi
        complain "$object" "needs $symbol; the runtime may call only memcpy and memset"
    done
done
exit $status
