/* SPDX-License-Identifier: Apache-2.0
 * The plan: what `intaglio compile` writes and the runtime executes. Plain const structs; nothing here is ever written to.
 * One params struct per runtime op, each beside the op that reads it; the host tools execute these very structures.
 * Conventions: shapes are channels last; offsets are bytes from the start of the arena; zero points are int8 or int16 codes;
 * multiplier, shift and left are M, h and n of docs/numerics.md section 1. */
#ifndef INTAGLIO_PLAN_H
#define INTAGLIO_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ITG_PLAN_VERSION 3u /* changes whenever a struct below does; itg_check compares it with the model's */

/* How a tensor's elements are stored. ITG_U8 is an int8 code XOR 0x80 (a camera byte p is the code p - 128), so zero points, pad codes and
 * clamp bounds of an ITG_U8 tensor are int8 codes too. ITG_U16 is a plain 0 .. 65535; ITG_F32 never occurs inside the runtime. */
typedef enum itg_type { ITG_S8 = 1, ITG_S16, ITG_S32, ITG_U8, ITG_U16, ITG_F32 } itg_type;

/* Which weight layout a kernel table reads (runtime/kernels/packing.h describes each); itg_check compares plan and table. */
typedef enum itg_packing { ITG_PACK_ROWS = 1, ITG_PACK_16C4, ITG_PACK_16C4S, ITG_PACK_16C8S, ITG_PACK_16C4P, ITG_PACK_8C4S } itg_packing;

/* Kernel families: the members of itg_kernels. itg_model.families says which of them its steps call. */
typedef enum itg_family {
    ITG_FAMILY_CONV = 1,        /* itg_op_conv */
    ITG_FAMILY_DEPTHWISE = 2,   /* itg_op_depthwise */
    ITG_FAMILY_POOL = 4,        /* itg_op_pool, itg_op_reduce */
    ITG_FAMILY_ELEMENTWISE = 8, /* itg_op_add, itg_op_mul, itg_op_rescale */
    ITG_FAMILY_LOOKUP = 16,     /* itg_op_lookup */
    ITG_FAMILY_SOFTMAX = 32,    /* itg_op_softmax */
    ITG_FAMILY_NORMALIZE = 64,  /* itg_op_normalize */
    ITG_FAMILY_MATMUL = 128     /* itg_op_matmul */
} itg_family;

typedef struct itg_kernels itg_kernels; /* kernels.h */
typedef struct itg_step itg_step;

/* What a caller asks of an op: compute rows [row_begin, row_end) of the step's output, all channels or some blocks of them, as worker `worker`.
 * A row is the op's own unit of independent output; itg_step.rows says how many there are. */
typedef struct itg_work {
    const itg_kernels *kernels;
    uint8_t *arena;
    uint32_t row_begin, row_end;
    uint32_t worker;                 /* selects the scratch slot: 0 .. workers-1 */
    uint32_t block_begin, block_end; /* of itg_step.blocks; block_end 0: all */
} itg_work;

typedef void itg_op(const itg_work *work, const itg_step *step);

/* One step: an op, its constants and where its tensors lie in the arena. */
struct itg_step {
    itg_op *run;
    const void *params; /* the struct named after the op */
    uint32_t in[3];     /* unused ones are 0 */
    uint32_t out;
    uint32_t scratch;       /* offset of worker 0's scratch */
    uint32_t scratch_bytes; /* of one worker; their slots follow one another */
    uint32_t rows;
    uint32_t blocks; /* of 16 output channels that can be computed apart; 0: the op computes all channels of a row */
};

/* A view of one model input or output. real value = (code - zero) * scale, code as itg_type says: a byte p of an
 * ITG_U8 port means (p - 128 - zero) * scale. */
typedef struct itg_port {
    const char *name; /* as in the ONNX file */
    itg_type type;
    uint32_t offset, bytes;
    int32_t rank, dim[6];
    float scale;
    int32_t zero;
} itg_port;

typedef struct itg_model {
    const char *name;
    uint32_t version;     /* ITG_PLAN_VERSION of the compiler */
    uint32_t packing;     /* itg_packing of the weights */
    uint32_t arena_bytes; /* with the scratch of the workers it was compiled for */
    uint32_t arena_align;
    const itg_kernels *kernels; /* the table itg_run uses */
    const itg_step *steps;
    const itg_port *inputs, *outputs;
    const char *const *labels; /* NULL if the model has none */
    uint32_t step_count, input_count, output_count, label_count;
    uint32_t workers;  /* scratch slots the arena has; 1 unless compiled for more */
    uint32_t families; /* itg_family bits the steps need, so that itg_check can refuse a table that lacks one */
} itg_model;

/* Requantization constants of one tensor: y = clamp(zero + RQ(acc * 2^left)). */
typedef struct itg_requant {
    int32_t multiplier;
    uint8_t shift, left;
} itg_requant;

/* What happens to an accumulator on its way to the output code; shared by conv and depthwise.
 * acc = bias[c] + sum of q * w, modulo 2^32; with wide it is summed in 64 bits and then acc = (sum + 2^(narrow-1)) >> narrow.
 * An ITG_S32 output stores acc as it is (nothing below is used). Otherwise
 * index = zero + RQ(acc * 2^left; multiplier[c], shift); without a table y = clamp(index, low, high),
 * with one y = table[clamp(index, 0, table_mask)] (fused table, numerics.md 3). A negative acc takes negative_multiplier[c]
 * where that is not NULL (PRelu, LeakyRelu). */
typedef struct itg_epilogue {
    const int32_t *bias;       /* per output channel, never NULL: round(b / (s_x s_w)) - z_x sum(w) */
    const int32_t *multiplier; /* per output channel */
    const int32_t *negative_multiplier;
    const int8_t *table; /* table_mask + 1 entries, or NULL */
    int32_t zero, low, high;
    uint16_t table_mask;         /* 1023, 2047 or 4095 */
    uint8_t shift, left, narrow; /* narrow: 0 unless wide */
    uint8_t wide;                /* 1: accumulate in 64 bits (int16 input whose sums are not proven to fit 32) */
} itg_epilogue;

/* itg_op_conv: convolution, grouped convolution and fully connected layers (H = 1, W = rows, 1x1 kernel).
 * Shapes: in [N,H,W,C] int8, uint8 or int16; weights [Cout][KH][KW][C/groups] int8 in the plan's packing; out [N,OH,OW,Cout] int8,
 * int16 or int32 (then the accumulator itself), its pixels out_pitch elements apart (a member of a Concat). Rows: N * OH. Values outside the image
 * are pad[c], or pad_code where pad is NULL. */
typedef struct itg_conv {
    int32_t in[3], out[3];                                /* height, width, channels */
    int32_t kernel[2], stride[2], dilation[2], before[2]; /* vertical, horizontal; before: top and left padding */
    int32_t groups;
    int32_t out_pitch; /* 0: out[2], dense */
    const int8_t *weights;
    const int8_t *pad;
    int32_t pad_code;
    itg_epilogue epilogue;
    itg_type in_type, out_type;
    itg_packing packing; /* of these weights: ITG_PACK_ROWS where the plan's packing cannot hold them */
} itg_conv;

/* itg_op_depthwise: every output channel sees one input channel; channels = in channels * multiplier (ONNX group = C).
 * Shapes: as itg_conv with weights [KH][KW][Cout]; output channel c reads input channel c / (Cout / C). */
typedef struct itg_depthwise {
    int32_t in[3], out[3];
    int32_t kernel[2], stride[2], dilation[2], before[2];
    const int8_t *weights;
    const int8_t *pad;
    int32_t pad_code;
    itg_epilogue epilogue;
    itg_type in_type, out_type;
    itg_packing packing; /* as in itg_conv */
} itg_depthwise;

/* itg_op_pool: maximum or average over windows. Rows: N * OH. Every window has at least one position inside the image.
 * max: the largest code inside the image; types equal, zeros and multipliers unused.
 * average: clamp(out_zero + RQ((sum - inside * in_zero) * 2^left; multipliers[k], shift)): sum over the `inside` positions inside the image,
 * k such that counts[k] = n, the number of positions that count: those inside, and with include_pad also those in the padding (before,
 * after); positions beyond the padding (ceil_mode) never count. All n that occur are in counts; a single entry serves every window. */
typedef struct itg_pool {
    int32_t in[3], out[3];
    int32_t kernel[2], stride[2], dilation[2], before[2];
    bool average, include_pad;
    int32_t after[2];                    /* bottom and right padding that counts as positions when include_pad */
    const int32_t *counts, *multipliers; /* average: count_entries of them each */
    int32_t count_entries;
    int32_t in_zero, out_zero, low, high;
    uint8_t shift, left;
    itg_type in_type, out_type;
} itg_pool;

/* itg_op_reduce: mean or sum of `count` elements. in [outer][count][inner], out [outer][inner]. Rows: outer.
 * y = clamp(out_zero + RQ((sum - count * in_zero) * 2^left)). */
typedef struct itg_reduce {
    int32_t count, inner;
    int32_t in_zero, out_zero, low, high;
    itg_requant requant;
    itg_type in_type, out_type;
} itg_reduce;

/* A four-dimensional walk over two operands; stride 0 repeats an operand along that dimension (broadcasting). Units: elements. */
typedef struct itg_walk {
    int32_t dim[4];
    int32_t stride_a[4], stride_b[4]; /* the output is dense */
} itg_walk;

/* itg_op_add (numerics.md 3). Rows: dim[0] * dim[1]. b_constant, if not NULL, stands for input b.
 * 8 bits, each operand ITG_S8 or ITG_U8, a also ITG_S16:
 *          y = clamp((a * multiplier_a + b * multiplier_b + constant) >> shift, low, high), every partial sum within int32.
 * ITG_S16: zero points are 0. pa = RQ(a * 2^left; multiplier_a, shift), pb = RQ(b * 2^left; multiplier_b, shift) at the scale s_y / 16, i.e.
 *          multiplier_a * 2^(left - 31 - shift) = 16 s_a / s_y; y = clamp((pa + pb + 8) >> 4, low, high); |a * 2^left| < 2^31. Equal scales
 *          give the plain saturating sum (multipliers 2^29, shift 0, left 6). constant is unused. Sub: a negative multiplier_b. */
typedef struct itg_add {
    itg_walk walk;
    int32_t multiplier_a, multiplier_b, constant;
    int32_t low, high;
    const void *b_constant;
    uint8_t shift, left;               /* left: ITG_S16 only */
    itg_type a_type, b_type, out_type; /* all of 8 bits but for a, or all ITG_S16 */
} itg_add;

/* itg_op_cascade: ops of which each is the only reader of the one before it, the codes of their steps one after the other. Of the results of every
 * tier but the last no more is kept than a band of rows, in scratch memory; the first tier reads in[0], the last one writes out. Results are dense
 * (out_pitch 0). Rows: the last op's. Blocks, where there are any: those of a convolution that only sums follow. out may have in[0]'s or a term's
 * place where no row is written that is read later; then one call computes all rows, unless it is the place of the last tier's term alone. */
typedef struct itg_tier itg_tier;
struct itg_tier_job; /* runtime/ops/cascade.h */
typedef void itg_tier_run(const struct itg_tier_job *job);

struct itg_tier {
    itg_tier_run *run;
    const void *params;             /* the struct named after the op */
    int32_t rows, row_bytes;        /* of an image of its results; of itg_tier_reduce the rows that it sums up, and 0 */
    int32_t reach, stride, before;  /* row y sees rows y * stride - before to y * stride - before + reach - 1 of the tier before it */
    int32_t most_rows;              /* computed at a time */
    int32_t band_rows, band_offset; /* rows that its band holds, unless it is the last one, and where in scratch memory that lies, or its sums */
    int32_t term;                   /* itg_tier_add: in[term] is its other operand, which has the shape of its results; else 0 */
};

typedef struct itg_cascade {
    const itg_tier *tiers;
    int32_t count, in_image_bytes; /* count: 2 to ITG_MOST_TIERS */
    int32_t out_rows;              /* of an image: the last tier's; 1 if that is itg_tier_reduce */
} itg_cascade;

#define ITG_MOST_TIERS 12

/* itg_op_mul: y = clamp(zero + RQ((a - zero_a)(b - zero_b) * 2^left)); the product times 2^left fits int32. Rows: dim[0] * dim[1].
 * Operand types may differ. */
typedef struct itg_mul {
    itg_walk walk;
    int32_t zero_a, zero_b, zero, low, high;
    itg_requant requant;
    const void *b_constant;
    itg_type a_type, b_type, out_type;
} itg_mul;

/* itg_op_div: y = clamp(zero + floor(n / d + 1/2)), n = (a - zero_a) * multiplier and d = (b - zero_b) * 2^shift, both negated where d < 0;
 * where d is 0: high, low or zero as the sign of n says. 0 < multiplier < 2^30, shift <= 40. Rows: dim[0] * dim[1]. Operand types may differ. */
typedef struct itg_div {
    itg_walk walk;
    int32_t zero_a, zero_b, zero, low, high;
    int32_t multiplier;
    uint8_t shift;
    itg_type a_type, b_type, out_type;
} itg_div;

/* itg_op_matmul: out[i][m][n] = clamp(zero + RQ(acc * 2^left)), acc the sum over k of (a[i][m][k] - zero_a)(b[i][k][n] - zero_b), k < inner.
 * Matrices a [rows][inner] and b [inner][columns] are dense; those of batch i = i0 * dim[1] + i1 begin at i0 * stride[0] + i1 * stride[1]
 * elements, stride 0 repeats one. wide: acc is summed in 64 bits and narrowed as in itg_epilogue. Rows: dim[0] * dim[1] * rows. */
typedef struct itg_matmul {
    int32_t dim[2], stride_a[2], stride_b[2];
    int32_t rows, inner, columns;
    int32_t zero_a, zero_b, zero, low, high;
    itg_requant requant;
    uint8_t narrow, wide;
    itg_type a_type, b_type, out_type;
} itg_matmul;

/* itg_op_lookup: y = table[x], element by element. 8-bit input (ITG_S8 or ITG_U8): 256 entries, index = code + 128, as stored in out_type
 * (1 or 2 bytes). int16 input: 513 int16 entries, interpolated (numerics.md 6), int16 output.
 * Rows: ceil(length / part) parts of `part` elements, the last one shorter. */
typedef struct itg_lookup {
    const void *table;
    int32_t length, part;
    itg_type in_type, out_type;
} itg_lookup;

/* itg_op_rescale: y = clamp(zero + RQ((x - in_zero) * 2^left)) for any integer types; (x - in_zero) * 2^left fits int32. Parts as in
 * itg_lookup. */
typedef struct itg_rescale {
    int32_t length, part;
    int32_t in_zero, zero, low, high;
    itg_requant requant;
    itg_type in_type, out_type;
} itg_rescale;

/* itg_op_copy: moves elements: Transpose, Slice, Split, Concat members, Expand. Six nested dimensions, outermost first; strides
 * and starts in elements; stride 0 repeats. table (256 int8 entries, index = code + 128), if not NULL, rescales int8 codes; constant, if not
 * NULL, stands for the input. Codes keep their values where the two types differ (ITG_S8 and ITG_U8). Unused dimensions are 1. Rows: dim[0]. */
typedef struct itg_copy {
    int32_t dim[6], in_stride[6], out_stride[6];
    int32_t in_start, out_start;
    const int8_t *table;
    const void *constant;
    uint8_t element_bytes;
    itg_type in_type, out_type;
} itg_copy;

/* itg_op_gather: out[o][i][k] = in[o][index[i]][k], or fill where index[i] is negative: Gather by constants, Pad in every mode, nearest
 * Resize, one axis a step. Rows: outer. */
typedef struct itg_gather {
    const int32_t *index;
    int32_t in_count, out_count, inner; /* inner in elements */
    int32_t fill;                       /* as stored: its low element_bytes bytes */
    uint8_t element_bytes;
} itg_gather;

/* itg_op_softmax: over the last dimension, from int16 (or int8, int32) scores; u16, u8 or int16 output (numerics.md 4, final softmax).
 * d = ((max - x) * multiplier + 2^(shift-1)) >> shift in 1/65536 octaves, one rounding in 64 bits: multiplier / 2^shift =
 * scale * log2 e * 2^16, 0 < multiplier, 1 <= shift <= 62. Rows: number of vectors.
 * Output steps: ITG_U16 2^-16, ITG_U8 2^-8 (zero is the code -128, byte 0), ITG_S16 2^-15 (min(32767, (e R + 2^46) >> 47)). */
typedef struct itg_softmax {
    int32_t length;
    int32_t multiplier;
    uint8_t shift;
    itg_type in_type, out_type;
} itg_softmax;

/* What the elements of a group are divided by the root of: A, Q and S are the sums over its D elements of x, x^2 and |x - in_zero|. */
typedef enum itg_measure {
    ITG_VARIANCE = 1, /* D Q - A^2: layer, group and instance normalization */
    ITG_SQUARES,      /* D Q, of x - in_zero: root mean square, length */
    ITG_MAGNITUDES    /* S^2: sum of magnitudes */
} itg_measure;

/* itg_op_normalize: in and out [outer][space][groups][width]; a group is the D = space * width elements of one outer index and one
 * groups index. Rows: outer * groups. int8, uint8 or int16 in and out. V = 2^32 measure + epsilon * 2^epsilon_shift, with floored the larger of
 * the two; k = its leading zeros in 128 bits, rounded down to an even number; R = itg_inverse_root of its first 64 bits from there.
 *   m = centered ? floor(A * 2^fraction / D + 1/2) : in_zero * 2^fraction;  s = exponent - k/2, within 1 .. 62 (R >>= what is beyond 62)
 *   n = ((x * 2^fraction - m) * R + 2^(s-1)) >> s
 *   y = clamp((((n * gain[c]) >> 32) + bias[c]) >> narrow, low, high)             c: index into groups * width, 0 unless per_channel
 * n is 0 where V is. The compiler proves |x * 2^fraction - m| < 2^31, |n| <= 2^30 and the sum before the last shift within int32. */
typedef struct itg_normalize {
    int32_t space, groups, width;
    const int32_t *gain, *bias;
    int32_t in_zero, low, high, epsilon;
    uint8_t epsilon_shift, fraction, exponent, narrow; /* at most 95, 22, 127, 15 */
    uint8_t measure;                                   /* itg_measure */
    bool centered, floored, per_channel;
    itg_type in_type, out_type;
} itg_normalize;

/* itg_op_lrn: local response normalization. in and out [rows][channels], int8, uint8 or int16; out does not overlap in. Rows: positions.
 * V = (sum of (x_i - in_zero)^2 over the channels c - below .. c + above that exist) * 2^16 + epsilon * 2^epsilon_shift, below 2^63, at least
 * 2^octave; T = 2^30 (V / 2^octave)^-beta by lines between the table's entries, 32 an octave (numerics.md 3);
 * y = clamp(zero + RQ(((x - in_zero) * T + 2^(narrow-1)) >> narrow)). */
typedef struct itg_lrn {
    int32_t channels, below, above;
    const int32_t *table;
    int32_t in_zero, zero, low, high, epsilon;
    itg_requant requant;
    uint8_t epsilon_shift, octave, narrow; /* narrow: 8, for int16 15 */
    itg_type in_type, out_type;
} itg_lrn;

itg_op itg_op_conv, itg_op_cascade, itg_op_depthwise, itg_op_pool, itg_op_reduce, itg_op_add, itg_op_mul, itg_op_lookup, itg_op_rescale, itg_op_copy,
    itg_op_gather, itg_op_softmax, itg_op_normalize, itg_op_lrn, itg_op_div, itg_op_matmul;
itg_tier_run itg_tier_conv, itg_tier_depthwise, itg_tier_pool, itg_tier_add, itg_tier_reduce;

#ifdef __cplusplus
}
#endif
#endif
