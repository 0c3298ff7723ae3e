/* SPDX-License-Identifier: Apache-2.0
 * A convolution and the sum that alone reads it: some rows of the convolution into scratch memory, then their sums, which may overwrite the
 * other term. In: an itg_conv_add step (plan.h). Out: rows as those of itg_op_conv. Called by run.c. */
#include "runtime/kernels/elementwise.h"
#include "runtime/ops/conv_rows.h"

/* One band: where its first pixel's codes of the convolution, of the other term and of the sum are. */
typedef struct band {
    const uint8_t *a, *b;
    uint8_t *out;
    int32_t pixels;
} band;

static void add_band(const itg_work *work, const itg_conv_add *params, const itg_blocks *blocks, const band *rows)
{
    const itg_add *add = &params->add;
    const int32_t channels = params->conv.out[2];
    itg_add_run *const add_run = itg_choose_add(work->kernels->elementwise, add);
    if (blocks->is_all) {
        add_run(add, rows->out, &(itg_run_pair){rows->a, rows->b, 1, 1, rows->pixels * channels});
        return;
    }
    const int32_t first = 16 * blocks->begin, end = 16 * blocks->end < channels ? 16 * blocks->end : channels;
    for (int32_t pixel = 0; pixel < rows->pixels; pixel++) {
        const size_t at = (size_t)pixel * (size_t)channels + (size_t)first;
        const itg_run_pair run = {rows->a + at * itg_element_bytes(add->a_type), rows->b + at * itg_element_bytes(add->b_type), 1, 1, end - first};
        add_run(add, rows->out + at * itg_element_bytes(add->out_type), &run);
    }
}

void itg_op_conv_add(const itg_work *work, const itg_step *step)
{
    const itg_conv_add *params = step->params;
    const itg_conv *conv = &params->conv;
    const itg_add *add = &params->add;
    const itg_blocks blocks = itg_blocks_of(work, step);
    const size_t in_bytes = itg_image_bytes(conv->in, conv->in_type), row = (size_t)conv->out[1] * (size_t)conv->out[2];
    uint8_t *scratch = itg_scratch_of(work, step);
    uint8_t *codes = scratch + params->band_offset;
    itg_image_rows rows;
    for (uint32_t at = work->row_begin; blocks.end && at < work->row_end; at += (uint32_t)(rows.y1 - rows.y0)) {
        const uint32_t most = work->row_end - at < (uint32_t)params->band_rows ? work->row_end : at + (uint32_t)params->band_rows;
        rows = itg_next_rows(at, most, conv->out[0]);
        itg_compute_conv(work, conv, &blocks, itg_result_image(conv, codes, rows.y0), work->arena + step->in[0] + rows.image * in_bytes,
                         (const int32_t[2]){rows.y0, rows.y1}, scratch);
        const band done = {.a = codes,
                           .b = work->arena + step->in[1] + at * row * itg_element_bytes(add->b_type),
                           .out = work->arena + step->out + at * row * itg_element_bytes(add->out_type),
                           .pixels = (rows.y1 - rows.y0) * conv->out[1]};
        add_band(work, params, &blocks, &done);
    }
}
