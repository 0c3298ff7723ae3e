/* SPDX-License-Identifier: Apache-2.0
 * measured graph → quantized graph: chooses formats, then asks every node's op for its steps, in order. Called by compile.c.
 * Also what the ops' quantize callbacks make steps, constants and tensors with. */
#include "compiler/quantize/quantize.h"
#include "compiler/quantize/tuning.h"

#include <stddef.h>
#include <string.h>

itgc_tensor *itgc_result_of(const itgc_node *node)
{
    return node->fused ? node->fused->out[0] : node->out[0];
}

itgc_step *itgc_add_step(itgc_quantizer *quantizer, const itgc_step_kind *kind, const void *params, itgc_node *node, itgc_tensor *const *in,
                         int in_count, itgc_tensor *out, uint32_t rows)
{
    itgc_graph *graph = quantizer->graph;
    itgc_step *step = ITGC_NEW(graph->arena, itgc_step);
    void *copy = itgc_alloc(graph->arena, kind->params_bytes);
    memcpy(copy, params, kind->params_bytes);
    *step = (itgc_step){.kind = kind, .params = copy, .node = node, .out = out, .rows = rows};
    for (int i = 0; i < in_count; i++) {
        step->in[i] = in[i];
    }
    itgc_push(graph->arena, (void ***)&graph->steps, &graph->step_count, &graph->step_capacity, step);
    return step;
}

const void *itgc_keep_constant(itgc_quantizer *quantizer, const char *suffix, const void *bytes, int element_bytes, bool is_signed, size_t count)
{
    itgc_graph *graph = quantizer->graph;
    itgc_constant *constant = ITGC_NEW(graph->arena, itgc_constant);
    *constant = (itgc_constant){.bytes = bytes, .suffix = suffix, .element_bytes = element_bytes, .is_signed = is_signed, .count = count};
    itgc_push(graph->arena, (void ***)&graph->constants, &graph->constant_count, &graph->constant_capacity, constant);
    return bytes;
}

itgc_tensor *itgc_new_step_tensor(itgc_quantizer *quantizer, const char *name, const itgc_shape *shape, const itgc_format *format)
{
    itgc_tensor *tensor = itgc_new_tensor(quantizer->graph, name, ITGC_F32, shape);
    tensor->format = *format;
    return tensor;
}

/* The probabilities of a final Softmax may be moved, no more. */
static bool check_inputs(const itgc_quantizer *quantizer, const itgc_node *node)
{
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] && node->in[i]->format.type == ITG_U16 && node->op->format != ITGC_FORMAT_PASS) {
            return itgc_fail(quantizer->diag, 416, "no integer step reads 16-bit probabilities (%s); choose --output-type u8", node->in[i]->name);
        }
    }
    return true;
}

static bool make_steps(itgc_quantizer *quantizer, itgc_node *node)
{
    if (!node->op->quantize) {
        return itgc_fail(quantizer->diag, 406, "no integer step does this op; replace it in the model or keep it outside");
    }
    return check_inputs(quantizer, node) && node->op->quantize(quantizer, node);
}

bool itgc_quantize_node(itgc_quantizer *quantizer, itgc_node *node)
{
    itgc_enter_node(quantizer->diag, node->name, node->type, node->opset);
    const bool fine = make_steps(quantizer, node);
    if (fine) {
        itgc_leave_node(quantizer->diag);
    }
    return fine;
}

#define STEP(name, field, fast, accurate, help)                                                                                                      \
    {                                                                                                                                                \
        name, help, fast, accurate, offsetof(itgc_quantize_options, field)                                                                           \
    }

const itgc_step_row *itgc_step_rows(int *count)
{
    static const itgc_step_row rows[] = {
        STEP("mse", mse_ranges, true, true, "ranges by expected error instead of extremes"),
        STEP("mse-weights", mse_weights, false, false, "weight scales by the error of the weights"),
        STEP("int16-pool", wide_pool, true, true, "global pools before the classifier in int16"),
        STEP("int16-logits", wide_logits, true, true, "int16 outputs"),
        STEP("int16-gates", wide_gates, true, true, "the short side of Squeeze-Excite in int16"),
        STEP("int16-terms", wide_terms, true, true, "what convolutions hand to a sum alone in int16"),
        STEP("repeat", repeat, false, true, "a cheap layer computed again for its sum"),
        STEP("equalize", equalize, false, true, "channels scaled to use the same range"),
        STEP("correct", correct, true, true, "scale and offset of each channel fitted to float"),
        STEP("round", round_weights, false, true, "weights rounded by the error of results"),
        STEP("ranges", fit_ranges, false, false, "clipping by the error of the logits"),
        STEP("int16", widen, false, true, "the worst tensors in int16"),
    };
    *count = sizeof rows / sizeof rows[0];
    return rows;
}

static bool is_split(const void *argument, const itgc_tensor *tensor)
{
    return itgc_width_of(argument, tensor) == ITGC_WIDTH_SPLIT;
}

bool itgc_quantize_graph(itgc_graph *graph, const itgc_quantize_options *options)
{
    itgc_quantizer quantizer = {.graph = graph, .diag = graph->diag, .arena = graph->arena, .options = options};
    itgc_fill_uses(graph);
    if (options->tuning) {
        itgc_insert_copies(graph, is_split, options->tuning);
    }
    if (!itgc_choose_formats(&quantizer)) {
        return false;
    }
    for (int i = 0; i < graph->node_count; i++) {
        if (!graph->nodes[i]->is_fused && !itgc_quantize_node(&quantizer, graph->nodes[i])) {
            return false;
        }
    }
    graph->level = ITGC_QUANTIZED;
    return true;
}
