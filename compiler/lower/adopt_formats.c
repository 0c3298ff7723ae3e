/* SPDX-License-Identifier: Apache-2.0
 * A file that came quantized → the float graph it stands for, whose tensors know the formats the file gives them (tensor.prescribed).
 * QuantizeLinear and DequantizeLinear vanish, as do the codes between them: ops that only move codes move reals instead. Constants were
 * dequantized by the importer. What no format can be read of stays, and is refused later by name. Called by lower.c, behind
 * expand_quantized. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

#define MOST_MOVERS 16

/* Ops whose output holds codes of their first input and nothing else, whatever the codes mean. */
static bool moves_codes(const itgc_node *node)
{
    static const char *const movers[] = {"MaxPool", "GlobalMaxPool", "Reshape", "Flatten",  "Squeeze",      "Unsqueeze",    "Transpose", "Slice",
                                         "Split",   "Gather",        "Expand",  "Identity", "DepthToSpace", "SpaceToDepth", "Tile",      "Concat"};
    for (size_t i = 0; i < sizeof movers / sizeof movers[0]; i++) {
        if (itgc_is_op(node, movers[i])) {
            return true;
        }
    }
    return false;
}

static bool joins_codes(const itgc_node *node)
{
    return itgc_is_op(node, "Concat");
}

/* Unsigned codes are signed ones this much lower. */
static int32_t shift_of(itgc_type codes)
{
    return codes == ITGC_U8 ? 128 : codes == ITGC_U16 ? 32768 : 0;
}

/* The format of codes with one scale. False for others. */
static bool read_format(const itgc_node *node, itgc_type codes, itgc_format *format)
{
    const itgc_tensor *scale = node->in[1], *zero = itgc_input_of(node, 2);
    if (!scale->constant || itgc_elements(&scale->shape) != 1 || (zero && !zero->constant) || itgc_type_bytes(codes) > 2) {
        return false;
    }
    const int64_t code = zero ? zero->constant->i[0] : 0;
    const double step = (double)scale->constant->f[0];
    *format = (itgc_format){.type = itgc_type_bytes(codes) == 1 ? ITG_S8 : ITG_S16, .scale = step, .zero = (int32_t)code - shift_of(codes)};
    return step > 0.0 && step < 1e30;
}

static bool is_same_format(const itgc_format *a, const itgc_format *b)
{
    return a->type == b->type && a->scale == b->scale && a->zero == b->zero;
}

/* By tensor id: whether all readers take a tensor's codes for reals or only move them. */
static bool *find_plain_codes(const itgc_graph *graph)
{
    bool *plain = ITGC_NEW_ARRAY(graph->arena, bool, graph->tensor_count);
    for (int i = 0; i < graph->tensor_count; i++) {
        plain[i] = true;
    }
    for (int i = graph->node_count - 1; i >= 0; i--) {
        const itgc_node *node = graph->nodes[i];
        const bool is_mover = moves_codes(node) && node->out_count == 1 && plain[node->out[0]->id] && !node->out[0]->is_output;
        for (int k = 0; k < node->in_count; k++) {
            const bool reads_codes = k == 0 || (joins_codes(node) && is_mover);
            if (node->in[k] && !(reads_codes && (is_mover || itgc_is_op(node, "DequantizeLinear")))) {
                plain[node->in[k]->id] = false;
            }
        }
    }
    return plain;
}

/* A tensor has one format: the first that is asked of it. Our 16-bit formats are not the file's. */
static void prescribe(itgc_graph *graph, itgc_tensor *tensor, const itgc_format *format)
{
    graph->is_prescribed = true;
    if (format->type == ITG_S16) {
        itgc_note(graph->diag, "tensor \"%.100s\": its 16-bit format (scale %.9g) is not kept", tensor->name, format->scale);
    } else if (tensor->prescribed.type == 0) {
        tensor->prescribed = *format;
    } else if (!is_same_format(&tensor->prescribed, format)) {
        itgc_note(graph->diag, "tensor \"%.100s\" is given two formats by the file; that of scale %.9g is kept, that of %.9g is not", tensor->name,
                  tensor->prescribed.scale, format->scale);
    }
}

static void drop_quantize(itgc_graph *graph, itgc_node *node, const bool *plain)
{
    itgc_format format;
    itgc_tensor *codes = node->out[0], *real = node->in[0];
    if (!plain[codes->id] || !read_format(node, codes->type, &format) || !itgc_can_redirect(codes, real)) {
        return;
    }
    if (codes->is_output) {
        itgc_note(graph->diag, "output \"%.100s\" holds codes in the file; here it holds the reals they stand for", codes->name);
    }
    prescribe(graph, real, &format);
    itgc_replace_node(graph, node, real);
}

/* The codes that node reads as reals of the same value: a Cast above the ops that move them, right behind the graph input where that is their
 * source. */
static bool cast_codes(itgc_graph *graph, itgc_node *node)
{
    itgc_node *movers[MOST_MOVERS];
    int count = 0;
    itgc_tensor *source = node->in[0];
    while (count < MOST_MOVERS && source->producer && moves_codes(source->producer) && !joins_codes(source->producer) && itgc_only_reader(source)) {
        movers[count++] = source->producer;
        source = source->producer->in[0];
    }
    itgc_node *cast = itgc_insert_node(graph, "Cast", source->name, &source, 1);
    ((itgc_cast_params *)cast->params)->to = ITGC_F32;
    itgc_set_input(graph, count > 0 ? movers[count - 1] : node, 0, cast->out[0]);
    bool fine = itgc_infer_node(graph, cast);
    while (fine && count > 0) {
        fine = itgc_infer_node(graph, movers[--count]);
    }
    return fine;
}

/* Codes that no QuantizeLinear made, of a graph input: (x - zero) * scale written out, which fold_input takes for what it is where the input
 * is uint8, pixels and their normalization. */
static bool expand_codes(itgc_graph *graph, itgc_node *node, itgc_type codes, const itgc_format *format)
{
    const char *name = node->out[0]->name;
    const int zero = format->zero + shift_of(codes);
    if (!cast_codes(graph, node)) {
        return false;
    }
    itgc_tensor *shifted = itgc_insert_binary(graph, "Add", name, node->in[0], itgc_make_scalar(graph, name, -(double)zero));
    itgc_tensor *real = shifted ? itgc_insert_binary(graph, "Mul", name, shifted, itgc_make_scalar(graph, name, format->scale)) : NULL;
    graph->is_prescribed = true;
    return real && itgc_replace_node(graph, node, real);
}

/* Its input holds reals by now, if it came from a QuantizeLinear; the format it reads them with was that QuantizeLinear's. */
static bool drop_dequantize(itgc_graph *graph, itgc_node *node, itgc_type codes)
{
    itgc_format format;
    itgc_tensor *real = node->in[0];
    if (!read_format(node, codes, &format)) {
        return true;
    }
    if (!itgc_is_float(real->type)) {
        return expand_codes(graph, node, codes, &format);
    }
    if (real->prescribed.type && !is_same_format(&real->prescribed, &format)) {
        return itgc_fail(graph->diag, 246, "tensor \"%.100s\" is read with scale %.9g, but was written with %.9g; quantize the model again",
                         real->name, format.scale, real->prescribed.scale);
    }
    if (format.type == ITG_S8) {
        prescribe(graph, real, &format);
    }
    itgc_replace_node(graph, node, real);
    return true;
}

/* The types that codes had, as nodes turn from codes to reals one after the other. */
static itgc_type *note_types(const itgc_graph *graph)
{
    itgc_type *types = ITGC_NEW_ARRAY(graph->arena, itgc_type, graph->tensor_count);
    for (int i = 0; i < graph->tensor_count; i++) {
        types[i] = graph->tensors[i]->type;
    }
    return types;
}

/* Movers hand formats on, forwards and then backwards: a Transpose may be the next to vanish. */
static void spread_formats(const itgc_graph *graph)
{
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        if (node->in_count > 0 && node->in[0] && moves_codes(node) && !joins_codes(node)) {
            for (int k = 0; k < node->out_count; k++) {
                if (node->out[k] && itgc_is_float(node->out[k]->type) && node->out[k]->prescribed.type == 0) {
                    node->out[k]->prescribed = node->in[0]->prescribed;
                }
            }
        }
    }
    for (int i = graph->node_count - 1; i >= 0; i--) {
        const itgc_node *node = graph->nodes[i];
        if (node->in_count > 0 && node->in[0] && moves_codes(node) && !joins_codes(node) && node->in[0]->use_count == 1 && !node->in[0]->constant &&
            node->in[0]->prescribed.type == 0) {
            node->in[0]->prescribed = node->out[0]->prescribed;
        }
    }
}

bool itgc_adopt_formats(itgc_graph *graph, const itgc_lower_options *options)
{
    const bool *plain = find_plain_codes(graph);
    const itgc_type *types = note_types(graph);
    itgc_type *read = ITGC_NEW_ARRAY(graph->arena, itgc_type, graph->node_count);
    (void)options;
    for (int i = 0; i < graph->node_count; i++) {
        read[i] = graph->nodes[i]->in_count > 0 && graph->nodes[i]->in[0] ? types[graph->nodes[i]->in[0]->id] : ITGC_NO_TYPE;
    }
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if (itgc_is_op(node, "QuantizeLinear")) {
            drop_quantize(graph, node, plain);
        } else if (itgc_is_op(node, "DequantizeLinear") && !drop_dequantize(graph, node, read[i])) {
            return false;
        } else if (moves_codes(node) && !itgc_infer_node(graph, node)) {
            return false;
        }
    }
    if (graph->is_prescribed) {
        spread_formats(graph);
    }
    return true;
}
