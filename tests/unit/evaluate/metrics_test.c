/* SPDX-License-Identifier: Apache-2.0
 * Metrics on numbers worked out by hand, and the gate's conditions. */
#include "compiler/base/text.h"
#include "compiler/evaluate/evaluate.h"
#include "compiler/evaluate/metrics.h"

#include <string.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>

static void energies(void **state)
{
    (void)state;
    const float expected[2] = {3.0f, 4.0f}, actual[2] = {3.0f, 4.5f};
    itgc_energy energy = {0};
    itgc_add_energy(&energy, expected, actual, 2);
    assert_float_equal(itgc_sqnr_db(&energy), 20.0, 1e-9); /* 25 / 0.25 */
    assert_float_equal(itgc_cosine(&energy), 0.998460, 1e-5);
    itgc_energy equal = {0};
    itgc_add_energy(&equal, expected, expected, 2);
    assert_float_equal(itgc_sqnr_db(&equal), 200.0, 0.0);
}

static void divergence(void **state)
{
    (void)state;
    const float expected[2] = {0.0f, 0.0f}, actual[2] = {1.0986123f, 0.0f}; /* 1/2 1/2 against 3/4 1/4 */
    assert_float_equal(itgc_kl_of_logits(expected, actual, 2), 0.1438410, 1e-6);
    assert_float_equal(itgc_kl_of_logits(actual, actual, 2), 0.0, 1e-12);
    const float half[2] = {0.5f, 0.5f}, skewed[2] = {0.75f, 0.25f};
    assert_float_equal(itgc_kl_of_probabilities(half, skewed, 2), 0.1438410, 1e-6);
}

static void ranks(void **state)
{
    (void)state;
    const float values[4] = {1.0f, 5.0f, 5.0f, 0.0f};
    assert_int_equal(itgc_argmax(values, 4), 1);
    assert_int_equal(itgc_rank(values, 4, 1), 0);
    assert_int_equal(itgc_rank(values, 4, 2), 1);
    assert_int_equal(itgc_rank(values, 4, 3), 3);
    double many[200];
    for (int i = 0; i < 200; i++)
        many[i] = 199 - i;
    assert_float_equal(itgc_percentile99(many, 200), 197.0, 0.0);
}

/* Against all pairs, with many equal scores. */
static void area(void **state)
{
    (void)state;
    itgc_scored scored[60];
    uint32_t seed = 5;
    for (int i = 0; i < 60; i++) {
        seed = seed * 1664525u + 1013904223u;
        scored[i] = (itgc_scored){(double)(seed >> 28), (seed >> 20) % 3 == 0};
    }
    double above = 0.0, pairs = 0.0;
    for (int p = 0; p < 60; p++)
        for (int n = 0; n < 60; n++)
            if (scored[p].positive && !scored[n].positive) {
                above += scored[p].score > scored[n].score ? 1.0 : scored[p].score < scored[n].score ? 0.0 : 0.5;
                pairs += 1.0;
            }
    assert_true(pairs > 100.0);
    assert_float_equal(itgc_auc(scored, 60), (above / pairs), 1e-12);
    itgc_scored one_kind[2] = {{1.0, true}, {2.0, true}};
    assert_float_equal(itgc_auc(one_kind, 2), 0.5, 0.0);
    const float a[2] = {1.0f, 2.0f}, b[2] = {2.0f, 4.0f};
    assert_float_equal(itgc_mean_squared(a, b, 2), 2.5, 0.0);
}

static void gates(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    itgc_diag diag = {.arena = arena};
    itgc_text text;
    itgc_init_text(&text, arena);
    const itgc_scores scores = {
        .classifier = true, .labelled = 10, .samples = 10, .float_top1 = 90, .int8_top1 = 89.4, .agreement = 98, .kl_mean = 0.002};
    bool passed;
    assert_true(itgc_check_gate(&diag, "top1-drop<=1,agreement>=97,kl<=0.01", &scores, &passed, &text));
    assert_true(passed);
    assert_true(itgc_check_gate(&diag, "top1-drop<=0.5,agreement>=97", &scores, &passed, &text));
    assert_false(passed);
    assert_non_null(strstr(text.bytes, "top1-drop is 0.6, not <= 0.5"));
    assert_false(itgc_check_gate(&diag, "top2<=1", &scores, &passed, &text));
    assert_int_equal(diag.code, 708);
    diag = (itgc_diag){.arena = arena};
    assert_false(itgc_check_gate(&diag, "auc-drop<=0.01", &scores, &passed, &text)); /* not measured */
    assert_int_equal(diag.code, 709);
    diag = (itgc_diag){.arena = arena};
    assert_false(itgc_check_gate(&diag, "kl<=nan", &scores, &passed, &text));
    assert_int_equal(diag.code, 708);
    itgc_release_arena(arena);
}

/* What a model must reach follows from its kind; the drop's limit from how many samples there are. */
static void default_gates(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    itgc_scores scores = {.classifier = true, .classes = 1000, .samples = 100};
    assert_string_equal(itgc_default_gate(arena, &scores), "kl<=0.1,sqnr>=12");
    scores.classes = 3;
    assert_string_equal(itgc_default_gate(arena, &scores), "kl<=0.05,sqnr>=12");
    scores.labelled = 100;
    scores.paired = (itgc_paired){.only_first = 2, .only_second = 1};
    assert_string_equal(itgc_default_gate(arena, &scores), "top1-drop<=5.00,kl<=0.05,sqnr>=12");
    scores.classifier = false;
    assert_string_equal(itgc_default_gate(arena, &scores), "sqnr>=15");
    itgc_release_arena(arena);
}

static void metrics_by_name(void **state)
{
    (void)state;
    const itgc_scores scores = {.classifier = true, .labelled = 10, .float_top1 = 90, .int8_top1 = 80, .kl_mean = 0.5};
    itgc_metric metric;
    assert_true(itgc_find_metric("top1", &scores, &metric));
    assert_true(metric.known && metric.both);
    assert_float_equal((metric.float_value - metric.value), 10.0, 0.0);
    assert_true(itgc_find_metric("kl", &scores, &metric));
    assert_true(metric.known && !metric.both);
    assert_true(itgc_find_metric("auc", &scores, &metric));
    assert_false(metric.known);
    assert_false(itgc_find_metric("top3", &scores, &metric));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(energies),       cmocka_unit_test(divergence), cmocka_unit_test(ranks),
                                       cmocka_unit_test(area),           cmocka_unit_test(gates),      cmocka_unit_test(default_gates),
                                       cmocka_unit_test(metrics_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
