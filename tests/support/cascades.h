/* SPDX-License-Identifier: Apache-2.0
 * Plans in which schedule made one step of several, against those that keep every step: equal codes with every table of this machine, on several
 * threads, and with one schedule for all packings, and an arena that is no larger. The graph is a bench's (quantizing.h), run in float before. */
#ifndef ITG_TESTS_CASCADES_H
#define ITG_TESTS_CASCADES_H

#include "tests/support/quantizing.h"

#include "runtime/host/pool.h"

#include <intaglio/intaglio.h>

enum { MOST_WORKERS = 3 };

/* Pools of 2 and more threads, by their number. */
typedef struct pools {
    itg_workers *of[MOST_WORKERS + 1];
} pools;

static inline pools start_crew(void)
{
    return (pools){{NULL, NULL, itg_start_workers(2), itg_start_workers(3)}};
}

static inline void stop_crew(const pools *crew)
{
    for (uint32_t count = 2; count <= MOST_WORKERS; count++) {
        itg_stop_workers(crew->of[count]);
    }
}

static inline itgc_tensor *add_sum(bench *b, itgc_tensor *x, itgc_tensor *y)
{
    itgc_node *node = add_node(b, "Add", x, y, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = ITGC_ADD, .legacy_axis = -1};
    return finish_node(b, node);
}

/* The first output's codes for this plan. */
static inline const uint8_t *run_plan(bench *b, const itg_model *model, const itg_exec *exec)
{
    uint8_t *memory = itgc_alloc(b->arena, model->arena_bytes);
    for (uint32_t i = 0; i < model->input_count; i++) {
        const itg_port *port = &model->inputs[i];
        itg_quantize(port, memory + port->offset, b->inputs[i]->f, itg_port_elements(port));
    }
    assert_int_equal(itg_run_with(model, exec, memory), ITG_OK);
    return memory + model->outputs[0].offset;
}

static inline itgc_graph *schedule_case(bench *b, const itgc_schedule_options *options)
{
    itgc_graph *graph = itgc_clone_graph(b->arena, b->graph);
    if (!itgc_quantize_graph(graph, &b->options) || !itgc_schedule_graph(graph, options)) {
        fail_msg("%s", b->diag.error);
    }
    return graph;
}

static inline const itg_model *plan_for(bench *b, const itg_kernels *kernels, bool keep_results, uint32_t workers)
{
    const itgc_schedule_options options = {
        .align = 64, .packings = {(itg_packing)kernels->packing}, .storage = kernels->storage, .keep_results = keep_results, .workers = workers};
    return itgc_build_plan(schedule_case(b, &options), kernels);
}

static inline int count_steps(const itg_model *model, itg_op *run)
{
    int count = 0;
    for (uint32_t i = 0; i < model->step_count; i++) {
        count += model->steps[i].run == run;
    }
    return count;
}

/* Tiers of cascades that this function runs. */
static inline int count_tiers(const itg_model *model, itg_tier_run *run)
{
    int count = 0;
    for (uint32_t i = 0; i < model->step_count; i++) {
        const itg_cascade *cascade = model->steps[i].run == itg_op_cascade ? model->steps[i].params : NULL;
        for (int l = 0; cascade && l < cascade->count; l++) {
            count += cascade->tiers[l].run == run;
        }
    }
    return count;
}

static inline void compare_tables(bench *b, const pools *crew)
{
    const itg_model *plain = plan_for(b, &itg_kernels_scalar, true, 1);
    const uint8_t *expected = run_plan(b, plain, NULL);
    const itg_kernels *kernels = NULL;
    for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        assert_memory_equal(run_plan(b, plan_for(b, kernels, false, 1), NULL), expected, plain->outputs[0].bytes);
        const itg_model *shared = plan_for(b, kernels, false, MOST_WORKERS);
        for (uint32_t count = 2; count <= MOST_WORKERS; count++) {
            const itg_exec threads = {.kernels = kernels, .parallel_for = itg_share_work, .pool = crew->of[count], .workers = count};
            assert_memory_equal(run_plan(b, shared, &threads), expected, plain->outputs[0].bytes);
        }
    }
}

/* What a program that learns its processor when it runs has: one schedule for all packings, of which each table takes its own. */
static inline void compare_packings(bench *b)
{
    const uint8_t *expected = run_plan(b, plan_for(b, &itg_kernels_scalar, true, 1), NULL);
    itgc_schedule_options options = {.align = 64, .workers = 1};
    const itg_kernels *kernels = NULL;
    for (uint32_t k = 0, count = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        if (kernels->packing != ITG_PACK_ROWS && (count == 0 || options.packings[count - 1] != (itg_packing)kernels->packing)) {
            options.packings[count++] = (itg_packing)kernels->packing;
            options.storage = kernels->storage;
        }
    }
    itgc_graph *graph = schedule_case(b, &options);
    for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        const itg_model *model = itgc_build_plan(graph, kernels);
        assert_memory_equal(run_plan(b, model, NULL), expected, model->outputs[0].bytes);
    }
}

/* A band for each worker, and an input that lives until the reader, may take more than the whole result did. */
static inline void compare_arenas(bench *b)
{
    const itg_kernels *kernels = NULL;
    for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        for (uint32_t workers = 1; workers <= 16; workers *= 4) {
            assert_true(plan_for(b, kernels, false, workers)->arena_bytes <= plan_for(b, kernels, true, workers)->arena_bytes);
        }
    }
}

#endif
