/* SPDX-License-Identifier: Apache-2.0
 * Warnings about calibration samples (suspect.h). Real pictures are smooth: neighbouring values go together; noise is told by that. */
#include "compiler/measure/suspect.h"

#define FEWEST           8
#define FEW              32
#define LEAST_SIDE       8   /* smaller pictures say nothing about neighbours */
#define LEAST_LIKENESS   0.1 /* correlation of neighbours; photographs have 0.9 and more */
#define MOST_NORMALIZED  32.0
#define LEAST_PIXEL_SPAN 4.0

void itgc_watch_neighbours(itgc_neighbours *sums, const itgc_value *value)
{
    const itgc_shape *shape = &value->shape;
    if (shape->rank != 4 || !value->f || shape->dim[1] < LEAST_SIDE || shape->dim[2] < LEAST_SIDE) {
        return;
    }
    const int64_t channels = shape->dim[3];
    const int64_t row = shape->dim[2] * channels;
    const int64_t count = itgc_elements(shape);
    for (int64_t start = 0; start < count; start += row) {
        for (int64_t i = start; i + channels < start + row; i++) {
            const double here = (double)value->f[i];
            sums->sum += here;
            sums->squares += here * here;
            sums->products += here * (double)value->f[i + channels];
        }
        sums->count += (double)(row - channels);
    }
}

static bool looks_random(const itgc_neighbours *sums)
{
    if (sums->count == 0.0) {
        return false;
    }
    const double mean = sums->sum / sums->count;
    const double variance = sums->squares / sums->count - mean * mean;
    return variance > 0.0 && sums->products / sums->count - mean * mean < LEAST_LIKENESS * variance;
}

void itgc_suspect_input(itgc_diag *diag, const itgc_tensor *input, bool is_pixels, const itgc_neighbours *neighbours)
{
    const double low = input->range.min;
    const double high = input->range.max;
    if (low > high) {
        return;
    }
    if (low == high) {
        itgc_warn(diag, "all calibration samples of input %s have the same value everywhere; give real data", input->name);
        return;
    }
    if (looks_random(neighbours)) {
        itgc_warn(diag, "the calibration samples of input %s look like noise (neighbouring values have nothing in common); give real data",
                  input->name);
    }
    const bool is_picture = input->shape.rank == 4 && (input->shape.dim[3] == 1 || input->shape.dim[3] == 3);
    if (is_pixels && (low < -0.5 || high > 255.5)) {
        itgc_warn(diag, "input %s takes grey levels 0 to 255 but the samples reach from %.6g to %.6g; check --scale, --mean and --std", input->name,
                  low, high);
    } else if (is_pixels && high - low < LEAST_PIXEL_SPAN) {
        itgc_warn(diag, "input %s takes grey levels 0 to 255 but the samples lie in %.6g to %.6g; they look normalized already", input->name, low,
                  high);
    } else if (!is_pixels && is_picture && low >= 0.0 && high > MOST_NORMALIZED && high <= 255.0 && neighbours->count > 0.0) {
        itgc_warn(diag, "the samples of input %s look like grey levels (%.6g to %.6g) though no preprocessing is known; check --scale, --mean, --std",
                  input->name, low, high);
    }
}

void itgc_suspect_count(itgc_diag *diag, int64_t samples)
{
    if (samples < FEWEST) {
        itgc_warn(diag, "only %lld calibration samples: ranges and accuracy will be poor; give at least 32, better 100 or more", (long long)samples);
    } else if (samples < FEW) {
        itgc_warn(diag, "%lld calibration samples are few; give at least 32, better 100 or more", (long long)samples);
    }
}
