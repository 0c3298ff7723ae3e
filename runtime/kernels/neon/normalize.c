/* SPDX-License-Identifier: Apache-2.0
 * Normalization on Advanced SIMD, 8 elements at a time. Contract: runtime/kernels/normalize.h.
 * Groups less than 8 wide and sums of magnitudes are the scalar table's. */
#include "runtime/kernels/normalize.h"
#include "runtime/kernels/groups.h"

#include <arm_neon.h>

enum { CHUNK = 65536 }; /* elements whose sums and int8 squares fit the lanes */

/* 8 codes as int16. */
static inline int16x8_t load_codes(const void *codes, itg_type type, int32_t index)
{
    if (type == ITG_S16)
        return vld1q_s16((const int16_t *)codes + index);
    const uint8x8_t bytes = vld1_u8((const uint8_t *)codes + index);
    return vmovl_s8(vreinterpret_s8_u8(type == ITG_S8 ? bytes : veor_u8(bytes, vdup_n_u8(0x80))));
}

/* Codes within the range of their type. */
static inline void store_codes(void *codes, itg_type type, int32_t index, int16x8_t values)
{
    if (type == ITG_S16) {
        vst1q_s16((int16_t *)codes + index, values);
        return;
    }
    const uint8x8_t bytes = vreinterpret_u8_s8(vmovn_s16(values));
    vst1_u8((uint8_t *)codes + index, type == ITG_S8 ? bytes : veor_u8(bytes, vdup_n_u8(0x80)));
}

static int64_t add_lanes(int64x2_t lanes)
{
    return vgetq_lane_s64(lanes, 0) + vgetq_lane_s64(lanes, 1);
}

/* Elements [begin, end). Squares of int16 fit 31 bits each and are widened as they come. */
static void add_chunk(itg_moments *moments, const void *in, itg_type type, int32_t begin, int32_t end)
{
    int32x4_t sum = vdupq_n_s32(0), squares = vdupq_n_s32(0);
    int64x2_t wide = vdupq_n_s64(0);
    for (int32_t i = begin; i < end; i += 8) {
        const int16x8_t codes = load_codes(in, type, i);
        const int16x4_t low = vget_low_s16(codes), high = vget_high_s16(codes);
        sum = vpadalq_s16(sum, codes);
        if (type == ITG_S16)
            wide = vpadalq_s32(vpadalq_s32(wide, vmull_s16(low, low)), vmull_s16(high, high));
        else
            squares = vmlal_s16(vmlal_s16(squares, low, low), high, high);
    }
    moments->sum += add_lanes(vpaddlq_s32(sum));
    moments->measured += (uint64_t)add_lanes(vpadalq_s32(wide, squares));
}

static void add_run(const itg_normalize *normalize, itg_moments *moments, const void *in)
{
    const int32_t whole = normalize->width / 8 * 8;
    for (int32_t begin = 0; begin < whole; begin += CHUNK)
        add_chunk(moments, in, normalize->in_type, begin, whole - begin < CHUNK ? whole : begin + CHUNK);
    for (int32_t i = whole; i < normalize->width; i++) {
        const int32_t code = itg_load_code(in, normalize->in_type, (size_t)i);
        moments->sum += code;
        moments->measured += (uint32_t)(code * code);
    }
}

/* What a run's elements have in common. */
typedef struct run_constants {
    int32x4_t fraction, offset, narrow, low, high;
    int32x2_t multiplier;
    int64x2_t shift; /* negative: a rounding shift to the right */
} run_constants;

static inline int32x2_t scale_two(const run_constants *c, int32x2_t centered, int32x2_t gain)
{
    const int32x2_t element = vmovn_s64(vrshlq_s64(vmull_s32(centered, c->multiplier), c->shift));
    return vshrn_n_s64(vmull_s32(element, gain), 32);
}

static inline int16x4_t scale_four(const run_constants *c, int16x4_t codes, int32x4_t gain, int32x4_t bias)
{
    const int32x4_t centered = vsubq_s32(vshlq_s32(vmovl_s16(codes), c->fraction), c->offset);
    const int32x2_t first = scale_two(c, vget_low_s32(centered), vget_low_s32(gain));
    const int32x2_t second = scale_two(c, vget_high_s32(centered), vget_high_s32(gain));
    const int32x4_t sum = vshlq_s32(vaddq_s32(vcombine_s32(first, second), bias), c->narrow);
    return vmovn_s32(vminq_s32(vmaxq_s32(sum, c->low), c->high));
}

static inline int32x4_t load_constants(const int32_t *constants, bool per_channel, int32_t index)
{
    return per_channel ? vld1q_s32(constants + index) : vdupq_n_s32(constants[0]);
}

static void write_run(const itg_normalize *normalize, const itg_group_run *run)
{
    const run_constants c = {.fraction = vdupq_n_s32(normalize->fraction),
                             .offset = vdupq_n_s32(run->normal->offset),
                             .narrow = vdupq_n_s32(-(int32_t)normalize->narrow),
                             .low = vdupq_n_s32(normalize->low),
                             .high = vdupq_n_s32(normalize->high),
                             .multiplier = vdup_n_s32(run->normal->multiplier),
                             .shift = vdupq_n_s64(-run->normal->shift)};
    const int32_t whole = normalize->width / 8 * 8;
    for (int32_t i = 0; i < whole; i += 8) {
        const int16x8_t codes = load_codes(run->in, normalize->in_type, i);
        const int16x4_t low = scale_four(&c, vget_low_s16(codes), load_constants(run->gain, normalize->per_channel, i),
                                         load_constants(run->bias, normalize->per_channel, i));
        const int16x4_t high = scale_four(&c, vget_high_s16(codes), load_constants(run->gain, normalize->per_channel, i + 4),
                                          load_constants(run->bias, normalize->per_channel, i + 4));
        store_codes(run->out, normalize->out_type, i, vcombine_s16(low, high));
    }
    itg_write_elements(normalize, run, whole, normalize->in_type, normalize->out_type);
}

static void normalize_groups(const itg_normalize *normalize, void *out, const void *in, int32_t first, int32_t last)
{
    if (normalize->width < 8 || normalize->measure == ITG_MAGNITUDES)
        itg_normalize_scalar.groups(normalize, out, in, first, last);
    else
        itg_walk_groups(normalize, out, in, (const int32_t[2]){first, last}, add_run, write_run);
}

const itg_normalize_kernels itg_normalize_neon = {.groups = normalize_groups};
