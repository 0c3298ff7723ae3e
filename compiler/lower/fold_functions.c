/* SPDX-License-Identifier: Apache-2.0
 * Functions of one variable that follow one another (StarReLU's s * relu(x)^2 + b, a scaled activation, a power) become one node: one
 * table of integers, and one rounding, instead of a step each. Nothing else may read what lies between. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool is_only_read_by(const itgc_tensor *tensor, const itgc_node *node)
{
    for (int i = 0; i < tensor->use_count; i++) {
        if (tensor->uses[i] != node) {
            return false;
        }
    }
    return !tensor->is_output && !tensor->prescribed.type;
}

/* x op number, with the number second. */
static bool read_scalar(itgc_binary_kind kind, double number, itgc_unary_params *link)
{
    switch (kind) {
    case ITGC_ADD:
        *link = (itgc_unary_params){.kind = ITGC_AFFINE, .alpha = 1.0, .beta = number};
        return true;
    case ITGC_SUB:
        *link = (itgc_unary_params){.kind = ITGC_AFFINE, .alpha = 1.0, .beta = -number};
        return true;
    case ITGC_MUL:
        *link = (itgc_unary_params){.kind = ITGC_AFFINE, .alpha = number};
        return true;
    case ITGC_POW:
        *link = (itgc_unary_params){.kind = ITGC_POW_CONSTANT, .alpha = number};
        return true;
    default:
        return false;
    }
}

/* The node as a function of in[0]; false if it is none. */
static bool read_link(const itgc_node *node, itgc_unary_params *link)
{
    double number;
    if (node->in_count == 0 || node->out_count != 1 || node->in[0]->constant || !itgc_is_float(node->out[0]->type)) {
        return false;
    }
    if (strcmp(node->op->family, "unary") == 0) {
        *link = *(const itgc_unary_params *)node->params;
        return link->kind != ITGC_CHAIN;
    }
    if (strcmp(node->op->family, "binary") != 0 || !itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape)) {
        return false;
    }
    const itgc_binary_params *params = node->params;
    if (node->in[0] == node->in[1] && params->kind == ITGC_MUL) {
        *link = (itgc_unary_params){.kind = ITGC_POW_CONSTANT, .alpha = 2.0};
        return true;
    }
    return params->legacy_axis < 0 && itgc_is_scalar(node->in[1], &number) && read_scalar(params->kind, number, link);
}

/* Adds the links of a node, itself a chain or not, in front of those there are; false if there is no room. */
static bool add_links(const itgc_node *node, itgc_chain *chain)
{
    itgc_chain more = {.count = 1};
    if (!read_link(node, &more.link[0])) {
        if (node->op != &itgc_op_function) {
            return false;
        }
        more = *((const itgc_unary_params *)node->params)->chain;
    }
    if (chain->count + more.count > ITGC_MAX_LINKS) {
        return false;
    }
    memmove(&chain->link[more.count], &chain->link[0], (size_t)chain->count * sizeof chain->link[0]);
    memcpy(&chain->link[0], &more.link[0], (size_t)more.count * sizeof more.link[0]);
    chain->count += more.count;
    return true;
}

/* Whether the node that reads `tensor` would take the chain that ends in it along. */
static bool is_inner(const itgc_tensor *tensor)
{
    itgc_unary_params link;
    return tensor->use_count > 0 && is_only_read_by(tensor, tensor->uses[0]) && read_link(tensor->uses[0], &link);
}

/* A multiple and an offset alone stay the layer they are; a power alone is no node that any step does. */
static bool is_worthwhile(const itgc_node *last, const itgc_chain *chain)
{
    int functions = 0;
    for (int i = 0; i < chain->count; i++) {
        functions += chain->link[i].kind != ITGC_AFFINE;
    }
    return functions > 0 && (chain->count > 1 || strcmp(last->op->family, "binary") == 0);
}

static bool fold(itgc_graph *graph, itgc_node *last)
{
    itgc_chain chain = {0};
    itgc_node *first = last;
    if (!add_links(last, &chain)) {
        return true;
    }
    while (first->in[0]->producer && is_only_read_by(first->in[0], first) && first->in[0]->producer->in_count > 0 &&
           add_links(first->in[0]->producer, &chain)) {
        first = first->in[0]->producer;
    }
    if (!is_worthwhile(last, &chain)) {
        return true;
    }
    itgc_tensor *out = itgc_insert_function(graph, &chain, last->out[0]->name, first->in[0]);
    if (out) {
        out->producer->is_precise = last->is_precise;
    }
    return out && itgc_replace_node(graph, last, out);
}

bool itgc_fold_functions(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = count - 1; i >= 0; i--) { /* the last of each chain comes first and takes the others along */
        itgc_node *node = graph->nodes[i];
        itgc_unary_params link;
        if (node->in_count > 0 && node->out_count == 1 && read_link(node, &link) && !is_inner(node->out[0]) && !fold(graph, node)) {
            return false;
        }
    }
    return true;
}
