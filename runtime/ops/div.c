/* SPDX-License-Identifier: Apache-2.0
 * Div of two tensors with broadcasting; operand and output types may differ.
 * In: an itg_div step (plan.h). Out: dense, dim[2] * dim[3] elements per work row. Called by run.c.
 * An integer division per element needs no table and no kernel of its own: what divides is rare and mostly one value a token. */
#include "runtime/kernels/element.h"
#include "runtime/ops/broadcast.h"

#include <intaglio/fixed.h>

/* floor(numerator / denominator + 1/2), 0 < denominator < 2^62. */
static int64_t divide_rounded(int64_t numerator, int64_t denominator)
{
    const int64_t doubled = 2 * denominator, sum = 2 * numerator + denominator;
    const int64_t quotient = sum / doubled;
    return quotient - (sum % doubled < 0);
}

static int32_t divide_codes(const itg_div *div, int32_t a, int32_t b)
{
    if (b == 0)
        return a > 0 ? div->high : a < 0 ? div->low : itg_clamp(div->zero, div->low, div->high);
    const int64_t numerator = (int64_t)(b > 0 ? a : -a) * div->multiplier;
    const int64_t quotient = divide_rounded(numerator, (int64_t)(b > 0 ? b : -b) * ((int64_t)1 << div->shift));
    const int64_t code = div->zero + quotient;
    return code < div->low ? div->low : code > div->high ? div->high : (int32_t)code;
}

static void divide_run(const itg_div *div, void *out, const itg_run_pair *run)
{
    for (int32_t i = 0; i < run->count; i++) {
        const int32_t a = itg_load_code(run->a, div->a_type, (size_t)(i * run->stride_a)) - div->zero_a;
        const int32_t b = itg_load_code(run->b, div->b_type, (size_t)(i * run->stride_b)) - div->zero_b;
        itg_store_code(out, div->out_type, (size_t)i, divide_codes(div, a, b));
    }
}

void itg_op_div(const itg_work *work, const itg_step *step)
{
    const itg_div *div = step->params;
    const size_t a_bytes = itg_element_bytes(div->a_type), b_bytes = itg_element_bytes(div->b_type);
    const size_t out_bytes = itg_element_bytes(div->out_type);
    const size_t row_bytes = (size_t)div->walk.dim[2] * (size_t)div->walk.dim[3] * out_bytes;
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        const itg_row_runs runs = itg_runs_of_row(&div->walk, row);
        uint8_t *out = work->arena + step->out + row * row_bytes;
        const uint8_t *a = work->arena + step->in[0] + runs.first_a * a_bytes;
        const uint8_t *b = work->arena + step->in[1] + runs.first_b * b_bytes;
        for (int32_t i = 0; i < runs.runs; i++) {
            const itg_run_pair run = {a + (size_t)i * (size_t)runs.step_a * a_bytes, b + (size_t)i * (size_t)runs.step_b * b_bytes, runs.stride_a,
                                      runs.stride_b, runs.length};
            divide_run(div, out + (size_t)i * (size_t)runs.length * out_bytes, &run);
        }
    }
}
