/* SPDX-License-Identifier: Apache-2.0
 * measured ranges → the format of every tensor that is stored: tensors that share codes form groups, a group is 8 or 16 bits wide,
 * its range is that of the values computed into it (numerics.md 3). Called by quantize.c. */
#include "compiler/measure/observe.h"
#include "compiler/quantize/groups.h"
#include "compiler/quantize/tuning.h"

#include <math.h>
#include <string.h>

#define COVERAGE        0.9999 /* of all values, never cut off by the search for the least error */
#define FEWEST_SAMPLES  24     /* for that search */
#define JOINED_RATIO    4.0    /* Concat members whose ranges differ more keep their own formats */
#define OUTPUT_HEADROOM 2.0    /* int16 outputs: a bit is free, and real inputs may pass what calibration saw */
#define INNER_HEADROOM  1.25   /* other int16 tensors */

int itgc_group_of(const itgc_groups *groups, const itgc_tensor *tensor)
{
    int root = tensor->id;
    while (groups->parent[root] != root) {
        root = groups->parent[root];
    }
    return root;
}

static void unite(itgc_groups *groups, const itgc_tensor *a, const itgc_tensor *b)
{
    const int first = itgc_group_of(groups, a);
    const int second = itgc_group_of(groups, b);
    /* Two fixed formats never meet: only one of them could be kept. */
    const int to = groups->fixed[second].type ? second : first;
    groups->parent[to == first ? second : first] = to;
}

static bool is_family(const itgc_node *node, const char *family)
{
    return strcmp(node->op->family, family) == 0;
}

itgc_format_rule itgc_format_rule_of(const itgc_node *node)
{
    if (is_family(node, "pool")) {
        return ((const itgc_pool_params *)node->params)->kind == ITGC_POOL_MAX ? ITGC_FORMAT_PASS : ITGC_FORMAT_OWN;
    }
    if (is_family(node, "reduce")) {
        return ((const itgc_reduce_params *)node->params)->kind == ITGC_REDUCE_MAX ? ITGC_FORMAT_PASS : ITGC_FORMAT_OWN;
    }
    if (is_family(node, "resize")) {
        return ((const itgc_resize_params *)node->params)->mode == ITGC_RESIZE_NEAREST ? ITGC_FORMAT_PASS : ITGC_FORMAT_OWN;
    }
    return node->op->format;
}

void itgc_free_activation(itgc_node *node)
{
    if (node->fused) {
        node->fused->is_fused = false;
        node->fused = NULL;
    }
}

/* Layers fuse any activation of one variable, sums and means a clamp, ops that only move codes nothing. */
static bool can_fuse(const itgc_node *node)
{
    const itgc_activation activation = itgc_activation_of(node->fused);
    if (itgc_is_linear(node)) {
        return activation != ITGC_OTHER;
    }
    return activation == ITGC_NO_ACTIVATION ||
           (activation == ITGC_CLAMP && itgc_format_rule_of(node) == ITGC_FORMAT_OWN && !is_family(node, "unary"));
}

static bool fix_input(itgc_groups *groups, const itgc_tensor *input, bool is_pixels)
{
    const itg_type asked = groups->quantizer->options->input_type;
    const itgc_tuning *tuning = groups->quantizer->options->tuning;
    itgc_format format = itgc_has_range(tuning, input) ? itgc_format_s8(tuning->low[input->id], tuning->high[input->id])
                                                       : itgc_format_s8(input->range.min, input->range.max);
    if (is_pixels) {
        format = (itgc_format){.type = ITG_U8, .scale = 1.0, .zero = -128};
    } else if (!(input->range.min <= input->range.max)) {
        return itgc_fail(groups->quantizer->diag, 407, "input %s (%s) is neither real numbers nor pixels; make it float in the model", input->name,
                         itgc_type_name(input->type));
    }
    if (asked) {
        format.type = asked;
    }
    groups->fixed[input->id] = format;
    return true;
}

static bool fix_softmax(itgc_groups *groups, const itgc_node *node)
{
    const itgc_tensor *out = itgc_result_of(node);
    itg_type type = ITG_U8;
    for (const itgc_tensor *at = out; at;
         at = at->use_count == 1 && itgc_format_rule_of(at->uses[0]) == ITGC_FORMAT_PASS ? at->uses[0]->out[0] : NULL) {
        if (at->is_output) {
            type = groups->quantizer->options->output_type ? groups->quantizer->options->output_type : ITG_U16;
        }
    }
    switch (type) {
    case ITG_U16:
        groups->fixed[out->id] = (itgc_format){.type = ITG_U16, .scale = 0x1p-16};
        return true;
    case ITG_U8:
        groups->fixed[out->id] = (itgc_format){.type = ITG_U8, .scale = 0x1p-8, .zero = -128};
        return true;
    case ITG_S16:
        groups->fixed[out->id] = (itgc_format){.type = ITG_S16, .scale = 0x1p-15};
        return true;
    default:
        return itgc_fail(groups->quantizer->diag, 408, "a Softmax gives u8, u16 or i16 only; choose one of them with --output-type");
    }
}

static bool fix_formats(itgc_groups *groups)
{
    itgc_graph *graph = groups->quantizer->graph;
    for (int i = 0; i < graph->input_count; i++) {
        if (!fix_input(groups, graph->inputs[i], i == 0 && graph->input_is_pixels)) {
            return false;
        }
    }
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if (node->fused && !can_fuse(node)) {
            itgc_free_activation(node);
        }
        if (itgc_format_rule_of(node) == ITGC_FORMAT_FIXED && !fix_softmax(groups, node)) {
            return false;
        }
    }
    return true;
}

static double span_of(const itgc_tensor *tensor)
{
    return fmax(tensor->range.max, 0.0) - fmin(tensor->range.min, 0.0);
}

static void join_members(itgc_groups *groups, const itgc_node *node)
{
    const itgc_tensor *out = node->out[0];
    for (int i = 0; i < node->in_count; i++) {
        const itgc_tensor *in = node->in[i];
        const bool is_close = in && !in->constant && span_of(out) <= JOINED_RATIO * span_of(in);
        if (is_close && groups->fixed[itgc_group_of(groups, in)].type == 0) {
            unite(groups, out, in);
        }
    }
}

static void unite_groups(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        const itgc_format_rule rule = itgc_format_rule_of(node);
        if (rule == ITGC_FORMAT_JOIN) {
            join_members(groups, node);
        }
        for (int k = 0; rule == ITGC_FORMAT_PASS && k < node->out_count; k++) {
            if (node->out[k]) {
                unite(groups, node->in[0], node->out[k]);
            }
        }
    }
}

/* Whether a tensor's values are computed here: not moved from another of the group, nor all read through one maximum. */
static bool is_source(const itgc_tensor *tensor)
{
    const itgc_node *reader = tensor->use_count == 1 && !tensor->is_output ? tensor->uses[0] : NULL;
    if (reader && is_family(reader, "pool") && itgc_format_rule_of(reader) == ITGC_FORMAT_PASS) {
        return false;
    }
    const itgc_node *producer = tensor->producer;
    return !producer || itgc_format_rule_of(producer) != ITGC_FORMAT_PASS || is_family(producer, "pool") || is_family(producer, "pad");
}

typedef struct bounds {
    double low, high;
    bool is_output;
    int sources;
} bounds;

/* Few samples say nothing about the tails: what the search would cut off as rare, unseen samples have. */
static bool knows_tails(const itgc_tensor *tensor)
{
    const itgc_shape *shape = &tensor->shape;
    const uint64_t batch = (uint64_t)itgc_elements(shape);
    const uint64_t samples = batch > 0 && shape->rank > 0 ? tensor->range.histogram->total / batch * (uint64_t)shape->dim[0] : 0;
    return samples >= FEWEST_SAMPLES;
}

static void add_bounds(const itgc_groups *groups, const itgc_tensor *tensor, bool wide, bounds *range)
{
    double low = tensor->range.min;
    double high = tensor->range.max;
    const itgc_histogram *histogram = tensor->range.histogram;
    range->is_output = range->is_output || tensor->is_output;
    if (low > high || (range->sources > 0 && !is_source(tensor))) {
        return;
    }
    const itgc_tuning *tuning = groups->quantizer->options->tuning;
    if (!wide && itgc_has_range(tuning, tensor)) {
        low = tuning->low[tensor->id];
        high = tuning->high[tensor->id];
    } else if (histogram && groups->quantizer->options->mse_ranges && !wide && knows_tails(tensor)) {
        itgc_best_range(histogram, 255, COVERAGE, &low, &high);
    }
    range->low = fmin(range->low, low);
    range->high = fmax(range->high, high);
    range->sources++;
}

static bool choose_group(const itgc_groups *groups, int root, const bounds *range, itgc_format *format)
{
    *format = groups->fixed[root];
    if (format->type) {
        return true;
    }
    if (!groups->wide[root]) {
        *format = itgc_format_s8(range->low, range->high);
        return true;
    }
    const double largest = fmax(fabs(range->low), fabs(range->high)) * (range->is_output ? OUTPUT_HEADROOM : INNER_HEADROOM);
    int32_t limit;
    if (!itgc_choose_limit(groups, root, largest, &limit)) {
        return false;
    }
    *format = itgc_format_s16(largest, limit);
    return true;
}

/* Tensors by id; those whose fused activation is stored instead keep no format. */
static bool is_stored(const itgc_tensor *tensor)
{
    return !tensor->constant && !(tensor->producer && tensor->producer->fused);
}

static bool set_formats(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    const int count = graph->tensor_count;
    bounds *range = ITGC_NEW_ARRAY(groups->quantizer->arena, bounds, count);
    /* Sources first; a group of which none is one (only moved values are measured) takes what there is. */
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < count; i++) {
            const itgc_tensor *tensor = graph->tensors[i];
            const int root = itgc_group_of(groups, tensor);
            if (is_stored(tensor) && (pass == 0 ? is_source(tensor) : range[root].sources == 0)) {
                add_bounds(groups, tensor, groups->wide[root], &range[root]);
            }
            range[root].is_output = range[root].is_output || tensor->is_output;
        }
    }
    itgc_format *formats = ITGC_NEW_ARRAY(groups->quantizer->arena, itgc_format, count);
    for (int i = 0; i < count; i++) {
        itgc_tensor *tensor = graph->tensors[i];
        const int root = itgc_group_of(groups, tensor);
        if (!is_stored(tensor)) {
            continue;
        }
        if (formats[root].type == 0 && !choose_group(groups, root, &range[root], &formats[root])) {
            return false;
        }
        tensor->format = formats[root];
    }
    return true;
}

bool itgc_choose_formats(itgc_quantizer *quantizer)
{
    const int count = quantizer->graph->tensor_count;
    itgc_groups groups = {.quantizer = quantizer,
                          .parent = ITGC_NEW_ARRAY(quantizer->arena, int, count),
                          .wide = ITGC_NEW_ARRAY(quantizer->arena, bool, count),
                          .fixed = ITGC_NEW_ARRAY(quantizer->arena, itgc_format, count)};
    for (int i = 0; i < count; i++) {
        groups.parent[i] = i;
    }
    if (!fix_formats(&groups)) {
        return false;
    }
    itgc_fix_prescribed(&groups);
    unite_groups(&groups);
    itgc_choose_wide(&groups);
    if (!set_formats(&groups)) {
        return false;
    }
    if (quantizer->options->wide_terms && !quantizer->graph->is_prescribed) {
        itgc_refine_terms(&groups);
    }
    itgc_report_prescribed(quantizer->graph);
    return true;
}
