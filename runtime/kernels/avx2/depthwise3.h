/* SPDX-License-Identifier: Apache-2.0
 * One block of 16 channels of one strip (strip.h) of 3x3 taps, exact: bytes are widened to int16 and multiplied in pairs by vpmaddwd,
 * the taps of rows 0 and 1 of a column, and those of row 2 of two neighbouring columns. A column is widened once and serves up to three
 * outputs; two outputs are stored at a time. The last block overlaps the one before; channels come in fours. Used by depthwise.c. */
#ifndef ITG_AVX2_DEPTHWISE3_H
#define ITG_AVX2_DEPTHWISE3_H

#include "runtime/kernels/strip.h"

#include <intaglio/fixed.h>

#include <immintrin.h>

/* `low` holds channels 0..3 and 8..11 of the block, `high` 4..7 and 12..15: what interleaving leaves. Index 0: low. */
typedef struct block_constants {
    __attribute__((aligned(32))) int16_t column[3][2][16]; /* rows 0 and 1 of kernel column kx */
    int16_t bottom[2][2][16];                              /* row 2: columns 0 and 1; none and 2 */
    int32_t start[2][8], even[2][8], odd[2][8];            /* multipliers times 4; odd: those of odd channels in even places */
    int16_t rounding[16];                                  /* of twice the codes, the zero point included */
    uint8_t low[32], high[32], flip[32];
    uint8_t pad[16];
    bool bounded; /* codes are clamped further, or signed */
} block_constants;

#define LOAD(address)              _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define STORE(address, value)      _mm256_storeu_si256((__m256i *)(void *)(address), value)
#define LOAD_FOUR(address)         _mm_loadu_si128((const __m128i *)(const void *)(address))
#define STORE_FOUR(address, value) _mm_storeu_si128((__m128i *)(void *)(address), value)

/* Four channels from lane `lane` of the block on. */
static inline void fill_channels(const itg_depthwise *depthwise, block_constants *c, int32_t channel, int32_t lane)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const int32_t half = lane / 4 % 2, place = lane / 8 * 4;
    const __m128i multiplier = _mm_slli_epi32(LOAD_FOUR(epilogue->multiplier + channel), 2);
    STORE_FOUR(c->start[half] + place,
               _mm_add_epi32(LOAD_FOUR(epilogue->bias + channel), LOAD_FOUR((const int32_t *)(const void *)depthwise->weights + channel)));
    STORE_FOUR(c->even[half] + place, multiplier);
    STORE_FOUR(c->odd[half] + place, _mm_srli_epi64(multiplier, 32));
}

/* The taps of four channels at kernel column 0: 4 vertical ones each, the last 0. Column kx follows kx * ITG_COLUMN_BYTES on. */
static inline const int8_t *find_taps(const itg_depthwise *depthwise, int32_t channel)
{
    const int32_t block = channel / ITG_COLUMN_CHANNELS, blocks = itg_column_blocks(depthwise);
    return depthwise->weights + blocks * ITG_COLUMN_CHANNELS * 4 + block * 3 * ITG_COLUMN_BYTES +
           itg_column_weight_offset(depthwise, 0, 0, channel % ITG_COLUMN_CHANNELS);
}

/* Two bytes of each of eight dwords as words, picked by 4 indices a dword: 0x80 before each byte, so that it becomes a word's high one. */
static inline __m256i pick_taps(__m256i taps, int32_t indices)
{
    const __m256i order = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404, 0x08080808, 0x0c0c0c0c);
    return _mm256_shuffle_epi8(taps, _mm256_or_si256(order, _mm256_set1_epi32(indices)));
}

static inline void fill_weights(const itg_depthwise *depthwise, block_constants *c, int32_t channel)
{
    for (int32_t half = 0; half < 2; half++) {
        const int8_t *first = find_taps(depthwise, channel + 4 * half), *last = find_taps(depthwise, channel + 4 * half + 8);
        __m256i taps[3];
        for (int32_t kx = 0; kx < 3; kx++) {
            taps[kx] = _mm256_setr_m128i(LOAD_FOUR(first + kx * ITG_COLUMN_BYTES), LOAD_FOUR(last + kx * ITG_COLUMN_BYTES));
            STORE(c->column[kx][half], _mm256_srai_epi16(pick_taps(taps[kx], 0x01800080), 8));
        }
        const __m256i both = _mm256_or_si256(pick_taps(taps[0], (int32_t)0x80800280), pick_taps(taps[1], 0x02808080));
        STORE(c->bottom[0][half], _mm256_srai_epi16(both, 8));
        STORE(c->bottom[1][half], _mm256_srai_epi16(pick_taps(taps[2], 0x02808080), 8));
    }
}

static inline void open_constants(const itg_depthwise *depthwise, block_constants *c, int32_t channel)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    fill_weights(depthwise, c, channel);
    for (int32_t lane = 0; lane < 16; lane += 4)
        fill_channels(depthwise, c, channel + lane, lane);
    const __m128i pad = depthwise->pad ? LOAD_FOUR(depthwise->pad + channel) : _mm_set1_epi8((char)depthwise->pad_code);
    STORE_FOUR(c->pad, _mm_xor_si128(pad, _mm_set1_epi8(-128)));
    STORE(c->rounding, _mm256_set1_epi16((short)(2 * (epilogue->zero + 128) + 1)));
    STORE(c->low, _mm256_set1_epi8((char)(epilogue->low + 128)));
    STORE(c->high, _mm256_set1_epi8((char)(epilogue->high + 128)));
    c->bounded = epilogue->low != -128 || epilogue->high != 127 || depthwise->out_type != ITG_U8;
    STORE(c->flip, _mm256_set1_epi8(depthwise->out_type == ITG_U8 ? 0 : -128));
}

/* One input column: rows 0 and 1 interleaved, row 2 as it is. */
typedef struct taps_column {
    __m256i low, high, bottom;
} taps_column;

static inline __m256i widen(const uint8_t *bytes)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

static inline taps_column join_rows(__m256i top, __m256i middle, __m256i bottom)
{
    return (taps_column){_mm256_unpacklo_epi16(top, middle), _mm256_unpackhi_epi16(top, middle), bottom};
}

static inline taps_column load_inside(const itg_taps_row *job, const ptrdiff_t at[3])
{
    return join_rows(widen(job->row[0] + at[0]), widen(job->row[1] + at[1]), widen(job->row[2] + at[2]));
}

static inline taps_column load_column(const itg_taps_row *job, int32_t x)
{
    const __m256i pad = widen(job->pad);
    const ptrdiff_t at[3] = {x * job->step[0], x * job->step[1], x * job->step[2]};
    return x >= 0 && x < job->in_width ? load_inside(job, at) : join_rows(pad, pad, pad);
}

/* Column x, to which at[] points, which moves on by one. */
static inline taps_column load_next(const itg_taps_row *job, ptrdiff_t at[3], int32_t x)
{
    const taps_column loaded = x >= 0 && x < job->in_width ? load_inside(job, at) : load_column(job, -1);
    at[0] += job->step[0];
    at[1] += job->step[1];
    at[2] += job->step[2];
    return loaded;
}

static inline void point_at(const itg_taps_row *job, ptrdiff_t at[3], int32_t x)
{
    for (int i = 0; i < 3; i++)
        at[i] = x * job->step[i];
}

/* out = x (instruction) constant, which stays in memory: GCC 12 would keep those of two outputs in registers that it does not have. */
#define WITH_CONSTANT(instruction, out, x, constant) __asm__(instruction " %2, %1, %0" : "=x"(out) : "x"(x), "m"(constant))
#define MULTIPLY(acc, taps, weights)                                                                                                                 \
    {                                                                                                                                                \
        __m256i product;                                                                                                                             \
        WITH_CONSTANT("vpmaddwd", product, taps, weights);                                                                                           \
        __asm__("vpaddd %1, %0, %0" : "+x"(acc) : "x"(product));                                                                                     \
    }

/* Twice the codes, the zero point and rounding not yet added: floor(acc * multiplier / 2^30). */
static inline __m256i scale(const block_constants *c, __m256i acc, int half)
{
    __m256i even, odd;
    WITH_CONSTANT("vpmuldq", even, acc, c->even[half]);
    WITH_CONSTANT("vpmuldq", odd, _mm256_shuffle_epi32(acc, 0xF5), c->odd[half]);
    return _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
}

/* The codes of one output as words, from its three columns. */
static inline __m256i compute_output(const block_constants *c, const taps_column *left, const taps_column *middle, const taps_column *right)
{
    __m256i low, high;
    WITH_CONSTANT("vpmaddwd", low, left->low, c->column[0][0]);
    WITH_CONSTANT("vpmaddwd", high, left->high, c->column[0][1]);
    WITH_CONSTANT("vpaddd", low, low, c->start[0]);
    WITH_CONSTANT("vpaddd", high, high, c->start[1]);
    MULTIPLY(low, _mm256_unpacklo_epi16(left->bottom, middle->bottom), c->bottom[0][0])
    MULTIPLY(high, _mm256_unpackhi_epi16(left->bottom, middle->bottom), c->bottom[0][1])
    MULTIPLY(low, middle->low, c->column[1][0])
    MULTIPLY(high, middle->high, c->column[1][1])
    MULTIPLY(low, right->low, c->column[2][0])
    MULTIPLY(high, right->high, c->column[2][1])
    MULTIPLY(low, _mm256_unpacklo_epi16(middle->bottom, right->bottom), c->bottom[1][0])
    MULTIPLY(high, _mm256_unpackhi_epi16(middle->bottom, right->bottom), c->bottom[1][1])
    __m256i doubled;
    WITH_CONSTANT("vpaddsw", doubled, _mm256_packs_epi32(scale(c, low, 0), scale(c, high, 1)), c->rounding);
    return _mm256_srai_epi16(doubled, 1);
}

static inline __m256i bound_codes(const block_constants *c, __m256i first, __m256i second)
{
    const __m256i codes = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xD8);
    if (!c->bounded)
        return codes;
    return _mm256_xor_si256(_mm256_min_epu8(_mm256_max_epu8(codes, LOAD(c->low)), LOAD(c->high)), LOAD(c->flip));
}

static inline void store_outputs(const block_constants *c, const itg_taps_row *job, int32_t x, __m256i first, __m256i second)
{
    const __m256i codes = bound_codes(c, first, second);
    uint8_t *out = job->out + x * job->out_step;
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(codes));
    if (x + 1 < job->out_width)
        _mm_storeu_si128((__m128i *)(void *)(out + job->out_step), _mm256_extracti128_si256(codes, 1));
}

/* Not inlined: then constants stay operands in memory and need no copies on the stack. */
__attribute__((noinline)) static void compute_row_one(const itg_taps_row *row, const block_constants *c)
{
    const itg_taps_row job = *row;
    ptrdiff_t at[3];
    taps_column left = load_column(&job, -job.before), middle = load_column(&job, 1 - job.before);
    point_at(&job, at, 2 - job.before);
    for (int32_t x = 0; x < job.out_width; x += 2) {
        const taps_column third = load_next(&job, at, x + 2 - job.before);
        const __m256i first = compute_output(c, &left, &middle, &third);
        left = third;
        const taps_column fourth = load_next(&job, at, x + 3 - job.before);
        store_outputs(c, &job, x, first, compute_output(c, &middle, &third, &fourth));
        middle = fourth;
    }
}

/* Horizontal stride 2. */
__attribute__((noinline)) static void compute_row_two(const itg_taps_row *row, const block_constants *c)
{
    const itg_taps_row job = *row;
    ptrdiff_t at[3];
    taps_column left = load_column(&job, -job.before);
    point_at(&job, at, 1 - job.before);
    for (int32_t x = 0; x < job.out_width; x += 2) {
        const int32_t next = 2 * x + 1 - job.before;
        const taps_column second = load_next(&job, at, next), third = load_next(&job, at, next + 1);
        const __m256i first = compute_output(c, &left, &second, &third);
        const taps_column fourth = load_next(&job, at, next + 2);
        left = load_next(&job, at, next + 3);
        store_outputs(c, &job, x, first, compute_output(c, &third, &fourth, &left));
    }
}

static void compute_block(const itg_depthwise *depthwise, uint8_t *out, const uint8_t *in, const int32_t rows[2], int32_t channel)
{
    block_constants c;
    const int32_t first = channel + 16 <= depthwise->in[2] ? channel : depthwise->in[2] - 16;
    open_constants(depthwise, &c, first);
    itg_taps_row job = itg_open_taps(depthwise, c.pad);
    for (int32_t y = rows[0]; y < rows[1]; y++) {
        itg_aim_taps(&job, depthwise, out, in, y, first);
        (depthwise->stride[1] == 1 ? compute_row_one : compute_row_two)(&job, &c);
    }
}

#undef LOAD
#undef STORE
#undef LOAD_FOUR
#undef STORE_FOUR
#undef MULTIPLY
#undef WITH_CONSTANT

#endif
