/* SPDX-License-Identifier: Apache-2.0
 * Shape (with start and end), Size: known as soon as the input's shape is; folded away. */
#include "compiler/ops/op.h"

/* The dimensions [first, last) that Shape gives: negative ones count from the end, both are clamped. */
static void find_span(const itgc_node *node, int64_t rank, int64_t *first, int64_t *last)
{
    int64_t start = itgc_int_attribute(node, "start", 0), end = itgc_int_attribute(node, "end", rank);
    start += start < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    *first = start < 0 ? 0 : start > rank ? rank : start;
    *last = end < *first ? *first : end > rank ? rank : end;
}

static bool infer_shape(itgc_node *node, itgc_diag *diag)
{
    int64_t first, last;
    (void)diag;
    find_span(node, node->in[0]->shape.rank, &first, &last);
    itgc_set_output(node, 0, ITGC_I64, &(itgc_shape){.rank = 1, .dim = {last - first}});
    return true;
}

static bool eval_shape(const itgc_eval *eval)
{
    const itgc_shape *const shape = &eval->in[0]->shape;
    int64_t first, last;
    find_span(eval->node, shape->rank, &first, &last);
    for (int64_t i = first; i < last; i++)
        eval->out[0]->i[i - first] = shape->dim[i];
    return true;
}

static bool infer_size(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    itgc_set_output(node, 0, ITGC_I64, &(itgc_shape){.rank = 0});
    return true;
}

static bool eval_size(const itgc_eval *eval)
{
    eval->out[0]->i[0] = itgc_elements(&eval->in[0]->shape);
    return true;
}

const itgc_op itgc_op_shape = {
    .family = "shape", .attributes = "start end", .min_inputs = 1, .max_inputs = 1, .max_outputs = 1, .infer = infer_shape, .eval = eval_shape};
const itgc_op itgc_op_size = {
    .family = "shape", .attributes = "", .min_inputs = 1, .max_inputs = 1, .max_outputs = 1, .infer = infer_size, .eval = eval_size};
