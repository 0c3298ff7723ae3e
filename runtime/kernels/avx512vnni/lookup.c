/* SPDX-License-Identifier: Apache-2.0
 * Tables on AVX-512: permutations of 64 words, two registers each, of which a table of bytes is two and one of words four; int16 by a gather.
 * Contract: runtime/kernels/lookup.h. Permutations of bytes (VBMI) would be fewer, but not every processor of this table has them. */
#include "runtime/kernels/avx512vnni/lanes.h"

#include "runtime/kernels/lanes/lookup.h"

static inline __m512i load_words(const void *table, int32_t first)
{
    return _mm512_loadu_si512((const uint16_t *)table + first);
}

/* 256 bytes as four registers of 32 words, the halves changed over where the index is flipped. */
typedef struct byte_table {
    __m512i part[4];
} byte_table;

/* The word whose number is bits 1 to 7 of a byte: index holds bits 1 to 6 at its end, `high` says where bit 7 is set. */
static inline __m512i find_word(const byte_table *table, __m512i index, __mmask32 high)
{
    const __m512i low_half = _mm512_permutex2var_epi16(table->part[0], index, table->part[1]);
    return _mm512_mask_mov_epi16(low_half, high, _mm512_permutex2var_epi16(table->part[2], index, table->part[3]));
}

/* The even bytes' words have the byte asked for moved down, the odd ones' up. */
static inline __m512i map_sixty_four(const byte_table *table, __m512i x)
{
    const __mmask32 even_high = _mm512_test_epi16_mask(x, _mm512_set1_epi16(0x80)), odd_high = _mm512_movepi16_mask(x);
    const __m512i even = find_word(table, _mm512_srli_epi16(x, 1), even_high), odd = find_word(table, _mm512_srli_epi16(x, 9), odd_high);
    const __mmask32 second = _mm512_test_epi16_mask(x, _mm512_set1_epi16(1)), first = _mm512_testn_epi16_mask(x, _mm512_set1_epi16(0x100));
    const __m512i down = _mm512_mask_srli_epi16(even, second, even, 8), up = _mm512_mask_slli_epi16(odd, first, odd, 8);
    return _mm512_mask_mov_epi8(down, 0xAAAAAAAAAAAAAAAAu, up);
}

static void map_bytes(uint8_t *out, const uint8_t *in, const uint8_t *entries, uint8_t flip, int32_t count)
{
    byte_table table;
    for (int i = 0; i < 4; i++)
        table.part[i] = load_words(entries, (32 * i) ^ (flip / 2));
    int32_t i = 0;
    for (; i <= count - 64; i += 64)
        _mm512_storeu_si512(out + i, map_sixty_four(&table, _mm512_loadu_si512(in + i)));
    if (i < count) {
        const __mmask64 mask = ((__mmask64)1 << (count - i)) - 1;
        _mm512_mask_storeu_epi8(out + i, mask, map_sixty_four(&table, _mm512_maskz_loadu_epi8(mask, in + i)));
    }
}

/* 256 words as eight registers. */
static inline __m512i map_thirty_two(const __m512i table[8], __m256i x)
{
    const __m512i index = _mm512_cvtepu8_epi16(x);
    const __mmask32 odd = _mm512_test_epi16_mask(index, _mm512_set1_epi16(64)), high = _mm512_test_epi16_mask(index, _mm512_set1_epi16(128));
    __m512i half[2];
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        const __m512i first = _mm512_permutex2var_epi16(table[4 * i], index, table[4 * i + 1]);
        half[i] = _mm512_mask_mov_epi16(first, odd, _mm512_permutex2var_epi16(table[4 * i + 2], index, table[4 * i + 3]));
    }
    return _mm512_mask_mov_epi16(half[0], high, half[1]);
}

static void map_words(uint16_t *out, const uint8_t *in, const uint16_t *entries, uint8_t flip, int32_t count)
{
    __m512i table[8];
    for (int i = 0; i < 8; i++)
        table[i] = load_words(entries, (32 * i) ^ flip);
    int32_t i = 0;
    for (; i <= count - 32; i += 32)
        _mm512_storeu_si512(out + i, map_thirty_two(table, _mm256_loadu_si256((const __m256i *)(const void *)(in + i))));
    if (i < count) {
        const __mmask32 mask = ((__mmask32)1 << (count - i)) - 1;
        _mm512_mask_storeu_epi16(out + i, mask, map_thirty_two(table, _mm256_maskz_loadu_epi8(mask, in + i)));
    }
}

const itg_lookup_kernels itg_lookup_avx512vnni = {.bytes = map_bytes, .words = map_words, .interpolate = itg_lanes_interpolate};
