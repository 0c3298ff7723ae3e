/* SPDX-License-Identifier: Apache-2.0
 * Attention without a cache, caps or windows becomes what it is made of, for want of an integer step of its own: q k^T, a mask, Softmax, a
 * product with v. Scores and probabilities are int16. Runs behind to_nhwc, where nothing recognises attention any more. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <math.h>
#include <string.h>

#define HIDDEN (-100.0f) /* what a mask's minus infinity becomes: its exponential is 0 in every format */

typedef struct heads {
    int64_t batch, count, length, size;
    bool is_packed; /* [batch, length, count * size], else [batch, count, length, size] */
} heads;

static heads read_heads(const itgc_tensor *tensor, int64_t count)
{
    const int64_t *dim = tensor->shape.dim;
    if (tensor->shape.rank == 3) {
        return (heads){dim[0], count, dim[1], count > 0 ? dim[2] / count : 0, true};
    }
    return (heads){dim[0], dim[1], dim[2], dim[3], false};
}

/* [batch, count, length, size], or with the last two swapped. */
static itgc_tensor *split_heads(itgc_graph *graph, const char *name, itgc_tensor *in, const heads *h, bool is_turned)
{
    static const int64_t packed[2][4] = {{0, 2, 1, 3}, {0, 2, 3, 1}}, turned[4] = {0, 1, 3, 2};
    if (!h->is_packed) {
        return is_turned ? itgc_insert_transpose(graph, name, in, turned) : in;
    }
    const itgc_shape shape = {.rank = 4, .dim = {h->batch, h->length, h->count, h->size}};
    itgc_tensor *apart = itgc_insert_reshape(graph, name, in, &shape);
    return apart ? itgc_insert_transpose(graph, name, apart, packed[is_turned]) : NULL;
}

/* Whether the mask, if constant, leaves each row a key: a row of none has probabilities of 0, which no Softmax gives. */
static bool can_mask(const itgc_tensor *mask, int64_t total)
{
    if (!mask || !mask->constant) {
        return !mask || itgc_is_float(mask->type);
    }
    if (!itgc_is_float(mask->type) || mask->shape.rank == 0 || mask->shape.dim[mask->shape.rank - 1] != total) {
        return false;
    }
    for (int64_t i = 0; i < itgc_elements(&mask->shape); i += total) {
        bool is_open = false;
        for (int64_t k = 0; k < total; k++) {
            is_open = is_open || mask->constant->f[i + k] > HIDDEN / 2.0f;
        }
        if (!is_open) {
            return false;
        }
    }
    return true;
}

static bool can_expand(const itgc_node *node, const heads *q, const heads *k)
{
    const itgc_attention_params *params = node->params;
    for (int i = 1; i < node->out_count; i++) {
        if (node->out[i]) {
            return false;
        }
    }
    for (int i = 4; i < node->in_count; i++) {
        if (node->in[i]) {
            return false;
        }
    }
    const bool is_plain = params->softcap == 0.0 && params->left < 0 && params->right < 0 && !params->is_causal;
    return is_plain && (q->count == k->count || k->count == 1) && can_mask(node->in_count > 3 ? node->in[3] : NULL, k->length);
}

static itgc_tensor *insert_matmul(itgc_graph *graph, const char *name, itgc_tensor *a, itgc_tensor *b)
{
    itgc_tensor *in[2] = {a, b};
    itgc_node *node = a && b ? itgc_insert_node(graph, "MatMul", name, in, 2) : NULL;
    return node && itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* The mask with minus infinity as a number. */
static itgc_tensor *limit_mask(itgc_graph *graph, itgc_tensor *mask)
{
    if (!mask->constant) {
        const itgc_unary_params limit = {.kind = ITGC_CLIP, .alpha = (double)HIDDEN, .beta = INFINITY};
        return itgc_insert_unary(graph, "Clip", &limit, mask->name, mask);
    }
    float *values;
    itgc_tensor *limited = itgc_make_weights(graph, mask->name, &mask->constant->shape, &values);
    for (int64_t i = 0; i < itgc_elements(&mask->shape); i++) {
        values[i] = fmaxf(mask->constant->f[i], HIDDEN);
    }
    return limited;
}

static itgc_tensor *insert_probabilities(itgc_graph *graph, const char *name, itgc_tensor *scores, itgc_tensor *mask)
{
    scores->producer->is_precise = true;
    if (mask) {
        itgc_tensor *limited = limit_mask(graph, mask);
        scores = limited ? itgc_insert_binary(graph, "Add", name, scores, limited) : NULL;
        if (!scores) {
            return NULL;
        }
        scores->producer->is_precise = true;
    }
    itgc_node *softmax = itgc_insert_node(graph, "Softmax", name, &scores, 1);
    ((itgc_axis_params *)softmax->params)->axis = 3;
    softmax->is_precise = true;
    return itgc_infer_node(graph, softmax) ? softmax->out[0] : NULL;
}

static bool expand(itgc_graph *graph, itgc_node *node)
{
    static const int64_t behind[4] = {0, 2, 1, 3};
    const itgc_attention_params *params = node->params;
    const char *name = node->out[0]->name;
    const heads q = read_heads(node->in[0], params->q_heads), k = read_heads(node->in[1], params->kv_heads),
                v = read_heads(node->in[2], params->kv_heads);
    const double scale = isnan(params->scale) ? 1.0 / sqrt((double)q.size) : params->scale;
    if (!can_expand(node, &q, &k)) {
        return true;
    }
    itgc_tensor *queries = split_heads(graph, name, node->in[0], &q, false);
    if (queries && scale != 1.0) {
        queries = itgc_insert_binary(graph, "Mul", name, queries, itgc_make_scalar(graph, name, scale));
    }
    itgc_tensor *scores = insert_matmul(graph, name, queries, split_heads(graph, name, node->in[1], &k, true));
    itgc_tensor *shares = scores ? insert_probabilities(graph, name, scores, node->in_count > 3 ? node->in[3] : NULL) : NULL;
    itgc_tensor *out = insert_matmul(graph, name, shares, split_heads(graph, name, node->in[2], &v, false));
    if (out && node->out[0]->shape.rank == 3) {
        out = itgc_insert_transpose(graph, name, out, behind);
        out = out ? itgc_insert_reshape(graph, name, out, &node->out[0]->shape) : NULL;
    }
    return out && itgc_replace_node(graph, node, out);
}

bool itgc_expand_attention(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if (itgc_is_op(node, "Attention") && !node->op->quantize && !expand(graph, node)) {
            return false;
        }
    }
    return true;
}
