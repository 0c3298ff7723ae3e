/* SPDX-License-Identifier: Apache-2.0
 * Float weights and biases → int8 codes, one scale per output channel, and the bias in units of the accumulator (numerics.md 1 and 2).
 * Called by the ops' quantizers and by choose_format.c. */
#include "compiler/base/real.h"
#include "compiler/quantize/quantize.h"
#include "compiler/quantize/tuning.h"

#include <math.h>
#include <string.h>

#define TOP_CODE      127.0
#define BIAS_BITS     30                 /* |bias code| <= 2^30: half of the accumulator is left for the sum */
#define SCALES_TRIED  40                 /* by mse: from the largest weight down to half of it */
#define ROUNDING_BIAS 6755399441055744.0 /* 1.5 * 2^52: adding and subtracting it rounds to nearest even */

static double largest_weight(const itgc_channel *channel)
{
    double largest = 0.0;
    for (int64_t i = 0; i < channel->count; i++) {
        largest = fmax(largest, fabs((double)channel->weights[i * channel->stride]));
    }
    return largest;
}

static double weight_error(const itgc_channel *channel, double scale)
{
    const double inverse = 1.0 / scale;
    double sum = 0.0;
    for (int64_t i = 0; i < channel->count; i++) {
        const double weight = (double)channel->weights[i * channel->stride];
        const double code = (weight * inverse + ROUNDING_BIAS) - ROUNDING_BIAS;
        const double error = weight - scale * (code > TOP_CODE ? TOP_CODE : code < -TOP_CODE ? -TOP_CODE : code);
        sum += error * error;
    }
    return sum;
}

static double search_scale(const itgc_channel *channel, double widest)
{
    double best = widest;
    double least = weight_error(channel, widest);
    for (int i = 1; i < SCALES_TRIED; i++) {
        const double scale = widest * (1.0 - 0.5 * i / SCALES_TRIED);
        const double error = weight_error(channel, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

double itgc_quantize_channel(const itgc_channel *channel, bool mse, double least, int8_t *codes)
{
    const double widest = largest_weight(channel) / TOP_CODE;
    double scale = widest;
    if (mse && widest > 0.0) {
        scale = search_scale(channel, widest);
    }
    scale = fmax(scale, ldexp(fabs(channel->bias) / channel->in_scale, -BIAS_BITS));
    scale = fmax(scale, least);
    for (int64_t i = 0; i < channel->count; i++) {
        const double code = widest > 0.0 ? itgc_round((double)channel->weights[i * channel->stride] / scale) : 0.0;
        codes[i] = (int8_t)(code > TOP_CODE ? TOP_CODE : code < -TOP_CODE ? -TOP_CODE : code);
    }
    return widest > 0.0 ? scale : 0.0;
}

/* How far below the largest a channel's scale may lie for its multiplier to stay fine enough. */
static double most_spread(itg_type out_type)
{
    return out_type == ITG_S8 || out_type == ITG_U8 ? 0x1p14 : 0x1p7;
}

static itgc_channel channel_of(const itgc_linear *linear, const itgc_format *in, int64_t index)
{
    return (itgc_channel){.weights = linear->weights + index * linear->channel_stride,
                          .count = linear->taps,
                          .stride = linear->tap_stride,
                          .bias = linear->bias ? (double)linear->bias[index] : 0.0,
                          .in_scale = in->scale};
}

/* Channels of zeros keep their bias exactly: the smallest scale that holds it, within the spread of the others. */
static void scale_empty_channels(const itgc_linear *linear, const itgc_format *in, double least, double *scale)
{
    double common = least;
    for (int64_t c = 0; c < linear->channels && linear->bias; c++) {
        common = scale[c] > 0.0 ? common : fmax(common, ldexp(fabs((double)linear->bias[c]) / in->scale, -BIAS_BITS));
    }
    for (int64_t c = 0; c < linear->channels; c++) {
        if (scale[c] == 0.0) {
            scale[c] = common > 0.0 ? common : 1.0;
        }
    }
}

/* Codes and scale of every channel: rounded to nearest, or as tuning has them where the bias leaves that scale. */
static void quantize_weights(const itgc_quantizer *quantizer, const itgc_linear *linear, const itgc_format *in, itg_type out_type,
                             itgc_linear_codes *codes)
{
    double largest = 0.0;
    for (int64_t c = 0; c < linear->channels; c++) {
        const itgc_channel channel = channel_of(linear, in, c);
        codes->scale[c] = itgc_quantize_channel(&channel, quantizer->options->mse_weights, itgc_find_weight_step(quantizer, &channel),
                                                codes->weights + c * linear->taps);
        largest = fmax(largest, codes->scale[c]);
    }
    const double least = largest / most_spread(out_type);
    for (int64_t c = 0; c < linear->channels; c++) {
        if (codes->scale[c] > 0.0 && codes->scale[c] < least) {
            const itgc_channel channel = channel_of(linear, in, c);
            codes->scale[c] = itgc_quantize_channel(&channel, false, least, codes->weights + c * linear->taps);
        }
    }
    for (int64_t c = 0; linear->tuning && linear->tuning->codes && c < linear->channels; c++) {
        const double scale = linear->tuning->scale[c];
        const double bias = linear->bias ? fabs((double)linear->bias[c]) : 0.0;
        if (scale >= least && scale >= ldexp(bias / in->scale, -BIAS_BITS) && codes->scale[c] > 0.0) {
            codes->scale[c] = scale;
            memcpy(codes->weights + c * linear->taps, linear->tuning->codes + c * linear->taps, (size_t)linear->taps);
        }
    }
    scale_empty_channels(linear, in, least, codes->scale);
}

/* gain * (sum + bias) + offset, as the scale and the bias of the sum. */
static double tune_channel(const itgc_linear *linear, int64_t channel, double bias, double *scale)
{
    const itgc_layer_tuning *tuning = linear->tuning;
    if (!tuning || !tuning->gain || linear->slope) {
        return bias;
    }
    *scale *= tuning->gain[channel];
    return bias + tuning->offset[channel] / tuning->gain[channel];
}

/* Divisors near zero, folded in, make infinite weights of finite ones. */
static bool is_finite(const itgc_linear *linear)
{
    bool all = true;
    for (int64_t c = 0; c < linear->channels; c++) {
        all = all && (!linear->bias || isfinite(linear->bias[c]));
        for (int64_t k = 0; all && k < linear->taps; k++) {
            all = isfinite(linear->weights[c * linear->channel_stride + k * linear->tap_stride]);
        }
    }
    return all;
}

bool itgc_quantize_linear(const itgc_quantizer *quantizer, const itgc_linear *linear, const itgc_format *in, itg_type out_type,
                          itgc_linear_codes *codes)
{
    if (!is_finite(linear)) {
        return itgc_fail(quantizer->diag, 401, "a weight or bias with all that is folded into it is not finite; look for divisors near zero");
    }
    itgc_arena *arena = quantizer->arena;
    *codes = (itgc_linear_codes){.channels = linear->channels, .taps = linear->taps, .slope = linear->slope};
    codes->weights = ITGC_NEW_ARRAY(arena, int8_t, linear->channels * linear->taps);
    codes->scale = ITGC_NEW_ARRAY(arena, double, linear->channels);
    codes->bias = ITGC_NEW_ARRAY(arena, int64_t, linear->channels);
    codes->weight_sum = ITGC_NEW_ARRAY(arena, int64_t, linear->channels);
    quantize_weights(quantizer, linear, in, out_type, codes);
    for (int64_t c = 0; c < linear->channels; c++) {
        double scale = codes->scale[c];
        const double bias = tune_channel(linear, c, linear->bias ? (double)linear->bias[c] : 0.0, &scale);
        codes->bias[c] = (int64_t)itgc_round(bias / (in->scale * codes->scale[c]));
        codes->scale[c] = scale;
        for (int64_t k = 0; k < linear->taps; k++) {
            codes->weight_sum[c] += codes->weights[c * linear->taps + k];
        }
    }
    return itgc_prove_sums(quantizer->diag, in, codes);
}
