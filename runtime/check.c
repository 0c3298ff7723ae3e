/* SPDX-License-Identifier: Apache-2.0
 * Everything about a model, a kernel table and an arena that can be checked before the first run; itg_run then runs blind. */
#include <intaglio/intaglio.h>

static bool has_families(const itg_kernels *kernels, uint32_t families)
{
    const uint32_t present = (kernels->conv ? ITG_FAMILY_CONV : 0u) | (kernels->depthwise ? ITG_FAMILY_DEPTHWISE : 0u) |
                             (kernels->pool ? ITG_FAMILY_POOL : 0u) | (kernels->elementwise ? ITG_FAMILY_ELEMENTWISE : 0u) |
                             (kernels->lookup ? ITG_FAMILY_LOOKUP : 0u) | (kernels->softmax ? ITG_FAMILY_SOFTMAX : 0u) |
                             (kernels->normalize ? ITG_FAMILY_NORMALIZE : 0u) | (kernels->matmul ? ITG_FAMILY_MATMUL : 0u);
    return (families & ~present) == 0;
}

static bool ports_fit(const itg_model *model, const itg_port *ports, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (ports[i].bytes > model->arena_bytes || ports[i].offset > model->arena_bytes - ports[i].bytes)
            return false;
    return true;
}

static bool steps_fit(const itg_model *model)
{
    for (uint32_t i = 0; i < model->step_count; i++) {
        const itg_step *step = &model->steps[i];
        if (!step->run || !step->params || step->out >= model->arena_bytes || step->scratch > model->arena_bytes)
            return false;
        for (int operand = 0; operand < 3; operand++)
            if (step->in[operand] >= model->arena_bytes)
                return false;
    }
    return true;
}

itg_status itg_check(const itg_model *model, const itg_exec *exec, const void *arena, size_t arena_bytes)
{
    if (!model)
        return ITG_BAD_MODEL;
    if (model->version != ITG_PLAN_VERSION)
        return ITG_BAD_VERSION;
    const bool complete = (model->steps || !model->step_count) && model->inputs && model->outputs;
    if (!complete || !ports_fit(model, model->inputs, model->input_count) || !ports_fit(model, model->outputs, model->output_count) ||
        !steps_fit(model))
        return ITG_BAD_MODEL;
    const itg_kernels *kernels = exec && exec->kernels ? exec->kernels : model->kernels;
    if (!kernels || !has_families(kernels, model->families))
        return ITG_NO_KERNEL;
    if (kernels->is_supported && !kernels->is_supported())
        return ITG_BAD_CPU;
    const bool has_weights = (model->families & (ITG_FAMILY_CONV | ITG_FAMILY_DEPTHWISE)) != 0;
    if (has_weights && kernels->packing != model->packing)
        return ITG_BAD_PACKING;
    if (exec && exec->parallel_for && exec->workers > model->workers)
        return ITG_MANY_WORKERS;
    if (!arena || arena_bytes < model->arena_bytes)
        return ITG_SMALL_ARENA;
    if (model->arena_align > 1 && (uintptr_t)arena % model->arena_align != 0)
        return ITG_MISALIGNED;
    return ITG_OK;
}

const char *itg_status_text(itg_status status)
{
    switch (status) {
    case ITG_OK:
        return "ok";
    case ITG_BAD_VERSION:
        return "the model was compiled for another version of this runtime: compile it again";
    case ITG_BAD_PACKING:
        return "the kernel table reads another weight layout than the model has";
    case ITG_SMALL_ARENA:
        return "the arena is smaller than the model's arena_bytes";
    case ITG_MISALIGNED:
        return "the arena is not aligned to the model's arena_align";
    case ITG_NO_KERNEL:
        return "the kernel table lacks a family that a step needs";
    case ITG_MANY_WORKERS:
        return "more workers than the model was compiled for";
    case ITG_BAD_CPU:
        return "this processor lacks the instructions of the kernel table";
    case ITG_BAD_HOOK:
        return "parallel_for failed or named a worker there is not";
    case ITG_BAD_MODEL:
        return "the model is NULL or inconsistent";
    }
    return "unknown status";
}
