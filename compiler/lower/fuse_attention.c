/* SPDX-License-Identifier: Apache-2.0
 * Scaled dot-product attention spelled out becomes one Attention node with heads apart: softmax(q k^T * scale + bias) v. Scales may stand
 * on q, on k or on the scores; biases may be several, constant or computed, added before or after a Reshape that regroups windows. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

#define MAX_BIASES 4

/* What is added to the scores: weight * tensor, where the scores had this shape. */
typedef struct bias {
    itgc_tensor *tensor;
    double weight;
    itgc_shape shape;
} bias;

typedef struct attention {
    itgc_node *scores;   /* MatMul q k^T */
    itgc_node *values;   /* MatMul by v */
    bool is_transposed;  /* v p^T instead of p v */
    bool is_shared;      /* keys and values have one head for all of q's: those become rows of one head */
    double scale;        /* on the scores; those on q and k are taken when the match is sure */
    itgc_tensor *factor; /* a constant per head, NULL: none */
    bias biases[MAX_BIASES];
    int bias_count;
} attention;

static bool swaps_last_two(const itgc_node *node)
{
    const int rank = node->in[0]->shape.rank;
    int64_t perm[ITGC_MAX_RANK];
    itgc_read_perm(node, perm);
    for (int i = 0; i < rank; i++) {
        if (perm[i] != (i < rank - 2 ? i : 2 * rank - 3 - i)) {
            return false;
        }
    }
    return rank >= 2;
}

/* The product behind the softmax. */
static bool find_values(const itgc_node *softmax, attention *found)
{
    const itgc_tensor *probabilities = softmax->out[0];
    itgc_node *reader = itgc_only_reader(probabilities);
    found->is_transposed = itgc_is_op(reader, "Transpose") && swaps_last_two(reader);
    if (found->is_transposed) {
        probabilities = reader->out[0];
        reader = itgc_only_reader(probabilities);
    }
    found->values = reader;
    return itgc_is_op(reader, "MatMul") && reader->in[found->is_transposed ? 1 : 0] == probabilities;
}

/* Whether the path of scores leads up through this tensor, of which nothing else is known yet. */
static bool leads_to_product(const itgc_tensor *tensor)
{
    for (int i = 0; i < 8; i++) {
        const itgc_node *node = tensor->producer;
        if (itgc_is_op(node, "MatMul")) {
            return !node->in[0]->constant && !node->in[1]->constant;
        }
        if (!itgc_is_op(node, "Add") && !itgc_is_op(node, "Mul") && !itgc_is_op(node, "Reshape")) {
            return false;
        }
        tensor = node->in[0];
    }
    return false;
}

static bool is_per_head(const itgc_tensor *tensor)
{
    const itgc_shape *shape = &tensor->shape;
    return itgc_is_weights(tensor) && shape->rank >= 3 && shape->dim[shape->rank - 1] == 1 && shape->dim[shape->rank - 2] == 1;
}

/* One node of the path from the softmax up to the scores; *next: where it goes on. */
static bool take_step(const itgc_node *node, attention *found, itgc_tensor **next)
{
    double value;
    *next = node->in[0];
    if (itgc_is_op(node, "Reshape")) {
        const itgc_shape *in = &node->in[0]->shape, *out = &node->out[0]->shape;
        return in->rank >= 2 && out->rank >= 2 && memcmp(&in->dim[in->rank - 2], &out->dim[out->rank - 2], 2 * sizeof in->dim[0]) == 0;
    }
    if (itgc_is_op(node, "Mul") && itgc_is_scalar(node->in[1], &value)) {
        found->scale *= value;
        return itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape);
    }
    if (itgc_is_op(node, "Mul") && is_per_head(node->in[1]) && !found->factor) {
        found->factor = node->in[1];
        return itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape);
    }
    if (!itgc_is_op(node, "Add") || found->bias_count == MAX_BIASES || found->factor) {
        return false;
    }
    const int side = leads_to_product(node->in[0]) ? 0 : 1;
    *next = node->in[side];
    found->biases[found->bias_count++] = (bias){node->in[1 - side], found->scale, node->out[0]->shape};
    return itgc_same_shape(&(*next)->shape, &node->out[0]->shape);
}

static bool find_scores(itgc_tensor *tensor, attention *found)
{
    found->scale = 1.0;
    for (;;) {
        itgc_node *node = tensor->producer;
        if (!itgc_only_reader(tensor) || !node) {
            return false;
        }
        if (itgc_is_op(node, "MatMul")) {
            found->scores = node;
            return !node->in[0]->constant && !node->in[1]->constant;
        }
        if (!take_step(node, found, &tensor)) {
            return false;
        }
    }
}

static bool has_same_batch(const itgc_tensor *a, const itgc_tensor *b)
{
    return a->shape.rank == b->shape.rank && a->shape.rank >= 2 &&
           memcmp(a->shape.dim, b->shape.dim, (size_t)(a->shape.rank - 2) * sizeof a->shape.dim[0]) == 0;
}

/* Whether all heads of q share one of keys or values. */
static bool has_one_head(const itgc_tensor *q, const itgc_tensor *shared)
{
    const int heads = q->shape.rank - 3;
    return heads >= 0 && q->shape.rank == shared->shape.rank && q->shape.dim[heads] > 1 && shared->shape.dim[heads] == 1 &&
           memcmp(q->shape.dim, shared->shape.dim, (size_t)heads * sizeof q->shape.dim[0]) == 0;
}

static bool is_computed_bias(const attention *found)
{
    for (int i = 0; i < found->bias_count; i++) {
        if (!itgc_is_weights(found->biases[i].tensor)) {
            return true;
        }
    }
    return false;
}

/* Computed biases are added as they are: heads must stand where Attention's mask has them, and keys must not be broadcast. */
static bool can_add_computed(const attention *found)
{
    const itgc_shape *scores = &found->scores->out[0]->shape;
    int64_t keys = 1;
    for (int i = 0; i < found->bias_count; i++) {
        const itgc_shape *shape = &found->biases[i].tensor->shape;
        if (!itgc_same_shape(&found->biases[i].shape, scores) || shape->rank > 4 || shape->rank < 1) {
            return false;
        }
        keys = shape->dim[shape->rank - 1] > keys ? shape->dim[shape->rank - 1] : keys;
    }
    return scores->rank <= 4 && keys == scores->dim[scores->rank - 1];
}

static bool match(const itgc_node *softmax, attention *found)
{
    const itgc_axis_params *params = softmax->params;
    const int rank = softmax->in[0]->shape.rank;
    *found = (attention){0};
    if (params->coerce || (params->axis != rank - 1 && params->axis != -1) || !find_values(softmax, found) || !find_scores(softmax->in[0], found)) {
        return false;
    }
    const itgc_node *scores = found->scores;
    const itgc_tensor *v = found->values->in[found->is_transposed ? 0 : 1];
    const bool is_shared = has_one_head(scores->in[0], scores->in[1]) && has_one_head(scores->in[0], v) && !found->factor && found->bias_count == 0 &&
                           !found->is_transposed;
    found->is_shared = is_shared;
    return (is_shared || (has_same_batch(scores->in[0], scores->in[1]) && has_same_batch(scores->in[0], v))) && !v->constant &&
           itgc_same_shape(&scores->out[0]->shape, &softmax->out[0]->shape) && itgc_elements(&scores->out[0]->shape) > 0 &&
           (!is_computed_bias(found) || can_add_computed(found));
}

/* Where element `index` of the scores reads a constant that is broadcast to `shape`. */
static int64_t find_source(const itgc_shape *constant, const itgc_shape *shape, int64_t index)
{
    int64_t source = 0, step = 1;
    for (int i = 1; i <= shape->rank; i++) {
        const int64_t at = index % shape->dim[shape->rank - i];
        const int64_t own = i <= constant->rank ? constant->dim[constant->rank - i] : 1;
        index /= shape->dim[shape->rank - i];
        source += own == 1 ? 0 : at * step;
        step *= own;
    }
    return source;
}

/* Drops the leading dimension `dim` of [rows…] where all its slices are equal. */
static void collapse(itgc_value *value, int dim)
{
    const int64_t before = itgc_elements_before(&value->shape, dim), each = itgc_elements_after(&value->shape, dim + 1);
    const int64_t size = value->shape.dim[dim];
    for (int64_t i = 0; i < before * size; i++) {
        if (memcmp(value->f + i * each, value->f + i / size * size * each, (size_t)each * sizeof(float)) != 0) {
            return;
        }
    }
    for (int64_t i = 0; i < before; i++) {
        memmove(value->f + i * each, value->f + i * size * each, (size_t)each * sizeof(float));
    }
    value->shape.dim[dim] = 1;
}

static itgc_tensor *join_constants(itgc_graph *graph, const attention *found, const itgc_shape *heads)
{
    itgc_value *value = itgc_new_value(graph->arena, ITGC_F32, heads);
    const int64_t count = itgc_elements(heads);
    for (int64_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (int b = 0; b < found->bias_count; b++) {
            const bias *one = &found->biases[b];
            sum += one->weight * (double)one->tensor->constant->f[find_source(&one->tensor->shape, &one->shape, i)];
        }
        value->f[i] = (float)sum;
    }
    for (int dim = 2; dim >= 0; dim--) {
        collapse(value, dim);
    }
    return itgc_new_constant(graph, found->biases[0].tensor->name, value);
}

static itgc_tensor *join_computed(itgc_graph *graph, const attention *found, const char *name)
{
    itgc_tensor *sum = NULL;
    for (int i = 0; i < found->bias_count; i++) {
        itgc_tensor *term = found->biases[i].tensor;
        if (found->biases[i].weight != 1.0) {
            term = itgc_insert_binary(graph, "Mul", name, term, itgc_make_scalar(graph, name, found->biases[i].weight));
        }
        sum = sum && term ? itgc_insert_binary(graph, "Add", name, sum, term) : term;
        if (!sum) {
            return NULL;
        }
    }
    return sum;
}

/* Takes a Mul by one number out of the way of q or k, also from above Reshapes and Transposes that only this reads. */
static itgc_tensor *take_scale(itgc_graph *graph, itgc_tensor *tensor, double *scale)
{
    itgc_tensor *at = tensor;
    double value;
    while (itgc_only_reader(at) && (itgc_producer_of(at, "Reshape") || itgc_producer_of(at, "Transpose"))) {
        at = at->producer->in[0];
    }
    itgc_node *mul = itgc_producer_of(at, "Mul");
    if (!mul || !itgc_is_scalar(mul->in[1], &value) || !itgc_same_shape(&mul->in[0]->shape, &at->shape)) {
        return tensor;
    }
    if (at == tensor) {
        *scale *= value;
        return mul->in[0];
    }
    if (!itgc_only_reader(at)) {
        return tensor;
    }
    *scale *= value;
    itgc_set_input(graph, at->uses[0], 0, mul->in[0]);
    return tensor;
}

static itgc_tensor *swap_last_two(itgc_graph *graph, const char *name, itgc_tensor *tensor)
{
    const int rank = tensor->shape.rank;
    int64_t perm[ITGC_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        perm[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    }
    return itgc_insert_transpose(graph, name, tensor, perm);
}

/* k^T may be transposed with batch and heads as one: Reshape, Transpose, Reshape. *tensor: what was there before; false: something else. */
static bool skip_flat_transpose(itgc_tensor **tensor)
{
    const itgc_node *last = itgc_producer_of(*tensor, "Reshape");
    const itgc_node *transpose = last ? itgc_producer_of(last->in[0], "Transpose") : NULL;
    const itgc_node *first = transpose ? itgc_producer_of(transpose->in[0], "Reshape") : NULL;
    if (!first || !swaps_last_two(transpose)) {
        return false;
    }
    const itgc_shape *in = &first->in[0]->shape, *middle = &transpose->in[0]->shape, *out = &last->out[0]->shape;
    if (in->rank != out->rank || in->rank < 2 || memcmp(in->dim, out->dim, (size_t)(in->rank - 2) * sizeof in->dim[0]) != 0) {
        return false;
    }
    for (int i = 1; i <= 2; i++) {
        if (in->dim[in->rank - i] != middle->dim[middle->rank - i] || in->dim[in->rank - i] != out->dim[out->rank - 3 + i]) {
            return false;
        }
    }
    *tensor = first->in[0];
    return true;
}

/* [batch,heads,rows,columns] of any rank. */
static itgc_shape shape_as_heads(const itgc_shape *shape)
{
    const int rank = shape->rank;
    return (itgc_shape){.rank = 4,
                        .dim = {rank > 3 ? itgc_elements_before(shape, rank - 3) : 1, rank > 2 ? shape->dim[rank - 3] : 1, shape->dim[rank - 2],
                                shape->dim[rank - 1]}};
}

static itgc_tensor *view_as_heads(itgc_graph *graph, const char *name, itgc_tensor *tensor, bool is_one_head)
{
    itgc_shape shape = shape_as_heads(&tensor->shape);
    if (is_one_head) {
        shape.dim[2] *= shape.dim[1];
        shape.dim[1] = 1;
    }
    return itgc_same_shape(&shape, &tensor->shape) ? tensor : itgc_insert_reshape(graph, name, tensor, &shape);
}

static bool prepare_operands(itgc_graph *graph, const attention *found, const char *name, itgc_tensor **in, double *scale)
{
    *scale = found->scale;
    itgc_tensor *q = take_scale(graph, found->scores->in[0], scale);
    itgc_tensor *k = take_scale(graph, found->scores->in[1], scale);
    itgc_tensor *v = found->values->in[found->is_transposed ? 0 : 1];
    if (!skip_flat_transpose(&k)) {
        k = swap_last_two(graph, itgc_sprint(graph->arena, "%s/keys", name), k);
    }
    if (found->factor) {
        q = itgc_insert_binary(graph, "Mul", itgc_sprint(graph->arena, "%s/queries", name), q, found->factor);
    }
    if (found->is_transposed) {
        v = swap_last_two(graph, itgc_sprint(graph->arena, "%s/values", name), v);
    }
    in[0] = q ? view_as_heads(graph, itgc_sprint(graph->arena, "%s/q", name), q, found->is_shared) : NULL;
    in[1] = k ? view_as_heads(graph, itgc_sprint(graph->arena, "%s/k", name), k, found->is_shared) : NULL;
    in[2] = v ? view_as_heads(graph, itgc_sprint(graph->arena, "%s/v", name), v, found->is_shared) : NULL;
    return in[0] && in[1] && in[2];
}

static bool rewrite(itgc_graph *graph, const attention *found)
{
    const char *name = found->values->out[0]->name;
    const itgc_shape heads = shape_as_heads(&found->scores->out[0]->shape);
    itgc_tensor *in[4] = {NULL};
    double scale;
    if (!prepare_operands(graph, found, name, in, &scale)) {
        return false;
    }
    if (found->bias_count > 0) {
        in[3] =
            is_computed_bias(found) ? join_computed(graph, found, itgc_sprint(graph->arena, "%s/bias", name)) : join_constants(graph, found, &heads);
        if (!in[3]) {
            return false;
        }
    }
    itgc_node *node = itgc_insert_node(graph, "Attention", name, in, in[3] ? 4 : 3);
    *(itgc_attention_params *)node->params = (itgc_attention_params){.scale = scale, .left = -1, .right = -1};
    itgc_tensor *out = itgc_infer_node(graph, node) ? node->out[0] : NULL;
    if (out && found->is_transposed) {
        out = swap_last_two(graph, name, out);
    }
    if (out && !itgc_same_shape(&out->shape, &found->values->out[0]->shape)) {
        out = itgc_insert_reshape(graph, name, out, &found->values->out[0]->shape);
    }
    return out && itgc_replace_node(graph, found->values, out);
}

bool itgc_fuse_attention(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        attention found;
        if (itgc_is_op(graph->nodes[i], "Softmax") && match(graph->nodes[i], &found) && !rewrite(graph, &found)) {
            return false;
        }
    }
    return true;
}
