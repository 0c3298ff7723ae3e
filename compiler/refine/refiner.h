/* SPDX-License-Identifier: Apache-2.0
 * What the files of refine/ share: the samples held in memory, the float results to reach, and plans that are tried on them. */
#ifndef ITGC_REFINER_H
#define ITGC_REFINER_H

#include "compiler/reference/reference.h"
#include "compiler/refine/refine.h"

#define ITGC_ENOUGH_BATCHES 24   /* of fewer, what was learned says too little about others: each step says what it leaves out then */
#define ITGC_MOST_GROWTH    1.25 /* of the arena, by what steps make int16 or compute twice */

/* A linear layer and its float results at some positions (pixels of the output, all channels) of every batch. */
typedef struct itgc_layer {
    const itgc_node *node;
    int64_t pixels, channels;
    int positions;
    float *target; /* [batch][position][channel] of the layer's result, activation included */
} itgc_layer;

/* A range's bounds: up to 1 that part of those of least error of the tensor, from there to 2 towards the extremes; 0: none was chosen. */
typedef struct itgc_range_share {
    double low, high;
} itgc_range_share;

typedef struct itgc_refiner {
    itgc_graph *graph;  /* a copy, measured on the samples that teach: those that judge meet ranges that do not know them */
    bool changed;       /* has nodes or weights of its own */
    double first_arena; /* bytes, before any layer was repeated; 0: none was tried */
    itgc_samples *const *sets;
    bool (*use)(void *argument, int64_t index);
    void *use_argument;
    itgc_arena *arena;
    itgc_quantize_options options; /* of the trials, tuning included */
    itgc_tuning *tuning;
    itgc_range_share *share; /* by tensor id: what itgc_refine_ranges chose */
    const itg_kernels *kernels;
    const itgc_progress *progress;
    int threads;
    int batches;
    bool rounded, corrected; /* these steps were kept */
    bool together;           /* all batches teach and judge */
    bool *judged;            /* by sample: belongs to a batch that judges and to none that teaches */
    itgc_value ***input;     /* [batch][graph input] */
    float **logits;          /* [batch] */
    const itgc_tensor *scores;
    int64_t score_count;
    int layer_count;
    itgc_layer *layer;
    int *layer_of; /* by tensor id of the node's first output; -1: none */
} itgc_refiner;

/* Every fourth batch judges what was fitted on the others; with fewer than eight batches all do both. */
bool itgc_judges(const itgc_refiner *refiner, int batch);
bool itgc_teaches(const itgc_refiner *refiner, int batch);

/* Ranges of a graph on all samples, or on all but those that judge; warnings were given before. */
bool itgc_measure_again(const itgc_refiner *refiner, itgc_graph *graph, bool all);

/* Pixel of the output that is a layer's position `index` in a batch. */
int64_t itgc_position_of(const itgc_layer *layer, int batch, int index);

/* A plan made of a copy of the graph, and for every batch the arena it runs in. */
typedef struct itgc_trial {
    itgc_arena *arena;
    itgc_graph *graph;
    const itg_model *model;
    uint8_t **memory; /* [batch] */
} itgc_trial;

/* With this refiner's options and tuning. kernels NULL: only scheduled, for what it would cost. */
bool itgc_make_trial(const itgc_refiner *refiner, const itg_kernels *kernels, itgc_trial *trial);
void itgc_release_trial(itgc_trial *trial);
void itgc_start_trial(const itgc_refiner *refiner, itgc_trial *trial);
/* Step `index` for all batches. */
void itgc_run_trial_step(const itgc_refiner *refiner, const itgc_trial *trial, uint32_t index);

/* Whether a step is kept, from the noise without it and with it. Few scores judge nothing: then what helps nearly always is kept, and what may
 * hurt on samples unlike these is not. margin: the noise must fall to this share. */
bool itgc_is_better(const itgc_refiner *refiner, double before, double after, double margin, bool by_default);

/* Noise of the logits as a share of their energy, the geometric mean over the batches that judge. */
bool itgc_score_tuning(const itgc_refiner *refiner, double *score);

/* noise.c: a float graph in which one tensor at a time is rounded to codes, on batches that teach; runs: how many times, to choose the number of
 * batches, up to most. affordable: the work allowed is enough for the fewest that say something. */
typedef struct itgc_noise {
    const itgc_refiner *refiner;
    itgc_graph *graph;
    itgc_executor *executor;
    int *batch, batches;
    bool affordable;
} itgc_noise;

void itgc_start_noise(const itgc_refiner *refiner, itgc_graph *graph, int runs, int most, itgc_noise *noise);
void itgc_end_noise(itgc_noise *noise);
/* Change of the logits as a share of their energy. */
bool itgc_measure_noise(const itgc_noise *noise, int tensor, const itgc_format *format, double *power);
/* Whether a tensor of a quantized graph has 8-bit codes that its own values were rounded to. */
bool itgc_is_rounded(const itgc_tensor *tensor);

void itgc_report_progress(const itgc_refiner *refiner, const char *what, int done, int total);
/* A note of how the logits' noise changed. */
void itgc_report_step(const itgc_refiner *refiner, const char *name, double before, double after, bool kept);

/* The layer a step computes by constants; NULL if it is none. */
const itgc_layer *itgc_layer_of_step(const itgc_refiner *refiner, const itgc_step *step);

/* Code `index` of a stored tensor. */
static inline int32_t itgc_stored_code(const uint8_t *base, itg_type type, int64_t index)
{
    return type == ITG_S16  ? ((const int16_t *)(const void *)base)[index]
           : type == ITG_U8 ? (int32_t)base[index] - 128
                            : ((const int8_t *)base)[index];
}

/* The same refiner for another graph, with an empty tuning; and for good. */
itgc_refiner itgc_on_graph(const itgc_refiner *refiner, itgc_graph *graph);
void itgc_use_graph(itgc_refiner *refiner, itgc_graph *graph);

/* Scales the channels of one tensor where they are tied to no other stored tensor; refiner's graph becomes a copy, not measured. */
bool itgc_equalize_tensor(itgc_refiner *refiner, int tensor, double strength);

/* The steps. The first two are before there is a tuning, as they change the graph. */
bool itgc_repeat_layers(itgc_refiner *refiner);
bool itgc_equalize(itgc_refiner *refiner);
void itgc_find_grids(const itgc_refiner *refiner, itgc_tuning *tuning);
bool itgc_refine_weights(itgc_refiner *refiner);
bool itgc_refine_corrections(itgc_refiner *refiner);
/* The same, not judged. */
bool itgc_round_layers(itgc_refiner *refiner);
bool itgc_correct_layers(itgc_refiner *refiner);
bool itgc_refine_ranges(itgc_refiner *refiner);
/* Ranges of the tuning, from what was chosen and what was measured of this graph. */
void itgc_set_ranges(const itgc_refiner *refiner, const itgc_graph *graph);
bool itgc_refine_widths(itgc_refiner *refiner);

#endif
