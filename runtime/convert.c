/* SPDX-License-Identifier: Apache-2.0
 * Float values to codes and back, for callers that want it; the only runtime object with float code. itg_run never calls it. */
#include "runtime/kernels/element.h"

#include <intaglio/intaglio.h>

/* Nearest integer, ties away from zero; saturates at +-2^31. value is not NaN. */
static int64_t round_away(float value)
{
    if (value >= 2147483648.0f)
        return (int64_t)INT32_MAX + 1;
    if (value <= -2147483648.0f)
        return INT32_MIN;
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole; /* exact: value has no fraction beyond 2^24 */
    return (int64_t)whole + (rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0);
}

static int32_t saturate_code(itg_type type, int64_t code)
{
    const int64_t low = type == ITG_S8 || type == ITG_U8 ? -128 : type == ITG_S16 ? -32768 : type == ITG_U16 ? 0 : INT32_MIN;
    const int64_t high = type == ITG_S8 || type == ITG_U8 ? 127 : type == ITG_S16 ? 32767 : type == ITG_U16 ? 65535 : INT32_MAX;
    return (int32_t)(code < low ? low : code > high ? high : code);
}

void itg_quantize(const itg_port *port, void *dst, const float *src, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float steps = src[i] / port->scale;
        const bool is_number = steps == steps;
        const int64_t code = is_number ? round_away(steps) + port->zero : port->zero;
        itg_store_code(dst, port->type, i, saturate_code(port->type, code));
    }
}

void itg_dequantize(const itg_port *port, float *dst, const void *src, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t steps = (int64_t)itg_load_code(src, port->type, i) - port->zero;
        dst[i] = (float)steps * port->scale;
    }
}
