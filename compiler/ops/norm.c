/* SPDX-License-Identifier: Apache-2.0
 * LayerNormalization, RMSNormalization (over the last axes), InstanceNormalization, GroupNormalization (over space, per channel group).
 * Sums, variance and the quotient are in double: close to exact, and equal bits everywhere. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* `outer` runs of `inner` neighbouring values, `step` apart. */
typedef struct block {
    int64_t outer, inner, step;
} block;

typedef struct moments {
    double mean, inverse; /* inverse: 1 / sqrt(variance + epsilon) */
} moments;

/* about_zero: the mean square itself, as RMSNormalization wants it. */
static moments take_moments(const float *x, block b, double epsilon, bool about_zero)
{
    const double count = (double)(b.outer * b.inner);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < b.outer && !about_zero; i++) {
        for (int64_t j = 0; j < b.inner; j++) {
            sum += (double)x[i * b.step + j];
        }
    }
    const double mean = sum / count;
    for (int64_t i = 0; i < b.outer; i++) {
        for (int64_t j = 0; j < b.inner; j++) {
            const double difference = (double)x[i * b.step + j] - mean;
            squares += difference * difference;
        }
    }
    return (moments){.mean = mean, .inverse = 1.0 / sqrt(squares / count + epsilon)};
}

static bool parse_norm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    params->epsilon = itgc_float_attribute(node, "epsilon", 1e-5f);
    params->axis = itgc_int_attribute(node, "axis", -1);
    params->groups = itgc_int_attribute(node, "num_groups", 0);
    if (itgc_int_attribute(node, "stash_type", 1) != 1) {
        return itgc_fail(diag, 230, "stash_type other than 1 (float32) is not supported; export the model again");
    }
    if (strcmp(node->type, "GroupNormalization") == 0 && params->groups < 1) {
        return itgc_fail(diag, 230, "num_groups %" PRId64 " is not a count; export the model again", params->groups);
    }
    return true;
}

/* Scale and bias of the last axes: one value, or one for each element from `axis` on (missing or repeated dimensions are broadcast). */
static bool check_tail(const itgc_node *node, itgc_diag *diag, int input)
{
    const itgc_tensor *const tensor = itgc_input_of(node, input);
    const itgc_shape *const x = &node->in[0]->shape;
    itgc_shape joined = *x;
    if (tensor == NULL) {
        return true;
    }
    if (!itgc_require_type(diag, node, input, ITGC_FLOATS)) {
        return false;
    }
    if (tensor->shape.rank > x->rank || !itgc_broadcast(diag, &joined, x, &tensor->shape) || !itgc_same_shape(&joined, x)) {
        return itgc_fail(diag, 226, "input %d has shape %s, which does not fit its input %s; check the input shape", input,
                         itgc_shape_text(diag->arena, &tensor->shape), itgc_shape_text(diag->arena, x));
    }
    return true;
}

static bool infer_layernorm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    const itgc_shape *const x = &node->in[0]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !itgc_normalize_axis(diag, &params->axis, x->rank) || !check_tail(node, diag, 1) ||
        !check_tail(node, diag, 2)) {
        return false;
    }
    itgc_shape reduced = *x;
    for (int i = (int)params->axis; i < x->rank; i++) {
        reduced.dim[i] = 1;
    }
    itgc_set_output(node, 0, node->in[0]->type, x);
    itgc_set_output(node, 1, ITGC_F32, &reduced);
    itgc_set_output(node, 2, ITGC_F32, &reduced);
    return true;
}

/* An operand spread over all of x, in scratch, unless it already has x's elements; NULL if it is left out. */
static const float *spread_operand(const itgc_eval *eval, int index)
{
    const itgc_value *const operand = itgc_operand_of(eval, index);
    const itgc_shape *const x = &eval->in[0]->shape;
    if (operand == NULL || itgc_elements(&operand->shape) == itgc_elements(x)) {
        return operand == NULL ? NULL : operand->f;
    }
    itgc_value *const spread = itgc_new_value(eval->scratch, operand->type, x);
    itgc_walk walk;
    itgc_init_walk(&walk, x->rank, x->dim);
    itgc_add_broadcast(&walk, &operand->shape);
    itgc_copy_walk(spread, operand, &walk);
    return spread->f;
}

static void write_moment(const itgc_eval *eval, int output, int64_t index, double value)
{
    if (output < eval->node->out_count && eval->out[output] != NULL) {
        eval->out[output]->f[index] = (float)value;
    }
}

static void run_layernorm(const itgc_eval *eval, bool about_zero)
{
    const itgc_norm_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    const int64_t rows = itgc_outer_count(shape, params->axis), count = itgc_elements(shape) / (rows == 0 ? 1 : rows);
    const float *const scale = spread_operand(eval, 1), *const bias = spread_operand(eval, 2);
    for (int64_t r = 0; r < rows; r++) {
        const float *const x = eval->in[0]->f + r * count;
        float *const y = eval->out[0] == NULL ? NULL : eval->out[0]->f + r * count;
        const moments m = take_moments(x, (block){.outer = 1, .inner = count}, (double)params->epsilon, about_zero);
        for (int64_t i = 0; i < count && y != NULL; i++) {
            const float normal = (float)(((double)x[i] - (params->about_mean ? 0.0 : m.mean)) * m.inverse);
            const float scaled = scale == NULL ? normal : normal * scale[r * count + i];
            y[i] = bias == NULL ? scaled : scaled + bias[r * count + i];
        }
        write_moment(eval, 1, r, m.mean);
        write_moment(eval, 2, r, m.inverse);
    }
}

static bool eval_layernorm(const itgc_eval *eval)
{
    run_layernorm(eval, false);
    return true;
}

static bool eval_rmsnorm(const itgc_eval *eval)
{
    run_layernorm(eval, !((const itgc_norm_params *)eval->node->params)->about_mean);
    return true;
}

/* Instance and group: scale and bias per channel, or (GroupNormalization 18) per group. */
static bool infer_groupnorm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    const itgc_shape *const x = &node->in[0]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !itgc_require_type(diag, node, 1, ITGC_FLOATS) ||
        !itgc_require_type(diag, node, 2, ITGC_FLOATS)) {
        return false;
    }
    if (x->rank < 3) {
        return itgc_fail(diag, 223, "its input has %d dimensions; 3 or more are supported", x->rank);
    }
    const int64_t channels = x->dim[params->channels_last ? x->rank - 1 : 1];
    params->groups = strcmp(node->type, "InstanceNormalization") == 0 ? channels : params->groups;
    const int64_t entries = itgc_elements(&node->in[1]->shape);
    if (params->groups < 1 || channels % params->groups != 0 || (entries != channels && entries != params->groups) ||
        itgc_elements(&node->in[2]->shape) != entries) {
        return itgc_fail(diag, 226, "%" PRId64 " groups with a scale of %s do not fit its input %s; check the input shape", params->groups,
                         itgc_shape_text(diag->arena, &node->in[1]->shape), itgc_shape_text(diag->arena, x));
    }
    itgc_set_output(node, 0, node->in[0]->type, x);
    return true;
}

/* One group of one image. b: its values; channels lie channel_step apart, each with `inner` or b.outer positions. */
static void normalize_group(const itgc_eval *eval, int64_t start, int64_t first_channel, block b, int64_t channels)
{
    const itgc_norm_params *const params = eval->node->params;
    const float *const x = eval->in[0]->f + start, *const scale = eval->in[1]->f, *const bias = eval->in[2]->f;
    float *const y = eval->out[0]->f + start;
    const int64_t each = b.inner / (params->channels_last ? b.inner : channels); /* neighbours of one channel */
    const bool per_group = itgc_elements(&eval->in[1]->shape) == params->groups;
    const moments m = take_moments(x, b, (double)params->epsilon, false);
    for (int64_t i = 0; i < b.outer; i++) {
        for (int64_t j = 0; j < b.inner; j++) {
            const int64_t channel = first_channel + j / each, entry = per_group ? channel / channels : channel;
            const float normal = (float)(((double)x[i * b.step + j] - m.mean) * m.inverse);
            y[i * b.step + j] = normal * scale[entry] + bias[entry];
        }
    }
}

static bool eval_groupnorm(const itgc_eval *eval)
{
    const itgc_norm_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    const int64_t channels = shape->dim[params->channels_last ? shape->rank - 1 : 1];
    const int64_t each = channels / params->groups, total = itgc_elements(shape);
    const int64_t space = total == 0 ? 0 : total / shape->dim[0] / channels;
    for (int64_t i = 0; i < shape->dim[0] * params->groups && total > 0; i++) {
        const int64_t image = i / params->groups, first = i % params->groups * each;
        if (params->channels_last) {
            normalize_group(eval, image * space * channels + first, first, (block){.outer = space, .inner = each, .step = channels}, each);
        } else {
            normalize_group(eval, (image * channels + first) * space, first, (block){.outer = 1, .inner = each * space}, each);
        }
    }
    return true;
}

const itgc_op itgc_op_layernorm = {.family = "norm",
                                   .attributes = "axis epsilon stash_type",
                                   .min_inputs = 2,
                                   .max_inputs = 3,
                                   .max_outputs = 3,
                                   .params_bytes = sizeof(itgc_norm_params),
                                   .parse = parse_norm,
                                   .infer = infer_layernorm,
                                   .eval = eval_layernorm,
                                   .quantize = itgc_quantize_layernorm};

const itgc_op itgc_op_rmsnorm = {.family = "norm",
                                 .attributes = "axis epsilon stash_type",
                                 .min_inputs = 2,
                                 .max_inputs = 2,
                                 .max_outputs = 1,
                                 .params_bytes = sizeof(itgc_norm_params),
                                 .parse = parse_norm,
                                 .infer = infer_layernorm,
                                 .eval = eval_rmsnorm,
                                 .quantize = itgc_quantize_layernorm};

const itgc_op itgc_op_groupnorm = {.family = "norm",
                                   .attributes = "num_groups epsilon stash_type consumed_inputs",
                                   .min_inputs = 3,
                                   .max_inputs = 3,
                                   .max_outputs = 1,
                                   .params_bytes = sizeof(itgc_norm_params),
                                   .parse = parse_norm,
                                   .infer = infer_groupnorm,
                                   .eval = eval_groupnorm,
                                   .quantize = itgc_quantize_groupnorm};
