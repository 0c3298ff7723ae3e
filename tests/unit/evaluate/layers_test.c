/* SPDX-License-Identifier: Apache-2.0
 * Layers of a small graph against counts made here: what saturates, SQNR alone and so far; a continued evaluation against a whole one. */
#include "compiler/evaluate/layers.h"
#include "tests/support/quantizing.h"

#include "compiler/base/text.h"

#define SAMPLES 5

/* x → Tanh, whose range is said to be half of what it is → LeakyRelu. */
typedef struct fixture {
    bench b;
    itgc_evaluation given;
    itgc_image_options image;
    itgc_tensor *middle, *out;
    itg_exec exec;
    itgc_samples *sets[1];
} fixture;

static void make_fixture(fixture *f)
{
    start_bench(&f->b);
    itgc_tensor *x = add_input(&f->b, DIMS(1, 4, 4, 8), 1.0 / 32.0, 0);
    f->middle = add_unary(&f->b, "Tanh", (itgc_unary_params){.kind = ITGC_TANH}, x, NULL);
    f->out = add_unary(&f->b, "LeakyRelu", (itgc_unary_params){.kind = ITGC_LEAKY_RELU, .alpha = 0.25}, f->middle, NULL);
    add_output(&f->b, f->out);
    run_float(&f->b);
    f->middle->range = (itgc_range){.min = -0.5, .max = 0.5};
    quantize_graph(&f->b);
    const itg_model *model = itgc_build_plan(f->b.graph, &itg_kernels_scalar);
    assert_non_null(model);
    const itgc_samples_spec spec = {.input_name = "x", .type = ITGC_F32, .shape = x->shape, .image = &f->image};
    f->sets[0] = itgc_open_noise(f->b.arena, &f->b.diag, &spec, 7, SAMPLES);
    assert_non_null(f->sets[0]);
    f->exec = (itg_exec){.kernels = &itg_kernels_scalar, .workers = 1};
    f->given = (itgc_evaluation){
        .float_graph = f->b.graph, .graph = f->b.graph, .model = model, .exec = &f->exec, .float_sets = f->sets, .sets = f->sets, .threads = 1};
}

/* Values of the middle tensor beyond its codes, over all samples. */
static void count_cut(fixture *f, double *low, double *high)
{
    itgc_value **batch = itgc_new_batch(f->b.arena, f->b.graph);
    itgc_executor *executor = itgc_new_executor(f->b.graph, 1);
    itgc_keep_value(executor, f->middle);
    const itgc_format *format = &f->middle->format;
    const int64_t count = itgc_elements(&f->middle->shape);
    *low = *high = 0.0;
    for (int64_t s = 0; s < SAMPLES; s++) {
        assert_true(itgc_read_batch(f->sets, 1, &s, 1, batch));
        assert_true(itgc_run_float(executor, (const itgc_value *const *)batch, NULL, NULL));
        const float *values = itgc_value_of(executor, f->middle)->f;
        for (int64_t i = 0; i < count; i++) {
            *low += (double)values[i] < (-128.5 - format->zero) * format->scale;
            *high += (double)values[i] > (127.5 - format->zero) * format->scale;
        }
    }
    *low /= (double)(count * SAMPLES);
    *high /= (double)(count * SAMPLES);
    itgc_release_executor(executor);
}

static void saturation(void **state)
{
    (void)state;
    fixture f = {0};
    make_fixture(&f);
    itgc_layers layers;
    double low, high;
    assert_true(itgc_measure_layers(&f.given, 100, &layers));
    assert_int_equal(layers.samples, SAMPLES);
    assert_int_equal(layers.count, 2);
    const itgc_layer_report *middle = &layers.layer[0], *out = &layers.layer[1];
    count_cut(&f, &low, &high);
    assert_true(low > 0.05 && high > 0.05);
    assert_float_equal(middle->cut_low, low, 1e-12);
    assert_float_equal(middle->cut_high, high, 1e-12);
    assert_true(middle->at_low >= low && middle->at_high >= high);
    assert_true(middle->has_local && out->has_local);
    /* Inputs of the first layer are rounded to codes either way. */
    assert_float_equal(middle->local_db, middle->cumulative_db, 0.0);
    assert_true(middle->local_db < 15.0);
    assert_true(middle->used_codes > 20 && middle->entropy > 1.0 && middle->entropy < 8.0);
    itgc_text advice;
    itgc_init_text(&advice, f.b.arena);
    itgc_add_advice(&advice, &(itgc_scores){0}, &layers);
    assert_non_null(strstr(advice.bytes, "layer Tanh_0 (Tanh): "));
    assert_non_null(strstr(advice.bytes, "saturated"));
    end_bench(&f.b);
}

/* The last layer's codes so far are what the evaluation compares. */
static void agrees_with_scores(void **state)
{
    (void)state;
    fixture f = {0};
    make_fixture(&f);
    itgc_layers layers;
    itgc_scores scores;
    assert_true(itgc_evaluate(&f.given, &scores));
    assert_true(itgc_measure_layers(&f.given, 100, &layers));
    assert_int_equal(scores.samples, SAMPLES);
    assert_float_equal(layers.layer[1].cumulative_db, scores.output_sqnr_db[0], 1e-9);
    assert_int_equal(scores.worst_count, SAMPLES);
    assert_true(itgc_sqnr_db(&scores.worst[0]->logits) <= itgc_sqnr_db(&scores.worst[SAMPLES - 1]->logits));
    assert_true(itgc_measure_layers(&f.given, 2, &layers));
    assert_int_equal(layers.samples, 2);
    end_bench(&f.b);
}

static bool count_record(void *keeper, const itgc_record *record)
{
    (void)record;
    ++*(int *)keeper;
    return true;
}

static void continued(void **state)
{
    (void)state;
    fixture f = {0};
    make_fixture(&f);
    itgc_scores whole, rest;
    int kept = 0;
    assert_true(itgc_evaluate(&f.given, &whole));
    f.given.known = whole.records;
    f.given.known_count = 3;
    f.given.keep = count_record;
    f.given.keeper = &kept;
    assert_true(itgc_evaluate(&f.given, &rest));
    assert_int_equal(kept, SAMPLES - 3);
    assert_int_equal(rest.samples, SAMPLES);
    assert_float_equal(rest.logit_sqnr_db, whole.logit_sqnr_db, 0.0);
    assert_float_equal(rest.logit_cosine, whole.logit_cosine, 0.0);
    end_bench(&f.b);
}

/* Each tier of a cascade reads what the one before it computes; other steps multiply all that they read. */
static void int16_multiplications(void **state)
{
    (void)state;
    static const itgc_step_kind kind = {.op_name = "itg_op_matmul"};
    itgc_tensor bytes = {.format = {.type = ITG_S8}}, words = {.format = {.type = ITG_S16}}, view = {.alias_of = &words};
    itgc_step layer = {.kind = &kind, .in = {&bytes}, .out = &words, .macs = 7},
              wide_layer = {.kind = &kind, .in = {&words}, .out = &bytes, .macs = 3}, sum = {.kind = &kind, .in = {&words, &bytes}, .out = &bytes};
    itgc_step *layer_and_sum[] = {&layer, &sum}, *layers[] = {&layer, &wide_layer};
    const itgc_step narrow_cascade = {.kind = &kind, .tiers = layer_and_sum, .tier_count = 2, .in = {&bytes, &words}, .macs = 7},
                    wide_cascade = {.kind = &kind, .tiers = layers, .tier_count = 2, .in = {&bytes}, .macs = 10};
    const itgc_step product = {.kind = &kind, .in = {&bytes, &view}, .macs = 5}, narrow = {.kind = &kind, .in = {&bytes, &bytes}, .macs = 5};
    assert_int_equal(itgc_count_int16_macs(&narrow_cascade), 0);
    assert_int_equal(itgc_count_int16_macs(&wide_cascade), 3);
    assert_int_equal(itgc_count_int16_macs(&product), 5);
    assert_int_equal(itgc_count_int16_macs(&narrow), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(saturation), cmocka_unit_test(agrees_with_scores), cmocka_unit_test(continued),
                                       cmocka_unit_test(int16_multiplications)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
