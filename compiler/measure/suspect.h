/* SPDX-License-Identifier: Apache-2.0
 * Calibration samples that cannot be real data: too few, constant, random, or in other units than the model takes. Called by measure.c. */
#ifndef ITGC_SUSPECT_H
#define ITGC_SUSPECT_H

#include "compiler/graph/graph.h"

/* Sums over neighbours along the width of [N,H,W,C] inputs. */
typedef struct itgc_neighbours {
    double count, sum, squares, products;
} itgc_neighbours;

/* Adds one batch of an input; others than pictures are left out. */
void itgc_watch_neighbours(itgc_neighbours *sums, const itgc_value *value);

/* Warns about an input once its range is known. neighbours: of all batches. */
void itgc_suspect_input(itgc_diag *diag, const itgc_tensor *input, bool is_pixels, const itgc_neighbours *neighbours);
void itgc_suspect_count(itgc_diag *diag, int64_t samples);

#endif
