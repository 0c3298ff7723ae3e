/* SPDX-License-Identifier: Apache-2.0
 * Ranges without samples, for files that came quantized: what each prescribed format can hold, and what follows from it for the functions
 * and movements in between. Called by the command line where no --calib is given. */
#include "compiler/measure/measure.h"
#include "compiler/ops/op.h"

#include <math.h>
#include <string.h>

#define LOWEST_CODE  -128.0
#define HIGHEST_CODE 127.0
#define BRIGHTEST    255.0

static void take_format(itgc_tensor *tensor)
{
    const itgc_format *format = &tensor->prescribed;
    tensor->range = (itgc_range){.min = (LOWEST_CODE - format->zero) * format->scale, .max = (HIGHEST_CODE - format->zero) * format->scale};
}

static bool is_type(const itgc_node *node, const char *type)
{
    return strcmp(node->type, type) == 0;
}

/* What a node makes of a range: movements and bounded functions only. False for all others. */
static bool derive(const itgc_node *node, itgc_range *range)
{
    static const char *const movers[] = {"Reshape", "Transpose", "Slice", "MaxPool", "Gather", "Split", "AveragePool", "GlobalAveragePool"};
    const itgc_range in = node->in[0]->range;
    for (size_t i = 0; i < sizeof movers / sizeof movers[0]; i++) {
        if (is_type(node, movers[i])) {
            *range = in;
            return true;
        }
    }
    if (is_type(node, "Relu")) {
        *range = (itgc_range){.min = fmax(in.min, 0.0), .max = fmax(in.max, 0.0)};
    } else if (is_type(node, "Softmax") || is_type(node, "Sigmoid") || is_type(node, "HardSigmoid")) {
        *range = (itgc_range){.min = 0.0, .max = 1.0};
    } else if (is_type(node, "Tanh")) {
        *range = (itgc_range){.min = -1.0, .max = 1.0};
    } else {
        return false;
    }
    return true;
}

/* Stored by no step: what is fused into the node stands for it, and only a table needs to know where it begins and ends. */
static bool settle(itgc_tensor *tensor, const itgc_node *node)
{
    if (tensor->prescribed.type) {
        take_format(tensor);
        return true;
    }
    const itgc_tensor *in = node->in_count > 0 ? node->in[0] : NULL;
    if (in && !in->constant && in->range.min <= in->range.max && derive(node, &tensor->range)) {
        return true;
    }
    if (!node->fused || !node->fused->out[0]->prescribed.type || !is_type(node->fused, "Relu")) {
        return false;
    }
    tensor->range = (itgc_range){.min = 0.0};
    take_format(node->fused->out[0]);
    tensor->range.max = node->fused->out[0]->range.max;
    return true;
}

const char *itgc_take_prescribed_ranges(itgc_graph *graph)
{
    for (int i = 0; i < graph->input_count; i++) {
        if (i == 0 && graph->input_is_pixels) {
            graph->inputs[i]->range = (itgc_range){.min = 0.0, .max = BRIGHTEST};
        } else if (graph->inputs[i]->prescribed.type) {
            take_format(graph->inputs[i]);
        } else {
            return graph->inputs[i]->name;
        }
    }
    for (int i = 0; i < graph->node_count; i++) {
        for (int k = 0; k < graph->nodes[i]->out_count; k++) {
            itgc_tensor *tensor = graph->nodes[i]->out[k];
            if (tensor && !tensor->constant && !settle(tensor, graph->nodes[i])) {
                return tensor->name;
            }
        }
    }
    graph->level = ITGC_MEASURED;
    return NULL;
}
