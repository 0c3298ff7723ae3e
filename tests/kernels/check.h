/* SPDX-License-Identifier: Apache-2.0
 * Harness of the kernel check (the idea is dav1d's checkasm): every kernel table this CPU can run against an independent 64-bit definition
 * of each family, on random and extreme operands between guard pages. One file per family; check.c holds the table of families. */
#ifndef CHECK_H
#define CHECK_H

#include <intaglio/intaglio.h>

enum { CHECK_OPERANDS = 32, CHECK_SPARE = 64, CHECK_PACKINGS = ITG_PACK_8C4S + 1 };

/* One operand: its pages, with an unreadable one before and behind, and where the bytes in use lie. */
typedef struct check_operand {
    uint8_t *pages, *bytes;
    size_t page_bytes, count;
} check_operand;

typedef struct check_state {
    uint64_t random;
    check_operand operands[CHECK_OPERANDS];
    int operand_count;
    check_operand spare[CHECK_SPARE]; /* pages of earlier cases, for those to come */
    int spare_count;
} check_state;

/* One call of one kernel. out is an operand; whatever the call must not write keeps its random bytes. */
typedef struct check_case {
    void *params;
    const void *in[2];
    void *out;
    size_t out_bytes;
    const void *packed[CHECK_PACKINGS]; /* conv, depthwise: params by itg_packing, and the scratch they ask for */
    void *scratch[CHECK_PACKINGS];
    int32_t rows[2]; /* conv, depthwise, pool: rows [y0, y1); else the number of elements in rows[1] */
    int32_t images;  /* conv, where several: whole ones, one behind the other */
    int32_t kind;    /* which kernel of the family */
    int64_t work;    /* multiply-accumulates, or elements */
    char text[160];
} check_case;

typedef struct check_family {
    const char *name, *unit;
    /* Random case. bench: -1 for a check, else the index of a shape worth timing; false past the last. */
    bool (*make)(check_state *state, check_case *test, int bench);
    /* The table's kernel, with weights in the table's packing. */
    void (*run)(const itg_kernels *kernels, const check_case *test);
    /* The naive definition, into out of the same size. */
    void (*define)(const check_case *test, void *out);
} check_family;

extern const check_family check_conv, check_depthwise, check_pool, check_elementwise, check_lookup, check_softmax, check_normalize, check_matmul;

/* Tables that stand for instructions this processor lacks; GCC's pragma compiles them. */
#if defined(__x86_64__) && !defined(__clang__)
#define CHECK_STAND_INS
extern const itg_kernels check_amx_model, check_evex;
extern const itg_conv_kernels check_conv_evex;
extern const itg_depthwise_kernels check_depthwise_evex;
#endif

/* Uniform in [low, high]. */
int32_t check_between(check_state *state, int32_t low, int32_t high);
bool check_chance(check_state *state, int percent);

/* Memory for one operand, aligned to `align` only (1, 2 or 4), its end or its start next to an unreadable page, filled with random bytes. */
void *check_new(check_state *state, size_t bytes, size_t align);

/* Codes of a type within [low, high]: random, or with some chance all at one end, or only the ends. */
void check_fill(check_state *state, void *data, itg_type type, size_t count, int32_t low, int32_t high);

/* conv and depthwise: fills packed and scratch from params, whose weights are plain rows. run: itg_op_conv or itg_op_depthwise. */
void check_pack(check_state *state, check_case *test, itg_op *run);

/* Definitions the families share, on plain 64-bit integers. */
int64_t check_requantize(int64_t acc, int left, int64_t multiplier, int shift);
int64_t check_load(const void *data, itg_type type, size_t index);
int32_t *check_decode(const void *data, itg_type type, size_t count); /* all of them, from malloc; data NULL: nothing in particular */
void check_store(void *data, itg_type type, size_t index, int64_t value);
int64_t check_clamp(int64_t value, int64_t low, int64_t high);
size_t check_bytes(itg_type type);
int32_t check_lowest(itg_type type);
int32_t check_highest(itg_type type);

/* Random requantization constants whose left form is legal for |acc| <= bound. */
void check_make_requant(check_state *state, itg_requant *requant, int64_t bound);

/* conv and depthwise: a random epilogue for `channels` outputs whose sums are at most `bound`, and what it makes of a sum. */
void check_make_epilogue(check_state *state, itg_epilogue *epilogue, itg_type out_type, int32_t channels, int64_t bound);
void check_plain_epilogue(itg_epilogue *epilogue); /* what most layers have, for timing */
int64_t check_finish(const itg_epilogue *epilogue, itg_type out_type, int64_t sum, int32_t channel);

#endif
