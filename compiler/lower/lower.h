/* SPDX-License-Identifier: Apache-2.0
 * imported float graph → smaller float graph the runtime can express. An ordered array of passes in lower.c, one file each; a pass never
 * changes the float result beyond rounding.
 * Lowered: Conv and pools are 2-D and channels last, with constant weights; products by constants are Gemm, x [M,K] times weights [N,K];
 * Reshape, Slice, Add, Mul, Clip, Relu stand for all their spellings; see passes.h for who does what. */
#ifndef ITGC_LOWER_H
#define ITGC_LOWER_H

#include "compiler/graph/graph.h"

typedef struct itgc_lower_options {
    bool input_channels_last;  /* --layout nhwc given for a model whose input is NCHW: the graph input itself becomes channels last */
    bool input_channels_first; /* --layout nchw given for a model whose input is NHWC */
    /* Preprocessing given as options, folded into the first layer: the graph input becomes raw pixels. std_count 0: none. */
    double scale, mean[4], std[4];
    int mean_count;
    bool bgr;
    int threads;
} itgc_lower_options;

typedef struct itgc_pass {
    const char *name;
    bool (*run)(itgc_graph *graph, const itgc_lower_options *options);
} itgc_pass;

/* The passes in order; *count of them. */
const itgc_pass *itgc_lower_passes(int *count);

/* One pass, and what follows each: dead nodes out, sort, shapes, uses. */
bool itgc_run_pass(itgc_graph *graph, const itgc_pass *pass, const itgc_lower_options *options);

bool itgc_lower_graph(itgc_graph *graph, const itgc_lower_options *options);

#endif
