/* SPDX-License-Identifier: Apache-2.0
 * ArgMax, ArgMin, TopK: indices of the largest or smallest elements along an axis, in one order of all numbers: by value, then by index.
 * A value is compared through a 64-bit key, so that floats, signed and unsigned integers share the code; NaN is above all. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Orders as the values do. */
static int64_t key_of(const itgc_value *value, int64_t index)
{
    if (!itgc_is_float(value->type))
        return value->type == ITGC_U64 ? value->i[index] ^ INT64_MIN : value->i[index];
    const float number = value->f[index] == 0.0f ? 0.0f : value->f[index]; /* -0 equals 0 */
    int32_t bits;
    memcpy(&bits, &number, sizeof bits);
    if (number != number)
        return INT64_MAX;
    return bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
}

static bool parse_arg(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    (void)diag;
    params->axis = itgc_int_attribute(node, "axis", 0);
    params->keep = itgc_int_attribute(node, "keepdims", 1) != 0;
    params->last = itgc_int_attribute(node, "select_last_index", 0) != 0;
    params->reverse = strcmp(node->type, "ArgMin") == 0;
    return true;
}

static bool infer_arg(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !itgc_normalize_axis(diag, &params->axis, in->rank))
        return false;
    itgc_shape shape = {.rank = 0};
    for (int i = 0; i < in->rank; i++)
        if (i != params->axis || params->keep)
            shape.dim[shape.rank++] = i == params->axis ? 1 : in->dim[i];
    if (in->dim[params->axis] == 0 && itgc_elements(&shape) != 0)
        return itgc_fail(diag, 214, "dimension %" PRId64 " is empty, so it has no largest element; check the input shape", params->axis);
    itgc_set_output(node, 0, ITGC_I64, &shape);
    return true;
}

static bool eval_arg(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0];
    const int64_t length = in->shape.dim[params->axis], inner = itgc_inner_count(&in->shape, params->axis);
    const int64_t count = itgc_elements(&eval->out[0]->shape);
    for (int64_t k = 0; k < count; k++) {
        const int64_t start = k / inner * length * inner + k % inner;
        int64_t best = 0, best_key = key_of(in, start);
        for (int64_t i = 1; i < length; i++) {
            const int64_t key = key_of(in, start + i * inner);
            const bool is_better = params->reverse ? key < best_key : key > best_key;
            if (!is_better && !(params->last && key == best_key))
                continue;
            best = i;
            best_key = key;
        }
        eval->out[0]->i[k] = best;
    }
    return true;
}

static bool parse_top_k(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    (void)diag;
    params->axis = itgc_int_attribute(node, "axis", -1);
    params->reverse = itgc_int_attribute(node, "largest", 1) == 0;
    params->outputs = itgc_int_attribute(node, "k", -1);
    return true;
}

static bool infer_top_k(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    itgc_shape shape = node->in[0]->shape;
    int64_t k = params->outputs;
    int count = 1;
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !itgc_normalize_axis(diag, &params->axis, shape.rank))
        return false;
    if ((node->in_count > 1 || k < 0) && !itgc_constant_ints(diag, node, 1, &k, 1, &count))
        return false;
    if (count != 1 || k < 0 || k > shape.dim[params->axis])
        return itgc_fail(diag, 216, "k is %" PRId64 ", not 0 to %" PRId64 "; check the input shape", k, shape.dim[params->axis]);
    shape.dim[params->axis] = k;
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    itgc_set_output(node, 1, ITGC_I64, &shape);
    return true;
}

typedef struct candidate {
    int64_t key, index;
} candidate;

static int compare_candidates(const void *a, const void *b)
{
    const candidate *const x = a, *const y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void store_candidate(const itgc_eval *eval, int64_t to, int64_t from, int64_t index)
{
    itgc_value *const values = eval->out[0];
    itgc_value *const indices = eval->node->out_count > 1 ? eval->out[1] : NULL;
    if (values != NULL && itgc_is_float(values->type))
        values->f[to] = eval->in[0]->f[from];
    else if (values != NULL)
        values->i[to] = eval->in[0]->i[from];
    if (indices != NULL)
        indices->i[to] = index;
}

static bool eval_top_k(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0];
    const int64_t length = in->shape.dim[params->axis], inner = itgc_inner_count(&in->shape, params->axis);
    const itgc_tensor *const shaped = eval->node->out[0] != NULL ? eval->node->out[0] : eval->node->out[1];
    const int64_t k = shaped->shape.dim[params->axis], groups = itgc_elements(&shaped->shape) == 0 ? 0 : itgc_elements(&in->shape) / length;
    candidate *const candidates = ITGC_NEW_ARRAY(eval->scratch, candidate, length);
    for (int64_t group = 0; group < groups; group++) {
        const int64_t outer = group / inner, lane = group % inner;
        for (int64_t i = 0; i < length; i++) {
            const int64_t key = key_of(in, (outer * length + i) * inner + lane);
            candidates[i] = (candidate){params->reverse ? ~key : key, i};
        }
        qsort(candidates, (size_t)length, sizeof *candidates, compare_candidates);
        for (int64_t i = 0; i < k; i++)
            store_candidate(eval, (outer * k + i) * inner + lane, (outer * length + candidates[i].index) * inner + lane, candidates[i].index);
    }
    return true;
}

const itgc_op itgc_op_arg = {.family = "argmax",
                             .attributes = "axis keepdims select_last_index",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .max_outputs = 1,
                             .params_bytes = sizeof(itgc_axis_params),
                             .parse = parse_arg,
                             .infer = infer_arg,
                             .eval = eval_arg};
const itgc_op itgc_op_top_k = {.family = "argmax",
                               .attributes = "axis largest sorted k",
                               .min_inputs = 1,
                               .max_inputs = 2,
                               .max_outputs = 2,
                               .params_bytes = sizeof(itgc_axis_params),
                               .parse = parse_top_k,
                               .infer = infer_top_k,
                               .eval = eval_top_k};
