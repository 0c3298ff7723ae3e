/* SPDX-License-Identifier: Apache-2.0
 * intaglio runtime: runs a plan that `intaglio compile` wrote. No malloc, no stdio, no libm, no mutable globals.
 *
 * Lifecycle: the emitted NAME.h declares `extern const itg_model NAME_model` and NAME_ARENA_BYTES. The caller supplies one arena of that
 * size, calls itg_check() once, then for every inference writes the input at its offset, calls itg_run() and reads the output.
 * Everything is const and reentrant: two threads may run the same model in two arenas, and several models may share one arena in turn.
 *
 *     static uint8_t arena[KWS_ARENA_BYTES] ITG_ALIGNED;
 *     if (itg_check(&kws_model, NULL, arena, sizeof arena) != ITG_OK) ...
 *     memcpy(arena + KWS_INPUT_OFFSET, features, KWS_INPUT_BYTES);
 *     itg_run(&kws_model, arena);
 *     int word = itg_argmax(itg_output(&kws_model, arena, 0)); */
#ifndef INTAGLIO_H
#define INTAGLIO_H

#include <intaglio/kernels.h>
#include <intaglio/plan.h>

#define ITG_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* Alignment that satisfies every target: 64 bytes on hosted builds, 16 on Cortex-M. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define ITG_ARENA_ALIGN 16
#else
#define ITG_ARENA_ALIGN 64
#endif
#ifdef __GNUC__
#define ITG_ALIGNED __attribute__((aligned(ITG_ARENA_ALIGN)))
#else
#define ITG_ALIGNED
#endif

typedef enum itg_status {
    ITG_OK = 0,
    ITG_BAD_VERSION = -1,  /* the model was compiled for another version of this runtime: compile it again */
    ITG_BAD_PACKING = -2,  /* the kernel table reads another weight layout than the model has */
    ITG_SMALL_ARENA = -3,  /* arena_bytes is less than model->arena_bytes */
    ITG_MISALIGNED = -4,   /* the arena does not start at a multiple of model->arena_align */
    ITG_NO_KERNEL = -5,    /* the table lacks a family that a step needs, or there is no table */
    ITG_BAD_MODEL = -6,    /* the model is NULL or its steps lie outside its arena */
    ITG_MANY_WORKERS = -7, /* exec has more workers than the arena has scratch slots */
    ITG_BAD_CPU = -8,      /* this processor lacks the instructions of the kernel table */
    ITG_BAD_HOOK = -9      /* parallel_for failed or named a worker there is not; the arena holds no result */
} itg_status;

/* Splits `count` tasks over workers: calls task(argument, index, worker) once for every index in [0, count), worker < workers,
 * and returns true when all are done; false if it could not. Supplied by the caller; the library owns no thread. */
typedef bool itg_parallel_for(void *pool, uint32_t count, void (*task)(void *argument, uint32_t index, uint32_t worker), void *argument);

typedef struct itg_exec {
    const itg_kernels *kernels;     /* NULL: the table the model names */
    itg_parallel_for *parallel_for; /* NULL: one thread */
    void *pool;                     /* handed to parallel_for */
    uint32_t workers;               /* most workers parallel_for uses; 1 without one */
} itg_exec;

/* Says in a few words what a status means. Never NULL. */
const char *itg_status_text(itg_status status);

/* Chooses among the models of one network that NAME.h lists for a target of several kernel tables, the best last: the last whose table this
 * processor and its operating system run; where that is none the first, which itg_check then refuses with ITG_BAD_CPU. count >= 1. Asks the
 * processor: call it once and keep the result. Where nobody can be asked (itg_runs_* in kernels.h) name a model instead. */
const itg_model *itg_choose_model(const itg_model *const *models, uint32_t count);

/* Checks once everything that can be checked; itg_run then runs blind.
 * Shapes: none. Ownership: nothing is kept; the arena is not touched. exec may be NULL.
 * Errors: see itg_status. */
itg_status itg_check(const itg_model *model, const itg_exec *exec, const void *arena, size_t arena_bytes);

/* Runs one inference on one thread with the table the model names.
 * Shapes: input [N,H,W,C], output as model->outputs say. Units: quantized, scale and zero point in the ports.
 * Memory: the arena is the caller's, model->arena_bytes long; inputs and outputs lie in it at the offsets the ports name. Inputs may be
 * overwritten. Errors: none once itg_check() accepted this model. Source: docs/numerics.md. */
void itg_run(const itg_model *model, void *arena);

/* The same with another table or a parallel_for. Results do not depend on either.
 * Errors: the status itg_check would give for exec; ITG_BAD_HOOK from its parallel_for. */
itg_status itg_run_with(const itg_model *model, const itg_exec *exec, void *arena);

/* Step API: runs step `index` (0 .. step_count-1), for schedulers that slice a long inference. Steps must run in order.
 * Errors: ITG_BAD_HOOK from exec's parallel_for; none without one. */
itg_status itg_run_step(const itg_model *model, const itg_exec *exec, void *arena, uint32_t index);

/* A tensor in the arena: what itg_input() and itg_output() return. */
typedef struct itg_view {
    const itg_port *port;
    void *data;
} itg_view;

itg_view itg_input(const itg_model *model, void *arena, uint32_t index);
itg_view itg_output(const itg_model *model, void *arena, uint32_t index);

/* Index of the largest element of an integer view (the first of equals). */
int32_t itg_argmax(itg_view view);

/* Writes the indices of the `count` largest elements, largest first, equals in index order. Returns how many were written. */
int32_t itg_top_k(itg_view view, int32_t *index, int32_t count);

/* Number of elements of a port. */
uint32_t itg_port_elements(const itg_port *port);

/* Float to code and back, outside itg_run: round to nearest, ties away from zero, saturating; NaN gives the zero point.
 * count elements; dst holds codes of port->type. These live in their own object: firmware that does not call them links no float code. */
void itg_quantize(const itg_port *port, void *dst, const float *src, size_t count);
void itg_dequantize(const itg_port *port, float *dst, const void *src, size_t count);

/* CRC-32 (IEEE 802.3, reflected) of bytes, continuing from crc (start with 0). */
uint32_t itg_crc32(uint32_t crc, const void *bytes, size_t count);

/* Self-test data that NAME_test.c holds: one input, the expected output, the CRC of every step's logical values. */
typedef struct itg_selftest {
    const itg_model *model;
    const void *const *inputs;                 /* model->input_count of them, port->bytes each */
    const void *const *outputs;                /* expected */
    const uint32_t *step_crc;                  /* model->step_count of them */
    const struct itg_selftest_view *step_view; /* where each step's output lies */
    const char *const *step_name;              /* node each step comes from, for messages; NULL if not kept */
} itg_selftest;

/* The logical values of a step's output: `count` elements of `type` at offset, dense. ITG_U8 values are XORed with 0x80 before hashing.
 * count 0: the step writes only part of its output; its CRC is 0 and not compared. */
typedef struct itg_selftest_view {
    uint32_t offset, count;
    itg_type type;
} itg_selftest_view;

/* CRC of the logical values a view names, little endian; 0 for an empty view. */
uint32_t itg_crc_view(const itg_selftest_view *view, const void *arena);

/* Runs the self-test in `arena`. Returns -1 if every step's CRC and the output are right, else the index of the first step that
 * differs (step_count if only the output does). output_crc, if not NULL, receives the CRC of all outputs. */
int32_t itg_run_selftest(const itg_selftest *test, const itg_exec *exec, void *arena, uint32_t *output_crc);

#ifdef __cplusplus
}
#endif
#endif
