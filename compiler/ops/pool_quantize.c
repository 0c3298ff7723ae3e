/* SPDX-License-Identifier: Apache-2.0
 * MaxPool, AveragePool and their Global forms → itg_pool; a mean over the whole plane → itg_reduce. Average pools have their own output
 * scale; 1/n is folded into the multiplier, one for each count that occurs (numerics.md 3). */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/ops/window_quantize.h"
#include "compiler/quantize/quantize.h"

#include <stdlib.h>

static const itgc_field pool_fields[] = {
    ITGC_WINDOW_FIELDS(itg_pool),
    ITGC_FIELD(itg_pool, average, ITGC_FIELD_BOOL, 1),
    ITGC_FIELD(itg_pool, include_pad, ITGC_FIELD_BOOL, 1),
    ITGC_FIELD(itg_pool, after, ITGC_FIELD_I32, 2),
    ITGC_FIELD(itg_pool, counts, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_pool, multipliers, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_pool, count_entries, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_pool, in_zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_pool, out_zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_pool, low, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_pool, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_pool, shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_pool, left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_pool, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_pool, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_pool = ITGC_TIER_KIND(itg_op_pool, itg_tier_pool, itg_pool, pool_fields, ITG_FAMILY_POOL);

static itg_pool start_pool(const itgc_window_shape *shape, const itgc_format *in, const itgc_format *out)
{
    itg_pool pool = {.in_type = in->type, .out_type = out->type, .low = itgc_lowest_code(out), .high = itgc_highest_code(out)};
    for (int i = 0; i < 2; i++) {
        pool.in[i] = shape->in[i];
        pool.out[i] = shape->out[i];
        pool.kernel[i] = shape->kernel[i];
        pool.stride[i] = shape->stride[i];
        pool.dilation[i] = shape->dilation[i];
        pool.before[i] = shape->before[i];
        pool.after[i] = shape->after[i];
    }
    pool.in[2] = shape->in[2];
    pool.out[2] = shape->out[2];
    return pool;
}

/* Positions of the window of output `at` that count along one dimension. */
static int32_t count_positions(const itg_pool *pool, int axis, int32_t at)
{
    const int32_t low = pool->include_pad ? -pool->before[axis] : 0;
    const int32_t high = pool->in[axis] + (pool->include_pad ? pool->after[axis] : 0);
    int32_t count = 0;
    for (int32_t k = 0; k < pool->kernel[axis]; k++) {
        const int32_t position = at * pool->stride[axis] - pool->before[axis] + k * pool->dilation[axis];
        count += position >= low && position < high;
    }
    return count;
}

static int compare_counts(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a;
    const int32_t y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Sorts and drops repetitions; returns how many remain. */
static int32_t sort_counts(int32_t *counts, int32_t count)
{
    qsort(counts, (size_t)count, sizeof counts[0], compare_counts);
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        if (kept == 0 || counts[kept - 1] != counts[i]) {
            counts[kept++] = counts[i];
        }
    }
    return kept;
}

/* The different counts along one dimension. */
static int32_t *list_axis(itgc_arena *arena, const itg_pool *pool, int axis, int32_t *count)
{
    int32_t *list = ITGC_NEW_ARRAY(arena, int32_t, pool->out[axis]);
    for (int32_t i = 0; i < pool->out[axis]; i++) {
        list[i] = count_positions(pool, axis, i);
    }
    *count = sort_counts(list, pool->out[axis]);
    return list;
}

static bool fill_counts(itgc_quantizer *quantizer, itg_pool *pool, const itgc_format *in, const itgc_format *out)
{
    const int64_t reach = (int64_t)itgc_highest_code(in) - itgc_lowest_code(in), area = (int64_t)pool->kernel[0] * pool->kernel[1];
    if (area > INT32_MAX / reach) {
        return itgc_fail(quantizer->diag, 402, "a window of %d x %d may exceed 32 bits; average in two steps", pool->kernel[0], pool->kernel[1]);
    }
    int32_t rows;
    int32_t columns;
    const int32_t *row = list_axis(quantizer->arena, pool, 0, &rows);
    const int32_t *column = list_axis(quantizer->arena, pool, 1, &columns);
    int32_t *counts = ITGC_NEW_ARRAY(quantizer->arena, int32_t, rows * columns);
    for (int32_t i = 0; i < rows * columns; i++) {
        counts[i] = row[i / columns] * column[i % columns];
    }
    pool->count_entries = sort_counts(counts, rows * columns);
    double *ratio = ITGC_NEW_ARRAY(quantizer->arena, double, pool->count_entries);
    int32_t *multipliers = ITGC_NEW_ARRAY(quantizer->arena, int32_t, pool->count_entries);
    for (int32_t i = 0; i < pool->count_entries; i++) {
        ratio[i] = in->scale / (out->scale * counts[i]);
    }
    const itgc_ratios ratios = {.ratio = ratio, .count = pool->count_entries, .max_acc = reach * area, .type = out->type};
    pool->counts = itgc_keep_constant(quantizer, "counts", counts, 4, true, (size_t)pool->count_entries);
    pool->multipliers = itgc_keep_constant(quantizer, "multiplier", multipliers, 4, true, (size_t)pool->count_entries);
    return itgc_choose_multipliers(quantizer->diag, &ratios, multipliers, &pool->shift, &pool->left);
}

static bool quantize_global_average(itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_shape *shape = &node->in[0]->shape;
    const int64_t inner = shape->dim[shape->rank - 1];
    const int64_t count = itgc_elements(shape) / inner / shape->dim[0];
    return itgc_add_reduce_step(quantizer, node, count, inner, 1.0 / (double)count);
}

bool itgc_quantize_pool(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_pool_params *params = node->params;
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    if (params->kind == ITGC_POOL_LP) {
        return itgc_fail(quantizer->diag, 412, "Lp pooling has no integer step; use MaxPool or AveragePool");
    }
    if (params->global && params->kind == ITGC_POOL_AVERAGE) {
        return quantize_global_average(quantizer, node);
    }
    itgc_window window = params->window;
    if (params->global) {
        window.rank = in->shape.rank - 2;
        for (int i = 0; i < window.rank; i++) {
            window.kernel[i] = in->shape.dim[1 + i];
            window.stride[i] = window.dilation[i] = 1;
            window.before[i] = window.after[i] = 0;
        }
    }
    itgc_window_shape shape;
    if (window.rank > ITGC_MAX_SPATIAL || !itgc_read_window(quantizer->diag, &window, &in->shape, &node->out[0]->shape, &shape) ||
        !itgc_check_windows(quantizer->diag, &shape)) {
        return false;
    }
    itg_pool pool = start_pool(&shape, &in->format, &out->format);
    if (params->kind == ITGC_POOL_AVERAGE) {
        pool.average = true;
        pool.include_pad = params->include_pad;
        pool.in_zero = in->format.zero;
        pool.out_zero = out->format.zero;
        itgc_clamp_bounds(node->fused, &out->format, &pool.low, &pool.high);
        if (!fill_counts(quantizer, &pool, &in->format, &out->format)) {
            return false;
        }
    }
    itgc_add_step(quantizer, &itgc_step_pool, &pool, node, &in, 1, out, (uint32_t)(shape.batch * shape.out[0]));
    return true;
}
