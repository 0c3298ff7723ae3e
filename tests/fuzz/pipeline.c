/* SPDX-License-Identifier: Apache-2.0
 * One model through the compiler: import, float, lower, float again, calibrate on noise, quantize, schedule, run, each under limits that
 * keep an input well below a second. Called by the fuzzers. */
#include "tests/fuzz/pipeline.h"

#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

#include <intaglio/intaglio.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_MEMORY   ((size_t)192 << 20)
#define MOST_WORK     ((int64_t)1 << 24)
#define MOST_ELEMENTS ((int64_t)1 << 20)
#define MOST_INPUTS   4

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
    const itg_kernels *kernels;
    const itgc_value **inputs;
    fuzz_reached reached;
    uint32_t crc;
} run_state;

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

/* Values in [-1, 1], or small whole numbers; the same for the same place. */
static const itgc_value *make_input(itgc_arena *arena, const itgc_tensor *tensor, double nudge)
{
    itgc_value *const value = itgc_new_value(arena, tensor->type, &tensor->shape);
    const int64_t count = itgc_elements(&tensor->shape);
    uint32_t state = 12345;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        const double unit = (double)(state >> 8) / 8388608.0 - 1.0;
        if (value->f != NULL)
            value->f[i] = (float)(unit * (1.0 + nudge));
        else
            value->i[i] = itgc_wrap(tensor->type, (int64_t)(state >> 29));
    }
    return value;
}

static const itgc_value **make_inputs(itgc_arena *arena, const itgc_graph *graph, double nudge)
{
    const itgc_value **const inputs = ITGC_NEW_ARRAY(arena, const itgc_value *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++)
        inputs[i] = make_input(arena, graph->inputs[i], nudge);
    return inputs;
}

typedef struct float_watch {
    bool is_tame; /* nothing infinite, NaN or large was seen */
} float_watch;

static void watch_values(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    float_watch *const watch = argument;
    const int64_t count = value->f == NULL ? 0 : itgc_elements(&value->shape);
    (void)tensor;
    for (int64_t i = 0; i < count; i++)
        watch->is_tame = watch->is_tame && fabsf(value->f[i]) < 1e6f;
}

/* Copies of the outputs, since executors reuse their buffers. */
static const itgc_value **run_floats(run_state *state, const itgc_graph *graph, const itgc_value *const *inputs, float_watch *watch)
{
    itgc_diag *const diag = &state->c->diag;
    itgc_arena *const arena = state->c->arena;
    itgc_executor *const executor = itgc_new_executor(graph, 1);
    const bool done = itgc_run_float(executor, inputs, watch_values, watch);
    fuzz_check_diagnosis(diag, done);
    const itgc_value **const outputs = done ? ITGC_NEW_ARRAY(arena, const itgc_value *, graph->output_count + 1) : NULL;
    for (int i = 0; done && i < graph->output_count; i++) {
        const itgc_value *const value = itgc_value_of(executor, graph->outputs[i]);
        itgc_value *const copy = itgc_new_value(arena, value->type, &value->shape);
        const size_t count = (size_t)itgc_elements(&value->shape);
        if (value->f != NULL && count != 0)
            memcpy(copy->f, value->f, count * sizeof *copy->f);
        else if (count != 0)
            memcpy(copy->i, value->i, count * sizeof *copy->i);
        outputs[i] = copy;
    }
    itgc_release_executor(executor);
    return outputs;
}

/* Steps amplify what rounding differs by: their results say nothing about a pass. */
static bool has_steps(const itgc_graph *graph)
{
    static const char *const names[] = {"ArgMax",
                                        "ArgMin",
                                        "TopK",
                                        "Floor",
                                        "Ceil",
                                        "Round",
                                        "Sign",
                                        "Equal",
                                        "Less",
                                        "Greater",
                                        "Hardmax",
                                        "LessOrEqual",
                                        "GreaterOrEqual",
                                        "Cast",
                                        "IsInf",
                                        "IsNaN",
                                        "Mod",
                                        "NonZero",
                                        "Where",
                                        "OneHot",
                                        "QuantizeLinear",
                                        "CastLike",
                                        "Not",
                                        "GatherND",
                                        "And",
                                        "Or",
                                        "Xor",
                                        "QLinearConv",
                                        "QLinearMatMul",
                                        "MatMulInteger",
                                        "Shrink",
                                        "ThresholdedRelu",
                                        "DynamicQuantizeLinear",
                                        "ConvInteger",
                                        "Tan",
                                        "DequantizeLinear"};
    for (int i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcmp(graph->nodes[i]->type, names[k]) == 0)
                return true;
    return false;
}

/* nudged: the imported graph on inputs moved a little, which tells how much rounding may matter. */
static void compare_value(const char *name, const itgc_value *imported, const itgc_value *nudged, const itgc_value *lowered)
{
    const int64_t count = itgc_elements(&imported->shape);
    double largest = 0.0, slack = 0.0, difference = 0.0;
    if (!itgc_same_shape(&imported->shape, &lowered->shape))
        fuzz_fail("output \"%s\" has another shape after lowering", name);
    if (imported->f == NULL || lowered->f == NULL)
        return;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)imported->f[i]));
        slack = fmax(slack, fabs((double)imported->f[i] - (double)nudged->f[i]));
        const double off = fabs((double)imported->f[i] - (double)lowered->f[i]);
        difference = off <= difference ? difference : off; /* NaN counts */
    }
    if (!(largest < 1e6)) /* a constant output may hold anything */
        return;
    if (!(difference <= 1e-4 * largest + 50.0 * slack + 1e-5))
        fuzz_fail("output \"%s\": lowered differs by %g of %g (slack %g)", name, difference, largest, slack);
}

typedef struct float_results {
    const itgc_value **plain, **nudged;
    bool is_tame;
} float_results;

static bool run_imported(run_state *state, float_results *results)
{
    itgc_arena *const arena = state->c->arena;
    const itgc_graph *const graph = state->c->imported.graph;
    float_watch watch = {.is_tame = true};
    state->inputs = make_inputs(arena, graph, 0.0);
    results->plain = run_floats(state, graph, state->inputs, &watch);
    results->nudged = results->plain == NULL ? NULL : run_floats(state, graph, make_inputs(arena, graph, 1e-6), &watch);
    results->is_tame = watch.is_tame && !has_steps(graph);
    return results->nudged != NULL;
}

static bool lower_model(run_state *state, const float_results *before)
{
    itgc_compilation *const c = state->c;
    const itgc_lower_options options = {.threads = 1, .scale = 1.0};
    const bool done = itgc_lower(c, &options);
    fuzz_check_diagnosis(&c->diag, done);
    if (!done || !is_small(c->graph))
        return false;
    state->reached = FUZZ_LOWERED;
    if (!state->options->compare_floats)
        return true;
    float_watch watch = {.is_tame = true};
    const itgc_value **const after = run_floats(state, c->graph, state->inputs, &watch);
    for (int i = 0; after != NULL && before->is_tame && i < c->graph->output_count; i++)
        compare_value(c->graph->outputs[i]->name, before->plain[i], before->nudged[i], after[i]);
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

static bool measure_model(run_state *state)
{
    itgc_compilation *const c = state->c;
    if (state->options->ranges != NULL)
        return itgc_load_ranges(c->graph, state->options->ranges);
    itgc_samples **const sets = ITGC_NEW_ARRAY(c->arena, itgc_samples *, c->graph->input_count + 1);
    for (int i = 0; i < c->graph->input_count; i++) {
        const itgc_samples_spec spec = specify(state, i);
        sets[i] = itgc_open_noise(c->arena, &c->diag, &spec, (uint64_t)i + 1, 2);
        if (sets[i] == NULL)
            return false;
    }
    return itgc_measure(c, sets, NULL, NULL, 1, NULL);
}

static bool quantize_model(run_state *state)
{
    itgc_compilation *const c = state->c;
    const itgc_quantize_options quantize = {.mse_ranges = true, .mse_weights = true, .wide_pool = true, .wide_logits = true};
    const itgc_schedule_options schedule = {
        .align = ITG_ARENA_ALIGN, .packing = (itg_packing)state->kernels->packing, .workers = 1, .ram_budget = (uint64_t)64 << 20};
    const bool done = measure_model(state) && itgc_quantize(c, &quantize) && itgc_schedule(c, &schedule, state->kernels);
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
        itg_quantize(port, memory + port->offset, reals, count);
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
        write_input(&model->inputs[i], memory, state->inputs[i]);
    itg_run(model, memory);
    for (uint32_t i = 0; i < model->output_count; i++)
        crc = itg_crc32(crc, (const uint8_t *)memory + model->outputs[i].offset, model->outputs[i].bytes);
    free(memory);
    return crc;
}

static bool run_phases(void *argument)
{
    run_state *const state = argument;
    float_results floats = {0};
    if (!import_model(state) || !is_small(state->c->imported.graph) || !run_imported(state, &floats) || !lower_model(state, &floats) ||
        !quantize_model(state))
        return false;
    state->reached = FUZZ_RAN;
    state->crc = run_plan(state, 0x5a);
    if (state->options->compare_kernels && run_plan(state, 0xa5) != state->crc)
        fuzz_fail("the result depends on what the arena held before");
    return true;
}

static fuzz_reached run_once(run_state *state)
{
    state->c = itgc_new_compilation(MOST_MEMORY);
    if (state->c == NULL)
        return FUZZ_REFUSED;
    const bool done = itgc_protect(state->c, run_phases, state);
    if (!done && state->c->diag.code == 900)
        fuzz_fail("%s", state->c->diag.error);
    itgc_release_compilation(state->c);
    return state->reached;
}

fuzz_reached fuzz_model(const uint8_t *bytes, size_t count, const fuzz_options *options)
{
    run_state scalar = {.bytes = bytes, .count = count, .options = options, .kernels = itg_kernels_named("scalar")};
    const fuzz_reached reached = run_once(&scalar);
    const itg_kernels *const best = itg_kernels_best();
    if (reached != FUZZ_RAN || !options->compare_kernels || best == scalar.kernels)
        return reached;
    run_state fast = scalar;
    fast.kernels = best;
    fast.reached = FUZZ_REFUSED;
    if (run_once(&fast) != FUZZ_RAN)
        fuzz_fail("table %s does not run what the scalar one does", best->name);
    if (fast.crc != scalar.crc)
        fuzz_fail("table %s gives other bytes than the scalar one", best->name);
    return reached;
}
