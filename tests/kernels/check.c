/* SPDX-License-Identifier: Apache-2.0
 * Checks every kernel table against the families' definitions; with --bench times the same calls.
 * Usage: check [--bench] [--seed N] [--cases N] [--family NAME]. Exit status 1 if any case differs; the seed is printed. */
#include "tests/kernels/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const check_family *const families[] = {&check_conv,   &check_depthwise, &check_pool,      &check_elementwise,
                                               &check_lookup, &check_softmax,   &check_normalize, &check_matmul};

enum { FAMILY_COUNT = sizeof families / sizeof families[0], CANARY = 0xa5 };

typedef struct check_options {
    bool bench;
    uint64_t seed;
    int cases;
    const char *family;
    const itg_kernels *tables[16]; /* this processor's, then those that stand for others */
    int table_count;
} check_options;

static void find_tables(check_options *options)
{
    while (itg_kernels_supported((uint32_t)options->table_count)) {
        options->tables[options->table_count] = itg_kernels_supported((uint32_t)options->table_count);
        options->table_count++;
    }
#ifdef CHECK_STAND_INS
    if (check_amx_model.is_supported())
        options->tables[options->table_count++] = &check_amx_model;
    if (check_evex.is_supported())
        options->tables[options->table_count++] = &check_evex;
#endif
}

static uint32_t next_random(check_state *state)
{
    state->random += 0x9e3779b97f4a7c15u;
    uint64_t z = state->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

int32_t check_between(check_state *state, int32_t low, int32_t high)
{
    const uint64_t span = (uint64_t)((int64_t)high - low + 1);
    return (int32_t)(low + (int64_t)((next_random(state) * span) >> 32));
}

bool check_chance(check_state *state, int percent)
{
    return check_between(state, 1, 100) <= percent;
}

/* `inner` bytes between two unreadable pages; those of an earlier case where there are any. */
static uint8_t *map_pages(check_state *state, size_t inner, size_t page)
{
    for (int i = 0; i < state->spare_count; i++) {
        if (state->spare[i].page_bytes == inner + 2 * page) {
            uint8_t *pages = state->spare[i].pages;
            state->spare[i] = state->spare[--state->spare_count];
            return pages;
        }
    }
    uint8_t *pages = mmap(NULL, inner + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        abort();
    mprotect(pages, page, PROT_NONE);
    mprotect(pages + page + inner, page, PROT_NONE);
    return pages;
}

void *check_new(check_state *state, size_t bytes, size_t align)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inner = (bytes + 16 * align + page - 1) / page * page;
    if (state->operand_count == CHECK_OPERANDS)
        abort();
    uint8_t *pages = map_pages(state, inner, page);
    memset(pages + page, CANARY, inner);
    const bool at_end = check_chance(state, 60);
    const size_t odd = check_chance(state, 50) ? 0 : (size_t)check_between(state, 0, 15) * align;
    check_operand *operand = &state->operands[state->operand_count++];
    *operand = (check_operand){pages, NULL, inner + 2 * page, bytes};
    operand->bytes = at_end ? pages + page + inner - bytes / align * align - (bytes % align ? align : 0) : pages + page + odd;
    size_t filled = 0;
    for (; filled < bytes && filled < 1024; filled += 4) {
        const uint32_t random = next_random(state);
        memcpy(operand->bytes + filled, &random, bytes - filled < 4 ? bytes - filled : 4);
    }
    for (; filled < bytes; filled *= 2) /* what is large is scratch memory, or filled again */
        memcpy(operand->bytes + filled, operand->bytes, bytes - filled < filled ? bytes - filled : filled);
    return operand->bytes;
}

static bool is_canary(const uint8_t *bytes, size_t count)
{
    return count == 0 || (bytes[0] == CANARY && memcmp(bytes, bytes + 1, count - 1) == 0);
}

/* Bytes around an operand that something wrote to. */
static bool canary_intact(const check_operand *operand)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uint8_t *start = operand->pages + page, *end = operand->pages + operand->page_bytes - page;
    const uint8_t *behind = operand->bytes + operand->count;
    return is_canary(start, (size_t)(operand->bytes - start)) && is_canary(behind, (size_t)(end - behind));
}

static void release_operands(check_state *state)
{
    for (int i = 0; i < state->operand_count; i++) {
        const check_operand *operand = &state->operands[i];
        if (state->spare_count < CHECK_SPARE)
            state->spare[state->spare_count++] = *operand;
        else
            munmap(operand->pages, operand->page_bytes);
    }
    state->operand_count = 0;
}

/* The same state for another seed. */
static void seed_state(check_state *state, uint64_t seed)
{
    state->random = seed;
    state->operand_count = 0;
}

static uint8_t *copy_bytes(const void *bytes, size_t count)
{
    uint8_t *copy = malloc(count ? count : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, count);
    return copy;
}

static bool report(const check_family *family, const itg_kernels *kernels, const check_case *test, const char *what, size_t place)
{
    printf("FAIL %s/%s: %s at byte %zu of %zu: %s\n", family->name, kernels->name, what, place, test->out_bytes, test->text);
    return false;
}

/* One table on one case: expected bytes, and nothing else written. */
static bool check_table(const check_family *family, const itg_kernels *kernels, check_state *state, const check_case *test, const uint8_t *before,
                        const uint8_t *expected)
{
    memcpy(test->out, before, test->out_bytes);
    family->run(kernels, test);
    for (size_t i = 0; i < test->out_bytes; i++)
        if (((const uint8_t *)test->out)[i] != expected[i])
            return report(family, kernels, test, "differs", i);
    for (int i = 0; i < state->operand_count; i++)
        if (!canary_intact(&state->operands[i]))
            return report(family, kernels, test, "writes outside its output", 0);
    return true;
}

static bool check_one(const check_family *family, const check_options *options, check_state *state)
{
    check_case test = {0};
    family->make(state, &test, -1);
    uint8_t *before = copy_bytes(test.out, test.out_bytes);
    uint8_t *expected = copy_bytes(test.out, test.out_bytes);
    family->define(&test, expected);
    bool good = true;
    for (int i = 0; i < options->table_count; i++)
        good = check_table(family, options->tables[i], state, &test, before, expected) && good;
    free(before);
    free(expected);
    release_operands(state);
    return good;
}

static bool check_family_cases(const check_family *family, const check_options *options)
{
    int failed = 0;
    check_state state = {.spare_count = 0};
    for (int i = 0; i < options->cases && failed < 5; i++) {
        seed_state(&state, options->seed + (uint64_t)i);
        if (!check_one(family, options, &state)) {
            printf("  reproduce with --family %s --seed %llu --cases 1\n", family->name, (unsigned long long)(options->seed + (uint64_t)i));
            failed++;
        }
    }
    printf("%-12s %d cases on %d tables, %s\n", family->name, options->cases, options->table_count, failed ? "FAILED" : "ok");
    return failed == 0;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Shortest of several timings of one call, in nanoseconds. */
static double time_call(const check_family *family, const itg_kernels *kernels, const check_case *test)
{
    double best = 1e30;
    for (int round = 0; round < 7; round++) {
        int calls = 0;
        const double start = seconds_now();
        double elapsed = 0;
        while (elapsed < 0.01) {
            family->run(kernels, test);
            calls++;
            elapsed = seconds_now() - start;
        }
        best = elapsed / calls < best ? elapsed / calls : best;
    }
    return best * 1e9;
}

static void bench_family(const check_family *family, const check_options *options)
{
    check_state state = {.spare_count = 0};
    for (int shape = 0;; shape++) {
        seed_state(&state, options->seed);
        check_case test = {0};
        if (!family->make(&state, &test, shape))
            break;
        double scalar = 0;
        for (int i = 0; i < options->table_count; i++) {
            const itg_kernels *kernels = options->tables[i];
            const double ns = time_call(family, kernels, &test);
            scalar = i == 0 ? ns : scalar;
            printf("%-12s %-12s %12.0f ns %8.2f %s/ns %6.2fx  %s\n", family->name, kernels->name, ns, (double)test.work / ns, family->unit,
                   scalar / ns, test.text);
        }
        release_operands(&state);
    }
}

static bool read_options(check_options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--bench") == 0)
            options->bench = true;
        else if (strcmp(argv[i], "--seed") == 0 && more)
            options->seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--cases") == 0 && more)
            options->cases = atoi(argv[++i]);
        else if (strcmp(argv[i], "--family") == 0 && more)
            options->family = argv[++i];
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    check_options options = {.seed = (uint64_t)time(NULL) * 1000003u, .cases = 2000};
    if (!read_options(&options, argc, argv)) {
        fprintf(stderr, "usage: check [--bench] [--seed N] [--cases N] [--family NAME]\n");
        return 2;
    }
    find_tables(&options);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %llu\n", (unsigned long long)options.seed);
    bool good = true;
    for (int i = 0; i < FAMILY_COUNT; i++) {
        if (options.family && strcmp(options.family, families[i]->name) != 0)
            continue;
        if (options.bench)
            bench_family(families[i], &options);
        else
            good = check_family_cases(families[i], &options) && good;
    }
    return good ? 0 : 1;
}
