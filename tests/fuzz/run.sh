#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every target for so many seconds, two at a time: run.sh SECONDS [TARGET…]. New inputs stay in $BUILD/fuzz/corpus, findings in
# $BUILD/fuzz/findings; exit 1 if there are any. `run.sh --corpus` writes tests/fuzz/corpus again (after ops were added).
set -eu
BUILD=${BUILD:-build}
if [ "${1:-}" = --corpus ]; then
    make -s BUILD="$BUILD" "$BUILD/host/make_corpus"
    "$BUILD/host/make_corpus" tests/fuzz/corpus
    exit 0
fi
seconds=${1:-60}
[ $# -eq 0 ] || shift
make -s -j2 BUILD="$BUILD" FUZZ=1 fuzzers
found=0

# Words that these sources compare with, each behind PREFIX, as a dictionary.
list_words() { # PREFIX FILE…
    prefix=$1
    shift
    grep -ohE '"[A-Za-z0-9_.,<>=:+-]{2,40}"' "$@" | sort -u | sed "s/^\"/\"$prefix/"
}

# What differs between targets: lengths, words, and for graph, where pieces of bytes stand for nodes, no search for rare features.
tune() { # TARGET
    dictionary=$BUILD/fuzz/$1.dict
    case $1 in
    import) list_words '' compiler/onnx/*.c compiler/ops/*.c >"$dictionary"
        sed -nE 's/^OP\(([A-Za-z]+),.*/"\1"/p' compiler/ops/ops.inc >>"$dictionary"
        echo "-max_len=10000 -dict=$dictionary" ;;
    graph) echo "-max_len=104 -len_control=0 -entropic=0" ;;
    options) { list_words '\\x0a' tools/cli/options.c tools/cli/pipeline.c tools/cli/settings.c tools/cli/samples.c compiler/quantize/quantize.c compiler/emit/targets.c
        grep -oE '"[a-z0-9|-]+"\}' tools/cli/options.c | tr -d '"}' | tr '|' '\n' | sed 's/.*/"\\x0a&"/'; } | sort -u >"$dictionary"
        echo "-max_len=400 -close_fd_mask=3 -dict=$dictionary" ;;
    samples) list_words '' compiler/measure/*.c tools/cli/labels.c >"$dictionary"
        echo "-max_len=4000 -dict=$dictionary" ;;
    esac
}

fuzz() { # TARGET
    mkdir -p "$BUILD/fuzz/corpus/$1" "$BUILD/fuzz/findings/$1" "tests/regress/$1"
    # shellcheck disable=SC2046 # several words
    "$BUILD/fuzz/$1_fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -close_fd_mask=1 \
        -artifact_prefix="$BUILD/fuzz/findings/$1/" $(tune "$1") "$BUILD/fuzz/corpus/$1" "tests/fuzz/corpus/$1" "tests/regress/$1" \
        >"$BUILD/fuzz/$1.log" 2>&1
}

report() { # TARGET STATUS
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$BUILD/fuzz/$1.log")
    cover=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$BUILD/fuzz/$1.log" | tail -n 1)
    echo "$1: ${runs:-?} runs, ${cover:-?} edges covered, $([ "$2" -eq 0 ] && echo 'no finding' || echo "FINDING (log: $BUILD/fuzz/$1.log)")"
    [ "$2" -eq 0 ] || found=1
}

[ $# -gt 0 ] || set -- import graph options samples
while [ $# -gt 0 ]; do
    first=$1 second=${2:-}
    shift
    [ $# -eq 0 ] || shift
    fuzz "$first" & one=$!
    if [ -n "$second" ]; then
        status=0; fuzz "$second" || status=$?
        report "$second" "$status"
    fi
    status=0; wait "$one" || status=$?
    report "$first" "$status"
done
exit "$found"
