/* SPDX-License-Identifier: Apache-2.0
 * Conv and ConvTranspose in float (conv.h). Channels-first tensors are turned around in scratch memory; weights are packed once per
 * executor where they are constant; blocks of output pixels are shared out over threads. */
#include "compiler/base/matmul.h"
#include "compiler/base/parallel.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/window.h"

#define BLOCK_PIXELS 64

typedef struct convolution {
    itgc_geometry geometry;
    bool transposed, depthwise;
    int64_t group, in_each, out_each; /* channels of a group */
    int segments;                     /* kernel positions */
    const int64_t *source[3];         /* source[axis][out * kernel + tap]: input position or -1 */
    const float *x, *packed, *bias, *padding;
    float *y;
    const float **rows; /* BLOCK_PIXELS * segments for each worker */
    int workers;
} convolution;

/* [count][from][to] → [count][to][from], in blocks that stay in the cache. */
static void swap_axes(float *out, const float *in, int64_t count, int64_t from, int64_t to)
{
    const int64_t block = 32;
    for (int64_t n = 0; n < count; n++, out += from * to, in += from * to) {
        for (int64_t first = 0; first < from; first += block) {
            const int64_t last = first + block < from ? first + block : from;
            for (int64_t j = 0; j < to; j++) {
                for (int64_t i = first; i < last; i++) {
                    out[j * from + i] = in[i * to + j];
                }
            }
        }
    }
}

static int64_t find_source(const convolution *c, int axis, int64_t out, int64_t tap)
{
    const itgc_geometry *const g = &c->geometry;
    const int64_t stride = g->stride[axis];
    if (!c->transposed) {
        const int64_t position = out * stride - g->before[axis] + tap * g->dilation[axis];
        return position >= 0 && position < g->in[axis] ? position : -1;
    }
    const int64_t offset = out + g->before[axis] - tap * g->dilation[axis];
    return offset >= 0 && offset % stride == 0 && offset / stride < g->in[axis] ? offset / stride : -1;
}

static const int64_t *fill_sources(const convolution *c, int axis, itgc_arena *scratch)
{
    const int64_t kernel = c->geometry.kernel[axis], out = c->geometry.out[axis];
    int64_t *const table = ITGC_NEW_ARRAY(scratch, int64_t, out * kernel + 1);
    for (int64_t i = 0; i < out * kernel; i++) {
        table[i] = find_source(c, axis, i / kernel, i % kernel);
    }
    return table;
}

/* Where output pixel reads each kernel position: rows[s * stride]. */
static void locate_pixel(const convolution *c, int64_t pixel, const float **rows, int64_t stride)
{
    const itgc_geometry *const g = &c->geometry;
    const int64_t channels = c->group * c->in_each;
    const int64_t w = pixel % g->out[2], h = pixel / g->out[2] % g->out[1];
    const int64_t d = pixel / (g->out[2] * g->out[1]) % g->out[0], n = pixel / (g->out[2] * g->out[1] * g->out[0]);
    const int64_t *const from_w = c->source[2] + w * g->kernel[2];
    for (int64_t i = 0; i < g->kernel[0]; i++) {
        const int64_t plane = c->source[0][d * g->kernel[0] + i];
        for (int64_t j = 0; j < g->kernel[1]; j++) {
            const int64_t line = c->source[1][h * g->kernel[1] + j];
            const float *const base = c->x + ((n * g->in[0] + (plane < 0 ? 0 : plane)) * g->in[1] + (line < 0 ? 0 : line)) * g->in[2] * channels;
            for (int64_t k = 0; k < g->kernel[2]; k++, rows += stride) {
                *rows = plane < 0 || line < 0 || from_w[k] < 0 ? c->padding : base + from_w[k] * channels;
            }
        }
    }
}

static void run_depthwise_block(const convolution *c, int64_t first, int64_t count, const float **rows)
{
    for (int64_t i = 0; i < count; i++) {
        locate_pixel(c, first + i, rows, 1);
        itgc_multiply_channels(c->y + (first + i) * c->group, rows, c->segments, c->packed, c->bias, c->group);
    }
}

static void run_block(const convolution *c, int64_t first, int64_t count, const float **rows)
{
    for (int64_t i = 0; i < count; i++) {
        locate_pixel(c, first + i, rows + i, BLOCK_PIXELS);
    }
    const int64_t packed_each = itgc_packed_floats(c->segments * c->in_each, c->out_each);
    for (int64_t group = 0; group < c->group; group++) {
        const itgc_product product = {.out = c->y + first * c->geometry.channels + group * c->out_each,
                                      .out_stride = (ptrdiff_t)c->geometry.channels,
                                      .rows = rows,
                                      .row_stride = BLOCK_PIXELS,
                                      .segments = c->segments,
                                      .k_each = c->in_each,
                                      .packed = c->packed + group * packed_each,
                                      .start = c->bias == NULL ? NULL : c->bias + group * c->out_each,
                                      .m = count,
                                      .n = c->out_each};
        itgc_matmul_gathered(&product);
        for (int64_t i = 0; i < c->segments * BLOCK_PIXELS; i++) {
            if (i % BLOCK_PIXELS < count) {
                rows[i] += c->in_each;
            }
        }
    }
}

/* One worker's share of the blocks. */
static void run_worker(void *argument, int64_t begin, int64_t end)
{
    const convolution *const c = argument;
    const itgc_geometry *const g = &c->geometry;
    const int64_t pixels = g->batch * g->out[0] * g->out[1] * g->out[2];
    const int64_t blocks = (pixels + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
    for (int64_t worker = begin; worker < end; worker++) {
        const float **const rows = c->rows + worker * c->segments * BLOCK_PIXELS;
        for (int64_t b = blocks * worker / c->workers; b < blocks * (worker + 1) / c->workers; b++) {
            const int64_t first = b * BLOCK_PIXELS, rest = pixels - first;
            (c->depthwise ? run_depthwise_block : run_block)(c, first, rest < BLOCK_PIXELS ? rest : BLOCK_PIXELS, rows);
        }
    }
}

static float *pack_weights(const convolution *c, const float *weights, itgc_arena *arena)
{
    const ptrdiff_t s = c->segments;
    if (c->depthwise) {
        float *const packed = ITGC_NEW_ARRAY(arena, float, c->group *s);
        swap_axes(packed, weights, 1, c->group, s);
        return packed;
    }
    const int64_t each = itgc_packed_floats(s * c->in_each, c->out_each);
    float *const packed = ITGC_NEW_ARRAY(arena, float, each * c->group);
    const ptrdiff_t in_stride = c->transposed ? (ptrdiff_t)c->out_each * s : s, out_stride = c->transposed ? s : (ptrdiff_t)c->in_each * s;
    for (int64_t group = 0; group < c->group; group++) {
        itgc_pack_panels(packed + group * each, weights + group * c->in_each * c->out_each * s, (const ptrdiff_t[]){1, in_stride, out_stride},
                         c->segments, c->in_each, c->out_each);
    }
    return packed;
}

static const float *find_packed(const convolution *c, const itgc_eval *eval)
{
    const bool keep = eval->kept != NULL && eval->node->in[1]->constant != NULL;
    if (!keep) {
        return pack_weights(c, eval->in[1]->f, eval->scratch);
    }
    if (*eval->kept == NULL) {
        *eval->kept = pack_weights(c, eval->in[1]->f, eval->keep);
    }
    return *eval->kept;
}

static const float *fill_padding(const itgc_conv_params *params, int64_t channels, itgc_arena *scratch)
{
    float *const padding = ITGC_NEW_ARRAY(scratch, float, channels);
    for (int64_t i = 0; i < channels; i++) {
        padding[i] = params->pad_values == NULL ? 0.0f : params->pad_values[i];
    }
    return padding;
}

/* x and y as the engine wants them: channels last. */
static void bring_tensors(convolution *c, const itgc_eval *eval, bool channels_last, int64_t channels)
{
    const itgc_geometry *const g = &c->geometry;
    c->x = eval->in[0]->f;
    c->y = eval->out[0]->f;
    if (!channels_last) {
        float *const turned = ITGC_NEW_ARRAY(eval->scratch, float, itgc_elements(&eval->in[0]->shape));
        swap_axes(turned, eval->in[0]->f, g->batch, channels, g->in[0] * g->in[1] * g->in[2]);
        c->x = turned;
        c->y = ITGC_NEW_ARRAY(eval->scratch, float, itgc_elements(&eval->out[0]->shape));
    }
}

bool itgc_run_convolution(const itgc_eval *eval, const itgc_conv_params *params, bool transposed)
{
    const itgc_window *const window = &params->window;
    const int64_t channels = eval->in[0]->shape.dim[itgc_channel_dim(window)];
    convolution c = {.transposed = transposed, .group = params->group, .in_each = channels / params->group};
    itgc_fill_geometry(&c.geometry, window, &eval->in[0]->shape, &eval->out[0]->shape);
    const itgc_geometry *const g = &c.geometry;
    if (itgc_elements(&eval->out[0]->shape) == 0) {
        return true;
    }
    c.out_each = g->channels / params->group;
    c.depthwise = c.in_each == 1 && c.out_each == 1;
    c.segments = (int)(g->kernel[0] * g->kernel[1] * g->kernel[2]);
    c.workers = itgc_useful_threads(eval->threads, itgc_elements(&eval->out[0]->shape) * c.in_each * c.segments);
    const itgc_value *const bias = itgc_operand_of(eval, 2);
    c.bias = bias == NULL ? NULL : bias->f;
    for (int axis = 0; axis < 3; axis++) {
        c.source[axis] = fill_sources(&c, axis, eval->scratch);
    }
    c.packed = find_packed(&c, eval);
    c.padding = fill_padding(params, channels, eval->scratch);
    c.rows = ITGC_NEW_ARRAY(eval->scratch, const float *, (int64_t)c.workers *c.segments *BLOCK_PIXELS);
    bring_tensors(&c, eval, window->channels_last, channels);
    itgc_parallel(c.workers, c.workers, run_worker, &c);
    if (!window->channels_last) {
        swap_axes(eval->out[0]->f, c.y, g->batch, g->out[0] * g->out[1] * g->out[2], g->channels);
    }
    return true;
}
