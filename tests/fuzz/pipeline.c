/* SPDX-License-Identifier: Apache-2.0
 * One model through the compiler: import, float, lower, float again, calibrate on noise, quantize, schedule, run, each under limits that
 * keep an input well below a second. Called by the fuzzers. */
#include "tests/fuzz/pipeline.h"

#include "compiler/base/text.h"
#include "compiler/measure/observe.h"
#include "compiler/ops/op.h"

#include <intaglio/intaglio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_MEMORY    ((size_t)192 << 20)
#define MOST_WORK      ((int64_t)1 << 22)
#define MOST_ELEMENTS  ((int64_t)1 << 18)
#define MOST_ARENA     ((uint64_t)1 << 24)
#define TOO_LITTLE_RAM 501
#define NUDGE          1e-6 /* some units in the last place */

void fuzz_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("fuzz: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    abort();
}

static void check_text(const char *text)
{
    for (const char *c = text; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c < 32 || *c == 127 || ((unsigned char)c[0] == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xa0))
            fuzz_fail("a message holds a control character");
}

void fuzz_check_diagnosis(const itgc_diag *diag, bool done)
{
    if (done && diag->error != NULL)
        fuzz_fail("success with an error: %s", diag->error);
    if (!done && diag->error == NULL)
        fuzz_fail("failure without an error");
    if (diag->code == 900)
        fuzz_fail("%s", diag->error);
    check_text(diag->error);
    for (int i = 0; i < diag->warning_count; i++)
        check_text(diag->warnings[i]);
}

typedef struct run_state {
    const uint8_t *bytes;
    size_t count;
    const fuzz_options *options;
    itgc_compilation *c;
    itgc_graph *measured; /* kept as it is, for more than one plan */
    itgc_samples **sets;
    const itgc_value **inputs;
    fuzz_reached reached;
} run_state;

/* One of the options that bits of the input choose. */
static bool is_chosen(const run_state *state, int bit)
{
    return (state->options->choices >> bit & 1) != 0;
}

static int choose_of(const run_state *state, int bit, int bits)
{
    return (int)(state->options->choices >> bit & ((1u << bits) - 1));
}

static bool import_model(run_state *state)
{
    itgc_compilation *const c = state->c;
    const itgc_import_options options = {.threads = 1, .survey = state->options->survey, .most_work = MOST_WORK};
    const bool done = itgc_import_bytes(c->arena, &c->diag, "fuzz.onnx", state->bytes, state->count, &options, &c->imported);
    fuzz_check_diagnosis(&c->diag, done);
    if (!done || state->options->survey)
        return false;
    state->reached = FUZZ_IMPORTED;
    c->graph = itgc_clone_graph(c->arena, c->imported.graph);
    return true;
}

static bool is_small(const itgc_graph *graph)
{
    int64_t work = 0, elements = 0;
    for (int i = 0; i < graph->node_count && work <= MOST_WORK; i++)
        work += itgc_work_of(graph->nodes[i]);
    for (int i = 0; i < graph->tensor_count && elements <= MOST_ELEMENTS; i++)
        if (graph->tensors[i]->constant == NULL && graph->tensors[i]->shape.rank >= 0)
            elements += itgc_elements(&graph->tensors[i]->shape);
    return work <= MOST_WORK && elements <= MOST_ELEMENTS && graph->node_count <= 2000;
}

typedef struct float_results {
    const itgc_value **plain, **nudged;
    bool is_tame;
} float_results;

static bool run_imported(run_state *state, float_results *results)
{
    itgc_compilation *const c = state->c;
    const itgc_graph *const graph = c->imported.graph;
    bool is_tame = true;
    state->inputs = fuzz_make_inputs(c->arena, graph);
    results->plain = fuzz_run_floats(c, graph, state->inputs, 0.0, &is_tame);
    results->nudged = results->plain == NULL ? NULL : fuzz_run_floats(c, graph, fuzz_make_inputs(c->arena, graph), NUDGE, &is_tame);
    results->is_tame = is_tame && !fuzz_has_steps(graph);
    return results->nudged != NULL;
}

/* In one of eight, preprocessing or another layout; the inputs are not the imported graph's then. */
static itgc_lower_options choose_lowering(const run_state *state)
{
    itgc_lower_options options = {.threads = 1, .scale = 1.0};
    if (choose_of(state, 0, 3) != 7)
        return options;
    if (is_chosen(state, 3)) {
        options.input_channels_last = is_chosen(state, 4);
        options.input_channels_first = !is_chosen(state, 4);
        return options;
    }
    options.scale = 1.0 / 255.0;
    options.bgr = is_chosen(state, 4);
    options.mean_count = 1;
    for (int i = 0; i < 4; i++) {
        options.mean[i] = 0.4;
        options.std[i] = 0.25;
    }
    return options;
}

static bool lower_model(run_state *state, const float_results *before)
{
    itgc_compilation *const c = state->c;
    const itgc_lower_options options = choose_lowering(state);
    const bool is_same_input = !options.input_channels_last && !options.input_channels_first && options.mean_count == 0;
    const bool done = itgc_lower(c, &options);
    fuzz_check_diagnosis(&c->diag, done);
    if (!done || !is_small(c->graph))
        return false;
    state->reached = FUZZ_LOWERED;
    if (!is_same_input)
        state->inputs = fuzz_make_inputs(c->arena, c->graph);
    if (!state->options->compare_floats || !is_same_input)
        return true;
    bool is_tame = true;
    const itgc_value **const after = fuzz_run_floats(c, c->graph, state->inputs, 0.0, &is_tame);
    for (int i = 0; after != NULL && before->is_tame && i < c->graph->output_count; i++)
        fuzz_compare_floats(c->graph->outputs[i]->name, before->plain[i], before->nudged[i], after[i]);
    return after != NULL;
}

static itgc_samples_spec specify(const run_state *state, int index)
{
    itgc_compilation *const c = state->c;
    itgc_image_options *const image = ITGC_NEW(c->arena, itgc_image_options);
    const itgc_tensor *const input = c->graph->inputs[index];
    image->scale = 1.0;
    image->pixels = index == 0 && c->graph->input_is_pixels;
    return (itgc_samples_spec){
        .input_name = input->name, .type = input->type, .shape = input->shape, .onnx_shape = c->imported.graph->inputs[index]->shape, .image = image};
}

static itgc_quantize_options choose_steps(const run_state *state)
{
    static const itg_type inputs[] = {0, 0, ITG_U8, ITG_S8}, outputs[] = {0, 0, 0, 0, ITG_U8, ITG_S16, ITG_U16, ITG_S32};
    const bool refines = choose_of(state, 5, 3) == 7;
    return (itgc_quantize_options){.mse_ranges = !is_chosen(state, 8),
                                   .mse_weights = !is_chosen(state, 9),
                                   .wide_pool = !is_chosen(state, 10),
                                   .wide_logits = !is_chosen(state, 11),
                                   .wide_gates = is_chosen(state, 12),
                                   .wide_terms = is_chosen(state, 23),
                                   .repeat = refines && is_chosen(state, 23),
                                   .equalize = refines && is_chosen(state, 13),
                                   .round_weights = refines && is_chosen(state, 14),
                                   .correct = refines && is_chosen(state, 15),
                                   .fit_ranges = refines && is_chosen(state, 16),
                                   .widen = refines && is_chosen(state, 17),
                                   .input_type = inputs[choose_of(state, 18, 2)],
                                   .output_type = outputs[choose_of(state, 20, 3)]};
}

/* As a file of ranges may have it, with numbers that no float run gives: such a run stops where a result is infinite. */
static void prescribe_ranges(itgc_graph *graph)
{
    itgc_histogram *const histogram = ITGC_NEW(graph->arena, itgc_histogram);
    (void)itgc_observe(histogram, (const float[]){-1.0f, 0.25f, 1.0f}, 3);
    for (int i = 0; i < graph->tensor_count; i++)
        if (graph->tensors[i]->constant == NULL && itgc_is_float(graph->tensors[i]->type))
            graph->tensors[i]->range = (itgc_range){.min = histogram->min, .max = histogram->max, .histogram = histogram};
    graph->level = ITGC_MEASURED;
}

static bool measure_model(run_state *state)
{
    itgc_compilation *const c = state->c;
    if (choose_of(state, 28, 3) == 7) {
        prescribe_ranges(c->graph);
        return true;
    }
    if (state->options->ranges != NULL) {
        if (!itgc_load_ranges(c->graph, state->options->ranges))
            return false;
        c->graph->level = ITGC_MEASURED;
        return true;
    }
    state->sets = ITGC_NEW_ARRAY(c->arena, itgc_samples *, c->graph->input_count + 1);
    for (int i = 0; i < c->graph->input_count; i++) {
        const itgc_samples_spec spec = specify(state, i);
        state->sets[i] = itgc_open_noise(c->arena, &c->diag, &spec, (uint64_t)i + 1, choose_of(state, 5, 3) == 7 ? 16 : 2);
        if (state->sets[i] == NULL)
            return false;
    }
    return itgc_measure(c, state->sets, NULL, NULL, 1, NULL);
}

static bool refine_model(run_state *state, const itgc_quantize_options *quantize)
{
    const itgc_refine_options options = {.quantize = quantize, .kernels = itg_kernels_named("scalar"), .threads = 1};
    if (state->sets == NULL || choose_of(state, 5, 3) != 7 || state->c->graph->is_prescribed)
        return true;
    return itgc_refine(state->c, state->sets, NULL, NULL, &options);
}

static bool prepare_model(run_state *state)
{
    const itgc_quantize_options quantize = choose_steps(state);
    float_results floats = {0};
    if (!import_model(state) || !is_small(state->c->imported.graph) || !run_imported(state, &floats) || !lower_model(state, &floats))
        return false;
    const bool done = measure_model(state) && refine_model(state, &quantize);
    fuzz_check_diagnosis(&state->c->diag, done);
    state->measured = state->c->graph;
    return done;
}

static bool plan_model(run_state *state, const itg_kernels *kernels, itg_type storage)
{
    itgc_compilation *const c = state->c;
    const itgc_quantize_options quantize = choose_steps(state);
    const itgc_schedule_options schedule = {
        .align = ITG_ARENA_ALIGN, .packings = {(itg_packing)kernels->packing}, .storage = storage, .workers = 1, .ram_budget = MOST_ARENA};
    c->graph = itgc_clone_graph(c->arena, state->measured);
    const bool done = itgc_quantize(c, &quantize) && itgc_schedule(c, &schedule, kernels);
    fuzz_check_diagnosis(&c->diag, done);
    if (done)
        state->reached = FUZZ_QUANTIZED;
    return done;
}

static void write_input(const itg_port *port, uint8_t *memory, const itgc_value *value)
{
    const uint32_t count = itg_port_elements(port);
    float *const reals = calloc(count + 1u, sizeof *reals);
    for (uint32_t i = 0; reals != NULL && i < count; i++)
        reals[i] = value->f != NULL ? value->f[i] : (float)value->i[i];
    if (reals != NULL)
        itg_quantize(port, memory, reals, count);
    free(reals);
}

/* In memory of exactly the size the plan asks for, full of `filler` before. */
static uint32_t run_plan(const run_state *state, int filler)
{
    const itg_model *const model = state->c->model;
    void *memory = NULL;
    uint32_t crc = 0;
    if (posix_memalign(&memory, ITG_ARENA_ALIGN, model->arena_bytes == 0 ? 1 : model->arena_bytes) != 0)
        return 0;
    memset(memory, filler, model->arena_bytes);
    const itg_status status = itg_check(model, NULL, memory, model->arena_bytes);
    if (status != ITG_OK)
        fuzz_fail("itg_check: %s", itg_status_text(status));
    for (uint32_t i = 0; i < model->input_count; i++)
        write_input(&model->inputs[i], (uint8_t *)memory + model->inputs[i].offset, state->inputs[i]);
    itg_run(model, memory);
    for (uint32_t i = 0; i < model->output_count; i++)
        crc = itg_crc32(crc, (const uint8_t *)memory + model->outputs[i].offset, model->outputs[i].bytes);
    free(memory);
    return crc;
}

static void emit_model(const run_state *state)
{
    static const char *const kinds[] = {"h", "c", "weights", "test"};
    itgc_compilation *const c = state->c;
    const void **const inputs = ITGC_NEW_ARRAY(c->arena, const void *, c->model->input_count + 1);
    const itgc_emit_options options = {.name = "fuzzed",
                                       .target = "generic",
                                       .model_file = "fuzz.onnx",
                                       .model_sha256 = "0",
                                       .options = "--fuzz",
                                       .weights_asm = is_chosen(state, 24),
                                       .test_inputs = inputs};
    for (uint32_t i = 0; i < c->model->input_count; i++) {
        uint8_t *const bytes = ITGC_NEW_ARRAY(c->arena, uint8_t, c->model->inputs[i].bytes + 1);
        write_input(&c->model->inputs[i], bytes, state->inputs[i]);
        inputs[i] = bytes;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        itgc_text text;
        itgc_init_text(&text, c->arena);
        const bool done = itgc_emit_text(&text, c->graph, c->model, &options, kinds[i]);
        fuzz_check_diagnosis(&c->diag, done);
    }
}

/* Another table and another storage must give the same bytes. */
static void compare_tables(run_state *state, uint32_t crc)
{
    const itg_kernels *const best = itg_kernels_best(), *const other = itg_kernels_named("avx2");
    const itg_kernels *const kernels = is_chosen(state, 25) && other != NULL ? other : best;
    const bool is_scalar = kernels == itg_kernels_named("scalar");
    if (!plan_model(state, kernels, is_chosen(state, 26) ? ITG_U8 : ITG_S8)) {
        if (state->c->diag.code == TOO_LITTLE_RAM) /* other kernels stage more */
            return;
        fuzz_fail("table %s does not run what the scalar one does: %s", kernels->name, state->c->diag.error);
    }
    if (run_plan(state, 0xa5) != crc)
        fuzz_fail(is_scalar ? "the result depends on what the arena held before" : "table %s gives other bytes than the scalar one", kernels->name);
}

static bool run_phases(void *argument)
{
    run_state *const state = argument;
    if (!prepare_model(state) || !plan_model(state, itg_kernels_named("scalar"), ITG_S8))
        return false;
    state->reached = FUZZ_RAN;
    const uint32_t crc = run_plan(state, 0x5a);
    if (state->options->compare_kernels && run_plan(state, 0xa5) != crc)
        fuzz_fail("the result depends on what the arena held before");
    if (is_chosen(state, 27))
        emit_model(state);
    if (state->options->compare_kernels)
        compare_tables(state, crc);
    return true;
}

fuzz_reached fuzz_model(const uint8_t *bytes, size_t count, const fuzz_options *options)
{
    run_state state = {.bytes = bytes, .count = count, .options = options, .c = itgc_new_compilation(MOST_MEMORY)};
    if (state.c == NULL)
        return FUZZ_REFUSED;
    const bool done = itgc_protect(state.c, run_phases, &state);
    if (!done && state.c->diag.code == 900)
        fuzz_fail("%s", state.c->diag.error);
    itgc_release_compilation(state.c);
    return state.reached;
}
