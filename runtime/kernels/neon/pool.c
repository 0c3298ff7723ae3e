/* SPDX-License-Identifier: Apache-2.0
 * Maximum pooling and sums over many positions on Advanced SIMD, 16 channels at a time. Contract: runtime/kernels/pool.h.
 * Averages over windows, other types and fewer than 16 channels are the scalar table's. */
#include "runtime/kernels/element.h"
#include "runtime/kernels/neon/intrinsics.h"
#include "runtime/kernels/pool.h"
#include "runtime/kernels/window.h"

#include <intaglio/fixed.h>

/* Positions of a window inside the image: `rows` times `columns`, `down` and `right` bytes apart. */
typedef struct window {
    int32_t rows, columns;
    ptrdiff_t down, right;
} window;

static inline uint8x16_t larger(uint8x16_t a, uint8x16_t b, bool is_signed)
{
    return is_signed ? vreinterpretq_u8_s8(vmaxq_s8(vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b))) : vmaxq_u8(a, b);
}

/* Largest code of 16 channels; rows of three columns, the common ones, without a loop. */
static inline uint8x16_t maximum_window(const window *taps, const uint8_t *pixel, bool is_signed)
{
    uint8x16_t largest = vld1q_u8(pixel);
    for (int32_t y = 0; y < taps->rows; y++, pixel += taps->down) {
        if (taps->columns == 3) {
            const uint8x16_t pair = larger(vld1q_u8(pixel), vld1q_u8(pixel + taps->right), is_signed);
            largest = larger(largest, larger(pair, vld1q_u8(pixel + 2 * taps->right), is_signed), is_signed);
            continue;
        }
        const uint8_t *tap = pixel;
        for (int32_t x = 0; x < taps->columns; x++, tap += taps->right)
            largest = larger(largest, vld1q_u8(tap), is_signed);
    }
    return largest;
}

static inline void maximum_pixel(const window *taps, uint8_t *out, const uint8_t *pixel, int32_t channels, bool is_signed)
{
    for (int32_t channel = 0; channel < channels; channel += 16) {
        const int32_t first = channel + 16 > channels ? channels - 16 : channel; /* the last block may overlap the one before */
        vst1q_u8(out + first, maximum_window(taps, pixel + first, is_signed));
    }
}

static void maximum_row(const itg_pool *pool, uint8_t *out, const uint8_t *in, int32_t y)
{
    const itg_taps rows = itg_clip_taps(y * pool->stride[0] - pool->before[0], pool->kernel[0], pool->dilation[0], pool->in[0]);
    const ptrdiff_t top = (ptrdiff_t)(rows.first + rows.begin * pool->dilation[0]) * pool->in[1];
    const int32_t channels = pool->out[2];
    window taps = {rows.end - rows.begin, 0, (ptrdiff_t)pool->dilation[0] * pool->in[1] * channels, (ptrdiff_t)pool->dilation[1] * channels};
    for (int32_t x = 0; x < pool->out[1]; x++, out += channels) {
        const itg_taps columns = itg_clip_taps(x * pool->stride[1] - pool->before[1], pool->kernel[1], pool->dilation[1], pool->in[1]);
        const uint8_t *pixel = in + (top + columns.first + columns.begin * pool->dilation[1]) * channels;
        taps.columns = columns.end - columns.begin;
        if (pool->in_type == ITG_S8)
            maximum_pixel(&taps, out, pixel, channels, true);
        else
            maximum_pixel(&taps, out, pixel, channels, false);
    }
}

static void maximum_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    if (itg_element_bytes(pool->in_type) != 1 || pool->out[2] < 16) {
        itg_pool_scalar.maximum(pool, out, in, y0, y1);
        return;
    }
    for (int32_t y = y0; y < y1; y++)
        maximum_row(pool, (uint8_t *)out + (ptrdiff_t)y * pool->out[1] * pool->out[2], in, y);
}

static void average_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    itg_pool_scalar.average(pool, out, in, y0, y1);
}

/* sums += codes of 16 channels at `count` positions, at most 256, `step` bytes apart. */
static inline void add_codes(int32x4_t sums[4], const uint8_t *in, int32_t count, ptrdiff_t step, uint8x16_t flip)
{
    int16x8_t low = vdupq_n_s16(0), high = low;
    for (int32_t i = 0; i < count; i++, in += step) {
        const int8x16_t codes = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(in), flip));
        low = vaddw_s8(low, vget_low_s8(codes));
        high = vaddw_high_s8(high, codes);
    }
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
}

/* itg_requantize_left and its bounds, four sums at a time. */
static inline int32x4_t make_codes(const itg_reduce *reduce, int32x4_t sums)
{
    const itg_requant *requant = &reduce->requant;
    const int32x4_t multiplier = vdupq_n_s32(requant->multiplier), left = vshlq_s32(sums, vdupq_n_s32(requant->left));
    int32x4_t code = vqrdmulhq_s32(left, multiplier);
    if (requant->shift)
        code = vrshlq_s32(vqdmulhq_s32(left, multiplier), vdupq_n_s32(-(int32_t)requant->shift));
    return vminq_s32(vmaxq_s32(vaddq_s32(code, vdupq_n_s32(reduce->out_zero)), vdupq_n_s32(reduce->low)), vdupq_n_s32(reduce->high));
}

static void reduce_block(const itg_reduce *reduce, void *out, const uint8_t *in, int32_t first)
{
    const uint8x16_t flip = vdupq_n_u8(reduce->in_type == ITG_U8 ? 0x80 : 0);
    int32x4_t sums[4];
    int32_t codes[16];
    for (int i = 0; i < 4; i++)
        sums[i] = vdupq_n_s32(-reduce->count * reduce->in_zero);
    for (int32_t i = 0; i < reduce->count; i += 256)
        add_codes(sums, in + (ptrdiff_t)i * reduce->inner + first, reduce->count - i < 256 ? reduce->count - i : 256, reduce->inner, flip);
    for (int i = 0; i < 4; i++)
        vst1q_s32(codes + 4 * i, make_codes(reduce, sums[i]));
    for (int32_t c = 0; c < 16; c++)
        itg_store_code(out, reduce->out_type, (size_t)(first + c), codes[c]);
}

static void reduce_row(const itg_reduce *reduce, void *out, const void *in)
{
    if (itg_element_bytes(reduce->in_type) != 1 || reduce->inner < 16) {
        itg_pool_scalar.reduce(reduce, out, in);
        return;
    }
    for (int32_t first = 0; first < reduce->inner; first += 16)
        reduce_block(reduce, out, in, first + 16 > reduce->inner ? reduce->inner - 16 : first);
}

const itg_pool_kernels itg_pool_neon = {.maximum = maximum_rows, .average = average_rows, .reduce = reduce_row};
