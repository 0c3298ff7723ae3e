/* SPDX-License-Identifier: Apache-2.0
 * How the field tables of step kinds are written: a row names a member of a params struct of plan.h, its kind and its length.
 * Every compiler/ops/<family>_quantize.c that makes a step includes it; emit prints params structs from these rows. */
#ifndef ITGC_STEP_FIELDS_H
#define ITGC_STEP_FIELDS_H

#include "compiler/graph/graph.h"

#include <stddef.h>

/* clang-format off */
#define ITGC_FIELD(params, member, kind, count) {#member, kind, offsetof(params, member), count}
/* clang-format on */

/* The rows of an itg_epilogue inside params. */
#define ITGC_EPILOGUE_FIELDS(params)                                                                                                                 \
    ITGC_FIELD(params, epilogue.bias, ITGC_FIELD_POINTER, 1), ITGC_FIELD(params, epilogue.multiplier, ITGC_FIELD_POINTER, 1),                        \
        ITGC_FIELD(params, epilogue.negative_multiplier, ITGC_FIELD_POINTER, 1), ITGC_FIELD(params, epilogue.table, ITGC_FIELD_POINTER, 1),          \
        ITGC_FIELD(params, epilogue.zero, ITGC_FIELD_I32, 1), ITGC_FIELD(params, epilogue.low, ITGC_FIELD_I32, 1),                                   \
        ITGC_FIELD(params, epilogue.high, ITGC_FIELD_I32, 1), ITGC_FIELD(params, epilogue.table_mask, ITGC_FIELD_U16, 1),                            \
        ITGC_FIELD(params, epilogue.shift, ITGC_FIELD_U8, 1), ITGC_FIELD(params, epilogue.left, ITGC_FIELD_U8, 1),                                   \
        ITGC_FIELD(params, epilogue.narrow, ITGC_FIELD_U8, 1), ITGC_FIELD(params, epilogue.wide, ITGC_FIELD_U8, 1)

#endif
