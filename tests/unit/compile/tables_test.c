/* SPDX-License-Identifier: Apache-2.0
 * Whole models with every kernel table of this machine, its packing and its storage, on one thread and on two: the CRC of every step's
 * logical values is that of the scalar table; a convolution inside its sum's step, as memory allows for one table, has none. The demo model of the
 * tree, and those of INTAGLIO_DATA where they are there. */
#include "compiler/compile.h"
#include "runtime/host/pool.h"

#include <intaglio/intaglio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { MOST_TENSORS = 512, THREADS = 2 };

/* By the id of the tensor that the step completes, which no table changes. */
typedef struct traced_steps {
    uint32_t crc[MOST_TENSORS], count;
    bool is_written[MOST_TENSORS];
} traced_steps;

/* A compilation up to the plan for one table, on ranges of noise. */
typedef struct table_run {
    itgc_compilation *c;
    const char *path;
    const itgc_input_shape *shape; /* NULL: as in the file */
    const itg_kernels *kernels;
} table_run;

static bool run_phases(void *argument)
{
    const table_run *const run = argument;
    itgc_compilation *const c = run->c;
    const itgc_import_options import = {.shapes = run->shape, .shape_count = run->shape ? 1 : 0, .threads = 1};
    const itgc_lower_options lower = {.threads = 1, .scale = 1.0};
    const itgc_quantize_options quantize = {.wide_pool = true, .wide_logits = true, .wide_terms = true};
    const itgc_schedule_options schedule = {
        .align = 64, .packings = {(itg_packing)run->kernels->packing}, .storage = run->kernels->storage, .workers = THREADS};
    if (!itgc_import(c, run->path, &import) || !itgc_lower(c, &lower))
        return false;
    const itgc_image_options image = {.scale = 1.0};
    const itgc_tensor *const input = c->graph->inputs[0];
    const itgc_samples_spec spec = {.input_name = input->name, .type = ITGC_F32, .shape = input->shape, .image = &image};
    itgc_samples *const set = itgc_open_noise(c->arena, &c->diag, &spec, 1, 2);
    return set != NULL && itgc_measure(c, &set, NULL, NULL, 1, NULL) && itgc_quantize(c, &quantize) && itgc_schedule(c, &schedule, run->kernels);
}

static void fill_inputs(const itg_model *model, uint8_t *arena)
{
    uint32_t seed = 7;
    for (uint32_t i = 0; i < model->input_count; i++) {
        for (uint32_t k = 0; k < model->inputs[i].bytes; k++) {
            seed = seed * 1664525u + 1013904223u;
            arena[model->inputs[i].offset + k] = (uint8_t)(seed >> 24);
        }
    }
}

static traced_steps trace_plan(const itgc_compilation *c, const itg_exec *exec)
{
    const itg_model *const model = c->model;
    traced_steps traced = {.count = model->step_count};
    uint8_t *arena = NULL;
    assert_true(c->graph->tensor_count <= MOST_TENSORS);
    assert_int_equal(posix_memalign((void **)&arena, 64, model->arena_bytes + 64u), 0);
    memset(arena, 0, model->arena_bytes);
    assert_int_equal(itg_check(model, exec, arena, model->arena_bytes), ITG_OK);
    fill_inputs(model, arena);
    for (uint32_t i = 0; i < model->step_count; i++) {
        const itgc_step *const step = c->graph->steps[i];
        const itg_selftest_view view = {model->steps[i].out - step->out_offset, (uint32_t)itgc_elements(&step->out->shape), step->out->format.type};
        itg_run_step(model, exec, arena, i);
        traced.crc[step->out->id] = itg_crc_view(&view, arena);
        traced.is_written[step->out->id] = !step->partial;
    }
    free(arena);
    return traced;
}

/* The first tensor in which the two differ, or -1. Both have the network's results, and nearly all between. */
static int find_difference(const traced_steps *a, const traced_steps *b)
{
    uint32_t compared = 0;
    for (int i = 0; i < MOST_TENSORS; i++) {
        if (a->is_written[i] && b->is_written[i] && a->crc[i] != b->crc[i])
            return i;
        compared += a->is_written[i] && b->is_written[i];
    }
    assert_true(compared > a->count / 2);
    return -1;
}

static traced_steps trace_table(const char *path, const itgc_input_shape *shape, const itg_kernels *kernels, uint32_t threads)
{
    const table_run run = {itgc_new_compilation(0), path, shape, kernels};
    assert_non_null(run.c);
    if (!itgc_protect(run.c, run_phases, &(table_run){run.c, path, shape, kernels}))
        fail_msg("%s for %s: %s", path, kernels->name, run.c->diag.error ? run.c->diag.error : "failed");
    itg_workers *const workers = threads > 1 ? itg_start_workers(threads) : NULL;
    const itg_exec exec = {.kernels = kernels, .parallel_for = workers ? itg_share_work : NULL, .pool = workers, .workers = threads};
    const traced_steps traced = trace_plan(run.c, &exec);
    itg_stop_workers(workers);
    itgc_release_compilation(run.c);
    return traced;
}

static void check_model(const char *path, const itgc_input_shape *shape)
{
    const itg_kernels *kernels = NULL;
    const traced_steps expected = trace_table(path, shape, &itg_kernels_scalar, 1);
    assert_true(expected.count > 0);
    for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        for (uint32_t threads = 1; threads <= THREADS; threads++) {
            const traced_steps found = trace_table(path, shape, kernels, threads);
            const int tensor = find_difference(&expected, &found);
            if (tensor >= 0)
                fail_msg("%s: tensor %d of table %s on %u threads differs from scalar", path, tensor, kernels->name, (unsigned)threads);
        }
    }
}

static void demo_equals_scalar(void **state)
{
    (void)state;
    const itgc_input_shape shape = {.name = "input", .shape = {.rank = 4, .dim = {1, 96, 96, 3}}};
    check_model("tests/models/demo/gesture19.onnx", &shape);
}

static void shared_models_equal_scalar(void **state)
{
    (void)state;
    static const char *const files[] = {"gesture_keypoints", "kws_dscnn", "ic_resnet8", "vww_mobilenet", "ad_autoencoder", "cifar_resnet20"};
    const char *const data = getenv("INTAGLIO_DATA");
    int found = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/models/%s.onnx", data ? data : "../shared/data", files[i]);
        if (access(path, R_OK) != 0)
            continue;
        check_model(path, NULL);
        found++;
    }
    if (found == 0) {
        print_message("skipped: no models in %s; set INTAGLIO_DATA\n", data ? data : "../shared/data");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(demo_equals_scalar), cmocka_unit_test(shared_models_equal_scalar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
