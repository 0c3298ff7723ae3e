/* SPDX-License-Identifier: Apache-2.0
 * Normalization on AVX2, 8 elements at a time. Contract: runtime/kernels/normalize.h.
 * Groups less than 8 wide and sums of magnitudes are the scalar table's. */
#include "runtime/kernels/normalize.h"
#include "runtime/kernels/avx2/lanes.h"
#include "runtime/kernels/groups.h"

enum { CHUNK = 16384 }; /* vectors of 16 codes whose squares fit the 32 bits of a lane */

/* 16 codes as int16. */
static __m256i load_codes(const void *codes, itg_type type, int32_t index)
{
    if (type == ITG_S16)
        return _mm256_loadu_si256((const __m256i *)(const void *)((const int16_t *)codes + index));
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)((const int8_t *)codes + index));
    return _mm256_cvtepi8_epi16(type == ITG_S8 ? bytes : _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
}

static uint64_t add_halves(__m256i words)
{
    const __m128i sum = _mm_add_epi64(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    return (uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(sum, _mm_unpackhi_epi64(sum, sum)));
}

/* Lanes of 32 bits, added as 64: signed, or (squares) unsigned. */
static int64_t add_signed(__m256i lanes)
{
    const __m128i low = _mm256_castsi256_si128(lanes), high = _mm256_extracti128_si256(lanes, 1);
    return (int64_t)add_halves(_mm256_add_epi64(_mm256_cvtepi32_epi64(low), _mm256_cvtepi32_epi64(high)));
}

static __m256i widen_unsigned(__m256i lanes)
{
    return _mm256_add_epi64(_mm256_srli_epi64(lanes, 32), _mm256_and_si256(lanes, _mm256_set1_epi64x(0xffffffff)));
}

/* Vectors [begin, end) of 16 codes. Two squares of int16 fit 32 bits without a sign; those of int8 are added CHUNK times before they are widened. */
static void add_chunk(itg_moments *moments, const void *in, itg_type type, int32_t begin, int32_t end)
{
    __m256i sum = _mm256_setzero_si256(), squares = _mm256_setzero_si256();
    for (int32_t i = begin; i < end; i += 16) {
        const __m256i codes = load_codes(in, type, i), square = _mm256_madd_epi16(codes, codes);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(codes, _mm256_set1_epi16(1)));
        squares = type == ITG_S16 ? _mm256_add_epi64(squares, widen_unsigned(square)) : _mm256_add_epi32(squares, square);
    }
    moments->sum += add_signed(sum);
    moments->measured += add_halves(type == ITG_S16 ? squares : widen_unsigned(squares));
}

static void add_run(const itg_normalize *normalize, itg_moments *moments, const void *in)
{
    const int32_t whole = normalize->width & ~15;
    for (int32_t begin = 0; begin < whole; begin += 16 * CHUNK)
        add_chunk(moments, in, normalize->in_type, begin, whole - begin < 16 * CHUNK ? whole : begin + 16 * CHUNK);
    for (int32_t i = whole; i < normalize->width; i++) {
        const int32_t code = itg_load_code(in, normalize->in_type, (size_t)i);
        moments->sum += code;
        moments->measured += (uint32_t)(code * code);
    }
}

/* High dwords of the products of 8 lanes. */
static __m256i multiply_high(__m256i a, __m256i b)
{
    const __m256i even = _mm256_mul_epi32(a, b), odd = _mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

/* (product + 2^(shift-1)) >> shift: 2^62, added before and taken back after, makes the logical shift do. */
typedef struct rounding {
    __m256i added, removed;
    __m128i shift;
} rounding;

static rounding set_rounding(int shift)
{
    return (rounding){_mm256_set1_epi64x(((int64_t)1 << 62) + ((int64_t)1 << (shift - 1))), _mm256_set1_epi32((int32_t)(((int64_t)1 << 62) >> shift)),
                      _mm_cvtsi32_si128(shift)};
}

static __m256i multiply_round(__m256i a, __m256i b, const rounding *r)
{
    const __m256i even = _mm256_srl_epi64(_mm256_add_epi64(_mm256_mul_epi32(a, b), r->added), r->shift);
    const __m256i odd = _mm256_srl_epi64(_mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), b), r->added), r->shift);
    return _mm256_sub_epi32(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa), r->removed);
}

static __m256i load_constants(const int32_t *constants, bool per_channel, int32_t index)
{
    return per_channel ? _mm256_loadu_si256((const __m256i *)(const void *)(constants + index)) : _mm256_set1_epi32(constants[0]);
}

static void write_run(const itg_normalize *normalize, const itg_group_run *run)
{
    const __m256i offset = _mm256_set1_epi32(run->normal->offset), multiplier = _mm256_set1_epi32(run->normal->multiplier);
    const __m256i low = _mm256_set1_epi32(normalize->low), high = _mm256_set1_epi32(normalize->high);
    const __m128i fraction = _mm_cvtsi32_si128(normalize->fraction), narrow = _mm_cvtsi32_si128(normalize->narrow);
    const rounding r = set_rounding(run->normal->shift);
    const int32_t whole = normalize->width & ~7;
    for (int32_t i = 0; i < whole; i += 8) {
        const __m256i centered = _mm256_sub_epi32(_mm256_sll_epi32(itg_lanes_load(run->in, normalize->in_type, (size_t)i), fraction), offset);
        const __m256i scaled = multiply_high(multiply_round(centered, multiplier, &r), load_constants(run->gain, normalize->per_channel, i));
        const __m256i sum = _mm256_add_epi32(scaled, load_constants(run->bias, normalize->per_channel, i));
        const __m256i codes = _mm256_min_epi32(_mm256_max_epi32(_mm256_sra_epi32(sum, narrow), low), high);
        itg_lanes_store(run->out, normalize->out_type, (size_t)i, codes);
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

const itg_normalize_kernels itg_normalize_avx2 = {.groups = normalize_groups};
