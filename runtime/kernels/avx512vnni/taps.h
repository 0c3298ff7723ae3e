/* SPDX-License-Identifier: Apache-2.0
 * One output row of one block of channels of a 3x3 depthwise convolution, horizontal stride 1 or 2, for one vector width. Included twice
 * by depthwise.c, which defines TAPS (a name's width), VECTOR, OP (an intrinsic of that width), MASK.
 * A column is interleaved once and serves up to three outputs: those in flight keep their sums in registers. */

typedef struct TAPS(column) {
    VECTOR q0, q1, q2, q3;
} TAPS(column);

#define LOAD_WORDS(address) OP(loadu_epi32)((const void *)(address))

static inline TAPS(column) TAPS(interleave)(const itg_taps_row *job, MASK mask, int32_t x)
{
    const bool inside = x >= 0 && x < job->in_width;
    const uint8_t *a = inside ? job->row[0] + x * job->step[0] : job->pad;
    const uint8_t *b = inside ? job->row[1] + x * job->step[1] : job->pad;
    const uint8_t *c = inside ? job->row[2] + x * job->step[2] : job->pad;
    const VECTOR top = OP(maskz_loadu_epi8)(mask, a), middle = OP(maskz_loadu_epi8)(mask, b), bottom = OP(maskz_loadu_epi8)(mask, c);
    const VECTOR low = OP(unpacklo_epi8)(top, middle), high = OP(unpackhi_epi8)(top, middle);
    const VECTOR last_low = OP(unpacklo_epi8)(bottom, bottom), last_high = OP(unpackhi_epi8)(bottom, bottom); /* the fourth tap weighs 0 */
    TAPS(column) column;
    column.q0 = OP(unpacklo_epi16)(low, last_low);
    column.q1 = OP(unpackhi_epi16)(low, last_low);
    column.q2 = OP(unpacklo_epi16)(high, last_high);
    column.q3 = OP(unpackhi_epi16)(high, last_high);
    return column;
}

/* Twice the codes, the zero point and rounding not yet added: floor(acc * multiplier / 2^30). */
static inline VECTOR TAPS(scale)(const block_constants *c, VECTOR acc, int quarter)
{
    const VECTOR even = OP(mul_epi32)(acc, LOAD_WORDS(c->even[quarter]));
    const VECTOR odd = OP(mul_epi32)(OP(shuffle_epi32)(acc, 0xF5), LOAD_WORDS(c->odd[quarter]));
    return OP(mask_shuffle_epi32)(odd, TAPS(LANES) & 0x5555, even, 0xF5);
}

/* Two quarters' codes as words. Saturation starts far outside of the range of codes. */
static inline VECTOR TAPS(round)(const block_constants *c, VECTOR first, VECTOR second)
{
    const VECTOR doubled = OP(packs_epi32)(first, second);
    if (c->rectified)
        return OP(mulhrs_epi16)(doubled, OP(set1_epi16)(1 << 14));
    return OP(srai_epi16)(OP(adds_epi16)(doubled, LOAD_WORDS(c->rounding)), 1);
}

static inline void TAPS(finish)(const block_constants *c, MASK mask, uint8_t *out, VECTOR q0, VECTOR q1, VECTOR q2, VECTOR q3)
{
    const VECTOR low = TAPS(round)(c, TAPS(scale)(c, q0, 0), TAPS(scale)(c, q1, 1));
    const VECTOR high = TAPS(round)(c, TAPS(scale)(c, q2, 2), TAPS(scale)(c, q3, 3));
    VECTOR codes = OP(packus_epi16)(low, high);
    if (c->bounded)
        codes = OP(xor_epi32)(OP(min_epu8)(OP(max_epu8)(codes, LOAD_WORDS(c->low)), LOAD_WORDS(c->high)), LOAD_WORDS(c->flip));
    OP(mask_storeu_epi8)(out, mask, codes);
}

#define DOT_ALL(acc, x, kx)                                                                                                                          \
    TAP_DOT(acc##0, x.q0, w##kx##0) TAP_DOT(acc##1, x.q1, w##kx##1) TAP_DOT(acc##2, x.q2, w##kx##2) TAP_DOT(acc##3, x.q3, w##kx##3)
#define BEGIN(acc)                                                                                                                                   \
    acc##0 = LOAD_WORDS(c->start[0]), acc##1 = LOAD_WORDS(c->start[1]), acc##2 = LOAD_WORDS(c->start[2]), acc##3 = LOAD_WORDS(c->start[3]);
#define WEIGHTS(kx)                                                                                                                                  \
    const VECTOR w##kx##0 = LOAD_WORDS(c->weights[kx][0]), w##kx##1 = LOAD_WORDS(c->weights[kx][1]), w##kx##2 = LOAD_WORDS(c->weights[kx][2]),       \
                 w##kx##3 = LOAD_WORDS(c->weights[kx][3]);

/* Stride 1: `done` gets its last column and is stored, `next` its second, and a new one, in the registers of done, its first. */
#define STEP_ONE(done, next, pixel)                                                                                                                  \
    {                                                                                                                                                \
        const TAPS(column) newest = TAPS(interleave)(job, mask, (pixel) + 2 - job->before);                                                          \
        DOT_ALL(done, newest, 2)                                                                                                                     \
        TAPS(finish)(c, mask, job->out + (pixel)*job->out_step, done##0, done##1, done##2, done##3);                                                 \
        DOT_ALL(next, newest, 1)                                                                                                                     \
        BEGIN(done)                                                                                                                                  \
        DOT_ALL(done, newest, 0)                                                                                                                     \
    }

static void TAPS(walk_one)(const itg_taps_row *job, const block_constants *c)
{
    const MASK mask = (MASK)c->mask;
    WEIGHTS(0) WEIGHTS(1) WEIGHTS(2) VECTOR a0, a1, a2, a3, b0, b1, b2, b3;
    const TAPS(column) first = TAPS(interleave)(job, mask, -job->before), second = TAPS(interleave)(job, mask, 1 - job->before);
    BEGIN(a) BEGIN(b) DOT_ALL(a, first, 0) DOT_ALL(a, second, 1) DOT_ALL(b, second, 0) int32_t x = 0;
    for (; x + 2 <= job->out_width; x += 2) {
        STEP_ONE(a, b, x)
        STEP_ONE(b, a, x + 1)
    }
    if (x < job->out_width)
        STEP_ONE(a, b, x)
}

/* Stride 2: an output's first column is the last one of the output before. */
static void TAPS(walk_two)(const itg_taps_row *job, const block_constants *c)
{
    const MASK mask = (MASK)c->mask;
    WEIGHTS(0) WEIGHTS(1) WEIGHTS(2) VECTOR a0, a1, a2, a3;
    const TAPS(column) first = TAPS(interleave)(job, mask, -job->before);
    BEGIN(a) DOT_ALL(a, first, 0) for (int32_t x = 0; x < job->out_width; x++)
    {
        const TAPS(column) middle = TAPS(interleave)(job, mask, 2 * x + 1 - job->before);
        DOT_ALL(a, middle, 1)
        const TAPS(column) last = TAPS(interleave)(job, mask, 2 * x + 2 - job->before);
        DOT_ALL(a, last, 2)
        TAPS(finish)(c, mask, job->out + x * job->out_step, a0, a1, a2, a3);
        BEGIN(a) DOT_ALL(a, last, 0)
    }
}

#undef LOAD_WORDS
#undef DOT_ALL
#undef BEGIN
#undef WEIGHTS
#undef STEP_ONE
