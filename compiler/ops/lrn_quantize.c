/* SPDX-License-Identifier: Apache-2.0
 * LRN over the last dimension → itg_lrn (numerics.md 3). */
#include "compiler/base/real.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/quantize/quantize.h"

#include <math.h>

#define MOST_OCTAVE   61   /* of epsilon: a window's share is then lost, as it should be */
#define MOST_CHANNELS 8192 /* whose squares, at 16 bits, stay below 2^61 */

static const itgc_field lrn_fields[] = {
    ITGC_FIELD(itg_lrn, channels, ITGC_FIELD_I32, 1),     ITGC_FIELD(itg_lrn, below, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_lrn, above, ITGC_FIELD_I32, 1),        ITGC_FIELD(itg_lrn, table, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_lrn, in_zero, ITGC_FIELD_I32, 1),      ITGC_FIELD(itg_lrn, zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_lrn, low, ITGC_FIELD_I32, 1),          ITGC_FIELD(itg_lrn, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_lrn, epsilon, ITGC_FIELD_I32, 1),      ITGC_FIELD(itg_lrn, requant.multiplier, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_lrn, requant.shift, ITGC_FIELD_U8, 1), ITGC_FIELD(itg_lrn, requant.left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_lrn, epsilon_shift, ITGC_FIELD_U8, 1), ITGC_FIELD(itg_lrn, octave, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_lrn, narrow, ITGC_FIELD_U8, 1),        ITGC_FIELD(itg_lrn, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_lrn, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_lrn = ITGC_STEP_KIND(itg_op_lrn, itg_lrn, lrn_fields, 0);

static int find_octave(double value)
{
    int exponent;
    frexp(value, &exponent);
    return exponent - 1;
}

/* 2^30 (1 + i/32)^-beta 2^(-beta o) for octave o behind the first, from epsilon to the largest sum. */
static const int32_t *build_table(itgc_quantizer *quantizer, double beta, int octaves)
{
    int32_t *table = ITGC_NEW_ARRAY(quantizer->arena, int32_t, octaves * 32 + 1);
    for (int i = 0; i <= octaves * 32; i++) {
        table[i] = (int32_t)itgc_round(ldexp(itgc_pow(ldexp(1.0 + (i % 32) / 32.0, i / 32), -beta), 30));
    }
    return itgc_keep_constant(quantizer, "table", table, 4, true, (size_t)octaves * 32 + 1);
}

/* Epsilon and the table. *first: what is raised at the start of the first octave. */
static bool fill_powers(itgc_quantizer *quantizer, const itgc_lrn_params *params, double scale, itg_lrn *lrn, double *first)
{
    const double share = ldexp((double)params->alpha / (double)params->size * scale * scale, -16);
    const double largest =
        ldexp(lrn->in_type == ITG_S16 ? 0x1p30 : 65025.0, 16) * (double)(params->size < lrn->channels ? params->size : lrn->channels);
    const double least = fmin((double)params->bias / share, ldexp(1.0, MOST_OCTAVE));
    const int octave = find_octave(least);
    if (octave < 0) {
        return itgc_fail(quantizer->diag, 424, "its bias is nothing against its input's steps; check that calibration samples are like real ones");
    }
    lrn->epsilon_shift = (uint8_t)(octave > 29 ? octave - 29 : 0);
    lrn->epsilon = (int32_t)floor(ldexp(least, -lrn->epsilon_shift));
    lrn->octave = (uint8_t)octave;
    *first = ldexp((double)params->bias / least, octave);
    lrn->table = build_table(quantizer, (double)params->beta, find_octave(least + largest) - octave + 1);
    return true;
}

bool itgc_quantize_lrn(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_lrn_params *params = node->params;
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    const int rank = in->shape.rank;
    const int64_t channels = in->shape.dim[rank - 1];
    if ((rank > 2 && !params->channels_last) || channels > MOST_CHANNELS || !(params->alpha > 0.0f) || !(params->bias > 0.0f) ||
        !(params->beta >= 0.0f)) {
        return itgc_fail(quantizer->diag, 424, "only up to %d channels with alpha and bias over 0 have an integer step; keep it outside the model",
                         MOST_CHANNELS);
    }
    itg_lrn lrn = {.channels = (int32_t)channels,
                   .below = (int32_t)((params->size - 1) / 2 < channels ? (params->size - 1) / 2 : channels),
                   .above = (int32_t)(params->size / 2 < channels ? params->size / 2 : channels),
                   .in_zero = in->format.zero,
                   .zero = out->format.zero,
                   .narrow = in->format.type == ITG_S16 ? 15 : 8,
                   .in_type = in->format.type,
                   .out_type = out->format.type};
    double first = 0.0;
    if (!fill_powers(quantizer, params, in->format.scale, &lrn, &first)) {
        return false;
    }
    const double ratio = itgc_pow(first, -(double)params->beta) * in->format.scale / out->format.scale * ldexp(1.0, lrn.narrow - 30);
    const itgc_ratios ratios = {.ratio = &ratio, .count = 1, .max_acc = (int64_t)1 << 30, .type = out->format.type};
    itgc_clamp_bounds(node->fused, &out->format, &lrn.low, &lrn.high);
    if (!itgc_choose_multipliers(quantizer->diag, &ratios, &lrn.requant.multiplier, &lrn.requant.shift, &lrn.requant.left)) {
        return false;
    }
    itgc_add_step(quantizer, &itgc_step_lrn, &lrn, node, &in, 1, out, (uint32_t)(itgc_elements(&in->shape) / channels));
    return true;
}
