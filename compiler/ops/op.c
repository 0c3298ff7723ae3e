/* SPDX-License-Identifier: Apache-2.0
 * The op table and what import and the passes do with any node through its record: parse, infer, fold. */
#include "compiler/ops/op.h"

#include <inttypes.h>
#include <string.h>

#define MOST_ELEMENTS        ((int64_t)1 << 31)
#define MOST_FOLDED_ELEMENTS ((int64_t)1 << 27)

#define OP(name, first, last, record, runs) extern const itgc_op record;
#include "compiler/ops/ops.inc"
#undef OP

/* The last row only ends the list, so that the table is never empty. */
#define OP(name, first, last, record, runs) {#name, first, last, &record, runs},
static const itgc_op_row rows[] = {
#include "compiler/ops/ops.inc"
    {NULL, 0, 0, NULL, NULL}};
#undef OP

const itgc_op_row *itgc_op_rows(int *count)
{
    *count = (int)(sizeof rows / sizeof rows[0]) - 1;
    return rows;
}

const itgc_op *itgc_find_op(const char *name, int opset, bool *known)
{
    const itgc_op *found = NULL;
    bool is_known = false;
    for (const itgc_op_row *row = rows; row->name != NULL; row++) {
        if (strcmp(row->name, name) != 0)
            continue;
        is_known = true;
        if (opset >= row->first_opset && opset <= row->last_opset)
            found = row->op;
    }
    if (known != NULL)
        *known = is_known;
    return found;
}

/* Whether the space separated list contains the word. */
static bool list_has(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at != NULL && *at != '\0';) {
        const size_t span = strcspn(at, " ");
        if (span == length && memcmp(at, word, length) == 0)
            return true;
        at += span;
        at += strspn(at, " ");
    }
    return false;
}

static bool fail_count(itgc_diag *diag, const char *what, int count, int least, int most)
{
    const char *const wanted = most < 0        ? itgc_sprint(diag->arena, "at least %d", least)
                               : least == most ? itgc_sprint(diag->arena, "%d", least)
                                               : itgc_sprint(diag->arena, "%d to %d", least, most);
    return itgc_fail(diag, 208, "it has %d %s, not %s as this op takes; export the model again, for inference", count, what, wanted);
}

static bool check_counts(const itgc_node *node, itgc_diag *diag)
{
    const itgc_op *const op = node->op;
    if (node->in_count < op->min_inputs || (op->max_inputs >= 0 && node->in_count > op->max_inputs))
        return fail_count(diag, "inputs", node->in_count, op->min_inputs, op->max_inputs);
    for (int i = 0; i < op->min_inputs; i++)
        if (node->in[i] == NULL)
            return itgc_fail(diag, 208, "its input %d is left out but needed; export the model again", i);
    if (node->out_count < 1 || (op->max_outputs >= 0 && node->out_count > op->max_outputs))
        return fail_count(diag, "outputs", node->out_count, 1, op->max_outputs);
    return true;
}

static bool check_attributes(const itgc_node *node, itgc_diag *diag)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (!list_has(node->op->attributes, node->attributes[i].name))
            return itgc_fail(diag, 209, "attribute \"%.60s\" is not supported; export the model without it", node->attributes[i].name);
    return true;
}

static bool parse_entered(itgc_graph *graph, itgc_node *node)
{
    itgc_diag *const diag = graph->diag;
    if (!check_counts(node, diag) || !check_attributes(node, diag))
        return false;
    node->params = node->op->params_bytes == 0 ? NULL : itgc_alloc(graph->arena, node->op->params_bytes);
    if (node->op->parse == NULL)
        return true;
    if (!node->op->parse(node, diag) && diag->error == NULL && node->misused == NULL)
        return itgc_fail(diag, 900, "internal: parse failed without a reason; please report this");
    if (diag->error == NULL && node->misused != NULL)
        return itgc_fail(diag, 210, "attribute \"%.60s\" is of the wrong kind; export the model again", node->misused);
    return diag->error == NULL;
}

bool itgc_parse_node(itgc_graph *graph, itgc_node *node)
{
    itgc_enter_node(graph->diag, node->name, node->type, node->opset);
    const bool done = parse_entered(graph, node);
    itgc_leave_node(graph->diag);
    return done;
}

static bool check_result(const itgc_node *node, int index, itgc_diag *diag)
{
    const itgc_tensor *const tensor = node->out[index];
    if (tensor == NULL)
        return true;
    if (tensor->type == ITGC_NO_TYPE || tensor->shape.rank < 0)
        return itgc_fail(diag, 900, "internal: infer gave output %d no type or shape; please report this", index);
    if (tensor->shape.rank > ITGC_MAX_RANK)
        return itgc_fail(diag, 214, "its output %d has %d dimensions, more than the %d supported; reshape it before", index, tensor->shape.rank,
                         ITGC_MAX_RANK);
    for (int i = 0; i < tensor->shape.rank; i++)
        if (tensor->shape.dim[i] < 0 || tensor->shape.dim[i] > MOST_ELEMENTS)
            return itgc_fail(diag, 214, "its output %d has the impossible shape %s; check the input shape", index,
                             itgc_shape_text(diag->arena, &tensor->shape));
    const int64_t elements = itgc_elements(&tensor->shape);
    if (elements < 0 || elements > MOST_ELEMENTS)
        return itgc_fail(diag, 214, "its output %d of shape %s has more than %" PRId64 " elements; use a smaller input shape", index,
                         itgc_shape_text(diag->arena, &tensor->shape), MOST_ELEMENTS);
    return true;
}

static bool infer_entered(itgc_node *node, itgc_diag *diag)
{
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] != NULL && (node->in[i]->shape.rank < 0 || node->in[i]->type == ITGC_NO_TYPE))
            return itgc_fail(diag, 900, "internal: infer before the shape of input %d is known; please report this", i);
    if (node->op->infer == NULL)
        return itgc_fail(diag, 900, "internal: this op has no infer; please report this");
    if (!node->op->infer(node, diag))
        return diag->error != NULL ? false : itgc_fail(diag, 900, "internal: infer failed without a reason; please report this");
    for (int i = 0; i < node->out_count; i++)
        if (!check_result(node, i, diag))
            return false;
    return true;
}

bool itgc_infer_node(itgc_graph *graph, itgc_node *node)
{
    itgc_enter_node(graph->diag, node->name, node->type, node->opset);
    const bool done = infer_entered(node, graph->diag);
    itgc_leave_node(graph->diag);
    return done;
}

static bool needs_only_shapes(const itgc_node *node)
{
    return strcmp(node->type, "Shape") == 0 || strcmp(node->type, "Size") == 0;
}

bool itgc_can_fold_node(const itgc_node *node)
{
    if (needs_only_shapes(node))
        return true;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] != NULL && node->in[i]->constant == NULL)
            return false;
    return true;
}

/* The input as eval sees it; of a tensor that is not constant only type and shape (Shape, Size). */
static const itgc_value *view_input(itgc_arena *scratch, const itgc_tensor *tensor)
{
    if (tensor == NULL || tensor->constant != NULL)
        return tensor == NULL ? NULL : tensor->constant;
    itgc_value *const view = ITGC_NEW(scratch, itgc_value);
    view->type = tensor->type;
    view->shape = tensor->shape;
    return view;
}

static bool evaluate_node(itgc_graph *graph, itgc_node *node, itgc_arena *scratch, itgc_value **out, int threads)
{
    const int64_t work = needs_only_shapes(node) ? 1 : itgc_work_of(node);
    if (work > graph->work_left)
        return itgc_fail(graph->diag, 217, "what the model computes from constants alone takes too long; store its result in the file instead");
    graph->work_left -= work;
    const itgc_value **const in = ITGC_NEW_ARRAY(scratch, const itgc_value *, node->in_count);
    for (int i = 0; i < node->in_count; i++)
        in[i] = view_input(scratch, node->in[i]);
    for (int i = 0; i < node->out_count; i++) {
        const itgc_tensor *const tensor = node->out[i];
        if (tensor == NULL)
            continue;
        if (itgc_elements(&tensor->shape) > MOST_FOLDED_ELEMENTS)
            return itgc_fail(graph->diag, 217,
                             "it would make a constant of %" PRId64 " elements, more than %" PRId64 "; store it in the file instead",
                             itgc_elements(&tensor->shape), MOST_FOLDED_ELEMENTS);
        out[i] = itgc_new_value(graph->arena, tensor->type, &tensor->shape);
    }
    const itgc_eval eval = {.node = node, .in = in, .out = out, .scratch = scratch, .diag = graph->diag, .threads = threads};
    if (node->op->eval != NULL && node->op->eval(&eval))
        return true;
    return itgc_fail(graph->diag, 900, "internal: evaluation failed without a reason; please report this");
}

bool itgc_fold_node(itgc_graph *graph, itgc_node *node, int threads)
{
    itgc_arena *const scratch = itgc_new_child_arena(graph->arena);
    itgc_value **const out = ITGC_NEW_ARRAY(scratch, itgc_value *, node->out_count);
    itgc_enter_node(graph->diag, node->name, node->type, node->opset);
    const bool done = evaluate_node(graph, node, scratch, out, threads);
    itgc_leave_node(graph->diag);
    for (int i = 0; i < node->out_count && done; i++)
        if (node->out[i] != NULL) {
            itgc_round_value(out[i]);
            node->out[i]->constant = out[i];
            node->out[i]->producer = NULL;
        }
    itgc_release_arena(scratch);
    return done;
}

itgc_node *itgc_make_node(itgc_graph *graph, const char *type, const char *name, itgc_tensor *const *in, int in_count, itgc_tensor *const *out,
                          int out_count)
{
    const itgc_op_row *latest = NULL;
    for (const itgc_op_row *row = rows; row->name != NULL; row++)
        if (strcmp(row->name, type) == 0 && (latest == NULL || row->last_opset > latest->last_opset))
            latest = row;
    if (latest == NULL) {
        itgc_fail(graph->diag, 900, "internal: the op table lacks %.60s; please report this", type);
        return NULL;
    }
    itgc_node *const node = itgc_append_node(graph, latest->op, type, name, in, in_count, out, out_count);
    node->opset = latest->last_opset;
    node->params = latest->op->params_bytes == 0 ? NULL : itgc_alloc(graph->arena, latest->op->params_bytes);
    return node;
}
