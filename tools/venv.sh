#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A virtual environment in build/venv with what tools/requirements.txt lists; made once. For crosscheck, zoo and the demo's training only.
set -eu
BUILD=${BUILD:-build}
[ -x "$BUILD/venv/bin/python" ] && exit 0
python3 -m venv "$BUILD/venv"
"$BUILD/venv/bin/pip" install --quiet -r tools/requirements.txt
