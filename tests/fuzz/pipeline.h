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
    bool compare_kernels; /* scalar against the best table, and garbage of two kinds in the arena */
    const char *ranges;   /* a calibration file to load in place of calibrating on noise; NULL: none */
} fuzz_options;

fuzz_reached fuzz_model(const uint8_t *bytes, size_t count, const fuzz_options *options);

/* Aborts with this line. */
void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Every call ends with or without an error, never with an internal one, and messages hold nothing a terminal would act on. */
void fuzz_check_diagnosis(const itgc_diag *diag, bool done);

/* libFuzzer's entry, also called by replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
