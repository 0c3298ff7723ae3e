/* SPDX-License-Identifier: Apache-2.0
 * itg_op_conv_pool, itg_op_conv_depthwise: windows, of a pooling or of a depthwise convolution, with the convolution they alone read. In: a graph
 * whose steps are packed. Out: one step for the two; where the arena is no smaller for it two are better, which workers share by blocks of channels
 * too. Called by fuse.c. */
#include "compiler/ops/op.h"
#include "compiler/schedule/fuse.h"

#include "runtime/kernels/band.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

/* Along the rows. */
typedef struct windows {
    int32_t out, kernel, stride, dilation;
} windows;

/* Rows of windows that are served at a time, and the bytes of the convolution's rows that they see at most. */
static int32_t choose_rows(const itg_conv *conv, windows shape, uint32_t *bytes)
{
    const int32_t row_bytes = (int32_t)itgc_row_bytes(conv);
    int32_t wanted = itgc_choose_band(conv);
    if (conv->packing != ITG_PACK_ROWS && wanted < ITG_BAND_BYTES / row_bytes) {
        wanted = ITG_BAND_BYTES / row_bytes; /* each call stages its input anew */
    }
    int32_t rows = (wanted + shape.stride - 1) / shape.stride;
    rows = rows < shape.out ? rows : shape.out;
    const int64_t reach = (int64_t)(rows - 1) * shape.stride + (int64_t)(shape.kernel - 1) * shape.dilation + 1; /* with padding */
    *bytes = (uint32_t)((reach < conv->out[0] ? (int32_t)reach : conv->out[0]) * row_bytes);
    return rows;
}

static void *join_pool(const itgc_graph *graph, const itg_conv *conv, const void *reader, uint32_t offset, uint32_t *bytes)
{
    const itg_pool *pool = reader;
    const windows shape = {pool->out[0], pool->kernel[0], pool->stride[0], pool->dilation[0]};
    itg_conv_pool *params = ITGC_NEW(graph->arena, itg_conv_pool);
    *params = (itg_conv_pool){.conv = *conv, .pool = *pool, .band_rows = choose_rows(conv, shape, bytes), .band_offset = (int32_t)offset};
    return params;
}

static void *join_depthwise(const itgc_graph *graph, const itg_conv *conv, const void *reader, uint32_t offset, uint32_t *bytes)
{
    const itg_depthwise *depthwise = reader;
    const windows shape = {depthwise->out[0], depthwise->kernel[0], depthwise->stride[0], depthwise->dilation[0]};
    itg_conv_depthwise *params = ITGC_NEW(graph->arena, itg_conv_depthwise);
    *params =
        (itg_conv_depthwise){.conv = *conv, .depthwise = *depthwise, .band_rows = choose_rows(conv, shape, bytes), .band_offset = (int32_t)offset};
    return params;
}

/* Transformed layers take the images of a batch together, which is faster than what fusing saves. */
static bool is_shared_transform(const itgc_graph *graph, const itgc_step *conv)
{
    bool is_transformed = false;
    for (int k = 0; k < graph->packing_count; k++) {
        is_transformed = is_transformed || itg_is_transformed(conv->variants[k]);
    }
    return is_transformed && conv->rows > (uint32_t)((const itg_conv *)conv->plain)->out[0];
}

/* Whether the windows see the images [H,W,C] that the convolution writes densely. Of one row a band would be all. */
static bool sees_images(const itgc_step *conv, const int32_t in[3], uint32_t images)
{
    const itg_conv *params = conv->params;
    return memcmp(params->out, in, sizeof params->out) == 0 && conv->rows / (uint32_t)params->out[0] == images && params->out_pitch == 0 &&
           params->out[0] > 1;
}

static itgc_step *make_step(const itgc_graph *graph, const itgc_step *conv, const itgc_step *reader, const itgc_step_kind *kind,
                            itgc_join_params *join)
{
    itgc_step *step = ITGC_NEW(graph->arena, itgc_step);
    *step = (itgc_step){.kind = kind,
                        .node = reader->node,
                        .inner = conv->node,
                        .in = {conv->in[0]},
                        .out = reader->out,
                        .rows = reader->rows,
                        .macs = conv->macs + reader->macs,
                        .inner_macs = conv->macs};
    itgc_join_variants(graph, conv, reader, join, step);
    return step;
}

itgc_fusion itgc_fuse_windows(const itgc_graph *graph, int reader)
{
    const itgc_step *step = graph->steps[reader];
    const bool is_pool = step->kind->run == itg_op_pool;
    const int32_t *in = is_pool ? ((const itg_pool *)step->params)->in : ((const itg_depthwise *)step->params)->in;
    const int32_t *out = is_pool ? ((const itg_pool *)step->params)->out : ((const itg_depthwise *)step->params)->out;
    const int inner = itgc_find_inner(graph, step, step->in[0]);
    itgc_fusion fusion = {.conv = inner, .reader = reader};
    if (inner >= 0 && !step->partial && sees_images(graph->steps[inner], in, step->rows / (uint32_t)out[0]) &&
        !is_shared_transform(graph, graph->steps[inner])) {
        fusion.step = is_pool ? make_step(graph, graph->steps[inner], step, &itgc_step_conv_pool, join_pool)
                              : make_step(graph, graph->steps[inner], step, &itgc_step_conv_depthwise, join_depthwise);
    }
    return fusion;
}
