/* SPDX-License-Identifier: Apache-2.0
 * What convolution and depthwise of the Armv8.0 table share: SADALP leaves two partial sums a channel, which are added at the end. */
#ifndef ITG_NEON_SPREAD_H
#define ITG_NEON_SPREAD_H

#include <stdint.h>

/* First values for two partial sums a channel: a b ... -> a 0 b 0 ... */
static inline void itg_spread_start(int32_t start[32])
{
    for (int i = 15; i >= 0; i--) {
        start[2 * i] = start[i];
        start[2 * i + 1] = 0;
    }
}

/* One sum a channel, in the even registers: v0-v7 of the first pixel, v8-v15 of the second. */
#define ITG_ADD_PAIR(a, b) "addp v" #a ".4s, v" #a ".4s, v" #b ".4s\n"
#define ITG_REDUCE_ONE     ITG_ADD_PAIR(0, 1) ITG_ADD_PAIR(2, 3) ITG_ADD_PAIR(4, 5) ITG_ADD_PAIR(6, 7)
#define ITG_REDUCE_TWO     ITG_REDUCE_ONE ITG_ADD_PAIR(8, 9) ITG_ADD_PAIR(10, 11) ITG_ADD_PAIR(12, 13) ITG_ADD_PAIR(14, 15)

#endif
