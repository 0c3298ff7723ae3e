/* SPDX-License-Identifier: Apache-2.0
 * QLinearConv and QLinearMatMul, products of codes, written out as DequantizeLinear, the float op on dequantized weights, QuantizeLinear;
 * adopt_formats.c then takes the formats. Constant weights only. Called by lower.c. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

enum { IN_X, IN_X_SCALE, IN_X_ZERO, IN_W, IN_W_SCALE, IN_W_ZERO, IN_Y_SCALE, IN_Y_ZERO, IN_BIAS };

/* Element `line` of a scale or zero point that may be one for all. */
static int64_t pick(const itgc_tensor *tensor, int64_t line)
{
    return itgc_elements(&tensor->shape) == 1 ? 0 : line;
}

static bool has_constants(const itgc_node *node)
{
    for (int i = IN_X_SCALE; i < node->in_count; i++) {
        if (node->in[i] && !node->in[i]->constant) {
            return false;
        }
    }
    return itgc_elements(&node->in[IN_X_SCALE]->shape) == 1 && itgc_elements(&node->in[IN_Y_SCALE]->shape) == 1;
}

/* Weights as reals. inner: elements that share a scale; lines: scales, over and over. */
static itgc_tensor *read_weights(itgc_graph *graph, const itgc_node *node, int64_t inner, int64_t lines)
{
    const itgc_tensor *codes = node->in[IN_W], *scale = node->in[IN_W_SCALE], *zero = node->in[IN_W_ZERO];
    float *values;
    itgc_tensor *weights = itgc_make_weights(graph, codes->name, &codes->shape, &values);
    const int64_t count = itgc_elements(&codes->shape);
    for (int64_t i = 0; i < count; i++) {
        const int64_t line = i / inner % lines;
        values[i] = (float)(codes->constant->i[i] - zero->constant->i[pick(zero, line)]) * scale->constant->f[pick(scale, line)];
    }
    return weights;
}

/* The bias counts in products of both scales. */
static itgc_tensor *read_bias(itgc_graph *graph, const itgc_node *node)
{
    const itgc_tensor *codes = itgc_input_of(node, IN_BIAS), *scale = node->in[IN_W_SCALE];
    float *values;
    if (!codes) {
        return NULL;
    }
    itgc_tensor *bias = itgc_make_weights(graph, codes->name, &codes->shape, &values);
    const int64_t count = itgc_elements(&codes->shape);
    for (int64_t i = 0; i < count; i++) {
        const double step = (double)node->in[IN_X_SCALE]->constant->f[0] * (double)scale->constant->f[pick(scale, i)];
        values[i] = (float)((double)codes->constant->i[i] * step);
    }
    return bias;
}

static itgc_tensor *convert(itgc_graph *graph, const char *type, const char *name, itgc_tensor *const *in)
{
    itgc_node *node = itgc_insert_node(graph, type, name, in, 3);
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* op reads the dequantized x, weights and bias; its result becomes node's codes. */
static bool expand(itgc_graph *graph, itgc_node *node, const char *type, itgc_tensor *weights, itgc_tensor *bias)
{
    const char *name = node->out[0]->name;
    itgc_tensor *x = convert(graph, "DequantizeLinear", node->in[IN_X]->name, node->in);
    if (!x) {
        return false;
    }
    itgc_tensor *inputs[3] = {x, weights, bias};
    itgc_node *product = itgc_insert_node(graph, type, name, inputs, bias ? 3 : 2);
    product->name = node->name;
    if (itgc_is_op(node, "QLinearConv")) {
        *(itgc_conv_params *)product->params = *(const itgc_conv_params *)node->params;
    }
    if (!itgc_infer_node(graph, product)) {
        return false;
    }
    itgc_tensor *parts[3] = {product->out[0], node->in[IN_Y_SCALE], node->in[IN_Y_ZERO]};
    itgc_tensor *codes = convert(graph, "QuantizeLinear", name, parts);
    return codes && itgc_replace_node(graph, node, codes);
}

bool itgc_expand_quantized(itgc_graph *graph, const itgc_lower_options *options)
{
    const int count = graph->node_count;
    (void)options;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        const bool is_conv = itgc_is_op(node, "QLinearConv");
        if ((!is_conv && !itgc_is_op(node, "QLinearMatMul")) || !has_constants(node) || !node->in[IN_W]->constant) {
            continue;
        }
        const itgc_shape *shape = &node->in[IN_W]->shape;
        const int64_t inner = is_conv ? itgc_elements_after(shape, 1) : 1, lines = shape->dim[is_conv ? 0 : shape->rank - 1];
        if (!expand(graph, node, is_conv ? "Conv" : "MatMul", read_weights(graph, node, inner, lines), is_conv ? read_bias(graph, node) : NULL)) {
            return false;
        }
    }
    return true;
}
