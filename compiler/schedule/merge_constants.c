/* SPDX-License-Identifier: Apache-2.0
 * Constants as they will be shipped: those no step points to are dropped, equal arrays are kept once and every pointer is led to
 * the one that stays. Changes where values lie, never a value. Called by schedule.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

#include <intaglio/intaglio.h>
#include <stdlib.h>
#include <string.h>

typedef struct ranked_constant {
    itgc_constant *constant;
    itgc_constant *kept; /* the one that stands for it; NULL: nobody points to it */
    uint32_t crc;
    int index;
    bool used;
} ranked_constant;

static int compare_address(const void *left, const void *right)
{
    const ranked_constant *a = left;
    const ranked_constant *b = right;
    const uintptr_t pa = (uintptr_t)a->constant->bytes;
    const uintptr_t pb = (uintptr_t)b->constant->bytes;
    if (pa != pb) {
        return pa < pb ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static int compare_index(const void *left, const void *right)
{
    return ((const ranked_constant *)left)->index - ((const ranked_constant *)right)->index;
}

/* The first constant at this address, in a list sorted by address. */
static ranked_constant *find_address(ranked_constant *list, int count, const void *bytes)
{
    int low = 0;
    int high = count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if ((uintptr_t)list[middle].constant->bytes < (uintptr_t)bytes) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && list[low].constant->bytes == bytes ? &list[low] : NULL;
}

/* Called with the place of every pointer in every step's params. Pointers are copied in and out, as their types differ. */
typedef void visitor(void *place, ranked_constant *list, int count);

static void walk_params(const itgc_graph *graph, const itgc_step_kind *kind, void *params, ranked_constant *list, visitor *visit)
{
    for (int f = 0; f < kind->field_count; f++) {
        if (kind->fields[f].kind == ITGC_FIELD_POINTER) {
            visit((char *)params + kind->fields[f].offset, list, graph->constant_count);
        }
    }
}

static void walk_step(const itgc_graph *graph, const itgc_step *step, ranked_constant *list, visitor *visit)
{
    for (int k = 0; k < graph->packing_count; k++) {
        if (k == 0 || step->variants[k] != step->params) {
            walk_params(graph, step->kind, step->variants[k], list, visit);
        }
    }
}

static void walk_pointers(const itgc_graph *graph, ranked_constant *list, visitor *visit)
{
    for (int i = 0; i < graph->step_count; i++) {
        for (int l = 0; l < itgc_tier_count(graph->steps[i]); l++) {
            walk_step(graph, itgc_tier_at(graph->steps[i], l), list, visit);
        }
    }
}

static const void *load_pointer(const void *place)
{
    const void *pointer;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

static void mark_used(void *place, ranked_constant *list, int count)
{
    ranked_constant *found = find_address(list, count, load_pointer(place));
    if (found) {
        found->used = true;
    }
}

static void lead_to_kept(void *place, ranked_constant *list, int count)
{
    const ranked_constant *found = find_address(list, count, load_pointer(place));
    if (found) {
        memcpy(place, &found->kept->bytes, sizeof found->kept->bytes);
    }
}

static bool same_array(const ranked_constant *a, const ranked_constant *b)
{
    const itgc_constant *x = a->constant;
    const itgc_constant *y = b->constant;
    return a->crc == b->crc && x->element_bytes == y->element_bytes && x->is_signed == y->is_signed && x->count == y->count &&
           memcmp(x->bytes, y->bytes, x->count * (size_t)x->element_bytes) == 0;
}

/* list in order of registration: the first of equal arrays stays. */
static void choose_kept(ranked_constant *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (!list[i].used) {
            continue;
        }
        list[i].kept = list[i].constant;
        for (int k = 0; k < i; k++) {
            if (list[k].used && same_array(&list[k], &list[i])) {
                list[i].kept = list[k].kept;
                break;
            }
        }
    }
}

void itgc_merge_constants(itgc_graph *graph)
{
    const int count = graph->constant_count;
    ranked_constant *list = ITGC_NEW_ARRAY(graph->arena, ranked_constant, count + 1);
    for (int i = 0; i < count; i++) {
        itgc_constant *constant = graph->constants[i];
        const uint32_t crc = itg_crc32(0, constant->bytes, constant->count * (size_t)constant->element_bytes);
        list[i] = (ranked_constant){.constant = constant, .crc = crc, .index = i};
    }
    qsort(list, (size_t)count, sizeof *list, compare_address);
    walk_pointers(graph, list, mark_used);
    qsort(list, (size_t)count, sizeof *list, compare_index);
    choose_kept(list, count);
    int kept = 0;
    graph->weights_bytes = 0;
    for (int i = 0; i < count; i++) {
        if (list[i].kept == list[i].constant) {
            graph->constants[kept++] = list[i].constant;
            graph->weights_bytes += list[i].constant->count * (uint64_t)list[i].constant->element_bytes;
        }
    }
    qsort(list, (size_t)count, sizeof *list, compare_address);
    walk_pointers(graph, list, lead_to_kept);
    graph->constant_count = kept;
}
