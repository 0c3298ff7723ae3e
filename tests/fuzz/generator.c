/* SPDX-License-Identifier: Apache-2.0
 * Builds a model node by node. Each candidate is imported with all that went before; what is refused is left out, what is taken tells its
 * shape and may be read by later nodes. Called by graph_fuzzer.c and make_corpus.c. */
#include "tests/fuzz/generator.h"

#include "compiler/compile.h"
#include "compiler/ops/op.h"

#include <stdio.h>

#define PROBE_MEMORY ((size_t)32 << 20)
#define PROBE_WORK   ((int64_t)1 << 20)
#define MOST_NODES   24

/* Operands behind the first input, one letter each (values.c). "?" in front of a letter: may be left out. */
typedef struct op_form {
    const char *name, *operands;
} op_form;

static const op_form forms[] = {{"Conv", "w?v"},
                                {"ConvTranspose", "W?o"},
                                {"Gemm", "g?s"},
                                {"MatMul", "m"},
                                {"BatchNormalization", "cccp"},
                                {"InstanceNormalization", "cc"},
                                {"GroupNormalization", "cc"},
                                {"LayerNormalization", "l?l"},
                                {"RMSNormalization", "l"},
                                {"PRelu", "n"},
                                {"Clip", "?S?s"},
                                {"Reshape", "r"},
                                {"Expand", "e"},
                                {"Tile", "t"},
                                {"Pad", "P?s"},
                                {"Resize", "0R"},
                                {"Upsample", "R"},
                                {"Slice", "aiA?t"},
                                {"Gather", "I"},
                                {"GatherElements", "X"},
                                {"GatherND", "N"},
                                {"ScatterElements", "Xb"},
                                {"ScatterND", "Nb"},
                                {"Squeeze", "?A"},
                                {"Unsqueeze", "A"},
                                {"ReduceMean", "?A"},
                                {"ReduceSum", "?A"},
                                {"ReduceMax", "?A"},
                                {"ReduceMin", "?A"},
                                {"ReduceProd", "?A"},
                                {"ReduceL1", "?A"},
                                {"ReduceL2", "?A"},
                                {"ReduceLogSum", "?A"},
                                {"ReduceLogSumExp", "?A"},
                                {"ReduceSumSquare", "?A"},
                                {"TopK", "k"},
                                {"CumSum", "K"},
                                {"CumProd", "K"},
                                {"Trilu", "K"},
                                {"QuantizeLinear", "s"},
                                {"Attention", "yy"},
                                {"Concat", "y?y?b"},
                                {"Sum", "y?b"},
                                {"Mean", "y?b"},
                                {"Max", "b?y"},
                                {"Min", "b?y"},
                                {"Where", "by"},
                                {"Add", "z"},
                                {"Sub", "z"},
                                {"Mul", "z"},
                                {"Div", "q"},
                                {"Pow", "s"},
                                {"Mod", "q"},
                                {"Einsum", "y"},
                                {"LSTM", "4h"},
                                {"GRU", "3h"},
                                {"RNN", "1h"}};

/* Several ops in the ways exporters spell one thing: x is the tensor, 0, 1, 2 results of earlier lines of the same form. */
static const char *const patterns[] = {
    "Sigmoid x;Mul x 0",
    "Conv x;BatchNormalization 0;Relu 1",
    "Conv x;Relu 0;Conv 1;Add 2 x",
    "Conv x;Conv x;Add 0 1",
    "Conv x;Conv x;Concat 0 1;BatchNormalization 2",
    "Pad x;Conv 0;LeakyRelu 1",
    "Sub x;Div 0;Conv 1",
    "Mul x;Add 0;Conv 1",
    "Transpose x;Conv 0;Transpose 1",
    "GlobalAveragePool x;Flatten 0;Gemm 1",
    "GlobalAveragePool x;Conv 0;Sigmoid 1;Mul 2 x",
    "HardSigmoid x;Mul x 0",
    "Add x;Clip 0;Mul x 1;Div 2",
    "Div x;Erf 0;Add 1;Mul x 2;Mul 3",
    "Softplus x;Tanh 0;Mul x 1",
    "Reshape x;Transpose 0;Reshape 1",
    "ReduceMean x;Sub x 0;Mul 1 1;ReduceMean 2;Add 3;Sqrt 4;Div 1 5",
    "MatMul x;Add 0;Softmax 1",
    "MatMul x;Reshape 0;Transpose 1;MatMul 2",
    "Conv x;MaxPool 0;AveragePool 1",
    "Relu x;Slice 0;Concat 0 1",
    "Gemm x;BatchNormalization 0;Relu 1;Gemm 2;Softmax 3",
    "Conv x;Mul 0;Add 1;Clip 2",
    "Split x;Relu 0",
    "Resize x;Add 0;Relu 1",
    "BatchNormalization x;Relu 0;Conv 1",
    "Squeeze x;Unsqueeze 0;Transpose 1;Transpose 2",
};

int fuzz_choose(fuzz_bytes *bytes, int count)
{
    if (bytes->left == 0 || count <= 1)
        return 0;
    bytes->left--;
    return *bytes->at++ % count;
}

typedef struct probe_call {
    itgc_compilation *c;
    const itgc_text *file;
    const char *name;
    fuzz_tensor *result;
} probe_call;

static bool run_probe(void *argument)
{
    const probe_call *const call = argument;
    itgc_compilation *const c = call->c;
    const itgc_import_options options = {.threads = 1, .most_work = PROBE_WORK};
    if (!itgc_import_bytes(c->arena, &c->diag, "probe", (const uint8_t *)call->file->bytes, call->file->count, &options, &c->imported))
        return false;
    const itgc_tensor *const tensor = c->imported.graph->outputs[0];
    call->result->type = tensor->type;
    call->result->shape = tensor->shape;
    const int64_t elements = itgc_elements(&tensor->shape);
    return elements >= 0 && elements <= 1 << 16;
}

/* Whether the model so far, with tensor `name` as its output, imports; what that tensor is. */
static bool probe(const fuzz_generator *g, const char *name, fuzz_tensor *result)
{
    model_writer copy = g->writer;
    itgc_init_text(&copy.graph, g->arena);
    itgc_add_bytes(&copy.graph, g->writer.graph.bytes, g->writer.graph.count);
    add_output(&copy, name);
    const itgc_text file = finish_model(&copy);
    probe_call call = {.c = itgc_new_compilation(PROBE_MEMORY), .file = &file, .name = name, .result = result};
    if (call.c == NULL)
        return false;
    const bool done = itgc_protect(call.c, run_probe, &call);
    itgc_release_compilation(call.c);
    return done;
}

static const char *find_operands(const char *op, const itgc_op *record)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].name, op) == 0)
            return forms[i].operands;
    return record->min_inputs >= 4 ? "bbb" : record->min_inputs == 3 ? "bb" : record->min_inputs == 2 ? "b" : "";
}

static void add_operands(fuzz_generator *g, const char *op, const char *operands, const fuzz_tensor *first, itgc_text *inputs)
{
    for (const char *c = operands; *c != '\0'; c++) {
        const bool is_optional = *c == '?';
        c += is_optional;
        itgc_add(inputs, "|");
        if (!is_optional || fuzz_choose(&g->bytes, 2) != 0)
            itgc_add(inputs, fuzz_add_operand(g, *c, first, op));
    }
}

/* second: a tensor to read in place of the first operand; -1: none. The number of the result, -1 if the node was refused. */
static int add_one(fuzz_generator *g, const char *op, int first, int second)
{
    const itgc_op *const record = itgc_find_op(op, (int)g->writer.opset, NULL);
    if (record == NULL || g->tensor_count == FUZZ_MOST_TENSORS || g->node_count == MOST_NODES)
        return -1;
    const itgc_text before = g->writer.graph;
    const fuzz_tensor *const x = &g->tensors[first];
    fuzz_tensor *const result = &g->tensors[g->tensor_count];
    itgc_text inputs;
    itgc_init_text(&inputs, g->arena);
    itgc_init_text(&g->writer.graph, g->arena);
    itgc_add_bytes(&g->writer.graph, before.bytes, before.count);
    (void)snprintf(result->name, sizeof result->name, "t%d", g->tensor_count);
    if (record->max_inputs != 0)
        itgc_add(&inputs, x->name);
    if (second >= 0)
        itgc_addf(&inputs, "|%s", g->tensors[second].name);
    else
        add_operands(g, op, find_operands(op, record), x, &inputs);
    begin_node(&g->writer, op, itgc_sprint(g->arena, "n%d", g->node_count), inputs.bytes, result->name);
    fuzz_set_attributes(g, op, record->attributes, x);
    end_node(&g->writer);
    if (!probe(g, result->name, result)) {
        g->writer.graph = before;
        return -1;
    }
    g->node_count++;
    return g->tensor_count++;
}

static void add_pattern(fuzz_generator *g, const char *pattern, int first)
{
    int results[8], count = 0;
    for (const char *at = pattern; *at != '\0' && count < 8;) {
        char op[32] = "", one[2] = "x", two[2] = "";
        (void)sscanf(at, "%31[A-Za-z] %1[x0-9] %1[x0-9]", op, one, two);
        const int a = one[0] == 'x' ? first : results[one[0] - '0'];
        const int b = two[0] == '\0' ? -1 : two[0] == 'x' ? first : results[two[0] - '0'];
        results[count] = add_one(g, op, a, b);
        if (results[count] < 0)
            return;
        count++;
        at += strcspn(at, ";");
        at += *at == ';';
    }
}

static void add_graph_input(fuzz_generator *g)
{
    static const char *const shapes[] = {"1,3,8,8", "1,4,6,6", "2,3,5,7", "1,16,4,4", "1,8", "1,5,8", "1,8,8,3", "2,6", "1,1,9,9", "4", "1,2,3,4,5"};
    fuzz_tensor *const tensor = &g->tensors[g->tensor_count];
    const char *const shape = shapes[fuzz_choose(&g->bytes, (int)(sizeof shapes / sizeof shapes[0]))];
    (void)snprintf(tensor->name, sizeof tensor->name, "t%d", g->tensor_count);
    tensor->type = fuzz_choose(&g->bytes, 16) == 15 ? ITGC_U8 : ITGC_F32;
    tensor->shape.rank = 0;
    for (const char *at = shape; at != NULL; at = strchr(at, ',') == NULL ? NULL : strchr(at, ',') + 1)
        tensor->shape.dim[tensor->shape.rank++] = strtoll(at, NULL, 10);
    add_input(&g->writer, tensor->name, tensor->type == ITGC_U8 ? ONNX_UINT8 : ONNX_FLOAT, shape);
    g->tensor_count++;
}

static void start_generator(fuzz_generator *g, itgc_arena *arena, const uint8_t *data, size_t size)
{
    static const int opsets[] = {17, 13, 18, 11, 23, 9, 7, 21};
    *g = (fuzz_generator){.arena = arena, .bytes = {data, size}};
    start_model(&g->writer, arena, opsets[fuzz_choose(&g->bytes, 8)]);
    add_graph_input(g);
}

static itgc_text finish_generator(fuzz_generator *g)
{
    add_output(&g->writer, g->tensors[g->tensor_count - 1].name);
    if (g->node_count > 2 && fuzz_choose(&g->bytes, 4) == 3)
        add_output(&g->writer, g->tensors[g->tensor_count - 2].name);
    return finish_model(&g->writer);
}

itgc_text fuzz_generate_model(itgc_arena *arena, const uint8_t *data, size_t size)
{
    fuzz_generator g;
    int op_count = 0;
    const itgc_op_row *const rows = itgc_op_rows(&op_count);
    start_generator(&g, arena, data, size);
    if (fuzz_choose(&g.bytes, 8) == 7)
        add_graph_input(&g);
    for (int round = 0; round < 12 && g.bytes.left > 0; round++) {
        /* Mostly the newest tensor, so that chains form. */
        const int back = fuzz_choose(&g.bytes, 8);
        const int first = back < 5 || back - 4 > g.tensor_count - 1 ? g.tensor_count - 1 : g.tensor_count - 1 - (back - 4);
        const int choice = fuzz_choose(&g.bytes, 256);
        if (choice < 96)
            add_pattern(&g, patterns[choice % (int)(sizeof patterns / sizeof patterns[0])], first);
        else
            (void)add_one(&g, rows[(choice - 96 + (choice > 200 ? fuzz_choose(&g.bytes, 64) : 0)) % op_count].name, first, -1);
    }
    return finish_generator(&g);
}

bool fuzz_generate_op(itgc_arena *arena, const char *op, const uint8_t *data, size_t size, itgc_text *file)
{
    fuzz_generator g;
    start_generator(&g, arena, data, size);
    if (add_one(&g, op, 0, -1) < 0)
        return false;
    *file = finish_generator(&g);
    return true;
}
