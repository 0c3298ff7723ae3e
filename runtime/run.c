/* SPDX-License-Identifier: Apache-2.0
 * Walks the steps of a plan. In: a model, an optional itg_exec, the caller's arena. Out: the arena with every step's output.
 * A step's rows are cut into static tiles, so that what is computed never depends on how many workers there are. */
#include <intaglio/intaglio.h>

/* Tiles per worker and step: enough to even out workers that start late, few enough to cost nothing. */
enum { TILES_PER_WORKER = 4 };

typedef struct step_tiles {
    const itg_step *step;
    const itg_kernels *kernels;
    uint8_t *arena;
    uint32_t tiles;
} step_tiles;

static const itg_kernels *select_kernels(const itg_model *model, const itg_exec *exec)
{
    return exec && exec->kernels ? exec->kernels : model->kernels;
}

/* Tile `index` of `tiles`: row counts differ by at most one. */
static void run_tile(void *argument, uint32_t index, uint32_t worker)
{
    const step_tiles *job = argument;
    const uint32_t size = job->step->rows / job->tiles, larger = job->step->rows % job->tiles;
    const uint32_t begin = index * size + (index < larger ? index : larger);
    const itg_work work = {job->kernels, job->arena, begin, begin + size + (index < larger ? 1 : 0), worker};
    job->step->run(&work, job->step);
}

void itg_run_step(const itg_model *model, const itg_exec *exec, void *arena, uint32_t index)
{
    step_tiles job = {&model->steps[index], select_kernels(model, exec), arena, 1};
    if (!exec || !exec->parallel_for || exec->workers < 2 || job.step->rows < 2) {
        run_tile(&job, 0, 0);
        return;
    }
    const uint32_t most = exec->workers * TILES_PER_WORKER;
    job.tiles = job.step->rows < most ? job.step->rows : most;
    exec->parallel_for(exec->pool, job.tiles, run_tile, &job);
}

void itg_run(const itg_model *model, void *arena)
{
    for (uint32_t i = 0; i < model->step_count; i++)
        itg_run_step(model, NULL, arena, i);
}

itg_status itg_run_with(const itg_model *model, const itg_exec *exec, void *arena)
{
    const itg_status status = itg_check(model, exec, arena, SIZE_MAX);
    if (status != ITG_OK)
        return status;
    for (uint32_t i = 0; i < model->step_count; i++)
        itg_run_step(model, exec, arena, i);
    return ITG_OK;
}
