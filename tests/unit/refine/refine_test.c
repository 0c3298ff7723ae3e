/* SPDX-License-Identifier: Apache-2.0
 * What refine finds on a small net: less noise in the outputs, the same result for any number of threads, channels tied as they must be, and
 * nothing that breaks on dead channels, constant input, zero weights or one pixel. */
#include "tests/support/quantizing.h"

#include "compiler/refine/channels.h"
#include "compiler/refine/refine.h"

typedef struct net_case {
    int64_t pixels, channels, outputs;
    double weight; /* largest */
    bool dead;     /* half of the channels are never used */
} net_case;

static itgc_tensor *add_layer(bench *b, itgc_tensor *x, int64_t inputs, int64_t outputs, const net_case *c, bool relu)
{
    itgc_value *weights = itgc_new_value(b->arena, ITGC_F32, &(itgc_shape){.rank = 4, .dim = {outputs, inputs, 1, 1}});
    itgc_value *bias = itgc_new_value(b->arena, ITGC_F32, &(itgc_shape){.rank = 1, .dim = {outputs}});
    for (int64_t i = 0; i < outputs * inputs; i++) {
        const bool used = !c->dead || i / inputs % 2 == 0;
        /* Channels differ in size, as they do in trained nets. */
        weights->f[i] = used ? (float)(c->weight * ((double)(next_random(b) % 2001) / 1000.0 - 1.0) / (double)(1 + i / inputs % 7)) : 0.0f;
    }
    for (int64_t i = 0; i < outputs; i++) {
        bias->f[i] = (float)(c->weight * 0.1 * ((double)(next_random(b) % 2001) / 1000.0 - 1.0));
    }
    itgc_node *node = add_conv(b, x, itgc_new_constant(b->graph, "w", weights), itgc_new_constant(b->graph, "b", bias),
                               (conv_window){.stride = 1, .dilation = 1, .group = 1});
    return relu ? add_unary(b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, node->out[0], node) : node->out[0];
}

static void build_net(bench *b, const net_case *c)
{
    itgc_tensor *x = itgc_new_tensor(b->graph, "x", ITGC_F32, &(itgc_shape){.rank = 4, .dim = {1, c->pixels, c->pixels, 3}});
    b->graph->inputs[b->graph->input_count++] = x;
    itgc_tensor *first = add_layer(b, x, 3, c->channels, c, true);
    itgc_tensor *second = add_layer(b, first, c->channels, c->channels, c, true);
    add_output(b, add_layer(b, second, c->channels, c->outputs, c, false));
    b->options = (itgc_quantize_options){.mse_ranges = true, .wide_logits = true};
    itgc_fill_uses(b->graph);
    b->graph->level = ITGC_LOWERED;
}

static itgc_samples *open_noise(bench *b)
{
    static const itgc_image_options image = {.scale = 1.0};
    const itgc_shape *shape = &b->graph->inputs[0]->shape;
    const itgc_samples_spec spec = {.input_name = "x", .type = ITGC_F32, .shape = *shape, .onnx_shape = *shape, .image = &image};
    itgc_samples *set = itgc_open_noise(b->arena, &b->diag, &spec, 7, 128);
    assert_non_null(set);
    return set;
}

static itgc_tuning *refine_net(bench *b, itgc_samples *set, int threads)
{
    const itgc_refine_options options = {.quantize = &b->options, .kernels = &itg_kernels_scalar, .threads = threads};
    itgc_tuning *tuning;
    if (!itgc_measure_graph(b->graph, &set, NULL, NULL, 1, NULL) || !itgc_refine_graph(b->graph, &set, NULL, NULL, &options, &tuning)) {
        fail_msg("%s", b->diag.error);
    }
    return tuning;
}

/* Noise of the output of the quantized graph on other samples, as a share of its energy. */
static double noise_of(bench *b, itgc_samples *set, const itgc_tuning *tuning)
{
    itgc_graph *float_graph = itgc_clone_graph(b->arena, b->graph);
    b->options.tuning = tuning;
    quantize_graph(b);
    itgc_executor *executor = itgc_new_executor(float_graph, 1);
    itgc_engine *engine = itgc_new_engine(b->arena, b->graph, itgc_build_plan(b->graph, &itg_kernels_scalar), NULL);
    assert_non_null(engine);
    itgc_tap *tap = ITGC_NEW(b->arena, itgc_tap);
    assert_true(itgc_make_tap(engine, b->graph->outputs[0], tap));
    itgc_value **batch = itgc_new_batch(b->arena, float_graph);
    double noise = 0.0;
    double signal = 0.0;
    for (int64_t s = 0; s < 16; s++) {
        assert_true(itgc_read_batch(&set, 1, &s, 1, batch));
        assert_true(itgc_run_float(executor, (const itgc_value *const *)batch, NULL, NULL));
        itgc_run_engine(engine, (const itgc_value *const *)batch, &tap, 1);
        const float *expected = itgc_value_of(executor, float_graph->outputs[0])->f;
        for (int64_t i = 0; i < itgc_elements(&tap->value->shape); i++) {
            const double error = (double)tap->value->f[i] - (double)expected[i];
            noise += error * error;
            signal += (double)expected[i] * (double)expected[i];
        }
    }
    itgc_release_executor(executor);
    return signal > 0.0 ? noise / signal : noise;
}

static double refined_noise(const net_case *c, bool refine)
{
    bench b;
    start_bench(&b);
    build_net(&b, c);
    b.options.round_weights = b.options.correct = refine;
    b.options.equalize = refine;
    itgc_samples *set = open_noise(&b);
    const itgc_tuning *tuning = refine_net(&b, set, 1);
    assert_true((tuning != NULL) == refine);
    const double noise = noise_of(&b, set, tuning);
    end_bench(&b);
    return noise;
}

static void test_less_noise(void **state)
{
    (void)state;
    const net_case c = {.pixels = 4, .channels = 24, .outputs = 10, .weight = 0.5};
    const double before = refined_noise(&c, false);
    const double after = refined_noise(&c, true);
    assert_true(before > 0.0 && before < 1e-2);
    assert_true(after < 0.8 * before);
}

static void test_robust(void **state)
{
    (void)state;
    static const net_case cases[] = {{.pixels = 1, .channels = 16, .outputs = 4, .weight = 0.5},
                                     {.pixels = 3, .channels = 16, .outputs = 4, .weight = 0.5, .dead = true},
                                     {.pixels = 2, .channels = 1, .outputs = 1, .weight = 1e-9},
                                     {.pixels = 2, .channels = 8, .outputs = 2, .weight = 1e6},
                                     {.pixels = 2, .channels = 8, .outputs = 2, .weight = 0.0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(refined_noise(&cases[i], true) < 1e-2);
    }
    const net_case vanishing = {.pixels = 2, .channels = 8, .outputs = 2, .weight = 1e-44}; /* scales that no float holds */
    assert_true(isfinite(refined_noise(&vanishing, true)));
}

static void test_threads(void **state)
{
    (void)state;
    const net_case c = {.pixels = 8, .channels = 20, .outputs = 6, .weight = 0.5};
    bench b[2];
    itgc_tuning *tuning[2];
    int id = 0;
    for (int i = 0; i < 2; i++) {
        start_bench(&b[i]);
        build_net(&b[i], &c);
        b[i].options.round_weights = b[i].options.correct = b[i].options.widen = b[i].options.fit_ranges = true;
        tuning[i] = refine_net(&b[i], open_noise(&b[i]), i + 1);
        id = b[i].graph->nodes[0]->out[0]->id;
    }
    assert_int_equal(tuning[0]->tensor_count, tuning[1]->tensor_count);
    for (int t = 0; t < tuning[0]->tensor_count; t++) {
        assert_int_equal(tuning[0]->width[t], tuning[1]->width[t]);
        assert_memory_equal(&tuning[0]->low[t], &tuning[1]->low[t], sizeof(double));
        assert_memory_equal(&tuning[0]->high[t], &tuning[1]->high[t], sizeof(double));
    }
    assert_non_null(tuning[0]->layer[id]);
    assert_memory_equal(tuning[0]->layer[id]->codes, tuning[1]->layer[id]->codes, 60);
    end_bench(&b[0]);
    end_bench(&b[1]);
}

/* Share of the largest value of the first activation that its range has, where its largest channel is read by nobody; 0: none was chosen. */
static double chosen_share(int64_t pixels)
{
    bench b;
    start_bench(&b);
    const net_case c = {.pixels = pixels, .channels = 8, .outputs = 4, .weight = 0.5};
    build_net(&b, &c);
    for (int i = 0; i < 3; i++) {
        b.graph->nodes[0]->in[1]->constant->f[i] = 8.0f; /* of channel 0 */
    }
    for (int o = 0; o < 8; o++) {
        b.graph->nodes[2]->in[1]->constant->f[(int64_t)o * 8] = 0.0f;
    }
    b.options.fit_ranges = true;
    const itgc_tuning *tuning = refine_net(&b, open_noise(&b), 1);
    const itgc_tensor *first = b.graph->nodes[1]->out[0];
    const double share = itgc_has_range(tuning, first) ? tuning->high[first->id] / first->range.max : 0.0;
    end_bench(&b);
    return share;
}

/* Clipped is what the outputs do not need, unless too few values were seen. */
static void test_ranges(void **state)
{
    (void)state;
    const double share = chosen_share(12);
    assert_true(share > 0.0 && share < 0.6);
    assert_true(chosen_share(2) == 0.0);
}

static void test_no_scores(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const net_case c = {.pixels = 2, .channels = 4, .outputs = 3, .weight = 0.5};
    build_net(&b, &c);
    itgc_node *node = add_node(&b, "IsNaN", b.graph->outputs[0], NULL, NULL);
    b.graph->outputs[0] = finish_node(&b, node);
    b.graph->outputs[0]->is_output = true;
    itgc_fill_uses(b.graph);
    b.options.round_weights = b.options.correct = b.options.widen = b.options.fit_ranges = b.options.equalize = true;
    assert_null(refine_net(&b, open_noise(&b), 1));
    end_bench(&b);
}

static void test_no_nodes(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = itgc_new_tensor(b.graph, "x", ITGC_F32, &(itgc_shape){.rank = 2, .dim = {1, 4}});
    b.graph->inputs[b.graph->input_count++] = x;
    add_output(&b, x);
    b.graph->level = ITGC_LOWERED;
    b.options.round_weights = b.options.correct = b.options.widen = b.options.fit_ranges = b.options.equalize = true;
    (void)refine_net(&b, open_noise(&b), 1);
    assert_null(b.diag.error);
    end_bench(&b);
}

static void test_channels(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const net_case c = {.pixels = 2, .channels = 5, .outputs = 3, .weight = 0.5};
    build_net(&b, &c);
    itgc_channels channels;
    itgc_tie_channels(b.arena, b.graph, &channels);
    const itgc_tensor *before = b.graph->nodes[0]->out[0];
    const itgc_tensor *after = b.graph->nodes[1]->out[0];
    assert_true(channels.fixed[itgc_root_of(&channels, b.graph->inputs[0], 0)]);
    assert_true(channels.fixed[itgc_root_of(&channels, b.graph->outputs[0], 2)]);
    for (int64_t i = 0; i < 5; i++) {
        assert_int_equal(itgc_root_of(&channels, before, i), itgc_root_of(&channels, after, i));
        assert_false(channels.fixed[itgc_root_of(&channels, after, i)]);
    }
    assert_int_not_equal(itgc_root_of(&channels, after, 0), itgc_root_of(&channels, after, 1));
    end_bench(&b);
}

static void assert_tied(const itgc_channels *channels, const itgc_tensor *a, int64_t first, const itgc_tensor *b, int64_t count)
{
    for (int64_t c = 0; c < count; c++) {
        assert_int_equal(itgc_root_of(channels, a, first + c), itgc_root_of(channels, b, c));
    }
}

/* ReLU6, a mean and the product with a gate carry channels on; a function with a curve does not. */
static void test_ties(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = itgc_new_tensor(b.graph, "x", ITGC_F32, &(itgc_shape){.rank = 4, .dim = {1, 4, 4, 3}});
    b.graph->inputs[b.graph->input_count++] = x;
    const net_case c = {.pixels = 4, .channels = 6, .outputs = 6, .weight = 0.5};
    itgc_tensor *sums = add_layer(&b, x, 3, 6, &c, false);
    itgc_tensor *capped = add_unary(&b, "Clip", (itgc_unary_params){.kind = ITGC_CLIP, .alpha = 0.0, .beta = 6.0}, sums, NULL);
    itgc_node *mean = add_node(&b, "GlobalAveragePool", capped, NULL, NULL);
    *(itgc_pool_params *)mean->params = (itgc_pool_params){
        .kind = ITGC_POOL_AVERAGE, .global = true, .window = {.rank = 2, .channels_last = true, .stride = {1, 1}, .dilation = {1, 1}}};
    itgc_tensor *squeezed = add_layer(&b, finish_node(&b, mean), 6, 6, &c, false);
    itgc_tensor *gate = add_unary(&b, "Sigmoid", (itgc_unary_params){.kind = ITGC_SIGMOID}, squeezed, NULL);
    itgc_node *product = add_node(&b, "Mul", capped, gate, NULL);
    ((itgc_binary_params *)product->params)->kind = ITGC_MUL;
    itgc_tensor *scaled = finish_node(&b, product);
    add_output(&b, add_layer(&b, scaled, 6, 6, &c, false));
    itgc_fill_uses(b.graph);
    itgc_channels channels;
    itgc_tie_channels(b.arena, b.graph, &channels);
    assert_tied(&channels, sums, 0, capped, 6);
    assert_tied(&channels, capped, 0, scaled, 6);
    assert_tied(&channels, capped, 0, mean->out[0], 6);
    assert_false(channels.fixed[itgc_root_of(&channels, scaled, 0)]);
    assert_true(channels.fixed[itgc_root_of(&channels, gate, 0)]);
    assert_true(channels.fixed[itgc_root_of(&channels, squeezed, 0)]);
    end_bench(&b);
}

/* A cut takes its channels along, a pad puts them elsewhere and leaves the new ones free. */
static void test_moved_channels(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = itgc_new_tensor(b.graph, "x", ITGC_F32, &(itgc_shape){.rank = 4, .dim = {1, 4, 4, 3}});
    b.graph->inputs[b.graph->input_count++] = x;
    const net_case c = {.pixels = 4, .channels = 6, .outputs = 6, .weight = 0.5};
    itgc_tensor *first = add_layer(&b, x, 3, 6, &c, false);
    itgc_node *slice = add_node(&b, "Slice", first, NULL, NULL);
    *(itgc_slice_params *)slice->params =
        (itgc_slice_params){.from_attributes = true, .count = 1, .start = {2}, .end = {6}, .axis = {3}, .step = {1}};
    itgc_tensor *cut = finish_node(&b, slice);
    itgc_node *pad = add_node(&b, "Pad", cut, NULL, NULL);
    itgc_pad_params *amounts = pad->params;
    amounts->count = 8;
    amounts->before[3] = amounts->after[3] = 1;
    itgc_tensor *padded = finish_node(&b, pad);
    add_output(&b, add_layer(&b, padded, 6, 6, &c, false));
    itgc_fill_uses(b.graph);
    itgc_channels channels;
    itgc_tie_channels(b.arena, b.graph, &channels);
    assert_tied(&channels, first, 2, cut, 4);
    assert_tied(&channels, padded, 1, cut, 4);
    assert_false(channels.fixed[itgc_root_of(&channels, first, 2)]);
    assert_int_not_equal(itgc_root_of(&channels, padded, 0), itgc_root_of(&channels, padded, 1));
    end_bench(&b);
}

/* A residual block whose first sum reads what the stem computes, as the block's first layer does; tail: channels of a layer behind, which make
 * the stem a small or a large part of all multiplications. */
static void build_residual(bench *b, int64_t tail)
{
    itgc_tensor *x = itgc_new_tensor(b->graph, "x", ITGC_F32, &(itgc_shape){.rank = 4, .dim = {1, 6, 6, 3}});
    b->graph->inputs[b->graph->input_count++] = x;
    const net_case c = {.weight = 0.5};
    itgc_tensor *stem = add_layer(b, x, 3, 16, &c, true);
    itgc_tensor *inner = add_layer(b, add_layer(b, stem, 16, 16, &c, true), 16, 16, &c, false);
    itgc_node *sum = add_node(b, "Add", inner, stem, NULL);
    ((itgc_binary_params *)sum->params)->kind = ITGC_ADD;
    ((itgc_binary_params *)sum->params)->legacy_axis = -1;
    itgc_tensor *sums = add_unary(b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, finish_node(b, sum), sum);
    add_output(b, add_layer(b, add_layer(b, sums, 16, tail, &c, true), tail, 4, &c, false));
    b->options = (itgc_quantize_options){.mse_ranges = true, .wide_logits = true, .wide_terms = true, .repeat = true, .widen = true};
    itgc_fill_uses(b->graph);
    b->graph->level = ITGC_LOWERED;
}

/* The sum reads a convolution of its own, right before it, as exact as the float one; in the plan that is a part of the sum's step. */
static void test_repeated_layer(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    build_residual(&b, 96);
    itgc_samples *set = open_noise(&b);
    itgc_value *value = itgc_new_value(b.arena, ITGC_F32, &b.graph->inputs[0]->shape);
    for (int64_t i = 0; i < itgc_elements(&value->shape); i++) {
        value->f[i] = (float)(next_random(&b) % 256) / 256.0f;
    }
    b.inputs[0] = value;
    const itgc_value *before = run_float(&b);
    const int nodes = b.graph->node_count;
    const itgc_tuning *tuning = refine_net(&b, set, 1);
    assert_int_equal(b.graph->node_count, nodes + 2);
    const itgc_value *after = run_float(&b);
    for (int64_t i = 0; i < itgc_elements(&before->shape); i++) {
        assert_float_equal(before->f[i], after->f[i], 1e-5);
    }
    b.options.tuning = tuning;
    const itgc_value *integers = run_integers(&b);
    for (int64_t i = 0; i < itgc_elements(&before->shape); i++) {
        assert_float_equal(before->f[i], integers->f[i], 0.05);
    }
    int found = 0;
    for (int i = 0; i < b.graph->step_count; i++) {
        const itgc_step *step = b.graph->steps[i];
        for (int l = 1; l < itgc_tier_count(step); l++) {
            const bool is_sum = step->tiers[l]->kind->tier == itg_tier_add;
            found += is_sum;
            assert_true(!is_sum || step->tiers[l - 1]->in[0] == b.graph->inputs[0]); /* the stem again, not the layer that was inside before */
            assert_true(!is_sum || step->tiers[l - 1]->out->format.type == ITG_S16);
        }
    }
    assert_int_equal(found, 1);
    end_bench(&b);
}

/* Where the stem is more than 3 % of all multiplications it is computed once, and without finer terms there is nothing to gain. */
static void test_costly_repetition(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bench b;
        start_bench(&b);
        build_residual(&b, i == 0 ? 8 : 96);
        b.options.wide_terms = i == 0;
        const int nodes = b.graph->node_count;
        (void)refine_net(&b, open_noise(&b), 1);
        assert_int_equal(b.graph->node_count, nodes);
        end_bench(&b);
    }
}

/* A border of the input's own values fixes the input; what the layer computes is free. */
static void test_bordered_layer(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const net_case c = {.pixels = 4, .channels = 5, .outputs = 3, .weight = 0.5};
    build_net(&b, &c);
    ((itgc_conv_params *)b.graph->nodes[2]->params)->pad_values = (const float[]){0.1f, 0.2f, 0.3f, 0.4f, 0.5f};
    itgc_channels channels;
    itgc_tie_channels(b.arena, b.graph, &channels);
    assert_true(channels.fixed[itgc_root_of(&channels, b.graph->nodes[2]->in[0], 0)]);
    assert_false(channels.fixed[itgc_root_of(&channels, b.graph->nodes[2]->out[0], 0)]);
    end_bench(&b);
}

/* int16 outputs free the table of the last layer: its sums are not what the float result behind the activation says, and compared with that
 * they once spoiled what all other layers gain. */
static void test_freed_activation(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = itgc_new_tensor(b.graph, "x", ITGC_F32, &(itgc_shape){.rank = 4, .dim = {1, 4, 4, 3}});
    b.graph->inputs[b.graph->input_count++] = x;
    const net_case c = {.pixels = 4, .channels = 16, .outputs = 8, .weight = 0.5};
    itgc_tensor *hidden = add_layer(&b, add_layer(&b, x, 3, 16, &c, true), 16, 16, &c, true);
    const int id = b.graph->nodes[2]->out[0]->id;
    itgc_tensor *sums = add_layer(&b, hidden, 16, 8, &c, false);
    const int last = sums->producer->out[0]->id;
    add_output(&b, add_unary(&b, "Sigmoid", (itgc_unary_params){.kind = ITGC_SIGMOID}, sums, sums->producer));
    b.options = (itgc_quantize_options){.mse_ranges = true, .wide_logits = true, .correct = true};
    itgc_fill_uses(b.graph);
    b.graph->level = ITGC_LOWERED;
    const itgc_tuning *tuning = refine_net(&b, open_noise(&b), 1);
    assert_non_null(tuning->layer[id]);
    assert_non_null(tuning->layer[id]->gain);
    assert_null(tuning->layer[last]);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties),          cmocka_unit_test(test_moved_channels), cmocka_unit_test(test_freed_activation),
        cmocka_unit_test(test_less_noise),    cmocka_unit_test(test_robust),         cmocka_unit_test(test_threads),
        cmocka_unit_test(test_ranges),        cmocka_unit_test(test_no_scores),      cmocka_unit_test(test_no_nodes),
        cmocka_unit_test(test_channels),      cmocka_unit_test(test_repeated_layer), cmocka_unit_test(test_costly_repetition),
        cmocka_unit_test(test_bordered_layer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
