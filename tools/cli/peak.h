/* SPDX-License-Identifier: Apache-2.0
 * What a kernel table reaches at best on this machine: the denominator of bench's last column. */
#ifndef CLI_PEAK_H
#define CLI_PEAK_H

#include "compiler/base/arena.h"

#include <intaglio/intaglio.h>

/* MACs per second of one thread on a product of 1,024 inputs and 64 outputs that stays in the cache. */
double cli_measure_peak(itgc_arena *arena, const itg_kernels *kernels);

#endif
