/* SPDX-License-Identifier: Apache-2.0
 * What quantization costs, layer by layer: each node's codes against the lowered float graph, alone and with all before it. */
#ifndef ITGC_LAYERS_H
#define ITGC_LAYERS_H

#include "compiler/evaluate/evaluate.h"

/* One node's result, over all samples looked at. Rates are shares of its elements. */
typedef struct itgc_layer_report {
    const itgc_node *node;
    const itgc_tensor *out; /* its format says how the codes stand for reals */
    int first_step, last_step;
    bool has_local;                  /* false: some input is known in integers only */
    double local_db, cumulative_db;  /* SQNR: with float inputs rounded to codes; in the integer graph */
    double bias, worst_channel_bias; /* mean error over the deviation of the float values; of the channel where it is largest, 0 where
                                      * too few values of each were seen to tell */
    double cut_low, cut_high;        /* float values beyond the lowest and highest code: what saturates */
    double at_low, at_high;          /* codes at either end, activations' bounds included */
    int used_codes, code_count;      /* int16: of 256 equal parts of the range */
    double entropy;                  /* bits, of the same */
    int64_t values;                  /* elements looked at */
    bool reads_int16, writes_int16;
    int64_t macs;
} itgc_layer_report;

typedef struct itgc_layers {
    itgc_layer_report *layer;
    int count;
    int64_t samples;
    int64_t macs, int16_macs;             /* all; of steps that read int16 activations */
    uint32_t live_bytes, live_bytes_int8; /* most bytes live at once, scratch memory included; the same if every int16 tensor were int8 */
} itgc_layers;

/* As itgc_evaluate, on at most `most` samples spread over those that count; of a plan whose steps are all their own (itgc_plan_apart), or layers
 * inside cascades are not seen. Constant memory whatever the number of samples. What itgc_measure_cost fills is left 0. */
bool itgc_measure_layers(const itgc_evaluation *evaluation, int64_t most, itgc_layers *layers);

/* Only macs to live_bytes_int8, which need no samples: the plan says them. layers: zeros before. */
void itgc_measure_cost(const itgc_graph *graph, itgc_layers *layers);

/* advice.c: what to try, the most promising first, one line each and layers by name. */
struct itgc_text;
void itgc_add_advice(struct itgc_text *text, const itgc_scores *scores, const itgc_layers *layers);

#endif
