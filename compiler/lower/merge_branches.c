/* SPDX-License-Identifier: Apache-2.0
 * Parallel linear branches become one: Add or Sub of two Convs of the same input (RepVGG, MobileOne; identity branches are depthwise 1x1 Convs
 * since fold_batchnorm) sums their weights, the smaller kernel placed where it stood in the larger; Add of two Gemms likewise. */
#include "compiler/lower/affine.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool has_bias(const itgc_node *node)
{
    return node->in_count > 2 && node->in[2];
}

static bool is_constant_linear(const itgc_node *node)
{
    return itgc_is_weights(node->in[1]) && (!has_bias(node) || itgc_is_weights(node->in[2]));
}

/* Where kernel b starts within kernel a, per dimension. False if it does not lie inside. */
static bool find_offsets(const itgc_window *a, const itgc_window *b, int64_t *offset)
{
    for (int i = 0; i < a->rank; i++) {
        offset[i] = a->before[i] - b->before[i];
        const bool same_steps = a->dilation[i] == 1 && (b->dilation[i] == 1 || b->kernel[i] == 1);
        if (!same_steps || a->stride[i] != b->stride[i] || offset[i] < 0 || offset[i] + b->kernel[i] > a->kernel[i]) {
            return false;
        }
    }
    return true;
}

/* b's branch can be added to a's weights. */
static bool can_take(const itgc_node *a, const itgc_node *b, int64_t *offset)
{
    const itgc_conv_params *pa = a->params, *pb = b->params;
    return a->in[0] == b->in[0] && is_constant_linear(a) && is_constant_linear(b) && !pa->pad_values && !pb->pad_values &&
           pa->window.rank == pb->window.rank && pb->group % pa->group == 0 && itgc_same_shape(&a->out[0]->shape, &b->out[0]->shape) &&
           find_offsets(&pa->window, &pb->window, offset);
}

/* Adds b's kernel for output o and its input i (of its group) to a's weights. */
static void add_kernel(float *to, const itgc_shape *shape, const float *from, const itgc_shape *from_shape, const int64_t *offset)
{
    const int64_t count = itgc_elements_after(from_shape, 2);
    int64_t at[ITGC_MAX_SPATIAL] = {0};
    const int rank = shape->rank - 2;
    for (int64_t k = 0; k < count; k++) {
        int64_t index = 0;
        for (int i = 0; i < rank; i++) {
            index = index * shape->dim[i + 2] + offset[i] + at[i];
        }
        to[index] = (float)((double)to[index] + (double)from[k]);
        for (int i = rank - 1; i >= 0 && ++at[i] == from_shape->dim[i + 2]; i--) {
            at[i] = 0;
        }
    }
}

static itgc_tensor *add_weights(itgc_graph *graph, const itgc_node *a, const itgc_node *b, const int64_t *offset)
{
    const itgc_shape *shape = &a->in[1]->constant->shape, *other = &b->in[1]->constant->shape;
    const int64_t outputs = shape->dim[0], each = itgc_elements_after(shape, 1), kernel = itgc_elements_after(shape, 2);
    const int64_t other_each = itgc_elements_after(other, 1), other_kernel = itgc_elements_after(other, 2);
    const int64_t group = ((const itgc_conv_params *)a->params)->group, other_group = ((const itgc_conv_params *)b->params)->group;
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, a->in[1]->name, shape, &to);
    memcpy(to, a->in[1]->constant->f, (size_t)itgc_elements(shape) * sizeof(float));
    for (int64_t o = 0; o < outputs; o++) {
        const int64_t first = o / (outputs / other_group) * other->dim[1] - o / (outputs / group) * shape->dim[1]; /* of b's inputs among a's */
        for (int64_t i = 0; i < other->dim[1]; i++) {
            add_kernel(to + o * each + (first + i) * kernel, shape, b->in[1]->constant->f + o * other_each + i * other_kernel, other, offset);
        }
    }
    return tensor;
}

static itgc_tensor *add_biases(itgc_graph *graph, const itgc_node *a, const itgc_node *b)
{
    if (!has_bias(a) && !has_bias(b)) {
        return NULL;
    }
    const itgc_tensor *model = has_bias(a) ? a->in[2] : b->in[2];
    const int64_t count = itgc_elements(&model->shape);
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, model->name, &model->constant->shape, &to);
    for (int64_t i = 0; i < count; i++) {
        const double sum = (has_bias(a) ? (double)a->in[2]->constant->f[i] : 0.0) + (has_bias(b) ? (double)b->in[2]->constant->f[i] : 0.0);
        to[i] = (float)sum;
    }
    return tensor;
}

static bool replace_sum(itgc_graph *graph, itgc_node *add, const itgc_node *a, itgc_tensor *weights, itgc_tensor *bias)
{
    itgc_tensor *in[3] = {a->in[0], weights, bias};
    itgc_node *sum = itgc_insert_node(graph, a->type, add->out[0]->name, in, bias ? 3 : 2);
    memcpy(sum->params, a->params, a->op->params_bytes);
    return itgc_infer_node(graph, sum) && itgc_replace_node(graph, add, sum->out[0]);
}

static bool is_normal_gemm(const itgc_node *node)
{
    const itgc_gemm_params *params = node->params;
    return params->alpha == 1.0f && params->beta == 1.0f && params->transpose_b && !params->transpose_a && is_constant_linear(node) &&
           (!has_bias(node) || node->in[2]->shape.rank == 1);
}

static bool merge_gemms(itgc_graph *graph, itgc_node *add, const itgc_node *a, const itgc_node *b)
{
    if (a->in[0] != b->in[0] || !is_normal_gemm(a) || !is_normal_gemm(b) || !itgc_same_shape(&a->in[1]->shape, &b->in[1]->shape)) {
        return true;
    }
    float *to;
    itgc_tensor *weights = itgc_make_weights(graph, a->in[1]->name, &a->in[1]->constant->shape, &to);
    for (int64_t i = 0; i < itgc_elements(&weights->shape); i++) {
        to[i] = (float)((double)a->in[1]->constant->f[i] + (double)b->in[1]->constant->f[i]);
    }
    return replace_sum(graph, add, a, weights, add_biases(graph, a, b));
}

static bool merge_convs(itgc_graph *graph, itgc_node *add, const itgc_node *a, const itgc_node *b)
{
    int64_t offset[ITGC_MAX_SPATIAL];
    if (!can_take(a, b, offset)) {
        const itgc_node *swap = a;
        a = b;
        b = swap;
        if (!can_take(a, b, offset)) {
            return true;
        }
    }
    return replace_sum(graph, add, a, add_weights(graph, a, b, offset), add_biases(graph, a, b));
}

static bool merge(itgc_graph *graph, itgc_node *add, const itgc_node *a, const itgc_node *b)
{
    if (a == b || !itgc_only_reader(a->out[0]) || !itgc_only_reader(b->out[0])) {
        return true;
    }
    if (itgc_is_op(a, "Conv") && itgc_is_op(b, "Conv")) {
        return merge_convs(graph, add, a, b);
    }
    return !itgc_is_op(a, "Gemm") || !itgc_is_op(b, "Gemm") || merge_gemms(graph, add, a, b);
}

/* Add(Add(x, conv), conv) with another x first: the two convs come together. */
static bool rotate(itgc_graph *graph, itgc_node *add)
{
    for (int side = 0; side < 2; side++) {
        itgc_node *inner = itgc_producer_of(add->in[side], "Add");
        itgc_tensor *other = add->in[1 - side];
        if (!inner || !itgc_only_reader(add->in[side]) || !other->producer) {
            continue;
        }
        for (int i = 0; i < 2; i++) {
            const itgc_node *a = inner->in[i]->producer, *b = other->producer;
            int64_t offset[ITGC_MAX_SPATIAL];
            if (!itgc_is_op(a, "Conv") || !itgc_is_op(b, "Conv") || !itgc_only_reader(a->out[0]) || !itgc_only_reader(b->out[0]) ||
                !(can_take(a, b, offset) || can_take(b, a, offset))) {
                continue;
            }
            itgc_tensor *pair = itgc_insert_binary(graph, "Add", itgc_sprint(graph->arena, "%s/branches", add->out[0]->name), inner->in[i], other);
            itgc_tensor *out = pair ? itgc_insert_binary(graph, "Add", add->out[0]->name, inner->in[1 - i], pair) : NULL;
            if (!out || !itgc_replace_node(graph, add, out)) {
                return false;
            }
            itgc_detach(graph, inner);
            return true;
        }
    }
    return true;
}

/* x + conv(x) in front of a scale for each channel (RepViT): as a branch of its own the sum would keep that scale out of the weights.
 * x is a tap of 1 where the kernel meets its own position. */
static bool merge_identity(itgc_graph *graph, itgc_node *add, const itgc_node *conv, const itgc_tensor *x)
{
    const itgc_conv_params *params = conv->params;
    const itgc_shape *shape = &conv->in[1]->shape;
    itgc_affine scale;
    itgc_node *reader = itgc_only_reader(add->out[0]);
    if (conv->in[0] != x || !itgc_only_reader(conv->out[0]) || !is_constant_linear(conv) || params->pad_values || !reader ||
        !itgc_same_shape(&conv->out[0]->shape, &x->shape) || !itgc_read_affine(graph, reader, &scale)) {
        return true;
    }
    int64_t tap = 0;
    for (int i = 0; i < params->window.rank; i++) {
        if (params->window.stride[i] != 1 || params->window.dilation[i] != 1 || params->window.before[i] >= params->window.kernel[i]) {
            return true;
        }
        tap = tap * shape->dim[i + 2] + params->window.before[i];
    }
    float *to;
    itgc_tensor *weights = itgc_make_weights(graph, conv->in[1]->name, shape, &to);
    const int64_t each = itgc_elements_after(shape, 1), kernel = itgc_elements_after(shape, 2);
    memcpy(to, conv->in[1]->constant->f, (size_t)itgc_elements(shape) * sizeof(float));
    for (int64_t o = 0; o < shape->dim[0]; o++) {
        to[o * each + o % shape->dim[1] * kernel + tap] += 1.0f; /* groups have as many inputs as outputs */
    }
    return replace_sum(graph, add, conv, weights, has_bias(conv) ? conv->in[2] : NULL);
}

/* A difference of two branches becomes a sum: the second one's weights change sign. */
static bool rewrite_difference(itgc_graph *graph, itgc_node *node)
{
    double minus = -1.0, zero = 0.0;
    const itgc_node *a = node->in[0]->producer, *b = node->in[1]->producer;
    int axis = -1;
    if (!itgc_is_op(a, "Conv") || !itgc_is_op(b, "Conv") || a->in[0] != b->in[0] || !itgc_only_reader(a->out[0])) {
        return true;
    }
    itgc_node *linear = itgc_find_linear(node->in[1], &axis);
    if (!linear) {
        return true;
    }
    const itgc_affine sign = {.axis = -1, .channels = 1, .scale = &minus, .shift = &zero};
    itgc_scale_outputs(graph, linear, &sign);
    linear->out[0]->name = itgc_sprint(graph->arena, "%s/negative", linear->out[0]->name);
    itgc_tensor *out = itgc_insert_binary(graph, "Add", node->out[0]->name, node->in[0], node->in[1]);
    return out && itgc_replace_node(graph, node, out);
}

bool itgc_merge_branches(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    if (graph->is_prescribed) {
        return true; /* the sum of weights on two grids lies on none */
    }
    for (int i = 0; i < graph->node_count; i++) { /* nodes made on the way come by too */
        itgc_node *add = graph->nodes[i];
        if (itgc_is_op(add, "Sub") && !rewrite_difference(graph, add)) {
            return false;
        }
        if (!itgc_is_op(add, "Add") || add->in_count != 2) {
            continue;
        }
        const itgc_node *a = add->in[0]->producer, *b = add->in[1]->producer;
        if (a && b && !merge(graph, add, a, b)) {
            return false;
        }
        if (itgc_is_op(add, "Add") && !rotate(graph, add)) {
            return false;
        }
        for (int side = 0; side < 2 && itgc_is_op(add, "Add"); side++) {
            const itgc_node *conv = itgc_producer_of(add->in[side], "Conv");
            if (conv && !merge_identity(graph, add, conv, add->in[1 - side])) {
                return false;
            }
        }
    }
    return true;
}
