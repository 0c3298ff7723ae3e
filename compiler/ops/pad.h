/* SPDX-License-Identifier: Apache-2.0
 * What Pad's float evaluation and its int8 rule share. */
#ifndef ITGC_PAD_H
#define ITGC_PAD_H

#include "compiler/ops/params.h"

/* Which of `count` positions stands at `index`, which may lie outside; -1: the constant. pad.c. */
int64_t itgc_find_padded(itgc_pad_mode mode, int64_t index, int64_t count);

#endif
