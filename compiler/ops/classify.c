/* SPDX-License-Identifier: Apache-2.0
 * IsNaN, IsInf: what kind of number each element is, as bool. Folded away. */
#include "compiler/ops/op.h"

#include <math.h>

static bool infer_classify(itgc_node *node, itgc_diag *diag)
{
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS))
        return false;
    itgc_set_output(node, 0, ITGC_BOOL, &node->in[0]->shape);
    return true;
}

static bool eval_is_nan(const itgc_eval *eval)
{
    const int64_t count = itgc_elements(&eval->in[0]->shape);
    for (int64_t i = 0; i < count; i++)
        eval->out[0]->i[i] = isnan(eval->in[0]->f[i]) != 0;
    return true;
}

static bool eval_is_inf(const itgc_eval *eval)
{
    const bool negative = itgc_int_attribute(eval->node, "detect_negative", 1) != 0;
    const bool positive = itgc_int_attribute(eval->node, "detect_positive", 1) != 0;
    const int64_t count = itgc_elements(&eval->in[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        const float x = eval->in[0]->f[i];
        eval->out[0]->i[i] = isinf(x) && (x < 0.0f ? negative : positive);
    }
    return true;
}

const itgc_op itgc_op_is_nan = {
    .family = "classify", .attributes = "", .min_inputs = 1, .max_inputs = 1, .max_outputs = 1, .infer = infer_classify, .eval = eval_is_nan};
const itgc_op itgc_op_is_inf = {.family = "classify",
                                .attributes = "detect_negative detect_positive",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .max_outputs = 1,
                                .infer = infer_classify,
                                .eval = eval_is_inf};
