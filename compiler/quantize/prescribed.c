/* SPDX-License-Identifier: Apache-2.0
 * Formats and weights of files that came quantized (tensor.prescribed, graph.is_prescribed): taken as they are wherever a step can work
 * with them, and a note where none can. Called by choose_format.c and weights.c. */
#include "compiler/quantize/groups.h"

#include <math.h>

#define TOP_CODE   127
#define GRID_ERROR 4e-5 /* of a step: what rounding code * scale to float leaves, and a little more */

static bool is_wanted(const itgc_tensor *tensor)
{
    return tensor->prescribed.type && !tensor->constant;
}

/* Whether a step could store the tensor in a format of the file's: it is stored, it is no Softmax, whose format is the op's, and its codes
 * are not those of another tensor that has a format already. */
static bool can_fix(const itgc_tensor *tensor)
{
    const itgc_node *producer = tensor->producer;
    if (!producer || producer->in_count == 0) { /* a graph input, or of a node that a pass took out */
        return true;
    }
    const itgc_format_rule rule = itgc_format_rule_of(producer);
    return !producer->fused && rule != ITGC_FORMAT_FIXED && (rule != ITGC_FORMAT_PASS || producer->in[0]->prescribed.type == 0);
}

void itgc_fix_prescribed(itgc_groups *groups)
{
    const itgc_graph *graph = groups->quantizer->graph;
    const itg_type asked = groups->quantizer->options->input_type;
    for (int i = 0; i < graph->tensor_count && graph->is_prescribed; i++) {
        const itgc_tensor *tensor = graph->tensors[i];
        if (is_wanted(tensor) && can_fix(tensor) && !(graph->input_is_pixels && tensor == graph->inputs[0])) {
            groups->fixed[i] = tensor->prescribed;
        }
    }
    for (int i = 0; i < graph->input_count && asked; i++) {
        if (graph->inputs[i]->prescribed.type) {
            groups->fixed[graph->inputs[i]->id].type = asked;
        }
    }
}

static bool is_kept(const itgc_tensor *tensor)
{
    return tensor->format.type && tensor->format.scale == tensor->prescribed.scale && tensor->format.zero == tensor->prescribed.zero &&
           tensor->format.type != ITG_S16;
}

void itgc_report_prescribed(const itgc_graph *graph)
{
    int fused = 0;
    const char *first = NULL;
    for (int i = 0; i < graph->tensor_count && graph->is_prescribed; i++) {
        const itgc_tensor *tensor = graph->tensors[i];
        const bool is_live = tensor->use_count > 0 || tensor->is_output;
        if (!is_wanted(tensor) || !is_live || is_kept(tensor)) {
            continue;
        }
        if (tensor->format.type) {
            itgc_note(graph->diag, "tensor \"%.100s\": the file's format (scale %.9g, zero %d) is not kept; scale %.9g and zero %d are used",
                      tensor->name, tensor->prescribed.scale, (int)tensor->prescribed.zero, tensor->format.scale, (int)tensor->format.zero);
        } else {
            first = fused++ == 0 ? tensor->name : first;
        }
    }
    if (fused > 0) {
        itgc_note(graph->diag, "%d tensors that the file rounds to 8 bits are computed inside a step without that rounding, the first is \"%.100s\"",
                  fused, first);
    }
}

/* Whether every weight is a multiple of the step, within the rounding of float. */
static bool lies_on_grid(const itgc_channel *channel, double step)
{
    for (int64_t i = 0; i < channel->count; i++) {
        const double code = (double)channel->weights[i * channel->stride] / step;
        if (fabs(code - floor(code + 0.5)) > GRID_ERROR) {
            return false;
        }
    }
    return true;
}

double itgc_find_weight_step(const itgc_quantizer *quantizer, const itgc_channel *channel)
{
    double largest = 0.0;
    if (!quantizer->graph->is_prescribed) {
        return 0.0;
    }
    for (int64_t i = 0; i < channel->count; i++) {
        largest = fmax(largest, fabs((double)channel->weights[i * channel->stride]));
    }
    /* The finest grid: codes may be a multiple of the file's, which changes no result and no bias. */
    for (int top = TOP_CODE; top > 0 && largest > 0.0; top--) {
        if (lies_on_grid(channel, largest / top)) {
            return largest / top;
        }
    }
    if (largest > 0.0 && quantizer->diag->node) { /* inside a step, not while bounds are tried */
        itgc_note(quantizer->diag, "weights of a channel lie on no grid of 255 codes around 0; they are quantized anew");
    }
    return 0.0;
}
