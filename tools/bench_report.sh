#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs kernels and models on this machine and puts what they print into docs/performance.md. Called by make bench.
set -eu
block() {
    echo '```'
    "$@"
    echo '```'
}

case ${1:-} in
kernels) block tools/bench_kernels.sh ;;
models)
    echo "Processor: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1). Tables of this machine, then the best one on all its cores."
    echo
    for isa in $("${BUILD:-build}/host/intaglio" targets | sed -n 's/^kernel tables.*: scalar//p'); do
        block tools/bench_models.sh --threads 1 --isa "$isa"
    done
    block tools/bench_models.sh --threads "$(nproc)"
    ;;
*)
    tools/write_section.sh docs/performance.md kernels "$0" kernels
    tools/write_section.sh docs/performance.md models "$0" models
    ;;
esac
