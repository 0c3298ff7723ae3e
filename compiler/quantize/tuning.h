/* SPDX-License-Identifier: Apache-2.0
 * What refine/ found out by trying: rounded weights, corrections of layers, ranges and widths of tensors. Keyed by tensor ids of the measured
 * graph, which clones keep. Filled by refine/, read while quantizing. */
#ifndef ITGC_TUNING_H
#define ITGC_TUNING_H

#include "compiler/graph/graph.h"

/* How a tensor is stored: as the rules say, in int16, or in int16 with its linear readers behind an int8 copy. */
typedef enum itgc_width { ITGC_WIDTH_RULE, ITGC_WIDTH_S16, ITGC_WIDTH_SPLIT } itgc_width;

/* One linear layer; NULL members: as without tuning. */
typedef struct itgc_layer_tuning {
    int8_t *codes;         /* [channels][taps], with scale: instead of rounding to nearest */
    double *scale;         /* per channel */
    double *gain, *offset; /* per channel: the result before its activation becomes gain * result + offset */
} itgc_layer_tuning;

typedef struct itgc_tuning {
    int tensor_count;
    itgc_width *width;         /* by tensor id */
    double *low, *high;        /* by tensor id: the range of 8-bit codes; low > high: none was chosen */
    itgc_layer_tuning **layer; /* by id of the node's first output; NULL: none */
} itgc_tuning;

itgc_tuning *itgc_new_tuning(itgc_arena *arena, const itgc_graph *graph);

/* The tuning of a layer, made if there is none yet. */
itgc_layer_tuning *itgc_tune_layer(itgc_arena *arena, itgc_tuning *tuning, const itgc_node *node);

/* NULL and ITGC_WIDTH_RULE where there is none; tuning may be NULL. */
const itgc_layer_tuning *itgc_layer_tuning_of(const itgc_tuning *tuning, const itgc_node *node);
itgc_width itgc_width_of(const itgc_tuning *tuning, const itgc_tensor *tensor);

/* Whether a range was chosen; tuning may be NULL. */
bool itgc_has_range(const itgc_tuning *tuning, const itgc_tensor *tensor);
void itgc_forget_range(itgc_tuning *tuning, int id);

/* Puts a copy with a format of its own between a tensor and those of its readers that are linear layers; narrow(argument, tensor) says where.
 * The copies' ranges are the tensor's. */
void itgc_insert_copies(itgc_graph *graph, bool (*narrow)(const void *argument, const itgc_tensor *tensor), const void *argument);

#endif
