/* SPDX-License-Identifier: Apache-2.0
 * Advanced SIMD as the sources of this folder use it. Those that 32-bit Arm compiles too take these intrinsics, which only 64-bit Arm has, from
 * here, in terms of the ones it has: same names, same results. */
#ifndef ITG_NEON_INTRINSICS_H
#define ITG_NEON_INTRINSICS_H

#include <arm_neon.h>

#ifndef __aarch64__
static inline uint32_t vminvq_u32(uint32x4_t a)
{
    uint32x2_t least = vpmin_u32(vget_low_u32(a), vget_high_u32(a));
    least = vpmin_u32(least, least);
    return vget_lane_u32(least, 0);
}

static inline int32_t vmaxvq_s32(int32x4_t a)
{
    int32x2_t most = vpmax_s32(vget_low_s32(a), vget_high_s32(a));
    most = vpmax_s32(most, most);
    return vget_lane_s32(most, 0);
}

static inline int16x8_t vqmovn_high_s32(int16x4_t low, int32x4_t high)
{
    return vcombine_s16(low, vqmovn_s32(high));
}

static inline int8x16_t vqmovn_high_s16(int8x8_t low, int16x8_t high)
{
    return vcombine_s8(low, vqmovn_s16(high));
}

static inline int16x8_t vaddw_high_s8(int16x8_t a, int8x16_t b)
{
    return vaddw_s8(a, vget_high_s8(b));
}

static inline int32x4_t vaddw_high_s16(int32x4_t a, int16x8_t b)
{
    return vaddw_s16(a, vget_high_s16(b));
}

static inline int32x4_t vmlal_high_s16(int32x4_t sum, int16x8_t a, int16x8_t b)
{
    return vmlal_s16(sum, vget_high_s16(a), vget_high_s16(b));
}

static inline uint8x16_t vzip1q_u8(uint8x16_t a, uint8x16_t b)
{
    return vzipq_u8(a, b).val[0];
}

static inline uint8x16_t vzip2q_u8(uint8x16_t a, uint8x16_t b)
{
    return vzipq_u8(a, b).val[1];
}
#endif

#endif
