/* hand_aarch64.c: written by intaglio 0.1.0 from hand.onnx for aarch64, 1 calibration samples. Do not edit.
 * The model's sha256 none.
 * 5 steps, 8,352 MACs, arena 704 bytes (lower bound 652), constants 6,416 bytes (crc32 5bdcd253).
 * Kernel tables, of which itg_choose_model takes the last that runs: neon dotprod (ITG_PACK_16C4S), i8mm (ITG_PACK_16C8S).
 * Options: --name hand
 * This file is output, not part of intaglio: it belongs to you, as the model does. */
#include "hand_aarch64.h"

extern const int32_t hand_aarch64_w00_bias[8];
extern const int32_t hand_aarch64_w00_multiplier[8];
extern const int32_t hand_aarch64_w04_bias[4];
extern const int8_t hand_aarch64_w00_packed[704];
extern const int8_t hand_aarch64_w00_packed2[832];
extern const int8_t hand_aarch64_w04_packed[2432];
extern const int8_t hand_aarch64_w04_packed2[2368];

static const itg_conv step_00_16c4s = { .in = {6,6,3}, .out = {6,6,8}, .kernel = {3,3}, .stride = {1,1}, .dilation = {1,1},
    .before = {1,1}, .groups = 1, .weights = hand_aarch64_w00_packed, .pad_code = -7, .epilogue.bias = hand_aarch64_w00_bias,
    .epilogue.multiplier = hand_aarch64_w00_multiplier, .epilogue.zero = 3, .epilogue.low = -128, .epilogue.high = 127,
    .epilogue.shift = 9, .in_type = ITG_U8, .out_type = ITG_S8, .packing = 3 };
static const itg_conv step_00_16c8s = { .in = {6,6,3}, .out = {6,6,8}, .kernel = {3,3}, .stride = {1,1}, .dilation = {1,1},
    .before = {1,1}, .groups = 1, .weights = hand_aarch64_w00_packed2, .pad_code = -7, .epilogue.bias = hand_aarch64_w00_bias,
    .epilogue.multiplier = hand_aarch64_w00_multiplier, .epilogue.zero = 3, .epilogue.low = -128, .epilogue.high = 127,
    .epilogue.shift = 9, .in_type = ITG_U8, .out_type = ITG_S8, .packing = 4 };
static const itg_pool step_01 = { .in = {6,6,8}, .out = {3,3,8}, .kernel = {2,2}, .stride = {2,2}, .dilation = {1,1},
    .low = -128, .high = 127, .in_type = ITG_S8, .out_type = ITG_S8 };
static const itg_copy step_02 = { .dim = {1,1,1,1,9,8}, .in_stride = {0,0,0,0,8,1}, .out_stride = {0,0,0,0,16,1},
    .element_bytes = 1 };
static const itg_copy step_03 = { .dim = {1,1,1,1,9,8}, .in_stride = {0,0,0,0,8,1}, .out_stride = {0,0,0,0,16,1},
    .out_start = 8, .element_bytes = 1 };
static const itg_conv step_04_16c4s = { .in = {1,1,144}, .out = {1,1,4}, .kernel = {1,1}, .stride = {1,1}, .dilation = {1,1},
    .groups = 1, .weights = hand_aarch64_w04_packed, .epilogue.bias = hand_aarch64_w04_bias, .epilogue.multiplier = hand_aarch64_w00_multiplier,
    .epilogue.low = -32768, .epilogue.high = 32767, .epilogue.shift = 4, .in_type = ITG_S8, .out_type = ITG_S16,
    .packing = 3 };
static const itg_conv step_04_16c8s = { .in = {1,1,144}, .out = {1,1,4}, .kernel = {1,1}, .stride = {1,1}, .dilation = {1,1},
    .groups = 1, .weights = hand_aarch64_w04_packed2, .epilogue.bias = hand_aarch64_w04_bias, .epilogue.multiplier = hand_aarch64_w00_multiplier,
    .epilogue.low = -32768, .epilogue.high = 32767, .epilogue.shift = 4, .in_type = ITG_S8, .out_type = ITG_S16,
    .packing = 4 };

static const itg_step steps_16c4s[] = {
    /* op, constants, where the inputs, the output and scratch lie in the arena, scratch bytes, rows, blocks */
    { itg_op_conv,       &step_00_16c4s, {    576,      0,      0 },      0,    320,    256,     6,   1 }, /* 7,776 MACs */
    { itg_op_pool,       &step_01, {      0,      0,      0 },    320,      0,      0,     3,   0 },
    { itg_op_copy,       &step_02, {    320,      0,      0 },      0,      0,      0,     1,   0 },
    { itg_op_copy,       &step_03, {    320,      0,      0 },      0,      0,      0,     1,   0 },
    { itg_op_conv,       &step_04_16c4s, {      0,      0,      0 },    192,      0,      0,     1,   1 }, /* 576 MACs */
};

static const itg_step steps_16c8s[] = {
    /* op, constants, where the inputs, the output and scratch lie in the arena, scratch bytes, rows, blocks */
    { itg_op_conv,       &step_00_16c8s, {    576,      0,      0 },      0,    320,    256,     6,   1 }, /* 7,776 MACs */
    { itg_op_pool,       &step_01, {      0,      0,      0 },    320,      0,      0,     3,   0 },
    { itg_op_copy,       &step_02, {    320,      0,      0 },      0,      0,      0,     1,   0 },
    { itg_op_copy,       &step_03, {    320,      0,      0 },      0,      0,      0,     1,   0 },
    { itg_op_conv,       &step_04_16c8s, {      0,      0,      0 },    192,      0,      0,     1,   1 }, /* 576 MACs */
};

static const itg_port inputs[] = {
    { .name = "pixels", .type = ITG_U8, .offset = 576, .bytes = 108, .rank = 4, .dim = {1,6,6,3}, .scale = 0.0625f, .zero = 3 },
};

static const itg_port outputs[] = {
    { .name = "logits", .type = ITG_S16, .offset = 192, .bytes = 8, .rank = 2, .dim = {1,4}, .scale = 0.0625f, .zero = 3 },
};

const char *const hand_aarch64_labels[] = {
    "first", /* 0 */
    "second \"two\"", /* 1 */
    "third \?\?/", /* 2 */
    "vierte \303\244", /* 3 */
};

/* Only what this model needs, so that the linker can drop the rest. */
static const itg_kernels kernels_neon = {
    .name = "neon", .packing = ITG_PACK_16C4S, .is_supported = itg_runs_neon,
    .conv = &itg_conv_neon,
    .pool = &itg_pool_neon
};

static const itg_kernels kernels_dotprod = {
    .name = "dotprod", .packing = ITG_PACK_16C4S, .is_supported = itg_runs_dotprod,
    .conv = &itg_conv_dotprod,
    .pool = &itg_pool_dotprod
};

static const itg_kernels kernels_i8mm = {
    .name = "i8mm", .packing = ITG_PACK_16C8S, .is_supported = itg_runs_i8mm,
    .conv = &itg_conv_i8mm,
    .pool = &itg_pool_i8mm
};

const itg_model hand_aarch64_model = {
    .name = "hand_aarch64", .version = 3u, .packing = ITG_PACK_16C4S,
    .arena_bytes = HAND_AARCH64_ARENA_BYTES, .arena_align = HAND_AARCH64_ARENA_ALIGN, .kernels = &kernels_neon,
    .steps = steps_16c4s, .inputs = inputs, .outputs = outputs, .labels = hand_aarch64_labels,
    .step_count = 5, .input_count = 1, .output_count = 1, .label_count = 4,
    .workers = 1, .families = ITG_FAMILY_CONV | ITG_FAMILY_POOL
};

static const itg_model model_dotprod = {
    .name = "hand_aarch64", .version = 3u, .packing = ITG_PACK_16C4S,
    .arena_bytes = HAND_AARCH64_ARENA_BYTES, .arena_align = HAND_AARCH64_ARENA_ALIGN, .kernels = &kernels_dotprod,
    .steps = steps_16c4s, .inputs = inputs, .outputs = outputs, .labels = hand_aarch64_labels,
    .step_count = 5, .input_count = 1, .output_count = 1, .label_count = 4,
    .workers = 1, .families = ITG_FAMILY_CONV | ITG_FAMILY_POOL
};

static const itg_model model_i8mm = {
    .name = "hand_aarch64", .version = 3u, .packing = ITG_PACK_16C8S,
    .arena_bytes = HAND_AARCH64_ARENA_BYTES, .arena_align = HAND_AARCH64_ARENA_ALIGN, .kernels = &kernels_i8mm,
    .steps = steps_16c8s, .inputs = inputs, .outputs = outputs, .labels = hand_aarch64_labels,
    .step_count = 5, .input_count = 1, .output_count = 1, .label_count = 4,
    .workers = 1, .families = ITG_FAMILY_CONV | ITG_FAMILY_POOL
};

const itg_model *const hand_aarch64_models[HAND_AARCH64_MODEL_COUNT] = {&hand_aarch64_model, &model_dotprod, &model_i8mm};
