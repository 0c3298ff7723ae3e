/* SPDX-License-Identifier: Apache-2.0
 * Several nodes in the ways exporters spell one thing, so that what the lowering passes look for is really met. Called by generator.c.
 * A line is an op and its operands, lines end with ";". Operands: x the tensor, 0 to 9 results of earlier lines, _ left out, =N a number,
 * u=N i=N a number of type uint8 or int8, [a,b] integers, of which A to H are the dimensions of x (B/2, B*4: halves, multiples), %[a] axes,
 * as input or attribute as the opset has it, @name=value an attribute, another letter as in generator.c. With one operand alone, and no
 * attribute, the others are chosen. */
#include "tests/fuzz/generator.h"

#include <stdio.h>

static const char *const patterns[] = {
    /* activations */
    "Sigmoid x;Mul x 0",
    "HardSigmoid x @alpha=0.16666667 @beta=0.5;Mul x 0",
    "Add x =3;Clip 0 =0 =6;Mul x 1;Div 2 =6",
    "Add x =3;Clip 0 =0 =6;Div 1 =6;Mul x 2",
    "Div x =1.41421356;Erf 0;Add 1 =1;Mul x 2;Mul 3 =0.5",
    "Mul x =0.70710678;Erf 0;Add 1 =1;Mul x =0.5;Mul 3 2",
    "Pow x =3;Mul 0 =0.044715;Add x 1;Mul 2 =0.79788456;Tanh 3;Add 4 =1;Mul x 5;Mul 6 =0.5",
    "Softplus x;Tanh 0;Mul x 1",
    "Mul x =1.702;Sigmoid 0;Mul x 1",
    "Max x =0;Min 0 =6",
    /* layers and what folds into them */
    "Conv x;BatchNormalization 0 c c c p;Relu 1",
    "Conv x;Relu 0;Conv 1;Add 2 x;Relu 3",
    "Conv x;Conv x;Add 0 1;Relu 2",
    "Conv x;BatchNormalization 0;BatchNormalization x;Add 1 2;Relu 3",
    "Conv x;Conv x;Concat 0 1 @axis=1;BatchNormalization 2;Relu 3",
    "BatchNormalization x;Relu 0;Conv 1;Concat x 2 @axis=1;BatchNormalization 3;Conv 4",
    "Pad x;Conv 0;LeakyRelu 1",
    "Pad x [0,0,1,1,0,0,1,1];Conv 0;PRelu 1",
    "Pad x [0,0,1,1,0,0,1,1] =-9;MaxPool 0",
    "Pad x [0,0,1,0,0,0,1,2] @mode=reflect;Conv 0;Clip 1",
    "Sub x =0.5;Div 0 =0.25;Conv 1",
    "Sub x c;Div 0 p;Conv 1",
    "Mul x =0.0039215689;Sub 0 b;Div 1 q;Conv 2",
    "Transpose x @perm=[0,3,1,2];Mul 0 =0.003921;Conv 1;Relu 2",
    "Conv x;Mul 0 b;Add 1 b;Clip 2",
    "Conv x;Swish 0;Conv 1",
    "Conv x;Sigmoid 0;Mul 0 1;Conv 2;Add 3 0",
    "Conv x;HardSwish 0;GlobalAveragePool 1;Conv 2;Relu 3;Conv 4;HardSigmoid 5;Mul 1 6",
    "GlobalAveragePool x;Conv 0;Relu 1;Conv 2;Sigmoid 3;Mul 4 x",
    "ReduceMean x %[2,3] @keepdims=1;Conv 0;Sigmoid 1;Mul x 2",
    "ReduceMean x %[-2,-1] @keepdims=0;Gemm 0;Softmax 1",
    "GlobalAveragePool x;Flatten 0;Gemm 1;Softmax 2",
    "Flatten x;Gemm 0;Relu 1;Gemm 2;Softmax 3",
    "Gemm x;BatchNormalization 0;Relu 1;Gemm 2;Softmax 3",
    "MatMul x m;Add 0 l;Relu 1;MatMul 2 m;Add 3",
    "MatMul x;Split 0 @axis=-1;Relu 1",
    "Conv x;MaxPool 0;AveragePool 1",
    /* what one step computes inside another */
    "Conv x f;MaxPool 0",
    "Conv x w;Relu 0;AveragePool 1;Conv 2 f",
    "Conv x f;Clip 0 =0 =6;Conv 1 d;Relu 2;Conv 3 f",
    "Conv x f;Conv 0 d;MaxPool 1",
    "Conv x w;Relu 0;MaxPool 1;Conv 2 j;Relu 3;Conv 4 j @group=1;Add 5 2;Relu 6",
    "Conv x f;Relu 0;Conv 1 f;Relu 2;Conv 3 d;Conv 4 f;Add 5 b",
    "Conv x f @group=1;Relu 0;Conv 1 j;Relu 2;Conv 3 j;Add 4 1;Conv 5 f",
    "ConvTranspose x;Relu 0;Conv 1",
    "Conv x;Resize 0 _ R;Add 1 =1;Relu 2;Concat 2 3 @axis=1",
    "Conv x;Mul 0 =0.1;Add x 1",
    "Relu x;Slice 0;Concat 0 1",
    "Split x;Relu 0",
    "Squeeze x;Unsqueeze 0;Transpose 1;Transpose 2",
    "Transpose x @perm=[0,2,1];Conv 0;Transpose 1 @perm=[0,2,1];Add 2 x",
    "Transpose x;Conv 0;Transpose 1",
    "Reshape x;Transpose 0;Reshape 1",
    /* movements */
    "Reshape x [A,2,B/2,C,D];Transpose 0 @perm=[0,2,1,3,4];Reshape 1 [A,B,C,D];Conv 2",
    "Slice x [0] [B/2] [1];Slice x [B/2] [99] [1];Concat 1 0 @axis=1;Conv 2",
    "Reshape x [A,B,C/2,2,D/2,2];Transpose 0 @perm=[0,3,5,1,2,4];Reshape 1 [A,B*4,C/2,D/2];Conv 2",
    "Reshape x [A,B,C/2,2,D/2,2];Transpose 0 @perm=[0,1,3,5,2,4];Reshape 1 [A,B*4,C/2,D/2];Conv 2",
    "SpaceToDepth x @blocksize=2;Conv 0;DepthToSpace 1 @blocksize=2",
    "Slice x [0] [99] [2] [2];Slice x [1] [99] [2] [2];Concat 0 1 @axis=1;Conv 2",
    "Conv x;Reshape 0 [A,-1,C*1];Transpose 1 @perm=[0,2,1];LayerNormalization 2;MatMul 3;Add 4 2",
    "Transpose x @perm=[0,2,3,1];LayerNormalization 0 l l;MatMul 1 m;Gelu 2;Transpose 3 @perm=[0,3,1,2]",
    "Reshape x [A,-1];Gemm 0;Reshape 1 [A,1,1,-1];Transpose 2 @perm=[0,3,1,2]",
    /* normalizations */
    "ReduceMean x %[-1] @keepdims=1;Sub x 0;Pow 1 =2;ReduceMean 2 %[-1] @keepdims=1;Add 3 =0.00001;Sqrt 4;Div 1 5;Mul 6 l;Add 7 l",
    "ReduceMean x %[1] @keepdims=1;Sub x 0;Mul 1 1;ReduceMean 2 %[1] @keepdims=1;Add 3 =0.001;Sqrt 4;Div 1 5;Conv 6",
    "Mul x x;ReduceMean 0 %[-1] @keepdims=1;Add 1 =0.001;Sqrt 2;Reciprocal 3;Mul x 4;Mul 5 l",
    "Mul x x;ReduceSum 0 %[-1] @keepdims=1;Sqrt 1;Div x 2",
    "ReduceL2 x %[-1] @keepdims=1;Clip 0 =0.000001;Expand 1 e;Div x 2",
    "Reshape x [A,2,-1];InstanceNormalization 0;Reshape 1 [A,B,C,D];Mul 2 b;Add 3 b",
    "GroupNormalization x c c @num_groups=1;Relu 0;Conv 1",
    "InstanceNormalization x;Relu 0",
    "LayerNormalization x;MatMul 0;Gelu 1;MatMul 2;Add 3 x",
    /* attention */
    "Transpose x @perm=[0,2,1];MatMul x 0;Mul 1 =0.3;Softmax 2 @axis=-1;MatMul 3 x",
    "Mul x =0.7;Transpose x @perm=[0,2,1];MatMul 0 1;Div 2 =2;Add 3 b;Softmax 4 @axis=-1;MatMul 5 x",
    "Reshape x [A,B,2,C/2];Transpose 0 @perm=[0,2,1,3];Transpose 0 @perm=[0,2,3,1];Mul 1 =0.5;Mul 2 =0.5;MatMul 3 4;Softmax 5 @axis=-1;MatMul 6 1;"
    "Transpose 7 @perm=[0,2,1,3];Reshape 8 [A,B,C]",
    "Reshape x [A,B,2,C/2];Transpose 0 @perm=[0,2,1,3];Transpose 0 @perm=[0,2,3,1];MatMul 1 2;Mul 3 =0.5;Add 4 b;Softmax 5 @axis=-1;MatMul 6 1",
    "MatMul x m;Transpose 0 @perm=[0,2,1];MatMul 0 1;Mul 2 b;Add 3 b;Softmax 4 @axis=-1;MatMul 5 0;MatMul 6 m",
    "Transpose x @perm=[0,2,1];MatMul x 0;Reshape 1 [1,A,B,B];Add 2 b;Reshape 3 [A,B,B];Softmax 4 @axis=-1;Transpose 5 @perm=[0,2,1];MatMul 0 6",
    "Attention x x x @q_num_heads=1 @kv_num_heads=1;MatMul 0;Add 1 x",
    "MatMul x;Add 0;Softmax 1",
    /* files that came quantized */
    "QuantizeLinear x =0.05 u=128;DequantizeLinear 0 =0.05 u=128;Conv 1;QuantizeLinear 2 =0.1 u=120;DequantizeLinear 3 =0.1 u=120;Relu 4",
    "QuantizeLinear x =0.05 i=0;DequantizeLinear 0 =0.05 i=0;Gemm 1;QuantizeLinear 2 =0.1 i=3;DequantizeLinear 3 =0.1 i=3",
    "QuantizeLinear x =0.02 u=100;MaxPool 0;DequantizeLinear 1 =0.02 u=100;Add 2 x;QuantizeLinear 3 =0.1 u=0",
    "QuantizeLinear x =0.05 u=128;QLinearConv 0 =0.05 u=128 J =0.02 i=0 =0.1 u=128;DequantizeLinear 1 =0.1 u=128",
    "DynamicQuantizeLinear x",
};

const char *fuzz_pattern(int index)
{
    return patterns[index];
}

int fuzz_pattern_count(void)
{
    return (int)(sizeof patterns / sizeof patterns[0]);
}

/* [a,b,…] at *text, which then stands behind it. Dimensions that x does not have count 1. */
static int read_list(const char **text, const itgc_shape *x, int64_t *values)
{
    const char *at = *text + 1;
    int count = 0;
    while (*at != ']' && *at != '\0' && count < ITGC_MAX_RANK) {
        char *end;
        if (*at >= 'A' && *at <= 'H') {
            const int index = *at++ - 'A';
            values[count] = index < x->rank ? x->dim[index] : 1;
        } else {
            values[count] = strtoll(at, &end, 10);
            at = end;
        }
        if (*at == '/' || *at == '*') {
            const int64_t number = at[1] - '0';
            values[count] = *at == '/' ? values[count] / number : values[count] * number;
            at += 2;
        }
        count++;
        at += *at == ',';
    }
    *text = at + (*at == ']');
    return count;
}

static const char *add_number(fuzz_generator *g, char type, const char *text)
{
    const char *const name = fuzz_next_name(g);
    const float real = strtof(text, NULL);
    const int8_t code = (int8_t)(uint8_t)strtol(text, NULL, 10);
    if (type == '=')
        add_floats(&g->writer, name, "", &real, 1);
    else
        add_initializer(&g->writer, name, type == 'u' ? ONNX_UINT8 : ONNX_INT8, "", &code, 1);
    return name;
}

/* int8 weights of a 1x1 convolution. */
static const char *add_code_weights(fuzz_generator *g, const itgc_shape *x)
{
    const char *const name = fuzz_next_name(g);
    const int64_t channels = x->rank > 1 ? x->dim[1] : 1;
    int8_t codes[64];
    for (int i = 0; i < 64; i++)
        codes[i] = (int8_t)(i * 37 % 255 - 127);
    add_initializer(&g->writer, name, ONNX_INT8, itgc_sprint(g->arena, "2,%lld,1,1", (long long)channels), codes,
                    (size_t)(2 * channels <= 64 ? 2 * channels : 64));
    return name;
}

static void set_attribute(fuzz_generator *g, const char *word, const itgc_shape *x)
{
    const size_t length = strcspn(word, "=");
    const char *const name = itgc_copy_bytes(g->arena, word, length), *value = word + length + 1;
    int64_t values[ITGC_MAX_RANK];
    if (*value == '[')
        set_ints(&g->writer, name, values, (size_t)read_list(&value, x, values));
    else if (*value >= 'a' && *value <= 'z')
        set_string(&g->writer, name, value);
    else if (strchr(value, '.') != NULL)
        set_float(&g->writer, name, strtof(value, NULL));
    else
        set_int(&g->writer, name, strtoll(value, NULL, 10));
}

const char *fuzz_add_word(fuzz_generator *g, const char *word, const itgc_shape *x, const fuzz_tensor *first, const char *op)
{
    int64_t values[ITGC_MAX_RANK];
    switch (*word) {
    case '_':
        return "";
    case '=':
        return add_number(g, '=', word + 1);
    case 'u':
    case 'i':
        return word[1] == '=' ? add_number(g, *word, word + 2) : fuzz_add_operand(g, *word, first, op);
    case 'J':
        return add_code_weights(g, &first->shape);
    case '[': {
        const int count = read_list(&word, x, values);
        return fuzz_add_ints(g, values, count);
    }
    default:
        return fuzz_add_operand(g, *word, first, op);
    }
}

void fuzz_set_words(fuzz_generator *g, const char *words, const itgc_shape *x, bool axes_are_attribute)
{
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        const char *const word = itgc_copy_bytes(g->arena, at, length);
        if (*word == '@')
            set_attribute(g, word + 1, x);
        else if (*word == '%' && axes_are_attribute)
            set_attribute(g, itgc_sprint(g->arena, "axes=%s", word + 1), x);
        at += length;
    }
}
