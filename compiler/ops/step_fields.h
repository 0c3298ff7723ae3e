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
        ITGC_KIND_MEMBERS(op, params, table, called)                                                                                                 \
    }

/* The same of an op that can be a tier of a cascade. */
#define ITGC_TIER_KIND(op, tier_op, params, table, called)                                                                                           \
    {                                                                                                                                                \
        ITGC_KIND_MEMBERS(op, params, table, called), .tier_name = #tier_op, .tier = tier_op                                                         \
    }

#define ITGC_KIND_MEMBERS(op, params, table, called)                                                                                                 \
    .op_name = #op, .params_name = #params, .run = op, .params_bytes = sizeof(params), .fields = table,                                              \
    .field_count = sizeof table / sizeof table[0], .families = called

/* What the params of all that walk windows begin with, and what those of layers by constant weights end with. */
/* clang-format off */
#define ITGC_WINDOW_FIELDS(params)                                                                                                                   \
    ITGC_FIELD(params, in, ITGC_FIELD_I32, 3),                                                                                                       \
    ITGC_FIELD(params, out, ITGC_FIELD_I32, 3),                                                                                                      \
    ITGC_FIELD(params, kernel, ITGC_FIELD_I32, 2),                                                                                                   \
    ITGC_FIELD(params, stride, ITGC_FIELD_I32, 2),                                                                                                   \
    ITGC_FIELD(params, dilation, ITGC_FIELD_I32, 2),                                                                                                 \
    ITGC_FIELD(params, before, ITGC_FIELD_I32, 2)

#define ITGC_LAYER_FIELDS(params)                                                                                                                    \
    ITGC_FIELD(params, weights, ITGC_FIELD_POINTER, 1),                                                                                              \
    ITGC_FIELD(params, pad, ITGC_FIELD_POINTER, 1),                                                                                                  \
    ITGC_FIELD(params, pad_code, ITGC_FIELD_I32, 1),                                                                                                 \
    ITGC_FIELD(params, epilogue.bias, ITGC_FIELD_POINTER, 1),                                                                                        \
    ITGC_FIELD(params, epilogue.multiplier, ITGC_FIELD_POINTER, 1),                                                                                  \
    ITGC_FIELD(params, epilogue.negative_multiplier, ITGC_FIELD_POINTER, 1),                                                                         \
    ITGC_FIELD(params, epilogue.table, ITGC_FIELD_POINTER, 1),                                                                                       \
    ITGC_FIELD(params, epilogue.zero, ITGC_FIELD_I32, 1),                                                                                            \
    ITGC_FIELD(params, epilogue.low, ITGC_FIELD_I32, 1),                                                                                             \
    ITGC_FIELD(params, epilogue.high, ITGC_FIELD_I32, 1),                                                                                            \
    ITGC_FIELD(params, epilogue.table_mask, ITGC_FIELD_U16, 1),                                                                                      \
    ITGC_FIELD(params, epilogue.shift, ITGC_FIELD_U8, 1),                                                                                            \
    ITGC_FIELD(params, epilogue.left, ITGC_FIELD_U8, 1),                                                                                             \
    ITGC_FIELD(params, epilogue.narrow, ITGC_FIELD_U8, 1),                                                                                           \
    ITGC_FIELD(params, epilogue.wide, ITGC_FIELD_U8, 1),                                                                                             \
    ITGC_FIELD(params, in_type, ITGC_FIELD_TYPE, 1),                                                                                                 \
    ITGC_FIELD(params, out_type, ITGC_FIELD_TYPE, 1),                                                                                                \
    ITGC_FIELD(params, packing, ITGC_FIELD_I32, 1)
/* clang-format on */

#endif
