/* hand.h: written by intaglio 0.1.0 from hand.onnx for cortex-m4; belongs to you.
 * Link hand.c, hand_weights.c and libintaglio.a.
 *
 *     static uint8_t arena[HAND_ARENA_BYTES] ITG_ALIGNED;
 *     if (itg_check(&hand_model, NULL, arena, sizeof arena) != ITG_OK) ...
 *     uint8_t *input = (uint8_t *)(arena + HAND_INPUT_OFFSET);
 *     itg_run(&hand_model, arena);
 *     int best = itg_argmax(itg_output(&hand_model, arena, 0));
 *
 * Check once. Fill all 108 elements of input before every run, which may overwrite them: round(value / SCALE) + ZERO, kept
 * within the type. A stored value stands for (stored value - ZERO) * SCALE. best is an index into hand_labels. */
#ifndef HAND_MODEL_H
#define HAND_MODEL_H

#include <intaglio/intaglio.h>

#define HAND_ARENA_BYTES   320u
#define HAND_ARENA_ALIGN   16u
#define HAND_WEIGHTS_BYTES 872u /* constants in flash */
#define HAND_STACK_BYTES   1024u /* what itg_run was budgeted; it takes less on the targets it was measured on */

/* pixels */
#define HAND_INPUT_OFFSET   128u
#define HAND_INPUT_BYTES    108u
#define HAND_INPUT_ELEMENTS 108u
#define HAND_INPUT_TYPE     uint8_t
#define HAND_INPUT_RANK     4
#define HAND_INPUT_SHAPE    {1, 6, 6, 3}
#define HAND_INPUT_SCALE    0.0625f
#define HAND_INPUT_ZERO     (131)

/* logits */
#define HAND_OUTPUT_OFFSET   144u
#define HAND_OUTPUT_BYTES    8u
#define HAND_OUTPUT_ELEMENTS 4u
#define HAND_OUTPUT_TYPE     int16_t
#define HAND_OUTPUT_RANK     2
#define HAND_OUTPUT_SHAPE    {1, 4}
#define HAND_OUTPUT_SCALE    0.0625f
#define HAND_OUTPUT_ZERO     (3)

#if ITG_PLAN_VERSION != 3u
#error "hand was compiled for another version of the intaglio runtime: run intaglio compile again"
#endif
#if HAND_ARENA_ALIGN > ITG_ARENA_ALIGN
#error "hand was compiled for a target with wider alignment: compile it with --target for this one"
#endif

#ifdef __cplusplus
extern "C" {
#endif

extern const itg_model hand_model;

#define HAND_LABEL_COUNT 4
extern const char *const hand_labels[HAND_LABEL_COUNT];

extern const itg_selftest hand_selftest; /* in hand_test.c, which only a self-test needs to link */

#ifdef __cplusplus
}
#endif
#endif
