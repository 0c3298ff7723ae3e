/* SPDX-License-Identifier: Apache-2.0
 * A Gemm whose result is only read in parts (queries, keys and values of one projection) becomes one Gemm a part: nothing is copied apart
 * afterwards, and each part has a range of its own. Runs behind to_nhwc. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

/* Which columns of the Gemm a Slice of its reshaped result takes: those whose index along `axis` of the columns' dims is in [start, end). */
typedef struct part {
    itgc_node *slice;
    int axis;
    int64_t start, end;
} part;

/* The first dimension that belongs to columns: rows are the product of those before it. -1: the Reshape mixes both. */
static int find_columns(const itgc_shape *shape, int64_t rows)
{
    int64_t product = 1;
    for (int i = 0; i < shape->rank; i++) {
        if (product == rows && itgc_elements_after(shape, i) > 1) {
            return i;
        }
        product *= shape->dim[i];
    }
    return -1;
}

static bool read_part(itgc_node *slice, int first, part *result)
{
    const itgc_slice_params *params = slice->params;
    const itgc_shape *in = &slice->in[0]->shape, *out = &slice->out[0]->shape;
    *result = (part){.slice = slice, .axis = -1};
    for (int i = 0; i < in->rank; i++) {
        if (params->step[i] != 1) {
            return false;
        }
        if (in->dim[i] == out->dim[i]) {
            continue;
        }
        if (result->axis >= 0 || i < first) {
            return false;
        }
        result->axis = i;
        result->start = params->start[i];
        result->end = params->start[i] + out->dim[i];
    }
    return result->axis >= 0;
}

/* All readers take parts, together no more than there is. */
static bool can_split(const itgc_tensor *result, int first)
{
    int64_t taken = 0;
    for (int i = 0; i < result->use_count; i++) {
        part one;
        if (!itgc_is_op(result->uses[i], "Slice") || !read_part(result->uses[i], first, &one)) {
            return false;
        }
        taken += itgc_elements(&result->uses[i]->out[0]->shape);
    }
    return result->use_count > 1 && !result->is_output && taken <= itgc_elements(&result->shape);
}

/* The rows of [N,K] or entries of [N] that belong to the part. */
static itgc_tensor *take_columns(itgc_graph *graph, const itgc_tensor *from, const itgc_shape *shape, int first, const part *one)
{
    const int64_t each = itgc_elements_after(&from->shape, 1), inner = itgc_elements_after(shape, one->axis + 1), size = shape->dim[one->axis];
    const int64_t outer = itgc_elements_after(shape, first) / (size * inner), count = (one->end - one->start) * inner;
    itgc_shape taken = from->constant->shape;
    taken.dim[0] = outer * count;
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, from->name, &taken, &to);
    for (int64_t i = 0; i < outer; i++) {
        memcpy(to + i * count * each, from->constant->f + (i * size + one->start) * inner * each, (size_t)(count * each) * sizeof(float));
    }
    return tensor;
}

static bool rewrite_part(itgc_graph *graph, const itgc_node *gemm, const itgc_shape *shape, int first, itgc_node *slice)
{
    part one;
    if (!read_part(slice, first, &one)) {
        return true;
    }
    const char *name = slice->out[0]->name;
    const bool has_bias = gemm->in_count > 2 && gemm->in[2];
    itgc_tensor *in[3] = {gemm->in[0], take_columns(graph, gemm->in[1], shape, first, &one),
                          has_bias ? take_columns(graph, gemm->in[2], shape, first, &one) : NULL};
    itgc_node *made = itgc_insert_node(graph, "Gemm", itgc_sprint(graph->arena, "%s/rows", name), in, has_bias ? 3 : 2);
    *(itgc_gemm_params *)made->params = *(const itgc_gemm_params *)gemm->params;
    itgc_tensor *out = itgc_infer_node(graph, made) ? itgc_insert_reshape(graph, name, made->out[0], &slice->out[0]->shape) : NULL;
    return out && itgc_replace_node(graph, slice, out);
}

static bool is_constant_gemm(const itgc_node *node)
{
    const itgc_gemm_params *params = node->params;
    const itgc_tensor *bias = node->in_count > 2 ? node->in[2] : NULL;
    return itgc_is_weights(node->in[1]) && params->transpose_b && !params->transpose_a && !node->in[0]->constant &&
           (!bias || (itgc_is_weights(bias) && bias->shape.rank == 1 && bias->shape.dim[0] == node->in[1]->shape.dim[0]));
}

static bool split(itgc_graph *graph, itgc_node *gemm)
{
    itgc_tensor *result = gemm->out[0];
    itgc_node *reader = itgc_only_reader(result);
    if (itgc_is_op(reader, "Reshape")) {
        result = reader->out[0];
    }
    const int first = find_columns(&result->shape, gemm->out[0]->shape.dim[0]);
    if (first < 0 || !can_split(result, first)) {
        return true;
    }
    const itgc_shape shape = result->shape;
    while (result->use_count > 0) {
        if (!rewrite_part(graph, gemm, &shape, first, result->uses[0])) {
            return false;
        }
    }
    return true;
}

bool itgc_split_linear(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if (itgc_is_op(node, "Gemm") && is_constant_gemm(node) && !split(graph, node)) {
            return false;
        }
    }
    return true;
}
