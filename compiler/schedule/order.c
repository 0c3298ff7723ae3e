/* SPDX-License-Identifier: Apache-2.0
 * The order steps run in: the quantizer's, which follows the sorted nodes. Checks that it can run: whatever a step reads
 * has been written completely by then, and every graph output is written at all. Called by schedule.c. */
#include "compiler/schedule/parts.h"

static bool check_inputs(const itgc_graph *graph, const itgc_step *step, const bool *written)
{
    for (int i = 0; i < 3; i++) {
        if (step->in[i] && !written[itgc_place_owner(step->in[i])->id]) {
            return itgc_fail(graph->diag, 900, "tensor %s is read before any step has written it; this is a defect of the compiler, please report it",
                             step->in[i]->name);
        }
    }
    return true;
}

bool itgc_order_steps(itgc_graph *graph)
{
    bool *written = ITGC_NEW_ARRAY(graph->arena, bool, graph->tensor_count + 1);
    for (int i = 0; i < graph->input_count; i++) {
        written[itgc_place_owner(graph->inputs[i])->id] = true;
    }
    for (int i = 0; i < graph->step_count; i++) {
        const itgc_step *step = graph->steps[i];
        if (!check_inputs(graph, step, written)) {
            return false;
        }
        if (!step->partial) {
            written[itgc_place_owner(step->out)->id] = true;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        if (!written[itgc_place_owner(graph->outputs[i])->id]) {
            return itgc_fail(graph->diag, 504, "output %s does not depend on any input; leave it out of the exported model", graph->outputs[i]->name);
        }
    }
    return true;
}
