/* SPDX-License-Identifier: Apache-2.0
 * expand_picks: elements picked by constant positions come from one Gather. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_indices(fixture *f, itgc_shape shape, const int64_t *indices)
{
    itgc_value *value = itgc_new_value(f->arena, ITGC_I64, &shape);
    memcpy(value->i, indices, (size_t)itgc_elements(&shape) * sizeof(int64_t));
    return itgc_new_constant(f->graph, "indices", value);
}

static void expect_gather(fixture *f, itgc_tensor *out, const char *type, int64_t picks)
{
    add_output(f, out);
    const itgc_graph *after = run_and_compare(f, "expand_picks");
    assert_int_equal(count_nodes(after, type), 0);
    assert_int_equal(itgc_elements(&find_node(after, "Gather")->in[1]->shape), picks);
}

/* Whole rows: an index each. */
static void gathers_by_coordinates(void **state)
{
    static const int64_t indices[] = {0, 2, 1, -1, 1, 0};
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    expect_gather(f, finish(f, add_node(f, "GatherND", x, add_indices(f, DIMS(3, 2), indices), NULL)), "GatherND", 3);
}

static void gathers_elements(void **state)
{
    static const int64_t indices[] = {0, 2, 1, 1, -1, 0};
    fixture *f = *state;
    itgc_node *node = add_node(f, "GatherElements", add_input(f, "x", DIMS(2, 3)), add_indices(f, DIMS(2, 3), indices), NULL);
    ((itgc_axis_params *)node->params)->axis = 1;
    expect_gather(f, finish(f, node), "GatherElements", 6);
}

static itgc_tensor *add_condition(fixture *f)
{
    const itgc_shape shape = DIMS(3, 1);
    itgc_value *value = itgc_new_value(f->arena, ITGC_BOOL, &shape);
    value->i[1] = 1;
    return itgc_new_constant(f->graph, "condition", value);
}

static void picks_from_two(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4)), *y = add_input(f, "y", DIMS(3, 4));
    expect_gather(f, finish(f, add_node(f, "Where", add_condition(f), x, y)), "Where", 6);
}

/* A mask of minus infinity is none of it. */
static void picks_from_a_constant(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    add_output(f, finish(f, add_node(f, "Where", add_condition(f), x, add_number(f, -INFINITY))));
    expect_gather(f, finish(f, add_node(f, "Where", add_condition(f), add_number(f, 2.0f), x)), "", 24);
    assert_int_equal(count_nodes(run_and_compare(f, NULL), "Where"), 1);
}

static void scatters(void **state)
{
    static const int64_t rows[] = {2, 0};
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(3, 4)), *y = add_input(f, "y", DIMS(2, 4));
    itgc_node *node = add_node(f, "ScatterND", x, add_indices(f, DIMS(2, 1), rows), y);
    assert_true(itgc_parse_node(f->graph, node)); /* replaces, as without an attribute that says otherwise */
    expect_gather(f, finish(f, node), "ScatterND", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gathers_by_coordinates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gathers_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(picks_from_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(picks_from_a_constant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scatters, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
