/* SPDX-License-Identifier: Apache-2.0
 * Gemm (ONNX opsets 1 to 13): alpha A' B' + beta C, C broadcast to the result. In: A, B rank 2, optional C.
 * The old `broadcast` attribute allowed what later opsets do always. */
#include "compiler/ops/product.h"
#include "compiler/ops/quantizers.h"

static bool parse_gemm(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    itgc_gemm_params *const params = node->params;
    params->alpha = itgc_float_attribute(node, "alpha", 1.0f);
    params->beta = itgc_float_attribute(node, "beta", 1.0f);
    params->transpose_a = itgc_int_attribute(node, "transA", 0) != 0;
    params->transpose_b = itgc_int_attribute(node, "transB", 0) != 0;
    (void)itgc_int_attribute(node, "broadcast", 0);
    return true;
}

static bool infer_gemm(itgc_node *node, itgc_diag *diag)
{
    const itgc_gemm_params *const params = node->params;
    const itgc_shape *const a = &node->in[0]->shape, *const b = &node->in[1]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !itgc_require_same_type(diag, node, 1)) {
        return false;
    }
    if (a->rank != 2 || b->rank != 2 || a->dim[params->transpose_a ? 0 : 1] != b->dim[params->transpose_b ? 1 : 0]) {
        return itgc_fail(diag, 228, "inputs %s and %s cannot be multiplied; check the input shape", itgc_shape_text(diag->arena, a),
                         itgc_shape_text(diag->arena, b));
    }
    const itgc_shape y = {.rank = 2, .dim = {a->dim[params->transpose_a ? 1 : 0], b->dim[params->transpose_b ? 0 : 1]}};
    const itgc_tensor *const c = itgc_input_of(node, 2);
    itgc_shape joined = y;
    if (c != NULL && (!itgc_broadcast(diag, &joined, &y, &c->shape) || !itgc_same_shape(&joined, &y))) {
        return itgc_fail(diag, 212, "input 2 of shape %s does not fit the result %s; check the input shape", itgc_shape_text(diag->arena, &c->shape),
                         itgc_shape_text(diag->arena, &y));
    }
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

static const float *transpose_first(const itgc_eval *eval, int64_t m, int64_t k)
{
    float *const turned = ITGC_NEW_ARRAY(eval->scratch, float, m *k);
    for (int64_t i = 0; i < m * k; i++) {
        turned[i] = eval->in[0]->f[i % k * m + i / k];
    }
    return turned;
}

static void add_third(float *y, const itgc_gemm_params *params, const itgc_value *c, const itgc_shape *shape)
{
    const int64_t m = shape->dim[0], n = shape->dim[1];
    const int rank = c == NULL ? 0 : c->shape.rank;
    const int64_t down = rank == 2 && c->shape.dim[0] != 1 ? c->shape.dim[1] : 0, across = rank > 0 && c->shape.dim[rank - 1] != 1 ? 1 : 0;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            const float sum = params->alpha * y[i * n + j];
            y[i * n + j] = c == NULL ? sum : sum + params->beta * c->f[i * down + j * across];
        }
    }
}

static bool eval_gemm(const itgc_eval *eval)
{
    const itgc_gemm_params *const params = eval->node->params;
    const itgc_shape *const y = &eval->out[0]->shape;
    const int64_t k = eval->in[0]->shape.dim[params->transpose_a ? 0 : 1];
    const itgc_dense dense = {.out = eval->out[0]->f,
                              .a = params->transpose_a ? transpose_first(eval, y->dim[0], k) : eval->in[0]->f,
                              .packed = itgc_pack_operand(eval, k, y->dim[1], params->transpose_b),
                              .m = y->dim[0],
                              .n = y->dim[1],
                              .k = k};
    itgc_multiply_dense(&dense, eval->threads);
    add_third(eval->out[0]->f, params, itgc_operand_of(eval, 2), y);
    return true;
}

const itgc_op itgc_op_gemm = {.family = "gemm",
                              .attributes = "alpha beta transA transB broadcast",
                              .min_inputs = 2,
                              .max_inputs = 3,
                              .max_outputs = 1,
                              .params_bytes = sizeof(itgc_gemm_params),
                              .parse = parse_gemm,
                              .infer = infer_gemm,
                              .eval = eval_gemm,
                              .quantize = itgc_quantize_gemm};
