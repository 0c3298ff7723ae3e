/* SPDX-License-Identifier: Apache-2.0
 * itg_op_conv_pool: a pooling with the convolution it alone reads. In: a graph whose steps are packed. Out: one step for the two. Called by
 * fuse.c. */
#include "compiler/ops/op.h"
#include "compiler/schedule/fuse.h"

#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

#define PACKED_BYTES 32768 /* of a band, where that is more than the rows kernels ask for: each call stages its input anew */

static int32_t reach_of(const itg_pool *pool, int32_t rows)
{
    return (rows - 1) * pool->stride[0] + (pool->kernel[0] - 1) * pool->dilation[0] + 1;
}

static void *join_params(const itgc_graph *graph, const itg_conv *conv, const void *reader, uint32_t offset, uint32_t *bytes)
{
    const itg_pool *pool = reader;
    const int32_t row_bytes = conv->out[1] * conv->out[2] * (int32_t)itg_element_bytes(conv->out_type);
    int32_t wanted = itgc_choose_band(conv);
    if (conv->packing != ITG_PACK_ROWS && wanted < PACKED_BYTES / row_bytes) {
        wanted = PACKED_BYTES / row_bytes;
    }
    const int32_t rows = (wanted + pool->stride[0] - 1) / pool->stride[0];
    itg_conv_pool *params = ITGC_NEW(graph->arena, itg_conv_pool);
    *params = (itg_conv_pool){.conv = *conv, .pool = *pool, .band_rows = rows < pool->out[0] ? rows : pool->out[0], .band_offset = (int32_t)offset};
    *bytes = (uint32_t)(reach_of(pool, params->band_rows) * row_bytes);
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

/* Of one row a band would be all. */
static bool can_fuse(const itgc_graph *graph, const itgc_step *conv, const itgc_step *reader)
{
    const itg_conv *params = conv->params;
    const itg_pool *pool = reader->params;
    const bool is_image = memcmp(params->out, pool->in, sizeof pool->in) == 0 && params->out_type == pool->in_type &&
                          conv->rows / (uint32_t)params->out[0] == reader->rows / (uint32_t)pool->out[0];
    return is_image && params->out_pitch == 0 && params->out[0] > 1 && !is_shared_transform(graph, conv);
}

itgc_fusion itgc_fuse_pool(const itgc_graph *graph, int reader)
{
    const itgc_step *pool = graph->steps[reader];
    const int inner = itgc_find_inner(graph, pool, pool->in[0]);
    itgc_fusion fusion = {.conv = inner, .reader = reader};
    if (inner < 0 || pool->partial || !can_fuse(graph, graph->steps[inner], pool)) {
        return fusion;
    }
    const itgc_step *conv = graph->steps[inner];
    fusion.step = ITGC_NEW(graph->arena, itgc_step);
    *fusion.step = (itgc_step){.kind = &itgc_step_conv_pool,
                               .node = pool->node,
                               .inner = conv->node,
                               .in = {conv->in[0]},
                               .out = pool->out,
                               .rows = pool->rows,
                               .macs = conv->macs};
    itgc_join_variants(graph, conv, pool->params, join_params, fusion.step);
    return fusion;
}
