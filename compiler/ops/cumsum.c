/* SPDX-License-Identifier: Apache-2.0
 * CumSum and CumProd along an axis given as a constant input: running totals, optionally without the element itself, from either end. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <string.h>

typedef struct running {
    double real;
    uint64_t integer;
} running;

static bool parse_cumulative(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    (void)diag;
    params->exclusive = itgc_int_attribute(node, "exclusive", 0) != 0;
    params->reverse = itgc_int_attribute(node, "reverse", 0) != 0;
    return true;
}

static bool infer_cumulative(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    int count;
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !itgc_constant_ints(diag, node, 1, &params->axis, 1, &count))
        return false;
    if (count != 1)
        return itgc_fail(diag, 216, "the axis must be one number; export the model again");
    if (!itgc_normalize_axis(diag, &params->axis, node->in[0]->shape.rank))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return true;
}

static running load(const itgc_value *value, int64_t index)
{
    if (itgc_is_float(value->type))
        return (running){.real = (double)value->f[index]};
    return (running){.integer = (uint64_t)value->i[index]};
}

static void store(itgc_value *value, int64_t index, running total)
{
    if (itgc_is_float(value->type))
        value->f[index] = (float)total.real;
    else
        value->i[index] = itgc_wrap(value->type, (int64_t)total.integer);
}

static bool eval_cumulative(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0];
    const bool is_product = strcmp(eval->node->type, "CumProd") == 0;
    const int64_t length = in->shape.dim[params->axis], inner = itgc_inner_count(&in->shape, params->axis);
    const int64_t lanes = itgc_elements(&in->shape) == 0 ? 0 : itgc_elements(&in->shape) / length;
    for (int64_t lane = 0; lane < lanes; lane++) {
        running total = is_product ? (running){1.0, 1} : (running){0.0, 0};
        for (int64_t k = 0; k < length; k++) {
            const int64_t i = params->reverse ? length - 1 - k : k;
            const int64_t at = (lane / inner * length + i) * inner + lane % inner;
            const running before = total, x = load(in, at);
            total.real = is_product ? total.real * x.real : total.real + x.real;
            total.integer = is_product ? total.integer * x.integer : total.integer + x.integer;
            store(eval->out[0], at, params->exclusive ? before : total);
        }
    }
    return true;
}

const itgc_op itgc_op_cumulative = {.family = "cumsum",
                                    .attributes = "exclusive reverse",
                                    .min_inputs = 2,
                                    .max_inputs = 2,
                                    .max_outputs = 1,
                                    .params_bytes = sizeof(itgc_axis_params),
                                    .parse = parse_cumulative,
                                    .infer = infer_cumulative,
                                    .eval = eval_cumulative};
