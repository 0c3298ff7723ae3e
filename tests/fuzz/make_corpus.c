/* SPDX-License-Identifier: Apache-2.0
 * Writes the corpora: make_corpus DIR fills DIR/import, DIR/graph, DIR/options, DIR/samples with a few hundred small files, the same
 * ones whenever it runs. Called by hand after ops were added (tests/fuzz/run.sh --corpus). */
#include "compiler/ops/op.h"
#include "tests/fuzz/generator.h"
#include "tests/fuzz/pipeline.h"

#include <stdio.h>
#include <jpeglib.h>
#include <png.h>
#include <sys/stat.h>

static void write_seed(const char *dir, const char *target, const char *name, const void *bytes, size_t count)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, target);
    (void)mkdir(path, 0777);
    (void)snprintf(path, sizeof path, "%s/%s/%s", dir, target, name);
    FILE *const file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, count, file) != count || fclose(file) != 0)
        fuzz_fail("%s cannot be written", path);
}

static void fill_bytes(uint8_t *bytes, size_t count, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
}

/* One small model for every op: the first choices that the importer accepts. */
static void write_ops(itgc_arena *arena, const char *dir)
{
    int count = 0;
    const itgc_op_row *const rows = itgc_op_rows(&count);
    for (int i = 0; i < count; i++) {
        uint8_t bytes[64];
        itgc_text file;
        for (uint32_t seed = 1; seed < 300; seed++) {
            fill_bytes(bytes, sizeof bytes, seed);
            bytes[1] = (uint8_t)(seed % 11);
            if (!fuzz_generate_op(arena, rows[i].name, bytes, sizeof bytes, &file) || file.count > 2000)
                continue;
            write_seed(dir, "import", rows[i].name, file.bytes, file.count);
            break;
        }
    }
}

/* The bytes of a graph fuzzer's input, and as a model the import fuzzer's. */
static void write_graph(itgc_arena *arena, const char *dir, const char *name, const uint8_t *bytes, size_t count)
{
    write_seed(dir, "graph", name, bytes, count);
    const itgc_text file = fuzz_generate_model(arena, bytes, count);
    if (file.count < 3000)
        write_seed(dir, "import", name, file.bytes, file.count);
}

/* Of start_generator()'s: matrices, an image of many rows for what is computed inside another step, or a small image. */
static uint8_t choose_shape(const char *pattern)
{
    if (strstr(pattern, "[0,2,1]") != NULL || strstr(pattern, "MatMul") != NULL)
        return 5;
    return strncmp(pattern, "Conv x f", 8) == 0 || strncmp(pattern, "Conv x w", 8) == 0 ? 11 : 1;
}

/* One input for each pattern, on a shape it may fit, and some of random pieces. */
static void write_graphs(itgc_arena *arena, const char *dir)
{
    uint8_t bytes[13 * FUZZ_PIECE];
    char name[32];
    for (int i = 0; i < fuzz_pattern_count(); i++) {
        fill_bytes(bytes, sizeof bytes, (uint32_t)i);
        memset(bytes, 0, FUZZ_PIECE);
        bytes[1] = choose_shape(fuzz_pattern(i));
        bytes[FUZZ_PIECE] = 0;
        bytes[FUZZ_PIECE + 1] = (uint8_t)i;
        (void)snprintf(name, sizeof name, "pattern%02d", i);
        write_graph(arena, dir, name, bytes, 2 * FUZZ_PIECE);
    }
    for (uint32_t seed = 1; seed <= 60; seed++) {
        fill_bytes(bytes, sizeof bytes, seed);
        bytes[3] = (uint8_t)(bytes[3] % 7); /* one input */
        (void)snprintf(name, sizeof name, "seed%02u", (unsigned)seed);
        write_graph(arena, dir, name, bytes, (4 + seed % 10) * FUZZ_PIECE);
    }
}

static void write_model(const model_writer *writer, const char *dir, const char *name)
{
    const itgc_text file = finish_model(writer);
    write_seed(dir, "import", name, file.bytes, file.count);
}

/* Numbers a quantized op of ONNX Runtime reads: "s" scales, "z" zero points, "w" weights. */
static void start_quantized(model_writer *writer, itgc_arena *arena)
{
    static const float scale = 0.05f;
    static const uint8_t zero = 120, weights[12] = {130, 110, 120, 140};
    start_model(writer, arena, 13);
    add_input(writer, "x", ONNX_FLOAT, "1,3,2,2");
    add_floats(writer, "s", "", &scale, 1);
    add_initializer(writer, "z", ONNX_UINT8, "", &zero, 1);
    add_initializer(writer, "w", ONNX_UINT8, "1,3,2,2", weights, sizeof weights);
    add_node(writer, "QuantizeLinear", "codes", "x|s|z", "q");
    add_output(writer, "y");
}

static void write_quantized(itgc_arena *arena, const char *dir)
{
    static const char *const nodes[][2] = {{"QLinearAdd", "q|s|z|w|s|z|s|z"},    {"QLinearMul", "q|s|z|w|s|z|s|z"},
                                           {"QLinearConcat", "s|z|q|s|z|w|s|z"}, {"QLinearGlobalAveragePool", "q|s|z|s|z"},
                                           {"QLinearSigmoid", "q|s|z|s|z"},      {"QLinearSoftmax", "q|s|z|s|z"},
                                           {"QLinearReduceMean", "q|s|z|s|z"}};
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        model_writer writer;
        start_quantized(&writer, arena);
        begin_node(&writer, nodes[i][0], "contributed", nodes[i][1], "r");
        set_domain(&writer, "com.microsoft");
        if (strcmp(nodes[i][0], "QLinearConcat") == 0)
            set_int(&writer, "axis", 1);
        end_node(&writer);
        add_node(&writer, "DequantizeLinear", "reals", "r|s|z", "y");
        write_model(&writer, dir, nodes[i][0]);
    }
}

/* A function that calls another with an attribute of its caller's. */
static void write_functions(itgc_arena *arena, const char *dir)
{
    model_writer writer;
    start_model(&writer, arena, 17);
    add_input(&writer, "x", ONNX_FLOAT, "1,4");
    add_output(&writer, "y");
    begin_node(&writer, "LeakyRelu", "inside", "a", "b");
    set_reference(&writer, "alpha", 1, "slope");
    end_function(&writer, "local", "Inner", "a", "b");
    begin_node(&writer, "Inner", "call", "a", "b");
    set_domain(&writer, "local");
    set_float(&writer, "slope", 0.25f);
    end_function(&writer, "local", "Outer", "a", "b");
    begin_node(&writer, "Outer", "outermost", "x", "y");
    set_domain(&writer, "local");
    end_node(&writer);
    write_model(&writer, dir, "functions");
}

static void write_branches(itgc_arena *arena, const char *dir)
{
    static const uint8_t yes = 1;
    model_writer writer, then, otherwise;
    start_model(&writer, arena, 17);
    start_model(&then, arena, 17);
    start_model(&otherwise, arena, 17);
    add_input(&writer, "x", ONNX_FLOAT, "N,4");
    add_output(&writer, "y");
    add_initializer(&writer, "condition", ONNX_BOOL, "", &yes, 1);
    add_node(&then, "Relu", "relu", "x", "z");
    add_output(&then, "z");
    add_node(&otherwise, "Tanh", "tanh", "x", "z");
    add_output(&otherwise, "z");
    begin_node(&writer, "If", "choice", "condition", "y");
    set_graph(&writer, "then_branch", &then);
    set_graph(&writer, "else_branch", &otherwise);
    end_node(&writer);
    write_model(&writer, dir, "branches");
}

static void write_described(itgc_arena *arena, const char *dir)
{
    model_writer writer;
    start_model(&writer, arena, 13);
    add_input(&writer, "x", ONNX_FLOAT, "1,3,2,2");
    add_doc(&writer, "{\"means\": [0.5, 0.4, 0.3], \"vars\": [0.2, 0.2, 0.1]}");
    add_node(&writer, "GlobalAveragePool", "pool", "x", "scores-0:cat;1:dog;2:owl;");
    add_output(&writer, "scores-0:cat;1:dog;2:owl;");
    write_model(&writer, dir, "described");
}

static void write_options(const char *dir)
{
    static const char *const lines[] = {
        "a\nmodel.onnx\n--calib\na\nb\n--target\ncortex-m4\n-o\nout\n--ram\n64K\n--flash=1M",
        "b\nm.onnx\n--float\n--input\nx=a.npy\n--output\ny.npy\n--tap\nt\n--logits",
        "c\nm.onnx\n--data\nd\n--scale\n1/255\n--mean=0.5,0.5,0.5\n--std\n0.2\n--gate\ntop1-drop<=0.5",
        "d\nm.onnx\n--json\n-\n--dump=import\n--threads\n2",
        "e\nm.onnx\n--isa\nscalar\n--quiet\n--verbose",
        "f\nd1\nd2\n--threads=3",
        "g\na.json\nb.json",
        "h\n--matrix\n--help",
        "a\nmodel.onnx\n--steps=+mse,-int16-pool\n--crop\n224,224\n--resize\n256\n--raw\ni8,0.5,3\n--input-type\nu8",
        "a\n--\n--calib\n-\n--nonsense\n--calibb=3",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "line%zu", i);
        write_seed(dir, "options", name, lines[i], strlen(lines[i]));
    }
}

/* The first byte is the kind of samples_fuzzer.c. */
static void write_sample(const char *dir, const char *name, char kind, const void *bytes, size_t count)
{
    char file[4096];
    if (count >= sizeof file)
        fuzz_fail("sample %s is too long", name);
    file[0] = kind;
    memcpy(file + 1, bytes, count);
    write_seed(dir, "samples", name, file, count + 1);
}

/* 5 x 4 pixels of a slope. */
static void write_jpeg(const char *dir)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr manager;
    unsigned char *bytes = NULL, row[15];
    unsigned long count = 0;
    info.err = jpeg_std_error(&manager);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &count);
    info.image_width = 5;
    info.image_height = 4;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        for (int i = 0; i < 15; i++)
            row[i] = (unsigned char)(16 * i + 9 * (int)info.next_scanline);
        JSAMPROW rows[1] = {row};
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    write_sample(dir, "jpeg", 6, bytes, count);
    free(bytes);
}

static void write_png(const char *dir, const char *name, uint32_t format)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = 5, .height = 4, .format = format};
    unsigned char pixels[160], bytes[2048];
    png_alloc_size_t count = sizeof bytes;
    fill_bytes(pixels, sizeof pixels, 3);
    if (!png_image_write_to_memory(&image, bytes, &count, 0, pixels, 0, NULL))
        fuzz_fail("libpng wrote nothing");
    write_sample(dir, name, 7, bytes, count);
}

static void write_pictures(const char *dir)
{
    write_jpeg(dir);
    write_png(dir, "png_rgb", PNG_FORMAT_RGB);
    write_png(dir, "png_gray", PNG_FORMAT_GRAY);
    write_png(dir, "png_alpha", PNG_FORMAT_RGBA);
    write_png(dir, "png_wide", PNG_FORMAT_LINEAR_RGB);
}

static void write_npy(const char *dir, const char *name, char kind, const char *header, size_t count)
{
    char bytes[512] = "\x93NUMPY\x01";
    const size_t length = strlen(header);
    bytes[8] = (char)length;
    memcpy(bytes + 10, header, length);
    fill_bytes((uint8_t *)bytes + 10 + length, count, 7);
    write_sample(dir, name, kind, bytes, 10 + length + count);
}

static void write_samples(itgc_arena *arena, const char *dir)
{
    static const char labels_list[] = "[\"cat\", \"dog\", \"\\u00e9\"]", labels_index[] = "{\"0\": \"cat\", \"1\": \"dog\"}",
                      labels_name[] = "{\"cat\": 0, \"dog\": 1}", labels_lines[] = "cat\r\ndog\n\nbird\n",
                      ranges[] = "intaglio-ranges 1\ntensor 0 x\nrange -1 1\nhistogram 0.0009765625 -1024 8 0 0 2\n0 1 1 1\n2040 5\n"
                                 "tensor 2 m\nrange -1 1\nhistogram 0.0009765625 -1024 8 0 0 2\n0 8\n"
                                 "tensor 3 y\nrange -1 1\nhistogram 0.0009765625 -1024 8 0 0 2\n0 8\n";
    const float values[8] = {0.5f, 1.0f, -1.0f, 3.0f, 0.0f, 1e30f, -7.0f, 2.0f};
    const itgc_text tensor = write_tensor(arena, "x", ONNX_FLOAT, "2,4", values, sizeof values);
    const itgc_text numbers = write_tensor(arena, "x", ONNX_UINT8, "1,4", "abcd", 4);
    write_npy(dir, "npy_f4", 0, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }\n", 32);
    write_npy(dir, "npy_f8", 0, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 4), }\n", 64);
    write_npy(dir, "npy_f2", 4, "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }\n", 24);
    write_npy(dir, "npy_u1", 0, "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }\n", 5);
    write_npy(dir, "npy_i8", 0, "{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", 8);
    write_npy(dir, "npy_rows", 4, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 4), }\n", 32);
    write_sample(dir, "pb_f32", 1, tensor.bytes, tensor.count);
    write_sample(dir, "pb_rows", 8, tensor.bytes, tensor.count);
    write_sample(dir, "pb_u8", 1, numbers.bytes, numbers.count);
    write_sample(dir, "bin_f32", 9, values, 16);
    write_sample(dir, "bin_i8", 5, "abcd", 4);
    write_sample(dir, "labels_list", 2, labels_list, sizeof labels_list - 1);
    write_sample(dir, "labels_index", 2, labels_index, sizeof labels_index - 1);
    write_sample(dir, "labels_name", 2, labels_name, sizeof labels_name - 1);
    write_sample(dir, "labels_lines", 2, labels_lines, sizeof labels_lines - 1);
    write_sample(dir, "ranges", 3, ranges, sizeof ranges - 1);
    write_pictures(dir);
}

typedef struct corpus_call {
    itgc_compilation *c;
    const char *dir;
} corpus_call;

static bool write_all(void *argument)
{
    const corpus_call *const call = argument;
    write_ops(call->c->arena, call->dir);
    write_graphs(call->c->arena, call->dir);
    write_quantized(call->c->arena, call->dir);
    write_functions(call->c->arena, call->dir);
    write_branches(call->c->arena, call->dir);
    write_described(call->c->arena, call->dir);
    write_options(call->dir);
    write_samples(call->c->arena, call->dir);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        fuzz_fail("give the folder of the corpora");
    itgc_compilation *const c = itgc_new_compilation(0);
    corpus_call call = {.c = c, .dir = argv[1]};
    const bool done = c != NULL && itgc_protect(c, write_all, &call);
    itgc_release_compilation(c);
    return done ? 0 : 1;
}
