/* SPDX-License-Identifier: Apache-2.0
 * The lookup family: tables of bytes and words, interpolated int16 tables, and their definitions. */
#include "tests/kernels/check.h"

#include "runtime/kernels/lookup.h"

#include <stdio.h>

enum { BYTES, WORDS, INTERPOLATE, KINDS };

static const char *const kind_names[] = {"bytes", "words", "interpolate"};

/* params is the table; rows[0] the flip, rows[1] the count. */
static bool make_lookup(check_state *state, check_case *test, int bench)
{
    if (bench >= KINDS)
        return false;
    test->kind = bench < 0 ? check_between(state, 0, KINDS - 1) : bench;
    const itg_type in_type = test->kind == INTERPOLATE ? ITG_S16 : ITG_S8;
    const itg_type out_type = test->kind == BYTES ? ITG_S8 : ITG_S16;
    const size_t entries = test->kind == INTERPOLATE ? 513 : 256;
    const size_t count = (size_t)(bench < 0 ? check_between(state, 1, 300) : 56 * 56 * 64);
    test->params = check_new(state, entries * check_bytes(out_type), check_bytes(out_type));
    check_fill(state, test->params, out_type, entries, check_lowest(out_type), check_highest(out_type));
    void *in = check_new(state, count * check_bytes(in_type), check_bytes(in_type));
    check_fill(state, in, in_type, count, check_lowest(in_type), check_highest(in_type));
    test->in[0] = in;
    test->out_bytes = count * check_bytes(out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(out_type));
    test->rows[0] = check_chance(state, 50) ? 0x80 : 0;
    test->rows[1] = (int32_t)count;
    test->work = (int64_t)count;
    snprintf(test->text, sizeof test->text, "%s count %zu flip %d", kind_names[test->kind], count, test->rows[0]);
    return true;
}

static void run_lookup(const itg_kernels *kernels, const check_case *test)
{
    const uint8_t flip = (uint8_t)test->rows[0];
    if (test->kind == BYTES)
        kernels->lookup->bytes(test->out, test->in[0], test->params, flip, test->rows[1]);
    else if (test->kind == WORDS)
        kernels->lookup->words(test->out, test->in[0], test->params, flip, test->rows[1]);
    else
        kernels->lookup->interpolate(test->out, test->in[0], test->params, test->rows[1]);
}

static int64_t define_interpolation(const void *table, int64_t x)
{
    const int64_t place = x + 32768, entry = place / 128, part = place % 128;
    const int64_t here = check_load(table, ITG_S16, (size_t)entry), next = check_load(table, ITG_S16, (size_t)entry + 1);
    const int64_t rise = (next - here) * part + 64;
    return here + rise / 128 - (rise % 128 < 0);
}

static void define_lookup(const check_case *test, void *out)
{
    for (int32_t i = 0; i < test->rows[1]; i++) {
        if (test->kind == INTERPOLATE) {
            check_store(out, ITG_S16, (size_t)i, define_interpolation(test->params, check_load(test->in[0], ITG_S16, (size_t)i)));
            continue;
        }
        const itg_type type = test->kind == BYTES ? ITG_S8 : ITG_S16;
        const int64_t index = check_load(test->in[0], test->rows[0] ? ITG_S8 : ITG_U8, (size_t)i) + 128;
        check_store(out, type, (size_t)i, check_load(test->params, type, (size_t)index));
    }
}

const check_family check_lookup = {"lookup", "element", make_lookup, run_lookup, define_lookup};
