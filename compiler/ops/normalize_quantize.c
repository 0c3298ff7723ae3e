/* SPDX-License-Identifier: Apache-2.0
 * Normalizations by what the activations themselves measure → itg_normalize (numerics.md 3): LayerNormalization, RMSNormalization,
 * GroupNormalization, InstanceNormalization, LpNormalization, MeanVarianceNormalization. */
#include "compiler/base/real.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/ops/walk.h"
#include "compiler/quantize/quantize.h"

#include <math.h>
#include <string.h>

#define MOST_NARROW   15
#define MOST_FRACTION 46    /* binary digits of the normalized element: 2^30 over the smallest bound, 2^-15.5 */
#define SLACK         1.001 /* what the roundings of offset and root add to a bound */

static const itgc_field normalize_fields[] = {
    ITGC_FIELD(itg_normalize, space, ITGC_FIELD_I32, 1),        ITGC_FIELD(itg_normalize, groups, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_normalize, width, ITGC_FIELD_I32, 1),        ITGC_FIELD(itg_normalize, gain, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_normalize, bias, ITGC_FIELD_POINTER, 1),     ITGC_FIELD(itg_normalize, in_zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_normalize, low, ITGC_FIELD_I32, 1),          ITGC_FIELD(itg_normalize, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_normalize, epsilon, ITGC_FIELD_I32, 1),      ITGC_FIELD(itg_normalize, epsilon_shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_normalize, fraction, ITGC_FIELD_U8, 1),      ITGC_FIELD(itg_normalize, exponent, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_normalize, narrow, ITGC_FIELD_U8, 1),        ITGC_FIELD(itg_normalize, measure, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_normalize, centered, ITGC_FIELD_BOOL, 1),    ITGC_FIELD(itg_normalize, floored, ITGC_FIELD_BOOL, 1),
    ITGC_FIELD(itg_normalize, per_channel, ITGC_FIELD_BOOL, 1), ITGC_FIELD(itg_normalize, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_normalize, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_normalize = ITGC_STEP_KIND(itg_op_normalize, itg_normalize, normalize_fields, ITG_FAMILY_NORMALIZE);

/* y = factor * scale[c] * x' / sqrt(measure + epsilon) + bias[c]; x' and the measure in steps of the input, scale and bias NULL: 1 and 0. */
typedef struct normalization {
    itg_measure measure;
    bool centered, floored;
    int64_t outer, space, groups, width;
    double factor, epsilon;
    const float *scale, *bias; /* groups * width of each */
} normalization;

/* |x'| / sqrt(measure + epsilon) is at most this: a deviation from the mean is at most sqrt(D - 1) standard ones. */
static double bound_element(const normalization *n, const itgc_format *in)
{
    const double count = (double)n->space * (double)n->width;
    const int32_t below = in->zero - itgc_lowest_code(in), above = itgc_highest_code(in) - in->zero;
    if (n->measure == ITG_MAGNITUDES) {
        return 1.0;
    }
    if (n->centered || n->measure == ITG_SQUARES) {
        return 1.0 / sqrt(count);
    }
    return (double)(below > above ? below : above) / sqrt(n->epsilon > 0.0 ? n->epsilon : fmax(count - 1.0, 1.0));
}

/* epsilon in units of 2^-32. */
static bool set_epsilon(itgc_diag *diag, const normalization *n, itg_normalize *step)
{
    int exponent;
    frexp(n->epsilon, &exponent);
    const int shift = exponent + 32 > 30 ? exponent + 2 : 0;
    if (!isfinite(n->epsilon) || shift > 95) {
        return itgc_fail(diag, 424, "epsilon is enormous against its input's steps; check that calibration samples are like real ones");
    }
    step->epsilon = (int32_t)itgc_round(ldexp(n->epsilon, 32 - shift));
    step->epsilon_shift = (uint8_t)shift;
    return true;
}

/* gain and bias at `narrow` binary digits below a step of the output; false if they do not fit 32 bits. */
static bool fill_gains(const normalization *n, const itgc_format *out, double bound, int digits, int narrow, int32_t *gain, int32_t *bias)
{
    const int64_t count = n->scale ? n->groups * n->width : 1;
    for (int64_t c = 0; c < count; c++) {
        const double ratio = n->factor * (n->scale ? (double)n->scale[c] : 1.0) / out->scale;
        const double offset = (n->bias ? (double)n->bias[c] / out->scale : 0.0) + out->zero;
        const double scaled = itgc_round(ldexp(ratio, 32 + narrow - digits)), moved = itgc_round(ldexp(offset, narrow)) + ldexp(0.5, narrow);
        const double most = ldexp(fabs(ratio) * bound * SLACK, narrow) + fabs(moved) + 2.0;
        if (!(fabs(scaled) <= (double)INT32_MAX) || !(most <= (double)INT32_MAX)) {
            return false;
        }
        gain[c] = (int32_t)scaled;
        bias[c] = (int32_t)moved;
    }
    return true;
}

static bool set_gains(itgc_quantizer *quantizer, const normalization *n, const itgc_format *out, double bound, int digits, itg_normalize *step)
{
    const int64_t count = n->scale ? n->groups * n->width : 1;
    int32_t *gain = ITGC_NEW_ARRAY(quantizer->arena, int32_t, count), *bias = ITGC_NEW_ARRAY(quantizer->arena, int32_t, count);
    int narrow = MOST_NARROW;
    while (narrow > 0 && !fill_gains(n, out, bound, digits, narrow, gain, bias)) {
        narrow--;
    }
    if (narrow == 0) {
        return itgc_fail(quantizer->diag, 424,
                         "the output range is too small for what the normalization may give; check that calibration samples are like real ones");
    }
    step->narrow = (uint8_t)narrow;
    step->gain = itgc_keep_constant(quantizer, "gain", gain, 4, true, (size_t)count);
    step->bias = itgc_keep_constant(quantizer, "bias", bias, 4, true, (size_t)count);
    step->per_channel = n->scale != NULL;
    return true;
}

static bool add_step(itgc_quantizer *quantizer, itgc_node *node, const normalization *n)
{
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    const double bound = bound_element(n, &in->format);
    int exponent;
    frexp(bound, &exponent);
    const int digits = 30 - exponent < MOST_FRACTION ? 30 - exponent : MOST_FRACTION;
    itg_normalize step = {.space = (int32_t)n->space,
                          .groups = (int32_t)n->groups,
                          .width = (int32_t)n->width,
                          .in_zero = in->format.zero,
                          .fraction = in->format.type == ITG_S16 ? 15 : 22,
                          .measure = (uint8_t)n->measure,
                          .centered = n->centered,
                          .floored = n->floored,
                          .in_type = in->format.type,
                          .out_type = out->format.type};
    step.exponent = (uint8_t)(78 + step.fraction - digits);
    if (digits < 1) {
        return itgc_fail(quantizer->diag, 424, "without an epsilon its divisor may vanish; give the model one");
    }
    itgc_clamp_bounds(node->fused, &out->format, &step.low, &step.high);
    if (!set_epsilon(quantizer->diag, n, &step) || !set_gains(quantizer, n, &out->format, bound, digits, &step)) {
        return false;
    }
    itgc_add_step(quantizer, &itgc_step_normalize, &step, node, &in, 1, out, (uint32_t)(n->outer * n->groups));
    return true;
}

/* Epsilon of a mean square, in squared steps of the input and times D^2, as the measures are. */
static double scale_epsilon(const normalization *n, const itgc_format *in, double epsilon)
{
    const double count = (double)n->space * (double)n->width / in->scale;
    return epsilon * count * count;
}

/* A constant operand spread over the dimensions of x from `axis` on; NULL with a diagnostic where it is none or also differs before them. */
static const float *spread_tail(itgc_quantizer *quantizer, const itgc_node *node, int input, int64_t axis)
{
    const itgc_tensor *operand = node->in[input];
    const itgc_shape *x = &node->in[0]->shape;
    itgc_shape tail = {.rank = x->rank - (int)axis}, given = {.rank = 0};
    memcpy(tail.dim, x->dim + axis, (size_t)tail.rank * sizeof tail.dim[0]);
    for (int i = 0; i < operand->shape.rank; i++) {
        if (given.rank > 0 || operand->shape.rank - i <= tail.rank || operand->shape.dim[i] != 1) {
            given.dim[given.rank++] = operand->shape.dim[i];
        }
    }
    if (!operand->constant || given.rank > tail.rank) {
        itgc_fail(quantizer->diag, 411, "input %d must be a constant for each normalized element; export the model for inference", input);
        return NULL;
    }
    itgc_value *spread = itgc_new_value(quantizer->arena, operand->constant->type, &tail);
    itgc_walk walk;
    itgc_init_walk(&walk, tail.rank, tail.dim);
    itgc_add_broadcast(&walk, &given);
    itgc_copy_walk(spread, operand->constant, &walk);
    return spread->f;
}

bool itgc_quantize_layernorm(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_norm_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const bool is_layer = strcmp(node->type, "LayerNormalization") == 0;
    normalization n = {.measure = is_layer || params->about_mean ? ITG_VARIANCE : ITG_SQUARES, .centered = is_layer, .space = 1, .groups = 1};
    n.outer = itgc_outer_count(shape, params->axis);
    n.width = itgc_elements(shape) / n.outer;
    n.factor = (double)n.width;
    n.epsilon = scale_epsilon(&n, &node->in[0]->format, (double)params->epsilon);
    n.scale = spread_tail(quantizer, node, 1, params->axis);
    n.bias = n.scale && itgc_input_of(node, 2) ? spread_tail(quantizer, node, 2, params->axis) : NULL;
    if (!n.scale || (itgc_input_of(node, 2) && !n.bias)) {
        return false;
    }
    for (int i = 1; i < node->out_count; i++) {
        if (node->out[i] && (node->out[i]->use_count > 0 || node->out[i]->is_output)) {
            return itgc_fail(quantizer->diag, 424, "its mean or deviation is read too, which has no integer step; export the model for inference");
        }
    }
    return add_step(quantizer, node, &n);
}

/* One value for each of groups * width elements, from one a channel or one a group; `each`: neighbours that share a channel. */
static const float *spread_groups(itgc_quantizer *quantizer, const itgc_tensor *operand, const normalization *n, int64_t channels, int64_t each)
{
    const int64_t per_entry = channels / itgc_elements(&operand->shape);
    float *spread = ITGC_NEW_ARRAY(quantizer->arena, float, n->groups * n->width);
    for (int64_t i = 0; i < n->groups * n->width; i++) {
        spread[i] = operand->constant->f[i / each / per_entry];
    }
    return spread;
}

bool itgc_quantize_groupnorm(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_norm_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const int64_t channels = shape->dim[params->channels_last ? shape->rank - 1 : 1];
    const int64_t positions = itgc_elements(shape) / shape->dim[0] / channels, each = params->channels_last ? 1 : positions;
    if (!node->in[1]->constant || !node->in[2]->constant) {
        return itgc_fail(quantizer->diag, 411, "its scale and bias must be constants; export the model for inference");
    }
    normalization n = {.measure = ITG_VARIANCE, .centered = true, .outer = shape->dim[0], .groups = params->groups};
    n.space = positions / each;
    n.width = channels / params->groups * each;
    n.factor = (double)n.space * (double)n.width;
    n.epsilon = scale_epsilon(&n, &node->in[0]->format, (double)params->epsilon);
    n.scale = spread_groups(quantizer, node->in[1], &n, channels, each);
    n.bias = spread_groups(quantizer, node->in[2], &n, channels, each);
    return add_step(quantizer, node, &n);
}

/* Groups along `count` neighbouring axes from `first` on. */
static void set_axes(normalization *n, const itgc_shape *shape, int64_t first, int count)
{
    int64_t elements = 1;
    for (int i = 0; i < count; i++) {
        elements *= shape->dim[first + i];
    }
    const int64_t inner = itgc_inner_count(shape, first + count - 1);
    n->outer = itgc_outer_count(shape, first);
    n->space = inner == 1 ? 1 : elements;
    n->groups = inner;
    n->width = inner == 1 ? elements : 1;
}

bool itgc_quantize_lpnorm(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_norm_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const double least = (double)params->epsilon / node->in[0]->format.scale;
    normalization n = {.measure = params->p == 1 ? ITG_MAGNITUDES : ITG_SQUARES, .floored = true};
    set_axes(&n, shape, params->axis, 1);
    const double count = (double)shape->dim[params->axis];
    n.factor = params->p == 1 ? 1.0 : sqrt(count);
    n.epsilon = least * least * (params->p == 1 ? 1.0 : count);
    return add_step(quantizer, node, &n);
}

bool itgc_quantize_mvn(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_norm_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    bool reduced[ITGC_MAX_RANK] = {false};
    int first = shape->rank;
    for (int i = 0; i < params->axis_count; i++) {
        reduced[params->axes[i]] = true;
        first = params->axes[i] < first ? (int)params->axes[i] : first;
    }
    for (int i = 0; i < params->axis_count; i++) {
        if (!reduced[first + i]) {
            return itgc_fail(quantizer->diag, 424, "only neighbouring axes are normalized in one step; transpose its input");
        }
    }
    if (params->axis_count == 0) {
        return itgc_fail(quantizer->diag, 424, "it normalizes no axes; remove it from the model");
    }
    normalization n = {.measure = ITG_VARIANCE, .centered = true};
    set_axes(&n, shape, first, params->axis_count);
    n.factor = (double)n.space * (double)n.width;
    return add_step(quantizer, node, &n);
}
