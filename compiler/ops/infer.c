/* SPDX-License-Identifier: Apache-2.0
 * Helpers that the ops' infer functions share: axes, broadcasting, outputs, constant integer inputs. */
#include "compiler/ops/op.h"

#include <inttypes.h>

bool itgc_normalize_axis(itgc_diag *diag, int64_t *axis, int rank)
{
    if (*axis < -(int64_t)rank || *axis >= rank)
        return itgc_fail(diag, 211, "axis %" PRId64 " is outside a tensor of %d dimensions; export the model again", *axis, rank);
    if (*axis < 0)
        *axis += rank;
    return true;
}

bool itgc_broadcast(itgc_diag *diag, itgc_shape *out, const itgc_shape *a, const itgc_shape *b)
{
    itgc_shape joined = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < joined.rank; i++) {
        const int in_a = i - (joined.rank - a->rank), in_b = i - (joined.rank - b->rank);
        const int64_t from_a = in_a < 0 ? 1 : a->dim[in_a], from_b = in_b < 0 ? 1 : b->dim[in_b];
        if (from_a != from_b && from_a != 1 && from_b != 1)
            return itgc_fail(diag, 212, "shapes %s and %s do not fit together; check the input shape", itgc_shape_text(diag->arena, a),
                             itgc_shape_text(diag->arena, b));
        joined.dim[i] = from_a == 1 ? from_b : from_a;
    }
    *out = joined;
    return true;
}

void itgc_set_output(itgc_node *node, int index, itgc_type type, const itgc_shape *shape)
{
    if (index >= node->out_count || node->out[index] == NULL)
        return;
    node->out[index]->type = type;
    node->out[index]->shape = *shape;
}

bool itgc_constant_ints(itgc_diag *diag, const itgc_node *node, int input, int64_t *values, int capacity, int *count)
{
    const itgc_tensor *const tensor = input < node->in_count ? node->in[input] : NULL;
    if (tensor == NULL)
        return itgc_fail(diag, 213, "input %d must be given; export the model again", input);
    if (tensor->constant == NULL)
        return itgc_fail(diag, 213, "input %d (\"%.100s\") must be a constant; export with fixed shapes, or give all of them with --input-shape",
                         input, tensor->name);
    if (itgc_is_float(tensor->type))
        return itgc_fail(diag, 213, "input %d (\"%.100s\") must hold integers, not %s; export the model again", input, tensor->name,
                         itgc_type_name(tensor->type));
    const int64_t elements = itgc_elements(&tensor->shape);
    if (elements < 0 || elements > capacity)
        return itgc_fail(diag, 213, "input %d (\"%.100s\") has %" PRId64 " values, more than %d; export the model again", input, tensor->name,
                         elements, capacity);
    for (int64_t i = 0; i < elements; i++)
        values[i] = tensor->constant->i[i];
    *count = (int)elements;
    return true;
}
