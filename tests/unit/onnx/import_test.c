/* SPDX-License-Identifier: Apache-2.0
 * What the importer makes of files: constants folded, functions and branches written out, names, shapes, what exporters write beside.
 * Bad files are in malformed_test.c. */
#include "compiler/onnx/import.h"
#include "tests/unit/onnx/importing.h"

static void shape_arithmetic_becomes_constant(void **state)
{
    importing *const f = *state;
    const int64_t minus_one = -1;
    add_input(&f->writer, "x", ONNX_FLOAT, "batch,4,6");
    add_output(&f->writer, "y");
    add_ints(&f->writer, "rest", "1", &minus_one, 1);
    add_node(&f->writer, "Shape", "shape", "x", "s");
    begin_node(&f->writer, "Slice", "first", "s|zero|one", "n");
    end_node(&f->writer);
    const int64_t zero = 0, one = 1;
    add_ints(&f->writer, "zero", "1", &zero, 1);
    add_ints(&f->writer, "one", "1", &one, 1);
    begin_node(&f->writer, "Concat", "target", "n|rest", "t");
    set_int(&f->writer, "axis", 0);
    end_node(&f->writer);
    add_node(&f->writer, "Reshape", "flat", "x|t", "y");
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(graph->node_count, 1);
    assert_string_equal(graph->nodes[0]->type, "Reshape");
    assert_string_equal(shape_of(f, graph->outputs[0]), "[1,24]");
    assert_int_equal(f->diag.warning_count, 1); /* the batch */
    assert_non_null(strstr(f->diag.warnings[0], "dimension 0 (\"batch\") is taken as 1; use for example --input-shape x=8,4,6"));
}

static void given_shapes_fill_symbols(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "n,3,h,w");
    add_input(&f->writer, "z", ONNX_FLOAT, "n,3,h,w");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Add", "sum", "x|z", "y");
    give_shape(f, "x", (itgc_shape){4, {2, 3, 5, 7}});
    const itgc_graph *const graph = import_good(f);
    assert_string_equal(shape_of(f, graph->inputs[1]), "[2,3,5,7]");
    assert_string_equal(shape_of(f, graph->outputs[0]), "[2,3,5,7]");
    assert_int_equal(f->diag.warning_count, 0);
}

static void initializers_may_be_inputs_too(void **state)
{
    importing *const f = *state;
    const float bias[3] = {1, 2, 3};
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_input(&f->writer, "b", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    add_floats(&f->writer, "b", "3", bias, 3);
    add_node(&f->writer, "Add", "", "x|b", "y");
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(graph->input_count, 1);
    assert_string_equal(graph->nodes[0]->name, "Add:y");
    assert_true(graph->nodes[0]->in[1]->constant->f[2] == 3.0f);
}

static void node_names_need_not_be_unique(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Relu", "same", "x", "a");
    add_node(&f->writer, "Abs", "same", "a", "y");
    add_node(&f->writer, "Abs", "dead", "a", "unread");
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(graph->node_count, 2);
    assert_string_equal(graph->nodes[1]->name, "same");
    assert_int_equal(graph->nodes[0]->out[0]->use_count, 1);
}

static void unsorted_files_are_sorted(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Abs", "last", "b", "y");
    add_node(&f->writer, "Relu", "middle", "a", "b");
    add_node(&f->writer, "Identity", "first", "x", "a");
    const itgc_graph *const graph = import_good(f);
    assert_string_equal(graph->nodes[0]->name, "first");
    assert_string_equal(graph->nodes[2]->name, "last");
}

static void types_are_converted(void **state)
{
    importing *const f = *state;
    const uint16_t halves[4] = {0x3c00, 0xc000, 0x0001, 0x7bff};
    const double doubles[4] = {0.5, -1e30, 3, 1e-320};
    add_input(&f->writer, "x", ONNX_FLOAT, "4");
    add_output(&f->writer, "y");
    add_output(&f->writer, "z");
    add_initializer(&f->writer, "h", ONNX_HALF, "4", halves, sizeof halves);
    add_initializer(&f->writer, "d", ONNX_DOUBLE, "4", doubles, sizeof doubles);
    add_node(&f->writer, "Identity", "", "h", "y");
    add_node(&f->writer, "Identity", "", "d", "z");
    const itgc_graph *const graph = import_good(f);
    const float *const y = graph->outputs[0]->constant->f, *const z = graph->outputs[1]->constant->f;
    assert_true(y[0] == 1.0f && y[1] == -2.0f && y[2] == 0x1p-24f && y[3] == 65504.0f);
    assert_true(z[0] == 0.5f && z[1] == -1e30f && z[2] == 3.0f && z[3] == 0.0f);
}

static void typed_fields_are_read(void **state)
{
    importing *const f = *state;
    itgc_text tensor = write_tensor(f->arena, "b", ONNX_INT32, "3", NULL, 0);
    put_int(&tensor, 5, -7); /* not packed, as proto2 allows */
    put_int(&tensor, 5, 8);
    put_int(&tensor, 5, 9);
    put_bytes(&f->writer.graph, 5, tensor.bytes, tensor.count);
    add_output(&f->writer, "y");
    add_node(&f->writer, "Identity", "", "b", "y");
    const itgc_value *const value = import_good(f)->outputs[0]->constant;
    assert_int_equal(value->type, ITGC_I32);
    assert_int_equal(value->i[0], -7);
    assert_int_equal(value->i[2], 9);
}

static void external_data_lies_beside_the_model(void **state)
{
    importing *const f = *state;
    const float weights[4] = {9, 1, 2, 3};
    write_file(f, "w.data", weights, sizeof weights);
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    add_external(&f->writer, "w", "3", "w.data", "4", "12");
    add_node(&f->writer, "Mul", "", "x|w", "y");
    const itgc_graph *const graph = import_good(f);
    assert_true(graph->nodes[0]->in[1]->constant->f[0] == 1.0f);
    assert_true(graph->nodes[0]->in[1]->constant->f[2] == 3.0f);
}

static void descriptions_are_read(void **state)
{
    importing *const f = *state;
    add_doc(&f->writer, "{\"means\": [123.675, 116.28, 103.53], \"vars\": [58.395, 57.12, 57.375]}");
    add_input(&f->writer, "image-", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "scores-0:tench, Tinca;1:gold; fish;2:a:b");
    add_node(&f->writer, "Relu", "", "image-", "scores-0:tench, Tinca;1:gold; fish;2:a:b");
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(f->result.mean_count, 3);
    assert_true(f->result.mean[1] == 116.28 && f->result.std[2] == 57.375);
    assert_int_equal(graph->label_count, 3);
    assert_string_equal(graph->labels[0], "tench, Tinca");
    assert_string_equal(graph->labels[1], "gold; fish");
    assert_string_equal(graph->labels[2], "a:b");
}

static void odd_descriptions_are_ignored(void **state)
{
    importing *const f = *state;
    add_doc(&f->writer, "{\"means\": [1, \"x\"], \"vars\": [0]}");
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "scores-0:a;1:b");
    add_node(&f->writer, "Relu", "", "x", "scores-0:a;1:b");
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(f->result.mean_count, 0);
    assert_int_equal(f->result.std_count, 0);
    assert_int_equal(graph->label_count, 0);
}

static void outputs_keep_their_names(void **state)
{
    importing *const f = *state;
    model_writer branch;
    const uint8_t yes = 1;
    start_model(&branch, f->arena, 13);
    add_output(&branch, "x");
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_initializer(&f->writer, "yes", ONNX_BOOL, "", &yes, 1);
    begin_node(&f->writer, "If", "choice", "yes", "y");
    set_graph(&f->writer, "then_branch", &branch);
    end_node(&f->writer);
    const itgc_graph *const graph = import_good(f);
    assert_string_equal(graph->outputs[0]->name, "y");
    assert_string_equal(graph->inputs[0]->name, "x");
    assert_string_equal(graph->nodes[0]->type, "Identity");
}

static void surveys_go_on(void **state)
{
    importing *const f = *state;
    f->options.survey = true;
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Loop", "bad", "x", "a");
    add_node(&f->writer, "Relu", "after", "a", "b");
    begin_node(&f->writer, "Relu", "odd", "x", "c");
    set_int(&f->writer, "mystery", 1);
    end_node(&f->writer);
    add_node(&f->writer, "Add", "sum", "b|c", "d");
    begin_node(&f->writer, "FancyGelu", "foreign", "d", "y");
    set_domain(&f->writer, "com.example");
    end_node(&f->writer);
    import_good(f);
    assert_int_equal(f->result.unsupported_count, 3);
    assert_string_equal(f->result.unsupported[0].node, "bad");
    assert_string_equal(f->result.unsupported[0].op, "Loop");
    assert_non_null(strstr(f->result.unsupported[1].reason, "\"mystery\""));
    assert_non_null(strstr(f->result.unsupported[2].reason, "\"com.example\""));
    assert_null(f->diag.error);
}

static void long_chains_are_quick(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "t0", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "t20000");
    for (int i = 0; i < 20000; i++)
        add_node(&f->writer, "Relu", "", itgc_sprint(f->arena, "t%d", i), itgc_sprint(f->arena, "t%d", i + 1));
    const clock_t begin = clock();
    assert_int_equal(import_good(f)->node_count, 20000);
    assert_true(clock() - begin < 5 * CLOCKS_PER_SEC); /* 0.1 s here; quadratic cost would be minutes */
}

static void tensor_files_are_read(void **state)
{
    importing *const f = *state;
    const float values[2] = {1.5f, -2};
    const itgc_text tensor = write_tensor(f->arena, "x", ONNX_FLOAT, "1,2", values, sizeof values);
    const char *const path = write_file(f, "input_0.pb", tensor.bytes, tensor.count);
    const itgc_value *const value = itgc_read_tensor_file(f->arena, &f->diag, path);
    assert_non_null(value);
    assert_true(value->f[1] == -2.0f);
    assert_int_equal(value->shape.rank, 2);
    const char *const cut = write_file(f, "input_1.pb", tensor.bytes, tensor.count - 3);
    assert_null(itgc_read_tensor_file(f->arena, &f->diag, cut));
    assert_int_equal(f->diag.code, 109);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(shape_arithmetic_becomes_constant),
        IMPORT_TEST(given_shapes_fill_symbols),
        IMPORT_TEST(initializers_may_be_inputs_too),
        IMPORT_TEST(node_names_need_not_be_unique),
        IMPORT_TEST(unsorted_files_are_sorted),
        IMPORT_TEST(types_are_converted),
        IMPORT_TEST(typed_fields_are_read),
        IMPORT_TEST(external_data_lies_beside_the_model),
        IMPORT_TEST(descriptions_are_read),
        IMPORT_TEST(odd_descriptions_are_ignored),
        IMPORT_TEST(outputs_keep_their_names),
        IMPORT_TEST(surveys_go_on),
        IMPORT_TEST(long_chains_are_quick),
        IMPORT_TEST(tensor_files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
