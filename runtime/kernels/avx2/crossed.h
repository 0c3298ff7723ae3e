/* SPDX-License-Identifier: Apache-2.0
 * The steps of a run of widened_conv.h for 1 to 4 pixels times 16 output channels, as one loop of assembly: it takes all registers, and the order of
 * operations in which it runs best is none that GCC 12 keeps. Used by widened_conv.h of this folder. */
#ifndef ITG_AVX2_CROSSED_H
#define ITG_AVX2_CROSSED_H

#include <immintrin.h>
#include <stdint.h>

/* The pixel whose inputs are at x and whose sums are a and b: ymm8 to ymm11 hold the weights of the step. */
#define ITG_CROSSED_PIXEL(x, a, b)                                                                                                                   \
    "vpbroadcastd " x ", %%ymm12\n"                                                                                                                  \
    "vpbroadcastd 4" x ", %%ymm13\n"                                                                                                                 \
    "vpaddw %%ymm12, %%ymm10, %%ymm14\n"                                                                                                             \
    "vpaddw %%ymm13, %%ymm8, %%ymm15\n"                                                                                                              \
    "vpaddw %%ymm12, %%ymm11, %%ymm12\n"                                                                                                             \
    "vpaddw %%ymm13, %%ymm9, %%ymm13\n"                                                                                                              \
    "vpmaddwd %%ymm14, %%ymm15, %%ymm14\n"                                                                                                           \
    "vpmaddwd %%ymm12, %%ymm13, %%ymm12\n"                                                                                                           \
    "vpaddd %%ymm14, " a ", " a "\n"                                                                                                                 \
    "vpaddd %%ymm12, " b ", " b "\n"
#define ITG_CROSSED_1      ITG_CROSSED_PIXEL("(%[inputs])", "%[a00]", "%[a01]")
#define ITG_CROSSED_2      ITG_CROSSED_1 ITG_CROSSED_PIXEL("(%[inputs],%[pitch])", "%[a10]", "%[a11]")
#define ITG_CROSSED_3      ITG_CROSSED_2 ITG_CROSSED_PIXEL("(%[inputs],%[pitch],2)", "%[a20]", "%[a21]")
#define ITG_CROSSED_4      ITG_CROSSED_3 ITG_CROSSED_PIXEL("(%[inputs],%[thrice])", "%[a30]", "%[a31]")
#define ITG_CROSSED_SUMS_1 [a00] "+x"(a00), [a01] "+x"(a01)
#define ITG_CROSSED_SUMS_2 ITG_CROSSED_SUMS_1, [a10] "+x"(a10), [a11] "+x"(a11)
#define ITG_CROSSED_SUMS_3 ITG_CROSSED_SUMS_2, [a20] "+x"(a20), [a21] "+x"(a21)
#define ITG_CROSSED_SUMS_4 ITG_CROSSED_SUMS_3, [a30] "+x"(a30), [a31] "+x"(a31)

/* Sums a00 and so on in scope. x: the first pixel's inputs, stride bytes before the next one's; w: the weights, which moves on to the next run's. */
#define ITG_CROSSED_STEPS(PIXELS, x, w, steps, stride)                                                                                               \
    {                                                                                                                                                \
        const uint8_t *inputs = x;                                                                                                                   \
        int32_t left = steps;                                                                                                                        \
        __asm__(".p2align 6\n1:\n"                                                                                                                   \
                "vmovdqu (%[weights]), %%ymm8\n"                                                                                                     \
                "vmovdqu 32(%[weights]), %%ymm9\n"                                                                                                   \
                "vmovdqu 64(%[weights]), %%ymm10\n"                                                                                                  \
                "vmovdqu 96(%[weights]), %%ymm11\n" ITG_CROSSED_##PIXELS "sub $-128, %[weights]\n"                                                   \
                                                                         "add $8, %[inputs]\n"                                                       \
                                                                         "dec %[left]\n"                                                             \
                                                                         "jnz 1b"                                                                    \
                : ITG_CROSSED_SUMS_##PIXELS, [inputs] "+r"(inputs), [weights] "+r"(w), [left] "+r"(left)                                             \
                : [pitch] "r"(stride), [thrice] "r"(3 * stride)                                                                                      \
                : "ymm12", "ymm13", "ymm14", "ymm15", "ymm8", "ymm9", "ymm10", "ymm11", "memory", "cc");                                             \
    }

#endif
