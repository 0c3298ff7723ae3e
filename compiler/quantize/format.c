/* SPDX-License-Identifier: Apache-2.0
 * Real ranges ↔ codes: formats, clamp bounds, and what kind of activation a node is. Called throughout quantize and by the ops. */
#include "compiler/base/real.h"
#include "compiler/quantize/quantize.h"

#include <float.h>
#include <math.h>
#include <string.h>

int32_t itgc_lowest_code(const itgc_format *format)
{
    switch (format->type) {
    case ITG_S16:
        return format->limit ? -format->limit : INT16_MIN;
    case ITG_U16:
        return 0;
    case ITG_S32:
        return INT32_MIN;
    default:
        return INT8_MIN;
    }
}

int32_t itgc_highest_code(const itgc_format *format)
{
    switch (format->type) {
    case ITG_S16:
        return format->limit ? format->limit : INT16_MAX;
    case ITG_U16:
        return UINT16_MAX;
    case ITG_S32:
        return INT32_MAX;
    default:
        return INT8_MAX;
    }
}

int32_t itgc_code_of(const itgc_format *format, double value)
{
    const double code = itgc_round(value / format->scale) + format->zero;
    const double low = itgc_lowest_code(format);
    const double high = itgc_highest_code(format);
    return (int32_t)(code < low ? low : code > high ? high : code);
}

/* Scales below this would overflow ratios; such a tensor is zero for all purposes. */
static double keep_scale(double scale)
{
    return scale < (double)FLT_MIN ? 1.0 : scale;
}

itgc_format itgc_format_s8(double low, double high)
{
    low = fmin(low, 0.0);
    high = fmax(high, 0.0);
    const double scale = keep_scale((high - low) / 255.0);
    const double zero = itgc_round(-128.0 - low / scale);
    return (itgc_format){.type = ITG_S8, .scale = scale, .zero = (int32_t)fmin(fmax(zero, -128.0), 127.0)};
}

itgc_format itgc_format_s16(double largest, int32_t limit)
{
    const int32_t top = limit ? limit : INT16_MAX;
    return (itgc_format){.type = ITG_S16, .scale = keep_scale(largest / top), .zero = 0, .limit = limit};
}

itgc_activation itgc_activation_of(const itgc_node *node)
{
    if (!node) {
        return ITGC_NO_ACTIVATION;
    }
    if (strcmp(node->op->family, "binary") == 0) {
        const bool is_prelu = ((const itgc_binary_params *)node->params)->kind == ITGC_PRELU && node->in[1]->constant;
        return is_prelu ? ITGC_SLOPES : ITGC_OTHER;
    }
    if (strcmp(node->op->family, "unary") != 0) {
        return ITGC_OTHER;
    }
    switch (((const itgc_unary_params *)node->params)->kind) {
    case ITGC_RELU:
    case ITGC_CLIP:
        return ITGC_CLAMP;
    case ITGC_LEAKY_RELU:
        return ITGC_SLOPES;
    default:
        return ITGC_TABLE;
    }
}

void itgc_clamp_bounds(const itgc_node *activation, const itgc_format *format, int32_t *low, int32_t *high)
{
    *low = itgc_lowest_code(format);
    *high = itgc_highest_code(format);
    if (itgc_activation_of(activation) != ITGC_CLAMP) {
        return;
    }
    const itgc_unary_params *params = activation->params;
    if (params->kind == ITGC_RELU) {
        *low = itgc_code_of(format, 0.0);
        return;
    }
    const double least = params->alpha;
    const double most = params->beta;
    *low = isfinite(least) ? itgc_code_of(format, least) : *low;
    *high = isfinite(most) ? itgc_code_of(format, most) : *high;
    *low = *low > *high ? *high : *low; /* ONNX: everything becomes the upper bound where they cross */
}
