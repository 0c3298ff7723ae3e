/* SPDX-License-Identifier: Apache-2.0
 * Softmax, LogSoftmax, Hardmax along an axis; before opset 13 over all dimensions from the axis on, seen as one.
 * Exponentials in float, their sum in double and in index order. */
#include "compiler/base/parallel.h"
#include "compiler/base/real.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <string.h>

#define WORK 16 /* multiplications that take as long as one exponential */

static bool parse_softmax(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    (void)diag;
    params->coerce = node->opset < 13;
    params->axis = itgc_int_attribute(node, "axis", params->coerce ? 1 : -1);
    return true;
}

static bool infer_softmax(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    const itgc_shape *const shape = &node->in[0]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS))
        return false;
    if (shape->rank == 0 && params->axis == -1) /* a scalar is a vector of one */
        params->axis = 0;
    /* an axis behind the last one coerces to rows of one */
    const bool is_special = (shape->rank == 0 && params->axis == 0) || (params->coerce && params->axis == shape->rank);
    if (!is_special && !itgc_normalize_axis(diag, &params->axis, shape->rank))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, shape);
    return true;
}

typedef void row_function(float *out, const float *in, int64_t count, int64_t stride);

static float find_largest(const float *in, int64_t count, int64_t stride)
{
    float largest = in[0];
    for (int64_t i = 1; i < count; i++)
        largest = in[i * stride] > largest ? in[i * stride] : largest;
    return largest;
}

static void softmax_row(float *out, const float *in, int64_t count, int64_t stride)
{
    const float largest = find_largest(in, count, stride);
    double sum = 0.0;
    if (stride == 1) {
        itgc_divide_row(out, itgc_exp_row(out, in, largest, count), count);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        out[i * stride] = itgc_expf(in[i * stride] - largest);
        sum += (double)out[i * stride];
    }
    for (int64_t i = 0; i < count; i++)
        out[i * stride] = (float)((double)out[i * stride] / sum);
}

static void log_softmax_row(float *out, const float *in, int64_t count, int64_t stride)
{
    const float largest = find_largest(in, count, stride);
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += itgc_exp((double)in[i * stride] - (double)largest);
    const double shift = (double)largest + itgc_log(sum);
    for (int64_t i = 0; i < count; i++)
        out[i * stride] = (float)((double)in[i * stride] - shift);
}

static void hardmax_row(float *out, const float *in, int64_t count, int64_t stride)
{
    int64_t best = 0;
    for (int64_t i = 0; i < count; i++) {
        best = in[i * stride] > in[best * stride] ? i : best;
        out[i * stride] = 0.0f;
    }
    out[best * stride] = 1.0f;
}

typedef struct work {
    row_function *function;
    float *out;
    const float *in;
    int64_t length, inner;
} work;

static void run_rows(void *argument, int64_t begin, int64_t end)
{
    const work *const part = argument;
    for (int64_t row = begin; row < end; row++) {
        const int64_t at = row / part->inner * part->length * part->inner + row % part->inner;
        part->function(part->out + at, part->in + at, part->length, part->inner);
    }
}

static bool eval_softmax(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    const bool is_plain = shape->rank > 0 && !params->coerce;
    const char *const type = eval->node->type;
    row_function *const function = strcmp(type, "Softmax") == 0 ? softmax_row : strcmp(type, "Hardmax") == 0 ? hardmax_row : log_softmax_row;
    const int64_t elements = itgc_elements(shape);
    if (elements == 0)
        return true;
    const int64_t coerced = shape->rank == 0 ? 1 : itgc_inner_count(shape, params->axis - 1);
    const int64_t length = is_plain ? shape->dim[params->axis] : coerced;
    work whole = {function, eval->out[0]->f, eval->in[0]->f, length, is_plain ? itgc_inner_count(shape, params->axis) : 1};
    itgc_parallel(itgc_useful_threads(eval->threads, elements * WORK), elements / length, run_rows, &whole);
    return true;
}

#define SOFTMAX(quantize_it, format_rule)                                                                                                            \
    {                                                                                                                                                \
        .family = "softmax", .attributes = "axis", .min_inputs = 1, .max_inputs = 1, .max_outputs = 1, .params_bytes = sizeof(itgc_axis_params),     \
        .parse = parse_softmax, .infer = infer_softmax, .eval = eval_softmax, .quantize = quantize_it, .format = format_rule                         \
    }

const itgc_op itgc_op_softmax = SOFTMAX(itgc_quantize_softmax, ITGC_FORMAT_FIXED);
const itgc_op itgc_op_log_softmax = SOFTMAX(NULL, ITGC_FORMAT_OWN);
