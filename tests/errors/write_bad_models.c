/* SPDX-License-Identifier: Apache-2.0
 * Writes the ONNX files of tests/errors/run.sh into a folder: one that is right and one for each way to be wrong. Prints the names of those
 * that `bench` alone, without samples, must refuse. */
#include "tests/errors/bad_nodes.h"
#include "tests/support/model_writer.h"

#include <math.h>
#include <stdio.h>

typedef struct bad_model {
    const char *name;
    void (*write)(model_writer *writer);
} bad_model;

static const float weights[12] = {1, -2, 3, 4, 5, -6, 7, 8, -9, 1, 2, 3};

static void start(model_writer *writer, const char *input_shape)
{
    add_input(writer, "x", ONNX_FLOAT, input_shape);
    add_output(writer, "y");
}

static void write_good(model_writer *writer)
{
    start(writer, "N,4");
    add_floats(writer, "w", "4,3", weights, 12);
    add_node(writer, "MatMul", "dense", "x|w", "y");
}

static void write_image(model_writer *writer)
{
    start(writer, "1,3,8,8");
    add_node(writer, "GlobalAveragePool", "pool", "x", "y");
}

static void write_unsupported_op(model_writer *writer)
{
    start(writer, "1,4");
    add_node(writer, "Frobnicate", "odd", "x", "y");
}

static void write_unsupported_attribute(model_writer *writer)
{
    start(writer, "1,4");
    begin_node(writer, "Relu", "odd", "x", "y");
    set_int(writer, "mystery", 1);
    end_node(writer);
}

static void write_dynamic(model_writer *writer)
{
    start(writer, "1,3,H,W");
    add_node(writer, "Relu", "relu", "x", "y");
}

static void write_nan(model_writer *writer)
{
    const float bad[4] = {1, 2, (float)NAN, 4};
    start(writer, "1,4");
    add_floats(writer, "w", "4", bad, 4);
    add_node(writer, "Add", "add", "x|w", "y");
}

static void write_external(model_writer *writer)
{
    start(writer, "1,4");
    add_external(writer, "w", "4", "gone.data", "0", "16");
    add_node(writer, "Add", "add", "x|w", "y");
}

static void write_short(model_writer *writer)
{
    start(writer, "1,4");
    add_floats(writer, "w", "4,4", weights, 12);
    add_node(writer, "MatMul", "dense", "x|w", "y");
}

static void write_cycle(model_writer *writer)
{
    start(writer, "1,4");
    add_node(writer, "Add", "one", "x|c", "a");
    add_node(writer, "Relu", "two", "a", "c");
    add_node(writer, "Relu", "three", "c", "y");
}

static void write_overflow(model_writer *writer)
{
    start(writer, "65536,65536,65536,65536");
    add_node(writer, "Relu", "relu", "x", "y");
}

static void write_external_short(model_writer *writer)
{
    start(writer, "1,4");
    add_external(writer, "w", "4", "file.data", "9000", "16");
    add_node(writer, "Add", "add", "x|w", "y");
}

static void write_no_outputs(model_writer *writer)
{
    add_input(writer, "x", ONNX_FLOAT, "1,4");
    add_node(writer, "Relu", "relu", "x", "y");
}

static void write_no_op_type(model_writer *writer)
{
    start(writer, "1,4");
    add_node(writer, "", "nameless", "x", "y");
}

static void write_text_weights(model_writer *writer)
{
    start(writer, "1,4");
    add_initializer(writer, "w", ONNX_STRING, "1", "abcd", 4);
    add_node(writer, "Add", "add", "x|w", "y");
}

static void write_recursion(model_writer *writer)
{
    start(writer, "1,4");
    begin_node(writer, "Loop", "inner", "a", "b");
    set_domain(writer, "local");
    end_function(writer, "local", "Loop", "a", "b");
    begin_node(writer, "Loop", "outer", "x", "y");
    set_domain(writer, "local");
    end_node(writer);
}

static void write_branch(model_writer *writer)
{
    model_writer branch;
    start(writer, "1,4");
    start_model(&branch, writer->arena, 13);
    add_node(&branch, "Relu", "inside", "x", "z");
    add_output(&branch, "z");
    add_node(writer, "ReduceSum", "sum", "x", "s");
    begin_node(writer, "Cast", "cast", "s", "condition");
    set_int(writer, "to", ONNX_BOOL);
    end_node(writer);
    begin_node(writer, "If", "choice", "condition", "y");
    set_graph(writer, "then_branch", &branch);
    set_graph(writer, "else_branch", &branch);
    end_node(writer);
}

static void write_two_inputs(model_writer *writer)
{
    start(writer, "N,4");
    add_input(writer, "z", ONNX_FLOAT, "N,4");
    add_node(writer, "Add", "add", "x|z", "s");
    add_node(writer, "Relu", "relu", "s", "y");
    add_node(writer, "Tanh", "tanh", "x", "t");
    add_output(writer, "t");
}

static void write_two_batches(model_writer *writer)
{
    start(writer, "1,4");
    add_input(writer, "z", ONNX_FLOAT, "2,4");
    add_node(writer, "Add", "add", "x|z", "y");
}

static void write_pairs(model_writer *writer)
{
    start(writer, "2,4");
    add_node(writer, "Relu", "relu", "x", "y");
}

static void write_inverse(model_writer *writer)
{
    start(writer, "1,4");
    add_node(writer, "Reciprocal", "inverse", "x", "y");
}

static void write_softmax(model_writer *writer)
{
    start(writer, "1,4");
    add_node(writer, "Softmax", "probabilities", "x", "y");
}

static void write_read_probabilities(model_writer *writer)
{
    start(writer, "1,4");
    add_node(writer, "Softmax", "probabilities", "x", "y");
    add_node(writer, "Add", "double", "y|y", "z");
    add_output(writer, "z");
}

static const bad_model models[] = {
    {"good", write_good},
    {"image", write_image},
    {"unsupported_op", write_unsupported_op},
    {"dynamic", write_dynamic},
    {"nan", write_nan},
    {"unsupported_attribute", write_unsupported_attribute},
    {"external", write_external},
    {"short", write_short},
    {"cycle", write_cycle},
    {"overflow", write_overflow},
    {"external_short", write_external_short},
    {"no_outputs", write_no_outputs},
    {"no_op_type", write_no_op_type},
    {"text_weights", write_text_weights},
    {"recursion", write_recursion},
    {"branch", write_branch},
    {"two_inputs", write_two_inputs},
    {"two_batches", write_two_batches},
    {"pairs", write_pairs},
    {"inverse", write_inverse},
    {"softmax", write_softmax},
    {"read_probabilities", write_read_probabilities},
};

static int write_file(const char *dir, const char *name, const itgc_text *file, size_t count)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.onnx", dir, name);
    FILE *stream = fopen(path, "wb");
    const int done = stream && fwrite(file->bytes, 1, count, stream) == count;
    return stream && fclose(stream) == 0 && done ? 0 : 1;
}

static int write_written(const char *dir)
{
    int status = 0;
    for (size_t m = 0; !status && m < sizeof models / sizeof models[0]; m++) {
        itgc_arena *arena = itgc_new_arena(0);
        model_writer writer;
        char name[64];
        start_model(&writer, arena, 13);
        models[m].write(&writer);
        const itgc_text file = finish_model(&writer);
        status = write_file(dir, models[m].name, &file, file.count);
        for (int part = 1; !status && m == 0 && part < 16; part++) {
            snprintf(name, sizeof name, "truncated_%02d", part);
            status = write_file(dir, name, &file, file.count * (size_t)part / 16);
        }
        itgc_release_arena(arena);
    }
    return status;
}

static int write_spelled(const char *dir)
{
    int status = 0, count;
    const bad_nodes *rows = bad_nodes_rows(&count);
    for (int i = 0; !status && i < count; i++) {
        itgc_arena *arena = itgc_new_arena(0);
        const itgc_text file = write_bad_nodes(arena, &rows[i]);
        status = write_file(dir, rows[i].name, &file, file.count);
        printf("%s\n", rows[i].name);
        itgc_release_arena(arena);
    }
    return status;
}

int main(int argc, char **argv)
{
    return argc != 2 || write_written(argv[1]) || write_spelled(argv[1]);
}
