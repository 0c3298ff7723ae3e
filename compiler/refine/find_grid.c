/* SPDX-License-Identifier: Apache-2.0
 * Inputs that were integers before they became floats (codes of another quantizer, levels of a sensor): if all samples lie on one grid of at
 * most 256 steps, the input's format is that grid and costs nothing. In: a refiner. Out: ranges of its tuning. */
#include "compiler/base/real.h"
#include "compiler/refine/refiner.h"

#include <math.h>
#include <stdlib.h>

#define MOST_VALUES 65536
#define OFF_GRID    1e-3 /* of a step */
#define TOP_STEP    255.0

static int compare_floats(const void *a, const void *b)
{
    const float left = *(const float *)a;
    const float right = *(const float *)b;
    return (left > right) - (left < right);
}

/* A spread selection of one input's values, sorted. */
static int64_t collect_values(const itgc_refiner *refiner, int input, float *values)
{
    const int64_t each = itgc_elements(&refiner->graph->inputs[input]->shape);
    const int64_t all = each * refiner->batches;
    const int64_t stride = all / MOST_VALUES + 1;
    int64_t count = 0;
    for (int64_t i = 0; i < all; i += stride) {
        values[count++] = refiner->input[i / each][input]->f[i % each];
    }
    qsort(values, (size_t)count, sizeof *values, compare_floats);
    return count;
}

/* 0: no grid. The step follows from the whole span, as single differences are coarse. */
static double find_step(const float *values, int64_t count)
{
    const double low = fmin((double)values[0], 0.0);
    const double span = fmax((double)values[count - 1], 0.0) - low;
    double least = span;
    for (int64_t i = 1; i < count; i++) {
        const double gap = (double)values[i] - (double)values[i - 1];
        least = gap > span * 1e-5 && gap < least ? gap : least;
    }
    if (least <= 0.0 || span / least > TOP_STEP + 0.5) {
        return 0.0;
    }
    const double inside = (double)values[count - 1] - (double)values[0];
    const double step = inside > 0.0 ? inside / fmax(1.0, itgc_round(inside / least)) : least;
    for (int64_t i = 0; i < count; i++) {
        const double at = (double)values[i] / step;
        if (fabs(at - itgc_round(at)) > OFF_GRID) {
            return 0.0;
        }
    }
    return step;
}

static void set_grid(itgc_tuning *tuning, const itgc_tensor *input, double low, double high, double step)
{
    const double first = itgc_round(fmin(low, 0.0) / step);
    const double last = itgc_round(fmax(high, 0.0) / step);
    /* Room that is left goes to both sides where values of both signs occur. */
    const double spare = TOP_STEP - (last - first);
    const double below = first < 0.0 ? floor(last > 0.0 ? spare / 2.0 : spare) : 0.0;
    tuning->low[input->id] = (first - below) * step;
    tuning->high[input->id] = (first - below + TOP_STEP) * step;
}

void itgc_find_grids(const itgc_refiner *refiner, itgc_tuning *tuning)
{
    float *values = ITGC_NEW_ARRAY(refiner->arena, float, MOST_VALUES + 1);
    for (int i = 0; i < refiner->graph->input_count; i++) {
        const itgc_tensor *input = refiner->graph->inputs[i];
        if (!itgc_is_float(input->type) || (i == 0 && refiner->graph->input_is_pixels)) {
            continue;
        }
        const int64_t count = collect_values(refiner, i, values);
        const double step = find_step(values, count);
        if (step > 0.0 && input->range.max - input->range.min <= TOP_STEP * step) {
            set_grid(tuning, input, input->range.min, input->range.max, step);
        }
    }
}
