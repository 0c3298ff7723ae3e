/* SPDX-License-Identifier: Apache-2.0
 * What each op's parse makes of its attributes (and, for older opsets, of attribute forms of later inputs): the float side's params.
 * Axes may be negative until infer normalises them. channels_last: the node works on [N, spatial…, C] (set by lower/to_nhwc.c). */
#ifndef ITGC_PARAMS_H
#define ITGC_PARAMS_H

#include "compiler/graph/graph.h"

#define ITGC_MAX_SPATIAL 3

typedef enum itgc_auto_pad { ITGC_PAD_EXPLICIT, ITGC_PAD_SAME_UPPER, ITGC_PAD_SAME_LOWER, ITGC_PAD_VALID } itgc_auto_pad;

/* Windows of Conv, ConvTranspose and the pools. rank = number of spatial dimensions (1 to 3); set by infer where the file leaves it out. */
typedef struct itgc_window {
    int rank;
    int64_t kernel[ITGC_MAX_SPATIAL], stride[ITGC_MAX_SPATIAL], dilation[ITGC_MAX_SPATIAL];
    int64_t before[ITGC_MAX_SPATIAL], after[ITGC_MAX_SPATIAL]; /* padding; explicit once infer has run */
    itgc_auto_pad auto_pad;
    bool ceil_mode;
    bool channels_last;
} itgc_window;

/* Conv: inputs x, weights, optional bias. Weights stay [M, C/group, k…] at every level. */
typedef struct itgc_conv_params {
    itgc_window window;
    int64_t group;
    const float *pad_values; /* per input channel, NULL for zero: set by lower/fold_input.c */
} itgc_conv_params;

/* ConvTranspose: weights are [C, M/group, k…]; what is listed for `out` is settled by infer. */
typedef struct itgc_convtranspose_params {
    itgc_conv_params conv;
    int64_t out_padding[ITGC_MAX_SPATIAL], out_shape[ITGC_MAX_SPATIAL];
    bool shape_given;
} itgc_convtranspose_params;

typedef enum itgc_pool_kind { ITGC_POOL_MAX, ITGC_POOL_AVERAGE, ITGC_POOL_LP } itgc_pool_kind;

/* MaxPool, AveragePool, LpPool and their Global forms (global: window is the whole plane). */
typedef struct itgc_pool_params {
    itgc_pool_kind kind;
    itgc_window window;
    bool global, include_pad;
    bool column_major; /* MaxPool's second output counts down the columns */
    int64_t p;         /* LpPool */
} itgc_pool_params;

typedef struct itgc_gemm_params {
    float alpha, beta;
    bool transpose_a, transpose_b;
} itgc_gemm_params;

/* BatchNormalization, InstanceNormalization, LayerNormalization, …: epsilon and what else they carry. */
typedef struct itgc_norm_params {
    float epsilon;   /* LpNormalization: the least norm divided by, 0 in ONNX; lower/fuse_normalization.c sets it */
    bool about_mean; /* RMSNormalization: the root of the variance instead of the mean square; set there too */
    int64_t axis, groups;
    int64_t p;      /* LpNormalization */
    int axis_count; /* MeanVarianceNormalization: axes */
    int64_t axes[ITGC_MAX_RANK];
    bool channels_last;
    bool is_training; /* BatchNormalization: mean and variance are those of the input itself */
    float momentum;
} itgc_norm_params;

typedef struct itgc_lrn_params {
    float alpha, beta, bias;
    int64_t size;
    bool channels_last;
} itgc_lrn_params;

/* DepthToSpace, SpaceToDepth. column_first: the channel axis is [C, block, block] (mode CRD), otherwise [block, block, C]. */
typedef struct itgc_block_params {
    int64_t size;
    bool column_first, to_space, channels_last;
} itgc_block_params;

/* Elementwise functions of one variable; f(x; alpha, beta). Which fields count depends on the op. */
typedef enum itgc_unary_kind {
    ITGC_RELU,
    ITGC_CLIP,
    ITGC_LEAKY_RELU,
    ITGC_SIGMOID,
    ITGC_TANH,
    ITGC_HARD_SIGMOID,
    ITGC_HARD_SWISH,
    ITGC_SWISH,
    ITGC_GELU,
    ITGC_GELU_TANH,
    ITGC_MISH,
    ITGC_ELU,
    ITGC_SELU,
    ITGC_CELU,
    ITGC_SOFTPLUS,
    ITGC_SOFTSIGN,
    ITGC_THRESHOLDED_RELU,
    ITGC_ERF,
    ITGC_EXP,
    ITGC_LOG,
    ITGC_SQRT,
    ITGC_RECIPROCAL,
    ITGC_ABS,
    ITGC_NEG,
    ITGC_SIGN,
    ITGC_FLOOR,
    ITGC_CEIL,
    ITGC_ROUND,
    ITGC_SIN,
    ITGC_COS,
    ITGC_NOT,
    ITGC_POW_CONSTANT,
    ITGC_TAN,
    ITGC_SINH,
    ITGC_COSH,
    ITGC_ASINH,
    ITGC_ACOSH,
    ITGC_ATANH,
    ITGC_SHRINK,
    ITGC_BITWISE_NOT,
    ITGC_ASIN,
    ITGC_ACOS,
    ITGC_ATAN,
    ITGC_AFFINE, /* alpha x + beta: a link of a chain */
    ITGC_CHAIN   /* one function behind the other: lower/fold_functions.c */
} itgc_unary_kind;

typedef struct itgc_unary_params {
    itgc_unary_kind kind;
    double alpha, beta;             /* Clip: low, high (infinite if absent); LeakyRelu, Elu, HardSigmoid, Swish, Pow: as ONNX names them */
    const struct itgc_chain *chain; /* ITGC_CHAIN only */
} itgc_unary_params;

/* Applied in order, each rounded to float as the nodes it stands for are; no link is a chain. */
#define ITGC_MAX_LINKS 8
typedef struct itgc_chain {
    int count;
    itgc_unary_params link[ITGC_MAX_LINKS];
} itgc_chain;

/* Add, Sub, Mul, Div, Pow, Max, Min, Mod, comparisons, logic: N-d broadcasting. PRelu too (b is the slope). */
typedef enum itgc_binary_kind {
    ITGC_ADD,
    ITGC_SUB,
    ITGC_MUL,
    ITGC_DIV,
    ITGC_POW,
    ITGC_MAX,
    ITGC_MIN,
    ITGC_MOD,
    ITGC_EQUAL,
    ITGC_GREATER,
    ITGC_GREATER_EQUAL,
    ITGC_LESS,
    ITGC_LESS_EQUAL,
    ITGC_AND,
    ITGC_OR,
    ITGC_XOR,
    ITGC_PRELU,
    ITGC_SHIFT_LEFT,
    ITGC_SHIFT_RIGHT,
    ITGC_BIT_AND,
    ITGC_BIT_OR,
    ITGC_BIT_XOR
} itgc_binary_kind;

typedef struct itgc_binary_params {
    itgc_binary_kind kind;
    bool fmod;           /* Mod */
    int64_t legacy_axis; /* opset < 7: broadcast with axis; -1 otherwise */
} itgc_binary_params;

/* Ops with one axis: Softmax, LogSoftmax, Hardmax, Concat, Split, Gather, GatherElements, Flatten, CumSum, ArgMax, …. */
typedef struct itgc_axis_params {
    int64_t axis;
    bool coerce; /* Softmax before opset 13: flatten to two dimensions at axis */
    bool keep, last, exclusive, reverse;
    int64_t outputs; /* Split: num_outputs, 0 if sizes are given */
} itgc_axis_params;

typedef enum itgc_reduce_kind {
    ITGC_REDUCE_MEAN,
    ITGC_REDUCE_SUM,
    ITGC_REDUCE_MAX,
    ITGC_REDUCE_MIN,
    ITGC_REDUCE_PROD,
    ITGC_REDUCE_L1,
    ITGC_REDUCE_L2,
    ITGC_REDUCE_SUM_SQUARE,
    ITGC_REDUCE_LOG_SUM,
    ITGC_REDUCE_LOG_SUM_EXP
} itgc_reduce_kind;

typedef struct itgc_reduce_params {
    itgc_reduce_kind kind;
    int axis_count; /* after infer: explicit, normalised, ascending */
    int64_t axes[ITGC_MAX_RANK];
    bool keep, noop_when_empty, resolved;
} itgc_reduce_params;

/* Integer lists: Transpose perm, Squeeze and Unsqueeze axes, Reshape shape, Tile repeats, Split sizes. From attributes or constant inputs. */
typedef struct itgc_list_params {
    bool given;
    int count;
    int64_t value[ITGC_MAX_RANK * 4];
    bool allow_zero; /* Reshape */
} itgc_list_params;

/* Slice, normalised by infer: one entry for each input dimension. */
typedef struct itgc_slice_params {
    bool from_attributes;
    int count; /* as given */
    int64_t start[ITGC_MAX_RANK], end[ITGC_MAX_RANK], axis[ITGC_MAX_RANK], step[ITGC_MAX_RANK];
} itgc_slice_params;

typedef enum itgc_pad_mode { ITGC_PAD_CONSTANT, ITGC_PAD_REFLECT, ITGC_PAD_EDGE, ITGC_PAD_WRAP } itgc_pad_mode;

/* Pad: before/after for each dimension of the input, resolved by infer (negative ones crop). */
typedef struct itgc_pad_params {
    itgc_pad_mode mode;
    float value;
    int count; /* as given by attributes */
    int64_t before[ITGC_MAX_RANK], after[ITGC_MAX_RANK];
} itgc_pad_params;

typedef enum itgc_resize_mode { ITGC_RESIZE_NEAREST, ITGC_RESIZE_LINEAR, ITGC_RESIZE_CUBIC } itgc_resize_mode;
typedef enum itgc_coordinates {
    ITGC_HALF_PIXEL,
    ITGC_PYTORCH_HALF_PIXEL,
    ITGC_ALIGN_CORNERS,
    ITGC_ASYMMETRIC,
    ITGC_HALF_PIXEL_SYMMETRIC,
    ITGC_CROP_AND_RESIZE,
    ITGC_HALF_PIXEL_FOR_NEAREST /* tf_half_pixel_for_nn, opset 11 */
} itgc_coordinates;
/* ITGC_NEAREST_SIMPLE: Upsample and Resize 10: down to the left, but up to the right where the tensor shrinks. */
typedef enum itgc_nearest {
    ITGC_ROUND_PREFER_FLOOR,
    ITGC_ROUND_PREFER_CEIL,
    ITGC_NEAREST_FLOOR,
    ITGC_NEAREST_CEIL,
    ITGC_NEAREST_SIMPLE
} itgc_nearest;
typedef enum itgc_aspect { ITGC_STRETCH, ITGC_NOT_LARGER, ITGC_NOT_SMALLER } itgc_aspect;

/* Resize, Upsample: scale and region for each dimension of the input, resolved by infer; eval reads nothing but these and the shapes. */
typedef struct itgc_resize_params {
    itgc_resize_mode mode;
    itgc_coordinates coordinates;
    itgc_nearest nearest;
    itgc_aspect aspect;
    double scale[ITGC_MAX_RANK];
    float cubic_a, extrapolation;
    float region_start[ITGC_MAX_RANK], region_end[ITGC_MAX_RANK]; /* crop_and_resize */
    bool exclude_outside, antialias;
    int axis_count; /* as given; 0: all */
    int64_t axes[ITGC_MAX_RANK];
    int scale_count; /* Upsample 7: the scales attribute, in scale */
} itgc_resize_params;

/* Attention: heads apart [batch,heads,length,size], or packed [batch,length,heads*size] with the counts given. */
typedef struct itgc_attention_params {
    double scale, softcap; /* scale NAN: 1 / sqrt(head size) */
    int64_t q_heads, kv_heads;
    int64_t left, right; /* window; -1: unbounded */
    int64_t mode;        /* what output 3 shows: 0 scores, 1 after the soft cap, 2 with bias, 3 probabilities */
    bool is_causal;
} itgc_attention_params;

typedef struct itgc_cast_params {
    itgc_type to;
} itgc_cast_params;

#endif
