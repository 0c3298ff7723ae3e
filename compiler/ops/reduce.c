/* SPDX-License-Identifier: Apache-2.0
 * ReduceMean, ReduceSum, ReduceMax, … over any axes, from attributes or a constant input. Floats are accumulated in double in index
 * order, integers in 64 bits; Max of nothing is the lowest value, Min the highest. */
#include "compiler/base/real.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *type;
    itgc_reduce_kind kind;
} functions[] = {{"ReduceL1", ITGC_REDUCE_L1},          {"ReduceL2", ITGC_REDUCE_L2},
                 {"ReduceLogSum", ITGC_REDUCE_LOG_SUM}, {"ReduceLogSumExp", ITGC_REDUCE_LOG_SUM_EXP},
                 {"ReduceMax", ITGC_REDUCE_MAX},        {"ReduceMean", ITGC_REDUCE_MEAN},
                 {"ReduceMin", ITGC_REDUCE_MIN},        {"ReduceProd", ITGC_REDUCE_PROD},
                 {"ReduceSum", ITGC_REDUCE_SUM},        {"ReduceSumSquare", ITGC_REDUCE_SUM_SQUARE}};

static bool parse_reduce(itgc_node *node, itgc_diag *diag)
{
    itgc_reduce_params *const params = node->params;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(functions[i].type, node->type) == 0)
            params->kind = functions[i].kind;
    params->keep = itgc_int_attribute(node, "keepdims", 1) != 0;
    params->noop_when_empty = itgc_int_attribute(node, "noop_with_empty_axes", 0) != 0;
    const int count = itgc_ints_attribute(node, "axes", params->axes, ITGC_MAX_RANK);
    if (count == -2)
        return itgc_fail(diag, 216, "attribute \"axes\" is no list of at most %d integers; export the model again", ITGC_MAX_RANK);
    params->axis_count = count < 0 ? 0 : count;
    return true;
}

/* Makes the axes explicit, normalised and ascending. */
static bool resolve_axes(itgc_node *node, itgc_diag *diag)
{
    itgc_reduce_params *const params = node->params;
    const int rank = node->in[0]->shape.rank;
    unsigned mask = 0;
    if (itgc_input_of(node, 1) != NULL && !itgc_constant_ints(diag, node, 1, params->axes, ITGC_MAX_RANK, &params->axis_count))
        return false;
    for (int i = 0; i < params->axis_count; i++) {
        if (!itgc_normalize_axis(diag, &params->axes[i], rank))
            return false;
        mask |= 1u << params->axes[i];
    }
    if (params->axis_count == 0 && !params->noop_when_empty)
        mask = (1u << rank) - 1;
    params->axis_count = 0;
    for (int i = 0; i < rank; i++)
        if ((mask >> i & 1) != 0)
            params->axes[params->axis_count++] = i;
    params->resolved = true;
    return true;
}

static unsigned mask_of(const itgc_reduce_params *params)
{
    unsigned mask = 0;
    for (int i = 0; i < params->axis_count; i++)
        mask |= 1u << params->axes[i];
    return mask;
}

static bool infer_reduce(itgc_node *node, itgc_diag *diag)
{
    itgc_reduce_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape;
    const bool takes_bool = params->kind == ITGC_REDUCE_MAX || params->kind == ITGC_REDUCE_MIN;
    if (!itgc_require_type(diag, node, 0, takes_bool ? ITGC_ALL_TYPES : ITGC_NUMBERS) || (!params->resolved && !resolve_axes(node, diag)))
        return false;
    const unsigned mask = mask_of(params);
    itgc_shape shape = {.rank = 0};
    if (mask >> in->rank != 0)
        return itgc_fail(diag, 211, "axis %" PRId64 " is outside a tensor of %d dimensions; export the model again",
                         params->axes[params->axis_count - 1], in->rank);
    for (int i = 0; i < in->rank; i++) {
        if ((mask >> i & 1) == 0)
            shape.dim[shape.rank++] = in->dim[i];
        else if (params->keep)
            shape.dim[shape.rank++] = 1;
    }
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

/* A walk over the input with the output as second operand, which stands still along reduced axes. */
static void plan_reduction(const itgc_reduce_params *params, const itgc_shape *in, itgc_walk *walk)
{
    int64_t from[ITGC_MAX_RANK], to[ITGC_MAX_RANK], step = 1;
    const unsigned mask = mask_of(params);
    itgc_dense_strides(in, from);
    for (int i = in->rank - 1; i >= 0; i--) {
        const bool is_reduced = (mask >> i & 1) != 0;
        to[i] = is_reduced ? 0 : step;
        step *= is_reduced ? 1 : in->dim[i];
    }
    itgc_init_walk(walk, in->rank, in->dim);
    itgc_add_strided(walk, from, 0);
    itgc_add_strided(walk, to, 0);
}

static double accumulate(itgc_reduce_kind kind, double sum, double x)
{
    switch (kind) {
    case ITGC_REDUCE_MAX:
        return x > sum || isnan(x) ? x : sum;
    case ITGC_REDUCE_MIN:
        return x < sum || isnan(x) ? x : sum;
    case ITGC_REDUCE_PROD:
        return sum * x;
    case ITGC_REDUCE_L1:
        return sum + fabs(x);
    case ITGC_REDUCE_L2:
    case ITGC_REDUCE_SUM_SQUARE:
        return sum + x * x;
    default:
        return sum + x;
    }
}

static double start_of(itgc_reduce_kind kind)
{
    switch (kind) {
    case ITGC_REDUCE_MAX:
        return -INFINITY;
    case ITGC_REDUCE_MIN:
        return INFINITY;
    case ITGC_REDUCE_PROD:
        return 1.0;
    default:
        return 0.0;
    }
}

static double finish(itgc_reduce_kind kind, double sum, double count)
{
    switch (kind) {
    case ITGC_REDUCE_MEAN:
        return sum / count;
    case ITGC_REDUCE_L2:
        return sqrt(sum);
    case ITGC_REDUCE_LOG_SUM:
    case ITGC_REDUCE_LOG_SUM_EXP:
        return itgc_log(sum);
    default:
        return sum;
    }
}

static inline __attribute__((always_inline)) void add_row(double *sum, int64_t to_stride, const float *in, int64_t stride, int64_t count,
                                                          itgc_reduce_kind kind)
{
    if (to_stride == 0) {
        double total = *sum;
        for (int64_t i = 0; i < count; i++)
            total = accumulate(kind, total, (double)in[i * stride]);
        *sum = total;
        return;
    }
    for (int64_t i = 0; i < count; i++)
        sum[i * to_stride] = accumulate(kind, sum[i * to_stride], (double)in[i * stride]);
}

static void reduce_floats(itgc_reduce_kind kind, double *sums, const float *in, itgc_walk walk)
{
    if (!itgc_first_row(&walk))
        return;
    const int last = walk.rank - 1;
    const int64_t count = walk.dim[last], stride = walk.stride[0][last], to_stride = walk.dim[last] == 1 ? 0 : walk.stride[1][last];
    do {
        double *const sum = sums + walk.offset[1];
        const float *const row = in + walk.offset[0];
        if (kind == ITGC_REDUCE_MEAN || kind == ITGC_REDUCE_SUM)
            add_row(sum, to_stride, row, stride, count, ITGC_REDUCE_SUM);
        else
            add_row(sum, to_stride, row, stride, count, kind);
    } while (itgc_next_row(&walk));
}

/* exp(x - the group's maximum), so that the sum neither overflows nor vanishes; shifts: the maxima. */
static void sum_exponentials(double *sums, const double *shifts, const float *in, itgc_walk walk)
{
    if (!itgc_first_row(&walk))
        return;
    const int last = walk.rank - 1;
    do {
        for (int64_t i = 0; i < walk.dim[last]; i++) {
            const int64_t to = walk.offset[1] + i * walk.stride[1][last];
            const double x = (double)in[walk.offset[0] + i * walk.stride[0][last]];
            sums[to] += isinf(shifts[to]) ? (x == shifts[to] ? 1.0 : 0.0) : itgc_exp(x - shifts[to]);
        }
    } while (itgc_next_row(&walk));
}

static double group_size(const itgc_eval *eval, const itgc_reduce_params *params)
{
    double count = 1.0;
    for (int i = 0; i < params->axis_count; i++)
        count *= (double)eval->in[0]->shape.dim[params->axes[i]];
    return count;
}

static void fill_doubles(double *values, int64_t count, double value)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = value;
}

/* The sums of a float input, finished. */
static const double *reduce_to_doubles(const itgc_eval *eval, const float *in)
{
    const itgc_reduce_params *const params = eval->node->params;
    const int64_t count = itgc_elements(&eval->out[0]->shape);
    const bool is_exponential = params->kind == ITGC_REDUCE_LOG_SUM_EXP;
    double *const sums = ITGC_NEW_ARRAY(eval->scratch, double, count);
    double *const shifts = ITGC_NEW_ARRAY(eval->scratch, double, is_exponential ? count : 0);
    itgc_walk walk;
    plan_reduction(params, &eval->in[0]->shape, &walk);
    fill_doubles(sums, count, start_of(params->kind));
    if (is_exponential) {
        fill_doubles(shifts, count, -INFINITY);
        reduce_floats(ITGC_REDUCE_MAX, shifts, in, walk);
        sum_exponentials(sums, shifts, in, walk);
    } else {
        reduce_floats(params->kind, sums, in, walk);
    }
    const double size = group_size(eval, params);
    for (int64_t i = 0; i < count; i++)
        sums[i] = finish(params->kind, sums[i], size) + (is_exponential ? shifts[i] : 0.0);
    return sums;
}

/* The exact ones: Sum, Prod, Max, Min, L1, SumSquare. uint64 is compared with its sign bit flipped. */
static int64_t accumulate_integer(itgc_reduce_kind kind, int64_t flip, int64_t sum, int64_t x)
{
    const uint64_t wide = (uint64_t)x;
    switch (kind) {
    case ITGC_REDUCE_MAX:
        return (x ^ flip) > (sum ^ flip) ? x : sum;
    case ITGC_REDUCE_MIN:
        return (x ^ flip) < (sum ^ flip) ? x : sum;
    case ITGC_REDUCE_PROD:
        return (int64_t)((uint64_t)sum * wide);
    case ITGC_REDUCE_L1:
        return (int64_t)((uint64_t)sum + (x < 0 && flip == 0 ? 0 - wide : wide));
    case ITGC_REDUCE_SUM_SQUARE:
        return (int64_t)((uint64_t)sum + wide * wide);
    default:
        return (int64_t)((uint64_t)sum + wide);
    }
}

static int64_t lowest_of(itgc_type type)
{
    const bool is_unsigned = type == ITGC_BOOL || type == ITGC_U8 || type == ITGC_U16 || type == ITGC_U32 || type == ITGC_U64;
    return is_unsigned ? 0 : (int64_t)(~(uint64_t)0 << (8 * itgc_type_bytes(type) - 1));
}

static int64_t integer_start(itgc_reduce_kind kind, itgc_type type)
{
    if (kind == ITGC_REDUCE_MAX)
        return lowest_of(type);
    if (kind == ITGC_REDUCE_MIN)
        return itgc_wrap(type, ~lowest_of(type));
    return kind == ITGC_REDUCE_PROD;
}

static void reduce_integers(const itgc_eval *eval)
{
    const itgc_reduce_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0];
    itgc_value *const out = eval->out[0];
    const int64_t count = itgc_elements(&out->shape), flip = in->type == ITGC_U64 ? INT64_MIN : 0;
    itgc_walk walk;
    for (int64_t i = 0; i < count; i++)
        out->i[i] = integer_start(params->kind, out->type);
    plan_reduction(params, &in->shape, &walk);
    if (!itgc_first_row(&walk))
        return;
    const int last = walk.rank - 1;
    do {
        for (int64_t i = 0; i < walk.dim[last]; i++) {
            int64_t *const sum = out->i + walk.offset[1] + (walk.dim[last] == 1 ? 0 : i * walk.stride[1][last]);
            *sum = accumulate_integer(params->kind, flip, *sum, in->i[walk.offset[0] + i * walk.stride[0][last]]);
        }
    } while (itgc_next_row(&walk));
    for (int64_t i = 0; i < count; i++)
        out->i[i] = itgc_wrap(out->type, out->i[i]);
}

/* Mean, L2 and the logarithms of integers: in double, then truncated. */
static void reduce_converted(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0];
    itgc_value *const out = eval->out[0];
    const int64_t in_count = itgc_elements(&in->shape), count = itgc_elements(&out->shape);
    float *const copy = ITGC_NEW_ARRAY(eval->scratch, float, in_count);
    for (int64_t i = 0; i < in_count; i++)
        copy[i] = in->type == ITGC_U64 ? (float)(uint64_t)in->i[i] : (float)in->i[i];
    const double *const sums = reduce_to_doubles(eval, copy);
    for (int64_t i = 0; i < count; i++)
        out->i[i] = itgc_wrap(out->type, itgc_int_of(sums[i]));
}

static bool eval_reduce(const itgc_eval *eval)
{
    const itgc_reduce_kind kind = ((const itgc_reduce_params *)eval->node->params)->kind;
    itgc_value *const out = eval->out[0];
    if (itgc_is_float(out->type)) {
        const double *const sums = reduce_to_doubles(eval, eval->in[0]->f);
        const int64_t count = itgc_elements(&out->shape);
        for (int64_t i = 0; i < count; i++)
            out->f[i] = (float)sums[i];
    } else if (kind == ITGC_REDUCE_MEAN || kind == ITGC_REDUCE_L2 || kind == ITGC_REDUCE_LOG_SUM || kind == ITGC_REDUCE_LOG_SUM_EXP) {
        reduce_converted(eval);
    } else {
        reduce_integers(eval);
    }
    return true;
}

const itgc_op itgc_op_reduce = {.family = "reduce",
                                .attributes = "axes keepdims noop_with_empty_axes",
                                .min_inputs = 1,
                                .max_inputs = 2,
                                .max_outputs = 1,
                                .params_bytes = sizeof(itgc_reduce_params),
                                .parse = parse_reduce,
                                .infer = infer_reduce,
                                .eval = eval_reduce,
                                .quantize = itgc_quantize_reduce,
                                .format = ITGC_FORMAT_OWN};
