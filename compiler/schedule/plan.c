/* SPDX-License-Identifier: Apache-2.0
 * scheduled graph → the itg_model that the host tools execute and emit prints; and how much flash it will take.
 * Everything lives in the graph's arena. Called by compile.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

#include <intaglio/intaglio.h>
#include <string.h>

/* Sizes of the structs where pointers and the enum take 4 bytes: 10 words; 4 words, 6 dimensions, scale, zero and rank; 16, 4 and 11 words. */
#define STEP_BYTES    40u
#define PORT_BYTES    52u
#define MODEL_BYTES   64u
#define CASCADE_BYTES 16u
#define TIER_BYTES    44u

static int find_packing(const itgc_graph *graph, uint32_t packing)
{
    for (int k = 0; k < graph->packing_count; k++) {
        if (packing == (uint32_t)graph->packings[k]) {
            return k;
        }
    }
    return -1;
}

/* packing: index into the graph's packings; -1: none of them. */
static void fill_step(itg_step *out, const itgc_step *step, int packing)
{
    out->run = step->kind->run;
    out->params = packing >= 0 ? step->variants[packing] : step->plain ? step->plain : step->params;
    for (int i = 0; i < 3; i++) {
        out->in[i] = step->in[i] ? step->in[i]->place.offset : 0;
    }
    out->out = step->out->place.offset + step->out_offset;
    out->scratch = step->scratch_offset;
    out->scratch_bytes = step->scratch_bytes;
    out->rows = step->rows;
    out->blocks = step->blocks;
}

static const itg_port *build_ports(itgc_graph *graph, itgc_tensor *const *tensors, int count)
{
    itg_port *ports = ITGC_NEW_ARRAY(graph->arena, itg_port, count + 1);
    for (int i = 0; i < count; i++) {
        const itgc_tensor *tensor = tensors[i];
        if (tensor->shape.rank > 6) {
            itgc_fail(graph->diag, 505, "%s has %d dimensions and a plan's inputs and outputs have up to 6; reshape it in the model", tensor->name,
                      tensor->shape.rank);
            return NULL;
        }
        ports[i] = (itg_port){.name = tensor->name,
                              .type = tensor->format.type,
                              .offset = tensor->place.offset,
                              .bytes = (uint32_t)itgc_elements(&tensor->shape) * itgc_code_bytes(tensor->format.type),
                              .rank = tensor->shape.rank,
                              .scale = (float)tensor->format.scale,
                              .zero = tensor->format.zero};
        for (int d = 0; d < tensor->shape.rank; d++) {
            ports[i].dim[d] = (int32_t)tensor->shape.dim[d];
        }
    }
    return ports;
}

const itg_model *itgc_build_plan(itgc_graph *graph, const itg_kernels *kernels)
{
    itg_step *steps = ITGC_NEW_ARRAY(graph->arena, itg_step, graph->step_count + 1);
    itg_model *model = ITGC_NEW(graph->arena, itg_model);
    *model = (itg_model){.name = graph->name,
                         .version = ITG_PLAN_VERSION,
                         .packing = kernels->packing,
                         .workers = graph->workers,
                         .families = itgc_families_of(graph),
                         .arena_bytes = graph->arena_bytes,
                         .arena_align = graph->arena_align,
                         .kernels = kernels,
                         .steps = steps,
                         .inputs = build_ports(graph, graph->inputs, graph->input_count),
                         .outputs = build_ports(graph, graph->outputs, graph->output_count),
                         .labels = graph->label_count ? graph->labels : NULL,
                         .step_count = (uint32_t)graph->step_count,
                         .input_count = (uint32_t)graph->input_count,
                         .output_count = (uint32_t)graph->output_count,
                         .label_count = (uint32_t)graph->label_count};
    const int packing = find_packing(graph, kernels->packing);
    for (int i = 0; i < graph->step_count; i++) {
        fill_step(&steps[i], graph->steps[i], packing);
    }
    return model->inputs && model->outputs ? model : NULL;
}

static uint64_t count_params_bytes(const itgc_step_kind *kind)
{
    uint64_t bytes = kind->params_bytes;
    for (int i = 0; i < kind->field_count; i++) {
        bytes -= kind->fields[i].kind == ITGC_FIELD_POINTER ? sizeof(void *) - 4 : 0;
    }
    return bytes;
}

/* What the params of packing k take that no packing before it has. */
static uint64_t count_step_bytes(const itgc_step *step, int k)
{
    const bool is_new = k == 0 || step->variants[k] != step->params;
    uint64_t bytes = step->tiers && is_new ? CASCADE_BYTES + TIER_BYTES * (uint64_t)step->tier_count : 0;
    for (int i = 0; i < itgc_tier_count(step); i++) {
        const itgc_step *tier = itgc_tier_at(step, i);
        bytes += k == 0 || tier->variants[k] != tier->params ? count_params_bytes(tier->kind) : 0;
    }
    return bytes;
}

uint64_t itgc_plan_bytes(const itgc_graph *graph)
{
    uint64_t bytes = PORT_BYTES * (uint64_t)(graph->input_count + graph->output_count);
    for (int k = 0; k < graph->packing_count; k++) {
        bytes += MODEL_BYTES + STEP_BYTES * (uint64_t)graph->step_count;
        for (int i = 0; i < graph->step_count; i++) {
            bytes += count_step_bytes(graph->steps[i], k);
        }
    }
    for (int i = 0; i < graph->label_count; i++) {
        bytes += 4 + strlen(graph->labels[i]) + 1;
    }
    return bytes;
}
