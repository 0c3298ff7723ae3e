/* SPDX-License-Identifier: Apache-2.0
 * Runs a plan on the host step by step. In: reals. Out: codes and reals of the tensors asked for.
 * Called by evaluate.c and `intaglio run`. */
#include "compiler/evaluate/engine.h"

#include "compiler/base/parallel.h"

#include <string.h>

struct itgc_engine {
    itgc_arena *arena;
    const itgc_graph *graph;
    const itg_model *model;
    const itg_exec *exec;
    uint8_t *memory;
    uint8_t **codes; /* of each input, kept since a run may overwrite them */
    float *reals;    /* room for the largest input that is held as integers */
};

itgc_engine *itgc_new_engine(itgc_arena *arena, const itgc_graph *graph, const itg_model *model, const itg_exec *exec)
{
    itgc_engine *engine = ITGC_NEW(arena, itgc_engine);
    *engine = (itgc_engine){.arena = arena, .graph = graph, .model = model, .exec = exec};
    engine->memory = itgc_alloc(arena, model->arena_bytes + 64u);
    engine->codes = ITGC_NEW_ARRAY(arena, uint8_t *, model->input_count + 1);
    uint32_t largest = 1;
    for (uint32_t i = 0; i < model->input_count; i++) {
        engine->codes[i] = itgc_alloc(arena, model->inputs[i].bytes + 1u);
        const uint32_t count = itg_port_elements(&model->inputs[i]);
        largest = count > largest ? count : largest;
    }
    engine->reals = ITGC_NEW_ARRAY(arena, float, largest);
    const itg_status status = itg_check(model, exec, engine->memory, model->arena_bytes);
    if (status == ITG_OK)
        return engine;
    itgc_fail(graph->diag, 900, "the plan does not pass itg_check (%s); report this model", itg_status_text(status));
    return NULL;
}

bool itgc_find_port(const itgc_engine *engine, const itgc_tensor *tensor, itg_port *port, int *last_step)
{
    const itgc_tensor *owner = itgc_place_owner(tensor);
    bool found = false;
    *last_step = -1;
    for (int i = 0; i < engine->graph->input_count; i++)
        found = found || itgc_place_owner(engine->graph->inputs[i]) == owner;
    for (int s = 0; s < engine->graph->step_count; s++)
        if (itgc_place_owner(engine->graph->steps[s]->out) == owner) {
            *last_step = s;
            found = true;
        }
    const itgc_format *format = tensor->format.type ? &tensor->format : &owner->format;
    if (!found || !format->type)
        return false;
    const size_t width = format->type == ITG_S32 ? 4 : format->type == ITG_S16 || format->type == ITG_U16 ? 2 : 1;
    *port =
        (itg_port){.name = tensor->name, .type = format->type, .offset = owner->place.offset, .scale = (float)format->scale, .zero = format->zero};
    port->bytes = (uint32_t)((size_t)itgc_elements(&tensor->shape) * width);
    return true;
}

bool itgc_make_tap(itgc_engine *engine, const itgc_tensor *tensor, itgc_tap *tap)
{
    *tap = (itgc_tap){.tensor = tensor};
    if (!itgc_find_port(engine, tensor, &tap->port, &tap->last_step))
        return false;
    tap->codes = itgc_alloc(engine->arena, tap->port.bytes);
    tap->value = itgc_new_value(engine->arena, ITGC_F32, &tensor->shape);
    return true;
}

static void take_tap(const itgc_engine *engine, const itgc_tap *tap)
{
    memcpy(tap->codes, engine->memory + tap->port.offset, tap->port.bytes);
    itg_dequantize(&tap->port, tap->value->f, tap->codes, (size_t)itgc_elements(&tap->value->shape));
}

void itgc_write_inputs(itgc_engine *engine, const itgc_value *const *inputs)
{
    for (uint32_t i = 0; i < engine->model->input_count; i++) {
        const itg_port *port = &engine->model->inputs[i];
        const uint32_t count = itg_port_elements(port);
        for (uint32_t k = 0; k < count; k++)
            engine->reals[k] = inputs[i]->f ? inputs[i]->f[k] : (float)inputs[i]->i[k];
        itg_quantize(port, engine->codes[i], engine->reals, count);
        memcpy(engine->memory + port->offset, engine->codes[i], port->bytes);
    }
}

/* Between float runs the other workers sleep: what is done before they wake is done alone. */
void itgc_run_step(itgc_engine *engine, int step)
{
    itg_exec exec = engine->exec ? *engine->exec : (itg_exec){.workers = 1};
    exec.workers = (uint32_t)itgc_useful_threads((int)exec.workers, engine->graph->steps[step]->macs);
    itg_run_step(engine->model, &exec, engine->memory, (uint32_t)step);
}

void itgc_write_codes(itgc_engine *engine, const itg_port *port, const float *reals, int64_t count)
{
    itg_quantize(port, engine->memory + port->offset, reals, (size_t)count);
}

void itgc_read_reals(const itgc_engine *engine, const itg_port *port, float *reals, int64_t count)
{
    itg_dequantize(port, reals, engine->memory + port->offset, (size_t)count);
}

void itgc_run_engine(itgc_engine *engine, const itgc_value *const *inputs, itgc_tap *const *taps, int tap_count)
{
    itgc_write_inputs(engine, inputs);
    for (int step = -1; step < (int)engine->model->step_count; step++) {
        if (step >= 0)
            itgc_run_step(engine, step);
        for (int t = 0; t < tap_count; t++)
            if (taps[t]->last_step == step)
                take_tap(engine, taps[t]);
    }
}

const uint8_t *itgc_engine_input(const itgc_engine *engine, int index)
{
    return engine->codes[index];
}
