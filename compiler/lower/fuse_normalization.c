/* SPDX-License-Identifier: Apache-2.0
 * Normalizations spelled out: a tensor over the root of its own mean square becomes LayerNormalization (mean taken off first),
 * RMSNormalization (not), or RMSNormalization about the mean (timm's: only the divisor knows the mean); over its own length: LpNormalization.
 * A norm over channels of [N,C,…] gets Transposes, which to_nhwc takes out. Scale and shift behind it are absorbed by absorb_affine. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <math.h>
#include <string.h>

/* numerator / sqrt(factor * mean((x - mean(x))^2) + shift), or without the inner mean. */
typedef struct quotient {
    itgc_tensor *x, *numerator;
    const itgc_node *reduction;
    double factor, shift;
    const itgc_tensor *centered; /* x - mean(x); NULL: not centered */
} quotient;

/* Through Reshapes that only add or drop dimensions of one element. */
static itgc_tensor *skip_units(itgc_tensor *tensor)
{
    while (itgc_producer_of(tensor, "Reshape")) {
        const itgc_shape *in = &tensor->producer->in[0]->shape, *out = &tensor->shape;
        int i = 0, o = 0;
        for (;;) {
            while (i < in->rank && in->dim[i] == 1) {
                i++;
            }
            while (o < out->rank && out->dim[o] == 1) {
                o++;
            }
            if (i == in->rank || o == out->rank || in->dim[i] != out->dim[o]) {
                break;
            }
            i++;
            o++;
        }
        if (i != in->rank || o != out->rank) {
            return tensor;
        }
        tensor = tensor->producer->in[0];
    }
    return tensor;
}

static const itgc_node *find_reduction(const itgc_tensor *tensor, itgc_reduce_kind kind)
{
    const itgc_node *node = tensor->producer;
    if (!node || node->in_count == 0 || strcmp(node->op->family, "reduce") != 0 || ((const itgc_reduce_params *)node->params)->kind != kind) {
        return NULL;
    }
    return ((const itgc_reduce_params *)node->params)->axis_count > 0 ? node : NULL;
}

/* Whether `tensor` is x's shape with the reduced dimensions at 1, as it must be to meet x again. */
static bool is_reduced_shape(const itgc_shape *shape, const itgc_shape *x, const itgc_reduce_params *params)
{
    itgc_shape want = *x;
    for (int i = 0; i < params->axis_count; i++) {
        want.dim[params->axes[i]] = 1;
    }
    return itgc_same_shape(&want, shape);
}

static bool same_axes(const itgc_reduce_params *a, const itgc_reduce_params *b)
{
    return a->axis_count == b->axis_count && memcmp(a->axes, b->axes, (size_t)a->axis_count * sizeof a->axes[0]) == 0;
}

/* tensor = x^2; *x. */
static bool read_square(const itgc_tensor *tensor, itgc_tensor **x)
{
    const itgc_node *node = tensor->producer;
    double exponent;
    if (itgc_is_op(node, "Pow") && itgc_is_scalar(node->in[1], &exponent) && exponent == 2.0) {
        *x = node->in[0];
        return true;
    }
    if (itgc_is_op(node, "Mul") && node->in[0] == node->in[1]) {
        *x = node->in[0];
        return true;
    }
    return false;
}

/* tensor = x - mean(x) over these axes; *x only then. */
static bool read_centered(const itgc_tensor *tensor, const itgc_reduce_params *axes, itgc_tensor **x)
{
    const itgc_node *sub = itgc_producer_of(tensor, "Sub");
    if (!sub) {
        return false;
    }
    const itgc_node *mean = find_reduction(skip_units(sub->in[1]), ITGC_REDUCE_MEAN);
    if (!mean || mean->in[0] != sub->in[0] || !same_axes(mean->params, axes) || !is_reduced_shape(&sub->in[1]->shape, &sub->in[0]->shape, axes)) {
        return false;
    }
    *x = sub->in[0];
    return true;
}

/* What stands under the root: factor * mean(square) + shift. */
static bool read_mean_square(itgc_tensor *tensor, quotient *q)
{
    q->factor = 1.0;
    q->shift = 0.0;
    for (;;) {
        double value;
        tensor = skip_units(tensor);
        const itgc_node *node = tensor->producer;
        if (itgc_is_op(node, "Add") && itgc_is_scalar(node->in[1], &value)) {
            q->shift += q->factor * value;
        } else if (itgc_is_op(node, "Mul") && itgc_is_scalar(node->in[1], &value)) {
            q->factor *= value;
        } else {
            break;
        }
        tensor = node->in[0];
    }
    q->reduction = find_reduction(tensor, ITGC_REDUCE_MEAN);
    if (!q->reduction) {
        q->reduction = find_reduction(tensor, ITGC_REDUCE_SUM);
        const itgc_node *squares = q->reduction ? NULL : find_reduction(tensor, ITGC_REDUCE_SUM_SQUARE);
        q->reduction = squares ? squares : q->reduction;
    }
    return q->reduction != NULL;
}

/* tensor = 1 / sqrt(v) or, for a divisor, sqrt(v); *v. */
static bool read_root(const itgc_tensor *tensor, bool is_divisor, itgc_tensor **v)
{
    const itgc_node *node = tensor->producer;
    double value;
    if (itgc_is_op(node, "Pow") && itgc_is_scalar(node->in[1], &value) && value == (is_divisor ? 0.5 : -0.5)) {
        *v = node->in[0];
        return true;
    }
    if (is_divisor) {
        *v = itgc_is_op(node, "Sqrt") ? node->in[0] : NULL;
        return *v != NULL;
    }
    if (itgc_is_op(node, "Reciprocal")) {
        return read_root(node->in[0], true, v);
    }
    return itgc_is_op(node, "Div") && itgc_is_scalar(node->in[0], &value) && value == 1.0 && read_root(node->in[1], true, v);
}

/* Which of a product's factors is the root; -1: none. */
static int find_root(const itgc_node *node, itgc_tensor **v)
{
    if (itgc_is_op(node, "Div")) {
        return read_root(node->in[1], true, v) ? 1 : -1;
    }
    for (int i = 0; itgc_is_op(node, "Mul") && i < 2; i++) {
        if (read_root(skip_units(node->in[i]), false, v)) {
            return i;
        }
    }
    return -1;
}

static bool match_quotient(const itgc_node *node, quotient *q)
{
    itgc_tensor *under, *base;
    const int root = find_root(node, &under);
    *q = (quotient){0};
    if (root < 0 || !read_mean_square(under, q)) {
        return false;
    }
    const itgc_reduce_params *axes = q->reduction->params;
    base = q->reduction->in[0];
    if (axes->kind != ITGC_REDUCE_SUM_SQUARE && !read_square(q->reduction->in[0], &base)) {
        return false;
    }
    q->numerator = node->in[1 - root];
    q->x = base;
    if (read_centered(base, axes, &q->x)) {
        q->centered = base;
    }
    int64_t count = 1;
    for (int i = 0; i < axes->axis_count; i++) {
        count *= base->shape.dim[axes->axes[i]];
    }
    q->factor *= axes->kind == ITGC_REDUCE_MEAN ? 1.0 : (double)count;
    return q->factor > 0.0 && q->shift >= 0.0 && is_reduced_shape(&node->in[root]->shape, &q->x->shape, axes) &&
           itgc_same_shape(&q->x->shape, &node->out[0]->shape);
}

/* What the quotient is: NULL if its numerator is not what stands under the root. */
static const char *name_quotient(const quotient *q, bool *about_mean)
{
    itgc_tensor *same = NULL;
    *about_mean = q->centered && q->numerator == q->x;
    if (!q->centered || *about_mean) {
        return q->numerator == q->x ? "RMSNormalization" : NULL;
    }
    const bool is_same = q->numerator == q->centered || (read_centered(q->numerator, q->reduction->params, &same) && same == q->x);
    return is_same ? "LayerNormalization" : NULL;
}

/* The axis from which on the reduction runs; *perm moves a single other axis to the end (is_moved). -1: neither. */
static int find_axis(const itgc_reduce_params *axes, int rank, int64_t *perm, bool *is_moved)
{
    const int first = rank - axes->axis_count;
    bool is_tail = true;
    for (int i = 0; i < axes->axis_count; i++) {
        is_tail = is_tail && axes->axes[i] == first + i;
    }
    *is_moved = !is_tail;
    for (int i = 0, at = 0; i < rank; i++) {
        if (i != axes->axes[0]) {
            perm[at++] = i;
        }
    }
    perm[rank - 1] = axes->axes[0];
    return is_tail || axes->axis_count == 1 ? first : -1;
}

static itgc_tensor *insert_norm(itgc_graph *graph, const char *type, const char *name, itgc_tensor *in, int axis, const itgc_norm_params *norm,
                                double scale)
{
    itgc_shape tail = {.rank = in->shape.rank - axis};
    for (int i = 0; i < tail.rank; i++) {
        tail.dim[i] = in->shape.dim[axis + i];
    }
    float *values;
    itgc_tensor *inputs[2] = {in, itgc_make_weights(graph, name, &tail, &values)};
    for (int64_t i = 0; i < itgc_elements(&tail); i++) {
        values[i] = (float)scale;
    }
    itgc_node *node = itgc_insert_node(graph, type, name, inputs, 2);
    *(itgc_norm_params *)node->params = *norm;
    ((itgc_norm_params *)node->params)->axis = axis;
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

static bool rewrite_quotient(itgc_graph *graph, itgc_node *node)
{
    quotient q;
    bool about_mean, is_moved;
    int64_t perm[ITGC_MAX_RANK], back[ITGC_MAX_RANK];
    const char *type = match_quotient(node, &q) ? name_quotient(&q, &about_mean) : NULL;
    const int rank = node->out[0]->shape.rank;
    const int axis = type ? find_axis(q.reduction->params, rank, perm, &is_moved) : -1;
    if (axis < 0) {
        return true;
    }
    const char *name = node->out[0]->name;
    const itgc_norm_params params = {.epsilon = (float)(q.shift / q.factor), .about_mean = about_mean};
    itgc_tensor *in = is_moved ? itgc_insert_transpose(graph, itgc_sprint(graph->arena, "%s/moved", name), q.x, perm) : q.x;
    itgc_tensor *out = in ? insert_norm(graph, type, name, in, axis, &params, 1.0 / sqrt(q.factor)) : NULL;
    if (out && is_moved) {
        for (int i = 0; i < rank; i++) {
            back[perm[i]] = i;
        }
        out = itgc_insert_transpose(graph, name, out, back);
    }
    return out && itgc_replace_node(graph, node, out);
}

/* x / max(length of x, least), the length spread over x or not. */
static bool match_length(const itgc_node *div, int64_t *axis, double *least)
{
    itgc_tensor *tensor = div->in[1], *x;
    if (itgc_producer_of(tensor, "Expand")) {
        tensor = tensor->producer->in[0];
    }
    const itgc_node *clip = itgc_producer_of(tensor, "Clip");
    const itgc_unary_params *bounds = clip ? clip->params : NULL;
    *least = clip ? bounds->alpha : 0.0;
    if (clip && (bounds->beta < (double)3.4e38f || !(bounds->alpha >= 0.0))) {
        return false;
    }
    itgc_tensor *length = clip ? clip->in[0] : tensor;
    const itgc_node *root = itgc_producer_of(length, "Sqrt");
    const itgc_node *reduction = find_reduction(root ? root->in[0] : length, root ? ITGC_REDUCE_SUM : ITGC_REDUCE_L2);
    if (!reduction || !*least) {
        return false;
    }
    const itgc_reduce_params *axes = reduction->params;
    *axis = axes->axes[0];
    x = reduction->in[0];
    return (!root || read_square(reduction->in[0], &x)) && x == div->in[0] && axes->axis_count == 1 &&
           is_reduced_shape(&length->shape, &x->shape, axes) && itgc_same_shape(&x->shape, &div->out[0]->shape);
}

static bool rewrite_length(itgc_graph *graph, itgc_node *node)
{
    int64_t axis;
    double least;
    if (!match_length(node, &axis, &least)) {
        return true;
    }
    itgc_node *norm = itgc_insert_node(graph, "LpNormalization", node->out[0]->name, node->in, 1);
    *(itgc_norm_params *)norm->params = (itgc_norm_params){.axis = axis, .p = 2, .epsilon = (float)least};
    return itgc_infer_node(graph, norm) && itgc_replace_node(graph, node, norm->out[0]);
}

bool itgc_fuse_normalization(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if ((itgc_is_op(node, "Div") || itgc_is_op(node, "Mul")) && !rewrite_quotient(graph, node)) {
            return false;
        }
        if (itgc_is_op(node, "Div") && !rewrite_length(graph, node)) {
            return false;
        }
    }
    return true;
}
