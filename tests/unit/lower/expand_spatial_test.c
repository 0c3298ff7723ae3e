/* SPDX-License-Identifier: Apache-2.0
 * expand_spatial: shuffled channels, repeated axes, transposed convolutions and blended resizes from convolutions, products and copies. */
#include "tests/unit/lower/lowering.h"

static void expands_blocks(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 4, 6, 12));
    for (int mode = 0; mode < 3; mode++) {
        itgc_node *node = add_node(f, mode == 2 ? "SpaceToDepth" : "DepthToSpace", x, NULL, NULL);
        *(itgc_block_params *)node->params = (itgc_block_params){.size = 2, .column_first = mode == 1, .to_space = mode < 2, .channels_last = true};
        add_output(f, finish(f, node));
    }
    const itgc_graph *after = run_and_compare(f, "expand_spatial");
    assert_int_equal(count_nodes(after, "SpaceToDepth") + count_nodes(after, "DepthToSpace"), 0);
}

static void expands_tile(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    add_output(f, finish(f, add_node(f, "Tile", x, add_ints(f, DIMS(1, 3, 2)), NULL)));
    add_output(f, finish(f, add_node(f, "Tile", x, add_ints(f, DIMS(1, 1, 1)), NULL)));
    assert_int_equal(count_nodes(run_and_compare(f, "expand_spatial"), "Tile"), 0);
}

typedef struct transposed_case {
    int64_t kernel[2], stride[2], dilation[2], before[2], after[2], extra[2], group;
    bool biased, activated;
} transposed_case;

static const transposed_case transposed[] = {
    {{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {0, 0}, 1, true, true},   {{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, true, false},
    {{4, 3}, {2, 1}, {1, 1}, {1, 0}, {1, 2}, {0, 0}, 2, false, true},  {{3, 2}, {2, 3}, {2, 3}, {0, 2}, {3, 1}, {0, 2}, 1, true, false},
    {{1, 5}, {3, 2}, {1, 1}, {0, 2}, {0, 2}, {2, 1}, 6, false, false},
};

static void expands_transposed_convolutions(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 6, 5, 6));
    const size_t count = sizeof transposed / sizeof transposed[0];
    for (size_t i = 0; i < count; i++) {
        const transposed_case *c = &transposed[i];
        itgc_tensor *weights = add_weights(f, DIMS(6, 2, c->kernel[0], c->kernel[1]), -1, 1);
        itgc_node *node = add_node(f, "ConvTranspose", x, weights, c->biased ? add_weights(f, DIMS(2 * c->group), -1, 1) : NULL);
        itgc_convtranspose_params *params = node->params;
        params->conv.group = c->group;
        params->conv.window.rank = 2;
        for (int k = 0; k < 2; k++) {
            params->conv.window.kernel[k] = c->kernel[k];
            params->conv.window.stride[k] = c->stride[k];
            params->conv.window.dilation[k] = c->dilation[k];
            params->conv.window.before[k] = c->before[k];
            params->conv.window.after[k] = c->after[k];
            params->out_padding[k] = c->extra[k];
        }
        itgc_tensor *out = finish(f, node);
        add_output(f, c->activated ? add_relu(f, out) : out);
    }
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "ConvTranspose"), 0);
    assert_int_equal(count_nodes(after, "Conv"), (int)count);
    for (int i = 0; i < after->node_count; i++) {
        assert_true(strcmp(after->nodes[i]->type, "Relu") != 0 || after->nodes[i]->is_fused);
    }
}

static void expands_a_line(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 6, 9));
    itgc_node *node = add_node(f, "ConvTranspose", x, add_weights(f, DIMS(6, 4, 5), -1, 1), add_weights(f, DIMS(4), -1, 1));
    itgc_convtranspose_params *params = node->params;
    params->conv = (itgc_conv_params){.group = 1, .window = {.rank = 1, .kernel = {5}, .stride = {3}, .dilation = {1}, .before = {2}, .after = {1}}};
    params->out_padding[0] = 1;
    add_output(f, finish(f, node));
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "ConvTranspose"), 0);
    assert_int_equal(count_nodes(after, "Conv"), 1);
}

/* All but 9 of 601 x 601 weights would be zeros: a tiny file could ask for any memory. */
static void keeps_what_would_be_zeros(void **state)
{
    static const itgc_window far[] = {
        {.rank = 2, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {300, 300}, .before = {300, 300}, .after = {300, 300}},
        {.rank = 2, .kernel = {1, 1}, .stride = {300, 300}, .dilation = {1, 1}, .before = {150, 150}, .after = {150, 150}}};
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 2, 2, 2));
    for (size_t i = 0; i < 2; i++) {
        itgc_node *node = add_node(f, "ConvTranspose", x, add_weights(f, DIMS(2, 2, far[i].kernel[0], far[i].kernel[1]), -1, 1), NULL);
        ((itgc_convtranspose_params *)node->params)->conv = (itgc_conv_params){.group = 1, .window = far[i]};
        add_output(f, finish(f, node));
    }
    assert_int_equal(count_nodes(run_and_compare(f, NULL), "ConvTranspose"), 2);
}

static void expands_resizes(void **state)
{
    static const itgc_coordinates coordinates[] = {ITGC_HALF_PIXEL, ITGC_PYTORCH_HALF_PIXEL, ITGC_ALIGN_CORNERS, ITGC_ASYMMETRIC};
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 5, 4));
    for (int i = 0; i < 8; i++) {
        itgc_tensor *in[4] = {x, NULL, NULL, add_ints(f, i & 1 ? DIMS(2, 3, 9, 8) : DIMS(2, 3, 3, 7))};
        itgc_tensor *out = itgc_new_tensor(f->graph, itgc_sprint(f->arena, "resized%d", i), ITGC_F32, NULL);
        itgc_node *node = itgc_make_node(f->graph, "Resize", out->name, in, 4, &out, 1);
        itgc_resize_params *params = node->params;
        *params = (itgc_resize_params){.mode = i < 4 ? ITGC_RESIZE_LINEAR : ITGC_RESIZE_CUBIC, .cubic_a = -0.75f, .antialias = i == 2 || i == 6};
        params->coordinates = coordinates[i % 4];
        add_output(f, finish(f, node));
    }
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "Resize"), 0);
    assert_int_equal(count_nodes(after, "Gemm"), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expands_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_tile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_transposed_convolutions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_would_be_zeros, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_resizes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
