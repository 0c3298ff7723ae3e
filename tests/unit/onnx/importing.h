/* SPDX-License-Identifier: Apache-2.0
 * What the importer's tests share: a model being written, a folder of its own, import and what to expect of it. */
#ifndef IMPORTING_H
#define IMPORTING_H

#include "compiler/onnx/import.h"
#include "compiler/ops/op.h"
#include "tests/support/model_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct importing {
    itgc_arena *arena;
    itgc_diag diag;
    model_writer writer;
    itgc_input_shape shape;
    itgc_import_options options;
    itgc_import_result result;
    char folder[32];
    const char *files[4];
    int file_count;
} importing;

static inline int open_importing(void **state)
{
    itgc_arena *const arena = itgc_new_arena(0);
    importing *const f = ITGC_NEW(arena, importing);
    f->arena = arena;
    f->diag.arena = arena;
    f->options.threads = 1;
    strcpy(f->folder, "/tmp/importing_XXXXXX");
    start_model(&f->writer, arena, 13);
    *state = f;
    return mkdtemp(f->folder) == NULL;
}

static inline int close_importing(void **state)
{
    importing *const f = *state;
    for (int i = 0; i < f->file_count; i++)
        unlink(f->files[i]);
    rmdir(f->folder);
    itgc_release_arena(f->arena);
    return 0;
}

static inline const char *write_file(importing *f, const char *name, const void *bytes, size_t count)
{
    const char *const path = itgc_sprint(f->arena, "%s/%s", f->folder, name);
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    f->files[f->file_count++] = path;
    return path;
}

static inline void give_shape(importing *f, const char *name, itgc_shape shape)
{
    f->shape = (itgc_input_shape){name, shape};
    f->options.shapes = &f->shape;
    f->options.shape_count = 1;
}

static inline bool import_bytes(importing *f, const char *bytes, size_t count)
{
    const char *const path = itgc_sprint(f->arena, "%s/m.onnx", f->folder);
    uint8_t *const exact = malloc(count + (count == 0)); /* so that the sanitizer sees a read behind the end */
    assert_non_null(exact);
    memcpy(exact, bytes, count);
    const bool done = itgc_import_bytes(f->arena, &f->diag, path, exact, count, &f->options, &f->result);
    free(exact);
    return done;
}

static inline const itgc_graph *import_good(importing *f)
{
    const itgc_text file = finish_model(&f->writer);
    if (!import_bytes(f, file.bytes, file.count))
        fail_msg("%s", f->diag.error);
    assert_non_null(f->result.graph);
    return f->result.graph;
}

/* Must fail with this code, and a message that holds the piece. */
static inline void import_bad(importing *f, int code, const char *piece)
{
    const itgc_text file = finish_model(&f->writer);
    assert_false(import_bytes(f, file.bytes, file.count));
    assert_non_null(f->diag.error);
    if (f->diag.code != code || strstr(f->diag.error, piece) == NULL)
        fail_msg("E%d \"%s\" expected, got: %s", code, piece, f->diag.error);
}

static inline const char *shape_of(importing *f, const itgc_tensor *tensor)
{
    return itgc_shape_text(f->arena, &tensor->shape);
}

#define IMPORT_TEST(name) cmocka_unit_test_setup_teardown(name, open_importing, close_importing)

#endif
