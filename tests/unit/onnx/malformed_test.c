/* SPDX-License-Identifier: Apache-2.0
 * Bad files: each is refused with its code and a message that names what is wrong, and nothing is read outside the bytes given. */
#include "tests/unit/onnx/importing.h"

#include <math.h>

/* x [1,3] -> Add w -> Relu -> y, with an initialiser. */
static void write_small(importing *f)
{
    const float w[3] = {1, 2, 3};
    add_doc(&f->writer, "a small model");
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_floats(&f->writer, "w", "3", w, 3);
    add_node(&f->writer, "Add", "sum", "x|w", "s");
    add_node(&f->writer, "Relu", "relu", "s", "y");
}

static void every_truncation_is_refused(void **state)
{
    importing *const f = *state;
    write_small(f);
    const itgc_text file = finish_model(&f->writer);
    assert_true(import_bytes(f, file.bytes, file.count));
    for (size_t length = 0; length < file.count; length++) {
        assert_false(import_bytes(f, file.bytes, length));
        assert_in_range(f->diag.code, 101, 104);
        itgc_clear_error(&f->diag);
    }
}

/* Whatever the byte becomes: import ends, with a graph or with an error. */
static void every_flipped_byte_is_survived(void **state)
{
    importing *const f = *state;
    write_small(f);
    const itgc_text file = finish_model(&f->writer);
    int refused = 0;
    for (size_t i = 0; i < file.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            file.bytes[i] = (char)(file.bytes[i] ^ 1 << bit);
            const bool done = import_bytes(f, file.bytes, file.count);
            assert_true(done == (f->diag.error == NULL));
            assert_int_not_equal(f->diag.code, 900);
            refused += !done;
            itgc_clear_error(&f->diag);
            file.bytes[i] = (char)(file.bytes[i] ^ 1 << bit);
        }
    assert_true(refused > 100);
}

static void text_is_not_onnx(void **state)
{
    importing *const f = *state;
    assert_false(import_bytes(f, "{\"hello\": 1}", 12));
    assert_non_null(strstr(f->diag.error, "m.onnx: this is not an ONNX model"));
    itgc_clear_error(&f->diag);
    assert_false(import_bytes(f, "", 0));
    assert_non_null(strstr(f->diag.error, "the file is empty"));
}

static void missing_files_and_folders(void **state)
{
    importing *const f = *state;
    assert_false(itgc_import_file(f->arena, &f->diag, "no/such.onnx", &f->options, &f->result));
    assert_string_equal(f->diag.error, "no/such.onnx: the file does not exist; check the path [E110]");
    itgc_clear_error(&f->diag);
    assert_false(itgc_import_file(f->arena, &f->diag, f->folder, &f->options, &f->result));
    assert_int_equal(f->diag.code, 111);
}

static void opsets_outside_the_span(void **state)
{
    importing *const f = *state;
    write_small(f);
    f->writer.opset = 6;
    import_bad(f, 104, "opset 6 is not supported, only 7 to 28");
    itgc_clear_error(&f->diag);
    f->writer.opset = 99;
    import_bad(f, 104, "opset 99");
    itgc_clear_error(&f->diag);
    f->writer.opset = 0;
    import_bad(f, 104, "names no opset");
}

static void unknown_ops_name_the_remedy(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Frobnicate", "n1", "x", "y");
    import_bad(f, 201, "node \"n1\" (Frobnicate, opset 13): this op is not supported; replace it");
}

static void newer_ops_name_the_opsets(void **state)
{
    importing *const f = *state;
    f->writer.opset = 13;
    add_input(&f->writer, "x", ONNX_FLOAT, "1");
    add_output(&f->writer, "y");
    add_node(&f->writer, "HardSwish", "n1", "x", "y");
    import_bad(f, 202, "this op is supported in opsets 14 to ");
}

static void foreign_domains(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "Relu", "n1", "x", "y");
    set_domain(&f->writer, "com.microsoft");
    end_node(&f->writer);
    import_bad(f, 201, "domain \"com.microsoft\"");
}

static void unknown_attributes(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "Relu", "n1", "x", "y");
    set_int(&f->writer, "mystery", 1);
    end_node(&f->writer);
    import_bad(f, 209, "attribute \"mystery\" is not supported");
}

static void attributes_of_the_wrong_kind(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "LeakyRelu", "n1", "x", "y");
    set_int(&f->writer, "alpha", 1);
    end_node(&f->writer);
    import_bad(f, 210, "attribute \"alpha\" is of the wrong kind");
}

static void dimensions_not_given(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "pic", ONNX_FLOAT, "-1,3,height,-1");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Relu", "", "pic", "y");
    import_bad(f, 206, "input \"pic\": dimension 2 (\"height\") is not fixed; add for example --input-shape pic=1,3,224,224");
}

static void shapes_that_contradict(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "pic", ONNX_FLOAT, "1,3,h,w");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Relu", "", "pic", "y");
    give_shape(f, "pic", (itgc_shape){4, {1, 4, 8, 8}});
    import_bad(f, 207, "dimension 1 is fixed to 3 in the file, but the shape given for it is [1,4,8,8]");
    itgc_clear_error(&f->diag);
    give_shape(f, "pic", (itgc_shape){3, {1, 3, 8}});
    import_bad(f, 207, "has 4 dimensions");
    itgc_clear_error(&f->diag);
    give_shape(f, "picture", (itgc_shape){4, {1, 3, 8, 8}});
    import_bad(f, 207, "no such input; use --input-shape pic=1,3,224,224");
}

static void overflowing_shapes(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "65536,65536,65536,65536");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Relu", "", "x", "y");
    import_bad(f, 214, "input \"x\": shape [65536,65536,65536,65536] is too large");
}

static void overflowing_results(void **state)
{
    importing *const f = *state;
    const int64_t repeats[2] = {(int64_t)1 << 40, (int64_t)1 << 40};
    add_input(&f->writer, "x", ONNX_FLOAT, "3,5");
    add_output(&f->writer, "y");
    add_ints(&f->writer, "r", "2", repeats, 2);
    add_node(&f->writer, "Tile", "n1", "x|r", "y");
    const itgc_text file = finish_model(&f->writer);
    assert_false(import_bytes(f, file.bytes, file.count));
    assert_in_range(f->diag.code, 200, 299);
}

static void huge_constants(void **state)
{
    importing *const f = *state;
    const int64_t shape[3] = {1024, 1024, 1024};
    add_output(&f->writer, "y");
    add_ints(&f->writer, "s", "3", shape, 3);
    add_node(&f->writer, "ConstantOfShape", "n1", "s", "y");
    import_bad(f, 217, "node \"n1\"");
}

/* Folding is bounded by work, not only by memory: [20,20] times [20,20] takes more than 1,000 multiplications. */
static void slow_constants(void **state)
{
    importing *const f = *state;
    const float values[400] = {1.0f};
    f->options.most_work = 1000;
    add_floats(&f->writer, "a", "20,20", values, 400);
    add_node(&f->writer, "MatMul", "square", "a|a", "y");
    add_output(&f->writer, "y");
    import_bad(f, 217, "node \"square\" (MatMul, opset 13): what the model computes from constants alone takes too long");
}

/* [200,2] times [2,2] is 800 products: long columns alone are no work. */
static void quick_constants(void **state)
{
    importing *const f = *state;
    const float values[400] = {1.0f};
    f->options.most_work = 2000;
    add_floats(&f->writer, "a", "200,2", values, 400);
    add_floats(&f->writer, "b", "2,2", values, 4);
    add_node(&f->writer, "MatMul", "narrow", "a|b", "y");
    add_output(&f->writer, "y");
    assert_int_equal(import_good(f)->node_count, 0);
}

static void initializers_of_the_wrong_size(void **state)
{
    importing *const f = *state;
    const float w[3] = {1, 2, 3};
    write_small(f);
    add_floats(&f->writer, "v", "2,2", w, 3);
    import_bad(f, 106, "initializer \"v\": 12 bytes are stored but shape [2,2] of float32 needs 16");
}

static void initializers_with_made_up_shapes(void **state)
{
    importing *const f = *state;
    write_small(f);
    add_initializer(&f->writer, "v", ONNX_FLOAT, "2147483648", NULL, 0);
    import_bad(f, 106, "initializer \"v\": 0 values are stored");
    itgc_clear_error(&f->diag);
    assert_true(itgc_arena_peak(f->arena) < 10000000);
    start_model(&f->writer, f->arena, 13);
    write_small(f);
    add_initializer(&f->writer, "v", ONNX_FLOAT, "-3", NULL, 0);
    import_bad(f, 103, "[-3]");
}

static void values_that_are_not_finite(void **state)
{
    importing *const f = *state;
    const float w[3] = {1, NAN, 3}, v[2] = {0, -INFINITY};
    const double d[1] = {1e39};
    write_small(f);
    add_floats(&f->writer, "bad weights", "3", w, 3);
    import_bad(f, 107, "initializer \"bad weights\": value 1 is NaN");
    itgc_clear_error(&f->diag);
    start_model(&f->writer, f->arena, 13);
    add_floats(&f->writer, "v", "2", v, 2);
    add_output(&f->writer, "v");
    import_bad(f, 107, "value 1 is infinite");
    itgc_clear_error(&f->diag);
    start_model(&f->writer, f->arena, 13);
    add_initializer(&f->writer, "d", ONNX_DOUBLE, "1", d, sizeof d);
    add_output(&f->writer, "d");
    import_bad(f, 107, "value 0 is too large for float32");
}

static void strings_are_refused(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_STRING, "1");
    add_output(&f->writer, "x");
    import_bad(f, 218, "element type string (8)");
    itgc_clear_error(&f->diag);
    start_model(&f->writer, f->arena, 13);
    write_small(f);
    add_initializer(&f->writer, "t", ONNX_STRING, "0", NULL, 0);
    import_bad(f, 108, "initializer \"t\": element type string");
}

static void names_written_twice(void **state)
{
    importing *const f = *state;
    const float w[3] = {0};
    write_small(f);
    add_node(&f->writer, "Abs", "again", "x", "s");
    import_bad(f, 205, "tensor \"s\" is written twice");
    itgc_clear_error(&f->diag);
    start_model(&f->writer, f->arena, 13);
    write_small(f);
    add_floats(&f->writer, "w", "3", w, 3);
    import_bad(f, 205, "initializer \"w\" is given twice");
}

static void cycles_are_named(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Add", "one", "x|c", "a");
    add_node(&f->writer, "Relu", "two", "a", "b");
    add_node(&f->writer, "Relu", "three", "b", "c");
    add_node(&f->writer, "Relu", "behind", "c", "y");
    const itgc_text file = finish_model(&f->writer);
    assert_false(import_bytes(f, file.bytes, file.count));
    assert_int_equal(f->diag.code, 204);
    assert_null(strstr(f->diag.error, "behind"));
    assert_non_null(strstr(f->diag.error, "has a cycle"));
}

static void dangling_names(void **state)
{
    importing *const f = *state;
    write_small(f);
    add_node(&f->writer, "Relu", "lost", "nowhere", "z");
    import_bad(f, 203, "node \"lost\" (Relu, opset 13): its input \"nowhere\"");
    itgc_clear_error(&f->diag);
    start_model(&f->writer, f->arena, 13);
    write_small(f);
    add_output(&f->writer, "never");
    import_bad(f, 219, "output \"never\" is made by no node");
}

static void external_data_gone_or_elsewhere(void **state)
{
    static const struct {
        const char *location, *offset, *length, *piece;
    } cases[] = {
        {"gone.data", "0", "12", "the file \"gone.data\" does not exist; copy it beside the model"},
        {"/etc/passwd", "0", "12", "leads out of the model's folder"},
        {"a/../../w.data", "0", "12", "leads out of the model's folder"},
        {"..", "0", "12", "leads out of the model's folder"},
        {"w.data", "8", NULL, "has 16 bytes, too few for 12 at offset 8"},
        {"w.data", "18446744073709551615", NULL, "is not a number"},
        {"w.data", "-4", NULL, "is not a number"},
        {"w.data", "0", "16", "16 bytes are stored but its shape and type need 12"},
        {NULL, "0", "16", "no location"},
    };
    importing *const f = *state;
    write_file(f, "w.data", "0123456789abcdef", 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start_model(&f->writer, f->arena, 13);
        write_small(f);
        add_external(&f->writer, "e", "3", cases[i].location, cases[i].offset, cases[i].length);
        import_bad(f, 105, cases[i].piece);
        itgc_clear_error(&f->diag);
    }
}

static void missing_inputs_and_outputs(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Add", "half", "x", "y");
    import_bad(f, 208, "it has 1 inputs, not 2 as this op takes");
    itgc_clear_error(&f->diag);
    start_model(&f->writer, f->arena, 13);
    import_bad(f, 102, "no outputs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(every_truncation_is_refused),
        IMPORT_TEST(every_flipped_byte_is_survived),
        IMPORT_TEST(text_is_not_onnx),
        IMPORT_TEST(missing_files_and_folders),
        IMPORT_TEST(opsets_outside_the_span),
        IMPORT_TEST(unknown_ops_name_the_remedy),
        IMPORT_TEST(newer_ops_name_the_opsets),
        IMPORT_TEST(foreign_domains),
        IMPORT_TEST(unknown_attributes),
        IMPORT_TEST(attributes_of_the_wrong_kind),
        IMPORT_TEST(dimensions_not_given),
        IMPORT_TEST(shapes_that_contradict),
        IMPORT_TEST(overflowing_shapes),
        IMPORT_TEST(overflowing_results),
        IMPORT_TEST(huge_constants),
        IMPORT_TEST(slow_constants),
        IMPORT_TEST(quick_constants),
        IMPORT_TEST(initializers_of_the_wrong_size),
        IMPORT_TEST(initializers_with_made_up_shapes),
        IMPORT_TEST(values_that_are_not_finite),
        IMPORT_TEST(strings_are_refused),
        IMPORT_TEST(names_written_twice),
        IMPORT_TEST(cycles_are_named),
        IMPORT_TEST(dangling_names),
        IMPORT_TEST(external_data_gone_or_elsewhere),
        IMPORT_TEST(missing_inputs_and_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
