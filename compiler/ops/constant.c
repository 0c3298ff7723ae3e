/* SPDX-License-Identifier: Apache-2.0
 * Ops that make constants: Constant, ConstantOfShape, EyeLike, Range, OneHot, NonZero. All are folded away; where a shape depends on a
 * value, that value must be a constant. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool fail_kind(itgc_diag *diag, const itgc_attribute *attribute)
{
    return itgc_fail(diag, 210, "attribute \"%.60s\" is of the wrong kind; export the model again", attribute->name);
}

/* The one attribute that says the value; its kind is checked against its name. */
static const itgc_attribute *find_value(const itgc_node *node, itgc_diag *diag)
{
    static const struct {
        const char *name;
        itgc_attribute_kind kind;
    } forms[] = {{"value", ITGC_ATTR_TENSOR},
                 {"value_float", ITGC_ATTR_FLOAT},
                 {"value_floats", ITGC_ATTR_FLOATS},
                 {"value_int", ITGC_ATTR_INT},
                 {"value_ints", ITGC_ATTR_INTS}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const itgc_attribute *const attribute = itgc_find_attribute(node, forms[i].name);
        if (attribute == NULL)
            continue;
        if (attribute->kind == forms[i].kind)
            return attribute;
        fail_kind(diag, attribute);
        return NULL;
    }
    itgc_fail(diag, 216, "it has no value; export the model again");
    return NULL;
}

static bool infer_constant(itgc_node *node, itgc_diag *diag)
{
    const itgc_attribute *const value = find_value(node, diag);
    if (value == NULL)
        return false;
    if (value->kind == ITGC_ATTR_TENSOR) {
        itgc_set_output(node, 0, value->tensor->type, &value->tensor->shape);
        return true;
    }
    const bool is_list = value->kind == ITGC_ATTR_FLOATS || value->kind == ITGC_ATTR_INTS;
    const itgc_shape shape = {.rank = is_list ? 1 : 0, .dim = {is_list ? value->count : 1}};
    itgc_set_output(node, 0, value->kind == ITGC_ATTR_FLOAT || value->kind == ITGC_ATTR_FLOATS ? ITGC_F32 : ITGC_I64, &shape);
    return true;
}

static bool eval_constant(const itgc_eval *eval)
{
    const itgc_attribute *const value = find_value(eval->node, eval->diag);
    itgc_value *const out = eval->out[0];
    if (value == NULL)
        return false;
    if (value->kind == ITGC_ATTR_TENSOR) {
        itgc_copy_elements(out, value->tensor);
        return true;
    }
    const int64_t count = itgc_elements(&out->shape);
    for (int64_t i = 0; i < count; i++) {
        if (itgc_is_float(out->type))
            out->f[i] = value->floats[i];
        else
            out->i[i] = value->ints[i];
    }
    return true;
}

/* The one-element tensor ConstantOfShape repeats; *value is NULL for the default, a float zero. */
static bool find_filler(const itgc_node *node, itgc_diag *diag, const itgc_value **value)
{
    const itgc_attribute *const attribute = itgc_find_attribute(node, "value");
    *value = NULL;
    if (attribute == NULL)
        return true;
    if (attribute->kind != ITGC_ATTR_TENSOR)
        return fail_kind(diag, attribute);
    if (itgc_elements(&attribute->tensor->shape) != 1)
        return itgc_fail(diag, 216, "attribute \"value\" must hold one element; export the model again");
    *value = attribute->tensor;
    return true;
}

static bool infer_constant_of_shape(itgc_node *node, itgc_diag *diag)
{
    itgc_shape shape;
    const itgc_value *value;
    if (!itgc_constant_ints(diag, node, 0, shape.dim, ITGC_MAX_RANK, &shape.rank) || !find_filler(node, diag, &value))
        return false;
    itgc_set_output(node, 0, value == NULL ? ITGC_F32 : value->type, &shape);
    return true;
}

static void fill_value(itgc_value *out, float real, int64_t integer)
{
    const int64_t count = itgc_elements(&out->shape);
    for (int64_t i = 0; i < count; i++) {
        if (itgc_is_float(out->type))
            out->f[i] = real;
        else
            out->i[i] = integer;
    }
}

static bool eval_constant_of_shape(const itgc_eval *eval)
{
    const itgc_value *value;
    if (!find_filler(eval->node, eval->diag, &value))
        return false;
    if (value == NULL)
        fill_value(eval->out[0], 0.0f, 0);
    else if (itgc_is_float(value->type))
        fill_value(eval->out[0], value->f[0], 0);
    else
        fill_value(eval->out[0], 0.0f, value->i[0]);
    return true;
}

static bool infer_eye_like(itgc_node *node, itgc_diag *diag)
{
    itgc_type type = node->in[0]->type;
    if (node->in[0]->shape.rank != 2)
        return itgc_fail(diag, 214, "input 0 must have two dimensions, not %d; export the model again", node->in[0]->shape.rank);
    if (itgc_find_attribute(node, "dtype") != NULL && !itgc_read_type(diag, itgc_int_attribute(node, "dtype", 0), &type))
        return false;
    itgc_set_output(node, 0, type, &node->in[0]->shape);
    return true;
}

static bool eval_eye_like(const itgc_eval *eval)
{
    itgc_value *const out = eval->out[0];
    const int64_t rows = out->shape.dim[0], columns = out->shape.dim[1];
    const int64_t shift = itgc_int_attribute(eval->node, "k", 0);
    fill_value(out, 0.0f, 0);
    if (shift <= -rows || shift >= columns)
        return true;
    for (int64_t row = shift < 0 ? -shift : 0; row < rows && row + shift < columns; row++) {
        if (itgc_is_float(out->type))
            out->f[row * columns + row + shift] = 1.0f;
        else
            out->i[row * columns + row + shift] = 1;
    }
    return true;
}

/* start, limit and delta as numbers; they must be constant scalars. */
static bool read_number(const itgc_node *node, int input, itgc_diag *diag, double *real, int64_t *integer)
{
    const itgc_tensor *const tensor = node->in[input];
    if (tensor->constant == NULL || itgc_elements(&tensor->shape) != 1)
        return itgc_fail(diag, 213, "input %d (\"%.100s\") must be a constant scalar; export with fixed shapes", input, tensor->name);
    const bool is_float = itgc_is_float(tensor->type);
    *real = is_float ? (double)tensor->constant->f[0] : (double)tensor->constant->i[0];
    *integer = is_float ? itgc_int_of(*real) : tensor->constant->i[0];
    return true;
}

static bool infer_range(itgc_node *node, itgc_diag *diag)
{
    double real[3];
    int64_t integer;
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !itgc_require_same_type(diag, node, 1))
        return false;
    for (int i = 0; i < 3; i++)
        if (!read_number(node, i, diag, &real[i], &integer))
            return false;
    const double count = ceil((real[1] - real[0]) / real[2]);
    if (!(fabs(count) < 0x1p40))
        return itgc_fail(diag, 216, "the range has no fixed length: delta is %g; export the model again", real[2]);
    itgc_set_output(node, 0, node->in[0]->type, &(itgc_shape){.rank = 1, .dim = {count > 0.0 ? (int64_t)count : 0}});
    return true;
}

static bool eval_range(const itgc_eval *eval)
{
    const itgc_value *const start = eval->in[0], *const delta = eval->in[2];
    itgc_value *const out = eval->out[0];
    for (int64_t i = 0; i < out->shape.dim[0]; i++) {
        if (itgc_is_float(out->type))
            out->f[i] = (float)((double)start->f[0] + (double)i * (double)delta->f[0]);
        else
            out->i[i] = itgc_wrap(out->type, (int64_t)((uint64_t)start->i[0] + (uint64_t)i * (uint64_t)delta->i[0]));
    }
    return true;
}

static bool infer_one_hot(itgc_node *node, itgc_diag *diag)
{
    const itgc_shape *const indices = &node->in[0]->shape;
    double real;
    int64_t depth, axis = itgc_int_attribute(node, "axis", -1);
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !read_number(node, 1, diag, &real, &depth) ||
        !itgc_normalize_axis(diag, &axis, indices->rank + 1))
        return false;
    if (depth < 0 || itgc_elements(&node->in[2]->shape) != 2 || indices->rank == ITGC_MAX_RANK)
        return itgc_fail(diag, 214, "depth %" PRId64 ", %d dimensions or values %s are not supported; export the model again", depth, indices->rank,
                         itgc_shape_text(diag->arena, &node->in[2]->shape));
    itgc_shape shape = {.rank = indices->rank + 1};
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = i == axis ? depth : indices->dim[i - (i > axis)];
    itgc_set_output(node, 0, node->in[2]->type, &shape);
    return true;
}

static bool eval_one_hot(const itgc_eval *eval)
{
    const itgc_value *const indices = eval->in[0], *const values = eval->in[2];
    itgc_value *const out = eval->out[0];
    int64_t axis = itgc_int_attribute(eval->node, "axis", -1);
    axis += axis < 0 ? out->shape.rank : 0;
    const int64_t depth = out->shape.dim[axis], outer = itgc_outer_count(&out->shape, axis), inner = itgc_inner_count(&out->shape, axis);
    const bool is_float = itgc_is_float(out->type);
    fill_value(out, is_float ? values->f[0] : 0.0f, is_float ? 0 : values->i[0]);
    if (depth == 0)
        return true;
    for (int64_t i = 0; i < outer * inner; i++) {
        int64_t hot = itgc_is_float(indices->type) ? itgc_int_of((double)indices->f[i]) : indices->i[i];
        if (hot < -depth || hot >= depth)
            continue;
        hot += hot < 0 ? depth : 0;
        const int64_t at = (i / inner * depth + hot) * inner + i % inner;
        if (is_float)
            out->f[at] = values->f[1];
        else
            out->i[at] = values->i[1];
    }
    return true;
}

static bool is_set(const itgc_value *value, int64_t index)
{
    return itgc_is_float(value->type) ? value->f[index] != 0.0f : value->i[index] != 0;
}

static bool infer_non_zero(itgc_node *node, itgc_diag *diag)
{
    const itgc_tensor *const in = node->in[0];
    if (in->constant == NULL)
        return itgc_fail(diag, 213, "input 0 (\"%.100s\") must be a constant; the output's shape depends on its values", in->name);
    const int64_t count = itgc_elements(&in->shape);
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++)
        found += is_set(in->constant, i);
    itgc_set_output(node, 0, ITGC_I64, &(itgc_shape){.rank = 2, .dim = {in->shape.rank, found}});
    return true;
}

static bool eval_non_zero(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0];
    const int64_t count = itgc_elements(&in->shape), columns = eval->out[0]->shape.dim[1];
    int64_t stride[ITGC_MAX_RANK], column = 0;
    itgc_dense_strides(&in->shape, stride);
    for (int64_t i = 0; i < count; i++) {
        if (!is_set(in, i))
            continue;
        for (int d = 0; d < in->shape.rank; d++)
            eval->out[0]->i[d * columns + column] = i / stride[d] % in->shape.dim[d];
        column++;
    }
    return true;
}

#define MAKER(names, inputs, infer_it, eval_it)                                                                                                      \
    {                                                                                                                                                \
        .family = "constant", .attributes = names, .min_inputs = inputs, .max_inputs = inputs, .max_outputs = 1, .infer = infer_it, .eval = eval_it  \
    }

const itgc_op itgc_op_constant = MAKER("value value_float value_floats value_int value_ints", 0, infer_constant, eval_constant);
const itgc_op itgc_op_constant_of_shape = MAKER("value", 1, infer_constant_of_shape, eval_constant_of_shape);
const itgc_op itgc_op_eye_like = MAKER("dtype k", 1, infer_eye_like, eval_eye_like);
const itgc_op itgc_op_range = MAKER("stash_type", 3, infer_range, eval_range);
const itgc_op itgc_op_one_hot = MAKER("axis", 3, infer_one_hot, eval_one_hot);
const itgc_op itgc_op_non_zero = MAKER("", 1, infer_non_zero, eval_non_zero);
