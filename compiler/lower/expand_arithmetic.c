/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic for which there is no integer step of its own becomes what there is: reductions other than means, sums and maxima, or over
 * axes that lie apart; larger and smaller of two tensors; norms of windows; Softmax along another axis; LogSoftmax; a number divided by a
 * tensor; Gemm of two activations. Runs behind to_nhwc; nodes it makes come by again. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

static itgc_tensor *make_precise(itgc_tensor *tensor)
{
    if (tensor && tensor->producer) {
        tensor->producer->is_precise = true;
    }
    return tensor;
}

static itgc_tensor *insert_link(itgc_graph *graph, itgc_unary_params link, const char *name, itgc_tensor *in)
{
    const itgc_chain chain = {.count = 1, .link = {link}};
    return in ? itgc_insert_function(graph, &chain, name, in) : NULL;
}

static itgc_tensor *insert_power(itgc_graph *graph, double exponent, const char *name, itgc_tensor *in)
{
    return insert_link(graph, (itgc_unary_params){.kind = ITGC_POW_CONSTANT, .alpha = exponent}, name, in);
}

static itgc_tensor *insert_named(itgc_graph *graph, const char *type, itgc_unary_kind kind, const char *name, itgc_tensor *in)
{
    const itgc_unary_params params = {.kind = kind};
    return in ? itgc_insert_unary(graph, type, &params, name, in) : NULL;
}

/* A reduction over `count` of params' axes, from the first; every dimension stays as 1 unless `keep` is false. */
static itgc_tensor *insert_reduce(itgc_graph *graph, const char *type, const itgc_reduce_params *params, const char *name, itgc_tensor *in)
{
    if (!in) {
        return NULL;
    }
    itgc_node *node = itgc_insert_node(graph, type, name, &in, 1);
    *(itgc_reduce_params *)node->params = *params;
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

static const char *type_of_reduction(itgc_reduce_kind kind)
{
    switch (kind) {
    case ITGC_REDUCE_MEAN:
        return "ReduceMean";
    case ITGC_REDUCE_SUM:
        return "ReduceSum";
    default:
        return "ReduceMax";
    }
}

/* Axes that lie apart: one reduction for each run of neighbours. A mean of means of equal counts is the mean. */
static bool split_axes(itgc_graph *graph, itgc_node *node)
{
    const itgc_reduce_params *params = node->params;
    const char *name = node->out[0]->name;
    itgc_tensor *out = node->in[0];
    for (int end = params->axis_count; end > 0 && out;) {
        int first = end - 1;
        while (first > 0 && params->axes[first - 1] == params->axes[first] - 1) {
            first--;
        }
        itgc_reduce_params run = {.kind = params->kind, .axis_count = end - first, .keep = true, .resolved = true};
        memcpy(run.axes, params->axes + first, (size_t)(end - first) * sizeof run.axes[0]);
        out = insert_reduce(graph, type_of_reduction(params->kind), &run, name, out);
        end = first;
        if (end > 0 && params->kind != ITGC_REDUCE_MAX) {
            make_precise(out);
        }
    }
    if (out && !params->keep) {
        out = itgc_insert_reshape(graph, name, out, &node->out[0]->shape);
    }
    return out && itgc_replace_node(graph, node, out);
}

/* log(sum(exp(x - max))) + max. */
static itgc_tensor *expand_log_sum_exp(itgc_graph *graph, const itgc_reduce_params *params, const char *name, itgc_tensor *x)
{
    itgc_reduce_params kept = *params;
    kept.keep = true;
    kept.kind = ITGC_REDUCE_MAX;
    itgc_tensor *most = insert_reduce(graph, "ReduceMax", &kept, name, x);
    itgc_tensor *below = most ? make_precise(itgc_insert_binary(graph, "Sub", name, x, most)) : NULL;
    itgc_tensor *powers = make_precise(insert_named(graph, "Exp", ITGC_EXP, name, below));
    kept.kind = ITGC_REDUCE_SUM;
    itgc_tensor *sum = make_precise(insert_reduce(graph, "ReduceSum", &kept, name, powers));
    itgc_tensor *log = make_precise(insert_named(graph, "Log", ITGC_LOG, name, sum));
    return log ? itgc_insert_binary(graph, "Add", name, log, most) : NULL;
}

/* What is summed, and what becomes of the sum. */
static itgc_tensor *expand_sum(itgc_graph *graph, const itgc_reduce_params *params, const char *name, itgc_tensor *x)
{
    itgc_reduce_params sum = *params;
    sum.kind = ITGC_REDUCE_SUM;
    const bool is_square = params->kind == ITGC_REDUCE_L2 || params->kind == ITGC_REDUCE_SUM_SQUARE;
    if (is_square) {
        x = make_precise(insert_power(graph, 2.0, name, x));
    } else if (params->kind == ITGC_REDUCE_L1) {
        x = make_precise(insert_named(graph, "Abs", ITGC_ABS, name, x));
    }
    itgc_tensor *out = insert_reduce(graph, "ReduceSum", &sum, name, x);
    if (params->kind == ITGC_REDUCE_L2) {
        return insert_named(graph, "Sqrt", ITGC_SQRT, name, make_precise(out));
    }
    return params->kind == ITGC_REDUCE_LOG_SUM ? insert_named(graph, "Log", ITGC_LOG, name, make_precise(out)) : out;
}

static bool expand_reduce(itgc_graph *graph, itgc_node *node)
{
    const itgc_reduce_params *params = node->params;
    const char *name = node->out[0]->name;
    itgc_tensor *x = node->in[0];
    itgc_tensor *out;
    if (!params->resolved || params->axis_count == 0) {
        return true;
    }
    switch (params->kind) {
    case ITGC_REDUCE_MEAN:
    case ITGC_REDUCE_SUM:
    case ITGC_REDUCE_MAX:
        return params->axes[params->axis_count - 1] - params->axes[0] + 1 == params->axis_count || split_axes(graph, node);
    case ITGC_REDUCE_MIN: {
        itgc_reduce_params most = *params;
        most.kind = ITGC_REDUCE_MAX;
        out = insert_reduce(graph, "ReduceMax", &most, name, insert_named(graph, "Neg", ITGC_NEG, name, x));
        out = insert_named(graph, "Neg", ITGC_NEG, name, out);
        break;
    }
    case ITGC_REDUCE_LOG_SUM_EXP:
        out = expand_log_sum_exp(graph, params, name, x);
        if (out && !params->keep) {
            out = itgc_insert_reshape(graph, name, out, &node->out[0]->shape);
        }
        break;
    case ITGC_REDUCE_PROD:
        return true;
    default:
        out = expand_sum(graph, params, name, x);
        break;
    }
    return out && itgc_replace_node(graph, node, out);
}

/* One member of the pair: [1, shape of the result], negative for Min. */
static itgc_tensor *prepare_member(itgc_graph *graph, const char *name, itgc_tensor *x, const itgc_shape *shape, bool is_negative)
{
    itgc_shape aligned = {.rank = shape->rank + 1};
    itgc_shape full = {.rank = shape->rank + 1};
    for (int i = 0; i <= shape->rank; i++) {
        const int at = i - (aligned.rank - x->shape.rank);
        aligned.dim[i] = at >= 0 ? x->shape.dim[at] : 1;
        full.dim[i] = i == 0 ? 1 : shape->dim[i - 1];
    }
    itgc_tensor *out = is_negative ? insert_named(graph, "Neg", ITGC_NEG, name, x) : x;
    out = out ? itgc_insert_reshape(graph, name, out, &aligned) : NULL;
    if (!out || itgc_same_shape(&aligned, &full)) {
        return out;
    }
    itgc_tensor *in[2] = {out, itgc_make_ints(graph, name, full.dim, full.rank)};
    itgc_node *node = itgc_insert_node(graph, "Expand", name, in, 2);
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* The larger of two: the maximum over both, one behind the other. */
static bool expand_bound(itgc_graph *graph, itgc_node *node)
{
    const bool is_min = itgc_is_op(node, "Min");
    const char *name = node->out[0]->name;
    const itgc_shape shape = node->out[0]->shape;
    itgc_tensor *member[2];
    if (node->in_count != 2 || node->in[0]->constant || node->in[1]->constant || shape.rank >= ITGC_MAX_RANK || !itgc_is_float(node->out[0]->type)) {
        return true;
    }
    for (int i = 0; i < 2; i++) {
        member[i] = prepare_member(graph, name, node->in[i], &shape, is_min);
        if (!member[i]) {
            return false;
        }
    }
    itgc_node *both = itgc_insert_node(graph, "Concat", name, member, 2);
    const itgc_reduce_params first = {.kind = ITGC_REDUCE_MAX, .axis_count = 1, .resolved = true};
    itgc_tensor *out = itgc_infer_node(graph, both) ? insert_reduce(graph, "ReduceMax", &first, name, both->out[0]) : NULL;
    out = is_min ? insert_named(graph, "Neg", ITGC_NEG, name, out) : out;
    return out && itgc_replace_node(graph, node, out);
}

/* The axis last for the node, and back in its place behind it. */
static bool turn_softmax(itgc_graph *graph, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const int rank = node->in[0]->shape.rank;
    const int axis = (int)(params->axis < 0 ? params->axis + rank : params->axis);
    const char *name = node->out[0]->name;
    int64_t perm[ITGC_MAX_RANK];
    if (params->coerce || itgc_elements_after(&node->in[0]->shape, axis + 1) == 1) {
        return true;
    }
    for (int i = 0; i < rank; i++) {
        perm[i] = i == axis ? rank - 1 : i == rank - 1 ? axis : i;
    }
    itgc_tensor *turned = itgc_insert_transpose(graph, name, node->in[0], perm);
    itgc_node *softmax = turned ? itgc_insert_node(graph, node->type, name, &turned, 1) : NULL;
    if (!softmax) {
        return false;
    }
    ((itgc_axis_params *)softmax->params)->axis = rank - 1;
    itgc_tensor *out = itgc_infer_node(graph, softmax) ? itgc_insert_transpose(graph, name, softmax->out[0], perm) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

/* x - max - log(sum(exp(x - max))). */
static bool expand_log_softmax(itgc_graph *graph, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const int rank = node->in[0]->shape.rank;
    const char *name = node->out[0]->name;
    itgc_reduce_params last = {.kind = ITGC_REDUCE_MAX, .axis_count = 1, .axes = {rank - 1}, .keep = true, .resolved = true};
    if (params->coerce || rank == 0) {
        return true;
    }
    if (itgc_elements_after(&node->in[0]->shape, (int)(params->axis < 0 ? params->axis + rank : params->axis) + 1) != 1) {
        return turn_softmax(graph, node);
    }
    last.axes[0] = params->axis < 0 ? params->axis + rank : params->axis;
    itgc_tensor *most = insert_reduce(graph, "ReduceMax", &last, name, make_precise(node->in[0]));
    itgc_tensor *below = most ? make_precise(itgc_insert_binary(graph, "Sub", name, node->in[0], most)) : NULL;
    itgc_tensor *powers = make_precise(insert_named(graph, "Exp", ITGC_EXP, name, below));
    last.kind = ITGC_REDUCE_SUM;
    itgc_tensor *sum = make_precise(insert_reduce(graph, "ReduceSum", &last, name, powers));
    itgc_tensor *log = make_precise(insert_named(graph, "Log", ITGC_LOG, name, sum));
    itgc_tensor *out = log ? make_precise(itgc_insert_binary(graph, "Sub", name, below, log)) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

/* (k * mean(|x|^p))^(1/p) over windows of k positions, padding counted as zeros. */
static bool expand_norm_pool(itgc_graph *graph, itgc_node *node)
{
    const itgc_pool_params *params = node->params;
    const char *name = node->out[0]->name;
    int64_t count = 1;
    if (params->window.ceil_mode || node->in[0]->shape.rank != params->window.rank + 2) {
        return true; /* windows beyond the padding have fewer positions */
    }
    for (int i = 0; i < params->window.rank; i++) {
        count *= params->global ? node->in[0]->shape.dim[(params->window.channels_last ? 1 : 2) + i] : params->window.kernel[i];
    }
    itgc_tensor *powers = insert_named(graph, "Abs", ITGC_ABS, name, node->in[0]);
    powers = make_precise(params->p == 1 ? powers : insert_power(graph, (double)params->p, name, powers));
    if (!powers) {
        return false;
    }
    itgc_node *pool = itgc_insert_node(graph, params->global ? "GlobalAveragePool" : "AveragePool", name, &powers, 1);
    itgc_pool_params *average = pool->params;
    *average = *params;
    average->kind = ITGC_POOL_AVERAGE;
    average->include_pad = true;
    if (!itgc_infer_node(graph, pool)) {
        return false;
    }
    const itgc_chain root = {.count = params->p == 1 ? 1 : 2,
                             .link = {{.kind = ITGC_AFFINE, .alpha = (double)count},
                                      {.kind = params->p == 2 ? ITGC_SQRT : ITGC_POW_CONSTANT, .alpha = 1.0 / (double)params->p}}};
    itgc_tensor *out = itgc_insert_function(graph, &root, name, make_precise(pool->out[0]));
    return out && itgc_replace_node(graph, node, out);
}

static bool expand_quotient(itgc_graph *graph, itgc_node *node)
{
    if (!itgc_is_weights(node->in[0]) || node->in[1]->constant) {
        return true;
    }
    const char *name = node->out[0]->name;
    itgc_tensor *inverse = make_precise(insert_named(graph, "Reciprocal", ITGC_RECIPROCAL, name, node->in[1]));
    itgc_tensor *out = inverse ? itgc_insert_binary(graph, "Mul", name, inverse, node->in[0]) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

static bool expand_gemm(itgc_graph *graph, itgc_node *node)
{
    static const int64_t swap[2] = {1, 0};
    const itgc_gemm_params *params = node->params;
    const char *name = node->out[0]->name;
    itgc_tensor *in[2] = {node->in[0], node->in[1]};
    itgc_tensor *term = node->in_count > 2 ? node->in[2] : NULL;
    if (in[0]->constant || in[1]->constant) {
        return true;
    }
    in[0] = params->transpose_a ? itgc_insert_transpose(graph, name, in[0], swap) : in[0];
    in[1] = params->transpose_b ? itgc_insert_transpose(graph, name, in[1], swap) : in[1];
    const bool is_scaled = params->alpha != 1.0f;
    itgc_node *product = in[0] && in[1] ? itgc_insert_node(graph, "MatMul", name, in, 2) : NULL;
    itgc_tensor *out = product && itgc_infer_node(graph, product) ? product->out[0] : NULL;
    if (out && is_scaled) {
        out = itgc_insert_binary(graph, "Mul", name, out, itgc_make_scalar(graph, name, (double)params->alpha));
    }
    if (out && term && params->beta != 1.0f) {
        term = itgc_insert_binary(graph, "Mul", name, term, itgc_make_scalar(graph, name, (double)params->beta));
    }
    if (out && node->in_count > 2 && node->in[2]) {
        out = term ? itgc_insert_binary(graph, "Add", name, out, term) : NULL;
    }
    return out && itgc_replace_node(graph, node, out);
}

static const struct {
    const char *type;
    bool (*expand)(itgc_graph *graph, itgc_node *node);
} rules[] = {
    {"Max", expand_bound},        {"Min", expand_bound},
    {"Softmax", turn_softmax},    {"LogSoftmax", expand_log_softmax},
    {"LpPool", expand_norm_pool}, {"GlobalLpPool", expand_norm_pool},
    {"Div", expand_quotient},     {"Gemm", expand_gemm},
};

bool itgc_expand_arithmetic(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if (node->in_count > 0 && !node->in[0]) {
            continue;
        }
        if (node->in_count > 0 && strcmp(node->op->family, "reduce") == 0 && itgc_is_float(node->out[0]->type) && !expand_reduce(graph, node)) {
            return false;
        }
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            if (itgc_is_op(node, rules[k].type) && !rules[k].expand(graph, node)) {
                return false;
            }
        }
    }
    return true;
}
