/* SPDX-License-Identifier: Apache-2.0
 * Models in one line each, for mistakes in nodes and for what has no integer form. Called by write_bad_models.c. */
#ifndef BAD_NODES_H
#define BAD_NODES_H

#include "compiler/base/text.h"

/* nodes: "Op in in -> out name=value …;" the last output is y, the input x. An operand with brackets is a constant, "f32[4,3]" of small
 * numbers or "i64[2]:1,5", the last one repeated; "_" is left out. Values: 'text', 1, 1.5, or a list with a comma behind each number. */
typedef struct bad_nodes {
    const char *name; /* of the file, and of tests/errors/NAME.err */
    int opset;
    const char *input; /* "f32[1,4]" */
    const char *nodes;
} bad_nodes;

const bad_nodes *bad_nodes_rows(int *count);
itgc_text write_bad_nodes(itgc_arena *arena, const bad_nodes *row);

#endif
