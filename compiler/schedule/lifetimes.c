/* SPDX-License-Identifier: Apache-2.0
 * Which steps each tensor must survive: from the first step that writes any part of it to the last that reads it; graph inputs from
 * step 0, graph outputs to the end. Aliases count as the tensor whose place they share. Called by arena.c. */
#include "compiler/schedule/parts.h"

uint32_t itgc_code_bytes(itg_type type)
{
    switch (type) {
    case ITG_S8:
    case ITG_U8:
        return 1;
    case ITG_S16:
    case ITG_U16:
        return 2;
    case ITG_S32:
    case ITG_F32:
        return 4;
    }
    return 0;
}

/* Widens the owner's life to `step` and its size to the tensor's. */
static bool touch_tensor(const itgc_graph *graph, itgc_tensor *tensor, int step)
{
    const int64_t elements = itgc_elements(&tensor->shape);
    const uint64_t bytes = elements < 0 ? UINT64_MAX : (uint64_t)elements * itgc_code_bytes(tensor->format.type);
    if (bytes > UINT32_MAX / 2) {
        return itgc_fail(graph->diag, 503, "tensor %s takes more than 2 GiB; give a smaller --input-shape", tensor->name);
    }
    if (bytes == 0) {
        return itgc_fail(graph->diag, 900, "tensor %s has no format or no elements; this is a defect of the compiler, please report it",
                         tensor->name);
    }
    itgc_place *place = &itgc_place_owner(tensor)->place;
    if (place->bytes == 0 || step < place->first_step) {
        place->first_step = step;
    }
    if (place->bytes == 0 || step > place->last_step) {
        place->last_step = step;
    }
    place->bytes = bytes > place->bytes ? (uint32_t)bytes : place->bytes;
    return true;
}

static bool touch_step(const itgc_graph *graph, const itgc_step *step, int index)
{
    for (int i = 0; i < 3; i++) {
        if (step->in[i] && !touch_tensor(graph, step->in[i], index)) {
            return false;
        }
    }
    return touch_tensor(graph, step->out, index);
}

bool itgc_find_lifetimes(itgc_graph *graph)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        graph->tensors[i]->place = (itgc_place){0};
    }
    for (int i = 0; i < graph->input_count; i++) {
        if (!touch_tensor(graph, graph->inputs[i], 0)) {
            return false;
        }
    }
    for (int i = 0; i < graph->step_count; i++) {
        if (!touch_step(graph, graph->steps[i], i)) {
            return false;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        if (!touch_tensor(graph, graph->outputs[i], graph->step_count)) {
            return false;
        }
    }
    return true;
}
