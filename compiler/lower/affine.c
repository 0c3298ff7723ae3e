/* SPDX-License-Identifier: Apache-2.0
 * See affine.h. All products in double, rounded once to float. */
#include "compiler/lower/affine.h"

#include <math.h>

static void fill(itgc_graph *graph, itgc_affine *affine, int64_t channels)
{
    affine->channels = channels;
    affine->scale = ITGC_NEW_ARRAY(graph->arena, double, channels);
    affine->shift = ITGC_NEW_ARRAY(graph->arena, double, channels);
    for (int64_t i = 0; i < channels; i++) {
        affine->scale[i] = 1.0;
    }
}

/* The one dimension, aligned to `shape`, along which a constant varies; -1: none; -2: several, or it would broadcast the data. */
static int find_channel_axis(const itgc_shape *constant, const itgc_shape *shape)
{
    int axis = -1;
    if (constant->rank > shape->rank) {
        return -2;
    }
    for (int i = 0; i < constant->rank; i++) {
        const int aligned = i + shape->rank - constant->rank;
        if (constant->dim[i] == 1) {
            continue;
        }
        if (axis != -1 || constant->dim[i] != shape->dim[aligned]) {
            return -2;
        }
        axis = aligned;
    }
    return axis;
}

static bool read_constant(itgc_graph *graph, const itgc_node *node, itgc_affine *affine)
{
    const itgc_tensor *constant = node->in[1];
    const bool is_mul = itgc_is_op(node, "Mul");
    if (node->in_count != 2 || !itgc_is_weights(constant) || node->in[0]->constant || !itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape)) {
        return false;
    }
    double value;
    const bool is_scalar = itgc_is_scalar(constant, &value);
    const int axis = is_scalar ? -1 : find_channel_axis(&constant->shape, &node->in[0]->shape);
    if (axis == -2) {
        return false;
    }
    *affine = (itgc_affine){.in = node->in[0], .out = node->out[0], .axis = axis};
    fill(graph, affine, axis < 0 ? 1 : node->in[0]->shape.dim[axis]);
    for (int64_t i = 0; i < affine->channels; i++) {
        (is_mul ? affine->scale : affine->shift)[i] = (double)constant->constant->f[i];
    }
    return true;
}

static bool read_batchnorm(itgc_graph *graph, const itgc_node *node, itgc_affine *affine)
{
    const itgc_norm_params *params = node->params;
    const double epsilon = (double)params->epsilon;
    if (node->in_count != 5 || node->in[0]->shape.rank < 2 || params->is_training) {
        return false;
    }
    for (int i = 1; i < 5; i++) {
        if (!itgc_is_weights(node->in[i])) {
            return false;
        }
    }
    const float *gamma = node->in[1]->constant->f, *beta = node->in[2]->constant->f;
    const float *mean = node->in[3]->constant->f, *variance = node->in[4]->constant->f;
    *affine = (itgc_affine){.in = node->in[0], .out = node->out[0], .axis = 1};
    fill(graph, affine, node->in[0]->shape.dim[1]);
    for (int64_t i = 0; i < affine->channels; i++) {
        affine->scale[i] = (double)gamma[i] / sqrt((double)variance[i] + epsilon);
        affine->shift[i] = (double)beta[i] - (double)mean[i] * affine->scale[i];
    }
    return true;
}

/* A depthwise Conv of one tap. */
static bool read_depthwise(itgc_graph *graph, const itgc_node *node, itgc_affine *affine)
{
    const itgc_tensor *weights = node->in[1], *bias = node->in_count > 2 ? node->in[2] : NULL;
    const itgc_conv_params *params = node->params;
    const int64_t channels = node->in[0]->shape.rank < 3 ? 0 : node->in[0]->shape.dim[1];
    if (!itgc_is_weights(weights) || (bias && !itgc_is_weights(bias)) || params->group != channels || itgc_elements(&weights->shape) != channels ||
        params->pad_values || params->window.channels_last || !itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape)) {
        return false;
    }
    for (int i = 0; i < params->window.rank; i++) {
        if (params->window.before[i] != 0 || params->window.after[i] != 0 || params->window.stride[i] != 1) {
            return false;
        }
    }
    *affine = (itgc_affine){.in = node->in[0], .out = node->out[0], .axis = 1};
    fill(graph, affine, channels);
    for (int64_t i = 0; i < channels; i++) {
        affine->scale[i] = (double)weights->constant->f[i];
        affine->shift[i] = bias ? (double)bias->constant->f[i] : 0.0;
    }
    return true;
}

bool itgc_read_affine(itgc_graph *graph, const itgc_node *node, itgc_affine *affine)
{
    if (itgc_is_op(node, "Conv")) {
        return read_depthwise(graph, node, affine);
    }
    if (itgc_is_op(node, "Mul") || itgc_is_op(node, "Add")) {
        return read_constant(graph, node, affine);
    }
    return itgc_is_op(node, "BatchNormalization") && read_batchnorm(graph, node, affine);
}

/* The dimension of a Reshape's input that is dimension `axis` of its output; -1 if that got split or merged. */
static int map_through_reshape(const itgc_shape *in, const itgc_shape *out, int axis)
{
    const int64_t before = itgc_elements_before(out, axis);
    int64_t product = 1;
    for (int i = 0; i < in->rank; i++) {
        if (product == before && in->dim[i] == out->dim[axis]) {
            return i;
        }
        product *= in->dim[i];
    }
    return -1;
}

itgc_node *itgc_find_linear(itgc_tensor *tensor, int *axis)
{
    for (;;) {
        itgc_node *node = tensor->producer;
        if (!itgc_only_reader(tensor) || !node || node->in_count == 0) {
            return NULL;
        }
        if (itgc_is_op(node, "Conv") || itgc_is_op(node, "ConvTranspose") || itgc_is_op(node, "Gemm")) {
            const bool has_bias = node->in_count < 3 || !node->in[2] || itgc_is_weights(node->in[2]);
            return itgc_is_weights(node->in[1]) && has_bias && (*axis == 1 || *axis == -1) ? node : NULL;
        }
        if (itgc_is_op(node, "Reshape")) {
            const int mapped = *axis < 0 ? -1 : map_through_reshape(&node->in[0]->shape, &tensor->shape, *axis);
            if (mapped < 0 && *axis >= 0) {
                return NULL;
            }
            *axis = mapped;
        } else if (itgc_is_op(node, "Transpose")) {
            int64_t perm[ITGC_MAX_RANK];
            itgc_read_perm(node, perm);
            *axis = *axis < 0 ? -1 : (int)perm[*axis];
        } else {
            return NULL;
        }
        tensor = node->in[0];
    }
}

/* The linear node's bias as a fresh constant, zeros if it has none. */
static float *own_bias(itgc_graph *graph, itgc_node *linear, int64_t channels)
{
    const itgc_tensor *old = linear->in_count > 2 ? linear->in[2] : NULL;
    const itgc_shape shape = {.rank = 1, .dim = {channels}};
    float *values;
    itgc_tensor *bias = itgc_make_weights(graph, old ? old->name : linear->name, &shape, &values);
    for (int64_t i = 0; old && i < channels; i++) {
        values[i] = old->constant->f[i];
    }
    itgc_set_input(graph, linear, 2, bias);
    return values;
}

static float *own_weights(itgc_graph *graph, itgc_node *linear)
{
    const itgc_tensor *old = linear->in[1];
    const int64_t count = itgc_elements(&old->shape);
    float *values;
    itgc_tensor *weights = itgc_make_weights(graph, old->name, &old->constant->shape, &values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = old->constant->f[i];
    }
    itgc_set_input(graph, linear, 1, weights);
    return values;
}

void itgc_scale_outputs(itgc_graph *graph, itgc_node *linear, const itgc_affine *affine)
{
    const itgc_shape shape = linear->in[1]->shape;
    /* ConvTranspose: [C, M/group, k…]; the others [M, …] */
    const bool is_transposed = itgc_is_op(linear, "ConvTranspose");
    const int64_t channels = linear->out[0]->shape.dim[1];
    const int64_t each = itgc_elements_after(&shape, is_transposed ? 2 : 1);
    const int64_t per_group = is_transposed ? shape.dim[1] : 1;
    const int64_t group = is_transposed ? channels / per_group : 1;
    float *weights = own_weights(graph, linear);
    float *bias = own_bias(graph, linear, channels);
    for (int64_t i = 0; i < shape.dim[0] * per_group; i++) {
        const int64_t channel = is_transposed ? (i / per_group) / (shape.dim[0] / group) * per_group + i % per_group : i;
        const double scale = affine->scale[affine->axis < 0 ? 0 : channel];
        for (int64_t k = 0; k < each; k++) {
            weights[i * each + k] = (float)(scale * (double)weights[i * each + k]);
        }
    }
    for (int64_t i = 0; i < channels; i++) {
        const int64_t c = affine->axis < 0 ? 0 : i;
        bias[i] = (float)(affine->scale[c] * (double)bias[i] + affine->shift[c]);
    }
}

static bool has_padding(const itgc_conv_params *params)
{
    for (int i = 0; i < params->window.rank; i++) {
        if (params->window.before[i] > 0 || params->window.after[i] > 0) {
            return true;
        }
    }
    return false;
}

bool itgc_takes_affine(const itgc_node *reader, const itgc_affine *affine, bool with_padding)
{
    if (!(itgc_is_op(reader, "Conv") || itgc_is_op(reader, "Gemm")) || reader->in[0] != affine->out || !itgc_is_weights(reader->in[1]) ||
        !(affine->axis == -1 || affine->axis == 1) || (reader->in_count > 2 && reader->in[2] && !itgc_is_weights(reader->in[2]))) {
        return false;
    }
    if (itgc_is_op(reader, "Gemm")) {
        const itgc_gemm_params *gemm = reader->params;
        return gemm->transpose_b && !gemm->transpose_a;
    }
    const itgc_conv_params *params = reader->params;
    bool is_pure_scale = !params->pad_values;
    for (int64_t i = 0; i < affine->channels; i++) {
        is_pure_scale = is_pure_scale && affine->shift[i] == 0.0;
        with_padding = with_padding && affine->scale[i] != 0.0;
    }
    return is_pure_scale || !has_padding(params) || with_padding;
}

/* What the node pads with, per channel of its new input: the x for which scale * x + shift is the old padding. */
static void carry_padding(itgc_graph *graph, itgc_conv_params *params, int64_t channels, const itgc_affine *affine, const int64_t *index)
{
    float *pad = ITGC_NEW_ARRAY(graph->arena, float, channels);
    bool any = false;
    for (int64_t i = 0; i < channels; i++) {
        const int64_t c = affine->axis < 0 ? 0 : i;
        const double old = params->pad_values ? (double)params->pad_values[i] : 0.0;
        const double value = affine->scale[c] != 0.0 ? (old - affine->shift[c]) / affine->scale[c] : 0.0;
        pad[index ? index[i] : i] = (float)value;
        any = any || value != 0.0;
    }
    params->pad_values = any && has_padding(params) ? pad : NULL;
}

void itgc_scale_inputs(itgc_graph *graph, itgc_node *reader, const itgc_affine *affine, const int64_t *index)
{
    const itgc_shape shape = reader->in[1]->shape;
    const bool is_conv = itgc_is_op(reader, "Conv");
    const int64_t group = is_conv ? ((itgc_conv_params *)reader->params)->group : 1;
    const int64_t outputs = shape.dim[0], inputs = shape.dim[1], each = itgc_elements_after(&shape, 2);
    const float *old = reader->in[1]->constant->f;
    float *weights = own_weights(graph, reader);
    float *bias = own_bias(graph, reader, outputs);
    for (int64_t o = 0; o < outputs; o++) {
        double sum = (double)bias[o];
        for (int64_t i = 0; i < inputs; i++) {
            const int64_t channel = o / (outputs / group) * inputs + i;
            const int64_t c = affine->axis < 0 ? 0 : channel;
            const int64_t to = (o * inputs + (index ? index[i] : i)) * each;
            for (int64_t k = 0; k < each; k++) {
                const double weight = (double)old[(o * inputs + i) * each + k];
                weights[to + k] = (float)(affine->scale[c] * weight);
                sum += affine->shift[c] * weight;
            }
        }
        bias[o] = (float)sum;
    }
    if (is_conv) {
        carry_padding(graph, reader->params, inputs * group, affine, index);
    }
}
