/* SPDX-License-Identifier: Apache-2.0
 * Valid models built from the bytes: passes must not change the float result, every kernel table must give the scalar one's bytes, and
 * nothing may depend on what the arena held. FUZZ_SHOW=FILE writes the model, for a look with other tools. */
#include "tests/fuzz/generator.h"
#include "tests/fuzz/pipeline.h"

#include <stdio.h>

typedef struct build_call {
    itgc_compilation *c;
    const uint8_t *data;
    size_t size;
    itgc_text file;
} build_call;

static bool build(void *argument)
{
    build_call *const call = argument;
    call->file = fuzz_generate_model(call->c->arena, call->data, call->size);
    return true;
}

static void show(const itgc_text *text)
{
    const char *const path = getenv("FUZZ_SHOW");
    FILE *const file = path == NULL ? NULL : fopen(path, "wb");
    if (file == NULL)
        return;
    (void)fwrite(text->bytes, 1, text->count, file);
    (void)fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_options options = {.compare_floats = true, .compare_kernels = true};
    build_call call = {.c = itgc_new_compilation((size_t)64 << 20), .data = data, .size = size};
    for (size_t i = 4; i < 8 && i < size; i++)
        options.choices = options.choices << 8 | data[i];
    if (call.c != NULL && itgc_protect(call.c, build, &call)) {
        show(&call.file);
        fuzz_model((const uint8_t *)call.file.bytes, call.file.count, &options);
    }
    itgc_release_compilation(call.c);
    return 0;
}
