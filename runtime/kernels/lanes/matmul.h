/* SPDX-License-Identifier: Apache-2.0
 * Products of two activations, ITG_LANES_ROWS rows times two vectors of columns at a time: pairs of neighbouring inputs as int16, both zero
 * points taken off, multiplied and added to int32. Contract: runtime/kernels/matmul.h. Included by matmul.c of a folder behind its lanes.h. Fewer
 * columns are padded over up to ITG_LANES_PADDED inputs; what remains goes to ITG_LANES_REST. */
#ifndef ITG_LANES_MATMUL_H
#define ITG_LANES_MATMUL_H

#include "runtime/kernels/matmul.h"

#include <intaglio/fixed.h>
#include <string.h>

/* Inputs summed at once, whose products of an int16 and an int8 operand fit int32: 256 * 32768 * 255 < 2^31. */
#define ITG_LANES_DEPTH 256

enum { ITG_LANES_COLUMNS = 2 * ITG_LANES };

/* Inputs [first, first + depth) of some rows of a and of up to ITG_LANES_COLUMNS columns of b. */
typedef struct itg_lanes_panel {
    const itg_matmul *matmul;
    const void *a, *b;
    size_t pitch; /* from one row of b to the next */
    int32_t rows, column, columns;
    int32_t first, depth;
    int32_t pairs[ITG_LANES_ROWS][ITG_LANES_DEPTH / 2]; /* two int16 of a, less its zero point; what is beyond the depth meets zeros of b */
    int32_t sums[ITG_LANES_ROWS][2 * ITG_LANES];
} itg_lanes_panel;

static void itg_lanes_widen_rows(itg_lanes_panel *panel)
{
    const itg_matmul *matmul = panel->matmul;
    const itg_words zero = itg_words_set((int16_t)matmul->zero_a);
    for (int32_t r = 0; r < panel->rows; r++) {
        const size_t start = (size_t)r * (size_t)matmul->inner + (size_t)panel->first;
        for (int32_t k = 0; k < panel->depth; k += 2 * ITG_LANES) {
            const itg_words codes = itg_words_load_part(panel->a, matmul->a_type, start + (size_t)k, panel->depth - k);
            itg_words_store(panel->pairs[r] + k / 2, itg_words_subtract(codes, zero));
        }
    }
}

/* rows and b_type are constants where it is called, so that the sums stay in registers. */
static inline void itg_lanes_sum_products(const itg_lanes_panel *panel, int32_t (*sums)[2 * ITG_LANES], const int rows, itg_type b_type)
{
    const itg_words zero = itg_words_set((int16_t)panel->matmul->zero_b);
    size_t place = (size_t)panel->first * panel->pitch + (size_t)panel->column;
    itg_lanes low[ITG_LANES_ROWS], high[ITG_LANES_ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
        low[r] = high[r] = itg_lanes_set(0);
    for (int32_t k = 0; k < panel->depth; k += 2, place += 2 * panel->pitch) {
        const itg_words even = itg_words_subtract(itg_words_load(panel->b, b_type, place), zero);
        itg_words odd = itg_words_set(0);
        if (k + 1 < panel->depth)
            odd = itg_words_subtract(itg_words_load(panel->b, b_type, place + panel->pitch), zero);
        const itg_words first = itg_words_low(even, odd), second = itg_words_high(even, odd);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const itg_words a = itg_lanes_set(panel->pairs[r][k / 2]);
            low[r] = itg_lanes_dot(low[r], a, first);
            high[r] = itg_lanes_dot(high[r], a, second);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
        itg_lanes_store_halves(sums[r], low[r], high[r]);
}

typedef void itg_lanes_sum_function(const itg_lanes_panel *panel, int32_t (*sums)[2 * ITG_LANES]);

static void itg_lanes_sum_row(const itg_lanes_panel *panel, int32_t (*sums)[2 * ITG_LANES])
{
    itg_lanes_sum_products(panel, sums, 1, panel->matmul->b_type);
}

#define ITG_LANES_SUM(name, type)                                                                                                                    \
    static void name(const itg_lanes_panel *panel, int32_t(*sums)[2 * ITG_LANES])                                                                    \
    {                                                                                                                                                \
        itg_lanes_sum_products(panel, sums, ITG_LANES_ROWS, type);                                                                                   \
    }

ITG_LANES_SUM(itg_lanes_sum_s8, ITG_S8)
ITG_LANES_SUM(itg_lanes_sum_u8, ITG_U8)
ITG_LANES_SUM(itg_lanes_sum_s16, ITG_S16)

static inline itg_lanes_sum_function *itg_lanes_choose_sum(const itg_lanes_panel *panel)
{
    const itg_type type = panel->matmul->b_type;
    if (panel->rows == 1)
        return itg_lanes_sum_row;
    return type == ITG_S8 ? itg_lanes_sum_s8 : type == ITG_U8 ? itg_lanes_sum_u8 : itg_lanes_sum_s16;
}

/* More inputs than are summed at once, or sums of 64 bits. */
static void itg_lanes_sum_parts(itg_lanes_panel *panel, itg_lanes_sum_function *sum)
{
    const itg_matmul *matmul = panel->matmul;
    int64_t totals[ITG_LANES_ROWS][2 * ITG_LANES] = {{0}};
    for (panel->first = 0; panel->first < matmul->inner; panel->first += ITG_LANES_DEPTH) {
        const int32_t left = matmul->inner - panel->first;
        panel->depth = left < ITG_LANES_DEPTH ? left : ITG_LANES_DEPTH;
        itg_lanes_widen_rows(panel);
        sum(panel, panel->sums);
        for (int32_t r = 0; r < panel->rows; r++)
            for (int32_t i = 0; i < ITG_LANES_COLUMNS; i++)
                totals[r][i] += panel->sums[r][i];
    }
    for (int32_t r = 0; r < panel->rows; r++)
        for (int32_t i = 0; i < ITG_LANES_COLUMNS; i++)
            panel->sums[r][i] = matmul->wide ? itg_narrow(totals[r][i], matmul->narrow) : (int32_t)totals[r][i];
}

static void itg_lanes_finish_panel(const itg_lanes_panel *panel, void *out)
{
    const itg_matmul *matmul = panel->matmul;
    const itg_lanes_rounding r = itg_lanes_make_rounding(matmul->requant.shift, matmul->requant.left, matmul->zero, matmul->low, matmul->high);
    const itg_lanes multiplier = itg_lanes_double(itg_lanes_set(matmul->requant.multiplier), &r);
    for (int32_t row = 0; row < panel->rows; row++) {
        const size_t place = (size_t)row * (size_t)matmul->columns + (size_t)panel->column;
        for (int32_t i = 0; i < panel->columns; i += ITG_LANES) {
            const itg_lanes codes = itg_lanes_requantize(itg_lanes_load(panel->sums[row], ITG_S32, (size_t)i), multiplier, &r);
            itg_lanes_store_part(out, matmul->out_type, place + (size_t)i, codes, panel->columns - i);
        }
    }
}

static void itg_lanes_multiply_rows(itg_lanes_panel *panel, void *out)
{
    const itg_matmul *matmul = panel->matmul;
    itg_lanes_sum_function *const sum = itg_lanes_choose_sum(panel);
    const bool in_parts = matmul->wide || matmul->inner > ITG_LANES_DEPTH;
    const int32_t last = matmul->columns - ITG_LANES_COLUMNS; /* the last panel may repeat some columns of the one before */
    panel->first = 0;
    panel->depth = matmul->inner;
    if (!in_parts)
        itg_lanes_widen_rows(panel);
    for (int32_t column = 0; column < matmul->columns; column += ITG_LANES_COLUMNS) {
        panel->column = column < last || last < 0 ? column : last;
        panel->columns = last < 0 ? matmul->columns : ITG_LANES_COLUMNS;
        if (in_parts)
            itg_lanes_sum_parts(panel, sum);
        else
            sum(panel, panel->sums);
        itg_lanes_finish_panel(panel, out);
    }
}

/* Whether codes less their zero point fit int16, and sums of ITG_LANES_DEPTH products int32 where more is kept. */
static inline bool itg_lanes_can_multiply(const itg_matmul *matmul)
{
    const bool words_a = matmul->a_type == ITG_S16, words_b = matmul->b_type == ITG_S16;
    return !(words_a && matmul->zero_a) && !(words_b && matmul->zero_b) && !(words_a && words_b && matmul->wide);
}

static void itg_lanes_multiply_matrix(const itg_matmul *matmul, void *out, const void *a, const void *b, size_t pitch, int32_t rows)
{
    const size_t a_bytes = (size_t)matmul->inner * itg_element_bytes(matmul->a_type);
    const size_t out_bytes = (size_t)matmul->columns * itg_element_bytes(matmul->out_type);
    itg_lanes_panel panel;
    panel.matmul = matmul;
    panel.b = b;
    panel.pitch = pitch;
    for (int r = 0; r < ITG_LANES_ROWS; r++) /* rows that there may not be */
        for (int32_t k = 0; k < ITG_LANES_DEPTH; k += 2 * ITG_LANES)
            itg_words_store(panel.pairs[r] + k / 2, itg_words_set(0));
    for (int32_t row = 0; row < rows; row += ITG_LANES_ROWS) {
        panel.a = (const uint8_t *)a + (size_t)row * a_bytes;
        panel.rows = rows - row < ITG_LANES_ROWS ? rows - row : ITG_LANES_ROWS;
        itg_lanes_multiply_rows(&panel, (uint8_t *)out + (size_t)row * out_bytes);
    }
}

#if ITG_LANES_PADDED
/* Not inlined, so that other products do not take its stack: b with its rows as long as a panel's. */
__attribute__((noinline)) static void itg_lanes_multiply_padded(const itg_matmul *matmul, void *out, const void *a, const void *b, int32_t rows)
{
    uint8_t padded[ITG_LANES_PADDED * ITG_LANES_COLUMNS * 2];
    const size_t bytes = itg_element_bytes(matmul->b_type), row_bytes = (size_t)matmul->columns * bytes, pitch_bytes = ITG_LANES_COLUMNS * bytes;
    memset(padded, 0, (size_t)matmul->inner * pitch_bytes);
    for (size_t k = 0; k < (size_t)matmul->inner; k++)
        memcpy(padded + k * pitch_bytes, (const uint8_t *)b + k * row_bytes, row_bytes);
    itg_lanes_multiply_matrix(matmul, out, a, padded, ITG_LANES_COLUMNS, rows);
}
#endif

static void itg_lanes_matmul(const itg_matmul *matmul, void *out, const void *a, const void *b, int32_t rows)
{
    const bool possible = itg_lanes_can_multiply(matmul);
    if (possible && matmul->columns >= ITG_LANES_COLUMNS)
        itg_lanes_multiply_matrix(matmul, out, a, b, (size_t)matmul->columns, rows);
#if ITG_LANES_PADDED
    else if (possible && matmul->inner <= ITG_LANES_PADDED)
        itg_lanes_multiply_padded(matmul, out, a, b, rows);
#endif
    else
        ITG_LANES_REST.rows(matmul, out, a, b, rows);
}

#endif
