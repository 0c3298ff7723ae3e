/* SPDX-License-Identifier: Apache-2.0
 * Sample sets from files the test writes: .npy rows, raw files, layouts and units, labels, and what is refused. */
#include "compiler/base/files.h"
#include "compiler/measure/image.h"
#include "compiler/measure/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>

typedef struct fixture {
    itgc_arena *arena;
    itgc_diag diag;
    char dir[64];
    itgc_image_options image;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->arena = itgc_new_arena(0);
    f->diag.arena = f->arena;
    strcpy(f->dir, "/tmp/intaglio-samples-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    const int status = system(command);
    itgc_release_arena(f->arena);
    free(f);
    return status;
}

static const char *path_in(const fixture *f, const char *name)
{
    return itgc_sprint(f->arena, "%s/%s", f->dir, name);
}

static void write_file(const fixture *f, const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(path_in(f, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static void write_floats(fixture *f, const char *name, const itgc_shape *shape)
{
    itgc_value *value = itgc_new_value(f->arena, ITGC_F32, shape);
    for (int64_t i = 0; i < itgc_elements(shape); i++)
        value->f[i] = (float)i;
    assert_true(itgc_write_npy(&f->diag, path_in(f, name), value));
}

static itgc_samples *open_set(fixture *f, const char *name, const itgc_shape *shape)
{
    const itgc_samples_spec spec = {
        .path = name ? path_in(f, name) : f->dir, .input_name = "x", .type = ITGC_F32, .shape = *shape, .image = &f->image, .class_count = 3};
    return itgc_open_samples(f->arena, &f->diag, &spec);
}

/* Rows of one file share its digest; a joined set asks each file of its own; other contents are another digest. */
static void digests_are_of_the_files(void **state)
{
    fixture *f = *state;
    const itgc_shape shape = {.rank = 2, .dim = {1, 4}};
    write_floats(f, "a.npy", &(itgc_shape){.rank = 2, .dim = {3, 4}});
    write_floats(f, "b.npy", &(itgc_shape){.rank = 2, .dim = {2, 4}});
    itgc_samples *set = open_set(f, NULL, &shape), *again = open_set(f, "b.npy", &shape);
    assert_non_null(set);
    assert_non_null(again);
    char digest[ITGC_SHA256_TEXT];
    assert_true(itgc_digest_file(&f->diag, path_in(f, "a.npy"), digest));
    assert_string_equal(itgc_sample_digest(set, 0), digest);
    assert_string_equal(itgc_sample_digest(set, 2), digest);
    assert_string_equal(itgc_sample_digest(set, 3), itgc_sample_digest(again, 1));
    assert_string_not_equal(itgc_sample_digest(set, 3), digest);
    unlink(path_in(f, "b.npy"));
    again = open_set(f, "a.npy", &shape);
    assert_non_null(again);
    unlink(path_in(f, "a.npy"));
    assert_null(itgc_sample_digest(again, 0));
    assert_int_equal(f->diag.code, 110);
}

static void npy_rows_are_samples(void **state)
{
    fixture *f = *state;
    write_floats(f, "a.npy", &(itgc_shape){.rank = 2, .dim = {3, 4}});
    itgc_samples *set = open_set(f, "a.npy", &(itgc_shape){.rank = 2, .dim = {1, 4}});
    assert_non_null(set);
    assert_int_equal(itgc_sample_count(set), 3);
    itgc_value *row = itgc_new_value(f->arena, ITGC_F32, &(itgc_shape){.rank = 2, .dim = {1, 4}});
    assert_true(itgc_read_sample(set, 2, row));
    assert_float_equal(row->f[0], 8.0f, 0.0f);
    assert_float_equal(row->f[3], 11.0f, 0.0f);
    assert_int_equal(itgc_sample_label(set, 0), -1);
}

static void npy_labels_beside(void **state)
{
    fixture *f = *state;
    write_floats(f, "a.npy", &(itgc_shape){.rank = 2, .dim = {2, 4}});
    itgc_value *labels = itgc_new_value(f->arena, ITGC_I64, &(itgc_shape){.rank = 1, .dim = {2}});
    labels->i[0] = 2;
    labels->i[1] = 0;
    assert_true(itgc_write_npy(&f->diag, path_in(f, "a_labels.npy"), labels));
    itgc_samples *set = open_set(f, NULL, &(itgc_shape){.rank = 2, .dim = {1, 4}});
    assert_non_null(set);
    assert_int_equal(itgc_sample_count(set), 2);
    assert_int_equal(itgc_sample_label(set, 0), 2);
    labels->i[1] = 3;
    assert_true(itgc_write_npy(&f->diag, path_in(f, "a_labels.npy"), labels));
    assert_null(open_set(f, NULL, &(itgc_shape){.rank = 2, .dim = {1, 4}}));
    assert_int_equal(f->diag.code, 341);
}

static void class_folders_follow_the_list_beside(void **state)
{
    fixture *f = *state;
    const int8_t bytes[2] = {1, -1};
    f->image.raw = "i8,0.5,1";
    assert_int_equal(mkdir(path_in(f, "set"), 0777) | mkdir(path_in(f, "set/cat"), 0777) | mkdir(path_in(f, "set/ant"), 0777), 0);
    write_file(f, "set/cat/1.bin", bytes, 2);
    write_file(f, "set/ant/1.bin", bytes, 2);
    write_file(f, "labels.txt", "cat\nbee\nant\n", 12);
    const itgc_shape shape = {.rank = 2, .dim = {1, 2}};
    itgc_samples *set = open_set(f, "set", &shape);
    assert_non_null(set);
    assert_string_equal(itgc_sample_name(set, 0), "ant/1.bin");
    assert_int_equal(itgc_sample_label(set, 0), 2);
    assert_int_equal(itgc_sample_label(set, 1), 0);
    itgc_value *row = itgc_new_value(f->arena, ITGC_F32, &shape);
    assert_true(itgc_read_sample(set, 0, row));
    assert_float_equal(row->f[1], -1.0f, 0.0f);
}

/* The ONNX input is NCHW in its own units; the graph takes RGB pixels, channels last, of a BGR model. */
static void values_go_back_to_pixels(void **state)
{
    fixture *f = *state;
    const itgc_shape nchw = {.rank = 4, .dim = {1, 3, 2, 2}}, nhwc = {.rank = 4, .dim = {1, 2, 2, 3}};
    write_floats(f, "x.npy", &nchw);
    f->image = (itgc_image_options){.scale = 0.5, .mean = {10, 20, 30}, .std = {1, 2, 4}, .channels_given = 3, .color = ITGC_BGR, .pixels = true};
    const itgc_samples_spec spec = {
        .path = path_in(f, "x.npy"), .input_name = "x", .type = ITGC_F32, .shape = nhwc, .onnx_shape = nchw, .image = &f->image};
    itgc_samples *set = itgc_open_samples(f->arena, &f->diag, &spec);
    assert_non_null(set);
    itgc_value *row = itgc_new_value(f->arena, ITGC_F32, &nhwc);
    assert_true(itgc_read_sample(set, 0, row));
    assert_float_equal(row->f[2], (0.0f * 1 + 10) / 0.5f, 1e-5f); /* blue of the first pixel: channel 0 of the model */
    assert_float_equal(row->f[0], (8.0f * 4 + 30) / 0.5f, 1e-5f);
    assert_float_equal(row->f[4], (5.0f * 2 + 20) / 0.5f, 1e-5f);
}

static void wrong_files_are_refused(void **state)
{
    fixture *f = *state;
    const itgc_shape shape = {.rank = 2, .dim = {1, 4}};
    assert_null(open_set(f, NULL, &shape));
    assert_int_equal(f->diag.code, 301);
    f->diag.error = NULL;
    write_floats(f, "a.npy", &(itgc_shape){.rank = 2, .dim = {3, 5}});
    assert_null(open_set(f, "a.npy", &shape));
    assert_int_equal(f->diag.code, 303);
    f->diag.error = NULL;
    assert_int_equal(truncate(path_in(f, "a.npy"), 140), 0);
    assert_null(open_set(f, "a.npy", &shape));
    assert_int_equal(f->diag.code, 312);
    f->diag.error = NULL;
    write_file(f, "b.bin", "123", 3);
    assert_null(open_set(f, "b.bin", &shape));
    assert_int_equal(f->diag.code, 305);
    f->diag.error = NULL;
    f->image.raw = "f32";
    assert_null(open_set(f, "b.bin", &shape));
    assert_int_equal(f->diag.code, 306);
}

/* What folders list may be gone, or closed to the reader, when it is opened. */
static void files_that_cannot_be_opened(void **state)
{
    fixture *f = *state;
    itgc_picture picture;
    assert_null(itgc_read_npy(f->arena, &f->diag, path_in(f, "gone.npy")));
    assert_int_equal(f->diag.code, 310);
    f->diag.error = NULL;
    assert_false(itgc_decode_picture(f->arena, &f->diag, path_in(f, "gone.jpg"), &picture));
    assert_int_equal(f->diag.code, 320);
}

/* Opened by themselves, the sets of two inputs may differ. */
static void inputs_need_equal_counts(void **state)
{
    fixture *f = *state;
    const itgc_shape shape = {.rank = 2, .dim = {1, 4}};
    const itgc_samples_spec spec = {.input_name = "x", .type = ITGC_F32, .shape = shape, .onnx_shape = shape, .image = &f->image};
    itgc_graph *graph = itgc_new_graph(f->arena, &f->diag);
    itgc_samples *sets[2];
    graph->inputs = ITGC_NEW_ARRAY(f->arena, itgc_tensor *, 2);
    graph->input_count = 2;
    for (int i = 0; i < 2; i++) {
        graph->inputs[i] = itgc_new_tensor(graph, i == 0 ? "x" : "z", ITGC_F32, &shape);
        sets[i] = itgc_open_noise(f->arena, &f->diag, &spec, 1, 2 + i);
    }
    assert_false(itgc_measure_graph(graph, sets, NULL, NULL, 1, NULL));
    assert_int_equal(f->diag.code, 333);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(digests_are_of_the_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(npy_rows_are_samples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(npy_labels_beside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(class_folders_follow_the_list_beside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_go_back_to_pixels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inputs_need_equal_counts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
