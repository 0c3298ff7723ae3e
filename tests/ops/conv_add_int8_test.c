/* SPDX-License-Identifier: Apache-2.0
 * Convolutions inside the steps of the sums that read them: what is fused, that one rounding less is left, that the sum may take its other
 * term's place, and equal codes as in two steps with every table, on one thread and on several. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"
#include "runtime/host/pool.h"

#include <intaglio/intaglio.h>

typedef struct residual_case {
    int64_t height, width, channels, kernel;
    bool reads_term; /* the convolution reads what is added to it */
    bool has_other;  /* its result is read by somebody else as well */
    bool relu;
} residual_case;

static const residual_case cases[] = {
    {9, 7, 24, 3, false, false, true},   {5, 33, 16, 1, false, false, false}, {12, 12, 32, 3, true, false, true},
    {14, 14, 48, 3, false, false, true}, {2, 1, 40, 1, false, false, false},  {7, 7, 16, 3, false, true, false},
};

static itgc_node *add_layer(bench *b, int64_t kernel, itgc_tensor *x, int64_t channels)
{
    itgc_tensor *weights = add_exact_weights(b, DIMS(channels, channels, kernel, kernel), -9, 1);
    return add_conv(b, x, weights, add_reals(b, DIMS(channels), -1.0, 1.0), (conv_window){.stride = 1, .pad = kernel / 2, .dilation = 1, .group = 1});
}

static itgc_node *add_sum(bench *b, itgc_tensor *x, itgc_tensor *y)
{
    itgc_node *node = add_node(b, "Add", x, y, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = ITGC_ADD, .legacy_axis = -1};
    finish_node(b, node);
    return node;
}

/* x, two images → t = x + x → sum = conv(x or t) + t. */
static void build_case(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_input(b, DIMS(2, c->height, c->width, c->channels), ldexp(1.0, -6), 3);
    itgc_tensor *term = add_sum(b, x, x)->out[0];
    itgc_node *conv = add_layer(b, c->kernel, c->reads_term ? term : x, c->channels);
    itgc_node *sum = add_sum(b, conv->out[0], term);
    add_output(b, c->relu ? add_unary(b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, sum->out[0], sum) : sum->out[0]);
    if (c->has_other) {
        add_output(b, conv->out[0]);
    }
    b->options = (itgc_quantize_options){.wide_terms = true};
}

/* The first output's codes for this plan; the input is in place. */
static const uint8_t *run_plan(bench *b, const itg_model *model, const itg_exec *exec)
{
    uint8_t *memory = itgc_alloc(b->arena, model->arena_bytes + 64u);
    const itg_port *port = &model->inputs[0];
    float *reals = b->inputs[0]->f;
    itg_quantize(port, memory + port->offset, reals, itg_port_elements(port));
    assert_int_equal(itg_run_with(model, exec, memory), ITG_OK);
    return memory + model->outputs[0].offset;
}

static const itg_model *plan_for(bench *b, const itg_kernels *kernels, bool keep_results, uint32_t workers)
{
    itgc_graph *graph = itgc_clone_graph(b->arena, b->graph);
    const itgc_schedule_options schedule = {
        .align = 64, .packings = {(itg_packing)kernels->packing}, .storage = kernels->storage, .keep_results = keep_results, .workers = workers};
    if (!itgc_quantize_graph(graph, &b->options) || !itgc_schedule_graph(graph, &schedule)) {
        fail_msg("%s", b->diag.error);
    }
    return itgc_build_plan(graph, kernels);
}

static void equals_two_steps(void **state)
{
    (void)state;
    enum { WORKERS = 3 };
    itg_workers *workers = itg_start_workers(WORKERS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        build_case(&b, &cases[i]);
        (void)run_float(&b);
        const itg_model *plain = plan_for(&b, &itg_kernels_scalar, true, 1);
        const uint8_t *expected = run_plan(&b, plain, NULL);
        const itg_kernels *kernels = NULL;
        for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
            const itg_model *model = plan_for(&b, kernels, false, WORKERS);
            assert_int_equal(model->step_count, plain->step_count - (cases[i].has_other ? 0 : 1));
            const itg_exec threads = {.kernels = kernels, .parallel_for = itg_share_work, .pool = workers, .workers = WORKERS};
            assert_memory_equal(run_plan(&b, model, NULL), expected, plain->outputs[0].bytes);
            assert_memory_equal(run_plan(&b, model, &threads), expected, plain->outputs[0].bytes);
        }
        end_bench(&b);
    }
    itg_stop_workers(workers);
}

/* The sum of exact reals, rounded once: half a step, the finer codes' half and the constant's. */
static void rounds_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        build_case(&b, &cases[i]);
        const double difference = compare_runs(&b);
        if (!cases[i].has_other && difference > 1.1) { /* the term has half a step of its own, at twice the result's scale at most */
            fail_msg("case %zu differs by %.3f steps", i, difference);
        }
        end_bench(&b);
    }
}

static void overwrites_its_term(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        build_case(&b, &cases[i]);
        (void)run_float(&b);
        quantize_graph(&b);
        const itgc_step *last = b.graph->steps[b.graph->step_count - 1];
        if (!cases[i].has_other) {
            assert_true(last->kind->run == itg_op_conv_add);
            assert_true((last->out->place.offset == last->in[1]->place.offset) == !cases[i].reads_term);
        }
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_two_steps), cmocka_unit_test(rounds_once), cmocka_unit_test(overwrites_its_term)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
