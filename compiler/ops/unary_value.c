/* SPDX-License-Identifier: Apache-2.0
 * The functions of one variable in double, as ONNX defines them: what eval, the table builder and the tests share. */
#include "compiler/base/real.h"
#include "compiler/ops/op.h"

#include <math.h>

/* log(1 + x) for 0 <= x; small x by its series, which 1 + x would round away. */
static double log_one_plus(double x)
{
    return x < 1e-5 ? x - x * x * 0.5 : itgc_log(1.0 + x);
}

static double softplus(double x)
{
    return x > 0.0 ? x + log_one_plus(itgc_exp(-x)) : log_one_plus(itgc_exp(x));
}

static double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + itgc_exp(-x)) : itgc_exp(x) / (1.0 + itgc_exp(x));
}

static double gelu(double x)
{
    return 0.5 * x * (1.0 + itgc_erf(x * 0.70710678118654752440));
}

static double gelu_tanh(double x)
{
    return 0.5 * x * (1.0 + itgc_tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}

static double clamp(double x, double low, double high)
{
    const double raised = x < low ? low : x;
    return raised > high ? high : raised;
}

static double sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}

static double shrink(double x, double lambda, double bias)
{
    return x < -lambda ? x + bias : x > lambda ? x - bias : 0.0;
}

/* The hyperbolic ones; near zero by their series, because the formulas cancel there. */
static double hyperbolic_value(itgc_unary_kind kind, double x)
{
    const double size = fabs(x);
    switch (kind) {
    case ITGC_SINH:
        return size < 1e-4 ? x + x * x * x / 6.0 : (itgc_exp(x) - itgc_exp(-x)) * 0.5;
    case ITGC_COSH:
        return (itgc_exp(x) + itgc_exp(-x)) * 0.5;
    case ITGC_ASINH:
        return size < 1e-4 ? x - x * x * x / 6.0 : copysign(itgc_log(size + sqrt(x * x + 1.0)), x);
    case ITGC_ACOSH:
        return itgc_log(x + sqrt(x * x - 1.0));
    case ITGC_ATANH:
        return size < 1e-4 ? x + x * x * x / 3.0 : 0.5 * itgc_log((1.0 + x) / (1.0 - x));
    default:
        return NAN;
    }
}

static double inverse_value(itgc_unary_kind kind, double x)
{
    switch (kind) {
    case ITGC_ASIN:
        return itgc_atan(x / sqrt((1.0 - x) * (1.0 + x)));
    case ITGC_ACOS:
        return 2.0 * itgc_atan(sqrt((1.0 - x) / (1.0 + x)));
    case ITGC_ATAN:
        return itgc_atan(x);
    default:
        return hyperbolic_value(kind, x);
    }
}

/* Those made of exp, log, erf, tanh, sin and cos. */
static double smooth_value(const itgc_unary_params *params, double x)
{
    const double alpha = params->alpha;
    switch (params->kind) {
    case ITGC_SIGMOID:
        return sigmoid(x);
    case ITGC_TANH:
        return itgc_tanh(x);
    case ITGC_SWISH:
        return x * sigmoid(alpha * x);
    case ITGC_GELU:
        return gelu(x);
    case ITGC_GELU_TANH:
        return gelu_tanh(x);
    case ITGC_MISH:
        return x * itgc_tanh(softplus(x));
    case ITGC_ELU:
        return x < 0.0 ? alpha * (itgc_exp(x) - 1.0) : x;
    case ITGC_SELU:
        return params->beta * (x < 0.0 ? alpha * (itgc_exp(x) - 1.0) : x);
    case ITGC_CELU:
        return x < 0.0 ? alpha * (itgc_exp(x / alpha) - 1.0) : x;
    case ITGC_SOFTPLUS:
        return softplus(x);
    case ITGC_ERF:
        return itgc_erf(x);
    case ITGC_EXP:
        return itgc_exp(x);
    case ITGC_LOG:
        return itgc_log(x);
    case ITGC_SIN:
        return itgc_sin(x);
    case ITGC_COS:
        return itgc_cos(x);
    case ITGC_TAN:
        return itgc_sin(x) / itgc_cos(x);
    case ITGC_POW_CONSTANT:
        return itgc_pow(x, alpha);
    default:
        return inverse_value(params->kind, x);
    }
}

static double link_value(const itgc_unary_params *params, double x)
{
    const double alpha = params->alpha;
    switch (params->kind) {
    case ITGC_RELU:
        return x < 0.0 ? 0.0 : x;
    case ITGC_CLIP:
        return clamp(x, alpha, params->beta);
    case ITGC_LEAKY_RELU:
        return x < 0.0 ? alpha * x : x;
    case ITGC_HARD_SIGMOID:
        return clamp(alpha * x + params->beta, 0.0, 1.0);
    case ITGC_HARD_SWISH:
        return x * clamp(x / 6.0 + 0.5, 0.0, 1.0);
    case ITGC_SOFTSIGN:
        return x / (1.0 + fabs(x));
    case ITGC_THRESHOLDED_RELU:
        return x > alpha ? x : 0.0;
    case ITGC_SQRT:
        return sqrt(x);
    case ITGC_RECIPROCAL:
        return 1.0 / x;
    case ITGC_ABS:
        return fabs(x);
    case ITGC_NEG:
        return -x;
    case ITGC_SIGN:
        return sign(x);
    case ITGC_FLOOR:
        return floor(x);
    case ITGC_CEIL:
        return ceil(x);
    case ITGC_ROUND:
        return itgc_round_even(x);
    case ITGC_NOT:
        return x == 0.0 ? 1.0 : 0.0;
    case ITGC_SHRINK:
        return shrink(x, alpha, params->beta);
    case ITGC_AFFINE:
        return alpha * x + params->beta;
    default:
        return smooth_value(params, x);
    }
}

double itgc_unary_value(const itgc_unary_params *params, double x)
{
    if (params->kind != ITGC_CHAIN) {
        return link_value(params, x);
    }
    for (int i = 0; i < params->chain->count; i++) {
        x = (double)(float)link_value(&params->chain->link[i], x);
    }
    return x;
}
