/* SPDX-License-Identifier: Apache-2.0
 * normalize_shape: Reshape for all its kin, Slices for Split, one global mean, Softmax over one axis. */
#include "tests/unit/lower/lowering.h"

static void splits_into_slices(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 6, 2));
    itgc_tensor *out[2] = {itgc_new_tensor(f->graph, "first", ITGC_F32, NULL), itgc_new_tensor(f->graph, "second", ITGC_F32, NULL)};
    itgc_tensor *in[2] = {x, add_ints(f, DIMS(4, 2))};
    itgc_node *split = itgc_make_node(f->graph, "Split", "split", in, 2, out, 2);
    ((itgc_axis_params *)split->params)->axis = -2;
    finish(f, split);
    add_output(f, add_relu(f, out[0]));
    add_output(f, out[1]);
    const itgc_graph *after = run_and_compare(f, "normalize_shape");
    assert_int_equal(count_nodes(after, "Slice"), 2);
    assert_int_equal(count_nodes(after, "Split"), 0);
}

static void reshapes(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 1, 1));
    itgc_node *flatten = add_node(f, "Flatten", x, NULL, NULL);
    ((itgc_axis_params *)flatten->params)->axis = 1;
    itgc_tensor *y = add_relu(f, finish(f, flatten));
    y = finish(f, add_node(f, "Unsqueeze", y, add_ints(f, DIMS(0)), NULL));
    add_output(f, y);
    const itgc_graph *after = run_and_compare(f, "normalize_shape");
    assert_int_equal(count_nodes(after, "Reshape"), 2);
    assert_int_equal(after->node_count, 3);
}

/* Channels-last strides leave such a Gather behind global means. */
static void drops_counting_gather(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(4));
    itgc_value *index = itgc_new_value(f->arena, ITGC_I64, &(itgc_shape){4, {1, 4, 1, 1}});
    for (int i = 0; i < 4; i++) {
        index->i[i] = i;
    }
    add_output(f, finish(f, add_node(f, "Gather", x, itgc_new_constant(f->graph, "index", index), NULL)));
    const itgc_graph *after = run_and_compare(f, "normalize_shape");
    assert_int_equal(count_nodes(after, "Gather"), 0);
    assert_int_equal(count_nodes(after, "Reshape"), 1);
}

static void finds_global_means(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 5, 5));
    itgc_node *mean = add_node(f, "ReduceMean", x, add_ints(f, DIMS(-1, -2)), NULL);
    ((itgc_reduce_params *)mean->params)->kind = ITGC_REDUCE_MEAN;
    add_output(f, finish(f, mean));
    add_output(f, add_pool(f, ITGC_POOL_AVERAGE, x, 5, 5, 0));
    const itgc_graph *after = run_and_compare(f, "normalize_shape");
    assert_int_equal(count_nodes(after, "GlobalAveragePool"), 2);
    assert_int_equal(count_nodes(after, "ReduceMean") + count_nodes(after, "AveragePool"), 0);
}

static void resolves_old_softmax(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    itgc_node *softmax = add_node(f, "Softmax", x, NULL, NULL);
    *(itgc_axis_params *)softmax->params = (itgc_axis_params){.axis = 1, .coerce = true};
    add_output(f, finish(f, softmax));
    const itgc_graph *after = run_and_compare(f, "normalize_shape");
    assert_int_equal(count_nodes(after, "Reshape"), 2);
    const itgc_axis_params *params = find_node(after, "Softmax")->params;
    assert_false(params->coerce);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(splits_into_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reshapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drops_counting_gather, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_global_means, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resolves_old_softmax, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
