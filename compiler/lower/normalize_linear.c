/* SPDX-License-Identifier: Apache-2.0
 * Every product with constant weights becomes Gemm in one form: x [M,K] times weights [N,K] (transpose_b), alpha and beta folded in,
 * bias [N] or none. MatMul by a constant with leading dimensions becomes Reshape, Gemm, Reshape; constant times x goes through Transposes. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

/* weights [N,K] from [K,N] (transposed) or [N,K], times a factor. */
static itgc_tensor *copy_weights(itgc_graph *graph, const itgc_tensor *from, bool transpose, double factor)
{
    const itgc_shape *shape = &from->constant->shape;
    const int64_t rows = shape->dim[shape->rank - 2];
    const int64_t columns = shape->dim[shape->rank - 1];
    const itgc_shape to_shape = {.rank = 2, .dim = {transpose ? columns : rows, transpose ? rows : columns}};
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, from->name, &to_shape, &to);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < columns; c++) {
            to[transpose ? c * rows + r : r * columns + c] = (float)(factor * (double)from->constant->f[r * columns + c]);
        }
    }
    return tensor;
}

static itgc_tensor *insert_gemm(itgc_graph *graph, const char *name, itgc_tensor *in, itgc_tensor *weights, itgc_tensor *bias)
{
    itgc_tensor *inputs[3] = {in, weights, bias};
    itgc_node *node = itgc_insert_node(graph, "Gemm", name, inputs, bias ? 3 : 2);
    *(itgc_gemm_params *)node->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* weights [M,K] times x […,K,N] is the transpose of x^T times weights: Transpose, product by constant, Transpose. */
static bool rewrite_left_weights(itgc_graph *graph, itgc_node *node)
{
    itgc_tensor *x = node->in[1];
    const int rank = x->shape.rank;
    int64_t swap[ITGC_MAX_RANK];
    if (!itgc_is_weights(node->in[0]) || node->in[0]->shape.rank != 2 || x->constant || rank < 2) {
        return true;
    }
    for (int i = 0; i < rank; i++) {
        swap[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    }
    const char *name = node->out[0]->name;
    itgc_tensor *in[2] = {itgc_insert_transpose(graph, itgc_sprint(graph->arena, "%s/turned", name), x, swap),
                          copy_weights(graph, node->in[0], true, 1.0)};
    itgc_node *product = in[0] ? itgc_insert_node(graph, "MatMul", itgc_sprint(graph->arena, "%s/product", name), in, 2) : NULL;
    itgc_tensor *out = product && itgc_infer_node(graph, product) ? itgc_insert_transpose(graph, name, product->out[0], swap) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_matmul(itgc_graph *graph, itgc_node *node)
{
    itgc_tensor *in = node->in[0];
    const itgc_tensor *weights = node->in[1];
    if (!itgc_is_weights(weights) || in->constant || in->shape.rank < 2 || weights->shape.rank < 2 ||
        itgc_elements_before(&weights->shape, weights->shape.rank - 2) != 1) {
        return true;
    }
    const char *name = node->out[0]->name;
    const itgc_shape *shape = &in->shape;
    const itgc_shape rows = {.rank = 2, .dim = {itgc_elements_before(shape, shape->rank - 1), shape->dim[shape->rank - 1]}};
    itgc_tensor *x = shape->rank == 2 ? in : itgc_insert_reshape(graph, itgc_sprint(graph->arena, "%s/rows", name), in, &rows);
    itgc_tensor *out = x ? insert_gemm(graph, name, x, copy_weights(graph, weights, true, 1.0), NULL) : NULL;
    if (out && !itgc_same_shape(&out->shape, &node->out[0]->shape)) {
        out = itgc_insert_reshape(graph, name, out, &node->out[0]->shape);
    }
    return out && itgc_replace_node(graph, node, out);
}

/* Gemm's third input as [N] times beta; NULL if it varies by row. */
static itgc_tensor *copy_bias(itgc_graph *graph, const itgc_tensor *from, int64_t columns, double beta)
{
    const itgc_shape *shape = &from->constant->shape;
    const int64_t count = itgc_elements(shape);
    const bool is_scalar = count == 1;
    if (!is_scalar && (count != columns || shape->dim[shape->rank - 1] != columns)) {
        return NULL;
    }
    const itgc_shape to_shape = {.rank = 1, .dim = {columns}};
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, from->name, &to_shape, &to);
    for (int64_t i = 0; i < columns; i++) {
        to[i] = (float)(beta * (double)from->constant->f[is_scalar ? 0 : i]);
    }
    return tensor;
}

static itgc_tensor *add_remainder(itgc_graph *graph, const itgc_node *node, itgc_tensor *product)
{
    const double beta = (double)((const itgc_gemm_params *)node->params)->beta;
    itgc_tensor *term = node->in[2];
    if (beta != 1.0) {
        term = itgc_insert_binary(graph, "Mul", term->name, term, itgc_make_scalar(graph, term->name, beta));
    }
    return term ? itgc_insert_binary(graph, "Add", product->name, product, term) : NULL;
}

static bool is_normal(const itgc_node *node)
{
    const itgc_gemm_params *params = node->params;
    const itgc_tensor *bias = node->in_count > 2 ? node->in[2] : NULL;
    return params->alpha == 1.0f && params->beta == 1.0f && !params->transpose_a && params->transpose_b &&
           (!bias || (bias->constant && bias->shape.rank == 1 && bias->shape.dim[0] == node->out[0]->shape.dim[1]));
}

static bool rewrite_gemm(itgc_graph *graph, itgc_node *node)
{
    static const int64_t swap[2] = {1, 0};
    const itgc_gemm_params *params = node->params;
    if (!itgc_is_weights(node->in[1]) || node->in[0]->constant || is_normal(node)) {
        return true;
    }
    const char *name = node->out[0]->name;
    itgc_tensor *given = node->in_count > 2 ? node->in[2] : NULL;
    itgc_tensor *bias = itgc_is_weights(given) ? copy_bias(graph, given, node->out[0]->shape.dim[1], (double)params->beta) : NULL;
    itgc_tensor *in = params->transpose_a ? itgc_insert_transpose(graph, itgc_sprint(graph->arena, "%s/rows", name), node->in[0], swap) : node->in[0];
    itgc_tensor *weights = copy_weights(graph, node->in[1], !params->transpose_b, (double)params->alpha);
    itgc_tensor *out = in ? insert_gemm(graph, name, in, weights, bias) : NULL;
    if (out && given && !bias) {
        out = add_remainder(graph, node, out);
    }
    return out && itgc_replace_node(graph, node, out);
}

bool itgc_normalize_linear(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) { /* nodes made on the way come by too */
        itgc_node *node = graph->nodes[i];
        if (itgc_is_op(node, "MatMul") && !rewrite_left_weights(graph, node)) {
            return false;
        }
        if (itgc_is_op(node, "MatMul") && !rewrite_matmul(graph, node)) {
            return false;
        }
        if (itgc_is_op(node, "Gemm") && !rewrite_gemm(graph, node)) {
            return false;
        }
    }
    return true;
}
