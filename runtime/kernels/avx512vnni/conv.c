/* SPDX-License-Identifier: Apache-2.0
 * Convolution on AVX-512 VNNI, direct on channels-last rows: u8 activations (the int8 code XOR 0x80) times int8 weights by vpdpbusd, which
 * does not saturate. Contract: runtime/kernels/conv.h; weights ITG_PACK_16C4; registers: tile.h. The 128 that XOR adds to every code is
 * taken back by the packing's correction. int16 activations run as two planes of bytes, a = 256 * high + low, over the same weights. */
#include "runtime/kernels/avx512vnni/requantize.h"
#include "runtime/kernels/avx512vnni/tile.h"
#include "runtime/kernels/band.h"
#include "runtime/kernels/conv.h"
#include "runtime/kernels/stage.h"

/* One group of output channels of one call. */
typedef struct layer {
    const itg_conv *conv;
    itg_runs runs;
    const int32_t *correction; /* -128 * sum of weights, 16 a block */
    const int8_t *weights;
    ptrdiff_t block_stride;
    bool wide_input; /* int16, two planes */
} layer;

/* The accumulators' first values for the low plane (or the only one) and the high plane of up to four blocks. */
static void fill_start(const layer *l, int32_t channel, int32_t block, int32_t blocks, int32_t low[64], int32_t high[64])
{
    const int32_t end = (channel / (l->conv->out[2] / l->conv->groups) + 1) * (l->conv->out[2] / l->conv->groups);
    for (int32_t i = 0; i < blocks * 16; i++) {
        const int32_t bias = channel + i < end ? l->conv->epilogue.bias[channel + i] : 0;
        const int32_t correction = l->correction[block * 16 + i];
        low[i] = l->wide_input ? bias : (int32_t)((uint32_t)bias + (uint32_t)correction);
        high[i] = correction;
    }
}

/* sums of the low plane += 256 * those of the high one, modulo 2^32. */
static void add_high_plane(int32_t low[TILE_PIXELS][TILE_BLOCKS][16], int32_t high[TILE_PIXELS][TILE_BLOCKS][16], int32_t pixels, int32_t blocks)
{
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t b = 0; b < blocks; b++) {
            const __m512i sum = _mm512_add_epi32(_mm512_loadu_si512(low[p][b]), _mm512_slli_epi32(_mm512_loadu_si512(high[p][b]), 8));
            _mm512_storeu_si512(low[p][b], sum);
        }
}

/* One row of `pixels` output pixels for `blocks` blocks of channels from `channel` on. */
typedef struct row_job {
    const uint8_t *const *segment; /* of the row's first pixel, low plane */
    ptrdiff_t high_plane;          /* bytes from the low plane to the high one */
    ptrdiff_t pixel_stride;
    int32_t pixels;
    uint8_t *out; /* the row's first pixel, first channel of the tensor */
    int32_t channel, block, blocks;
} row_job;

static void offset_segments(const uint8_t **moved, const uint8_t *const *segment, int32_t segments, ptrdiff_t offset)
{
    for (int32_t s = 0; s < segments; s++)
        moved[s] = segment[s] + offset;
}

static void compute_row(const layer *l, const row_job *job, const int32_t low_start[64], const int32_t high_start[64])
{
    int32_t sums[TILE_PIXELS][TILE_BLOCKS][16], high[TILE_PIXELS][TILE_BLOCKS][16];
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    const int32_t tile_count = (job->pixels + TILE_PIXELS - 1) / TILE_PIXELS;
    tile t = {segment, l->runs.segments, l->runs.steps, job->pixel_stride, l->weights + job->block * l->block_stride, l->block_stride, low_start};
    for (int32_t i = 0, x = 0; i < tile_count; i++) {
        const int32_t pixels = (job->pixels - x) / (tile_count - i); /* tiles of nearly one size: no tile of a single pixel at the end */
        tile_function *compute = tiles[pixels - 1][job->blocks - 1];
        offset_segments(segment, job->segment, t.segments, x * job->pixel_stride);
        t.start = low_start;
        compute(&t, sums);
        if (l->wide_input) {
            offset_segments(segment, job->segment, t.segments, x * job->pixel_stride + job->high_plane);
            t.start = high_start;
            compute(&t, high);
            add_high_plane(sums, high, pixels, job->blocks);
        }
        itg_avx512_finish_tile(l->conv, job->out, x, job->channel, &sums[0][0][0], pixels, job->blocks);
        x += pixels;
    }
}

/* Output rows [y0, y1) of one group from rows that lie at `rows` (row_bytes apart, first input row first_row). */
static void compute_band(const layer *l, uint8_t *out, const itg_staged *staged, int32_t group, int32_t y0, int32_t y1)
{
    const itg_conv *conv = l->conv;
    const int32_t group_outputs = conv->out[2] / conv->groups;
    const bool flat = itg_is_flat(conv);
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    int32_t low_start[64], high_start[64];
    for (int32_t block = 0; block < l->runs.blocks; block += TILE_BLOCKS) {
        const int32_t blocks = l->runs.blocks - block < TILE_BLOCKS ? l->runs.blocks - block : TILE_BLOCKS;
        row_job job = {segment, staged->high_plane, (ptrdiff_t)conv->stride[1] * conv->in[2], conv->out[1], out, 0, block, blocks};
        job.channel = group * group_outputs + block * 16;
        fill_start(l, job.channel, block, blocks, low_start, high_start);
        if (flat)
            job.pixels *= y1 - y0;
        for (int32_t y = y0; y < (flat ? y0 + 1 : y1); y++) {
            itg_point_segments(segment, conv, &l->runs, staged, y, group);
            job.out = out + (size_t)y * itg_row_bytes(conv->out, conv->out_type);
            compute_row(l, &job, low_start, high_start);
        }
    }
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing != ITG_PACK_16C4) {
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
        return;
    }
    layer l = {.conv = conv, .runs = itg_cut_runs(conv), .wide_input = conv->in_type == ITG_S16};
    const int32_t band = itg_reads_in_place(conv) ? y1 - y0 : itg_band_rows(conv);
    l.block_stride = (ptrdiff_t)l.runs.segments * l.runs.steps * 64;
    for (int32_t y = y0; y < y1; y += band) {
        const int32_t end = y1 - y < band ? y1 : y + band;
        const itg_staged staged = itg_stage_rows(conv, in, y, end, scratch);
        const int8_t *packed = conv->weights;
        for (int32_t group = 0; group < conv->groups; group++) {
            l.correction = (const int32_t *)(const void *)packed;
            l.weights = packed + l.runs.blocks * 64;
            compute_band(&l, out, &staged, group, y, end);
            packed = l.weights + l.runs.blocks * l.block_stride;
        }
    }
}

const itg_conv_kernels itg_conv_avx512vnni = {.rows = compute_rows};
