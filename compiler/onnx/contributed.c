/* SPDX-License-Identifier: Apache-2.0
 * Quantized ops of ONNX Runtime's own domain (com.microsoft), as its static quantizer writes them: each is called like a local function
 * whose body dequantizes the operands, does the float op and quantizes the result. Called by nodes.c. */
#include "compiler/onnx/importer.h"

#include <string.h>

#define MOST_NODES  64
#define MOST_INPUTS 128

typedef enum body_form {
    OPERANDS,       /* (x, scale, zero) of each operand, then scale and zero of the result */
    RESULT_FIRST,   /* scale and zero of the result, then operands: any number */
    WITH_BIAS,      /* two operands, a bias in products of their scales, the result */
    STANDARD_INPUTS /* the standard op itself under another domain */
} body_form;

static const struct contributed_op {
    const char *name, *type;
    body_form form;
    int operands;
} contributed_ops[] = {{"DequantizeLinear", "DequantizeLinear", STANDARD_INPUTS, 0},
                       {"QGemm", "Gemm", WITH_BIAS, 2},
                       {"QLinearAdd", "Add", OPERANDS, 2},
                       {"QLinearAveragePool", "AveragePool", OPERANDS, 1},
                       {"QLinearConcat", "Concat", RESULT_FIRST, 0},
                       {"QLinearGlobalAveragePool", "GlobalAveragePool", OPERANDS, 1},
                       {"QLinearLeakyRelu", "LeakyRelu", OPERANDS, 1},
                       {"QLinearMul", "Mul", OPERANDS, 2},
                       {"QLinearReduceMean", "ReduceMean", OPERANDS, 1},
                       {"QLinearSigmoid", "Sigmoid", OPERANDS, 1},
                       {"QLinearSoftmax", "Softmax", OPERANDS, 1},
                       {"QuantizeLinear", "QuantizeLinear", STANDARD_INPUTS, 0}};

static const struct contributed_op *find_op(const ItgcOnnx__NodeProto *message)
{
    if (message->domain == NULL || strcmp(message->domain, "com.microsoft") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof contributed_ops / sizeof contributed_ops[0]; i++)
        if (strcmp(contributed_ops[i].name, message->op_type) == 0)
            return &contributed_ops[i];
    return NULL;
}

typedef struct body {
    itgc_arena *arena;
    const ItgcOnnx__NodeProto *call;
    ItgcOnnx__FunctionProto *function;
} body;

static char *input_name(const body *b, size_t index)
{
    return index < b->function->n_input ? b->function->input[index] : itgc_copy_string(b->arena, "");
}

/* Appends a node that reads `in` (up to an entry of NULL) and writes `out`. */
static ItgcOnnx__NodeProto *add_node(body *b, const char *type, char *const *in, size_t count, const char *out)
{
    ItgcOnnx__NodeProto *const node = ITGC_NEW(b->arena, ItgcOnnx__NodeProto);
    itgc_onnx__node_proto__init(node);
    node->op_type = itgc_copy_string(b->arena, type);
    node->input = ITGC_NEW_ARRAY(b->arena, char *, count);
    memcpy(node->input, in, count * sizeof *in);
    node->n_input = count;
    node->output = ITGC_NEW_ARRAY(b->arena, char *, 1);
    node->output[0] = itgc_copy_string(b->arena, out);
    node->n_output = 1;
    b->function->node[b->function->n_node++] = node;
    return node;
}

static ItgcOnnx__AttributeProto *add_attribute(const body *b, ItgcOnnx__NodeProto *node, const char *name)
{
    ItgcOnnx__AttributeProto *const attribute = ITGC_NEW(b->arena, ItgcOnnx__AttributeProto);
    itgc_onnx__attribute_proto__init(attribute);
    attribute->name = itgc_copy_string(b->arena, name);
    if (node->attribute == NULL)
        node->attribute = ITGC_NEW_ARRAY(b->arena, ItgcOnnx__AttributeProto *, ITGC_MOST_ATTRIBUTES);
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

static const ItgcOnnx__AttributeProto *find_attribute(const ItgcOnnx__NodeProto *call, const char *name)
{
    for (size_t i = 0; i < call->n_attribute; i++)
        if (call->attribute[i]->name != NULL && strcmp(call->attribute[i]->name, name) == 0)
            return call->attribute[i];
    return NULL;
}

static int64_t find_int(const ItgcOnnx__NodeProto *call, const char *name)
{
    const ItgcOnnx__AttributeProto *const attribute = find_attribute(call, name);
    return attribute == NULL ? 0 : attribute->i;
}

/* The call's own attributes, less those that only ONNX Runtime's op has. */
static void pass_attributes(const body *b, ItgcOnnx__NodeProto *node)
{
    for (size_t i = 0; i < b->call->n_attribute; i++) {
        const char *const name = b->call->attribute[i]->name;
        if (name != NULL && strcmp(name, "channels_last") != 0 && strcmp(name, "opset") != 0)
            add_attribute(b, node, name)->ref_attr_name = itgc_copy_string(b->arena, name);
    }
}

/* Reals of operand `index`, whose three inputs start at `first`; per axis where there are several scales. */
static char *add_operand(body *b, size_t index, size_t first, int64_t axis)
{
    char *const in[3] = {input_name(b, first), input_name(b, first + 1), input_name(b, first + 2)};
    char *const out = itgc_sprint(b->arena, "operand%zu", index);
    ItgcOnnx__AttributeProto *const attribute = add_attribute(b, add_node(b, "DequantizeLinear", in, 3, out), "axis");
    attribute->i = axis;
    attribute->has_i = true;
    return out;
}

static char *add_bias(body *b)
{
    char *const scales[2] = {input_name(b, 1), input_name(b, 4)};
    char *const in[2] = {input_name(b, 6), itgc_copy_string(b->arena, "bias_scale")};
    add_node(b, "Mul", scales, 2, "bias_scale");
    ItgcOnnx__AttributeProto *const axis = add_attribute(b, add_node(b, "DequantizeLinear", in, 2, "bias"), "axis");
    axis->i = 0;
    axis->has_i = true;
    return itgc_copy_string(b->arena, "bias");
}

/* result: where scale and zero of the result are. Without a scale the result is real. */
static void add_result(body *b, const char *type, char *const *operands, size_t count, size_t result)
{
    const bool is_real = result >= b->call->n_input || *b->call->input[result] == '\0';
    char *const in[3] = {itgc_copy_string(b->arena, "real"), input_name(b, result), input_name(b, result + 1)};
    pass_attributes(b, add_node(b, type, operands, count, is_real ? "result" : "real"));
    if (!is_real)
        add_node(b, "QuantizeLinear", in, 3, "result");
}

static void fill_body(body *b, const struct contributed_op *op)
{
    char *operands[MOST_NODES] = {NULL};
    size_t count = (size_t)op->operands;
    if (op->form == STANDARD_INPUTS) {
        pass_attributes(b, add_node(b, op->type, b->function->input, b->function->n_input, "result"));
        return;
    }
    if (op->form == RESULT_FIRST)
        count = (b->function->n_input - 2) / 3;
    for (size_t i = 0; i < count; i++)
        operands[i] = add_operand(b, i, 3 * i + (op->form == RESULT_FIRST ? 2 : 0), find_int(b->call, "transB") != 0 ? 0 : 1);
    const bool has_bias = op->form == WITH_BIAS && b->call->n_input > 6 && *b->call->input[6] != '\0';
    if (has_bias)
        operands[count++] = add_bias(b);
    add_result(b, op->type, operands, count, op->form == RESULT_FIRST ? 0 : op->form == WITH_BIAS ? 7 : 3 * count);
}

/* Softmax says by an attribute which opset's meaning it has. */
static void set_opset(body *b)
{
    const int64_t opset = find_int(b->call, "opset");
    if (opset < 11 || opset > ITGC_LAST_OPSET)
        return;
    ItgcOnnx__OperatorSetIdProto *const import = ITGC_NEW(b->arena, ItgcOnnx__OperatorSetIdProto);
    itgc_onnx__operator_set_id_proto__init(import);
    import->version = opset;
    import->has_version = true;
    b->function->opset_import = ITGC_NEW_ARRAY(b->arena, ItgcOnnx__OperatorSetIdProto *, 1);
    b->function->opset_import[0] = import;
    b->function->n_opset_import = 1;
}

static bool check_call(itgc_importer *importer, const ItgcOnnx__NodeProto *message, const struct contributed_op *op)
{
    const size_t least = op->form == STANDARD_INPUTS ? 2 : op->form == RESULT_FIRST ? 5 : 3 * (size_t)op->operands;
    if (find_int(message, "channels_last") != 0)
        return itgc_fail(importer->diag, 209, "attribute \"channels_last\" is not supported; quantize the model without layout optimization");
    if (message->n_output != 1 || message->n_attribute > ITGC_MOST_ATTRIBUTES || message->n_input < least || message->n_input > MOST_INPUTS)
        return itgc_fail(importer->diag, 208, "it has %zu inputs and %zu outputs, which this op does not take; quantize the model again",
                         message->n_input, message->n_output);
    return true;
}

const ItgcOnnx__FunctionProto *itgc_make_contributed(itgc_importer *importer, const ItgcOnnx__NodeProto *message, bool *known)
{
    const struct contributed_op *const op = find_op(message);
    *known = op != NULL;
    if (op == NULL || !check_call(importer, message, op))
        return NULL;
    body b = {.arena = importer->message, .call = message, .function = ITGC_NEW(importer->message, ItgcOnnx__FunctionProto)};
    itgc_onnx__function_proto__init(b.function);
    b.function->name = message->op_type;
    b.function->node = ITGC_NEW_ARRAY(b.arena, ItgcOnnx__NodeProto *, MOST_NODES);
    b.function->input = ITGC_NEW_ARRAY(b.arena, char *, message->n_input);
    for (size_t i = 0; i < message->n_input; i++)
        b.function->input[b.function->n_input++] = itgc_sprint(b.arena, "input%zu", i);
    b.function->output = ITGC_NEW_ARRAY(b.arena, char *, 1);
    b.function->output[0] = itgc_copy_string(b.arena, "result");
    b.function->n_output = 1;
    set_opset(&b);
    fill_body(&b, op);
    return b.function;
}
