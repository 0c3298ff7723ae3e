#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make crosscheck: the float executor against ONNX Runtime on every model that is there and against the node tests of ONNX, in a virtual
# environment. Never part of make test.
set -eu
BUILD=${BUILD:-build}
export BUILD
tools/venv.sh
. tools/models.sh
echo "$MODELS" >"$BUILD/crosscheck.models"
"$BUILD/venv/bin/python" tools/crosscheck.py "$BUILD/host/intaglio" "$BUILD/crosscheck.models" "$BUILD/crosscheck"
"$BUILD/venv/bin/python" tools/crosscheck_nodes.py "$BUILD/host/intaglio" "$BUILD/crosscheck/nodes"
"$BUILD/venv/bin/python" tools/crosscheck_quantized.py "$BUILD/host/intaglio" "$DATA" "$BUILD/crosscheck/quantized"
