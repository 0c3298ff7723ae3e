/* hand.c: written by intaglio 0.1.0 from hand.onnx for cortex-m4, 1 calibration samples. Do not edit.
 * The model's sha256 none.
 * 4 steps, 8,352 MACs, arena 320 bytes (lower bound 308), constants 872 bytes (crc32 aa77e961).
 * Options: --name hand
 * This file is output, not part of intaglio: it belongs to you, as the model does. */
#include "hand.h"

extern const int8_t hand_w00_weights[216];
extern const int32_t hand_w00_bias[8];
extern const int32_t hand_w00_multiplier[8];
extern const int8_t hand_w03_weights[576];
extern const int32_t hand_w03_bias[4];

static const itg_conv step_00_0 = { .in = {6,6,3}, .out = {6,6,8}, .kernel = {3,3}, .stride = {1,1}, .dilation = {1,1},
    .before = {1,1}, .groups = 1, .weights = hand_w00_weights, .pad_code = -7, .epilogue.bias = hand_w00_bias,
    .epilogue.multiplier = hand_w00_multiplier, .epilogue.zero = 3, .epilogue.low = -128, .epilogue.high = 127,
    .epilogue.shift = 9, .in_type = ITG_U8, .out_type = ITG_S8, .packing = 1 };
static const itg_pool step_00_1 = { .in = {6,6,8}, .out = {3,3,8}, .kernel = {2,2}, .stride = {2,2}, .dilation = {1,1},
    .low = -128, .high = 127, .in_type = ITG_S8, .out_type = ITG_S8 };
static const itg_tier step_00_tiers[] = {
    /* op, constants, rows and their bytes; what a row sees: rows, stride, rows before; rows at a time, rows in scratch, where, the term's input */
    { itg_tier_conv,     &step_00_0,   6,     48,  3, 1,  1,   6,   2,      0, 0 },
    { itg_tier_pool,     &step_00_1,   3,     24,  2, 2,  0,   1,   0,      0, 0 },
};
static const itg_cascade step_00 = { step_00_tiers, 2, 108, 3 };
static const itg_copy step_01 = { .dim = {1,1,1,1,9,8}, .in_stride = {0,0,0,0,8,1}, .out_stride = {0,0,0,0,16,1},
    .element_bytes = 1 };
static const itg_copy step_02 = { .dim = {1,1,1,1,9,8}, .in_stride = {0,0,0,0,8,1}, .out_stride = {0,0,0,0,16,1},
    .out_start = 8, .element_bytes = 1 };
static const itg_conv step_03 = { .in = {1,1,144}, .out = {1,1,4}, .kernel = {1,1}, .stride = {1,1}, .dilation = {1,1},
    .groups = 1, .weights = hand_w03_weights, .epilogue.bias = hand_w03_bias, .epilogue.multiplier = hand_w00_multiplier,
    .epilogue.low = -32768, .epilogue.high = 32767, .epilogue.shift = 4, .in_type = ITG_S8, .out_type = ITG_S16,
    .packing = 1 };

static const itg_step steps[] = {
    /* op, constants, where the inputs, the output and scratch lie in the arena, scratch bytes, rows, blocks */
    { itg_op_cascade,    &step_00, {    128,      0,      0 },    240,      0,    128,     3,   0 }, /* 7,776 MACs */
    { itg_op_copy,       &step_01, {    240,      0,      0 },      0,      0,      0,     1,   0 },
    { itg_op_copy,       &step_02, {    240,      0,      0 },      0,      0,      0,     1,   0 },
    { itg_op_conv,       &step_03, {      0,      0,      0 },    144,      0,      0,     1,   0 }, /* 576 MACs */
};

static const itg_port inputs[] = {
    { .name = "pixels", .type = ITG_U8, .offset = 128, .bytes = 108, .rank = 4, .dim = {1,6,6,3}, .scale = 0.0625f, .zero = 3 },
};

static const itg_port outputs[] = {
    { .name = "logits", .type = ITG_S16, .offset = 144, .bytes = 8, .rank = 2, .dim = {1,4}, .scale = 0.0625f, .zero = 3 },
};

const char *const hand_labels[] = {
    "first", /* 0 */
    "second \"two\"", /* 1 */
    "third \?\?/", /* 2 */
    "vierte \303\244", /* 3 */
};

/* Only what this model needs, so that the linker can drop the rest. */
static const itg_kernels kernels = {
    .name = "scalar", .packing = ITG_PACK_ROWS, .is_supported = itg_runs_scalar,
    .conv = &itg_conv_scalar,
    .pool = &itg_pool_scalar
};

const itg_model hand_model = {
    .name = "hand", .version = 3u, .packing = ITG_PACK_ROWS,
    .arena_bytes = HAND_ARENA_BYTES, .arena_align = HAND_ARENA_ALIGN, .kernels = &kernels,
    .steps = steps, .inputs = inputs, .outputs = outputs, .labels = hand_labels,
    .step_count = 4, .input_count = 1, .output_count = 1, .label_count = 4,
    .workers = 1, .families = ITG_FAMILY_CONV | ITG_FAMILY_POOL
};
