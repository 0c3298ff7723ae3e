/* SPDX-License-Identifier: Apache-2.0
 * MaxPool, AveragePool, LpPool and their Global forms, with dilations, ceil_mode, and MaxPool's second output.
 * In: x [N,C,…] or [N,…,C]. Averages and norms are summed in double; padding takes part only where count_include_pad says so. */
#include "compiler/base/parallel.h"
#include "compiler/base/real.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/window.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool parse_pool(itgc_node *node, itgc_diag *diag)
{
    itgc_pool_params *const params = node->params;
    params->kind = strstr(node->type, "Max") != NULL ? ITGC_POOL_MAX : strstr(node->type, "Lp") != NULL ? ITGC_POOL_LP : ITGC_POOL_AVERAGE;
    params->global = strncmp(node->type, "Global", 6) == 0;
    params->include_pad = itgc_int_attribute(node, "count_include_pad", 0) != 0;
    params->column_major = itgc_int_attribute(node, "storage_order", 0) != 0;
    params->p = itgc_int_attribute(node, "p", 2);
    if (params->p < 1 || params->p > 1000) {
        return itgc_fail(diag, 227, "p = %" PRId64 " is not supported; p from 1 to 1000 is", params->p);
    }
    if (!itgc_parse_window(node, diag, &params->window)) {
        return false;
    }
    if (!params->global && params->window.kernel[0] == 0) {
        return itgc_fail(diag, 220, "attribute \"kernel_shape\" is missing; export the model again");
    }
    return true;
}

static bool infer_pool(itgc_node *node, itgc_diag *diag)
{
    itgc_pool_params *const params = node->params;
    itgc_window *const window = &params->window;
    const itgc_shape *const x = &node->in[0]->shape;
    int64_t out[ITGC_MAX_SPATIAL];
    if (!itgc_require_type(diag, node, 0, params->kind == ITGC_POOL_MAX ? ITGC_FLOATS | ITGC_INTEGERS : ITGC_FLOATS) ||
        !itgc_check_window(window, diag, x)) {
        return false;
    }
    for (int i = 0; i < window->rank && params->global; i++) {
        window->kernel[i] = x->dim[itgc_spatial_dim(window, i)];
    }
    if (!itgc_infer_window(window, diag, x, out)) {
        return false;
    }
    itgc_shape y = *x;
    for (int i = 0; i < window->rank; i++) {
        y.dim[itgc_spatial_dim(window, i)] = out[i];
    }
    itgc_set_output(node, 0, node->in[0]->type, &y);
    itgc_set_output(node, 1, ITGC_I64, &y);
    return true;
}

typedef struct pool_run {
    itgc_geometry geometry;
    const itgc_pool_params *params;
    const itgc_value *x;
    itgc_value *y, *indices; /* indices may be NULL */
    int64_t channels_inside; /* channels handled per output position: all of them when they lie side by side */
} pool_run;

/* The part of one window inside the input: taps [low, high) of each axis, `counted` those that an average divides by. */
typedef struct patch {
    int64_t low[3], high[3], origin[3];
    int64_t counted;
} patch;

static void fill_patch(patch *p, const pool_run *pooling, const int64_t out[3])
{
    const itgc_geometry *const g = &pooling->geometry;
    p->counted = 1;
    for (int i = 0; i < 3; i++) {
        p->origin[i] = out[i] * g->stride[i] - g->before[i];
        p->low[i] = p->high[i] = 0;
        int64_t counted = 0;
        for (int64_t tap = 0; tap < g->kernel[i]; tap++) {
            const int64_t position = p->origin[i] + tap * g->dilation[i];
            p->low[i] += position < 0 ? 1 : 0;
            p->high[i] += position < g->in[i] ? 1 : 0;
            counted += position < g->in[i] + g->after[i] ? 1 : 0;
        }
        p->counted *= pooling->params->include_pad ? counted : p->high[i] - p->low[i];
    }
}

static ptrdiff_t element_at(const itgc_geometry *g, const patch *p, const int64_t tap[3])
{
    ptrdiff_t at = 0;
    for (int i = 0; i < 3; i++) {
        at += (ptrdiff_t)(p->origin[i] + tap[i] * g->dilation[i]) * g->in_step[i];
    }
    return at;
}

static double raise(double x, int64_t p)
{
    return p == 1 ? fabs(x) : p == 2 ? x * x : itgc_pow(fabs(x), (double)p);
}

/* Sum over the patch of x, or of |x|^p. */
static double sum_patch(const pool_run *pooling, const patch *p, const float *x)
{
    const itgc_geometry *const g = &pooling->geometry;
    const bool powers = pooling->params->kind == ITGC_POOL_LP;
    const ptrdiff_t step = g->in_step[2] * (ptrdiff_t)g->dilation[2];
    double sum = 0;
    for (int64_t d = p->low[0]; d < p->high[0]; d++) {
        for (int64_t h = p->low[1]; h < p->high[1]; h++) {
            const float *at = x + element_at(g, p, (const int64_t[]){d, h, p->low[2]});
            for (int64_t w = p->low[2]; w < p->high[2]; w++, at += step) {
                sum += powers ? raise((double)*at, pooling->params->p) : (double)*at;
            }
        }
    }
    return sum;
}

/* Offset of the first largest element of the patch, -1 if it is empty. */
static ptrdiff_t find_largest(const pool_run *pooling, const patch *p, ptrdiff_t base, int64_t *position)
{
    const itgc_geometry *const g = &pooling->geometry;
    const float *const f = pooling->x->f;
    const int64_t *const integers = pooling->x->i;
    ptrdiff_t best = -1;
    for (int64_t d = p->low[0]; d < p->high[0]; d++) {
        for (int64_t h = p->low[1]; h < p->high[1]; h++) {
            for (int64_t w = p->low[2]; w < p->high[2]; w++) {
                const ptrdiff_t at = base + element_at(g, p, (const int64_t[]){d, h, w});
                if (best < 0 || (f != NULL ? f[at] > f[best] : integers[at] > integers[best])) {
                    best = at;
                    position[0] = p->origin[0] + d * g->dilation[0];
                    position[1] = p->origin[1] + h * g->dilation[1];
                    position[2] = p->origin[2] + w * g->dilation[2];
                }
            }
        }
    }
    return best;
}

static void pool_largest(const pool_run *pooling, const patch *p, ptrdiff_t in, ptrdiff_t out, int64_t plane)
{
    const itgc_geometry *const g = &pooling->geometry;
    int64_t at[3] = {0};
    const ptrdiff_t best = find_largest(pooling, p, in, at);
    if (pooling->y->f != NULL) {
        pooling->y->f[out] = best < 0 ? -HUGE_VALF : pooling->x->f[best];
    } else {
        pooling->y->i[out] = best < 0 ? itgc_wrap(pooling->y->type, INT64_MIN) : pooling->x->i[best];
    }
    if (pooling->indices != NULL) {
        const int64_t row_major = at[1] * g->in[2] + at[2], column_major = at[1] + at[2] * g->in[1];
        pooling->indices->i[out] = (plane * g->in[0] + at[0]) * g->in[1] * g->in[2] + (pooling->params->column_major ? column_major : row_major);
    }
}

static float pool_sum(const pool_run *pooling, const patch *p, const float *x)
{
    const double sum = sum_patch(pooling, p, x);
    const int64_t power = pooling->params->p;
    if (pooling->params->kind == ITGC_POOL_AVERAGE) {
        return p->counted == 0 ? 0.0f : (float)(sum / (double)p->counted);
    }
    return (float)(power == 1 ? sum : power == 2 ? sqrt(sum) : itgc_pow(sum, 1.0 / (double)power));
}

/* One row of outputs: item counts (image, channel unless inside, depth, line). */
static void run_line(const pool_run *pooling, int64_t item)
{
    const itgc_geometry *const g = &pooling->geometry;
    int64_t out[3] = {item / g->out[1] % g->out[0], item % g->out[1], 0};
    const int64_t groups = g->channels / pooling->channels_inside, rest = item / (g->out[0] * g->out[1]);
    const int64_t first = rest % groups * pooling->channels_inside, image = rest / groups;
    for (; out[2] < g->out[2]; out[2]++) {
        patch p;
        fill_patch(&p, pooling, out);
        for (int64_t c = first; c < first + pooling->channels_inside; c++) {
            const ptrdiff_t from = image * g->in_batch + c * g->in_channel;
            const ptrdiff_t to =
                image * g->out_batch + c * g->out_channel + out[0] * g->out_step[0] + out[1] * g->out_step[1] + out[2] * g->out_step[2];
            if (pooling->params->kind == ITGC_POOL_MAX) {
                pool_largest(pooling, &p, from, to, image * g->channels + c);
            } else {
                pooling->y->f[to] = pool_sum(pooling, &p, pooling->x->f + from);
            }
        }
    }
}

static void run_lines(void *argument, int64_t begin, int64_t end)
{
    for (int64_t item = begin; item < end; item++) {
        run_line(argument, item);
    }
}

static bool eval_pool(const itgc_eval *eval)
{
    const itgc_pool_params *const params = eval->node->params;
    pool_run pooling = {.params = params, .x = eval->in[0], .y = eval->out[0]};
    if (itgc_elements(&eval->out[0]->shape) == 0) {
        return true;
    }
    pooling.indices = eval->node->out_count > 1 ? eval->out[1] : NULL;
    itgc_fill_geometry(&pooling.geometry, &params->window, &pooling.x->shape, &pooling.y->shape);
    const itgc_geometry *const g = &pooling.geometry;
    pooling.channels_inside = params->window.channels_last ? g->channels : 1;
    const int64_t work = itgc_elements(&pooling.y->shape) * g->kernel[0] * g->kernel[1] * g->kernel[2];
    itgc_parallel(itgc_useful_threads(eval->threads, work), g->batch * g->channels / pooling.channels_inside * g->out[0] * g->out[1], run_lines,
                  &pooling);
    return true;
}

#define POOL(names, outputs, rule)                                                                                                                   \
    {                                                                                                                                                \
        .family = "pool", .attributes = names, .min_inputs = 1, .max_inputs = 1, .max_outputs = outputs, .params_bytes = sizeof(itgc_pool_params),   \
        .parse = parse_pool, .infer = infer_pool, .eval = eval_pool, .quantize = itgc_quantize_pool, .format = rule                                  \
    }

/* The largest of codes is the code of the largest: maxima pass their input's format on. */
const itgc_op itgc_op_max_pool = POOL(ITGC_WINDOW_ATTRIBUTES " ceil_mode storage_order", 2, ITGC_FORMAT_PASS);
const itgc_op itgc_op_average_pool = POOL(ITGC_WINDOW_ATTRIBUTES " ceil_mode count_include_pad", 1, ITGC_FORMAT_OWN);
const itgc_op itgc_op_lp_pool = POOL(ITGC_WINDOW_ATTRIBUTES " ceil_mode p", 1, ITGC_FORMAT_OWN);
const itgc_op itgc_op_global_max_pool = POOL("", 1, ITGC_FORMAT_PASS);
const itgc_op itgc_op_global_average_pool = POOL("", 1, ITGC_FORMAT_OWN);
const itgc_op itgc_op_global_lp_pool = POOL("p", 1, ITGC_FORMAT_OWN);
