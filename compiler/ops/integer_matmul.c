/* SPDX-License-Identifier: Apache-2.0
 * MatMulInteger and QLinearMatMul: products of codes less their zero points, exact in 64 bits; the second brings them to output codes.
 * In: a [...,m,k], b [...,k,n], batches broadcast. What both share with the convolutions (quantize_linear.h) is here too. */
#include "compiler/ops/quantize_linear.h"
#include "compiler/ops/walk.h"

#include <string.h>

static const itgc_positions integer_positions = {0, -1, 2, 1, -1, 3, -1, -1, -1};
static const itgc_positions linear_positions = {0, 1, 2, 3, 4, 5, 6, 7, -1};

static const itgc_positions *positions_of(const itgc_node *node)
{
    return strcmp(node->type, "QLinearMatMul") == 0 ? &linear_positions : &integer_positions;
}

static const itgc_tensor *tensor_at(const itgc_node *node, int input)
{
    return input < 0 ? NULL : itgc_input_of(node, input);
}

static bool check_lines(const itgc_node *node, itgc_diag *diag, int input, int64_t lines)
{
    const itgc_tensor *const tensor = tensor_at(node, input);
    if (tensor == NULL || itgc_elements(&tensor->shape) == 1 || (lines > 0 && itgc_elements(&tensor->shape) == lines))
        return true;
    return itgc_fail(diag, 212, "input %d of shape %s does not fit; export with one scale per tensor or channel", input,
                     itgc_shape_text(diag->arena, &tensor->shape));
}

bool itgc_check_positions(const itgc_node *node, itgc_diag *diag, const itgc_positions *at, int64_t a_lines, int64_t b_lines)
{
    const int integers[] = {at->a, at->a_zero, at->b, at->b_zero, at->y_zero, at->bias};
    const int floats[] = {at->a_scale, at->b_scale, at->y_scale};
    for (int i = 0; i < 6; i++)
        if (tensor_at(node, integers[i]) != NULL && !itgc_require_type(diag, node, integers[i], ITGC_INTEGERS))
            return false;
    for (int i = 0; i < 3; i++)
        if (tensor_at(node, floats[i]) != NULL && !itgc_require_type(diag, node, floats[i], ITGC_FLOATS))
            return false;
    return check_lines(node, diag, at->a_scale, a_lines) && check_lines(node, diag, at->a_zero, a_lines) &&
           check_lines(node, diag, at->b_scale, b_lines) && check_lines(node, diag, at->b_zero, b_lines) && check_lines(node, diag, at->y_scale, 0) &&
           check_lines(node, diag, at->y_zero, 0);
}

int64_t itgc_zero_at(const itgc_eval *eval, int input, int64_t line)
{
    const itgc_value *const value = input < 0 ? NULL : itgc_operand_of(eval, input);
    return value == NULL ? 0 : value->i[itgc_elements(&value->shape) == 1 ? 0 : line];
}

float itgc_scale_at(const itgc_eval *eval, int input, int64_t line)
{
    const itgc_value *const value = input < 0 ? NULL : itgc_operand_of(eval, input);
    return value == NULL ? 1.0f : value->f[itgc_elements(&value->shape) == 1 ? 0 : line];
}

static bool infer_integer_matmul(itgc_node *node, itgc_diag *diag)
{
    const itgc_positions *const at = positions_of(node);
    itgc_shape a = node->in[at->a]->shape, b = node->in[at->b]->shape, y;
    if (a.rank < 2 || b.rank < 2 || a.dim[a.rank - 1] != b.dim[b.rank - 2])
        return itgc_fail(diag, 228, "inputs %s and %s cannot be multiplied; check the input shape", itgc_shape_text(diag->arena, &a),
                         itgc_shape_text(diag->arena, &b));
    const int64_t rows = a.dim[a.rank - 1 - 1], columns = b.dim[b.rank - 1];
    a.rank -= 2;
    b.rank -= 2;
    if (!itgc_check_positions(node, diag, at, rows, columns) || !itgc_broadcast(diag, &y, &a, &b))
        return false;
    y.dim[y.rank++] = rows;
    y.dim[y.rank++] = columns;
    itgc_set_output(node, 0, at->y_zero < 0 ? ITGC_I32 : node->in[at->y_zero]->type, &y);
    return true;
}

/* Strides of an operand over [batch…, m, n, k]; m, n and k are filled in by the caller. */
static void fill_batch_strides(int64_t *stride, int batch_rank, const itgc_shape *shape)
{
    int64_t dense[ITGC_MAX_RANK];
    itgc_dense_strides(shape, dense);
    for (int i = 0; i < shape->rank - 2; i++)
        stride[batch_rank - (shape->rank - 2) + i] = shape->dim[i] == 1 ? 0 : dense[i];
}

/* Operands: the sums, a, b. */
static void plan_product(const itgc_eval *eval, const itgc_positions *at, itgc_walk *walk)
{
    const itgc_shape *const y = &eval->out[0]->shape, *const a = &eval->in[at->a]->shape, *const b = &eval->in[at->b]->shape;
    const int batch = y->rank - 2;
    const int64_t columns = y->dim[batch + 1], depth = a->dim[a->rank - 1];
    int64_t dim[ITGC_WALK_RANK], to[ITGC_WALK_RANK] = {0}, from_a[ITGC_WALK_RANK] = {0}, from_b[ITGC_WALK_RANK] = {0};
    for (int i = 0; i < y->rank; i++)
        dim[i] = y->dim[i];
    dim[y->rank] = depth;
    itgc_dense_strides(y, to);
    fill_batch_strides(from_a, batch, a);
    fill_batch_strides(from_b, batch, b);
    from_a[batch] = depth;
    from_a[batch + 2] = 1;
    from_b[batch + 1] = 1;
    from_b[batch + 2] = columns;
    itgc_init_walk(walk, y->rank + 1, dim);
    itgc_add_strided(walk, to, 0);
    itgc_add_strided(walk, from_a, 0);
    itgc_add_strided(walk, from_b, 0);
}

static void add_products(const itgc_eval *eval, const itgc_positions *at, const itgc_walk *walk, int64_t *sums)
{
    const itgc_shape *const y = &eval->out[0]->shape;
    const int64_t rows = y->dim[y->rank - 2], columns = y->dim[y->rank - 1];
    const int last = walk->rank - 1;
    for (int64_t i = 0; i < walk->dim[last]; i++) {
        const int64_t to = walk->offset[0] + i * walk->stride[0][last];
        const int64_t a = eval->in[at->a]->i[walk->offset[1] + i * walk->stride[1][last]];
        const int64_t b = eval->in[at->b]->i[walk->offset[2] + i * walk->stride[2][last]];
        sums[to] += (a - itgc_zero_at(eval, at->a_zero, to / columns % rows)) * (b - itgc_zero_at(eval, at->b_zero, to % columns));
    }
}

static bool eval_integer_matmul(const itgc_eval *eval)
{
    const itgc_positions *const at = positions_of(eval->node);
    itgc_value *const out = eval->out[0];
    const int64_t count = itgc_elements(&out->shape);
    const int64_t rows = out->shape.dim[out->shape.rank - 2], columns = out->shape.dim[out->shape.rank - 1];
    int64_t *const sums = ITGC_NEW_ARRAY(eval->scratch, int64_t, count);
    itgc_walk walk;
    plan_product(eval, at, &walk);
    for (bool more = itgc_first_row(&walk); more; more = itgc_next_row(&walk))
        add_products(eval, at, &walk, sums);
    for (int64_t i = 0; i < count; i++) {
        const float a_scale = itgc_scale_at(eval, at->a_scale, i / columns % rows), b_scale = itgc_scale_at(eval, at->b_scale, i % columns);
        if (at->y_zero < 0)
            out->i[i] = itgc_wrap(ITGC_I32, sums[i]);
        else
            out->i[i] =
                itgc_requantize_code(out->type, sums[i], a_scale * b_scale / itgc_scale_at(eval, at->y_scale, 0), itgc_zero_at(eval, at->y_zero, 0));
    }
    return true;
}

#define INTEGER_MATMUL(least, most)                                                                                                                  \
    {                                                                                                                                                \
        .family = "integer_matmul", .attributes = "", .min_inputs = least, .max_inputs = most, .max_outputs = 1, .infer = infer_integer_matmul,      \
        .eval = eval_integer_matmul                                                                                                                  \
    }

const itgc_op itgc_op_matmul_integer = INTEGER_MATMUL(2, 4);
const itgc_op itgc_op_qlinear_matmul = INTEGER_MATMUL(8, 8);
