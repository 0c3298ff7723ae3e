/* SPDX-License-Identifier: Apache-2.0
 * The lowering passes in order. Behind each: dead nodes go, nodes are sorted, shapes are inferred again, uses are filled.
 * Called by compile.c; the tests also run single passes through itgc_run_pass. */
#include "compiler/lower/lower.h"

#include "compiler/lower/passes.h"
#include "compiler/ops/op.h"

static const itgc_pass passes[] = {
    {"single_precision", itgc_single_precision},
    {"expand_quantized", itgc_expand_quantized},
    {"adopt_formats", itgc_adopt_formats},
    {"drop_identity", itgc_drop_identity},
    {"normalize_arithmetic", itgc_normalize_arithmetic},
    {"normalize_shape", itgc_normalize_shape},
    {"expand_einsum", itgc_expand_einsum},
    {"normalize_linear", itgc_normalize_linear},
    {"drop_identity", itgc_drop_identity},
    {"fuse_patterns", itgc_fuse_patterns},
    {"fuse_movement", itgc_fuse_movement},
    {"fold_movement", itgc_fold_movement},
    {"fuse_normalization", itgc_fuse_normalization},
    {"absorb_affine", itgc_absorb_affine},
    {"fuse_attention", itgc_fuse_attention},
    {"fuse_pad", itgc_fuse_pad},
    {"fold_input", itgc_fold_input},
    {"fold_batchnorm", itgc_fold_batchnorm},
    {"merge_branches", itgc_merge_branches},
    {"fold_batchnorm", itgc_fold_batchnorm}, /* a scale behind merged branches */
    {"fold_functions", itgc_fold_functions},
    {"unit_height", itgc_unit_height},
    {"raise_activation", itgc_raise_activation},
    {"to_nhwc", itgc_to_nhwc},
    {"drop_identity", itgc_drop_identity},
    {"expand_attention", itgc_expand_attention},
    {"expand_picks", itgc_expand_picks},
    {"expand_spatial", itgc_expand_spatial},
    {"expand_arithmetic", itgc_expand_arithmetic},
    {"fold_functions", itgc_fold_functions}, /* of what was expanded */
    {"split_linear", itgc_split_linear},
    {"drop_identity", itgc_drop_identity},
    {"fuse_activation", itgc_fuse_activation},
    {"mark_gates", itgc_mark_gates},
};

const itgc_pass *itgc_lower_passes(int *count)
{
    *count = (int)(sizeof passes / sizeof passes[0]);
    return passes;
}

static bool clean_up(itgc_graph *graph)
{
    if (!itgc_sort(graph)) {
        return false;
    }
    itgc_remove_dead(graph); /* walks backwards: needs the order */
    for (int i = 0; i < graph->node_count; i++) {
        if (!itgc_infer_node(graph, graph->nodes[i])) {
            return false;
        }
    }
    itgc_fill_uses(graph);
    return true;
}

bool itgc_run_pass(itgc_graph *graph, const itgc_pass *pass, const itgc_lower_options *options)
{
    itgc_fill_uses(graph);
    return pass->run(graph, options) && clean_up(graph);
}

static bool is_empty(const itgc_tensor *tensor)
{
    return tensor && !tensor->constant && itgc_elements(&tensor->shape) == 0;
}

static bool has_empty(const itgc_graph *graph)
{
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        for (int k = 0; k < node->in_count; k++) {
            if (is_empty(node->in[k])) {
                return true;
            }
        }
        for (int k = 0; k < node->out_count; k++) {
            if (is_empty(node->out[k])) {
                return true;
            }
        }
    }
    return false;
}

/* What is computed without elements has no integer plan (quantize/expressible.c refuses it): such a graph stays as it is but for dead nodes and
 * types, and no pass has to think of dimensions of 0. */
bool itgc_lower_graph(itgc_graph *graph, const itgc_lower_options *options)
{
    for (size_t i = 0; i < sizeof passes / sizeof passes[0] && (i == 0 || !has_empty(graph)); i++) {
        if (!itgc_run_pass(graph, &passes[i], options)) {
            return false;
        }
    }
    itgc_settle_names(graph);
    graph->level = ITGC_LOWERED;
    return true;
}
