/* SPDX-License-Identifier: Apache-2.0
 * Writes the ONNX files of tests/errors/run.sh into a folder: one that is right and one for each way to be wrong. */
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

static const bad_model models[] = {
    {"good", write_good},         {"image", write_image}, {"unsupported_op", write_unsupported_op},
    {"dynamic", write_dynamic},   {"nan", write_nan},     {"unsupported_attribute", write_unsupported_attribute},
    {"external", write_external}, {"short", write_short}, {"cycle", write_cycle},
    {"overflow", write_overflow},
};

static int write_file(const char *dir, const char *name, const char *bytes, size_t count)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    const int done = file && fwrite(bytes, 1, count, file) == count;
    return file && fclose(file) == 0 && done ? 0 : 1;
}

int main(int argc, char **argv)
{
    int status = argc == 2 ? 0 : 2;
    for (size_t m = 0; !status && m < sizeof models / sizeof models[0]; m++) {
        itgc_arena *arena = itgc_new_arena(0);
        model_writer writer;
        char name[64];
        start_model(&writer, arena, 13);
        models[m].write(&writer);
        const itgc_text file = finish_model(&writer);
        snprintf(name, sizeof name, "%s.onnx", models[m].name);
        status = write_file(argv[1], name, file.bytes, file.count);
        for (int part = 1; !status && m == 0 && part < 16; part++) {
            snprintf(name, sizeof name, "truncated_%02d.onnx", part);
            status = write_file(argv[1], name, file.bytes, file.count * (size_t)part / 16);
        }
        itgc_release_arena(arena);
    }
    return status;
}
