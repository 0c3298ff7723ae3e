/* SPDX-License-Identifier: Apache-2.0
 * The result of a convolution that one sum alone reads becomes int16: in 8 bits it would be rounded only to be added and rounded again. No layer
 * reads it, and it is hardly ever a whole tensor, since schedule makes one step of both where the arena is no larger for it (schedule/edges.c).
 * Called by choose_format.c when all formats are chosen. */
#include "compiler/quantize/groups.h"

#include <math.h>
#include <string.h>

#define FINEST     7 /* sum / 2^FINEST <= a term's scale <= sum / 2^COARSEST: a power of two, exact as a multiplier in the sum */
#define COARSEST   4
#define HEADROOM   1.5  /* over what calibration saw */
#define MOST_RATIO 64.0 /* of the other term's scale to the sum's: its multiplier fits 16 bits with 8 fraction bits, more than FINEST */

typedef struct terms {
    itgc_graph *graph;
    int *sharing;  /* tensors of a group, by its root */
    int *position; /* of the node that computes a tensor, by tensor id */
    const itgc_groups *groups;
} terms;

static bool is_bytes(const itgc_format *format)
{
    return format->type == ITG_S8 || format->type == ITG_U8;
}

/* What can be computed inside the sum, shares its format with nothing, and comes from no table, which gives 8 bits. */
static bool can_be_finer(const terms *all, const itgc_node *sum, const itgc_tensor *term)
{
    if (!itgc_is_inner_term(sum, term) || term->format.type != ITG_S8 || all->sharing[itgc_group_of(all->groups, term)] != 1) {
        return false;
    }
    return !term->producer->is_fused || itgc_activation_of(term->producer) != ITGC_TABLE;
}

/* The term of a sum of two 8-bit tensors that can be finer, the later one of two; -1: none. */
static int find_term(const terms *all, const itgc_node *node)
{
    const itgc_tensor *out = itgc_result_of(node);
    const itgc_binary_params *params = node->params;
    if (params->kind != ITGC_ADD || params->legacy_axis >= 0 || out->format.type != ITG_S8) {
        return -1;
    }
    int found = -1;
    for (int i = 0; i < 2; i++) {
        const itgc_tensor *term = node->in[i];
        const itgc_format *other = &node->in[1 - i]->format;
        const bool fits = can_be_finer(all, node, term) && is_bytes(other) && other->scale <= MOST_RATIO * out->format.scale;
        if (fits && (found < 0 || all->position[term->id] > all->position[node->in[found]->id])) {
            found = i;
        }
    }
    return found;
}

/* The finest scale that holds the term's range. */
static void refine_term(itgc_tensor *term, double sum_scale)
{
    const double largest = fmax(fabs(term->range.min), fabs(term->range.max)) * HEADROOM;
    for (int bits = FINEST; bits >= COARSEST; bits--) {
        const double scale = ldexp(sum_scale, -bits);
        if (largest <= scale * INT16_MAX) {
            term->format = (itgc_format){.type = ITG_S16, .scale = scale};
            return;
        }
    }
}

bool itgc_is_term(const itgc_tensor *term, const itgc_format *sum)
{
    bool fits = false;
    for (int bits = FINEST; bits >= COARSEST; bits--) {
        fits = fits || term->format.scale == ldexp(sum->scale, -bits);
    }
    return fits && term->format.type == ITG_S16 && is_bytes(sum);
}

void itgc_refine_terms(const itgc_groups *groups)
{
    itgc_graph *graph = groups->quantizer->graph;
    itgc_arena *arena = groups->quantizer->arena;
    terms all = {graph, ITGC_NEW_ARRAY(arena, int, graph->tensor_count), ITGC_NEW_ARRAY(arena, int, graph->tensor_count), groups};
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_tensor *tensor = graph->tensors[i];
        all.sharing[itgc_group_of(groups, tensor)] += tensor->format.type != 0;
    }
    for (int i = 0; i < graph->node_count; i++) {
        for (int o = 0; o < graph->nodes[i]->out_count; o++) {
            if (graph->nodes[i]->out[o]) {
                all.position[graph->nodes[i]->out[o]->id] = i;
            }
        }
    }
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        const int term = node->is_fused || strcmp(node->op->family, "binary") != 0 ? -1 : find_term(&all, node);
        if (term >= 0) {
            refine_term(node->in[term], itgc_result_of(node)->format.scale);
        }
    }
}
