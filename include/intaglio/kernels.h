/* SPDX-License-Identifier: Apache-2.0
 * A kernel table: one const pointer per family. Which table is used is the only dispatch there is.
 * Contracts are in runtime/kernels/<family>.h; every table's kernels equal the scalar ones bit for bit. */
#ifndef INTAGLIO_KERNELS_H
#define INTAGLIO_KERNELS_H

#include <intaglio/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct itg_conv_kernels itg_conv_kernels;
typedef struct itg_depthwise_kernels itg_depthwise_kernels;
typedef struct itg_pool_kernels itg_pool_kernels;
typedef struct itg_elementwise_kernels itg_elementwise_kernels;
typedef struct itg_lookup_kernels itg_lookup_kernels;
typedef struct itg_softmax_kernels itg_softmax_kernels;
typedef struct itg_normalize_kernels itg_normalize_kernels;
typedef struct itg_matmul_kernels itg_matmul_kernels;

/* A family that a model does not use may be NULL in the table the emitted model names, so that the linker drops it. */
struct itg_kernels {
    const char *name;
    uint32_t packing;           /* itg_packing the conv and depthwise kernels read */
    itg_type storage;           /* of int8 codes, ITG_S8 or ITG_U8: what its kernels read fastest; they read both */
    bool (*is_supported)(void); /* by this processor and its operating system; NULL: wherever the program runs */
    const itg_conv_kernels *conv;
    const itg_depthwise_kernels *depthwise;
    const itg_pool_kernels *pool;               /* pool and reduce */
    const itg_elementwise_kernels *elementwise; /* add, mul, rescale */
    const itg_lookup_kernels *lookup;
    const itg_softmax_kernels *softmax;
    const itg_normalize_kernels *normalize;
    const itg_matmul_kernels *matmul;
};

extern const itg_conv_kernels itg_conv_scalar;
extern const itg_depthwise_kernels itg_depthwise_scalar;
extern const itg_pool_kernels itg_pool_scalar;
extern const itg_elementwise_kernels itg_elementwise_scalar;
extern const itg_lookup_kernels itg_lookup_scalar;
extern const itg_softmax_kernels itg_softmax_scalar;
extern const itg_normalize_kernels itg_normalize_scalar;
extern const itg_matmul_kernels itg_matmul_scalar;

extern const itg_kernels itg_kernels_scalar; /* every family: the reference */

/* x86-64: SSE4.1, AVX2, AVX2 with VNNI, AVX-512 with VNNI, AMX-INT8 beside it. */
extern const itg_conv_kernels itg_conv_sse41;
extern const itg_depthwise_kernels itg_depthwise_sse41;
extern const itg_pool_kernels itg_pool_sse41;
extern const itg_elementwise_kernels itg_elementwise_sse41;
extern const itg_lookup_kernels itg_lookup_sse41;
extern const itg_matmul_kernels itg_matmul_sse41;
extern const itg_kernels itg_kernels_sse41;
#define itg_softmax_sse41   itg_softmax_scalar
#define itg_normalize_sse41 itg_normalize_scalar

extern const itg_conv_kernels itg_conv_avx2;
extern const itg_depthwise_kernels itg_depthwise_avx2;
extern const itg_pool_kernels itg_pool_avx2;
extern const itg_elementwise_kernels itg_elementwise_avx2;
extern const itg_lookup_kernels itg_lookup_avx2;
extern const itg_normalize_kernels itg_normalize_avx2;
extern const itg_softmax_kernels itg_softmax_avx2;
extern const itg_matmul_kernels itg_matmul_avx2;
extern const itg_kernels itg_kernels_avx2;

extern const itg_conv_kernels itg_conv_avxvnni;
extern const itg_depthwise_kernels itg_depthwise_avxvnni;
extern const itg_kernels itg_kernels_avxvnni;
#define itg_pool_avxvnni        itg_pool_avx2
#define itg_elementwise_avxvnni itg_elementwise_avx2
#define itg_lookup_avxvnni      itg_lookup_avx2
#define itg_softmax_avxvnni     itg_softmax_avx2
#define itg_normalize_avxvnni   itg_normalize_avx2
#define itg_matmul_avxvnni      itg_matmul_avx2

extern const itg_conv_kernels itg_conv_avx512vnni;
extern const itg_depthwise_kernels itg_depthwise_avx512vnni;
extern const itg_pool_kernels itg_pool_avx512vnni;
extern const itg_elementwise_kernels itg_elementwise_avx512vnni;
extern const itg_lookup_kernels itg_lookup_avx512vnni;
extern const itg_softmax_kernels itg_softmax_avx512vnni;
extern const itg_matmul_kernels itg_matmul_avx512vnni;
extern const itg_kernels itg_kernels_avx512vnni;
#define itg_normalize_avx512vnni itg_normalize_avx2

extern const itg_conv_kernels itg_conv_amx;
extern const itg_kernels itg_kernels_amx;
#define itg_depthwise_amx   itg_depthwise_avx512vnni
#define itg_pool_amx        itg_pool_avx512vnni
#define itg_elementwise_amx itg_elementwise_avx512vnni
#define itg_lookup_amx      itg_lookup_avx512vnni
#define itg_softmax_amx     itg_softmax_avx512vnni
#define itg_normalize_amx   itg_normalize_avx512vnni
#define itg_matmul_amx      itg_matmul_avx512vnni

/* 64-bit Arm: Advanced SIMD, then SDOT. What a table takes from its parent has both names, so that an emitted model can name every family
 * of its table. */
extern const itg_conv_kernels itg_conv_neon;
extern const itg_depthwise_kernels itg_depthwise_neon;
extern const itg_pool_kernels itg_pool_neon;
extern const itg_elementwise_kernels itg_elementwise_neon;
extern const itg_lookup_kernels itg_lookup_neon;
extern const itg_normalize_kernels itg_normalize_neon;
extern const itg_kernels itg_kernels_neon;
#define itg_softmax_neon itg_softmax_scalar
#define itg_matmul_neon  itg_matmul_scalar

extern const itg_conv_kernels itg_conv_dotprod;
extern const itg_depthwise_kernels itg_depthwise_dotprod;
extern const itg_kernels itg_kernels_dotprod;
#define itg_pool_dotprod        itg_pool_neon
#define itg_elementwise_dotprod itg_elementwise_neon
#define itg_lookup_dotprod      itg_lookup_neon
#define itg_softmax_dotprod     itg_softmax_scalar
#define itg_normalize_dotprod   itg_normalize_neon
#define itg_matmul_dotprod      itg_matmul_scalar

/* 64-bit Arm: SMMLA. */
extern const itg_conv_kernels itg_conv_i8mm;
extern const itg_kernels itg_kernels_i8mm;
#define itg_depthwise_i8mm   itg_depthwise_dotprod
#define itg_pool_i8mm        itg_pool_neon
#define itg_elementwise_i8mm itg_elementwise_neon
#define itg_lookup_i8mm      itg_lookup_neon
#define itg_softmax_i8mm     itg_softmax_scalar
#define itg_normalize_i8mm   itg_normalize_neon
#define itg_matmul_i8mm      itg_matmul_scalar

/* 32-bit Arm with Advanced SIMD; pool, elementwise and normalize are the sources of 64-bit Arm. */
extern const itg_conv_kernels itg_conv_neon32;
extern const itg_depthwise_kernels itg_depthwise_neon32;
extern const itg_kernels itg_kernels_neon32;
#define itg_pool_neon32        itg_pool_neon
#define itg_elementwise_neon32 itg_elementwise_neon
#define itg_lookup_neon32      itg_lookup_scalar
#define itg_softmax_neon32     itg_softmax_scalar
#define itg_normalize_neon32   itg_normalize_neon
#define itg_matmul_neon32      itg_matmul_scalar

/* Whether this processor and its operating system run a table's instructions (runtime/features.c): is_supported of tables. Where nobody can be
 * asked, which is anywhere but on x86 and Linux, whoever names the table has to know. */
bool itg_runs_sse41(void), itg_runs_avx2(void), itg_runs_avxvnni(void), itg_runs_avx512vnni(void), itg_runs_amx(void);
bool itg_runs_dotprod(void), itg_runs_i8mm(void), itg_runs_neon32(void);
#define itg_runs_scalar NULL
#define itg_runs_neon   NULL /* part of every AArch64 */

/* The best table for this CPU (hosted builds only, runtime/cpu.c). Never NULL; itg_kernels_scalar at worst. */
const itg_kernels *itg_kernels_best(void);

/* The best of them that reads weights in this packing (itg_model.packing): what a hosted application passes in itg_exec to a model that was
 * compiled for one table, whose packing better ones read too. NULL if there is none. */
const itg_kernels *itg_kernels_reading(uint32_t packing);

/* The tables this CPU can run, from itg_kernels_scalar (index 0) to the best; NULL past the last. For tests and `intaglio targets`. */
const itg_kernels *itg_kernels_supported(uint32_t index);

/* The table of that name if this CPU can run it, else NULL. Names: `intaglio targets` lists them. */
const itg_kernels *itg_kernels_named(const char *name);

#ifdef __cplusplus
}
#endif
#endif
