/* SPDX-License-Identifier: Apache-2.0
 * Walks the steps of a plan. In: a model, an optional itg_exec, the caller's arena. Out: the arena with every step's output.
 * A step's rows and blocks of channels are cut into static tiles, so that what is computed never depends on how many workers there are. */
#include <intaglio/intaglio.h>

enum {
    TILES_PER_WORKER = 4, /* enough to even out workers that start late, few enough to cost nothing */
    BLOCKS_PER_TILE = 4,  /* of 16 channels: what kernels keep in registers at a time */
    ROWS_PER_UNIT = 4     /* of a transformed convolution's tile (kernels/winograd.h): a cut inside computes it twice */
};

typedef struct step_tiles {
    const itg_step *step;
    const itg_kernels *kernels;
    uint8_t *arena;
    uint32_t row_tiles, block_tiles; /* a grid; neighbours in index share rows */
    uint32_t row_unit;               /* rows are cut at multiples of it */
    uint32_t workers;
    bool is_refused; /* a task came with a worker that has no scratch memory */
} step_tiles;

static const itg_kernels *select_kernels(const itg_model *model, const itg_exec *exec)
{
    return exec && exec->kernels ? exec->kernels : model->kernels;
}

/* Where part `index` of `parts` begins: sizes differ by at most one. */
static uint32_t cut_evenly(uint32_t count, uint32_t parts, uint32_t index)
{
    const uint32_t size = count / parts, larger = count % parts;
    return index * size + (index < larger ? index : larger);
}

/* Where row tile `index` begins. */
static uint32_t cut_rows(const step_tiles *job, uint32_t index)
{
    const uint32_t rows = job->step->rows, row = cut_evenly((rows + job->row_unit - 1) / job->row_unit, job->row_tiles, index) * job->row_unit;
    return row < rows ? row : rows;
}

static void run_tile(void *argument, uint32_t index, uint32_t worker)
{
    step_tiles *job = argument;
    if (worker >= job->workers) {
        job->is_refused = true;
        return;
    }
    const uint32_t row = index / job->block_tiles, block = index % job->block_tiles;
    const itg_work work = {.kernels = job->kernels,
                           .arena = job->arena,
                           .row_begin = cut_rows(job, row),
                           .row_end = cut_rows(job, row + 1),
                           .worker = worker,
                           .block_begin = cut_evenly(job->step->blocks, job->block_tiles, block),
                           .block_end = cut_evenly(job->step->blocks, job->block_tiles, block + 1)};
    job->step->run(&work, job->step);
}

/* Many channels and few rows for each tile: each worker takes its own channels, and so reads, or transforms, only its own weights. Else rows. */
static void cut_step(step_tiles *job)
{
    const uint32_t workers = job->workers, most = workers * TILES_PER_WORKER, rows = job->step->rows;
    if (rows < 2 * most * ROWS_PER_UNIT && job->step->blocks >= workers * BLOCKS_PER_TILE) {
        job->block_tiles = workers;
        return;
    }
    const uint32_t units = (rows + ROWS_PER_UNIT - 1) / ROWS_PER_UNIT;
    job->row_unit = units >= 2 * workers ? ROWS_PER_UNIT : 1;
    job->row_tiles = job->row_unit == 1 ? rows : units;
    if (job->row_tiles > most)
        job->row_tiles = most;
}

itg_status itg_run_step(const itg_model *model, const itg_exec *exec, void *arena, uint32_t index)
{
    step_tiles job = {&model->steps[index], select_kernels(model, exec), arena, 1, 1, 1, 1, false};
    if (exec && exec->parallel_for && exec->workers > 1) {
        job.workers = exec->workers;
        cut_step(&job);
    }
    const uint32_t tiles = job.row_tiles * job.block_tiles;
    if (tiles <= 1)
        run_tile(&job, 0, 0);
    else if (!exec->parallel_for(exec->pool, tiles, run_tile, &job) || job.is_refused)
        return ITG_BAD_HOOK;
    return ITG_OK;
}

void itg_run(const itg_model *model, void *arena)
{
    for (uint32_t i = 0; i < model->step_count; i++)
        (void)itg_run_step(model, NULL, arena, i);
}

itg_status itg_run_with(const itg_model *model, const itg_exec *exec, void *arena)
{
    itg_status status = itg_check(model, exec, arena, SIZE_MAX);
    if (status != ITG_OK)
        return status;
    for (uint32_t i = 0; i < model->step_count && status == ITG_OK; i++)
        status = itg_run_step(model, exec, arena, i);
    return status;
}
