/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution by dot products of four vertical taps. Contract: runtime/kernels/depthwise.h; weights in a signed packing. */
#include "runtime/kernels/dotprod/columns.h"

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    static const itg_column_set set = {ITG_COLUMN_PIXELS, sum_taps, taps_16b, taps_8b, three_16b, three_8b, NULL, NULL};
    if (depthwise->packing == ITG_PACK_ROWS)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else
        itg_walk_signed_columns(&set, depthwise, out, in, (const int32_t[2]){y0, y1}, scratch);
}

const itg_depthwise_kernels itg_depthwise_dotprod = {.rows = compute_rows};
