/* SPDX-License-Identifier: Apache-2.0
 * What fuzzers and their replay share: a model's bytes through every phase under small limits. Anything that must never happen, whatever
 * the bytes are, ends in abort() with one line that says what. */
#ifndef FUZZ_PIPELINE_H
#define FUZZ_PIPELINE_H

#include "compiler/compile.h"

#include <intaglio/kernels.h>

/* How far a model came, for statistics and for the generator's feedback. */
typedef enum fuzz_reached { FUZZ_REFUSED, FUZZ_IMPORTED, FUZZ_LOWERED, FUZZ_QUANTIZED, FUZZ_RAN } fuzz_reached;

typedef struct fuzz_options {
    bool survey;          /* import alone, as `intaglio inspect` does it */
    bool compare_floats;  /* imported against lowered */
    bool compare_kernels; /* scalar against another table, and garbage of two kinds in the arena */
    uint32_t choices;     /* bits: lowering, quantization steps, refine, storage, table, emitted texts; 0: the usual ones, no texts */
    const char *ranges;   /* a calibration file to load in place of calibrating on noise; NULL: none */
} fuzz_options;

fuzz_reached fuzz_model(const uint8_t *bytes, size_t count, const fuzz_options *options);

/* Aborts with this line. */
void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Every call ends with or without an error, never with an internal one, and messages hold nothing a terminal would act on. */
void fuzz_check_diagnosis(const itgc_diag *diag, bool done);

/* floats.c. Inputs in [-1, 1], or small whole numbers, the same for the same place. */
const itgc_value **fuzz_make_inputs(itgc_arena *arena, const itgc_graph *graph);
/* Copies of the outputs, since executors reuse their buffers; NULL with a diagnostic. nudge: every value, inputs too (which are changed),
 * is moved by up to that share of it; 0: not. *is_tame becomes false if anything infinite, NaN, large or all but 0 was seen. */
const itgc_value **fuzz_run_floats(itgc_compilation *c, const itgc_graph *graph, const itgc_value *const *inputs, double nudge, bool *is_tame);
/* Steps amplify what rounding differs by: their results say nothing about a pass. */
bool fuzz_has_steps(const itgc_graph *graph);
/* nudged: the imported graph with values moved a little, which tells how much rounding may matter. Aborts where lowering changed more. */
void fuzz_compare_floats(const char *name, const itgc_value *imported, const itgc_value *nudged, const itgc_value *lowered);

/* libFuzzer's entry, also called by replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
