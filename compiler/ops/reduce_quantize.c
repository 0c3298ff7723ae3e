/* SPDX-License-Identifier: Apache-2.0
 * ReduceMean and ReduceSum over neighbouring axes → itg_reduce, ReduceMax → itg_pool. Global average pools share the step. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/quantize/quantize.h"

static const itgc_field reduce_fields[] = {
    ITGC_FIELD(itg_reduce, count, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, inner, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, in_zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, out_zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, low, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, requant.multiplier, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_reduce, requant.shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_reduce, requant.left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_reduce, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_reduce, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_reduce = ITGC_TIER_KIND(itg_op_reduce, itg_tier_reduce, itg_reduce, reduce_fields, ITG_FAMILY_POOL);

bool itgc_add_reduce_step(itgc_quantizer *quantizer, itgc_node *node, int64_t count, int64_t inner, double factor)
{
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    const double ratio = in->format.scale * factor / out->format.scale;
    const int64_t low = (int64_t)itgc_lowest_code(&in->format) - in->format.zero;
    const int64_t high = (int64_t)itgc_highest_code(&in->format) - in->format.zero;
    const itgc_ratios ratios = {.ratio = &ratio, .count = 1, .max_acc = count * (high > -low ? high : -low), .type = out->format.type};
    itg_reduce reduce = {.count = (int32_t)count,
                         .inner = (int32_t)inner,
                         .in_zero = in->format.zero,
                         .out_zero = out->format.zero,
                         .in_type = in->format.type,
                         .out_type = out->format.type};
    if (ratios.max_acc > INT32_MAX) {
        return itgc_fail(quantizer->diag, 402, "a sum of %lld values may exceed 32 bits; reduce in two steps", (long long)count);
    }
    itgc_clamp_bounds(node->fused, &out->format, &reduce.low, &reduce.high);
    if (!itgc_choose_multipliers(quantizer->diag, &ratios, &reduce.requant.multiplier, &reduce.requant.shift, &reduce.requant.left)) {
        return false;
    }
    const int64_t outer = itgc_elements(&in->shape) / (count * inner);
    itgc_add_step(quantizer, &itgc_step_reduce, &reduce, node, &in, 1, out, (uint32_t)outer);
    return true;
}

static void add_maximum_step(itgc_quantizer *quantizer, itgc_node *node, int64_t count, int64_t inner)
{
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    const int64_t outer = itgc_elements(&in->shape) / (count * inner);
    const itg_pool pool = {.in = {(int32_t)count, 1, (int32_t)inner},
                           .out = {1, 1, (int32_t)inner},
                           .kernel = {(int32_t)count, 1},
                           .stride = {1, 1},
                           .dilation = {1, 1},
                           .low = itgc_lowest_code(&out->format),
                           .high = itgc_highest_code(&out->format),
                           .in_type = in->format.type,
                           .out_type = out->format.type};
    itgc_add_step(quantizer, &itgc_step_pool, &pool, node, &in, 1, out, (uint32_t)outer);
}

bool itgc_quantize_reduce(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_reduce_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const int first = params->axis_count > 0 ? (int)params->axes[0] : 0;
    int64_t count = 1;
    for (int i = 0; i < params->axis_count; i++) {
        if (params->axes[i] != first + i) {
            return itgc_fail(quantizer->diag, 413, "only neighbouring axes can be reduced in one step; transpose the input or reduce twice");
        }
        count *= shape->dim[params->axes[i]];
    }
    int64_t inner = 1;
    for (int i = first + params->axis_count; i < shape->rank; i++) {
        inner *= shape->dim[i];
    }
    switch (params->kind) {
    case ITGC_REDUCE_MEAN:
        return itgc_add_reduce_step(quantizer, node, count, inner, 1.0 / (double)count);
    case ITGC_REDUCE_SUM:
        return itgc_add_reduce_step(quantizer, node, count, inner, 1.0);
    case ITGC_REDUCE_MAX:
        add_maximum_step(quantizer, node, count, inner);
        return true;
    default:
        return itgc_fail(quantizer->diag, 413, "this reduction has no integer step; ReduceMean, ReduceSum and ReduceMax have");
    }
}
