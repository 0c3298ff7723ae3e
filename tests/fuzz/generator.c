/* SPDX-License-Identifier: Apache-2.0
 * Builds a model node by node. Each candidate is imported with all that went before; what is refused is left out, what is taken tells its
 * shape and may be read by later nodes. Called by graph_fuzzer.c and make_corpus.c. */
#include "tests/fuzz/generator.h"

#include "compiler/compile.h"
#include "compiler/ops/op.h"

#include <stdio.h>

#define PROBE_MEMORY  ((size_t)32 << 20)
#define PROBE_WORK    ((int64_t)1 << 18)
#define MOST_NODES    32
#define MOST_ELEMENTS (1 << 17)
#define MOST_ROUNDS   12

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

int fuzz_choose(fuzz_bytes *bytes, int count)
{
    if (count <= 1)
        return 0;
    if (bytes->left == 0) {
        bytes->state = bytes->state * 1664525u + 1013904223u;
        return (int)(bytes->state >> 16) % count;
    }
    bytes->left--;
    bytes->state = bytes->state * 31u + *bytes->at;
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
    return elements >= 0 && elements <= MOST_ELEMENTS;
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

/* A node to add: `words` as in patterns.c, of which numbers are results. */
typedef struct request {
    const char *op, *words;
    int first;    /* tensor that x stands for */
    int *results; /* of the pattern; grows by the node's outputs */
    int *result_count;
} request;

static bool is_result(const request *r, char letter)
{
    return letter >= '0' && letter <= '9' && letter - '0' < *r->result_count;
}

/* The node's own first operand, which letters refer to. */
static const fuzz_tensor *first_operand(const fuzz_generator *g, const request *r)
{
    return &g->tensors[is_result(r, r->words[0]) ? r->results[r->words[0] - '0'] : r->first];
}

/* The operands a node may well accept, in `form`'s letters, behind the first. */
static void add_chosen_operands(fuzz_generator *g, const request *r, const itgc_op *record, const fuzz_tensor *first, itgc_text *inputs)
{
    for (const char *c = find_operands(r->op, record); *c != '\0'; c++) {
        const bool is_optional = *c == '?';
        c += is_optional;
        itgc_add(inputs, "|");
        if (!is_optional || fuzz_choose(&g->bytes, 2) != 0)
            itgc_add(inputs, fuzz_add_operand(g, *c, first, r->op));
    }
}

/* Returns how many words were operands. */
static int add_given_operands(fuzz_generator *g, const request *r, bool axes_are_attribute, itgc_text *inputs)
{
    const fuzz_tensor *const first = first_operand(g, r);
    int count = 0;
    for (const char *at = r->words; *at != '\0'; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        const char *const word = itgc_copy_bytes(g->arena, at, length);
        at += length;
        if (*word == '@' || *word == '#' || (*word == '%' && axes_are_attribute))
            continue;
        itgc_add(inputs, count == 0 ? "" : "|");
        count++;
        if (word[1] == '\0' && (*word == 'x' || is_result(r, *word)))
            itgc_add(inputs, g->tensors[*word == 'x' ? r->first : r->results[*word - '0']].name);
        else
            itgc_add(inputs, fuzz_add_word(g, word + (*word == '%'), &g->tensors[r->first].shape, first, r->op));
    }
    return count;
}

static void write_node(fuzz_generator *g, const request *r, const itgc_op *record, const char *outputs)
{
    const bool axes_are_attribute = strstr(record->attributes, "axes") != NULL;
    const fuzz_tensor *const first = first_operand(g, r);
    itgc_text inputs;
    itgc_init_text(&inputs, g->arena);
    const bool is_bare = add_given_operands(g, r, axes_are_attribute, &inputs) == 1 && strpbrk(r->words, "@%") == NULL;
    if (record->max_inputs == 0)
        itgc_init_text(&inputs, g->arena);
    else if (is_bare)
        add_chosen_operands(g, r, record, first, &inputs);
    begin_node(&g->writer, r->op, itgc_sprint(g->arena, "n%d", g->node_count), inputs.bytes, outputs);
    if (strpbrk(r->words, "@%") == NULL)
        fuzz_set_attributes(g, r->op, record->attributes, first);
    else
        fuzz_set_words(g, r->words, &g->tensors[r->first].shape, axes_are_attribute);
    end_node(&g->writer);
}

/* The next tensor's name. */
static void name_tensor(fuzz_generator *g)
{
    (void)snprintf(g->tensors[g->tensor_count].name, sizeof g->tensors[0].name, "t%d", g->tensor_count % 1000);
}

/* Keeps the node's outputs that the importer gives a shape; the first one must have one. */
static bool keep_outputs(fuzz_generator *g, const request *r, int outputs)
{
    for (int i = 0; i < outputs; i++) {
        if (!probe(g, g->tensors[g->tensor_count].name, &g->tensors[g->tensor_count]))
            return i > 0;
        if (*r->result_count < FUZZ_MOST_RESULTS)
            r->results[(*r->result_count)++] = g->tensor_count;
        g->tensor_count++;
        name_tensor(g);
    }
    return true;
}

/* False if the node was refused. */
static bool add_one(fuzz_generator *g, const request *r)
{
    const itgc_op *const record = itgc_find_op(r->op, (int)g->writer.opset, NULL);
    const char *const wanted = strchr(r->words, '#');
    const int outputs = wanted != NULL ? wanted[1] - '0' : 1;
    if (record == NULL || g->tensor_count + outputs >= FUZZ_MOST_TENSORS || g->node_count == MOST_NODES)
        return false;
    const itgc_text before = g->writer.graph;
    itgc_text names;
    itgc_init_text(&names, g->arena);
    itgc_init_text(&g->writer.graph, g->arena);
    itgc_add_bytes(&g->writer.graph, before.bytes, before.count);
    for (int i = 0; i < outputs; i++)
        itgc_addf(&names, "%st%d", i == 0 ? "" : "|", g->tensor_count + i);
    name_tensor(g);
    write_node(g, r, record, names.bytes);
    if (!keep_outputs(g, r, outputs)) {
        g->writer.graph = before;
        return false;
    }
    g->node_count++;
    return true;
}

static void add_pattern(fuzz_generator *g, const char *pattern, int first)
{
    int results[FUZZ_MOST_RESULTS], count = 0;
    for (const char *at = pattern; *at != '\0'; at += *at == ';') {
        const size_t length = strcspn(at, ";"), name = strcspn(at, " ");
        const request r = {.op = itgc_copy_bytes(g->arena, at, name),
                           .words = itgc_copy_bytes(g->arena, at + name + 1, length - name - 1),
                           .first = first,
                           .results = results,
                           .result_count = &count};
        if (!add_one(g, &r))
            return;
        at += length;
    }
}

static void add_graph_input(fuzz_generator *g)
{
    static const char *const shapes[] = {"1,3,8,8", "1,4,6,6", "2,3,5,7", "1,16,4,4",  "1,8",       "1,5,8",    "1,8,8,3",
                                         "2,6",     "1,1,9,9", "4",       "1,2,3,4,5", "1,2,48,16", "1,2,96,80"};
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
    *g = (fuzz_generator){.arena = arena, .bytes = {data, size < FUZZ_PIECE ? size : FUZZ_PIECE, 1}};
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

/* What one piece of the bytes asks for. */
static void add_round(fuzz_generator *g)
{
    int op_count = 0, results[FUZZ_MOST_RESULTS], count = 0;
    const itgc_op_row *const rows = itgc_op_rows(&op_count);
    const int choice = fuzz_choose(&g->bytes, 16), back = choice % 8, last = g->tensor_count - 1;
    const int first = back < 5 || back - 4 > last ? last : last - (back - 4); /* mostly the newest tensor, so that chains form */
    if (choice < 8) {
        add_pattern(g, fuzz_pattern(fuzz_choose(&g->bytes, fuzz_pattern_count())), first);
        return;
    }
    const request r = {.op = rows[fuzz_choose(&g->bytes, op_count)].name, .words = "x", .first = first, .results = results, .result_count = &count};
    (void)add_one(g, &r);
}

itgc_text fuzz_generate_model(itgc_arena *arena, const uint8_t *data, size_t size)
{
    fuzz_generator g;
    start_generator(&g, arena, data, size);
    if (fuzz_choose(&g.bytes, 8) == 7)
        add_graph_input(&g);
    const fuzz_bytes head = g.bytes;
    for (size_t at = FUZZ_PIECE; at < size && at < (size_t)(MOST_ROUNDS + 1) * FUZZ_PIECE; at += FUZZ_PIECE) {
        g.bytes = (fuzz_bytes){data + at, size - at < FUZZ_PIECE ? size - at : FUZZ_PIECE, 1};
        add_round(&g);
    }
    g.bytes = head;
    return finish_generator(&g);
}

bool fuzz_generate_op(itgc_arena *arena, const char *op, const uint8_t *data, size_t size, itgc_text *file)
{
    fuzz_generator g;
    int results[FUZZ_MOST_RESULTS], count = 0;
    const request r = {.op = op, .words = "x", .results = results, .result_count = &count};
    start_generator(&g, arena, data, size);
    if (!add_one(&g, &r))
        return false;
    *file = finish_generator(&g);
    return true;
}
