/* SPDX-License-Identifier: Apache-2.0
 * The emitted files of the hand-made graph: equal to the goldens (UPDATE=1 rewrites them), equal when made twice, whole or
 * not there at all, and refused with a clear message where they cannot be written. */
#include "compiler/emit/emit.h"
#include "compiler/base/files.h"
#include "compiler/base/text.h"
#include "compiler/schedule/schedule.h"
#include "tests/models/hand_graph.h"

#include <intaglio/intaglio.h>
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fixture {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_graph *graph;
    const itg_model *model;
    itgc_emit_options options;
    uint8_t pixels[6 * 6 * 3];
    const void *inputs[1];
    char dir[64];
} fixture;

static fixture *make_fixture(const char *target_name)
{
    const itgc_target *target = itgc_find_target(target_name);
    itgc_arena *arena = itgc_new_arena(0);
    if (!arena || setjmp(*itgc_arm_arena(arena))) {
        return NULL;
    }
    fixture *f = ITGC_NEW(arena, fixture);
    f->arena = arena;
    f->diag = (itgc_diag){.arena = arena, .file = "hand"};
    f->graph = hand_graph(arena, &f->diag);
    itgc_schedule_options schedule = {
        .align = target->align, .storage = target->tables[0]->storage, .workers = 1, .stack_bytes = itgc_target_stack(target)};
    itgc_list_packings(target, schedule.packings);
    if (!itgc_schedule_graph(f->graph, &schedule)) {
        return NULL;
    }
    f->model = itgc_build_plan(f->graph, &itg_kernels_scalar);
    hand_fill(f->pixels, sizeof f->pixels, 3);
    f->inputs[0] = f->pixels;
    f->options = (itgc_emit_options){.name = "hand",
                                     .target = target_name,
                                     .model_file = "hand.onnx",
                                     .model_sha256 = "none",
                                     .options = "--name hand",
                                     .sample_count = 1,
                                     .test_inputs = f->inputs,
                                     .report_json = "{}\n"};
    (void)strcpy(f->dir, "/tmp/intaglio_emit_XXXXXX");
    return mkdtemp(f->dir) ? f : NULL;
}

static int set_up(void **state)
{
    *state = make_fixture("cortex-m4");
    return *state ? 0 : -1;
}

static int count_files(const char *path)
{
    DIR *dir = opendir(path);
    int count = 0;
    while (dir && readdir(dir)) {
        count++;
    }
    if (dir) {
        (void)closedir(dir);
    }
    return count - 2; /* . and .. */
}

static void remove_files(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char name[512];
    while (dir && (entry = readdir(dir))) {
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        (void)unlink(name);
    }
    if (dir) {
        (void)closedir(dir);
    }
}

static int tear_down(void **state)
{
    fixture *f = *state;
    remove_files(f->dir);
    (void)rmdir(f->dir);
    itgc_release_arena(f->arena);
    return 0;
}

static const char *emit(const fixture *f, const char *which)
{
    itgc_text text;
    itgc_init_text(&text, f->arena);
    assert_true(itgc_emit_text(&text, f->graph, f->model, &f->options, which));
    return text.bytes;
}

static void check_golden(const fixture *f, const char *which, const char *path)
{
    const char *text = emit(f, which);
    if (getenv("UPDATE") && strcmp(getenv("UPDATE"), "1") == 0) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
    }
    size_t count;
    itgc_diag diag = {.arena = f->arena};
    const uint8_t *golden = itgc_read_file(f->arena, &diag, path, 0, &count);
    assert_non_null(golden);
    assert_string_equal(text, (const char *)golden);
}

static void equals_goldens(void **state)
{
    check_golden(*state, "h", "tests/golden/hand.h");
    check_golden(*state, "c", "tests/golden/hand.c");
    check_golden(*state, "weights", "tests/golden/hand_weights.c");
    check_golden(*state, "test", "tests/golden/hand_test.c");
    check_golden(*state, "asm", "tests/golden/hand_weights.S");
}

/* Two packings: convolutions twice, all else once. */
static void equals_goldens_of_several_tables(void **state)
{
    (void)state;
    fixture *f = make_fixture("aarch64");
    assert_non_null(f);
    f->options.name = "hand_aarch64";
    check_golden(f, "h", "tests/golden/hand_aarch64.h");
    check_golden(f, "c", "tests/golden/hand_aarch64.c");
    void *done = f;
    tear_down(&done);
}

static void refuses_a_plan_that_is_not_packed_for_the_target(void **state)
{
    fixture *f = *state;
    f->options.target = "x86-64";
    assert_false(itgc_emit_files(f->graph, f->model, &f->options, f->dir));
    assert_int_equal(f->diag.code, 900);
    assert_int_equal(count_files(f->dir), 0);
}

static void gives_the_same_bytes_twice(void **state)
{
    fixture *other = make_fixture("cortex-m4");
    assert_non_null(other);
    static const char *const all[] = {"h", "c", "weights", "test", "asm"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_string_equal(emit(*state, all[i]), emit(other, all[i]));
    }
    void *again = other;
    tear_down(&again);
}

static void writes_whole_sets(void **state)
{
    fixture *f = *state;
    assert_true(itgc_emit_files(f->graph, f->model, &f->options, f->dir));
    assert_int_equal(count_files(f->dir), 5); /* h, c, weights, test, report */
    f->options.weights_asm = true;
    assert_true(itgc_emit_files(f->graph, f->model, &f->options, f->dir));
    assert_int_equal(count_files(f->dir), 6); /* .S and .bin in place of _weights.c */
}

/* What the comment of the header says to link is what was written. */
static void names_the_files_to_link(void **state)
{
    fixture *f = *state;
    assert_non_null(strstr(emit(f, "h"), "Link hand.c, hand_weights.c and libintaglio.a."));
    f->options.weights_asm = true;
    assert_non_null(strstr(emit(f, "h"), "Link hand.c, hand_weights.S and libintaglio.a."));
}

static void refuses_bad_places(void **state)
{
    fixture *f = *state;
    assert_false(itgc_emit_files(f->graph, f->model, &f->options, "/dev/null"));
    assert_int_equal(f->diag.code, 603);
    assert_string_equal(f->diag.error, "/dev/null: this is a file, not a folder; give another -o [E603]");
    assert_string_equal(f->diag.file, "hand");
    f->diag.error = NULL;
    assert_false(itgc_emit_files(f->graph, f->model, &f->options, "/dev/null/deeper"));
    assert_int_equal(f->diag.code, 603);
    f->diag.error = NULL;
    const char *blocked = itgc_sprint(f->arena, "%s/hand.c", f->dir);
    assert_int_equal(mkdir(blocked, 0777), 0);
    assert_false(itgc_emit_files(f->graph, f->model, &f->options, f->dir));
    assert_int_equal(f->diag.code, 604);
    assert_int_equal(strncmp(f->diag.error, blocked, strlen(blocked)), 0);
    assert_int_equal(count_files(f->dir), 1);
    (void)rmdir(blocked);
}

static void checks_a_folder_and_leaves_nothing(void **state)
{
    fixture *f = *state;
    const char *inner = itgc_sprint(f->arena, "%s/inner", f->dir);
    assert_true(itgc_check_folder(&f->diag, f->dir));
    assert_true(itgc_check_folder(&f->diag, inner));
    assert_int_equal(count_files(f->dir), 0);
    assert_false(itgc_check_folder(&f->diag, itgc_sprint(f->arena, "%s/deeper", inner)));
    assert_int_equal(f->diag.code, 603);
    assert_int_equal(count_files(f->dir), 0);
    f->diag.error = NULL;
    assert_int_equal(chmod(f->dir, 0500), 0);
    const bool is_open = itgc_check_folder(&f->diag, f->dir);
    assert_int_equal(chmod(f->dir, 0700), 0);
    assert_true(is_open ? geteuid() == 0 : f->diag.code == 604); /* nothing stops root */
}

/* A limit on file sizes stands for a full disk: writing fails half way. */
static void leaves_nothing_half_written(void **state)
{
    fixture *f = *state;
    struct rlimit old;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit small = {2500, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const bool done = itgc_emit_files(f->graph, f->model, &f->options, f->dir);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(done);
    assert_int_equal(f->diag.code, 604);
    assert_int_equal(count_files(f->dir), 0);
}

static void refuses_names_and_targets(void **state)
{
    fixture *f = *state;
    f->options.name = "no-identifier";
    assert_false(itgc_emit_files(f->graph, f->model, &f->options, f->dir));
    assert_int_equal(f->diag.code, 601);
    f->diag.error = NULL;
    f->options.name = "hand";
    f->options.target = "z80";
    assert_false(itgc_emit_files(f->graph, f->model, &f->options, f->dir));
    assert_int_equal(f->diag.code, 602);
    assert_int_equal(count_files(f->dir), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(equals_goldens),
                                       cmocka_unit_test(equals_goldens_of_several_tables),
                                       TEST(refuses_a_plan_that_is_not_packed_for_the_target),
                                       TEST(gives_the_same_bytes_twice),
                                       TEST(writes_whole_sets),
                                       TEST(names_the_files_to_link),
                                       TEST(refuses_bad_places),
                                       TEST(checks_a_folder_and_leaves_nothing),
                                       TEST(leaves_nothing_half_written),
                                       TEST(refuses_names_and_targets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
