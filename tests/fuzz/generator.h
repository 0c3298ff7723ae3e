/* SPDX-License-Identifier: Apache-2.0
 * Bytes → a valid ONNX model: every byte is a choice, so that what libFuzzer mutates are models and not bytes of files. A node that the
 * importer refuses is dropped again, therefore whatever comes out imports. Called by graph_fuzzer.c and make_corpus.c. */
#ifndef FUZZ_GENERATOR_H
#define FUZZ_GENERATOR_H

#include "compiler/graph/graph.h"
#include "tests/support/model_writer.h"

#define FUZZ_MOST_TENSORS 40

/* Choices left. */
typedef struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
} fuzz_bytes;

typedef struct fuzz_tensor {
    char name[12];
    itgc_type type;
    itgc_shape shape;
} fuzz_tensor;

typedef struct fuzz_generator {
    itgc_arena *arena;
    fuzz_bytes bytes;
    model_writer writer;
    fuzz_tensor tensors[FUZZ_MOST_TENSORS]; /* inputs and results of nodes */
    int tensor_count, constant_count, node_count;
    int64_t group, outputs; /* of the operand made last: what its node's attributes and bias must fit */
    int gates;
    bool transposed;
} fuzz_generator;

/* The file, in the arena. */
itgc_text fuzz_generate_model(itgc_arena *arena, const uint8_t *data, size_t size);

/* One node of this op alone, choices from the bytes; false if it was refused. */
bool fuzz_generate_op(itgc_arena *arena, const char *op, const uint8_t *data, size_t size, itgc_text *file);

/* A choice in [0, count); 0 when the bytes are used up. */
int fuzz_choose(fuzz_bytes *bytes, int count);

/* values.c: what nodes take beside their first input. Each adds an initializer and returns its name, or "" to leave the input out. */
const char *fuzz_add_floats(fuzz_generator *g, const itgc_shape *shape, bool is_positive);
const char *fuzz_add_ints(fuzz_generator *g, const int64_t *values, int count);
/* kind: a letter of the op table in generator.c. */
const char *fuzz_add_operand(fuzz_generator *g, char kind, const fuzz_tensor *first, const char *op);
void fuzz_set_attributes(fuzz_generator *g, const char *op, const char *names, const fuzz_tensor *first);

#endif
