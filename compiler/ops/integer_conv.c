/* SPDX-License-Identifier: Apache-2.0
 * ConvInteger and QLinearConv: convolution of codes less their zero points, exact in 64 bits; the second brings the sums to output codes.
 * In: x [N,C,…], weights [M,C/group,k…], bias of QLinearConv [M] at the scale of the products. */
#include "compiler/ops/quantize_linear.h"
#include "compiler/ops/window.h"

#include <inttypes.h>
#include <string.h>

static const itgc_positions integer_positions = {0, -1, 2, 1, -1, 3, -1, -1, -1};
static const itgc_positions linear_positions = {0, 1, 2, 3, 4, 5, 6, 7, 8};

static const itgc_positions *positions_of(const itgc_node *node)
{
    return strcmp(node->type, "QLinearConv") == 0 ? &linear_positions : &integer_positions;
}

static bool parse_integer_conv(itgc_node *node, itgc_diag *diag)
{
    itgc_conv_params *const params = node->params;
    params->group = itgc_int_attribute(node, "group", 1);
    if (params->group < 1)
        return itgc_fail(diag, 225, "group %" PRId64 " is not a count; export the model again", params->group);
    return itgc_parse_window(node, diag, &params->window);
}

static bool fits_weights(itgc_conv_params *params, const itgc_shape *x, const itgc_shape *weights)
{
    if (weights->rank != x->rank || weights->dim[1] * params->group != x->dim[1] || weights->dim[0] < 1 || weights->dim[0] % params->group != 0)
        return false;
    for (int i = 0; i < params->window.rank; i++) {
        if (weights->dim[2 + i] < 1 || (params->window.kernel[i] != 0 && params->window.kernel[i] != weights->dim[2 + i]))
            return false;
        params->window.kernel[i] = weights->dim[2 + i];
    }
    return true;
}

static bool infer_integer_conv(itgc_node *node, itgc_diag *diag)
{
    const itgc_positions *const at = positions_of(node);
    itgc_conv_params *const params = node->params;
    const itgc_shape *const x = &node->in[at->a]->shape, *const weights = &node->in[at->b]->shape;
    const itgc_tensor *const bias = at->bias < 0 ? NULL : itgc_input_of(node, at->bias);
    itgc_shape y = *x;
    if (!itgc_check_window(&params->window, diag, x))
        return false;
    if (!fits_weights(params, x, weights) || (bias != NULL && itgc_elements(&bias->shape) != weights->dim[0]))
        return itgc_fail(diag, 226, "its weights or bias do not fit: x %s, weights %s, %" PRId64 " groups; check the input shape",
                         itgc_shape_text(diag->arena, x), itgc_shape_text(diag->arena, weights), params->group);
    if (!itgc_check_positions(node, diag, at, 0, weights->dim[0]) || !itgc_infer_window(&params->window, diag, x, y.dim + 2))
        return false;
    y.dim[1] = weights->dim[0];
    itgc_set_output(node, 0, at->y_zero < 0 ? ITGC_I32 : node->in[at->y_zero]->type, &y);
    return true;
}

/* One output position of one channel; start: where its window begins in each spatial dimension. */
typedef struct place {
    const int64_t *x, *weights; /* of the group's first channel, of the output channel */
    int64_t start[3], channels, x_zero, w_zero;
} place;

static int64_t sum_window(const itgc_geometry *g, const place *p)
{
    const int64_t taps = g->kernel[0] * g->kernel[1] * g->kernel[2];
    int64_t sum = 0;
    for (int64_t tap = 0; tap < taps; tap++) {
        const int64_t k[3] = {tap / (g->kernel[1] * g->kernel[2]), tap / g->kernel[2] % g->kernel[1], tap % g->kernel[2]};
        int64_t at = 0;
        bool is_inside = true;
        for (int i = 0; i < 3; i++) {
            const int64_t position = p->start[i] + k[i] * g->dilation[i];
            is_inside = is_inside && position >= 0 && position < g->in[i];
            at += position * g->in_step[i];
        }
        for (int64_t c = 0; is_inside && c < p->channels; c++)
            sum += (p->x[c * g->in_channel + at] - p->x_zero) * (p->weights[c * taps + tap] - p->w_zero);
    }
    return sum;
}

static int64_t finish(const itgc_eval *eval, const itgc_positions *at, int64_t channel, int64_t sum)
{
    const itgc_value *const bias = at->bias < 0 ? NULL : itgc_operand_of(eval, at->bias);
    if (at->y_zero < 0)
        return itgc_wrap(ITGC_I32, sum);
    const float multiplier = itgc_scale_at(eval, at->a_scale, 0) * itgc_scale_at(eval, at->b_scale, channel) / itgc_scale_at(eval, at->y_scale, 0);
    return itgc_requantize_code(eval->out[0]->type, sum + (bias == NULL ? 0 : bias->i[channel]), multiplier, itgc_zero_at(eval, at->y_zero, 0));
}

static bool eval_integer_conv(const itgc_eval *eval)
{
    const itgc_positions *const at = positions_of(eval->node);
    const itgc_conv_params *const params = eval->node->params;
    const itgc_value *const x = eval->in[at->a], *const weights = eval->in[at->b];
    itgc_geometry g;
    itgc_fill_geometry(&g, &params->window, &x->shape, &eval->out[0]->shape);
    const int64_t plane = g.out[0] * g.out[1] * g.out[2], per_group = g.channels / params->group;
    const int64_t each = weights->shape.dim[1] * g.kernel[0] * g.kernel[1] * g.kernel[2], count = itgc_elements(&eval->out[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        const int64_t channel = i / plane % g.channels, batch = i / plane / g.channels, spot = i % plane;
        const int64_t out[3] = {spot / (g.out[1] * g.out[2]), spot / g.out[2] % g.out[1], spot % g.out[2]};
        place p = {.x = x->i + batch * g.in_batch + channel / per_group * weights->shape.dim[1] * g.in_channel,
                   .weights = weights->i + channel * each,
                   .channels = weights->shape.dim[1],
                   .x_zero = itgc_zero_at(eval, at->a_zero, 0),
                   .w_zero = itgc_zero_at(eval, at->b_zero, channel)};
        for (int d = 0; d < 3; d++)
            p.start[d] = out[d] * g.stride[d] - g.before[d];
        eval->out[0]->i[i] = finish(eval, at, channel, sum_window(&g, &p));
    }
    return true;
}

#define INTEGER_CONV(least, most)                                                                                                                    \
    {                                                                                                                                                \
        .family = "integer_conv", .attributes = ITGC_WINDOW_ATTRIBUTES " group", .min_inputs = least, .max_inputs = most, .max_outputs = 1,          \
        .params_bytes = sizeof(itgc_conv_params), .parse = parse_integer_conv, .infer = infer_integer_conv, .eval = eval_integer_conv                \
    }

const itgc_op itgc_op_conv_integer = INTEGER_CONV(2, 4);
const itgc_op itgc_op_qlinear_conv = INTEGER_CONV(8, 9);
