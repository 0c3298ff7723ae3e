/* SPDX-License-Identifier: Apache-2.0
 * Elementwise functions of two variables with broadcasting, and the variadic Sum, Mean, Max, Min: their records, shapes and types.
 * binary_value.c holds the arithmetic. */
#include "compiler/ops/binary_value.h"
#include "compiler/ops/quantizers.h"

#include <string.h>

static const struct {
    const char *type;
    itgc_binary_kind kind;
    itgc_type_set types;
    bool gives_bool;
} functions[] = {
    {"Add", ITGC_ADD, ITGC_NUMBERS, false},
    {"And", ITGC_AND, ITGC_BOOLS, true},
    {"BitwiseAnd", ITGC_BIT_AND, ITGC_INTEGERS, false},
    {"BitwiseOr", ITGC_BIT_OR, ITGC_INTEGERS, false},
    {"BitwiseXor", ITGC_BIT_XOR, ITGC_INTEGERS, false},
    {"Div", ITGC_DIV, ITGC_NUMBERS, false},
    {"Equal", ITGC_EQUAL, ITGC_ALL_TYPES, true},
    {"Greater", ITGC_GREATER, ITGC_NUMBERS, true},
    {"GreaterOrEqual", ITGC_GREATER_EQUAL, ITGC_NUMBERS, true},
    {"Less", ITGC_LESS, ITGC_NUMBERS, true},
    {"LessOrEqual", ITGC_LESS_EQUAL, ITGC_NUMBERS, true},
    {"Max", ITGC_MAX, ITGC_NUMBERS, false},
    {"Mean", ITGC_ADD, ITGC_FLOATS, false},
    {"Min", ITGC_MIN, ITGC_NUMBERS, false},
    {"Mod", ITGC_MOD, ITGC_NUMBERS, false},
    {"Mul", ITGC_MUL, ITGC_NUMBERS, false},
    {"Or", ITGC_OR, ITGC_BOOLS, true},
    {"PRelu", ITGC_PRELU, ITGC_NUMBERS, false},
    {"Pow", ITGC_POW, ITGC_NUMBERS, false},
    {"Sub", ITGC_SUB, ITGC_NUMBERS, false},
    {"Sum", ITGC_ADD, ITGC_FLOATS, false},
    {"Xor", ITGC_XOR, ITGC_BOOLS, true},
};

#define FUNCTION_COUNT ((int)(sizeof functions / sizeof functions[0]))

static int find_function(const char *type)
{
    int found = 0;
    while (found < FUNCTION_COUNT && strcmp(functions[found].type, type) != 0)
        found++;
    return found;
}

static bool parse_binary(itgc_node *node, itgc_diag *diag)
{
    itgc_binary_params *const params = node->params;
    const int found = find_function(node->type);
    if (found == FUNCTION_COUNT)
        return itgc_fail(diag, 900, "internal: no function of this name; please report this");
    params->kind = functions[found].kind;
    params->legacy_axis = -1;
    params->fmod = itgc_int_attribute(node, "fmod", 0) != 0;
    return true;
}

static bool parse_shift(itgc_node *node, itgc_diag *diag)
{
    itgc_binary_params *const params = node->params;
    const char *const direction = itgc_string_attribute(node, "direction", "");
    const bool is_left = strcmp(direction, "LEFT") == 0;
    if (!is_left && strcmp(direction, "RIGHT") != 0)
        return itgc_fail(diag, 216, "attribute \"direction\" is \"%.40s\", not \"LEFT\" or \"RIGHT\"; export the model again", direction);
    params->kind = is_left ? ITGC_SHIFT_LEFT : ITGC_SHIFT_RIGHT;
    params->legacy_axis = -1;
    return true;
}

static bool infer_types(itgc_node *node, itgc_diag *diag, itgc_type_set types, bool gives_bool)
{
    itgc_shape shape = node->in[0]->shape;
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] == NULL)
            return itgc_fail(diag, 208, "its input %d is left out but needed; export the model again", i);
        if (!itgc_require_type(diag, node, i, types) || !itgc_broadcast(diag, &shape, &shape, &node->in[i]->shape))
            return false;
    }
    itgc_set_output(node, 0, gives_bool ? ITGC_BOOL : node->in[0]->type, &shape);
    return true;
}

static bool infer_binary(itgc_node *node, itgc_diag *diag)
{
    const int found = find_function(node->type);
    if (found == FUNCTION_COUNT)
        return itgc_fail(diag, 900, "internal: no function of this name; please report this");
    return itgc_require_same_type(diag, node, 1) && infer_types(node, diag, functions[found].types, functions[found].gives_bool);
}

static bool infer_shift(itgc_node *node, itgc_diag *diag)
{
    return itgc_require_same_type(diag, node, 1) && infer_types(node, diag, ITGC_INTEGERS, false);
}

/* The exponent may be of another type than the base. */
static bool infer_pow(itgc_node *node, itgc_diag *diag)
{
    return infer_types(node, diag, ITGC_NUMBERS, false);
}

/* The slope is broadcast to x, never the other way. */
static bool infer_prelu(itgc_node *node, itgc_diag *diag)
{
    if (!infer_binary(node, diag))
        return false;
    if (!itgc_same_shape(&node->out[0]->shape, &node->in[0]->shape))
        return itgc_fail(diag, 212, "slope %s does not fit into x %s; check the input shape", itgc_shape_text(diag->arena, &node->in[1]->shape),
                         itgc_shape_text(diag->arena, &node->in[0]->shape));
    return true;
}

static bool eval_binary(const itgc_eval *eval)
{
    itgc_combine(eval->node->params, eval->out[0], eval->in[0], eval->in[1]);
    return true;
}

/* The first input spread over the output's shape, then one operand after the other. */
static bool eval_variadic(const itgc_eval *eval)
{
    itgc_value *const out = eval->out[0];
    itgc_walk walk;
    itgc_init_walk(&walk, out->shape.rank, out->shape.dim);
    itgc_add_broadcast(&walk, &eval->in[0]->shape);
    itgc_copy_walk(out, eval->in[0], &walk);
    for (int i = 1; i < eval->node->in_count; i++)
        itgc_combine(eval->node->params, out, out, eval->in[i]);
    return true;
}

static bool eval_mean(const itgc_eval *eval)
{
    itgc_value *const out = eval->out[0];
    eval_variadic(eval);
    const int64_t count = itgc_elements(&out->shape);
    for (int64_t i = 0; i < count; i++)
        out->f[i] /= (float)eval->node->in_count;
    return true;
}

#define BINARY(names, parse_it, infer_it)                                                                                                            \
    {                                                                                                                                                \
        .family = "binary", .attributes = names, .min_inputs = 2, .max_inputs = 2, .max_outputs = 1, .params_bytes = sizeof(itgc_binary_params),     \
        .parse = parse_it, .infer = infer_it, .eval = eval_binary, .quantize = itgc_quantize_binary, .format = ITGC_FORMAT_OWN                       \
    }
#define VARIADIC(eval_it)                                                                                                                            \
    {                                                                                                                                                \
        .family = "binary", .attributes = "", .min_inputs = 1, .max_inputs = -1, .max_outputs = 1, .params_bytes = sizeof(itgc_binary_params),       \
        .parse = parse_binary, .infer = infer_binary, .eval = eval_it, .quantize = itgc_quantize_binary, .format = ITGC_FORMAT_OWN                   \
    }

const itgc_op itgc_op_binary = BINARY("", parse_binary, infer_binary);
const itgc_op itgc_op_mod = BINARY("fmod", parse_binary, infer_binary);
const itgc_op itgc_op_pow = BINARY("", parse_binary, infer_pow);
const itgc_op itgc_op_prelu = BINARY("", parse_binary, infer_prelu);
const itgc_op itgc_op_shift = BINARY("direction", parse_shift, infer_shift);
const itgc_op itgc_op_variadic = VARIADIC(eval_variadic);
const itgc_op itgc_op_mean = VARIADIC(eval_mean);
