/* SPDX-License-Identifier: Apache-2.0
 * What a tier of a cascade is asked for (cascade.c). conv.c, depthwise.c, pool.c, add.c and reduce.c answer it. */
#ifndef ITG_OPS_CASCADE_H
#define ITG_OPS_CASCADE_H

#include <intaglio/plan.h>

/* Rows [begin, end) of the tier's results in image `image`. out and in: where that image's first elements are, or would be if more than some rows
 * were there. scratch: this worker's, before the bands. */
struct itg_tier_job {
    const itg_work *work;
    const itg_step *step; /* the cascade's */
    const itg_tier *tier;
    void *out, *scratch;
    const void *in;
    uint32_t image;
    int32_t begin, end;
};

#endif
