/* SPDX-License-Identifier: Apache-2.0
 * Codes as ONNX's quantized ops define them: what QuantizeLinear and the integer products share. */
#ifndef ITGC_QUANTIZE_LINEAR_H
#define ITGC_QUANTIZE_LINEAR_H

#include "compiler/ops/op.h"

/* Clamps to an integer type of at most 32 bits; NaN becomes the lowest code. */
int64_t itgc_saturate_code(itgc_type type, double value);

/* acc * multiplier in float, rounded half to even, plus zero, clamped. */
int64_t itgc_requantize_code(itgc_type type, int64_t acc, float multiplier, int64_t zero);

/* Where the inputs of an integer product stand; -1: it has none of these. */
typedef struct itgc_positions {
    int a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero, bias;
} itgc_positions;

/* Types of all of them, and that scale and zero point are single numbers, or for a one per a_lines (0: not allowed), for b per b_lines. */
bool itgc_check_positions(const itgc_node *node, itgc_diag *diag, const itgc_positions *at, int64_t a_lines, int64_t b_lines);

/* Element `line` of a zero point or scale that may be single or left out. */
int64_t itgc_zero_at(const itgc_eval *eval, int input, int64_t line);
float itgc_scale_at(const itgc_eval *eval, int input, int64_t line);

#endif
