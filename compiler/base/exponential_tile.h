/* SPDX-License-Identifier: Apache-2.0
 * The bodies of itgc_exp_row and itgc_divide_row, compiled once for each instruction set: real.c includes it with TILE(name) and
 * TILE_TARGET set. Four doubles side by side; the operations of each are those of itgc_exp, in the same order. */

/* |x| is clamped to 200, which float shows as 0 or infinity; a NaN stays one. */
TILE_TARGET static void TILE(exponentials)(float *out, const float *in, float largest, int64_t count)
{
    const doubles4 limit = {200.0, 200.0, 200.0, 200.0};
    for (int64_t i = 0; i < count; i += 4) {
        doubles4 x = __builtin_convertvector(*(const floats4 *)(in + i) - largest, doubles4);
        x = CHOOSE(x > limit, limit, CHOOSE(x < -limit, -limit, x));
        const doubles4 shifted = x * log2_e + round_shift;
        const doubles4 n = shifted - round_shift;
        const doubles4 r = (x - n * ln2_high) - n * ln2_low;
        doubles4 sum = (doubles4){0} + exponential[COUNT(exponential) - 1];
        for (int j = COUNT(exponential) - 2; j >= 0; j--) {
            sum = sum * r + exponential[j];
        }
        const longs4 power = ((longs4)shifted + 1023) << 52; /* the low bits of a shifted number are the integer; the others leave */
        *(floats4 *)(out + i) = __builtin_convertvector((1.0 + r * sum) * (doubles4)power, floats4);
    }
}

TILE_TARGET static void TILE(divide)(float *row, double divisor, int64_t count)
{
    for (int64_t i = 0; i < count; i += 4) {
        *(floats4 *)(row + i) = __builtin_convertvector(__builtin_convertvector(*(floats4 *)(row + i), doubles4) / divisor, floats4);
    }
}
