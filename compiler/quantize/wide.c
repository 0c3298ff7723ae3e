/* SPDX-License-Identifier: Apache-2.0
 * Which tensors are int16 (logits and other outputs, global pools before a classifier), and how much of int16 their consumers' sums allow
 * (numerics.md 2). Called by choose_format.c. */
#include "compiler/quantize/groups.h"
#include "compiler/quantize/tuning.h"

#include <math.h>
#include <string.h>

#define LEAST_LIMIT 8191 /* below, 64-bit sums are the better bargain */

static bool is_family(const itgc_node *node, const char *family)
{
    return node && strcmp(node->op->family, family) == 0;
}

/* The node that computes a tensor's values: behind ops that only move codes. */
static itgc_node *source_of(const itgc_tensor *tensor)
{
    itgc_node *node = tensor->producer;
    while (node && itgc_format_rule_of(node) == ITGC_FORMAT_PASS) {
        node = node->in[0]->producer;
    }
    return node;
}

static void mark_wide(itgc_groups *groups, const itgc_tensor *tensor)
{
    const int root = itgc_group_of(groups, tensor);
    groups->wide[root] = groups->fixed[root].type == 0;
}

static void mark_outputs(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    const itg_type asked = groups->quantizer->options->output_type;
    for (int i = 0; i < graph->output_count; i++) {
        const itgc_node *source = source_of(graph->outputs[i]);
        if (is_family(source, "softmax")) {
            mark_wide(groups, source->in[0]);
        } else if (source && asked != ITG_S8) {
            mark_wide(groups, graph->outputs[i]);
        }
    }
}

static bool is_global_average(const itgc_node *node)
{
    if (is_family(node, "pool")) {
        const itgc_pool_params *params = node->params;
        return params->kind == ITGC_POOL_AVERAGE && params->global;
    }
    return is_family(node, "reduce") && ((const itgc_reduce_params *)node->params)->kind == ITGC_REDUCE_MEAN;
}

/* All readers, behind ops that only move codes, are linear layers; checked to a few ops' depth. */
static bool feeds_classifier(const itgc_tensor *tensor)
{
    for (int depth = 0; depth < 8; depth++) {
        const itgc_tensor *next = NULL;
        for (int i = 0; i < tensor->use_count; i++) {
            const itgc_node *use = tensor->uses[i];
            if (itgc_format_rule_of(use) == ITGC_FORMAT_PASS && tensor->use_count == 1) {
                next = use->out[0];
            } else if (!itgc_is_linear(use)) {
                return false;
            }
        }
        if (!next) {
            return tensor->use_count > 0 && !tensor->is_output;
        }
        tensor = next;
    }
    return false;
}

static void mark_pools(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        if (!node->is_fused && is_global_average(node) && feeds_classifier(itgc_result_of(node))) {
            mark_wide(groups, itgc_result_of(node));
        }
    }
}

/* Ops whose steps write int16 as well as int8. */
static bool is_arithmetic(const itgc_node *node)
{
    return is_family(node, "binary") || is_family(node, "matmul") || is_family(node, "reduce");
}

/* An int16 result of elementwise ops is worth little if its operands are int8: those that nobody else reads follow. */
static void mark_operands(itgc_groups *groups, itgc_node *node)
{
    if (itgc_activation_of(node->fused) == ITGC_TABLE) {
        itgc_free_activation(node);
        mark_wide(groups, node->out[0]);
    }
    if (!is_family(node, "binary") && !is_family(node, "unary")) {
        return;
    }
    for (int i = 0; i < node->in_count; i++) {
        const itgc_node *source = node->in[i] ? source_of(node->in[i]) : NULL;
        if (source && node->in[i]->use_count == 1 && (itgc_is_linear(source) || is_arithmetic(source))) {
            mark_wide(groups, node->in[i]);
        }
    }
}

static void mark_gates(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if (!node->in_gate || node->is_fused) {
            continue;
        }
        if (itgc_activation_of(node->fused) == ITGC_TABLE) {
            itgc_free_activation(node);
        }
        mark_wide(groups, itgc_result_of(node));
    }
}

/* A tensor less its own average over windows, or the other way round. */
static bool takes_off_average(const itgc_node *node)
{
    if (!is_family(node, "binary") || ((const itgc_binary_params *)node->params)->kind != ITGC_SUB) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        const itgc_node *source = node->in[i]->producer;
        if (is_family(source, "pool") && ((const itgc_pool_params *)source->params)->kind == ITGC_POOL_AVERAGE && source->in[0] == node->in[1 - i]) {
            return true;
        }
    }
    return false;
}

/* A quotient is as exact as its divisor, and small divisors have few steps in 8 bits; and what lowering says. */
static void mark_precise(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        if (is_family(node, "binary") && ((const itgc_binary_params *)node->params)->kind == ITGC_DIV && !node->in[1]->constant) {
            mark_wide(groups, node->in[1]);
        }
        if (takes_off_average(node)) { /* what is left is far smaller than both */
            mark_wide(groups, node->in[0]);
            mark_wide(groups, node->in[1]);
            mark_wide(groups, itgc_result_of(node));
        }
        if (node->is_precise && !node->is_fused) {
            mark_wide(groups, itgc_result_of(node));
        }
    }
}

void itgc_choose_wide(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    if (groups->quantizer->options->wide_logits) {
        mark_outputs(groups);
    }
    if (groups->quantizer->options->wide_pool) {
        mark_pools(groups);
    }
    if (groups->quantizer->options->wide_gates) {
        mark_gates(groups);
    }
    mark_precise(groups);
    for (int i = 0; i < graph->tensor_count; i++) {
        if (itgc_width_of(groups->quantizer->options->tuning, graph->tensors[i]) != ITGC_WIDTH_RULE) {
            mark_wide(groups, graph->tensors[i]);
        }
    }
    for (int i = graph->node_count - 1; i >= 0; i--) {
        itgc_node *node = graph->nodes[i];
        if (!node->is_fused && groups->wide[itgc_group_of(groups, itgc_result_of(node))]) {
            mark_operands(groups, node);
        }
    }
}

/* Largest magnitude of codes, at 15 bits, with which this layer's sums fit; the bias code grows with the codes. */
static bool limit_layer(const itgc_groups *groups, const itgc_node *node, double largest, double *limit)
{
    const itgc_format in = itgc_format_s16(largest, 0);
    itgc_linear linear;
    itgc_linear_codes codes;
    if (!itgc_read_linear(groups->quantizer, node, &linear) || !itgc_quantize_linear(groups->quantizer, &linear, &in, ITG_S16, &codes)) {
        return false;
    }
    for (int64_t c = 0; c < codes.channels; c++) {
        const int64_t weights = itgc_bound_channel(codes.weights + c * codes.taps, codes.taps, 0, -1, 1);
        const double bias = fabs((double)codes.bias[c]) / INT16_MAX;
        const double most = (double)(INT32_MAX - weights - 1) / ((double)weights + bias + 1.0);
        *limit = fmin(*limit, most);
    }
    return true;
}

bool itgc_choose_limit(const itgc_groups *groups, int root, double largest, int32_t *limit)
{
    const itgc_graph *graph = groups->quantizer->graph;
    double most = INT16_MAX;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        if (itgc_is_linear(node) && itgc_group_of(groups, node->in[0]) == root && !limit_layer(groups, node, largest, &most)) {
            return false;
        }
    }
    *limit = most < LEAST_LIMIT ? 0 : (int32_t)floor(most);
    return true;
}
