/* SPDX-License-Identifier: Apache-2.0
 * Cast, CastLike. Float to integer truncates; what does not fit behaves as on 64-bit hosts with ONNX Runtime: the lowest value of the
 * 32- or 64-bit integer it is converted through, then wrapped to the type. Half types round to nearest even. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

static bool parse_cast(itgc_node *node, itgc_diag *diag)
{
    return itgc_read_type(diag, itgc_int_attribute(node, "to", 0), &((itgc_cast_params *)node->params)->to);
}

static bool infer_cast(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    itgc_set_output(node, 0, ((const itgc_cast_params *)node->params)->to, &node->in[0]->shape);
    return true;
}

static bool infer_cast_like(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    itgc_set_output(node, 0, node->in[1]->type, &node->in[0]->shape);
    return true;
}

static int64_t integer_of(itgc_type to, float value)
{
    const bool fits_32 = value >= -0x1p31f && value < 0x1p31f;
    switch (to) {
    case ITGC_BOOL:
        return value != 0.0f;
    case ITGC_I32:
    case ITGC_I16:
    case ITGC_I8:
    case ITGC_U16:
    case ITGC_U8:
        return itgc_wrap(to, fits_32 ? (int64_t)value : INT32_MIN);
    case ITGC_U64:
        return value >= 0x1p63f && value < 0x1p64f ? (int64_t)(uint64_t)value : itgc_int_of((double)value);
    default:
        return itgc_wrap(to, itgc_int_of((double)value));
    }
}

static float float_of(itgc_type from, int64_t value)
{
    return from == ITGC_U64 ? (float)(uint64_t)value : (float)value;
}

static bool eval_cast(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0];
    itgc_value *const out = eval->out[0];
    const bool from_float = itgc_is_float(in->type), to_float = itgc_is_float(out->type);
    const int64_t count = itgc_elements(&out->shape);
    if (in->type == out->type) {
        itgc_copy_elements(out, in);
        return true;
    }
    for (int64_t i = 0; i < count; i++) {
        if (to_float)
            out->f[i] = itgc_round_float(out->type, from_float ? in->f[i] : float_of(in->type, in->i[i]));
        else
            out->i[i] = from_float ? integer_of(out->type, in->f[i]) : itgc_wrap(out->type, in->i[i]);
    }
    return true;
}

const itgc_op itgc_op_cast = {.family = "cast",
                              .attributes = "to saturate round_mode",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .max_outputs = 1,
                              .params_bytes = sizeof(itgc_cast_params),
                              .parse = parse_cast,
                              .infer = infer_cast,
                              .eval = eval_cast};
const itgc_op itgc_op_cast_like = {.family = "cast",
                                   .attributes = "saturate round_mode",
                                   .min_inputs = 2,
                                   .max_inputs = 2,
                                   .max_outputs = 1,
                                   .infer = infer_cast_like,
                                   .eval = eval_cast};
