/* SPDX-License-Identifier: Apache-2.0
 * What one tensor's codes cost: the float graph runs with that tensor alone rounded to its codes, and the change of the logits is measured.
 * Called by fit_ranges.c and widen.c. */
#include "compiler/base/real.h"
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"

#include <math.h>

#define WORK_BUDGET     6e11 /* multiplications of all runs of a step */
#define FEWEST_BATCHES  4
#define FEWEST_AFFORDED 2
#define ELEMENT_WORK    8.0 /* of a tensor's element, in multiplications */

typedef struct change_call {
    int tensor;
    itgc_format format;
} change_call;

static void round_tensor(void *argument, const itgc_tensor *tensor, itgc_value *value)
{
    const change_call *call = argument;
    if (tensor->id != call->tensor || !value->f) {
        return;
    }
    const int64_t count = itgc_elements(&value->shape);
    const float inverse = (float)(1.0 / call->format.scale);
    const float scale = (float)call->format.scale;
    const float low = (float)(itgc_lowest_code(&call->format) - call->format.zero);
    const float high = (float)(itgc_highest_code(&call->format) - call->format.zero);
    for (int64_t i = 0; i < count; i++) {
        float code = floorf(value->f[i] * inverse + 0.5f);
        code = code < low ? low : code > high ? high : code;
        value->f[i] = code * scale;
    }
}

static double count_work(const itgc_graph *graph)
{
    double work = 1.0;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        const double elements = node->out[0] ? (double)itgc_elements(&node->out[0]->shape) : 0.0;
        work += ELEMENT_WORK * elements;
        if (itgc_is_linear(node) && node->in[1]->constant) {
            work += elements * (double)(itgc_elements(&node->in[1]->shape) / node->in[1]->shape.dim[0]);
        }
    }
    return work;
}

void itgc_start_noise(const itgc_refiner *refiner, itgc_graph *graph, int runs, int most, itgc_noise *noise)
{
    *noise = (itgc_noise){.refiner = refiner, .graph = graph, .executor = itgc_new_executor(graph, refiner->threads)};
    int *teachers = ITGC_NEW_ARRAY(graph->arena, int, refiner->batches);
    int count = 0;
    for (int b = 0; b < refiner->batches; b++) {
        teachers[count] = b;
        count += itgc_teaches(refiner, b);
    }
    const double allowed = WORK_BUDGET / (count_work(graph) * (double)(runs < 1 ? 1 : runs));
    noise->affordable = allowed >= FEWEST_AFFORDED;
    noise->batches = allowed < FEWEST_BATCHES ? FEWEST_BATCHES : allowed > most ? most : (int)allowed;
    noise->batches = noise->batches < count ? noise->batches : count;
    noise->batch = ITGC_NEW_ARRAY(graph->arena, int, count);
    for (int i = 0; i < noise->batches; i++) {
        noise->batch[i] = teachers[(int64_t)i * count / noise->batches];
    }
    itgc_keep_value(noise->executor, graph->tensors[refiner->scores->id]);
}

bool itgc_measure_noise(const itgc_noise *noise, int tensor, const itgc_format *format, double *power)
{
    const itgc_refiner *refiner = noise->refiner;
    const itgc_tensor *scores = noise->graph->tensors[refiner->scores->id];
    change_call call = {tensor, *format};
    double error = 0.0;
    double signal = 0.0;
    itgc_change_values(noise->executor, round_tensor, &call);
    for (int i = 0; i < noise->batches; i++) {
        const int b = noise->batch[i];
        if (!itgc_run_float(noise->executor, (const itgc_value *const *)refiner->input[b], NULL, NULL)) {
            return false;
        }
        const float *actual = itgc_value_of(noise->executor, scores)->f;
        for (int64_t k = 0; k < refiner->score_count; k++) {
            const double expected = (double)refiner->logits[b][k];
            const double difference = (double)actual[k] - expected;
            error += difference * difference;
            signal += expected * expected;
        }
    }
    *power = signal > 0.0 ? error / signal : 0.0;
    return true;
}

void itgc_end_noise(itgc_noise *noise)
{
    itgc_release_executor(noise->executor);
}

bool itgc_is_rounded(const itgc_tensor *tensor)
{
    const itgc_node *node = tensor->producer;
    return tensor->format.type == ITG_S8 && node && !node->fused && !tensor->constant && tensor->range.min <= tensor->range.max &&
           itgc_format_rule_of(node) == ITGC_FORMAT_OWN;
}
