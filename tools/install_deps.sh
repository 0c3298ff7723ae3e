#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing: install_deps.sh build [cross]. Silent when nothing is missing; where it may not
# install, prints the exact line to run and stops.
set -eu
BUILD_PACKAGES="gcc g++ make libc6-dev libprotobuf-c-dev protobuf-c-compiler libjpeg-dev libpng-dev libcjson-dev libcmocka-dev"
CROSS_PACKAGES="gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf libc6-dev-arm64-cross libc6-dev-armhf-cross qemu-user qemu-system-arm"

wanted=
for set in "$@"; do
    case $set in
    build) wanted="$wanted $BUILD_PACKAGES" ;;
    lint) wanted="$wanted clang clang-format universal-ctags" ;;
    cross) wanted="$wanted $CROSS_PACKAGES" ;;
    *) echo "install_deps.sh: unknown set $set; give build, lint or cross" >&2; exit 2 ;;
    esac
done

missing=
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || { echo "install_deps.sh: this is not Debian; install what corresponds to:$missing" >&2; exit 2; }
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=sudo
else
    echo "Packages are missing. As root, run this line and try again:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
    exit 2
fi
echo "installing:$missing" >&2
$as_root apt-get update -qq
# shellcheck disable=SC2086 # package names are words
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
