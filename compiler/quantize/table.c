/* SPDX-License-Identifier: Apache-2.0
 * Functions → tables: fused ones, indexed by the requantized accumulator (numerics.md 3), and lookups of codes (numerics.md 6).
 * Called by epilogue.c and by the unary quantizer. */
#include "compiler/base/real.h"
#include "compiler/quantize/quantize.h"

#include <float.h>
#include <math.h>

#define CALIBRATED_POINTS 4096 /* places of the calibrated range where the table is checked */
#define LARGEST_STEP      0.8  /* of the output, between neighbouring entries */
#define SHORTEST          1024
#define LONGEST           4096

static int32_t code_at(const itgc_unary_params *activation, const itgc_format *out, double x)
{
    const double value = itgc_unary_value(activation, x);
    return itgc_code_of(out, isnan(value) ? 0.0 : value);
}

/* The place nearest to `from`, on the way to `to`, behind which the output code stays that of `from`: bisection would need monotony. */
static double skip_constant(const itgc_unary_params *activation, const itgc_format *out, double from, double to)
{
    const int32_t code = code_at(activation, out, from);
    int last = 0;
    while (last < CALIBRATED_POINTS && code_at(activation, out, from + (to - from) * (last + 1) / CALIBRATED_POINTS) == code) {
        last++;
    }
    return last == CALIBRATED_POINTS ? to : from + (to - from) * last / CALIBRATED_POINTS;
}

static double largest_step(const itgc_unary_params *activation, const itgc_format *out, const itgc_table *table)
{
    const double low = (double)itgc_lowest_code(out);
    const double high = (double)itgc_highest_code(out);
    double largest = 0.0;
    double before = 0.0;
    for (int i = 0; i <= table->mask; i++) {
        const double value = itgc_unary_value(activation, (i - (double)table->zero) * table->scale) / out->scale + out->zero;
        const double code = value < low || isnan(value) ? low : value > high ? high : value;
        largest = i > 0 ? fmax(largest, fabs(code - before)) : 0.0;
        before = code;
    }
    return largest;
}

static void fill_table(itgc_arena *arena, const itgc_unary_params *activation, const itgc_format *out, itgc_table *table)
{
    table->entries = ITGC_NEW_ARRAY(arena, int8_t, table->mask + 1);
    for (int i = 0; i <= table->mask; i++) {
        table->entries[i] = (int8_t)code_at(activation, out, (i - (double)table->zero) * table->scale);
    }
}

/* Whether every calibrated x beyond the ends has the code of that end. */
static bool ends_hold(const itgc_unary_params *activation, const itgc_format *out, const itgc_table *table, double low, double high)
{
    for (int i = 0; i <= CALIBRATED_POINTS; i++) {
        const double x = low + (high - low) * i / CALIBRATED_POINTS;
        const double index = table->zero + itgc_round(x / table->scale);
        if ((index < 0.0 && code_at(activation, out, x) != table->entries[0]) ||
            (index > table->mask && code_at(activation, out, x) != table->entries[table->mask])) {
            return false;
        }
    }
    return true;
}

bool itgc_choose_table(itgc_arena *arena, itgc_diag *diag, const itgc_unary_params *activation, double low, double high, const itgc_format *out,
                       itgc_table *table)
{
    const double begin = skip_constant(activation, out, low, high);
    const double end = begin < high ? skip_constant(activation, out, high, begin) : high;
    double span = end - begin;
    if (span < (double)FLT_MIN) {
        span = fmax(fabs(begin), 1.0); /* constant wherever calibrated: any step will do */
    }
    for (int length = SHORTEST; length <= LONGEST; length *= 2) {
        table->mask = length - 1;
        table->scale = span / (length - 3);
        const double zero = ceil(-begin / table->scale) + 1.0;
        if (fabs(zero) > 0x1p29) {
            return itgc_fail(diag, 404, "the inputs of the activation lie in [%.6g, %.6g], far from 0; shift them by a bias", low, high);
        }
        table->zero = (int32_t)zero;
        if (length == LONGEST || largest_step(activation, out, table) <= LARGEST_STEP) {
            break;
        }
    }
    fill_table(arena, activation, out, table);
    if (!ends_hold(activation, out, table, low, high)) {
        /* Saturated just between two codes, the last bits of a function decide: the ends are what was skipped. */
        table->entries[0] = (int8_t)code_at(activation, out, low);
        table->entries[table->mask] = (int8_t)code_at(activation, out, high);
    }
    return true;
}

void *itgc_lookup_bytes(itgc_arena *arena, const itgc_unary_params *function, const itgc_format *in, const itgc_format *out)
{
    const bool words = out->type == ITG_S16;
    uint8_t *bytes = ITGC_NEW_ARRAY(arena, uint8_t, words ? 512 : 256);
    for (int i = 0; i < 256; i++) {
        const int32_t code = code_at(function, out, (i - 128 - in->zero) * in->scale);
        if (words) {
            ((int16_t *)(void *)bytes)[i] = (int16_t)code;
        } else {
            bytes[i] = (uint8_t)(out->type == ITG_U8 ? code + 128 : code);
        }
    }
    return bytes;
}

int16_t *itgc_lookup_words(itgc_arena *arena, const itgc_unary_params *function, const itgc_format *in, const itgc_format *out)
{
    int16_t *table = ITGC_NEW_ARRAY(arena, int16_t, 513);
    for (int i = 0; i <= 512; i++) {
        table[i] = (int16_t)code_at(function, out, (i * 128 - 32768) * in->scale);
    }
    return table;
}
