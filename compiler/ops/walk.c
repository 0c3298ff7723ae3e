/* SPDX-License-Identifier: Apache-2.0
 * Walking several dense tensors side by side (walk.h). */
#include "compiler/ops/walk.h"

#include <string.h>

void itgc_init_walk(itgc_walk *walk, int rank, const int64_t *dim)
{
    *walk = (itgc_walk){.rank = rank};
    for (int i = 0; i < rank; i++)
        walk->dim[i] = dim[i];
}

void itgc_add_strided(itgc_walk *walk, const int64_t *stride, int64_t start)
{
    const int operand = walk->operand_count++;
    for (int i = 0; i < walk->rank; i++)
        walk->stride[operand][i] = stride[i];
    walk->offset[operand] = start;
}

/* Shapes with a zero dimension may have others whose product does not fit; nothing is read then. */
static int64_t multiply(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

void itgc_dense_strides(const itgc_shape *shape, int64_t *stride)
{
    int64_t step = 1;
    for (int i = shape->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step = multiply(step, shape->dim[i]);
    }
}

void itgc_add_broadcast(itgc_walk *walk, const itgc_shape *shape)
{
    int64_t dense[ITGC_MAX_RANK];
    int64_t stride[ITGC_WALK_RANK] = {0};
    itgc_dense_strides(shape, dense);
    for (int i = 0; i < shape->rank; i++)
        stride[walk->rank - shape->rank + i] = shape->dim[i] == 1 ? 0 : dense[i];
    itgc_add_strided(walk, stride, 0);
}

static void move_dimension(itgc_walk *walk, int to, int from)
{
    walk->dim[to] = walk->dim[from];
    for (int k = 0; k < walk->operand_count; k++)
        walk->stride[k][to] = walk->stride[k][from];
}

/* Whether dimension `inner` continues `outer` seamlessly in every operand. */
static bool can_merge(const itgc_walk *walk, int outer, int inner)
{
    for (int k = 0; k < walk->operand_count; k++)
        if (walk->stride[k][outer] != walk->stride[k][inner] * walk->dim[inner])
            return false;
    return true;
}

bool itgc_first_row(itgc_walk *walk)
{
    int kept = 0;
    for (int i = 0; i < walk->rank; i++) {
        if (walk->dim[i] == 0)
            return false;
        if (walk->dim[i] == 1)
            continue;
        move_dimension(walk, kept, i);
        if (kept > 0 && can_merge(walk, kept - 1, kept)) {
            const int64_t outer = walk->dim[kept - 1];
            move_dimension(walk, kept - 1, kept);
            walk->dim[kept - 1] *= outer;
        } else {
            kept++;
        }
    }
    if (kept == 0) {
        walk->dim[kept] = 1;
        for (int k = 0; k < walk->operand_count; k++)
            walk->stride[k][kept] = 1;
        kept = 1;
    }
    walk->rank = kept;
    memset(walk->index, 0, sizeof walk->index);
    return true;
}

bool itgc_next_row(itgc_walk *walk)
{
    for (int i = walk->rank - 2; i >= 0; i--) {
        for (int k = 0; k < walk->operand_count; k++)
            walk->offset[k] += walk->stride[k][i];
        if (++walk->index[i] < walk->dim[i])
            return true;
        for (int k = 0; k < walk->operand_count; k++)
            walk->offset[k] -= walk->stride[k][i] * walk->dim[i];
        walk->index[i] = 0;
    }
    return false;
}

size_t itgc_held_bytes(itgc_type type)
{
    return itgc_is_float(type) ? sizeof(float) : sizeof(int64_t);
}

void *itgc_held_elements(const itgc_value *value)
{
    return itgc_is_float(value->type) ? (void *)value->f : (void *)value->i;
}

static void copy_float_row(float *out, const float *in, int64_t stride, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = in[i * stride];
}

static void copy_int_row(int64_t *out, const int64_t *in, int64_t stride, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = in[i * stride];
}

void itgc_copy_walk(itgc_value *out, const itgc_value *in, itgc_walk *walk)
{
    if (!itgc_first_row(walk))
        return;
    const int64_t count = walk->dim[walk->rank - 1];
    const int64_t stride = walk->stride[0][walk->rank - 1];
    int64_t at = 0;
    do {
        if (itgc_is_float(out->type))
            copy_float_row(out->f + at, in->f + walk->offset[0], stride, count);
        else
            copy_int_row(out->i + at, in->i + walk->offset[0], stride, count);
        at += count;
    } while (itgc_next_row(walk));
}

void itgc_copy_elements(itgc_value *out, const itgc_value *in)
{
    const size_t bytes = (size_t)itgc_elements(&in->shape) * itgc_held_bytes(in->type);
    if (bytes > 0)
        memcpy(itgc_held_elements(out), itgc_held_elements(in), bytes);
}

int64_t itgc_outer_count(const itgc_shape *shape, int64_t axis)
{
    int64_t count = 1;
    for (int64_t i = 0; i < axis; i++)
        count = multiply(count, shape->dim[i]);
    return count;
}

int64_t itgc_inner_count(const itgc_shape *shape, int64_t axis)
{
    int64_t count = 1;
    for (int64_t i = axis + 1; i < shape->rank; i++)
        count = multiply(count, shape->dim[i]);
    return count;
}
