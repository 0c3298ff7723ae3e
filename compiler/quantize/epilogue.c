/* SPDX-License-Identifier: Apache-2.0
 * From a layer's accumulator to the code of its result: folded bias, multipliers, clamp bounds, slopes or the fused table
 * (numerics.md 1 to 3). Called by the quantizers of conv, depthwise and gemm. */
#include "compiler/quantize/quantize.h"

#include <math.h>

/* bias' = round(b / (s_x s_w)) - z_x sum(w), modulo 2^32: the accumulator wraps with it. */
static const int32_t *fold_bias(itgc_quantizer *quantizer, const itgc_linear_codes *codes, int32_t in_zero)
{
    int32_t *bias = ITGC_NEW_ARRAY(quantizer->arena, int32_t, codes->channels);
    for (int64_t c = 0; c < codes->channels; c++) {
        bias[c] = (int32_t)(uint32_t)(uint64_t)(codes->bias[c] - in_zero * codes->weight_sum[c]);
    }
    return itgc_keep_constant(quantizer, "bias", bias, 4, true, (size_t)codes->channels);
}

/* A channel without weights and bias has no sum, hence no ratio: whatever its scale says must not touch the shift of the others. */
static bool is_silent(const itgc_linear_codes *codes, int64_t channel)
{
    bool silent = codes->bias[channel] == 0;
    for (int64_t k = 0; silent && k < codes->taps; k++) {
        silent = codes->weights[channel * codes->taps + k] == 0;
    }
    return silent;
}

static bool choose_ratios(itgc_quantizer *quantizer, const itgc_linear_codes *codes, double in_scale, double out_scale, itg_type fineness,
                          itg_epilogue *epilogue)
{
    const int64_t count = codes->channels;
    const int64_t all = codes->slope ? 2 * count : count;
    double *ratio = ITGC_NEW_ARRAY(quantizer->arena, double, all);
    int32_t *multiplier = ITGC_NEW_ARRAY(quantizer->arena, int32_t, all);
    for (int64_t c = 0; c < count; c++) {
        ratio[c] = is_silent(codes, c) ? 0.0 : ldexp(in_scale * codes->scale[c] / out_scale, codes->narrow);
        if (codes->slope) {
            ratio[count + c] = ratio[c] * codes->slope[c];
        }
    }
    const itgc_ratios ratios = {.ratio = ratio, .count = all, .max_acc = codes->max_acc, .type = fineness};
    if (!itgc_choose_multipliers(quantizer->diag, &ratios, multiplier, &epilogue->shift, &epilogue->left)) {
        return false;
    }
    epilogue->multiplier = itgc_keep_constant(quantizer, "multiplier", multiplier, 4, true, (size_t)count);
    if (codes->slope) {
        epilogue->negative_multiplier = itgc_keep_constant(quantizer, "negative_multiplier", multiplier + count, 4, true, (size_t)count);
    }
    return true;
}

static bool fill_table(itgc_quantizer *quantizer, const itgc_node *node, const itgc_format *out, itgc_table *table, itg_epilogue *epilogue)
{
    const itgc_range *before = &node->out[0]->range;
    if (!itgc_choose_table(quantizer->arena, quantizer->diag, node->fused->params, before->min, before->max, out, table)) {
        return false;
    }
    epilogue->table = itgc_keep_constant(quantizer, "table", table->entries, 1, true, (size_t)table->mask + 1);
    epilogue->table_mask = (uint16_t)table->mask;
    epilogue->zero = table->zero;
    epilogue->low = 0;
    epilogue->high = table->mask;
    return true;
}

bool itgc_fill_epilogue(itgc_quantizer *quantizer, const itgc_node *node, const itgc_linear_codes *codes, const itgc_format *in,
                        const itgc_format *out, itg_epilogue *epilogue)
{
    *epilogue = (itg_epilogue){.zero = out->zero, .narrow = (uint8_t)codes->narrow, .wide = codes->wide};
    epilogue->bias = fold_bias(quantizer, codes, in->zero);
    if (itgc_activation_of(node->fused) == ITGC_TABLE) {
        itgc_table table;
        return fill_table(quantizer, node, out, &table, epilogue) && choose_ratios(quantizer, codes, in->scale, table.scale, ITG_S16, epilogue);
    }
    itgc_clamp_bounds(node->fused, out, &epilogue->low, &epilogue->high);
    return choose_ratios(quantizer, codes, in->scale, out->scale, out->type, epilogue);
}
