/* SPDX-License-Identifier: Apache-2.0
 * Sample files: the first byte chooses the kind (.npy, .pb, .bin, a picture, labels, a calibration file), the rest is the file, written
 * into a folder of this process's own. */
#include "compiler/ops/op.h"
#include "tests/fuzz/pipeline.h"
#include "tests/support/model_writer.h"
#include "tools/cli/pipeline.h"

#include <stdio.h>
#include <unistd.h>

#define MOST_MEMORY ((size_t)192 << 20)

typedef struct sample_call {
    itgc_compilation *c;
    const char *path;
    int kind;
} sample_call;

static bool read_all(const sample_call *call, const itgc_samples_spec *spec)
{
    itgc_compilation *const c = call->c;
    itgc_samples *const set = itgc_open_samples(c->arena, &c->diag, spec);
    itgc_shape row_shape = spec->shape;
    row_shape.dim[0] = 1;
    itgc_value *const row = itgc_new_value(c->arena, spec->type, &row_shape);
    bool done = set != NULL;
    for (int64_t i = 0; done && i < itgc_sample_count(set) && i < 16; i++)
        done = itgc_read_sample(set, i, row) && itgc_sample_label(set, i) >= -1;
    if (set != NULL)
        itgc_close_samples(set);
    return done;
}

static bool read_samples(const sample_call *call, const char *raw)
{
    const itgc_image_options image = {.scale = 1.0 / 255.0, .mean = {0.5}, .std = {0.25}, .channels_given = 1, .resize_short = 9, .raw = raw};
    const itgc_shape picture = {.rank = 4, .dim = {1, 3, 8, 8}}, vector = {.rank = 2, .dim = {1, 4}};
    const itgc_samples_spec spec = {.path = call->path,
                                    .input_name = "x",
                                    .type = call->kind % 2 == 0 ? ITGC_F32 : ITGC_U8,
                                    .shape = call->kind >= 6 ? picture : vector,
                                    .image = &image,
                                    .class_count = 3};
    return read_all(call, &spec);
}

static bool read_labels(const sample_call *call)
{
    int count = 0;
    const char *const *const labels = cli_read_labels(call->c->arena, &call->c->diag, call->path, &count);
    for (int i = 0; labels != NULL && i < count; i++)
        if (labels[i] == NULL)
            fuzz_fail("label %d of %d is missing", i, count);
    return labels != NULL;
}

/* Conv, Relu, Gemm: `tensor` lines of the corpus fit it. */
static bool read_ranges(const sample_call *call)
{
    static const float weights[16] = {0.5f, -0.25f, 0.125f, 1.0f};
    model_writer writer;
    start_model(&writer, call->c->arena, 13);
    add_input(&writer, "x", ONNX_FLOAT, "1,4");
    add_floats(&writer, "w", "4,4", weights, 16);
    add_node(&writer, "MatMul", "product", "x|w", "m");
    add_node(&writer, "Tanh", "activation", "m", "y");
    add_output(&writer, "y");
    const itgc_text file = finish_model(&writer);
    const fuzz_options options = {.ranges = call->path};
    fuzz_model((const uint8_t *)file.bytes, file.count, &options);
    return true;
}

static bool read_kind(void *argument)
{
    const sample_call *const call = argument;
    itgc_compilation *const c = call->c;
    bool done;
    switch (call->kind) {
    case 0:
        done = itgc_read_npy(c->arena, &c->diag, call->path) != NULL;
        break;
    case 1:
        done = itgc_read_tensor_file(c->arena, &c->diag, call->path) != NULL;
        break;
    case 2:
        done = read_labels(call);
        break;
    case 3:
        done = read_ranges(call);
        break;
    default:
        done = read_samples(call, call->kind == 5 ? "i8,0.5,3" : "f32");
        break;
    }
    fuzz_check_diagnosis(&c->diag, done);
    return done;
}

/* Kinds in the order of the first byte's letters. */
static const char *const endings[] = {"npy", "pb", "json", "ranges", "npy", "bin", "jpg", "png", "pb", "bin"};

/* fail_at: the allocation that fails; 0: none. */
static void read_once(const char *path, int kind, uint64_t fail_at)
{
    sample_call call = {.c = itgc_new_compilation(MOST_MEMORY), .path = path, .kind = kind};
    if (call.c == NULL)
        return;
    itgc_fail_allocation(call.c->arena, fail_at);
    if (!itgc_protect(call.c, read_kind, &call) && call.c->diag.code == 900)
        fuzz_fail("%s", call.c->diag.error);
    itgc_release_compilation(call.c);
}

/* Once as it is, and once with memory running out at a place that the size chooses: what is open then must be closed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (size == 0)
        return 0;
    const int kind = data[0] % (int)(sizeof endings / sizeof endings[0]);
    (void)snprintf(path, sizeof path, "/tmp/intaglio-fuzz-%ld.%s", (long)getpid(), endings[kind]);
    FILE *const file = fopen(path, "wb");
    if (file == NULL)
        fuzz_fail("%s cannot be written", path);
    (void)fwrite(data + 1, 1, size - 1, file);
    (void)fclose(file);
    read_once(path, kind, 0);
    read_once(path, kind, 1 + size % 37);
    (void)remove(path);
    return 0;
}
