/* SPDX-License-Identifier: Apache-2.0
 * A Concat along channels whose member comes from a convolution needs no copy: the convolution writes its pixels at the pitch of the
 * whole. In: a quantized graph. Out: convolutions with out_pitch and out_offset, fewer copy steps. Called by schedule.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

static bool is_port(const itgc_graph *graph, const itgc_tensor *tensor)
{
    for (int i = 0; i < graph->input_count; i++) {
        if (itgc_place_owner(graph->inputs[i]) == tensor) {
            return true;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        if (itgc_place_owner(graph->outputs[i]) == tensor) {
            return true;
        }
    }
    return false;
}

itgc_step *itgc_find_writer(const itgc_graph *graph, const itgc_step *reader, itgc_tensor *tensor)
{
    itgc_step *writer = NULL;
    if (itgc_place_owner(tensor) != tensor || is_port(graph, tensor)) {
        return NULL;
    }
    for (int i = 0; i < graph->step_count; i++) {
        itgc_step *step = graph->steps[i];
        for (int k = 0; k < 3; k++) {
            if (step->in[k] && step != reader && itgc_place_owner(step->in[k]) == tensor) {
                return NULL;
            }
        }
        if (itgc_place_owner(step->out) == tensor) {
            if (writer) {
                return NULL;
            }
            writer = step;
        }
    }
    return writer && !writer->partial && writer->out == tensor ? writer : NULL;
}

/* True if the copy lays dense pixels of `channels` elements further apart and changes nothing. */
static bool spreads_pixels(const itg_copy *copy, int64_t elements, int32_t channels)
{
    const bool flat = copy->dim[1] == 1 && copy->dim[2] == 1 && copy->dim[3] == 1 && copy->dim[4] == 1;
    const bool dense = copy->in_start == 0 && copy->in_stride[5] == 1 && copy->out_stride[5] == 1 &&
                       (copy->dim[0] == 1 || (copy->in_stride[0] == channels && copy->out_stride[0] >= channels));
    return flat && dense && !copy->table && copy->dim[5] == channels && (int64_t)copy->dim[0] * channels == elements;
}

/* Lets the member's convolution write into the whole; false if it cannot. */
static bool join_member(const itgc_graph *graph, const itgc_step *step)
{
    const itg_copy *copy = step->params;
    itgc_tensor *member = step->in[0];
    itgc_step *writer = member && member->format.type == step->out->format.type ? itgc_find_writer(graph, step, member) : NULL;
    if (!writer || writer->kind->run != itg_op_conv) {
        return false;
    }
    itg_conv *conv = writer->params;
    if (conv->out_pitch || !spreads_pixels(copy, itgc_elements(&member->shape), conv->out[2])) {
        return false;
    }
    conv->out_pitch = copy->dim[0] == 1 ? 0 : copy->out_stride[0];
    writer->out = step->out;
    writer->out_offset = (uint32_t)copy->out_start * itgc_code_bytes(step->out->format.type);
    writer->partial = true;
    return true;
}

/* The last step that writes a tensor completes it. */
static void mark_last(const itgc_graph *graph, const itgc_tensor *whole)
{
    itgc_step *last = NULL;
    for (int i = 0; i < graph->step_count; i++) {
        if (graph->steps[i]->out == whole) {
            graph->steps[i]->partial = true;
            last = graph->steps[i];
        }
    }
    if (last) {
        last->partial = false;
    }
}

void itgc_join_members(itgc_graph *graph)
{
    for (int i = 0; i < graph->step_count;) {
        const itgc_step *step = graph->steps[i];
        if (step->kind->run != itg_op_copy || !join_member(graph, step)) {
            i++;
            continue;
        }
        for (int k = i; k + 1 < graph->step_count; k++) {
            graph->steps[k] = graph->steps[k + 1];
        }
        graph->step_count--;
        mark_last(graph, step->out);
    }
}
