/* SPDX-License-Identifier: Apache-2.0
 * The three transforms of runtime/kernels/winograd.h in Advanced SIMD: 6 x 6 codes -> V, taps -> U, M -> sums.
 * Called by winograd.h of this folder and by the products of each table. */
#ifndef ITG_NEON_TRANSFORM_H
#define ITG_NEON_TRANSFORM_H

#include "runtime/kernels/neon/intrinsics.h"
#include "runtime/kernels/winograd.h"

/* Products of one place: groups of tiles x 16 output channels, over `steps` times 8 inputs. */
typedef struct itg_place_product {
    const int32_t *from; /* first sums of a tile: 16, the next tile's from_bytes on */
    int64_t from_bytes;
    int32_t *to;            /* [tile][16] */
    const int16_t *x;       /* [group][step][4 tiles][8] */
    int64_t skip_bytes;     /* from the end of a group's steps to the next one's first */
    const int16_t *weights; /* of the steps' inputs, as itg_transform_block leaves them */
    int64_t steps, groups;
} itg_place_product;

/* B on six vectors of codes, which it widens. */
static inline void itg_transform_codes(int16x8_t v[6], const int8x8_t d[6])
{
    const int16x8_t c = vsubl_s8(d[4], d[2]), f = vsubl_s8(d[3], d[1]), g = vsubl_s8(d[0], d[2]), h = vsubl_s8(d[5], d[3]);
    const int8x8_t three = vdup_n_s8(3);
    const int16x8_t a = vmlsl_s8(c, d[2], three), b = vmlsl_s8(f, d[1], three), e = vaddq_s16(f, f);
    v[0] = vaddq_s16(vshlq_n_s16(g, 2), c);
    v[1] = vaddq_s16(a, b);
    v[2] = vsubq_s16(a, b);
    v[3] = vaddq_s16(c, e);
    v[4] = vsubq_s16(c, e);
    v[5] = vsubq_s16(h, vshlq_n_s16(f, 2));
}

/* B on six vectors of what the other dimension gave. */
static inline void itg_transform_values(int16x8_t v[6], const int16x8_t d[6])
{
    const int16x8_t c = vsubq_s16(d[4], d[2]), f = vsubq_s16(d[3], d[1]), g = vsubq_s16(d[0], d[2]), h = vsubq_s16(d[5], d[3]);
    const int16x8_t a = vsubq_s16(d[4], vshlq_n_s16(d[2], 2)), b = vsubq_s16(d[3], vshlq_n_s16(d[1], 2)), e = vaddq_s16(f, f);
    v[0] = vaddq_s16(vshlq_n_s16(g, 2), c);
    v[1] = vaddq_s16(a, b);
    v[2] = vsubq_s16(a, b);
    v[3] = vaddq_s16(c, e);
    v[4] = vsubq_s16(c, e);
    v[5] = vsubq_s16(h, vshlq_n_s16(f, 2));
}

/* 8 channels of a tile. codes: its first pixel, columns `right` and rows `down` bytes apart; out: V[0][0], its places `place` elements apart. */
static inline void itg_transform_input(int16_t *out, ptrdiff_t place, const int8_t *codes, ptrdiff_t right, ptrdiff_t down)
{
    int16x8_t rows[6][6], column[6], values[6];
    for (int y = 0; y < 6; y++) {
        int8x8_t d[6];
        for (int x = 0; x < 6; x++)
            d[x] = vld1_s8(codes + y * down + x * right);
        itg_transform_codes(rows[y], d);
    }
    for (int x = 0; x < 6; x++) {
        for (int y = 0; y < 6; y++)
            column[y] = rows[y][x];
        itg_transform_values(values, column);
        for (int y = 0; y < 6; y++)
            vst1q_s16(out + (y * 6 + x) * place, values[y]);
    }
}

/* G in the second dimension, on three vectors of what the first one gave, stored. */
static inline void itg_store_weights(int16_t *out, const int16x8_t w[3])
{
    enum { PLACE = ITG_WINOGRAD_PLACE / 2 };
    const int16x8_t sum = vaddq_s16(w[0], w[2]), wide = vaddq_s16(vshlq_n_s16(w[2], 2), w[0]), twice = vaddq_s16(w[1], w[1]);
    vst1q_s16(out, w[0]);
    vst1q_s16(out + PLACE, vaddq_s16(sum, w[1]));
    vst1q_s16(out + 2 * PLACE, vsubq_s16(sum, w[1]));
    vst1q_s16(out + 3 * PLACE, vaddq_s16(wide, twice));
    vst1q_s16(out + 4 * PLACE, vsubq_s16(wide, twice));
    vst1q_s16(out + 5 * PLACE, w[2]);
}

/* One input of 8 outputs. taps: [9], `tap` bytes apart. Rows of U are made and stored in turn, those that share sums together: 16 registers
 * hold what that takes. */
static inline void itg_transform_taps(int16_t *out, const int8_t *taps, ptrdiff_t tap)
{
    enum { ROW = 6 * ITG_WINOGRAD_PLACE / 2 };
    int8x8_t top[3], middle[3], bottom[3];
    int16x8_t one[3], other[3];
    for (int x = 0; x < 3; x++) {
        top[x] = vld1_s8(taps + x * tap);
        middle[x] = vld1_s8(taps + (3 + x) * tap);
        bottom[x] = vld1_s8(taps + (6 + x) * tap);
        one[x] = vmovl_s8(top[x]);
    }
    itg_store_weights(out, one);
    for (int x = 0; x < 3; x++) {
        const int16x8_t sum = vaddl_s8(top[x], bottom[x]);
        one[x] = vaddw_s8(sum, middle[x]);
        other[x] = vsubw_s8(sum, middle[x]);
    }
    itg_store_weights(out + ROW, one);
    itg_store_weights(out + 2 * ROW, other);
    for (int x = 0; x < 3; x++) {
        const int16x8_t wide = vaddw_s8(vshll_n_s8(bottom[x], 2), top[x]), twice = vshll_n_s8(middle[x], 1);
        one[x] = vaddq_s16(wide, twice);
        other[x] = vsubq_s16(wide, twice);
    }
    itg_store_weights(out + 3 * ROW, one);
    itg_store_weights(out + 4 * ROW, other);
    for (int x = 0; x < 3; x++)
        one[x] = vmovl_s8(bottom[x]);
    itg_store_weights(out + 5 * ROW, one);
}

/* A on six vectors, scaled by c. */
static inline void itg_gather_sums(int32x4_t y[4], const int32x4_t m[6])
{
    const int32x4_t p = vshlq_n_s32(vaddq_s32(m[1], m[2]), 2), q = vshlq_n_s32(vsubq_s32(m[1], m[2]), 2);
    const int32x4_t r = vaddq_s32(m[3], m[4]), s = vsubq_s32(m[3], m[4]);
    y[0] = vmlaq_n_s32(vsubq_s32(r, p), m[0], 6);
    y[1] = vsubq_s32(vaddq_s32(s, s), q);
    y[2] = vsubq_s32(vshlq_n_s32(r, 2), p);
    y[3] = vmlaq_n_s32(vsubq_s32(vshlq_n_s32(s, 3), q), m[5], 24);
}

/* 16 pixels of 4 outputs of a tile. m: M[0][0]; sums: [16][16]. */
static inline void itg_transform_sums(int32_t *sums, const int32_t *m)
{
    int32x4_t rows[6][4];
    for (int x = 0; x < 6; x++) {
        int32x4_t column[6];
        for (int y = 0; y < 6; y++)
            column[y] = vld1q_s32(m + (y * 6 + x) * (ITG_WINOGRAD_PLACE / 4));
        itg_gather_sums(rows[x], column);
    }
    for (int y = 0; y < 4; y++) {
        const int32x4_t row[6] = {rows[0][y], rows[1][y], rows[2][y], rows[3][y], rows[4][y], rows[5][y]};
        int32x4_t pixel[4];
        itg_gather_sums(pixel, row);
        for (int x = 0; x < 4; x++)
            vst1q_s32(sums + (4 * y + x) * 16, vshrq_n_s32(vmulq_n_s32(pixel[x], (int32_t)ITG_WINOGRAD_NINTH), ITG_WINOGRAD_SHIFT));
    }
}

#endif
