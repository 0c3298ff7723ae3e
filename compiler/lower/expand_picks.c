/* SPDX-License-Identifier: Apache-2.0
 * Ops that pick elements by constant positions (GatherND, GatherElements, Where by a constant condition, ScatterND, ScatterElements) become one
 * Gather from their data, laid one behind the other. The op itself, run on the positions of its data in their place, says what it picks.
 * Runs behind to_nhwc. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <math.h>
#include <string.h>

#define MOST_POSITIONS ((int64_t)1 << 24) /* that float holds exactly */

/* The inputs that are data, the others being constants; false where an input is neither, or holds what has no code. */
static bool find_data(const itgc_node *node, itgc_tensor **data, int *count, int64_t *elements)
{
    bool is_computed = false;
    *count = 0;
    *elements = 0;
    for (int i = 0; i < node->in_count; i++) {
        itgc_tensor *in = node->in[i];
        if (!in || (!itgc_is_float(in->type) && !in->constant)) {
            return false;
        }
        if (!itgc_is_float(in->type)) {
            continue;
        }
        const int64_t size = itgc_elements(&in->shape);
        for (int64_t k = 0; in->constant && k < size; k++) {
            if (!(fabs((double)in->constant->f[k]) < 1e30)) { /* a mask in front of Softmax */
                return false;
            }
        }
        is_computed = is_computed || !in->constant;
        data[(*count)++] = in;
        *elements += size;
    }
    return is_computed && *elements < MOST_POSITIONS;
}

/* What the op gives where every data element is its own position; NULL if it fails. */
static const float *find_positions(itgc_graph *graph, itgc_arena *scratch, const itgc_node *node)
{
    const itgc_value **in = ITGC_NEW_ARRAY(scratch, const itgc_value *, node->in_count);
    itgc_value *out = itgc_new_value(scratch, node->out[0]->type, &node->out[0]->shape);
    int64_t position = 0;
    for (int i = 0; i < node->in_count; i++) {
        in[i] = node->in[i]->constant;
        if (itgc_is_float(node->in[i]->type)) {
            itgc_value *own = itgc_new_value(scratch, node->in[i]->type, &node->in[i]->shape);
            for (int64_t k = 0; k < itgc_elements(&own->shape); k++) {
                own->f[k] = (float)position++;
            }
            in[i] = own;
        }
    }
    const itgc_eval eval = {.node = node, .in = in, .out = &out, .scratch = scratch, .diag = graph->diag, .threads = 1};
    return node->op->eval(&eval) ? out->f : NULL;
}

/* Whether the positions come in whole runs of `run` that begin at its multiples. */
static bool has_runs(const float *positions, int64_t count, int64_t run)
{
    for (int64_t i = 0; i < count; i++) {
        const int64_t start = (int64_t)positions[i / run * run];
        if (start % run != 0 || (int64_t)positions[i] != start + i % run) {
            return false;
        }
    }
    return true;
}

/* The longest run that is a product of trailing dimensions and divides all data. */
static int64_t find_run(const float *positions, const itgc_shape *shape, itgc_tensor *const *data, int count)
{
    for (int d = 0; d < shape->rank; d++) {
        const int64_t run = itgc_elements_after(shape, d);
        bool fits = run > 0;
        for (int i = 0; i < count; i++) {
            fits = fits && itgc_elements(&data[i]->shape) % run == 0;
        }
        if (fits && has_runs(positions, itgc_elements(shape), run)) {
            return run;
        }
    }
    return 1;
}

/* The data as rows of one run each, one behind the other. */
static itgc_tensor *insert_rows(itgc_graph *graph, const char *name, itgc_tensor *const *data, int count, int64_t run)
{
    itgc_tensor **rows = ITGC_NEW_ARRAY(graph->arena, itgc_tensor *, count);
    for (int i = 0; i < count; i++) {
        const itgc_shape shape = {.rank = 2, .dim = {itgc_elements(&data[i]->shape) / run, run}};
        rows[i] = itgc_insert_reshape(graph, name, data[i], &shape);
        if (data[i]->constant) {
            itgc_detach(graph, rows[i]->producer);
            float *values;
            rows[i] = itgc_make_weights(graph, data[i]->name, &shape, &values);
            memcpy(values, data[i]->constant->f, (size_t)itgc_elements(&shape) * sizeof values[0]);
        }
        if (!rows[i]) {
            return NULL;
        }
    }
    if (count == 1) {
        return rows[0];
    }
    itgc_node *all = itgc_insert_node(graph, "Concat", name, rows, count);
    return itgc_infer_node(graph, all) ? all->out[0] : NULL;
}

static bool expand(itgc_graph *graph, itgc_node *node)
{
    itgc_tensor **data = ITGC_NEW_ARRAY(graph->arena, itgc_tensor *, node->in_count);
    int count;
    int64_t elements;
    if (node->out_count != 1 || !itgc_is_float(node->out[0]->type) || !find_data(node, data, &count, &elements)) {
        return true;
    }
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    const itgc_shape *shape = &node->out[0]->shape;
    const float *positions = find_positions(graph, scratch, node);
    if (!positions) {
        return false;
    }
    const char *name = node->out[0]->name;
    const int64_t run = find_run(positions, shape, data, count);
    const int64_t picks = itgc_elements(shape) / run;
    int64_t *index = ITGC_NEW_ARRAY(graph->arena, int64_t, picks + 1);
    for (int64_t i = 0; i < picks; i++) {
        index[i] = (int64_t)positions[i * run] / run;
    }
    itgc_release_arena(scratch);
    itgc_tensor *in[2] = {insert_rows(graph, name, data, count, run), itgc_make_ints(graph, name, index, (int)picks)};
    itgc_node *gather = in[0] ? itgc_insert_node(graph, "Gather", name, in, 2) : NULL;
    itgc_tensor *out = gather && itgc_infer_node(graph, gather) ? itgc_insert_reshape(graph, name, gather->out[0], shape) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

/* Scatter ops that combine with what is there are no picks. */
static bool is_pick(const itgc_node *node)
{
    static const char *const types[] = {"GatherND", "GatherElements", "Where", "ScatterND", "ScatterElements"};
    const char *reduction = itgc_string_attribute(node, "reduction", "none");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (itgc_is_op(node, types[i])) {
            return strcmp(reduction, "none") == 0;
        }
    }
    return false;
}

bool itgc_expand_picks(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        if (is_pick(graph->nodes[i]) && !expand(graph, graph->nodes[i])) {
            return false;
        }
    }
    return true;
}
