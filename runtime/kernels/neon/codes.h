/* SPDX-License-Identifier: Apache-2.0
 * Inline assembly of 64-bit Arm that several tables' tiles share: four vectors of sums -> 16 plain int8 codes -> memory (requantize.h). */
#ifndef ITG_NEON_CODES_H
#define ITG_NEON_CODES_H

#define ITG_TWO(op, wide, a, b, by_a, by_b) op " v" #a wide ", v" #a wide ", v" #by_a wide "\n" op " v" #b wide ", v" #b wide ", v" #by_b wide "\n"

/* RQ at shift 0 (ONCE), and above it, with the shift negative in v<r> (ROUND). */
#define ITG_MULTIPLY_ONCE(s0, s1, s2, s3, m0, m1, m2, m3, r) ITG_TWO("sqrdmulh", ".4s", s0, s1, m0, m1) ITG_TWO("sqrdmulh", ".4s", s2, s3, m2, m3)
#define ITG_MULTIPLY_ROUND(s0, s1, s2, s3, m0, m1, m2, m3, r)                                                                                        \
    ITG_TWO("sqdmulh", ".4s", s0, s1, m0, m1)                                                                                                        \
    ITG_TWO("sqdmulh", ".4s", s2, s3, m2, m3) ITG_TWO("srshl", ".4s", s0, s1, r, r) ITG_TWO("srshl", ".4s", s2, s3, r, r)

/* Sums in v<s0> .. v<s3>, which it uses up; multipliers in v<m0> .. v<m3>; zero point (int16), lowest and highest code in v<z>, v<l>, v<h>.
 * form: NARROW where finish->narrow holds, ONCE or ROUND. kept: 16b or 8b, the channels that are stored at `out`, which moves on by `stride`. */
#define ITG_CODES(form, ...) ITG_CODES_##form(__VA_ARGS__)
#define ITG_CODES_ONCE(...)  ITG_CODES_WIDE(ONCE, __VA_ARGS__)
#define ITG_CODES_ROUND(...) ITG_CODES_WIDE(ROUND, __VA_ARGS__)
#define ITG_CODES_WIDE(form, s0, s1, s2, s3, m0, m1, m2, m3, z, l, h, r, kept)                                                                       \
    ITG_MULTIPLY_##form(s0, s1, s2, s3, m0, m1, m2, m3,                                                                                              \
                        r) "sqxtn v" #s0 ".4h, v" #s0 ".4s\nsqxtn v" #s2 ".4h, v" #s2 ".4s\nsqxtn2 v" #s0 ".8h, v" #s1 ".4s\nsqxtn2 v" #s2           \
                           ".8h, v" #s3                                                                                                              \
                           ".4s\n" ITG_TWO("sqadd", ".8h", s0, s2, z, z) "sqxtn v" #s0 ".8b, v" #s0 ".8h\nsqxtn2 v" #s0 ".16b, v" #s2 ".8h\n"        \
                                                                         "smax v" #s0 ".16b, v" #s0 ".16b, v" #l ".16b\nsmin v" #s0 ".16b, v" #s0    \
                                                                         ".16b, v" #h ".16b\nst1 {v" #s0 "." #kept "}, [%[out]], %[stride]\n"
#define ITG_CODES_NARROW(s0, s1, s2, s3, m0, m1, m2, m3, z, l, h, r, kept) ITG_NARROW_##kept(s0, s1, s2, s3, m0, m1, m2, m3, z)
#define ITG_NARROW_16b(s0, s1, s2, s3, m0, m1, m2, m3, z)                                                                                            \
    ITG_MULTIPLY_ONCE(s0, s1, s2, s3, m0, m1, m2, m3, )                                                                                              \
    "uzp1 v" #s0 ".8h, v" #s0 ".8h, v" #s1 ".8h\nuzp1 v" #s2 ".8h, v" #s2 ".8h, v" #s3                                                               \
    ".8h\n" ITG_TWO("add", ".8h", s0, s2, z, z) "sqxtn v" #s0 ".8b, v" #s0 ".8h\nsqxtn2 v" #s0 ".16b, v" #s2 ".8h\nst1 {v" #s0                       \
                                                ".16b}, [%[out]], %[stride]\n"
#define ITG_NARROW_8b(s0, s1, s2, s3, m0, m1, m2, m3, z)                                                                                             \
    ITG_TWO("sqrdmulh", ".4s", s0, s1, m0, m1)                                                                                                       \
    "uzp1 v" #s0 ".8h, v" #s0 ".8h, v" #s1 ".8h\nadd v" #s0 ".8h, v" #s0 ".8h, v" #z ".8h\nsqxtn v" #s0 ".8b, v" #s0 ".8h\nst1 {v" #s0               \
    ".8b}, [%[out]], %[stride]\n"

/* The end of a loop over tiles that starts at label 0: codes in the form that the operand `form` asks for, the rarer ones out of the way,
 * then `advance` and the count down of `counter`. CODES takes form and kept; load: what ROUND needs besides. */
#define ITG_FINISH_TILES(CODES, kept, load, advance, counter)                                                                                        \
    "cbnz %[form], 6f\n" CODES(NARROW, kept) "7:\n" advance "subs %[" #counter "], %[" #counter "], #1\nb.ne 0b\nb 9f\n"                             \
                                             "6:\ntbnz %[form], #1, 8f\n" CODES(ONCE, kept) "b 7b\n8:\n" load                                        \
                                             CODES(ROUND, kept) "b 7b\n9:\n"

/* The operands of codes. */
#define ITG_FINISH                                                                                                                                   \
    [multipliers] "r"(finish->multiplier), [narrowing] "r"(&finish->narrowing), [stride] "r"(finish->pixel_bytes),                                   \
        [form] "r"((int64_t)(finish->narrow   ? 0                                                                                                    \
                             : finish->rounds ? 2                                                                                                    \
                                              : 1))

#endif
