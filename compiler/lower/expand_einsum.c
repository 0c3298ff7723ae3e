/* SPDX-License-Identifier: Apache-2.0
 * An Einsum of two operands that is a product of matrices, batched or not, becomes Transposes, one MatMul and Reshapes: what attention
 * spelled as an Einsum is recognised by, and what has integer steps. Diagonals, ellipses and sums within one operand stay as they are. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

/* The labels of one operand or of the output, one per dimension. */
typedef struct labels {
    int count;
    char of[ITGC_MAX_RANK];
} labels;

typedef struct equation {
    labels a, b, out;
    labels batch, left, inner, right; /* in the order of the output, inner in that of a */
} equation;

static bool has_label(const labels *list, char label)
{
    return memchr(list->of, label, (size_t)list->count) != NULL;
}

static bool add_label(labels *list, char label)
{
    if (list->count == ITGC_MAX_RANK) {
        return false;
    }
    list->of[list->count++] = label;
    return true;
}

/* Letters up to `end`, each once; NULL if there is anything else. */
static const char *read_labels(const char *at, labels *list, char end)
{
    *list = (labels){0};
    for (; *at != end; at++) {
        const bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        if (*at != ' ' && (!is_letter || has_label(list, *at) || !add_label(list, *at))) {
            return NULL;
        }
    }
    return at;
}

/* False if the equation is no product of matrices. */
static bool read_equation(const char *text, equation *eq)
{
    *eq = (equation){0};
    const char *at = read_labels(text, &eq->a, ',');
    at = at ? read_labels(at + 1, &eq->b, '-') : NULL;
    if (!at || at[1] != '>' || !read_labels(at + 2, &eq->out, '\0')) {
        return false;
    }
    for (int i = 0; i < eq->out.count; i++) {
        const char label = eq->out.of[i];
        const bool in_a = has_label(&eq->a, label), in_b = has_label(&eq->b, label);
        if ((!in_a && !in_b) || !add_label(in_a && in_b ? &eq->batch : in_a ? &eq->left : &eq->right, label)) {
            return false;
        }
    }
    for (int i = 0; i < eq->a.count; i++) {
        if (!has_label(&eq->out, eq->a.of[i]) && (!has_label(&eq->b, eq->a.of[i]) || !add_label(&eq->inner, eq->a.of[i]))) {
            return false;
        }
    }
    return eq->b.count == eq->batch.count + eq->inner.count + eq->right.count;
}

static int64_t size_of(const labels *list, const itgc_shape *shape, char label)
{
    for (int i = 0; i < list->count; i++) {
        if (list->of[i] == label) {
            return shape->dim[i];
        }
    }
    return 1;
}

/* Labels that both operands have must have one size: no broadcasting. */
static bool sizes_agree(const equation *eq, const itgc_shape *a, const itgc_shape *b)
{
    for (int i = 0; i < eq->a.count; i++) {
        const char label = eq->a.of[i];
        if (has_label(&eq->b, label) && size_of(&eq->a, a, label) != size_of(&eq->b, b, label)) {
            return false;
        }
    }
    return true;
}

/* The tensor with its dimensions in the order of `parts`. */
static itgc_tensor *arrange(itgc_graph *graph, const char *name, itgc_tensor *in, const labels *from, const labels *const *parts, int part_count)
{
    int64_t perm[ITGC_MAX_RANK];
    int count = 0;
    bool moves = false;
    for (int p = 0; p < part_count; p++) {
        for (int i = 0; i < parts[p]->count; i++) {
            const char *found = memchr(from->of, parts[p]->of[i], (size_t)from->count);
            perm[count] = found ? found - from->of : 0;
            moves = moves || perm[count] != count;
            count++;
        }
    }
    return moves ? itgc_insert_transpose(graph, name, in, perm) : in;
}

static itgc_tensor *reshape(itgc_graph *graph, const char *name, itgc_tensor *in, const itgc_shape *shape)
{
    return itgc_same_shape(&in->shape, shape) ? in : itgc_insert_reshape(graph, name, in, shape);
}

/* The operand as [batch…, rows, columns]. */
static itgc_tensor *make_matrices(itgc_graph *graph, const char *name, itgc_tensor *in, const labels *from, const labels *const *parts)
{
    itgc_tensor *arranged = arrange(graph, name, in, from, parts, 3);
    if (!arranged) {
        return NULL;
    }
    const int batch = parts[0]->count, rows = parts[1]->count;
    itgc_shape shape = arranged->shape;
    shape.rank = batch + 2;
    shape.dim[batch] = itgc_elements_after(&arranged->shape, batch) / itgc_elements_after(&arranged->shape, batch + rows);
    shape.dim[batch + 1] = itgc_elements_after(&arranged->shape, batch + rows);
    return reshape(graph, name, arranged, &shape);
}

static itgc_tensor *insert_product(itgc_graph *graph, const itgc_node *node, const equation *eq)
{
    const char *name = node->out[0]->name;
    const labels *const a[3] = {&eq->batch, &eq->left, &eq->inner}, *const b[3] = {&eq->batch, &eq->inner, &eq->right};
    const labels *const made[3] = {&eq->batch, &eq->left, &eq->right};
    itgc_tensor *in[2] = {make_matrices(graph, name, node->in[0], &eq->a, a), NULL};
    in[1] = in[0] ? make_matrices(graph, name, node->in[1], &eq->b, b) : NULL;
    itgc_node *product = in[1] ? itgc_insert_node(graph, "MatMul", name, in, 2) : NULL;
    if (!product || !itgc_infer_node(graph, product)) {
        return NULL;
    }
    labels whole = {0};
    itgc_shape shape = {.rank = eq->out.count};
    for (int p = 0; p < 3; p++) {
        for (int i = 0; i < made[p]->count; i++) {
            shape.dim[whole.count] = size_of(&eq->out, &node->out[0]->shape, made[p]->of[i]);
            add_label(&whole, made[p]->of[i]);
        }
    }
    const labels *const order[1] = {&eq->out};
    itgc_tensor *out = reshape(graph, name, product->out[0], &shape);
    return out ? arrange(graph, name, out, &whole, order, 1) : NULL;
}

static bool expand(itgc_graph *graph, itgc_node *node)
{
    equation eq;
    if (node->in_count != 2 || !itgc_is_float(node->out[0]->type) || node->in[0]->constant || itgc_elements(&node->out[0]->shape) == 0 ||
        !read_equation(itgc_string_attribute(node, "equation", ""), &eq) || !sizes_agree(&eq, &node->in[0]->shape, &node->in[1]->shape) ||
        eq.batch.count + 2 > ITGC_MAX_RANK) {
        return true;
    }
    itgc_tensor *out = insert_product(graph, node, &eq);
    return out && itgc_replace_node(graph, node, out);
}

bool itgc_expand_einsum(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        if (itgc_is_op(graph->nodes[i], "Einsum") && !expand(graph, graph->nodes[i])) {
            return false;
        }
    }
    return true;
}
