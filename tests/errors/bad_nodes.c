/* SPDX-License-Identifier: Apache-2.0
 * See bad_nodes.h: the rows, and text → ONNX. */
#include "tests/errors/bad_nodes.h"

#include "tests/support/model_writer.h"

#include <stdio.h>

#define PLANE "f32[1,3,8,8]"
#define ROW   "f32[1,4]"

static const bad_nodes rows[] = {
    /* the graph */
    {"unknown_opset", 99, ROW, "Relu x -> y"},
    {"op_of_later_opset", 13, ROW, "Gelu x -> y"},
    {"input_of_nobody", 13, ROW, "Relu lost -> y"},
    {"written_twice", 13, ROW, "Relu x -> y;Abs x -> y"},
    {"output_of_nobody", 13, ROW, "Relu x -> z"},
    {"too_few_inputs", 13, ROW, "Add x -> y"},
    {"attribute_kind", 13, ROW, "LeakyRelu x -> y alpha=1"},
    {"attribute_value", 13, ROW, "Transpose x -> y perm=0,0,"},
    {"axis_outside", 13, ROW, "Softmax x -> y axis=7"},
    {"shapes_differ", 13, ROW, "Add x f32[5] -> y"},
    {"computed_shape", 13, ROW, "Cast x -> s to=7;Reshape x s -> y"},
    {"types_differ", 13, ROW, "Add x i64[4] -> y"},
    {"constant_too_large", 13, ROW, "ConstantOfShape i64[1]:200000000 -> c;ReduceSum c -> d keepdims=0;Add x d -> y"},
    {"index_outside", 13, ROW, "Gather x i64[1]:9 -> y axis=1"},
    {"quantized_twice", 13, ROW, "QuantizeLinear x f32[]:0.5 u8[]:0 -> q;DequantizeLinear q f32[]:0.25 u8[]:0 -> y"},
    /* what one family of ops asks for */
    {"window_missing", 13, PLANE, "MaxPool x -> y"},
    {"window_padding", 13, PLANE, "MaxPool x -> y kernel_shape=2,2, pads=-1,0,0,0,"},
    {"window_auto_pad", 13, PLANE, "MaxPool x -> y kernel_shape=2,2, auto_pad='BEST'"},
    {"window_dimensions", 13, ROW, "MaxPool x -> y kernel_shape=2,2,"},
    {"transposed_to_nothing", 13, "f32[1,3,1,1]", "ConvTranspose x f32[3,2,1,1] -> y pads=1,1,1,1,"},
    {"group_of_zero", 13, PLANE, "Conv x f32[4,3,1,1] -> y group=0"},
    {"weights_shape", 13, PLANE, "Conv x f32[4,3,3,3] -> y kernel_shape=2,2,"},
    {"norm_of_three", 13, ROW, "LpNormalization x -> y p=3"},
    {"product_shapes", 13, ROW, "MatMul x f32[5,2] -> y"},
    {"norm_by_position", 7, PLANE, "BatchNormalization x f32[3] f32[3] f32[3] f32[3]:1 -> y spatial=0"},
    {"norm_stash", 17, PLANE, "LayerNormalization x f32[8] -> y stash_type=10"},
    {"pad_mode", 13, PLANE, "Pad x i64[8]:0,0,1,1,0,0,1,1 -> y mode='mirror'"},
    {"resize_mode", 13, PLANE, "Resize x _ f32[4]:1,1,2,2 -> y mode='bicubic'"},
    /* what has no integer form */
    {"no_integer_sum", 13, ROW, "CumSum x i64[]:1 -> y"},
    {"no_integer_volume", 13, "f32[1,2,4,4,4]", "Conv x f32[2,2,3,3,3] -> y"},
    {"no_integer_scale", 13, PLANE, "GlobalAveragePool x -> p;Reshape p i64[1]:3 -> m;BatchNormalization x m f32[3] f32[3] f32[3]:1 -> y"},
    {"no_integer_lp_pool", 18, PLANE, "LpPool x -> y kernel_shape=3,3, ceil_mode=1"},
    {"no_integer_product", 13, PLANE, "ReduceProd x -> y axes=2,3,"},
    {"no_integer_broadcast", 13, "f32[2,2,2,2,2,2,2,2]", "Add x f32[2,1,2,1,2,1,2,1] -> y"},
    {"no_integer_power", 13, ROW, "Abs x -> a;Pow a a -> y"},
    {"no_integer_transpose", 13, "f32[2,2,2,2,2,2,2,2]", "Transpose x -> y perm=7,6,5,4,3,2,1,0,"},
    {"no_integer_input", 13, "u8[1,4]", "Gather f32[256,3] x -> y"},
    {"no_integer_resize", 13, PLANE,
     "Resize x f32[8]:0,0,0,0,1,1,2,2 f32[4]:1,1,2,2 -> y mode='linear' coordinate_transformation_mode='tf_crop_and_resize'"},
    {"no_elements", 13, ROW, "Slice x i64[1]:0 i64[1]:0 i64[1]:1 -> y"},
    {"no_elements_inside", 13, ROW, "Slice x i64[1]:0 i64[1]:0 i64[1]:1 -> a;Concat x a -> y axis=1"},
    {"same_for_all_inputs", 13, ROW, "Shape x -> s;Cast s -> y to=1"},
    {"no_inputs", 13, "", "Abs f32[1,4] -> y"},
    {"output_dimensions", 13, ROW, "Reshape x i64[8]:1,1,1,1,1,1,2,2 -> y"},
};

const bad_nodes *bad_nodes_rows(int *count)
{
    *count = (int)(sizeof rows / sizeof rows[0]);
    return rows;
}

static int read_type(const char *word)
{
    return strncmp(word, "f32", 3) == 0    ? ONNX_FLOAT
           : strncmp(word, "u8", 2) == 0   ? ONNX_UINT8
           : strncmp(word, "bool", 4) == 0 ? ONNX_BOOL
                                           : ONNX_INT64;
}

/* "f32[4,3]:1,2": its shape as the writer takes it. */
static const char *read_shape(itgc_arena *arena, const char *word)
{
    const char *at = strchr(word, '[') + 1;
    return itgc_copy_bytes(arena, at, strcspn(at, "]"));
}

static const char *add_constant(model_writer *writer, const char *word, int number)
{
    const char *name = itgc_sprint(writer->arena, "c%d", number), *shape = read_shape(writer->arena, word);
    const char *values = strchr(word, ':');
    const int type = read_type(word);
    size_t count = 1;
    for (const char *at = shape; *at != '\0'; at += *at == ',') {
        char *end;
        count *= (size_t)strtoll(at, &end, 10);
        at = end;
    }
    float *reals = itgc_alloc(writer->arena, (count + 1) * sizeof *reals);
    int64_t *integers = itgc_alloc(writer->arena, (count + 1) * sizeof *integers);
    uint8_t *bytes = itgc_alloc(writer->arena, count + 1);
    for (size_t i = 0; i < count; i++) {
        reals[i] = values ? strtof(values + 1, NULL) : (float)(i % 5) - 1.5f;
        integers[i] = values ? strtoll(values + 1, NULL, 10) : (int64_t)i;
        bytes[i] = (uint8_t)integers[i];
        if (values && strchr(values + 1, ','))
            values = strchr(values + 1, ',');
    }
    const void *raw = type == ONNX_FLOAT ? (const void *)reals : type == ONNX_INT64 ? (const void *)integers : bytes;
    add_initializer(writer, name, type, shape, raw, count * (type == ONNX_FLOAT ? 4 : type == ONNX_INT64 ? 8 : 1));
    return name;
}

static void set_attribute(model_writer *writer, const char *word)
{
    const char *name = itgc_copy_bytes(writer->arena, word, strcspn(word, "=")), *value = strchr(word, '=') + 1;
    int64_t list[8];
    size_t count = 0;
    if (*value == '\'') {
        set_string(writer, name, itgc_copy_bytes(writer->arena, value + 1, strcspn(value + 1, "'")));
    } else if (strchr(value, ',')) {
        for (const char *at = value; *at != '\0' && count < 8; at += strcspn(at, ",") + 1)
            list[count++] = strtoll(at, NULL, 10);
        set_ints(writer, name, list, count);
    } else if (strchr(value, '.')) {
        set_float(writer, name, strtof(value, NULL));
    } else {
        set_int(writer, name, strtoll(value, NULL, 10));
    }
}

/* One node; *constants counts those of the model. */
static void add_spelled(model_writer *writer, char *line, int number, int *constants)
{
    itgc_text names[2];
    char *rest, *op = strtok_r(line, " ", &rest);
    const char *attributes[4];
    int side = 0, attribute_count = 0, count[2] = {0, 0};
    itgc_init_text(&names[0], writer->arena);
    itgc_init_text(&names[1], writer->arena);
    for (const char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "->") == 0) {
            side = 1;
        } else if (strchr(word, '=') && attribute_count < 4) {
            attributes[attribute_count++] = word;
        } else {
            const char *name = strchr(word, '[') ? add_constant(writer, word, (*constants)++) : strcmp(word, "_") == 0 ? "" : word;
            itgc_addf(&names[side], "%s%s", count[side]++ ? "|" : "", name);
        }
    }
    begin_node(writer, op, itgc_sprint(writer->arena, "node_%d", number), names[0].bytes, names[1].bytes);
    for (int i = 0; i < attribute_count; i++)
        set_attribute(writer, attributes[i]);
    end_node(writer);
}

itgc_text write_bad_nodes(itgc_arena *arena, const bad_nodes *row)
{
    model_writer writer;
    char *rest, *text = itgc_copy_string(arena, row->nodes);
    int number = 0, constants = 0;
    start_model(&writer, arena, row->opset);
    if (*row->input != '\0')
        add_input(&writer, "x", read_type(row->input), read_shape(arena, row->input));
    add_output(&writer, "y");
    for (char *line = strtok_r(text, ";", &rest); line; line = strtok_r(NULL, ";", &rest))
        add_spelled(&writer, line, number++, &constants);
    return finish_model(&writer);
}
