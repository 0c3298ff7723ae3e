/* SPDX-License-Identifier: Apache-2.0
 * measured graph + samples → tuning of the quantizer: what pays is found by running float graph and integer plans on calibration samples.
 * The order: round_weights.c, correct.c, fit_ranges.c and widen.c; each is kept only if the logits on samples it did not see get better. */
#ifndef ITGC_REFINE_H
#define ITGC_REFINE_H

#include "compiler/measure/measure.h"
#include "compiler/quantize/quantize.h"
#include "compiler/quantize/tuning.h"

typedef struct itgc_refine_options {
    const itgc_quantize_options *quantize;
    const itg_kernels *kernels; /* of this machine, for the plans that are tried; results do not depend on them */
    int threads;
    const itgc_progress *progress;
} itgc_refine_options;

/* sets and use as in itgc_measure_graph. *tuning stays NULL where no step asks for one. */
bool itgc_refine_graph(itgc_graph *graph, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument,
                       const itgc_refine_options *options, itgc_tuning **tuning);

#endif
