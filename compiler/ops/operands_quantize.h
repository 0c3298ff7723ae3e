/* SPDX-License-Identifier: Apache-2.0
 * What the quantizers of elementwise steps over two operands share. */
#ifndef ITGC_OPERANDS_QUANTIZE_H
#define ITGC_OPERANDS_QUANTIZE_H

#include "compiler/quantize/quantize.h"

typedef struct itgc_operand_pair {
    itgc_tensor *in[2]; /* the second is NULL for a constant */
    itgc_format format[2];
    const void *constant;
    itg_walk walk;
} itgc_operand_pair;

/* type: what each operand must be; 0: as it is, but signed. A constant stands second. False with a diagnostic. */
bool itgc_read_operands(itgc_quantizer *quantizer, itgc_node *node, itg_type type, itgc_operand_pair *result);

/* The format of that type, ITG_S8 or ITG_S16, that fits the values. */
itgc_format itgc_format_of_constant(const itgc_value *value, itg_type type);

/* The values as codes of an ITG_S8 or ITG_S16 format, registered as a constant. */
const void *itgc_code_constant(itgc_quantizer *quantizer, const itgc_value *value, const itgc_format *format);

/* The largest |code - zero| there can be. */
int64_t itgc_largest_distance(const itgc_format *format);

/* Div of two activations. */
bool itgc_add_div_step(itgc_quantizer *quantizer, itgc_node *node);

#endif
