/* SPDX-License-Identifier: Apache-2.0
 * SQNR, bias, saturation and used codes of one tensor, summed over samples.
 * In: float values and reals of codes. Out: a layer's row. Called by layers.c. */
#include "compiler/evaluate/layer_sums.h"

#include "compiler/base/real.h"

#include <math.h>

#define LN2         0.6931471805599453
#define FEWEST_SEEN 64 /* values of a channel that its mean error is told from */

static void find_codes(const itgc_format *format, int32_t *low, int32_t *high)
{
    *low = format->type == ITG_S16 ? format->limit ? -format->limit : INT16_MIN : format->type == ITG_U16 ? 0 : INT8_MIN;
    *high = format->type == ITG_S16 ? format->limit ? format->limit : INT16_MAX : format->type == ITG_U16 ? UINT16_MAX : INT8_MAX;
    if (format->type == ITG_S32 || format->type == ITG_F32) {
        *low = INT32_MIN;
        *high = INT32_MAX;
    }
}

void itgc_start_sums(itgc_arena *arena, const itgc_tensor *tensor, itgc_layer_sums *sums)
{
    *sums = (itgc_layer_sums){.elements = itgc_elements(&tensor->shape),
                              .channels = tensor->shape.rank > 0 ? tensor->shape.dim[tensor->shape.rank - 1] : 1,
                              .format = tensor->format.type ? tensor->format : itgc_place_owner(tensor)->format};
    find_codes(&sums->format, &sums->low, &sums->high);
    sums->channel = ITGC_NEW_ARRAY(arena, itgc_channel_sums, sums->channels + 1);
}

static void add_code(itgc_layer_sums *sums, double expected, double actual)
{
    const double scale = sums->format.scale, zero = sums->format.zero, low = sums->low, high = sums->high;
    const double code = floor(actual / scale + 0.5) + zero, wanted = expected / scale + zero;
    sums->cut_low += wanted < low - 0.5;
    sums->cut_high += wanted > high + 0.5;
    sums->at_low += code <= low;
    sums->at_high += code >= high;
    const double bin = (code - low) * ITGC_CODE_BINS / (high - low + 1.0);
    sums->bins[bin <= 0.0 ? 0 : bin >= ITGC_CODE_BINS - 1.0 ? ITGC_CODE_BINS - 1 : (int)bin]++;
}

void itgc_add_sums(itgc_layer_sums *sums, const float *expected, const float *actual)
{
    itgc_add_energy(&sums->cumulative, expected, actual, sums->elements);
    for (int64_t i = 0, c = 0; i < sums->elements; i++, c = c + 1 == sums->channels ? 0 : c + 1) {
        const double e = (double)expected[i], a = (double)actual[i];
        sums->channel[c].error += a - e;
        sums->channel[c].value += e;
        sums->channel[c].square += e * e;
        add_code(sums, e, a);
    }
    sums->count += sums->elements;
}

/* Mean error over the deviation, which counts as one step where less varies than codes can tell. */
static double bias_of(const itgc_channel_sums *channel, double count, double step)
{
    const double mean = channel->value / count, variance = channel->square / count - mean * mean;
    const double deviation = variance > step * step ? sqrt(variance) : step;
    return channel->error / count / deviation;
}

static void fill_bias(const itgc_layer_sums *sums, itgc_layer_report *layer)
{
    itgc_channel_sums whole = {0};
    for (int64_t c = 0; c < sums->channels; c++) {
        const itgc_channel_sums *channel = &sums->channel[c];
        const int64_t seen = sums->count / sums->channels;
        const double bias = seen < FEWEST_SEEN ? 0.0 : bias_of(channel, (double)seen, sums->format.scale);
        layer->worst_channel_bias = fabs(bias) > fabs(layer->worst_channel_bias) ? bias : layer->worst_channel_bias;
        whole.error += channel->error;
        whole.value += channel->value;
        whole.square += channel->square;
    }
    layer->bias = bias_of(&whole, (double)sums->count, sums->format.scale);
}

void itgc_fill_layer(const itgc_layer_sums *sums, itgc_layer_report *layer)
{
    if (sums->count == 0)
        return;
    const double count = (double)sums->count;
    layer->local_db = itgc_sqnr_db(&sums->local);
    layer->cumulative_db = itgc_sqnr_db(&sums->cumulative);
    fill_bias(sums, layer);
    layer->cut_low = (double)sums->cut_low / count;
    layer->cut_high = (double)sums->cut_high / count;
    layer->at_low = (double)sums->at_low / count;
    layer->at_high = (double)sums->at_high / count;
    layer->values = sums->count;
    layer->code_count = ITGC_CODE_BINS;
    for (int b = 0; b < ITGC_CODE_BINS; b++) {
        const double share = (double)sums->bins[b] / count;
        layer->used_codes += share > 0.0;
        layer->entropy -= share > 0.0 ? share * itgc_log(share) / LN2 : 0.0;
    }
}
