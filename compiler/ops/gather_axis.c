/* SPDX-License-Identifier: Apache-2.0
 * Picking positions along one axis (gather_axis.h), whatever the element type. Called by pad.c and resize.c. */
#include "compiler/ops/gather_axis.h"
#include "compiler/ops/walk.h"

#include <string.h>

itgc_value *itgc_gather_axis(itgc_arena *arena, const itgc_value *in, int axis, const int64_t *table, int64_t count, const void *fill)
{
    itgc_shape shape = in->shape;
    shape.dim[axis] = count;
    itgc_value *const out = itgc_new_value(arena, in->type, &shape);
    const size_t each = itgc_held_bytes(in->type), inner = (size_t)itgc_inner_count(&in->shape, axis) * each;
    const size_t length = (size_t)in->shape.dim[axis] * inner;
    const char *from = itgc_held_elements(in);
    char *to = itgc_held_elements(out);
    for (int64_t i = 0; i < itgc_outer_count(&in->shape, axis); i++, from += length) {
        for (int64_t j = 0; j < count; j++, to += inner) {
            if (table[j] >= 0) {
                memcpy(to, from + (size_t)table[j] * inner, inner);
                continue;
            }
            for (size_t k = 0; k < inner; k += each) {
                memcpy(to + k, fill, each);
            }
        }
    }
    return out;
}
