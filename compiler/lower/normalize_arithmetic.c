/* SPDX-License-Identifier: Apache-2.0
 * One spelling for elementwise arithmetic: constants stand second; Sub and Div by a constant become Add and Mul; Sum, Mean and variadic
 * Max, Min become chains of two; Max and Min with one number become Relu or Clip; PRelu with one slope becomes LeakyRelu. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <math.h>
#include <string.h>

static bool is_constant_pair(const itgc_node *node)
{
    return node->in_count == 2 && node->in[0] && node->in[1] && itgc_is_float(node->out[0]->type);
}

/* A constant of the same shape with each value mapped. */
static itgc_tensor *map_constant(itgc_graph *graph, const itgc_tensor *from, bool reciprocal)
{
    float *values;
    itgc_tensor *to = itgc_make_weights(graph, from->name, &from->constant->shape, &values);
    const int64_t count = itgc_elements(&from->constant->shape);
    for (int64_t i = 0; i < count; i++) {
        values[i] = reciprocal ? (float)(1.0 / (double)from->constant->f[i]) : -from->constant->f[i];
    }
    return to;
}

static bool has_zero(const itgc_value *value)
{
    const int64_t count = itgc_elements(&value->shape);
    for (int64_t i = 0; i < count; i++) {
        if (value->f[i] == 0.0f) {
            return true;
        }
    }
    return false;
}

static void put_constant_second(itgc_graph *graph, itgc_node *node)
{
    if (!itgc_is_weights(node->in[0]) || node->in[1]->constant) {
        return;
    }
    itgc_tensor *constant = node->in[0];
    itgc_tensor *live = node->in[1];
    itgc_set_input(graph, node, 0, live);
    itgc_set_input(graph, node, 1, constant);
}

static bool rewrite_sub(itgc_graph *graph, itgc_node *node)
{
    const char *name = node->out[0]->name;
    itgc_tensor *out = NULL;
    if (itgc_is_weights(node->in[1]) && !node->in[0]->constant) {
        out = itgc_insert_binary(graph, "Add", name, node->in[0], map_constant(graph, node->in[1], false));
    } else if (itgc_is_weights(node->in[0]) && !node->in[1]->constant) {
        itgc_tensor *negative =
            itgc_insert_binary(graph, "Mul", itgc_sprint(graph->arena, "%s/negative", name), node->in[1], itgc_make_scalar(graph, name, -1.0));
        out = negative ? itgc_insert_binary(graph, "Add", name, negative, node->in[0]) : NULL;
    } else {
        return true;
    }
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_div(itgc_graph *graph, itgc_node *node)
{
    if (!itgc_is_weights(node->in[1]) || node->in[0]->constant || has_zero(node->in[1]->constant)) {
        return true;
    }
    itgc_tensor *out = itgc_insert_binary(graph, "Mul", node->out[0]->name, node->in[0], map_constant(graph, node->in[1], true));
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_variadic(itgc_graph *graph, itgc_node *node)
{
    const bool is_mean = itgc_is_op(node, "Mean");
    const char *type = is_mean || itgc_is_op(node, "Sum") ? "Add" : node->type;
    if (node->in_count == 1) { /* left by drop_identity where a graph input is the output */
        itgc_tensor *same = itgc_insert_node(graph, "Identity", node->out[0]->name, node->in, 1)->out[0];
        return itgc_infer_node(graph, same->producer) && itgc_replace_node(graph, node, same);
    }
    if (node->in_count == 2 && strcmp(type, node->type) == 0) {
        return true;
    }
    const char *name = node->out[0]->name;
    itgc_tensor *out = node->in[0];
    for (int i = 1; i < node->in_count && out; i++) {
        out = itgc_insert_binary(graph, type, name, out, node->in[i]);
    }
    if (out && is_mean) {
        out = itgc_insert_binary(graph, "Mul", name, out, itgc_make_scalar(graph, name, 1.0 / node->in_count));
    }
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_bound(itgc_graph *graph, itgc_node *node)
{
    double bound;
    if (!itgc_is_scalar(node->in[1], &bound) || !itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape)) {
        return true;
    }
    const bool is_max = itgc_is_op(node, "Max");
    itgc_unary_params params = {.kind = ITGC_CLIP, .alpha = is_max ? bound : -INFINITY, .beta = is_max ? INFINITY : bound};
    if (is_max && bound == 0.0) {
        params = (itgc_unary_params){.kind = ITGC_RELU};
    }
    const char *type = params.kind == ITGC_RELU ? "Relu" : "Clip";
    itgc_tensor *out = itgc_insert_unary(graph, type, &params, node->out[0]->name, node->in[0]);
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_clip(itgc_graph *graph, itgc_node *node)
{
    const itgc_unary_params *clip = node->params;
    if (clip->alpha != 0.0 || clip->beta < (double)3.4e38f) {
        return true;
    }
    const itgc_unary_params relu = {.kind = ITGC_RELU};
    itgc_tensor *out = itgc_insert_unary(graph, "Relu", &relu, node->out[0]->name, node->in[0]);
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_prelu(itgc_graph *graph, itgc_node *node)
{
    double slope;
    if (!itgc_is_scalar(node->in[1], &slope)) {
        return true;
    }
    const itgc_unary_params params = {.kind = ITGC_LEAKY_RELU, .alpha = slope};
    itgc_tensor *out = itgc_insert_unary(graph, "LeakyRelu", &params, node->out[0]->name, node->in[0]);
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_pair(itgc_graph *graph, itgc_node *node)
{
    if (itgc_is_op(node, "Sub")) {
        return rewrite_sub(graph, node);
    }
    if (itgc_is_op(node, "Div")) {
        return rewrite_div(graph, node);
    }
    if (itgc_is_op(node, "PRelu")) {
        return rewrite_prelu(graph, node);
    }
    put_constant_second(graph, node);
    return itgc_is_op(node, "Max") || itgc_is_op(node, "Min") ? rewrite_bound(graph, node) : true;
}

static bool is_any(const itgc_node *node, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (itgc_is_op(node, types[i])) {
            return true;
        }
    }
    return false;
}

bool itgc_normalize_arithmetic(itgc_graph *graph, const itgc_lower_options *options)
{
    static const char *const variadic[] = {"Sum", "Mean", "Max", "Min"};
    static const char *const pairs[] = {"Add", "Mul", "Max", "Min", "Sub", "Div", "PRelu"};
    (void)options;
    for (int i = 0; i < graph->node_count; i++) { /* nodes made on the way are at the end and come by too */
        itgc_node *node = graph->nodes[i];
        if (is_any(node, variadic, 4) && !rewrite_variadic(graph, node)) {
            return false;
        }
        if (is_any(node, pairs, 7) && is_constant_pair(node) && !rewrite_pair(graph, node)) {
            return false;
        }
        if (itgc_is_op(node, "Clip") && node->in[0] && !node->in[0]->constant && !rewrite_clip(graph, node)) {
            return false;
        }
    }
    return true;
}
