/* SPDX-License-Identifier: Apache-2.0
 * Files that came quantized, QDQ and QOperator: their scales, zero points and weight codes are those of the integer model, without
 * calibration; what cannot be kept is said. */
#include "compiler/compile.h"
#include "tests/unit/onnx/importing.h"

enum { ONNX_UINT16 = 4 };

static const int8_t weight_codes[4] = {127, -3, 5, 64}; /* the second channel does not reach 127 */

static void add_scale(importing *f, const char *name, float scale, int zero)
{
    const uint8_t code = (uint8_t)zero;
    add_floats(&f->writer, itgc_sprint(f->arena, "%s_scale", name), "", &scale, 1);
    add_initializer(&f->writer, itgc_sprint(f->arena, "%s_zero", name), ONNX_UINT8, "", &code, 1);
}

static void add_weights(importing *f)
{
    const float scales[2] = {0.01f, 0.02f};
    const int8_t zeros[2] = {0, 0};
    const int32_t bias[2] = {1000, -7};
    add_initializer(&f->writer, "w", ONNX_INT8, "2,2,1,1", weight_codes, sizeof weight_codes);
    add_floats(&f->writer, "w_scale", "2", scales, 2);
    add_initializer(&f->writer, "w_zero", ONNX_INT8, "2", zeros, sizeof zeros);
    add_initializer(&f->writer, "b", ONNX_INT32, "2", bias, sizeof bias);
}

static void add_pair(importing *f, const char *from, const char *to, const char *format)
{
    const char *const codes = itgc_sprint(f->arena, "%s_codes", to);
    const char *const parts = itgc_sprint(f->arena, "%s_scale|%s_zero", format, format);
    add_node(&f->writer, "QuantizeLinear", codes, itgc_sprint(f->arena, "%s|%s", from, parts), codes);
    add_node(&f->writer, "DequantizeLinear", to, itgc_sprint(f->arena, "%s|%s", codes, parts), to);
}

/* x → Q → DQ → Conv → Relu → Q → DQ → y */
static void write_qdq(importing *f, int weight_type)
{
    add_input(&f->writer, "x", ONNX_FLOAT, "1,2,4,4");
    add_output(&f->writer, "y");
    add_scale(f, "x", 0.05f, 128);
    add_scale(f, "y", 0.03f, 0);
    add_weights(f);
    if (weight_type == ONNX_UINT8) {
        const uint8_t codes[4] = {255, 4, 5, 64}, zeros[2] = {0, 0};
        add_initializer(&f->writer, "u", ONNX_UINT8, "2,2,1,1", codes, sizeof codes);
        add_initializer(&f->writer, "u_zero", ONNX_UINT8, "2", zeros, sizeof zeros);
    }
    add_pair(f, "x", "x1", "x");
    begin_node(&f->writer, "DequantizeLinear", "weights", weight_type == ONNX_UINT8 ? "u|w_scale|u_zero" : "w|w_scale|w_zero", "w1");
    set_int(&f->writer, "axis", 0);
    end_node(&f->writer);
    add_node(&f->writer, "Conv", "conv", "x1|w1", "c");
    add_node(&f->writer, "Relu", "relu", "c", "r");
    add_pair(f, "r", "y", "y");
}

static itgc_compilation *lower_model(importing *f)
{
    const itgc_text file = finish_model(&f->writer);
    const itgc_lower_options options = {.scale = 1.0, .threads = 1};
    itgc_compilation *const c = itgc_new_compilation(0);
    if (!itgc_import(c, write_file(f, "quantized.onnx", file.bytes, file.count), &f->options) || !itgc_lower(c, &options))
        fail_msg("%s", c->diag.error);
    return c;
}

static void quantize_model(itgc_compilation *c)
{
    const itgc_quantize_options options = {.wide_logits = true, .mse_ranges = true, .wide_pool = true};
    assert_null(itgc_take_prescribed_ranges(c->graph));
    if (!itgc_quantize(c, &options))
        fail_msg("%s", c->diag.error);
}

static void assert_format(const itgc_tensor *tensor, float scale, int zero)
{
    assert_true(tensor->format.scale == (double)scale);
    assert_int_equal(tensor->format.zero, zero);
}

static itgc_node *find_node(const itgc_graph *graph, const char *type)
{
    for (int i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i]->type, type) == 0)
            return graph->nodes[i];
    return NULL;
}

static bool is_said(const itgc_compilation *c, const char *piece)
{
    for (int i = 0; i < c->diag.warning_count; i++)
        if (strstr(c->diag.warnings[i], piece) != NULL)
            return true;
    return false;
}

static const int8_t *find_weights(const itgc_graph *graph)
{
    for (int i = 0; i < graph->constant_count; i++)
        if (strstr(graph->constants[i]->suffix, "weight") != NULL)
            return graph->constants[i]->bytes;
    fail_msg("no weights among %d constants", graph->constant_count);
    return NULL;
}

static void qdq_keeps_scales_and_codes(void **state)
{
    importing *const f = *state;
    write_qdq(f, ONNX_INT8);
    itgc_compilation *const c = lower_model(f);
    assert_null(find_node(c->graph, "QuantizeLinear"));
    assert_null(find_node(c->graph, "DequantizeLinear"));
    assert_true(c->graph->is_prescribed);
    quantize_model(c);
    assert_format(c->graph->inputs[0], 0.05f, 0);
    assert_format(c->graph->outputs[0], 0.03f, -128);
    assert_memory_equal(find_weights(c->graph), weight_codes, sizeof weight_codes);
    assert_false(is_said(c, "not kept"));
    itgc_release_compilation(c);
}

static void weights_on_no_grid_are_said(void **state)
{
    importing *const f = *state;
    write_qdq(f, ONNX_UINT8);
    itgc_compilation *const c = lower_model(f);
    quantize_model(c);
    assert_true(is_said(c, "lie on no grid"));
    itgc_release_compilation(c);
}

static void qoperator_is_written_out(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "1,2,4,4");
    add_output(&f->writer, "y");
    add_scale(f, "x", 0.05f, 128);
    add_scale(f, "c", 0.04f, 100);
    add_scale(f, "y", 0.03f, 7);
    add_weights(f);
    add_node(&f->writer, "QuantizeLinear", "q", "x|x_scale|x_zero", "x8");
    add_node(&f->writer, "QLinearConv", "conv", "x8|x_scale|x_zero|w|w_scale|w_zero|c_scale|c_zero|b", "c8");
    begin_node(&f->writer, "QLinearAdd", "add", "c8|c_scale|c_zero|x8|x_scale|x_zero|y_scale|y_zero", "y8");
    set_domain(&f->writer, "com.microsoft");
    end_node(&f->writer);
    add_node(&f->writer, "DequantizeLinear", "dq", "y8|y_scale|y_zero", "y");
    itgc_compilation *const c = lower_model(f);
    quantize_model(c);
    assert_format(c->graph->inputs[0], 0.05f, 0);
    assert_format(itgc_result_of(find_node(c->graph, "Conv")), 0.04f, -28);
    assert_format(c->graph->outputs[0], 0.03f, -121);
    assert_memory_equal(find_weights(c->graph), weight_codes, sizeof weight_codes);
    itgc_release_compilation(c);
}

static void other_ops_of_that_domain_are_refused(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "FusedConv", "conv", "x", "y");
    set_domain(&f->writer, "com.microsoft");
    end_node(&f->writer);
    import_bad(f, 201, "ops of domain \"com.microsoft\" are not supported");
}

static void codes_read_with_another_scale_are_refused(void **state)
{
    importing *const f = *state;
    const itgc_lower_options options = {.scale = 1.0, .threads = 1};
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_scale(f, "x", 0.05f, 128);
    add_scale(f, "y", 0.03f, 128);
    add_node(&f->writer, "QuantizeLinear", "q", "x|x_scale|x_zero", "x8");
    add_node(&f->writer, "DequantizeLinear", "dq", "x8|y_scale|y_zero", "z");
    add_node(&f->writer, "Relu", "relu", "z", "y");
    const itgc_text file = finish_model(&f->writer);
    itgc_compilation *const c = itgc_new_compilation(0);
    assert_true(itgc_import(c, write_file(f, "mixed.onnx", file.bytes, file.count), &f->options));
    assert_false(itgc_lower(c, &options));
    assert_int_equal(c->diag.code, 246);
    itgc_release_compilation(c);
}

static void sixteen_bit_formats_are_said(void **state)
{
    importing *const f = *state;
    const uint16_t zero = 32768;
    const float scale = 0.001f;
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_floats(&f->writer, "x_scale", "", &scale, 1);
    add_initializer(&f->writer, "x_zero", ONNX_UINT16, "", &zero, sizeof zero);
    add_pair(f, "x", "x1", "x");
    add_node(&f->writer, "Relu", "relu", "x1", "y");
    itgc_compilation *const c = lower_model(f);
    assert_null(find_node(c->graph, "QuantizeLinear"));
    assert_true(is_said(c, "tensor \"x\": its 16-bit format (scale 0.00100000005) is not kept"));
    assert_string_equal(itgc_take_prescribed_ranges(c->graph), "x");
    itgc_release_compilation(c);
}

/* A uint8 input that the file dequantizes: pixels, and the normalization is in the layer. */
static void dequantized_input_is_pixels(void **state)
{
    importing *const f = *state;
    add_input(&f->writer, "x", ONNX_UINT8, "1,2,4,4");
    add_output(&f->writer, "y");
    add_scale(f, "x", 0.05f, 128);
    add_scale(f, "y", 0.03f, 0);
    add_weights(f);
    add_node(&f->writer, "DequantizeLinear", "dq", "x|x_scale|x_zero", "x1");
    begin_node(&f->writer, "DequantizeLinear", "weights", "w|w_scale|w_zero", "w1");
    set_int(&f->writer, "axis", 0);
    end_node(&f->writer);
    add_node(&f->writer, "Conv", "conv", "x1|w1", "c");
    add_pair(f, "c", "y", "y");
    itgc_compilation *const c = lower_model(f);
    assert_true(c->graph->input_is_pixels);
    quantize_model(c);
    assert_int_equal(c->graph->inputs[0]->format.type, ITG_U8);
    assert_memory_equal(find_weights(c->graph), weight_codes, sizeof weight_codes);
    itgc_release_compilation(c);
}

static void half_and_double_become_float(void **state)
{
    importing *const f = *state;
    const uint16_t half = 0x4200; /* 3 */
    add_input(&f->writer, "x", ONNX_HALF, "1,2,4,4");
    add_output(&f->writer, "y");
    add_initializer(&f->writer, "three", ONNX_HALF, "1", &half, sizeof half);
    add_node(&f->writer, "Mul", "mul", "x|three", "m");
    begin_node(&f->writer, "Cast", "cast", "m", "d");
    set_int(&f->writer, "to", ONNX_DOUBLE);
    end_node(&f->writer);
    add_node(&f->writer, "Relu", "relu", "d", "y");
    itgc_compilation *const c = lower_model(f);
    for (int i = 0; i < c->graph->node_count; i++) {
        assert_string_not_equal(c->graph->nodes[i]->type, "Cast");
        assert_int_equal(c->graph->nodes[i]->out[0]->type, ITGC_F32);
    }
    assert_int_equal(c->graph->inputs[0]->type, ITGC_F32);
    assert_int_equal(c->imported.graph->inputs[0]->type, ITGC_F16);
    itgc_release_compilation(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(qdq_keeps_scales_and_codes),
        IMPORT_TEST(weights_on_no_grid_are_said),
        IMPORT_TEST(qoperator_is_written_out),
        IMPORT_TEST(other_ops_of_that_domain_are_refused),
        IMPORT_TEST(codes_read_with_another_scale_are_refused),
        IMPORT_TEST(sixteen_bit_formats_are_said),
        IMPORT_TEST(dequantized_input_is_pixels),
        IMPORT_TEST(half_and_double_become_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
