/* SPDX-License-Identifier: Apache-2.0
 * Every n-th allocation fails, through the whole compilation of a small model: error 901, nothing leaked (the sanitized run sees that),
 * and no file in the output folder. Then graphs of 2,000 and 20,000 nodes: the work per node stays what it is. */
#include "compiler/compile.h"
#include "tests/unit/onnx/importing.h"

#include <dirent.h>
#include <intaglio/kernels.h>

static const char *write_model(importing *f)
{
    model_writer *const w = &f->writer;
    const float weights[108] = {0.5f, -0.25f, 1.0f, 0.125f}, bias[4] = {0.1f, 0.2f, -0.1f, 0.0f}, matrix[12] = {1.0f, -1.0f, 0.5f};
    add_input(w, "x", ONNX_FLOAT, "1,3,6,6");
    add_floats(w, "w", "4,3,3,3", weights, 108);
    add_floats(w, "b", "4", bias, 4);
    add_floats(w, "m", "4,3", matrix, 12);
    add_node(w, "Conv", "conv", "x|w|b", "c");
    add_node(w, "Relu", "relu", "c", "r");
    add_node(w, "GlobalAveragePool", "pool", "r", "p");
    add_node(w, "Flatten", "flatten", "p", "f");
    add_node(w, "MatMul", "product", "f|m", "y0");
    add_node(w, "Softmax", "softmax", "y0", "y");
    add_output(w, "y");
    const itgc_text file = finish_model(w);
    return write_file(f, "small.onnx", file.bytes, file.count);
}

static const char *write_samples(importing *f)
{
    static const char header[] = "\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 6, 6), }       \n";
    char bytes[10 + 70 + 2 * 108 * sizeof(float)] = {0};
    memcpy(bytes, header, 80);
    for (int i = 0; i < 216; i++) {
        const float value = (float)(i % 17) / 8.0f - 1.0f;
        memcpy(bytes + 80 + 4 * i, &value, 4);
    }
    return write_file(f, "samples.npy", bytes, sizeof bytes);
}

typedef struct whole_run {
    itgc_compilation *c;
    const char *model, *samples, *folder;
} whole_run;

static bool run_phases(void *argument)
{
    const whole_run *const run = argument;
    itgc_compilation *const c = run->c;
    const itgc_import_options import = {.threads = 1};
    const itgc_lower_options lower = {.threads = 1, .scale = 1.0};
    const itgc_quantize_options quantize = {.mse_ranges = true, .wide_logits = true};
    const itgc_schedule_options schedule = {.align = 16, .packings = {(itg_packing)itg_kernels_scalar.packing}, .workers = 1};
    const itgc_emit_options emit = {.name = "small", .target = "generic", .model_file = "small.onnx", .model_sha256 = "", .options = ""};
    const itgc_image_options image = {.scale = 1.0};
    if (!itgc_import(c, run->model, &import) || !itgc_lower(c, &lower))
        return false;
    const itgc_tensor *const input = c->graph->inputs[0];
    const itgc_samples_spec spec = {.path = run->samples,
                                    .input_name = "x",
                                    .type = ITGC_F32,
                                    .shape = input->shape,
                                    .onnx_shape = c->imported.graph->inputs[0]->shape,
                                    .image = &image};
    itgc_samples *const set = itgc_open_samples(c->arena, &c->diag, &spec);
    return set != NULL && itgc_measure(c, &set, NULL, NULL, 1, NULL) && itgc_quantize(c, &quantize) &&
           itgc_schedule(c, &schedule, &itg_kernels_scalar) && itgc_emit(c, &emit, run->folder);
}

static int count_files(const char *folder, bool remove_them)
{
    DIR *const dir = opendir(folder);
    int count = 0;
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char path[512];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count++;
        if (remove_them)
            (void)unlink(path);
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (remove_them)
        (void)rmdir(folder);
    return count;
}

/* Every one of the first hundred, then fewer and fewer. */
static void every_failing_allocation_leaves_nothing_behind(void **state)
{
    importing *const f = *state;
    whole_run run = {.model = write_model(f), .samples = write_samples(f), .folder = itgc_sprint(f->arena, "%s/out", f->folder)};
    bool done = false;
    int tried = 0;
    for (uint64_t n = 1; !done && n < 1000000; n += 1 + n / 100) {
        run.c = itgc_new_compilation(0);
        itgc_fail_allocation(run.c->arena, n);
        done = itgc_protect(run.c, run_phases, &run);
        if (run.c->diag.code != (done ? 0 : 901))
            fail_msg("allocation %llu: %s", (unsigned long long)n, run.c->diag.error == NULL ? "no error" : run.c->diag.error);
        assert_int_equal(count_files(run.folder, false) > 0, done);
        itgc_release_compilation(run.c);
        tried++;
    }
    assert_true(done);
    assert_true(tried > 200);
    assert_true(count_files(run.folder, true) >= 3);
}

/* A chain, many readers of one tensor, and constants folded and not. */
static itgc_text write_large(importing *f, int nodes)
{
    model_writer *const w = &f->writer;
    const float one = 1.0f;
    start_model(w, f->arena, 13);
    add_input(w, "x", ONNX_FLOAT, "1,4");
    add_floats(w, "k", "1", &one, 1);
    const char *last = "x", *sum = "x", *folded = "k";
    for (int i = 0; i < nodes / 4; i++) {
        const char *const chain = itgc_sprint(f->arena, "chain%d", i), *const wide = itgc_sprint(f->arena, "wide%d", i);
        const char *const total = itgc_sprint(f->arena, "sum%d", i), *const constant = itgc_sprint(f->arena, "constant%d", i);
        add_node(w, "Relu", chain, last, chain);
        add_node(w, "Mul", wide, itgc_sprint(f->arena, "x|%s", folded), wide);
        add_node(w, "Add", total, itgc_sprint(f->arena, "%s|%s", sum, wide), total);
        add_node(w, "Neg", constant, folded, constant);
        last = chain;
        sum = total;
        folded = constant;
    }
    add_node(w, "Add", "end", itgc_sprint(f->arena, "%s|%s", last, sum), "y");
    add_output(w, "y");
    return finish_model(w);
}

/* Memory that import and lowering hold at most, which counts their work: what is quadratic shows. */
static size_t measure_large(importing *f, int nodes)
{
    const itgc_text file = write_large(f, nodes);
    const char *const path = write_file(f, itgc_sprint(f->arena, "large%d.onnx", nodes), file.bytes, file.count);
    itgc_compilation *const c = itgc_new_compilation(0);
    const itgc_import_options import = {.threads = 1};
    const itgc_lower_options lower = {.threads = 1, .scale = 1.0};
    (void)alarm(60); /* seconds are plenty, quadratic work takes hours */
    if (!itgc_import(c, path, &import) || !itgc_lower(c, &lower))
        fail_msg("%s", c->diag.error);
    (void)alarm(0);
    const size_t peak = itgc_arena_peak(c->arena);
    itgc_release_compilation(c);
    return peak;
}

static void large_graphs_take_linear_work(void **state)
{
    importing *const f = *state;
    const size_t small = measure_large(f, 2000), large = measure_large(f, 20000);
    assert_true(large < 13 * small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(every_failing_allocation_leaves_nothing_behind),
        IMPORT_TEST(large_graphs_take_linear_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
