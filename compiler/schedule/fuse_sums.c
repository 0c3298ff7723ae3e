/* SPDX-License-Identifier: Apache-2.0
 * itg_op_conv_add: a sum with the convolution it alone reads. It may overwrite its other term (arena.c). In: a graph whose steps are packed.
 * Out: one step for the two. Called by fuse.c. */
#include "compiler/ops/op.h"
#include "compiler/schedule/fuse.h"

#include "runtime/kernels/element.h"

/* The convolution that alone writes the sum's operand `index`, -1 if it is none or cannot be computed inside. */
static int find_conv(const itgc_graph *graph, const itgc_step *sum, int index)
{
    const itg_add *add = sum->params;
    const bool is_finer = itg_element_bytes(add->a_type) != itg_element_bytes(add->b_type); /* it is the first, for the kernels */
    itgc_tensor *term = sum->in[index];
    if ((is_finer && index > 0) || !itgc_is_inner_term(sum->node, term)) {
        return -1;
    }
    return itgc_find_inner(graph, sum, term);
}

static void *join_params(const itgc_graph *graph, const itg_conv *conv, const void *reader, uint32_t offset, uint32_t *bytes)
{
    itg_conv_add *params = ITGC_NEW(graph->arena, itg_conv_add);
    *params = (itg_conv_add){.conv = *conv, .add = *(const itg_add *)reader, .band_rows = itgc_choose_band(conv), .band_offset = (int32_t)offset};
    *bytes = (uint32_t)(params->band_rows * itgc_row_bytes(conv));
    return params;
}

/* Without a walk; is_turned: the second operand as the first. */
static itg_add *turn_add(const itgc_graph *graph, const itg_add *given, bool is_turned)
{
    itg_add *add = ITGC_NEW(graph->arena, itg_add);
    *add = *given;
    add->walk = (itg_walk){{0}, {0}, {0}};
    if (is_turned) {
        add->multiplier_a = given->multiplier_b;
        add->multiplier_b = given->multiplier_a;
        add->a_type = given->b_type;
        add->b_type = given->a_type;
    }
    return add;
}

/* Both in one step; the sum's operand `index` is the convolution's result. */
static itgc_step *make_step(const itgc_graph *graph, const itgc_step *conv, const itgc_step *sum, int index)
{
    itgc_step *step = ITGC_NEW(graph->arena, itgc_step);
    itgc_step reader = {.params = turn_add(graph, sum->params, index > 0)};
    for (int k = 0; k < graph->packing_count; k++) {
        reader.variants[k] = reader.params;
    }
    *step = (itgc_step){.kind = &itgc_step_conv_add,
                        .node = sum->node,
                        .inner = conv->node,
                        .in = {conv->in[0], sum->in[1 - index]},
                        .out = sum->out,
                        .rows = conv->rows,
                        .blocks = conv->blocks,
                        .macs = conv->macs,
                        .inner_macs = conv->macs};
    itgc_join_variants(graph, conv, &reader, join_params, step);
    return step;
}

/* Of two convolutions the later one, before which the other's result is there. */
itgc_fusion itgc_fuse_sum(const itgc_graph *graph, int reader)
{
    const itgc_step *sum = graph->steps[reader];
    const int first = find_conv(graph, sum, 0), second = sum->in[1] ? find_conv(graph, sum, 1) : -1;
    const int index = second > first, conv = index ? second : first;
    return (itgc_fusion){
        .conv = conv, .reader = reader, .is_preferred = true, .step = conv < 0 ? NULL : make_step(graph, graph->steps[conv], sum, index)};
}
