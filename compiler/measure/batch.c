/* SPDX-License-Identifier: Apache-2.0
 * Samples → whole batches: row by row into values of the graph inputs' shapes; a batch that is not full repeats its last row.
 * Called by evaluate and the tools. */
#include "compiler/measure/samples.h"

#include <string.h>

/* A view of one row of a value; a scalar is its own row. */
static itgc_value row_of(const itgc_value *value, int64_t row)
{
    itgc_value one = *value;
    const int64_t batch = one.shape.rank > 0 ? one.shape.dim[0] : 1, count = itgc_elements(&one.shape) / batch;
    if (one.shape.rank > 0)
        one.shape.dim[0] = 1;
    one.f = one.f ? one.f + row * count : NULL;
    one.i = one.i ? one.i + row * count : NULL;
    return one;
}

static void copy_row(const itgc_value *dst, const itgc_value *src)
{
    const size_t count = (size_t)itgc_elements(&dst->shape);
    if (dst->f)
        memcpy(dst->f, src->f, count * sizeof(float));
    else
        memcpy(dst->i, src->i, count * sizeof(int64_t));
}

bool itgc_read_batch(itgc_samples *const *sets, int input_count, const int64_t *index, int64_t rows, itgc_value *const *values)
{
    for (int i = 0; i < input_count; i++) {
        const int64_t batch = values[i]->shape.rank > 0 ? values[i]->shape.dim[0] : 1;
        for (int64_t row = 0; row < batch; row++) {
            itgc_value to = row_of(values[i], row);
            const itgc_value last = row_of(values[i], rows - 1);
            if (row >= rows)
                copy_row(&to, &last);
            else if (!itgc_read_sample(sets[i], index[row], &to))
                return false;
        }
    }
    return true;
}

itgc_value **itgc_new_batch(itgc_arena *arena, const itgc_graph *graph)
{
    itgc_value **values = ITGC_NEW_ARRAY(arena, itgc_value *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++)
        values[i] = itgc_new_value(arena, graph->inputs[i]->type, &graph->inputs[i]->shape);
    return values;
}
