/* SPDX-License-Identifier: Apache-2.0
 * itg_choose_model: the last model whose table runs, the first where none does, which itg_check then refuses. */
#include <intaglio/intaglio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool runs(void)
{
    return true;
}

static bool runs_not(void)
{
    return false;
}

static const itg_kernels anywhere = {.name = "anywhere"}, here = {.name = "here", .is_supported = runs},
                         elsewhere = {.name = "elsewhere", .is_supported = runs_not};
static const itg_port port = {.name = "port"};

static itg_model make_model(const itg_kernels *kernels)
{
    return (itg_model){.name = "empty", .version = ITG_PLAN_VERSION, .kernels = kernels, .inputs = &port, .outputs = &port};
}

static void takes_the_last_that_runs(void **state)
{
    (void)state;
    const itg_model first = make_model(&anywhere), second = make_model(&here), third = make_model(&elsewhere);
    const itg_model *const models[] = {&first, &second, &third};
    assert_ptr_equal(itg_choose_model(models, 1), &first);
    assert_ptr_equal(itg_choose_model(models, 2), &second);
    assert_ptr_equal(itg_choose_model(models, 3), &second);
}

static void falls_back_to_the_first(void **state)
{
    (void)state;
    const itg_model first = make_model(&elsewhere), second = make_model(&elsewhere);
    const itg_model *const models[] = {&first, &second};
    uint8_t arena[16];
    assert_ptr_equal(itg_choose_model(models, 2), &first);
    assert_int_equal(itg_check(itg_choose_model(models, 2), NULL, arena, sizeof arena), ITG_BAD_CPU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_the_last_that_runs), cmocka_unit_test(falls_back_to_the_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
