/* SPDX-License-Identifier: Apache-2.0
 * Plans that are tried: a copy of the measured graph is quantized and scheduled for this machine and run on the samples, one arena for each
 * batch, so that a step can be run on all of them before the next one. */
#include "compiler/base/parallel.h"
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"
#include "compiler/schedule/schedule.h"

#include "compiler/base/real.h"
#include <intaglio/intaglio.h>
#include <string.h>

#define LEAST_SHARE   1e-12
#define LOG_OF_10     2.302585092994046
#define FEWEST_SCORES 32 /* that judge */

bool itgc_make_trial(const itgc_refiner *refiner, const itg_kernels *kernels, itgc_trial *trial)
{
    *trial = (itgc_trial){.arena = itgc_new_child_arena(refiner->arena)};
    trial->graph = itgc_clone_graph(trial->arena, refiner->graph);
    trial->graph->input_is_pixels = refiner->graph->input_is_pixels;
    itgc_quantize_options options = refiner->options;
    options.tuning = refiner->tuning;
    const itgc_schedule_options schedule = {.align = 64,
                                            .packings = {kernels ? (itg_packing)kernels->packing : ITG_PACK_ROWS},
                                            .storage = kernels ? kernels->storage : ITG_S8,
                                            .keep_results = kernels != NULL,
                                            .workers = 1};
    if (!itgc_quantize_graph(trial->graph, &options) || !itgc_schedule_graph(trial->graph, &schedule)) {
        return false;
    }
    trial->model = kernels ? itgc_build_plan(trial->graph, kernels) : NULL;
    return !kernels || trial->model;
}

itgc_refiner itgc_on_graph(const itgc_refiner *refiner, itgc_graph *graph)
{
    itgc_refiner one = *refiner;
    one.graph = graph;
    one.scores = graph->tensors[refiner->scores->id];
    one.tuning = itgc_new_tuning(refiner->arena, graph);
    itgc_find_grids(&one, one.tuning);
    return one;
}

void itgc_use_graph(itgc_refiner *refiner, itgc_graph *graph)
{
    refiner->graph = graph;
    refiner->scores = graph->tensors[refiner->scores->id];
    refiner->changed = true;
}

void itgc_release_trial(itgc_trial *trial)
{
    itgc_release_arena(trial->arena);
}

static void write_input(const itg_port *port, uint8_t *arena, const itgc_value *value, float *reals)
{
    const uint32_t count = itg_port_elements(port);
    for (uint32_t i = 0; i < count; i++) {
        reals[i] = value->f ? value->f[i] : (float)value->i[i];
    }
    itg_quantize(port, arena + port->offset, reals, count);
}

void itgc_start_trial(const itgc_refiner *refiner, itgc_trial *trial)
{
    uint32_t largest = 1;
    for (uint32_t i = 0; i < trial->model->input_count; i++) {
        const uint32_t count = itg_port_elements(&trial->model->inputs[i]);
        largest = count > largest ? count : largest;
    }
    float *reals = ITGC_NEW_ARRAY(trial->arena, float, largest);
    trial->memory = ITGC_NEW_ARRAY(trial->arena, uint8_t *, refiner->batches);
    for (int b = 0; b < refiner->batches; b++) {
        trial->memory[b] = itgc_alloc(trial->arena, trial->model->arena_bytes + 64u);
        for (uint32_t i = 0; i < trial->model->input_count; i++) {
            write_input(&trial->model->inputs[i], trial->memory[b], refiner->input[b][i], reals);
        }
    }
}

typedef struct step_call {
    const itgc_refiner *refiner;
    const itgc_trial *trial;
    uint32_t index;
} step_call;

static void run_batches(void *argument, int64_t begin, int64_t end)
{
    const step_call *call = argument;
    const itg_exec exec = {.kernels = call->refiner->kernels, .workers = 1};
    for (int64_t b = begin; b < end; b++) {
        itg_run_step(call->trial->model, &exec, call->trial->memory[b], call->index);
    }
}

void itgc_run_trial_step(const itgc_refiner *refiner, const itgc_trial *trial, uint32_t index)
{
    step_call call = {refiner, trial, index};
    itgc_parallel(refiner->threads, refiner->batches, run_batches, &call);
}

static double code_real(const itgc_tensor *tensor, const uint8_t *arena, int64_t index)
{
    const itgc_tensor *owner = itgc_place_owner(tensor);
    return (itgc_stored_code(arena + owner->place.offset, tensor->format.type, index) - tensor->format.zero) * tensor->format.scale;
}

/* The geometric mean over batches: one sample whose values are clipped must not decide alone. */
static double score_trial(const itgc_refiner *refiner, const itgc_trial *trial)
{
    const itgc_tensor *scores = trial->graph->tensors[refiner->scores->id];
    double logarithms = 0.0;
    double judges = 0.0;
    for (int b = 0; b < refiner->batches; b++) {
        double noise = 0.0;
        double signal = 0.0;
        for (int64_t i = 0; itgc_judges(refiner, b) && i < refiner->score_count; i++) {
            const double expected = (double)refiner->logits[b][i];
            const double error = code_real(scores, trial->memory[b], i) - expected;
            noise += error * error;
            signal += expected * expected;
        }
        if (signal > 0.0) {
            logarithms += itgc_log((noise + LEAST_SHARE * signal) / signal);
            judges++;
        }
    }
    return judges > 0.0 ? itgc_exp(logarithms / judges) : 0.0;
}

bool itgc_score_tuning(const itgc_refiner *refiner, double *score)
{
    itgc_trial trial;
    const bool fine = itgc_make_trial(refiner, refiner->kernels, &trial);
    if (fine) {
        itgc_start_trial(refiner, &trial);
        for (uint32_t i = 0; i < trial.model->step_count; i++) {
            itgc_run_trial_step(refiner, &trial, i);
        }
        *score = score_trial(refiner, &trial);
    }
    itgc_release_trial(&trial);
    return fine;
}

bool itgc_is_better(const itgc_refiner *refiner, double before, double after, double margin, bool by_default)
{
    int64_t judges = 0;
    for (int b = 0; b < refiner->batches; b++) {
        judges += itgc_judges(refiner, b) ? refiner->score_count : 0;
    }
    return judges < FEWEST_SCORES ? by_default : after < margin * before;
}

void itgc_report_step(const itgc_refiner *refiner, const char *name, double before, double after, bool kept)
{
    itgc_note(refiner->graph->diag, "%s: logits of calibration samples from %.2f to %.2f dB%s", name, -10.0 * itgc_log(before + 1e-20) / LOG_OF_10,
              -10.0 * itgc_log(after + 1e-20) / LOG_OF_10, kept ? "" : "; not used");
}

const itgc_layer *itgc_layer_of_step(const itgc_refiner *refiner, const itgc_step *step)
{
    const bool is_layer = strcmp(step->kind->op_name, "itg_op_conv") == 0 || strcmp(step->kind->op_name, "itg_op_depthwise") == 0;
    const int id = step->node->out[0]->id;
    return is_layer && id < refiner->tuning->tensor_count && refiner->layer_of[id] >= 0 ? &refiner->layer[refiner->layer_of[id]] : NULL;
}
