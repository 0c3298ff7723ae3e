/* SPDX-License-Identifier: Apache-2.0
 * How step kinds and their field tables are written: a row names a member of a params struct of plan.h, its kind and its length.
 * Every compiler/ops/<family>_quantize.c that makes a step includes it; emit prints params structs from these rows. */
#ifndef ITGC_STEP_FIELDS_H
#define ITGC_STEP_FIELDS_H

#include "compiler/graph/graph.h"

#include <stddef.h>

/* clang-format off */
#define ITGC_FIELD(params, member, kind, count) {#member, kind, offsetof(params, member), count}
/* clang-format on */

/* A kind of step: the op of the runtime that runs it, its params struct, the table of that struct's members, the families of kernels it calls. */
#define ITGC_STEP_KIND(op, params, table, called)                                                                                                    \
    {                                                                                                                                                \
        .op_name = #op, .params_name = #params, .run = op, .params_bytes = sizeof(params), .fields = table,                                          \
        .field_count = sizeof table / sizeof table[0], .families = called                                                                            \
    }

/* The same of an op that can be a tier of a cascade. */
#define ITGC_TIER_KIND(op, tier_op, params, table, called)                                                                                           \
    {                                                                                                                                                \
        .op_name = #op, .tier_name = #tier_op, .params_name = #params, .run = op, .tier = tier_op, .params_bytes = sizeof(params), .fields = table,  \
        .field_count = sizeof table / sizeof table[0], .families = called                                                                            \
    }

/* The members of an itg_epilogue, an itg_conv, an itg_depthwise, an itg_add and an itg_pool: ROW(member, kind, count) makes the row, with whatever
 * stands before the member. */
#define ITGC_EPILOGUE_ROWS(ROW)                                                                                                                      \
    ROW(epilogue.bias, ITGC_FIELD_POINTER, 1)                                                                                                        \
    ROW(epilogue.multiplier, ITGC_FIELD_POINTER, 1)                                                                                                  \
    ROW(epilogue.negative_multiplier, ITGC_FIELD_POINTER, 1)                                                                                         \
    ROW(epilogue.table, ITGC_FIELD_POINTER, 1)                                                                                                       \
    ROW(epilogue.zero, ITGC_FIELD_I32, 1)                                                                                                            \
    ROW(epilogue.low, ITGC_FIELD_I32, 1)                                                                                                             \
    ROW(epilogue.high, ITGC_FIELD_I32, 1)                                                                                                            \
    ROW(epilogue.table_mask, ITGC_FIELD_U16, 1)                                                                                                      \
    ROW(epilogue.shift, ITGC_FIELD_U8, 1)                                                                                                            \
    ROW(epilogue.left, ITGC_FIELD_U8, 1)                                                                                                             \
    ROW(epilogue.narrow, ITGC_FIELD_U8, 1)                                                                                                           \
    ROW(epilogue.wide, ITGC_FIELD_U8, 1)

/* What all that walk windows begin with, and what layers by constant weights end with. */
#define ITGC_WINDOW_ROWS(ROW)                                                                                                                        \
    ROW(in, ITGC_FIELD_I32, 3)                                                                                                                       \
    ROW(out, ITGC_FIELD_I32, 3)                                                                                                                      \
    ROW(kernel, ITGC_FIELD_I32, 2)                                                                                                                   \
    ROW(stride, ITGC_FIELD_I32, 2)                                                                                                                   \
    ROW(dilation, ITGC_FIELD_I32, 2)                                                                                                                 \
    ROW(before, ITGC_FIELD_I32, 2)

#define ITGC_LAYER_ROWS(ROW)                                                                                                                         \
    ROW(weights, ITGC_FIELD_POINTER, 1)                                                                                                              \
    ROW(pad, ITGC_FIELD_POINTER, 1)                                                                                                                  \
    ROW(pad_code, ITGC_FIELD_I32, 1)                                                                                                                 \
    ITGC_EPILOGUE_ROWS(ROW)                                                                                                                          \
    ROW(in_type, ITGC_FIELD_TYPE, 1)                                                                                                                 \
    ROW(out_type, ITGC_FIELD_TYPE, 1)                                                                                                                \
    ROW(packing, ITGC_FIELD_I32, 1)

#define ITGC_CONV_ROWS(ROW)                                                                                                                          \
    ITGC_WINDOW_ROWS(ROW)                                                                                                                            \
    ROW(groups, ITGC_FIELD_I32, 1)                                                                                                                   \
    ROW(out_pitch, ITGC_FIELD_I32, 1)                                                                                                                \
    ITGC_LAYER_ROWS(ROW)

#define ITGC_DEPTHWISE_ROWS(ROW)                                                                                                                     \
    ITGC_WINDOW_ROWS(ROW)                                                                                                                            \
    ITGC_LAYER_ROWS(ROW)

#define ITGC_ADD_ROWS(ROW)                                                                                                                           \
    ROW(walk.dim, ITGC_FIELD_I32, 4)                                                                                                                 \
    ROW(walk.stride_a, ITGC_FIELD_I32, 4)                                                                                                            \
    ROW(walk.stride_b, ITGC_FIELD_I32, 4)                                                                                                            \
    ROW(multiplier_a, ITGC_FIELD_I32, 1)                                                                                                             \
    ROW(multiplier_b, ITGC_FIELD_I32, 1)                                                                                                             \
    ROW(constant, ITGC_FIELD_I32, 1)                                                                                                                 \
    ROW(low, ITGC_FIELD_I32, 1)                                                                                                                      \
    ROW(high, ITGC_FIELD_I32, 1)                                                                                                                     \
    ROW(b_constant, ITGC_FIELD_POINTER, 1)                                                                                                           \
    ROW(shift, ITGC_FIELD_U8, 1)                                                                                                                     \
    ROW(left, ITGC_FIELD_U8, 1)                                                                                                                      \
    ROW(a_type, ITGC_FIELD_TYPE, 1)                                                                                                                  \
    ROW(b_type, ITGC_FIELD_TYPE, 1)                                                                                                                  \
    ROW(out_type, ITGC_FIELD_TYPE, 1)

#define ITGC_POOL_ROWS(ROW)                                                                                                                          \
    ITGC_WINDOW_ROWS(ROW)                                                                                                                            \
    ROW(average, ITGC_FIELD_BOOL, 1)                                                                                                                 \
    ROW(include_pad, ITGC_FIELD_BOOL, 1)                                                                                                             \
    ROW(after, ITGC_FIELD_I32, 2)                                                                                                                    \
    ROW(counts, ITGC_FIELD_POINTER, 1)                                                                                                               \
    ROW(multipliers, ITGC_FIELD_POINTER, 1)                                                                                                          \
    ROW(count_entries, ITGC_FIELD_I32, 1)                                                                                                            \
    ROW(in_zero, ITGC_FIELD_I32, 1)                                                                                                                  \
    ROW(out_zero, ITGC_FIELD_I32, 1)                                                                                                                 \
    ROW(low, ITGC_FIELD_I32, 1)                                                                                                                      \
    ROW(high, ITGC_FIELD_I32, 1)                                                                                                                     \
    ROW(shift, ITGC_FIELD_U8, 1)                                                                                                                     \
    ROW(left, ITGC_FIELD_U8, 1)                                                                                                                      \
    ROW(in_type, ITGC_FIELD_TYPE, 1)                                                                                                                 \
    ROW(out_type, ITGC_FIELD_TYPE, 1)

#endif
