/* SPDX-License-Identifier: Apache-2.0
 * The integer engine on the host: the plan itself run by the runtime, with any stored tensor looked at while its bytes are there. */
#ifndef ITGC_ENGINE_H
#define ITGC_ENGINE_H

#include "compiler/graph/graph.h"

#include <intaglio/intaglio.h>

typedef struct itgc_engine itgc_engine;

/* A tensor of the scheduled graph to look at: its codes after the last step that writes it. */
typedef struct itgc_tap {
    const itgc_tensor *tensor;
    itg_port port; /* type, scale, zero, shape of what follows */
    uint8_t *codes;
    itgc_value *value; /* the same as reals */
    int last_step;     /* that writes it; -1: a graph input */
} itgc_tap;

/* Allocates the model's arena. False with error 900 if itg_check refuses the plan. */
itgc_engine *itgc_new_engine(itgc_arena *arena, const itgc_graph *graph, const itg_model *model, const itg_exec *exec);

/* False if the tensor is not stored (fused away, or folded). */
bool itgc_make_tap(itgc_engine *engine, const itgc_tensor *tensor, itgc_tap *tap);

/* Runs one batch. inputs: reals as the graph inputs take them. Fills the taps. */
void itgc_run_engine(itgc_engine *engine, const itgc_value *const *inputs, itgc_tap *const *taps, int tap_count);

/* Where a stored tensor lies and how its codes stand for reals; *last_step: the one that completes it, -1 for a graph input. False as above. */
bool itgc_find_port(const itgc_engine *engine, const itgc_tensor *tensor, itg_port *port, int *last_step);

/* Single steps, and any tensor while its bytes are there. */
void itgc_write_inputs(itgc_engine *engine, const itgc_value *const *inputs);
void itgc_run_step(itgc_engine *engine, int step);
void itgc_write_codes(itgc_engine *engine, const itg_port *port, const float *reals, int64_t count);
void itgc_read_reals(const itgc_engine *engine, const itg_port *port, float *reals, int64_t count);

/* Codes of input `index` as the last run stored them; valid before the next run. */
const uint8_t *itgc_engine_input(const itgc_engine *engine, int index);

#endif
