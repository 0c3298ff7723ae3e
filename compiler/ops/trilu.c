/* SPDX-License-Identifier: Apache-2.0
 * Trilu: keeps the upper or lower triangle of the last two dimensions, the diagonal moved by the constant k; the rest becomes zero. */
#include "compiler/ops/op.h"

static bool find_diagonal(const itgc_node *node, itgc_diag *diag, int64_t *k)
{
    int count = 1;
    *k = 0;
    if (itgc_input_of(node, 1) == NULL)
        return true;
    if (!itgc_constant_ints(diag, node, 1, k, 1, &count))
        return false;
    return count == 1 ? true : itgc_fail(diag, 216, "k must be one number; export the model again");
}

static bool infer_trilu(itgc_node *node, itgc_diag *diag)
{
    int64_t k;
    if (node->in[0]->shape.rank < 2)
        return itgc_fail(diag, 214, "input 0 has %d dimensions, fewer than 2; export the model again", node->in[0]->shape.rank);
    if (!find_diagonal(node, diag, &k))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return true;
}

static bool eval_trilu(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0];
    itgc_value *const out = eval->out[0];
    const bool is_upper = itgc_int_attribute(eval->node, "upper", 1) != 0;
    const int64_t rows = in->shape.dim[in->shape.rank - 2], columns = in->shape.dim[in->shape.rank - 1];
    const int64_t count = itgc_elements(&in->shape);
    int64_t k;
    if (!find_diagonal(eval->node, eval->diag, &k))
        return false;
    k = k < -rows ? -rows : k > columns ? columns : k;
    for (int64_t i = 0; i < count; i++) {
        const int64_t column = i % columns, row = i / columns % rows;
        const bool is_kept = is_upper ? column - row >= k : column - row <= k;
        if (out->f != NULL)
            out->f[i] = is_kept ? in->f[i] : 0.0f;
        else
            out->i[i] = is_kept ? in->i[i] : 0;
    }
    return true;
}

const itgc_op itgc_op_trilu = {
    .family = "trilu", .attributes = "upper", .min_inputs = 1, .max_inputs = 2, .max_outputs = 1, .infer = infer_trilu, .eval = eval_trilu};
