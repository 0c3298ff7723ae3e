/* SPDX-License-Identifier: Apache-2.0
 * See layout.h: views, and bringing a view's values into the order a reader needs. */
#include "compiler/lower/layout.h"

#include <string.h>

/* base brought into another order: result.dim[j] = base.dim[order[j]]. */
typedef struct itgc_moved {
    const itgc_tensor *base;
    int64_t order[ITGC_MAX_RANK];
    itgc_tensor *result;
} itgc_moved;

void itgc_start_layout(itgc_layout *layout, itgc_graph *graph)
{
    *layout = (itgc_layout){.graph = graph, .view_count = graph->tensor_count};
    layout->views = ITGC_NEW_ARRAY(graph->arena, itgc_view, graph->tensor_count);
    for (int i = 0; i < graph->tensor_count; i++) {
        layout->views[i].base = graph->tensors[i];
        itgc_identity_perm(layout->views[i].perm, ITGC_MAX_RANK);
    }
}

itgc_view *itgc_view_of(const itgc_layout *layout, const itgc_tensor *tensor)
{
    return &layout->views[tensor->id];
}

itgc_shape itgc_view_shape(const itgc_view *view)
{
    itgc_shape shape = {.rank = view->base->shape.rank};
    for (int i = 0; i < shape.rank; i++) {
        shape.dim[i] = view->base->shape.dim[view->perm[i]];
    }
    return shape;
}

bool itgc_same_perm(const int64_t *a, const int64_t *b, int rank)
{
    for (int i = 0; i < rank; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

void itgc_identity_perm(int64_t *perm, int rank)
{
    for (int i = 0; i < rank; i++) {
        perm[i] = i;
    }
}

void itgc_channels_last_perm(int64_t *perm, int rank)
{
    perm[0] = 0;
    perm[1] = rank - 1;
    for (int i = 2; i < rank; i++) {
        perm[i] = i - 1;
    }
}

static bool moves_only_units(const itgc_shape *shape, const int64_t *order)
{
    int64_t last = -1;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[order[i]] == 1) {
            continue;
        }
        if (order[i] < last) {
            return false;
        }
        last = order[i];
    }
    return true;
}

static itgc_shape reorder(const itgc_shape *shape, const int64_t *order)
{
    itgc_shape result = {.rank = shape->rank};
    for (int i = 0; i < shape->rank; i++) {
        result.dim[i] = shape->dim[order[i]];
    }
    return result;
}

static itgc_tensor *reorder_constant(itgc_graph *graph, const itgc_tensor *from, const int64_t *order)
{
    const itgc_value *value = from->constant;
    const itgc_shape shape = reorder(&value->shape, order);
    itgc_value *result = itgc_new_value(graph->arena, value->type, &shape);
    const int rank = shape.rank;
    int64_t at[ITGC_MAX_RANK] = {0};
    const int64_t count = itgc_elements(&shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t source = 0;
        for (int d = 0; d < rank; d++) {
            source += at[d] * itgc_elements_after(&value->shape, (int)order[d] + 1);
        }
        if (value->f) {
            result->f[i] = value->f[source];
        } else {
            result->i[i] = value->i[source];
        }
        for (int d = rank - 1; d >= 0 && ++at[d] == shape.dim[d]; d--) {
            at[d] = 0;
        }
    }
    return itgc_new_constant(graph, from->name, result);
}

static itgc_tensor *move_base(itgc_layout *layout, itgc_tensor *base, const int64_t *order)
{
    itgc_graph *graph = layout->graph;
    if (base->constant) {
        return reorder_constant(graph, base, order);
    }
    for (int i = 0; i < layout->moved_count; i++) {
        const itgc_moved *moved = &layout->moved[i];
        if (moved->base == base && itgc_same_perm(moved->order, order, base->shape.rank)) {
            return moved->result;
        }
    }
    const char *name = itgc_sprint(graph->arena, "%s/moved", base->name);
    const itgc_shape shape = reorder(&base->shape, order);
    itgc_tensor *result =
        moves_only_units(&base->shape, order) ? itgc_insert_reshape(graph, name, base, &shape) : itgc_insert_transpose(graph, name, base, order);
    if (layout->moved_count == layout->moved_capacity) {
        layout->moved_capacity = 2 * layout->moved_capacity + 16;
        itgc_moved *more = ITGC_NEW_ARRAY(graph->arena, itgc_moved, layout->moved_capacity);
        if (layout->moved_count > 0) {
            memcpy(more, layout->moved, (size_t)layout->moved_count * sizeof *more);
        }
        layout->moved = more;
    }
    itgc_moved *entry = &layout->moved[layout->moved_count++];
    *entry = (itgc_moved){.base = base, .result = result};
    memcpy(entry->order, order, (size_t)base->shape.rank * sizeof order[0]);
    return result;
}

itgc_tensor *itgc_bring(itgc_layout *layout, const itgc_view *view, const int64_t *want)
{
    const int rank = view->base->shape.rank;
    int64_t order[ITGC_MAX_RANK] = {0};
    if (itgc_same_perm(view->perm, want, rank)) {
        return view->base;
    }
    for (int i = 0; i < rank; i++) {
        order[want[i]] = view->perm[i];
    }
    return move_base(layout, view->base, order);
}

static itgc_tensor *reshape_constant(itgc_graph *graph, const itgc_tensor *from, const itgc_shape *shape)
{
    itgc_value *value = ITGC_NEW(graph->arena, itgc_value);
    *value = *from->constant;
    value->shape = *shape;
    return itgc_new_constant(graph, from->name, value);
}

itgc_tensor *itgc_bring_aligned(itgc_layout *layout, const itgc_view *view, int rank, const int64_t *want)
{
    itgc_graph *graph = layout->graph;
    const int missing = rank - view->base->shape.rank;
    itgc_view aligned = *view;
    if (missing > 0) {
        itgc_shape shape = {.rank = rank};
        for (int i = 0; i < rank; i++) {
            shape.dim[i] = i < missing ? 1 : view->base->shape.dim[i - missing];
            aligned.perm[i] = i < missing ? i : view->perm[i - missing] + missing;
        }
        const char *name = view->base->name;
        aligned.base = view->base->constant ? reshape_constant(graph, view->base, &shape)
                                            : itgc_insert_reshape(graph, itgc_sprint(graph->arena, "%s/aligned", name), view->base, &shape);
    }
    itgc_tensor *result = aligned.base ? itgc_bring(layout, &aligned, want) : NULL;
    if (!result || !result->constant) {
        return result;
    }
    itgc_shape shape = result->shape;
    while (shape.rank > 0 && shape.dim[0] == 1) {
        memmove(&shape.dim[0], &shape.dim[1], sizeof shape.dim - sizeof shape.dim[0]);
        shape.rank--;
    }
    return reshape_constant(graph, result, &shape);
}

bool itgc_bring_input(itgc_layout *layout, itgc_node *node, int index, const int64_t *want)
{
    if (node->in[index]->id >= layout->view_count) {
        return true;
    }
    itgc_tensor *tensor = itgc_bring(layout, itgc_view_of(layout, node->in[index]), want);
    if (tensor) {
        itgc_set_input(layout->graph, node, index, tensor);
    }
    return tensor != NULL;
}

void itgc_store_output(itgc_layout *layout, itgc_node *node, const int64_t *perm)
{
    itgc_tensor *out = node->out[0];
    itgc_view *view = itgc_view_of(layout, out);
    const itgc_shape shape = out->shape;
    for (int i = 0; i < shape.rank; i++) {
        out->shape.dim[perm[i]] = shape.dim[i];
        view->perm[i] = perm[i];
    }
    view->base = out;
}
