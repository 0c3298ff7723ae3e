/* SPDX-License-Identifier: Apache-2.0
 * split_linear: a projection that is read in parts becomes one for each part. */
#include "tests/unit/lower/lowering.h"

#include "compiler/lower/edit.h"

static const itgc_graph *split(fixture *f, itgc_shape shape, int64_t axis, const int64_t *ends, int count)
{
    itgc_tensor *x = add_gemm(f, add_relu(f, add_input(f, "x", DIMS(10, 8))), 24);
    itgc_tensor *result = shape.rank == 0 ? x : add_reshape(f, x, shape);
    int64_t start = 0;
    for (int i = 0; i < count; i++) {
        add_output(f, add_relu(f, itgc_insert_slice(f->graph, "part", result, axis, start, ends[i])));
        start = ends[i];
    }
    return run_and_compare(f, "split_linear");
}

static void splits_queries_keys_values(void **state)
{
    const itgc_graph *after = split(*state, DIMS(2, 5, 3, 2, 4), 2, (const int64_t[]){1, 2, 3}, 3);
    assert_int_equal(count_nodes(after, "Gemm"), 3);
    assert_int_equal(count_nodes(after, "Slice"), 0);
}

/* Parts within each head: their columns do not lie side by side. */
static void splits_within_heads(void **state)
{
    const itgc_graph *after = split(*state, DIMS(2, 5, 2, 12), 3, (const int64_t[]){3, 6, 12}, 3);
    assert_int_equal(count_nodes(after, "Gemm"), 3);
    assert_int_equal(count_nodes(after, "Slice"), 0);
}

static void splits_plain_rows(void **state)
{
    assert_int_equal(count_nodes(split(*state, (itgc_shape){0}, 1, (const int64_t[]){6, 24}, 2), "Gemm"), 2);
}

/* Parts of positions are no parts of the weights. */
static void keeps_parts_of_positions(void **state)
{
    const itgc_graph *after = split(*state, DIMS(2, 5, 24), 1, (const int64_t[]){1, 5}, 2);
    assert_int_equal(count_nodes(after, "Gemm"), 1);
    assert_int_equal(count_nodes(after, "Slice"), 2);
}

static void keeps_result_that_is_read_whole(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_gemm(f, add_relu(f, add_input(f, "x", DIMS(10, 8))), 24);
    add_output(f, add_relu(f, itgc_insert_slice(f->graph, "part", x, 1, 0, 12)));
    add_output(f, add_relu(f, x));
    assert_int_equal(count_nodes(run_and_compare(f, "split_linear"), "Gemm"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(splits_queries_keys_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splits_within_heads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splits_plain_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_parts_of_positions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_result_that_is_read_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
