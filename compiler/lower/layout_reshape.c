/* SPDX-License-Identifier: Apache-2.0
 * Reshape on permuted data (layout.h itgc_map_reshape): dimensions of more than one element fall into groups that are split or merged
 * among themselves; a group may run on the base if its dimensions stand there side by side in the same order. */
#include "compiler/lower/layout.h"

#include <string.h>

/* Input dimensions in[first..) of the group's `count` become output dimensions out[first_out..) of `count_out`. */
typedef struct group {
    int first, count, first_out, count_out;
    int position; /* of its first dimension among the base's */
} group;

typedef struct dims {
    int count;
    int dim[ITGC_MAX_RANK]; /* numbers of dimensions of more than one element, ascending */
} dims;

static dims find_dims(const itgc_shape *shape)
{
    dims result = {0};
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] != 1) {
            result.dim[result.count++] = i;
        }
    }
    return result;
}

/* Cuts both lists where their running products meet; the number of groups, -1 if sizes are 0 or do not match. */
static int find_groups(const itgc_shape *in, const dims *a, const itgc_shape *out, const dims *b, group *groups)
{
    int i = 0, j = 0, count = 0;
    while (i < a->count && j < b->count) {
        group g = {.first = i, .first_out = j};
        int64_t product = in->dim[a->dim[i++]];
        int64_t product_out = out->dim[b->dim[j++]];
        while (product != product_out) {
            if (product < product_out && i < a->count) {
                product *= in->dim[a->dim[i++]];
            } else if (product > product_out && j < b->count) {
                product_out *= out->dim[b->dim[j++]];
            } else {
                return -1;
            }
        }
        g.count = i - g.first;
        g.count_out = j - g.first_out;
        groups[count++] = g;
    }
    return i == a->count && j == b->count && itgc_elements(in) > 0 ? count : -1;
}

/* How many of the base's dimensions of more than one element stand before the one that is the view's dimension `dim`. */
static int find_position(const itgc_view *view, int dim)
{
    int position = 0;
    for (int64_t i = 0; i < view->perm[dim]; i++) {
        position += view->base->shape.dim[i] != 1;
    }
    return position;
}

static void sort_groups(group *groups, int count)
{
    for (int i = 1; i < count; i++) { /* a handful */
        for (int k = i; k > 0 && groups[k].position < groups[k - 1].position; k--) {
            const group swap = groups[k];
            groups[k] = groups[k - 1];
            groups[k - 1] = swap;
        }
    }
}

static bool place_groups(const itgc_view *view, const dims *a, group *groups, int count)
{
    for (int g = 0; g < count; g++) {
        groups[g].position = find_position(view, a->dim[groups[g].first]);
        for (int k = 1; k < groups[g].count; k++) {
            if (find_position(view, a->dim[groups[g].first + k]) != groups[g].position + k) {
                return false;
            }
        }
    }
    sort_groups(groups, count);
    return true;
}

/* Each dimension of size 1 goes right behind the one that precedes it in the ONNX order. */
static void insert_units(const itgc_shape *out, int *order, int count)
{
    for (int dim = 0; dim < out->rank; dim++) {
        if (out->dim[dim] != 1) {
            continue;
        }
        int at = 0;
        for (int i = 0; dim > 0 && i < count; i++) {
            at = order[i] == dim - 1 ? i + 1 : at;
        }
        memmove(&order[at + 1], &order[at], (size_t)(count - at) * sizeof order[0]);
        order[at] = dim;
        count++;
    }
}

bool itgc_map_reshape(const itgc_view *view, const itgc_shape *out, itgc_shape *base_shape, int64_t *perm)
{
    const itgc_shape in = itgc_view_shape(view);
    const dims a = find_dims(&in), b = find_dims(out);
    group groups[ITGC_MAX_RANK];
    const int count = find_groups(&in, &a, out, &b, groups);
    if (count < 0 || !place_groups(view, &a, groups, count)) {
        return false;
    }
    int order[ITGC_MAX_RANK + 1] = {0};
    int filled = 0;
    for (int g = 0; g < count; g++) {
        for (int k = 0; k < groups[g].count_out; k++) {
            order[filled++] = b.dim[groups[g].first_out + k];
        }
    }
    insert_units(out, order, filled);
    base_shape->rank = out->rank;
    for (int i = 0; i < out->rank; i++) {
        perm[order[i]] = i;
        base_shape->dim[i] = out->dim[order[i]];
    }
    return true;
}

/* Groups stand where their innermost dimension stands now, so that what lies side by side at the end stays there. */
bool itgc_group_perm(const itgc_view *view, const itgc_shape *out, int64_t *perm)
{
    const itgc_shape in = itgc_view_shape(view);
    const dims a = find_dims(&in), b = find_dims(out);
    group groups[ITGC_MAX_RANK];
    const int count = find_groups(&in, &a, out, &b, groups);
    for (int g = 0; g < count; g++) {
        groups[g].position = -1;
        for (int k = 0; k < groups[g].count; k++) {
            const int position = find_position(view, a.dim[groups[g].first + k]);
            groups[g].position = position > groups[g].position ? position : groups[g].position;
        }
    }
    if (count < 0) {
        return false;
    }
    sort_groups(groups, count);
    int order[ITGC_MAX_RANK + 1] = {0};
    int filled = 0;
    for (int g = 0; g < count; g++) {
        for (int k = 0; k < groups[g].count; k++) {
            order[filled++] = a.dim[groups[g].first + k];
        }
    }
    insert_units(&in, order, filled);
    for (int i = 0; i < in.rank; i++) {
        perm[order[i]] = i;
    }
    return true;
}
