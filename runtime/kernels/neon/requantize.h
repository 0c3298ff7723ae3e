/* SPDX-License-Identifier: Apache-2.0
 * From int32 sums to stored codes, 16 channels at a time (docs/numerics.md 1): the Advanced SIMD form of runtime/kernels/epilogue.h.
 * RQ is SQRDMULH at shift 0, and SQDMULH, which rounds down, with a rounding shift above. The Arm tables' conv and depthwise use it. */
#ifndef ITG_NEON_REQUANTIZE_H
#define ITG_NEON_REQUANTIZE_H

#include "runtime/kernels/element.h"
#include "runtime/kernels/neon/intrinsics.h"

#include <string.h>

/* Zero point, bounds and shift of plain int8 codes, in the order that direct tiles load them. */
typedef struct itg_neon_narrowing {
    int16x8_t zero;
    int8x16_t low, high;
    int32x4_t right; /* minus the shift of RQ */
} itg_neon_narrowing;

/* The constants of one block of up to 16 channels, and how its codes are stored. */
typedef struct itg_neon_finish {
    int32x4_t multiplier[4], negative[4];
    int32x4_t left, zero, low, high;
    int32_t start[32]; /* the biases: the sums' first values, 16 of them, or in the order that the tiles ask for */
    itg_neon_narrowing narrowing;
    const int8_t *table;
    ptrdiff_t pixel_bytes; /* from a pixel's first channel to the next pixel's */
    itg_type type;
    int32_t count; /* channels there are */
    bool rounds, two_slopes;
    bool plain;  /* int8 codes by multiplier, shift, zero point and bounds alone */
    bool words;  /* int16 codes by multiplier and shift alone, bounded by int16 */
    bool narrow; /* and all of int16 holds them on the way, unclamped (itg_neon_prove_narrow) */
} itg_neon_finish;

static inline int32x4_t itg_neon_load_some(const int32_t *data, int32_t count)
{
    int32_t lanes[4] = {0};
    for (int32_t i = 0; i < 4 && i < count; i++)
        lanes[i] = data[i];
    return vld1q_s32(lanes);
}

static inline void itg_neon_load_channels(int32x4_t vectors[4], const int32_t *data, int32_t count)
{
    for (int i = 0; i < 4; i++)
        vectors[i] = count >= 16 ? vld1q_s32(data + 4 * i) : itg_neon_load_some(data + 4 * i, count - 4 * i);
}

/* The left form of sums becomes one of multipliers, (acc * 2^left) * M = acc * (M * 2^left), where no multiplier outgrows 31 bits. */
static inline bool itg_neon_fold_left(itg_neon_finish *finish)
{
    int32x4_t moved[4];
    uint32x4_t kept = vdupq_n_u32(UINT32_MAX);
    for (int i = 0; i < 4; i++) {
        moved[i] = vshlq_s32(finish->multiplier[i], finish->left);
        kept = vandq_u32(kept, vceqq_s32(vshlq_s32(moved[i], vnegq_s32(finish->left)), finish->multiplier[i]));
    }
    if (vminvq_u32(kept) == 0)
        return false;
    for (int i = 0; i < 4; i++)
        finish->multiplier[i] = moved[i];
    finish->left = vdupq_n_s32(0);
    return true;
}

/* outputs: channels of a pixel, all groups together; count of them from `channel` on are this block's. */
static inline void itg_neon_open_block(itg_neon_finish *finish, const itg_epilogue *epilogue, itg_type type, int32_t outputs, int32_t channel,
                                       int32_t count)
{
    finish->type = type;
    finish->count = count < 16 ? count : 16;
    finish->table = epilogue->table;
    finish->pixel_bytes = (ptrdiff_t)outputs * (ptrdiff_t)itg_element_bytes(type);
    finish->narrow = false;
    finish->two_slopes = type != ITG_S32 && epilogue->negative_multiplier;
    finish->rounds = epilogue->shift > 0;
    finish->left = vdupq_n_s32(epilogue->left);
    finish->narrowing.right = vdupq_n_s32(-(int32_t)epilogue->shift);
    finish->zero = vdupq_n_s32(epilogue->zero);
    finish->low = vdupq_n_s32(epilogue->table ? 0 : epilogue->low);
    finish->high = vdupq_n_s32(epilogue->table ? epilogue->table_mask : epilogue->high);
    finish->narrowing.low = vdupq_n_s8((int8_t)epilogue->low);
    finish->narrowing.high = vdupq_n_s8((int8_t)epilogue->high);
    finish->narrowing.zero = vdupq_n_s16((int16_t)epilogue->zero);
    finish->plain = type == ITG_S8 && !epilogue->table && !finish->two_slopes && epilogue->zero >= -1024 && epilogue->zero <= 1024;
    int32x4_t start[4];
    itg_neon_load_channels(start, epilogue->bias + channel, finish->count);
    for (int i = 0; i < 4; i++)
        vst1q_s32(finish->start + 4 * i, start[i]);
    if (type != ITG_S32)
        itg_neon_load_channels(finish->multiplier, epilogue->multiplier + channel, finish->count);
    if (finish->two_slopes)
        itg_neon_load_channels(finish->negative, epilogue->negative_multiplier + channel, finish->count);
    finish->words = type == ITG_S16 && !epilogue->table && !finish->two_slopes && epilogue->zero == 0 && epilogue->low == INT16_MIN &&
                    epilogue->high == INT16_MAX;
    if ((finish->plain || finish->words) && epilogue->left > 0 && !itg_neon_fold_left(finish))
        finish->plain = finish->words = false;
}

/* Looks whether no sum of `products` products of 8-bit codes and weights, with its bias, leaves int16 once it is requantized, and no code is
 * clamped but by the range of int8: codes then take neither saturation to 16 bits nor bounds. Before the start is arranged. */
static inline void itg_neon_prove_narrow(itg_neon_finish *finish, const itg_epilogue *epilogue, int32_t products)
{
    if (!finish->plain || finish->rounds || epilogue->low > -128 || epilogue->high < 127)
        return;
    int32x4_t bias = vdupq_n_s32(0), multiplier = bias;
    for (int i = 0; i < 4; i++) {
        bias = vmaxq_s32(bias, vqabsq_s32(vld1q_s32(finish->start + 4 * i)));
        multiplier = vmaxq_s32(multiplier, vqabsq_s32(finish->multiplier[i]));
    }
    const int64_t most = (int64_t)products * (127 * 128) + vmaxvq_s32(bias);
    finish->narrow = most < ((int64_t)1 << 31) && most * vmaxvq_s32(multiplier) < (int64_t)31000 << 31; /* zero: at most 1024 */
}

/* Sums of channels 4i .. 4i+3 -> clamped codes. */
static inline int32x4_t itg_neon_requantize(const itg_neon_finish *finish, int32x4_t acc, int i)
{
    int32x4_t multiplier = finish->multiplier[i];
    if (finish->two_slopes)
        multiplier = vbslq_s32(vcltq_s32(acc, vdupq_n_s32(0)), finish->negative[i], multiplier);
    acc = vshlq_s32(acc, finish->left);
    int32x4_t code = vqrdmulhq_s32(acc, multiplier);
    if (finish->rounds)
        code = vrshlq_s32(vqdmulhq_s32(acc, multiplier), finish->narrowing.right);
    return vminq_s32(vmaxq_s32(vaddq_s32(code, finish->zero), finish->low), finish->high);
}

static inline void itg_neon_store_codes(const itg_neon_finish *finish, uint8_t *out, const int32_t *sums)
{
    int32_t codes[16];
    for (int i = 0; i < 4; i++) {
        const int32x4_t acc = vld1q_s32(sums + 4 * i);
        vst1q_s32(codes + 4 * i, finish->type == ITG_S32 ? acc : itg_neon_requantize(finish, acc, i));
    }
    if (finish->table)
        for (int32_t i = 0; i < finish->count; i++)
            codes[i] = finish->table[codes[i]];
    for (int32_t i = 0; i < finish->count; i++)
        itg_store_code(out, finish->type, (size_t)i, codes[i]);
}

static inline int32x4_t itg_neon_plain_multiply(const itg_neon_finish *finish, const int32_t *sums, int i)
{
    const int32x4_t acc = vld1q_s32(sums + 4 * i);
    return finish->rounds ? vrshlq_s32(vqdmulhq_s32(acc, finish->multiplier[i]), finish->narrowing.right) : vqrdmulhq_s32(acc, finish->multiplier[i]);
}

/* 16 sums -> 16 codes where finish->plain holds. */
static inline int8x16_t itg_neon_plain_codes(const itg_neon_finish *finish, const int32_t *sums)
{
    int32x4_t codes[4];
    for (int i = 0; i < 4; i++)
        codes[i] = itg_neon_plain_multiply(finish, sums, i);
    const int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(codes[0]), codes[1]), finish->narrowing.zero);
    const int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(codes[2]), codes[3]), finish->narrowing.zero);
    return vminq_s8(vmaxq_s8(vqmovn_high_s16(vqmovn_s16(low), high), finish->narrowing.low), finish->narrowing.high);
}

/* 16 sums -> 16 codes where finish->words holds. */
static inline void itg_neon_store_words(const itg_neon_finish *finish, uint8_t *out, const int32_t *sums)
{
    int16_t *codes = (int16_t *)(void *)out;
    for (int half = 0; half < 2; half++) {
        const int32x4_t low = itg_neon_plain_multiply(finish, sums, 2 * half), high = itg_neon_plain_multiply(finish, sums, 2 * half + 1);
        vst1q_s16(codes + 8 * half, vqmovn_high_s32(vqmovn_s32(low), high));
    }
}

#ifdef __aarch64__
/* The same where finish->narrow holds. */
static inline int8x16_t itg_neon_narrow_codes(const itg_neon_finish *finish, const int32_t *sums)
{
    int16x8_t codes[4];
    for (int i = 0; i < 4; i++)
        codes[i] = vreinterpretq_s16_s32(vqrdmulhq_s32(vld1q_s32(sums + 4 * i), finish->multiplier[i]));
    const int16x8_t low = vaddq_s16(vuzp1q_s16(codes[0], codes[1]), finish->narrowing.zero);
    const int16x8_t high = vaddq_s16(vuzp1q_s16(codes[2], codes[3]), finish->narrowing.zero);
    return vqmovn_high_s16(vqmovn_s16(low), high);
}
#endif

/* The first count (below 16) bytes of a vector. */
static inline void itg_neon_store_some(uint8_t *out, int8x16_t codes, int32_t count)
{
    if (count == 8) {
        vst1_u8(out, vreinterpret_u8_s8(vget_low_s8(codes)));
        return;
    }
    int8_t bytes[16];
    vst1q_s8(bytes, codes);
    memcpy(out, bytes, (size_t)count);
}

/* sums [pixels][16] of neighbouring pixels -> the block's codes, from the first pixel's at out. */
static inline void itg_neon_finish_pixels(const itg_neon_finish *finish, uint8_t *out, const int32_t *sums, int32_t pixels)
{
    const int32_t *end = sums + 16 * pixels;
#ifdef __aarch64__
    if (finish->narrow && finish->count == 16) {
        for (; sums < end; sums += 16, out += finish->pixel_bytes)
            vst1q_s8((int8_t *)out, itg_neon_narrow_codes(finish, sums));
        return;
    }
#endif
    if (finish->words && finish->count == 16) {
        for (; sums < end; sums += 16, out += finish->pixel_bytes)
            itg_neon_store_words(finish, out, sums);
        return;
    }
    if (finish->plain && finish->count == 16) {
        for (; sums < end; sums += 16, out += finish->pixel_bytes)
            vst1q_s8((int8_t *)out, itg_neon_plain_codes(finish, sums));
    } else if (finish->plain) {
        for (; sums < end; sums += 16, out += finish->pixel_bytes)
            itg_neon_store_some(out, itg_neon_plain_codes(finish, sums), finish->count);
    } else {
        for (; sums < end; sums += 16, out += finish->pixel_bytes)
            itg_neon_store_codes(finish, out, sums);
    }
}

#endif
