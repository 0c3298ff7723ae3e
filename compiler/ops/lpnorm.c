/* SPDX-License-Identifier: Apache-2.0
 * LpNormalization (opsets 1 to 22): x / norm along an axis, 0 where the norm is 0. MeanVarianceNormalization (9 to 13):
 * (x - mean) / (deviation + 1e-9) over given axes. Sums in double. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool parse_lpnorm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    params->axis = itgc_int_attribute(node, "axis", -1);
    params->p = itgc_int_attribute(node, "p", 2);
    if (params->p != 1 && params->p != 2) {
        return itgc_fail(diag, 227, "p = %" PRId64 " is not supported; 1 and 2 are", params->p);
    }
    return true;
}

static bool infer_lpnorm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return itgc_require_type(diag, node, 0, ITGC_FLOATS) && itgc_normalize_axis(diag, &params->axis, node->in[0]->shape.rank);
}

static void divide_by_norm(float *y, const float *x, int64_t count, int64_t step, const itgc_norm_params *params)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)x[i * step];
        sum += params->p == 1 ? fabs(value) : value * value;
    }
    const double own = params->p == 1 ? sum : sqrt(sum), least = (double)params->epsilon, norm = own > least ? own : least;
    for (int64_t i = 0; i < count; i++) {
        y[i * step] = norm == 0 ? 0.0f : (float)((double)x[i * step] / norm);
    }
}

static bool eval_lpnorm(const itgc_eval *eval)
{
    const itgc_norm_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    const int64_t count = shape->dim[params->axis], inner = itgc_inner_count(shape, params->axis);
    for (int64_t i = 0; i < itgc_outer_count(shape, params->axis) * inner; i++) {
        const int64_t start = i / inner * count * inner + i % inner;
        divide_by_norm(eval->out[0]->f + start, eval->in[0]->f + start, count, inner, params);
    }
    return true;
}

static bool parse_mvn(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    params->axis_count = itgc_ints_attribute(node, "axes", params->axes, ITGC_MAX_RANK);
    if (params->axis_count == -1) {
        params->axis_count = 3;
        memcpy(params->axes, (const int64_t[]){0, 2, 3}, 3 * sizeof(int64_t));
    }
    return params->axis_count >= 0 || itgc_fail(diag, 211, "axes has more than %d values; export the model again", ITGC_MAX_RANK);
}

static bool infer_mvn(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    for (int i = 0; i < params->axis_count; i++) {
        if (!itgc_normalize_axis(diag, &params->axes[i], node->in[0]->shape.rank)) {
            return false;
        }
    }
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return itgc_require_type(diag, node, 0, ITGC_FLOATS);
}

/* Moments per kept position: offset 0 walks x, offset 1 the moments. */
typedef struct totals {
    double *mean, *deviation;
    double count;
} totals;

static void walk_rows(const itgc_eval *eval, itgc_walk *walk, const totals *t, void (*use)(const itgc_eval *, const totals *, int64_t, int64_t))
{
    if (!itgc_first_row(walk)) {
        return;
    }
    const int last = walk->rank - 1;
    do {
        for (int64_t i = 0; i < walk->dim[last]; i++) {
            use(eval, t, walk->offset[0] + i * walk->stride[0][last], walk->offset[1] + i * walk->stride[1][last]);
        }
    } while (itgc_next_row(walk));
}

static void add_to_mean(const itgc_eval *eval, const totals *t, int64_t x, int64_t kept)
{
    t->mean[kept] += (double)eval->in[0]->f[x] / t->count;
}

static void add_to_deviation(const itgc_eval *eval, const totals *t, int64_t x, int64_t kept)
{
    const double difference = (double)eval->in[0]->f[x] - t->mean[kept];
    t->deviation[kept] += difference * difference / t->count;
}

static void write_normal(const itgc_eval *eval, const totals *t, int64_t x, int64_t kept)
{
    eval->out[0]->f[x] = (float)(((double)eval->in[0]->f[x] - t->mean[kept]) / (sqrt(t->deviation[kept]) + 1e-9));
}

static bool eval_mvn(const itgc_eval *eval)
{
    const itgc_norm_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    itgc_shape reduced = *shape;
    for (int i = 0; i < params->axis_count; i++) {
        reduced.dim[params->axes[i]] = 1;
    }
    const int64_t kept = itgc_elements(&reduced);
    const totals t = {.mean = ITGC_NEW_ARRAY(eval->scratch, double, kept),
                      .deviation = ITGC_NEW_ARRAY(eval->scratch, double, kept),
                      .count = (double)itgc_elements(shape) / (double)(kept == 0 ? 1 : kept)};
    itgc_walk walk;
    itgc_init_walk(&walk, shape->rank, shape->dim);
    itgc_add_broadcast(&walk, shape);
    itgc_add_broadcast(&walk, &reduced);
    walk_rows(eval, &walk, &t, add_to_mean);
    walk_rows(eval, &walk, &t, add_to_deviation);
    walk_rows(eval, &walk, &t, write_normal);
    return true;
}

const itgc_op itgc_op_lpnorm = {.family = "lpnorm",
                                .attributes = "axis p",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .max_outputs = 1,
                                .params_bytes = sizeof(itgc_norm_params),
                                .parse = parse_lpnorm,
                                .infer = infer_lpnorm,
                                .eval = eval_lpnorm,
                                .quantize = itgc_quantize_lpnorm};

const itgc_op itgc_op_mvn = {.family = "lpnorm",
                             .attributes = "axes",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .max_outputs = 1,
                             .params_bytes = sizeof(itgc_norm_params),
                             .parse = parse_mvn,
                             .infer = infer_mvn,
                             .eval = eval_mvn,
                             .quantize = itgc_quantize_mvn};
