/* hand_aarch64.h: written by intaglio 0.1.0 from hand.onnx for aarch64; belongs to you.
 * Link hand_aarch64.c, hand_aarch64_weights.c and libintaglio.a.
 *
 *     static uint8_t arena[HAND_AARCH64_ARENA_BYTES] ITG_ALIGNED;
 *     const itg_model *model = itg_choose_model(hand_aarch64_models, HAND_AARCH64_MODEL_COUNT);
 *     if (itg_check(model, NULL, arena, sizeof arena) != ITG_OK) ...
 *     uint8_t *input = (uint8_t *)(arena + HAND_AARCH64_INPUT_OFFSET);
 *     itg_run(model, arena);
 *     int best = itg_argmax(itg_output(model, arena, 0));
 *
 * Choose and check once. Fill all 108 elements of input before every run, which may overwrite them: round(value / SCALE) + ZERO, kept
 * within the type. A stored value stands for (stored value - ZERO) * SCALE. best is an index into hand_aarch64_labels. */
#ifndef HAND_AARCH64_MODEL_H
#define HAND_AARCH64_MODEL_H

#include <intaglio/intaglio.h>

#define HAND_AARCH64_ARENA_BYTES   704u
#define HAND_AARCH64_ARENA_ALIGN   64u
#define HAND_AARCH64_WEIGHTS_BYTES 6416u /* constants in flash */
#define HAND_AARCH64_STACK_BYTES   8192u /* what itg_run was budgeted; it takes less on the targets it was measured on */

/* pixels */
#define HAND_AARCH64_INPUT_OFFSET   576u
#define HAND_AARCH64_INPUT_BYTES    108u
#define HAND_AARCH64_INPUT_ELEMENTS 108u
#define HAND_AARCH64_INPUT_TYPE     uint8_t
#define HAND_AARCH64_INPUT_RANK     4
#define HAND_AARCH64_INPUT_SHAPE    {1, 6, 6, 3}
#define HAND_AARCH64_INPUT_SCALE    0.0625f
#define HAND_AARCH64_INPUT_ZERO     (131)

/* logits */
#define HAND_AARCH64_OUTPUT_OFFSET   192u
#define HAND_AARCH64_OUTPUT_BYTES    8u
#define HAND_AARCH64_OUTPUT_ELEMENTS 4u
#define HAND_AARCH64_OUTPUT_TYPE     int16_t
#define HAND_AARCH64_OUTPUT_RANK     2
#define HAND_AARCH64_OUTPUT_SHAPE    {1, 4}
#define HAND_AARCH64_OUTPUT_SCALE    0.0625f
#define HAND_AARCH64_OUTPUT_ZERO     (3)

#if ITG_PLAN_VERSION != 3u
#error "hand_aarch64 was compiled for another version of the intaglio runtime: run intaglio compile again"
#endif
#if HAND_AARCH64_ARENA_ALIGN > ITG_ARENA_ALIGN
#error "hand_aarch64 was compiled for a target with wider alignment: compile it with --target for this one"
#endif

#ifdef __cplusplus
extern "C" {
#endif

extern const itg_model hand_aarch64_model;

/* The same network for each kernel table of the target, the best last: neon, dotprod, i8mm. Results are equal; hand_aarch64_model is the first. */
#define HAND_AARCH64_MODEL_COUNT 3
extern const itg_model *const hand_aarch64_models[HAND_AARCH64_MODEL_COUNT];

#define HAND_AARCH64_LABEL_COUNT 4
extern const char *const hand_aarch64_labels[HAND_AARCH64_LABEL_COUNT];

extern const itg_selftest hand_aarch64_selftest; /* in hand_aarch64_test.c, which only a self-test needs to link */

#ifdef __cplusplus
}
#endif
#endif
