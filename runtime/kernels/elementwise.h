/* SPDX-License-Identifier: Apache-2.0
 * Contract of the elementwise family: runs of elements of Add, Mul and rescale steps.
 * runtime/ops/{add,mul,rescale}.c call it; itg_add, itg_mul, itg_rescale in plan.h say what is computed. */
#ifndef ITG_KERNELS_ELEMENTWISE_H
#define ITG_KERNELS_ELEMENTWISE_H

#include <intaglio/kernels.h>

/* A run of two operands. Strides are in elements: 1 for a dense operand, 0 for one repeated element, others as the walk says. */
typedef struct itg_run_pair {
    const void *a, *b;
    int32_t stride_a, stride_b;
    int32_t count;
} itg_run_pair;

/* Shapes: out dense, `count` elements; types as the step says.
 * Alignment: that of the element. Over-read, over-write: none.
 * Values: as the step's comment in plan.h (what must fit int32 does).
 * Aliasing: out may equal a or b where that operand's stride is 1 and its element size is out's; otherwise no overlap.
 * Result: bit-equal to runtime/kernels/scalar/elementwise.c. */
typedef void itg_add_run(const itg_add *add, void *out, const itg_run_pair *run);
typedef void itg_mul_run(const itg_mul *mul, void *out, const itg_run_pair *run);

/* in dense; out may equal in if their element sizes are equal. The rest as above. */
typedef void itg_rescale_run(const itg_rescale *rescale, void *out, const void *in, int32_t count);

struct itg_elementwise_kernels {
    itg_add_run *add_s8, *add_s16; /* by the width of the result */
    itg_mul_run *mul;
    itg_rescale_run *rescale;
};

static inline itg_add_run *itg_choose_add(const itg_elementwise_kernels *kernels, const itg_add *add)
{
    return add->out_type == ITG_S16 ? kernels->add_s16 : kernels->add_s8;
}

#endif
