/* SPDX-License-Identifier: Apache-2.0
 * Bytes → a valid ONNX model: every byte is a choice, so that what libFuzzer mutates are models and not bytes of files. A node that the
 * importer refuses is dropped again, therefore whatever comes out imports. Called by graph_fuzzer.c and make_corpus.c. */
#ifndef FUZZ_GENERATOR_H
#define FUZZ_GENERATOR_H

#include "compiler/graph/graph.h"
#include "tests/support/model_writer.h"

#define FUZZ_MOST_TENSORS 48
#define FUZZ_MOST_RESULTS 10 /* of a pattern: one digit names one */

/* The first piece of the bytes says what the model is, each other one adds a node or a pattern. Where a piece has no bytes left, choices
 * follow from those it had: pieces may be moved, doubled or taken out without changing what the others ask for. */
#define FUZZ_PIECE 8

/* Choices left in a piece. */
typedef struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
    uint32_t state;
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
    int64_t group, outputs, kernel[ITGC_MAX_RANK]; /* of the operand made last: what its node's attributes and bias must fit */
    int gates;
    bool transposed;
} fuzz_generator;

/* The file, in the arena. */
itgc_text fuzz_generate_model(itgc_arena *arena, const uint8_t *data, size_t size);

/* One node of this op alone, choices from the bytes; false if it was refused. */
bool fuzz_generate_op(itgc_arena *arena, const char *op, const uint8_t *data, size_t size, itgc_text *file);

/* A choice in [0, count). */
int fuzz_choose(fuzz_bytes *bytes, int count);

/* patterns.c: lines of ops; their words, as operands and attributes of a node. x: the tensor the pattern is about; first: the node's own. */
const char *fuzz_pattern(int index);
int fuzz_pattern_count(void);
const char *fuzz_add_word(fuzz_generator *g, const char *word, const itgc_shape *x, const fuzz_tensor *first, const char *op);
void fuzz_set_words(fuzz_generator *g, const char *words, const itgc_shape *x, bool axes_are_attribute);

/* values.c: what nodes take beside their first input. Each adds an initializer and returns its name, or "" to leave the input out. */
const char *fuzz_next_name(fuzz_generator *g); /* of a constant */
const char *fuzz_add_floats(fuzz_generator *g, const itgc_shape *shape, bool is_positive);
const char *fuzz_add_ints(fuzz_generator *g, const int64_t *values, int count);
/* kind: a letter of the op table in generator.c. */
const char *fuzz_add_operand(fuzz_generator *g, char kind, const fuzz_tensor *first, const char *op);
void fuzz_set_attributes(fuzz_generator *g, const char *op, const char *names, const fuzz_tensor *first);

/* windows.c. Weights of kind w: any, W: of a ConvTranspose, f: 1x1, d: depthwise, j: as many results as channels. */
const char *fuzz_add_conv_weights(fuzz_generator *g, char kind, const itgc_shape *x);
/* Every attribute of a window that reaches far; false if the window is to be a usual one and nothing is set. */
bool fuzz_set_far_windows(fuzz_generator *g, const char *op, const itgc_shape *x);

#endif
