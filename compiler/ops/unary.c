/* SPDX-License-Identifier: Apache-2.0
 * Elementwise functions of one variable: Relu, Clip, Sigmoid, Gelu, Exp, Neg, Not, …
 * In: any shape. Out: the same shape and type; unary_value.c defines each function. Integers only where ONNX allows them. */
#include "compiler/base/parallel.h"
#include "compiler/base/real.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"

#include <math.h>
#include <string.h>

#define PARALLEL_FROM 65536 /* elements: fewer are not worth a thread */

typedef struct function {
    const char *type;
    itgc_unary_kind kind;
    itgc_type_set types;
    const char *alpha, *beta; /* attributes behind params; NULL: none */
    float alpha_default, beta_default;
} function;

static const function functions[] = {
    {"Abs", ITGC_ABS, ITGC_NUMBERS, NULL, NULL, 0, 0},
    {"Acos", ITGC_ACOS, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Acosh", ITGC_ACOSH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Asin", ITGC_ASIN, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Asinh", ITGC_ASINH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Atan", ITGC_ATAN, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Atanh", ITGC_ATANH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"BitwiseNot", ITGC_BITWISE_NOT, ITGC_INTEGERS, NULL, NULL, 0, 0},
    {"Ceil", ITGC_CEIL, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Celu", ITGC_CELU, ITGC_FLOATS, "alpha", NULL, 1.0f, 0},
    {"Clip", ITGC_CLIP, ITGC_NUMBERS, "min", "max", -INFINITY, INFINITY},
    {"Cos", ITGC_COS, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Cosh", ITGC_COSH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Elu", ITGC_ELU, ITGC_FLOATS, "alpha", NULL, 1.0f, 0},
    {"Erf", ITGC_ERF, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Exp", ITGC_EXP, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Floor", ITGC_FLOOR, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Gelu", ITGC_GELU, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"HardSigmoid", ITGC_HARD_SIGMOID, ITGC_FLOATS, "alpha", "beta", 0.2f, 0.5f},
    {"HardSwish", ITGC_HARD_SWISH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"LeakyRelu", ITGC_LEAKY_RELU, ITGC_FLOATS, "alpha", NULL, 0.01f, 0},
    {"Log", ITGC_LOG, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Mish", ITGC_MISH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Neg", ITGC_NEG, ITGC_NUMBERS, NULL, NULL, 0, 0},
    {"Not", ITGC_NOT, ITGC_BOOLS, NULL, NULL, 0, 0},
    {"Reciprocal", ITGC_RECIPROCAL, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Relu", ITGC_RELU, ITGC_NUMBERS, NULL, NULL, 0, 0},
    {"Round", ITGC_ROUND, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Selu", ITGC_SELU, ITGC_FLOATS, "alpha", "gamma", 1.67326319217681884765625f, 1.05070102214813232421875f},
    {"Shrink", ITGC_SHRINK, ITGC_FLOATS, "lambd", "bias", 0.5f, 0},
    {"Sigmoid", ITGC_SIGMOID, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Sign", ITGC_SIGN, ITGC_NUMBERS, NULL, NULL, 0, 0},
    {"Sin", ITGC_SIN, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Sinh", ITGC_SINH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Softplus", ITGC_SOFTPLUS, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Softsign", ITGC_SOFTSIGN, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Sqrt", ITGC_SQRT, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Swish", ITGC_SWISH, ITGC_FLOATS, "alpha", NULL, 1.0f, 0},
    {"Tan", ITGC_TAN, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"Tanh", ITGC_TANH, ITGC_FLOATS, NULL, NULL, 0, 0},
    {"ThresholdedRelu", ITGC_THRESHOLDED_RELU, ITGC_FLOATS, "alpha", NULL, 1.0f, 0},
};

static const function *find_function(const char *type)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(functions[i].type, type) == 0)
            return &functions[i];
    return NULL;
}

static bool parse_unary(itgc_node *node, itgc_diag *diag)
{
    itgc_unary_params *const params = node->params;
    const function *const found = find_function(node->type);
    if (found == NULL)
        return itgc_fail(diag, 900, "internal: no function of this name; please report this");
    params->kind = found->kind;
    params->alpha = (double)(found->alpha != NULL ? itgc_float_attribute(node, found->alpha, found->alpha_default) : found->alpha_default);
    params->beta = (double)(found->beta != NULL ? itgc_float_attribute(node, found->beta, found->beta_default) : found->beta_default);
    return true;
}

static bool parse_gelu(itgc_node *node, itgc_diag *diag)
{
    const char *const approximate = itgc_string_attribute(node, "approximate", "none");
    const bool is_tanh = strcmp(approximate, "tanh") == 0;
    if (!is_tanh && strcmp(approximate, "none") != 0)
        return itgc_fail(diag, 216, "attribute \"approximate\" is \"%.40s\", not \"none\" or \"tanh\"; export the model again", approximate);
    ((itgc_unary_params *)node->params)->kind = is_tanh ? ITGC_GELU_TANH : ITGC_GELU;
    return true;
}

static bool infer_unary(itgc_node *node, itgc_diag *diag)
{
    const function *const found = find_function(node->type);
    if (found == NULL)
        return itgc_fail(diag, 900, "internal: no function of this name; please report this");
    if (!itgc_require_type(diag, node, 0, found->types))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return true;
}

/* Of a node that lowering made: params say all. */
static bool infer_function(itgc_node *node, itgc_diag *diag)
{
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return true;
}

/* A bound given as input: a constant scalar of the input's type. */
static bool read_bound(itgc_node *node, int input, double *bound, itgc_diag *diag)
{
    const itgc_tensor *const tensor = itgc_input_of(node, input);
    if (tensor == NULL)
        return true;
    if (tensor->constant == NULL || itgc_elements(&tensor->shape) != 1)
        return itgc_fail(diag, 213, "input %d (\"%.100s\") must be a constant scalar; export the model with fixed bounds", input, tensor->name);
    *bound = itgc_is_float(tensor->type) ? (double)tensor->constant->f[0] : (double)tensor->constant->i[0];
    return true;
}

static bool infer_clip(itgc_node *node, itgc_diag *diag)
{
    itgc_unary_params *const params = node->params;
    return itgc_require_same_type(diag, node, 1) && read_bound(node, 1, &params->alpha, diag) && read_bound(node, 2, &params->beta, diag) &&
           infer_unary(node, diag);
}

typedef float scalar_function(float x, float alpha, float beta);

static inline float relu(float x, float alpha, float beta)
{
    (void)alpha, (void)beta;
    return x < 0.0f ? 0.0f : x;
}

static inline float clip(float x, float alpha, float beta)
{
    const float raised = x < alpha ? alpha : x;
    return raised > beta ? beta : raised;
}

static inline float leaky_relu(float x, float alpha, float beta)
{
    (void)beta;
    return x < 0.0f ? alpha * x : x;
}

static inline float sigmoid(float x, float alpha, float beta)
{
    (void)alpha, (void)beta;
    return itgc_sigmoidf(x);
}

static inline float hyperbolic_tangent(float x, float alpha, float beta)
{
    (void)alpha, (void)beta;
    return itgc_tanhf(x);
}

static inline float hard_sigmoid(float x, float alpha, float beta)
{
    return clip(alpha * x + beta, 0.0f, 1.0f);
}

static inline float hard_swish(float x, float alpha, float beta)
{
    (void)alpha, (void)beta;
    return x * clip(x / 6.0f + 0.5f, 0.0f, 1.0f);
}

static inline float swish(float x, float alpha, float beta)
{
    (void)beta;
    return x * itgc_sigmoidf(alpha * x);
}

static inline float exponential(float x, float alpha, float beta)
{
    (void)alpha, (void)beta;
    return itgc_expf(x);
}

static inline __attribute__((always_inline)) void map_floats(float *out, const float *in, int64_t count, float alpha, float beta, scalar_function *f)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = f(in[i], alpha, beta);
}

static void map_values(float *out, const float *in, int64_t count, const itgc_unary_params *params)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)itgc_unary_value(params, (double)in[i]);
}

/* The frequent ones in float; everything else in double. */
static void apply_floats(float *out, const float *in, int64_t count, const itgc_unary_params *params)
{
    const float alpha = (float)params->alpha, beta = (float)params->beta;
    switch (params->kind) {
    case ITGC_RELU:
        map_floats(out, in, count, alpha, beta, relu);
        break;
    case ITGC_CLIP:
        map_floats(out, in, count, alpha, beta, clip);
        break;
    case ITGC_LEAKY_RELU:
        map_floats(out, in, count, alpha, beta, leaky_relu);
        break;
    case ITGC_SIGMOID:
        map_floats(out, in, count, alpha, beta, sigmoid);
        break;
    case ITGC_TANH:
        map_floats(out, in, count, alpha, beta, hyperbolic_tangent);
        break;
    case ITGC_HARD_SIGMOID:
        map_floats(out, in, count, alpha, beta, hard_sigmoid);
        break;
    case ITGC_HARD_SWISH:
        map_floats(out, in, count, alpha, beta, hard_swish);
        break;
    case ITGC_SWISH:
        map_floats(out, in, count, alpha, beta, swish);
        break;
    case ITGC_EXP:
        map_floats(out, in, count, alpha, beta, exponential);
        break;
    default:
        map_values(out, in, count, params);
    }
}

/* Bounds of Clip may be infinite or beyond the type: only a bound that bites is converted. */
static int64_t apply_integer(int64_t x, const itgc_unary_params *params, itgc_type type)
{
    const double real = type == ITGC_U64 ? (double)(uint64_t)x : (double)x;
    switch (params->kind) {
    case ITGC_RELU:
        return real < 0.0 ? 0 : x;
    case ITGC_CLIP: {
        const double clipped = itgc_unary_value(params, real);
        return clipped == real ? x : itgc_int_of(clipped);
    }
    case ITGC_ABS:
        return real < 0.0 ? (int64_t)(0 - (uint64_t)x) : x;
    case ITGC_NEG:
        return (int64_t)(0 - (uint64_t)x);
    case ITGC_BITWISE_NOT:
        return ~x;
    case ITGC_SIGN:
        return (real > 0.0) - (real < 0.0);
    default:
        return x == 0; /* Not */
    }
}

typedef struct work {
    const itgc_unary_params *params;
    float *out;
    const float *in;
} work;

static void run_part(void *argument, int64_t begin, int64_t end)
{
    const work *const part = argument;
    apply_floats(part->out + begin, part->in + begin, end - begin, part->params);
}

static bool eval_unary(const itgc_eval *eval)
{
    const itgc_unary_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0];
    itgc_value *const out = eval->out[0];
    const int64_t count = itgc_elements(&out->shape);
    if (itgc_is_float(in->type)) {
        work whole = {params, out->f, in->f};
        itgc_parallel(count < PARALLEL_FROM ? 1 : eval->threads, count, run_part, &whole);
        return true;
    }
    for (int64_t i = 0; i < count; i++)
        out->i[i] = itgc_wrap(out->type, apply_integer(in->i[i], params, in->type));
    return true;
}

#define UNARY(names, most_inputs, parse_it, infer_it)                                                                                                \
    {                                                                                                                                                \
        .family = "unary", .attributes = names, .min_inputs = 1, .max_inputs = most_inputs, .max_outputs = 1,                                        \
        .params_bytes = sizeof(itgc_unary_params), .parse = parse_it, .infer = infer_it, .eval = eval_unary, .quantize = itgc_quantize_unary,        \
        .format = ITGC_FORMAT_OWN                                                                                                                    \
    }

const itgc_op itgc_op_unary = UNARY("", 1, parse_unary, infer_unary);
const itgc_op itgc_op_unary_alpha = UNARY("alpha", 1, parse_unary, infer_unary);
const itgc_op itgc_op_hard_sigmoid = UNARY("alpha beta", 1, parse_unary, infer_unary);
const itgc_op itgc_op_selu = UNARY("alpha gamma", 1, parse_unary, infer_unary);
const itgc_op itgc_op_shrink = UNARY("lambd bias", 1, parse_unary, infer_unary);
const itgc_op itgc_op_gelu = UNARY("approximate", 1, parse_gelu, infer_unary);
const itgc_op itgc_op_clip = UNARY("min max", 3, parse_unary, infer_clip);
const itgc_op itgc_op_function = UNARY("", 1, NULL, infer_function);
