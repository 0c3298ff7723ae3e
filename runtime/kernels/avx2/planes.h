/* SPDX-License-Identifier: Apache-2.0
 * An itg_zip_planes (runtime/kernels/conv.h), 16 pixels at a time, by byte shuffles of SSSE3. Used by conv.c of every x86 table. */
#ifndef ITG_AVX2_PLANES_H
#define ITG_AVX2_PLANES_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* The 16 bytes from output byte 16 * part on of what three vectors become: byte k of channel k % 3 comes from its pixel k / 3. */
static inline __m128i itg_zip_part(const __m128i channels[3], int part)
{
    static const int8_t orders[3][3][16] = {{{0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5},
                                             {-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1},
                                             {-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1}},
                                            {{-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1},
                                             {5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10},
                                             {-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1}},
                                            {{-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1},
                                             {-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1},
                                             {10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15}}};
    __m128i bytes = _mm_setzero_si128();
    for (int c = 0; c < 3; c++)
        bytes = _mm_or_si128(bytes, _mm_shuffle_epi8(channels[c], _mm_loadu_si128((const __m128i *)(const void *)orders[part][c])));
    return bytes;
}

static void itg_avx2_zip_planes(uint8_t *out, const uint8_t *in, ptrdiff_t plane, int32_t count, uint8_t flip)
{
    const __m128i flips = _mm_set1_epi8((char)flip);
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i channels[3];
        for (int c = 0; c < 3; c++)
            channels[c] = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)(in + c * plane + i)), flips);
        for (int part = 0; part < 3; part++)
            _mm_storeu_si128((__m128i *)(void *)(out + 3 * i + 16 * part), itg_zip_part(channels, part));
    }
    for (; i < count; i++)
        for (int c = 0; c < 3; c++)
            out[3 * i + c] = in[c * plane + i] ^ flip;
}

#endif
