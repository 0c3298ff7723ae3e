/* SPDX-License-Identifier: Apache-2.0
 * Movements spelled as chains become one node: Reshape, Transpose, Reshape that shuffles channels and Concat of Slices of one tensor a
 * Gather; blocks of pixels moved to channels (by reshaping or by strided Slices) SpaceToDepth, which goes into the weights of the Convs
 * that read it, as does a Gather of channels. */
#include "compiler/lower/affine.h"
#include "compiler/lower/passes.h"

#include <string.h>

static itgc_tensor *insert_gather(itgc_graph *graph, const char *name, itgc_tensor *in, int axis, const itgc_tensor *indices)
{
    itgc_tensor *inputs[2] = {in, (itgc_tensor *)(uintptr_t)indices};
    itgc_node *node = itgc_insert_node(graph, "Gather", name, inputs, 2);
    ((itgc_axis_params *)node->params)->axis = axis;
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* A list of indices to be filled. */
static int64_t *make_list(itgc_graph *graph, const char *name, int64_t count, itgc_tensor **tensor)
{
    const itgc_shape shape = {.rank = 1, .dim = {count}};
    itgc_value *value = itgc_new_value(graph->arena, ITGC_I64, &shape);
    *tensor = itgc_new_constant(graph, name, value);
    return value->i;
}

/* Reshape, Transpose, Reshape that only `last` ends: the middle shape and permutation. */
static bool read_chain(const itgc_node *last, itgc_tensor **x, itgc_shape *middle, int64_t *perm)
{
    const itgc_node *transpose = itgc_producer_of(last->in[0], "Transpose");
    const itgc_node *first = transpose ? itgc_producer_of(transpose->in[0], "Reshape") : NULL;
    if (!first || !itgc_only_reader(last->in[0]) || !itgc_only_reader(transpose->in[0])) {
        return false;
    }
    *x = first->in[0];
    *middle = transpose->in[0]->shape;
    itgc_read_perm(transpose, perm);
    return true;
}

/* [N,C,…] seen as [N,g,C/g,…], the two swapped. */
static bool rewrite_shuffle(itgc_graph *graph, itgc_node *node, itgc_tensor *x, const itgc_shape *middle, const int64_t *perm)
{
    if (x->shape.rank < 2 || middle->rank < 3 || !itgc_same_shape(&x->shape, &node->out[0]->shape) || middle->dim[0] != x->shape.dim[0] ||
        middle->dim[1] * middle->dim[2] != x->shape.dim[1]) {
        return true;
    }
    for (int i = 0; i < middle->rank; i++) {
        if (perm[i] != (i == 1 ? 2 : i == 2 ? 1 : i)) {
            return true;
        }
    }
    itgc_tensor *indices;
    int64_t *list = make_list(graph, node->out[0]->name, x->shape.dim[1], &indices);
    for (int64_t i = 0; i < x->shape.dim[1]; i++) {
        list[i] = i % middle->dim[1] * middle->dim[2] + i / middle->dim[1];
    }
    itgc_tensor *out = insert_gather(graph, node->out[0]->name, x, 1, indices);
    return out && itgc_replace_node(graph, node, out);
}

static itgc_tensor *insert_space_to_depth(itgc_graph *graph, const char *name, itgc_tensor *in, int64_t size, bool column_first)
{
    itgc_node *node = itgc_insert_node(graph, "SpaceToDepth", name, &in, 1);
    *(itgc_block_params *)node->params = (itgc_block_params){.size = size, .column_first = column_first};
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* [N,C,H,W] seen as [N,C,H/b,b,W/b,b], the b in front of the channels or behind them. */
static bool rewrite_blocks(itgc_graph *graph, itgc_node *node, itgc_tensor *x, const itgc_shape *middle, const int64_t *perm)
{
    static const int64_t in_front[6] = {0, 3, 5, 1, 2, 4}, behind[6] = {0, 1, 3, 5, 2, 4};
    const bool column_first = middle->rank == 6 && memcmp(perm, behind, sizeof behind) == 0;
    if (x->shape.rank != 4 || middle->rank != 6 || (!column_first && memcmp(perm, in_front, sizeof in_front) != 0)) {
        return true;
    }
    const int64_t size = middle->dim[3];
    const itgc_shape want = {.rank = 4, .dim = {x->shape.dim[0], x->shape.dim[1] * size * size, x->shape.dim[2] / size, x->shape.dim[3] / size}};
    const itgc_shape split = {.rank = 6, .dim = {x->shape.dim[0], x->shape.dim[1], want.dim[2], size, want.dim[3], size}};
    if (!itgc_same_shape(&split, middle) || !itgc_same_shape(&want, &node->out[0]->shape)) {
        return true;
    }
    itgc_tensor *out = insert_space_to_depth(graph, node->out[0]->name, x, size, column_first);
    return out && itgc_replace_node(graph, node, out);
}

typedef struct part {
    itgc_tensor *from;
    int64_t start[ITGC_MAX_RANK], step[ITGC_MAX_RANK];
} part;

/* A tensor as element start + i * step of another, through Slices. */
static part read_part(itgc_tensor *tensor)
{
    part result = {.from = tensor};
    for (int i = 0; i < tensor->shape.rank; i++) {
        result.step[i] = 1;
    }
    while (itgc_producer_of(result.from, "Slice") && !result.from->producer->in[0]->constant) {
        const itgc_slice_params *slice = result.from->producer->params;
        for (int i = 0; i < tensor->shape.rank; i++) {
            const int64_t step = result.from->shape.dim[i] == 1 ? 1 : slice->step[i]; /* a lone element's step may be huge */
            result.start[i] = slice->start[i] + result.start[i] * step;
            result.step[i] *= step;
        }
        result.from = result.from->producer->in[0];
    }
    return result;
}

/* Whether a part is whole but for one axis. */
static bool varies_along(const part *one, const itgc_shape *shape, int axis)
{
    for (int i = 0; i < shape->rank; i++) {
        if (i != axis && (one->start[i] != 0 || one->step[i] != 1 || shape->dim[i] != one->from->shape.dim[i])) {
            return false;
        }
    }
    return true;
}

/* Concat of Slices of one tensor along its own axis: a rolled image, channels in another order. */
static bool rewrite_rearrangement(itgc_graph *graph, itgc_node *node, int axis)
{
    const part first = read_part(node->in[0]);
    itgc_tensor *indices;
    int64_t at = 0;
    if (first.from == node->in[0] || node->in_count < 2) {
        return true;
    }
    int64_t *list = make_list(graph, node->out[0]->name, node->out[0]->shape.dim[axis], &indices);
    for (int i = 0; i < node->in_count; i++) {
        const part one = read_part(node->in[i]);
        if (one.from != first.from || !varies_along(&one, &node->in[i]->shape, axis)) {
            return true;
        }
        for (int64_t k = 0; k < node->in[i]->shape.dim[axis]; k++) {
            list[at++] = one.start[axis] + k * one.step[axis];
        }
    }
    itgc_tensor *out = insert_gather(graph, node->out[0]->name, first.from, axis, indices);
    return out && itgc_replace_node(graph, node, out);
}

/* Concat of the b*b images of every b-th pixel, in any order. */
static bool rewrite_focus(itgc_graph *graph, itgc_node *node)
{
    const part first = read_part(node->in[0]);
    const int64_t size = first.step[2], channels = first.from->shape.dim[1];
    int64_t order[64];
    if (size < 2 || size > 8 || node->in_count != size * size || channels < 1) {
        return true;
    }
    itgc_shape each = first.from->shape;
    each.dim[2] /= size;
    each.dim[3] /= size;
    for (int i = 0; i < node->in_count; i++) {
        const part one = read_part(node->in[i]);
        const bool is_whole = one.start[0] == 0 && one.start[1] == 0 && one.step[0] == 1 && one.step[1] == 1;
        if (one.from != first.from || !is_whole || one.step[2] != size || one.step[3] != size || one.start[2] >= size || one.start[3] >= size ||
            one.start[2] < 0 || one.start[3] < 0 || !itgc_same_shape(&node->in[i]->shape, &each)) {
            return true;
        }
        order[i] = one.start[2] * size + one.start[3];
    }
    if (each.dim[2] * size != first.from->shape.dim[2] || each.dim[3] * size != first.from->shape.dim[3]) {
        return true;
    }
    const char *name = node->out[0]->name;
    itgc_tensor *blocks = insert_space_to_depth(graph, itgc_sprint(graph->arena, "%s/blocks", name), first.from, size, false);
    itgc_tensor *indices;
    int64_t *list = make_list(graph, name, node->in_count * channels, &indices);
    for (int64_t i = 0; i < node->in_count * channels; i++) {
        list[i] = order[i / channels] * channels + i % channels;
    }
    itgc_tensor *out = blocks ? insert_gather(graph, name, blocks, 1, indices) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_concat(itgc_graph *graph, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const int rank = node->out[0]->shape.rank;
    const int axis = (int)(params->axis < 0 ? params->axis + rank : params->axis);
    if (!rewrite_rearrangement(graph, node, axis)) {
        return false;
    }
    return !itgc_is_op(node, "Concat") || rank != 4 || axis != 1 || rewrite_focus(graph, node);
}

/* Slice of a Gather along the same axis: a shorter Gather. */
static bool rewrite_slice(itgc_graph *graph, itgc_node *node)
{
    const itgc_node *gather = itgc_producer_of(node->in[0], "Gather");
    const itgc_value *indices = gather ? gather->in[1]->constant : NULL;
    if (!indices || indices->shape.rank != 1 || gather->in[0]->constant) {
        return true;
    }
    const itgc_axis_params *params = gather->params;
    const int axis = (int)(params->axis < 0 ? params->axis + node->out[0]->shape.rank : params->axis);
    const itgc_slice_params *slice = node->params;
    for (int i = 0; i < node->out[0]->shape.rank; i++) {
        if (i != axis && (slice->step[i] != 1 || node->in[0]->shape.dim[i] != node->out[0]->shape.dim[i])) {
            return true;
        }
    }
    itgc_tensor *tensor;
    const int64_t count = node->out[0]->shape.dim[axis];
    int64_t *list = make_list(graph, node->out[0]->name, count, &tensor);
    for (int64_t i = 0; i < count; i++) {
        list[i] = indices->i[slice->start[axis] + i * slice->step[axis]];
    }
    itgc_tensor *out = insert_gather(graph, node->out[0]->name, gather->in[0], axis, tensor);
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_reshape(itgc_graph *graph, itgc_node *node)
{
    itgc_tensor *x;
    itgc_shape middle;
    int64_t perm[ITGC_MAX_RANK];
    if (!read_chain(node, &x, &middle, perm) || itgc_elements(&node->out[0]->shape) < 1) {
        return true;
    }
    return rewrite_shuffle(graph, node, x, &middle, perm) && (!itgc_is_op(node, "Reshape") || rewrite_blocks(graph, node, x, &middle, perm));
}

bool itgc_fuse_movement(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if ((itgc_is_op(node, "Reshape") && !rewrite_reshape(graph, node)) || (itgc_is_op(node, "Concat") && !rewrite_concat(graph, node)) ||
            (itgc_is_op(node, "Slice") && !rewrite_slice(graph, node))) {
            return false;
        }
    }
    return true;
}
