/* SPDX-License-Identifier: Apache-2.0
 * Ops on the plane for which there is no integer step of its own become what there is: DepthToSpace, SpaceToDepth and Tile move elements;
 * a ConvTranspose is one convolution that computes all outputs between two inputs, interleaved afterwards; a Resize that blends is a product by
 * a constant matrix along each axis. Runs behind to_nhwc. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"
#include "compiler/ops/resize.h"

#include <string.h>

#define MOST_WASTE 256.0 /* of weights and of results: a kernel of one tap under a stride of 16 has as much */

/* Reshape to six dimensions, Transpose, Reshape. */
static itgc_tensor *insert_shuffle(itgc_graph *graph, const char *name, itgc_tensor *in, const int64_t *dim, const int64_t *perm,
                                   const itgc_shape *shape)
{
    itgc_shape split = {.rank = 6};
    memcpy(split.dim, dim, 6 * sizeof dim[0]);
    itgc_tensor *out = itgc_insert_reshape(graph, name, in, &split);
    out = out ? itgc_insert_transpose(graph, name, out, perm) : NULL;
    return out ? itgc_insert_reshape(graph, name, out, shape) : NULL;
}

static bool expand_block(itgc_graph *graph, itgc_node *node)
{
    /* Dimensions apart, channels last: [N,H,W,…] with blocks before or behind the channels, and [N,H,row,W,column,C]. */
    static const int64_t to_space[2][6] = {{0, 1, 3, 2, 4, 5}, {0, 1, 4, 2, 5, 3}}, to_depth[2][6] = {{0, 1, 3, 2, 4, 5}, {0, 1, 3, 5, 2, 4}};
    const itgc_block_params *params = node->params;
    const itgc_shape *in = &node->in[0]->shape;
    const itgc_shape *out = &node->out[0]->shape;
    const int64_t size = params->size;
    if (!params->channels_last || in->rank != 4) {
        return true;
    }
    const int64_t channels = out->dim[3];
    const int64_t first[6] = {in->dim[0], in->dim[1], in->dim[2], size, size, channels};
    const int64_t last[6] = {in->dim[0], in->dim[1], in->dim[2], channels, size, size};
    const int64_t space[6] = {in->dim[0], out->dim[1], size, out->dim[2], size, in->dim[3]};
    const int64_t *const dim = !params->to_space ? space : params->column_first ? last : first;
    const int64_t *const perm = (params->to_space ? to_space : to_depth)[params->column_first];
    itgc_tensor *result = insert_shuffle(graph, node->out[0]->name, node->in[0], dim, perm, out);
    return result && itgc_replace_node(graph, node, result);
}

/* One axis at a time: [.., d, ..] is read r times as [.., r, d, ..]. */
static bool expand_tile(itgc_graph *graph, itgc_node *node)
{
    const char *name = node->out[0]->name;
    const itgc_shape to = node->out[0]->shape;
    itgc_tensor *out = node->in[0];
    if (to.rank >= ITGC_MAX_RANK || !itgc_is_float(node->out[0]->type)) {
        return true;
    }
    for (int axis = 0; axis < to.rank && out; axis++) {
        itgc_shape shape = out->shape;
        const int64_t repeats = shape.dim[axis] > 0 ? to.dim[axis] / shape.dim[axis] : 1;
        if (repeats == 1) {
            continue;
        }
        itgc_shape split = {.rank = shape.rank + 1};
        memcpy(split.dim, shape.dim, (size_t)axis * sizeof shape.dim[0]);
        memcpy(split.dim + axis + 1, shape.dim + axis, (size_t)(shape.rank - axis) * sizeof shape.dim[0]);
        split.dim[axis] = 1;
        out = itgc_insert_reshape(graph, name, out, &split);
        split.dim[axis] = repeats;
        itgc_tensor *in[2] = {out, itgc_make_ints(graph, name, split.dim, split.rank)};
        itgc_node *repeat = out ? itgc_insert_node(graph, "Expand", name, in, 2) : NULL;
        shape.dim[axis] = to.dim[axis];
        out = repeat && itgc_infer_node(graph, repeat) ? itgc_insert_reshape(graph, name, repeat->out[0], &shape) : NULL;
    }
    if (out == node->in[0]) { /* nothing is repeated */
        out = itgc_insert_reshape(graph, name, out, &to);
    }
    return out && itgc_replace_node(graph, node, out);
}

/* A ConvTranspose along one axis: output s q + r - before is the sum over j of x[q - j] w[s j + r], so that all s outputs of one q see the
 * inputs q - taps + 1 … q. */
typedef struct phases {
    int64_t stride, taps, positions, before, out;
} phases;

static phases read_phases(const itgc_convtranspose_params *params, const itgc_shape *in, const itgc_shape *out, int axis)
{
    const itgc_window *window = &params->conv.window;
    const int64_t extent = (window->kernel[axis] - 1) * window->dilation[axis] + 1;
    phases p = {.stride = window->stride[axis], .before = window->before[axis], .out = out->dim[1 + axis]};
    p.taps = (extent + p.stride - 1) / p.stride;
    const int64_t wanted = (p.out + p.before + p.stride - 1) / p.stride;
    p.positions = wanted > in->dim[1 + axis] ? wanted : in->dim[1 + axis];
    return p;
}

/* False where most of what the convolution computes is cropped or comes from zeros between taps: far dilations or strides, deep padding. */
static bool is_worthwhile(const itgc_window *window, const phases *y, const phases *x)
{
    const double taps = (double)(y->taps * y->stride) * (double)(x->taps * x->stride), kernel = (double)(window->kernel[0] * window->kernel[1]);
    const double computed = (double)(y->positions * y->stride) * (double)(x->positions * x->stride), wanted = (double)(y->out * x->out);
    return taps <= MOST_WASTE * kernel && computed <= MOST_WASTE * wanted;
}

/* What the transposed kernel holds `step` outputs behind an input; 0 between dilated taps and beyond the end. */
static int64_t find_tap(const itgc_window *window, int axis, int64_t step)
{
    const bool is_tap = step % window->dilation[axis] == 0 && step / window->dilation[axis] < window->kernel[axis];
    return is_tap ? step / window->dilation[axis] : -1;
}

/* [M * phases, C/group, taps]: output channel m * phases + phase; row and column of a tap are reversed, as a convolution looks ahead. */
static itgc_tensor *make_phase_weights(itgc_graph *graph, const itgc_node *node, const phases *y, const phases *x)
{
    const itgc_convtranspose_params *params = node->params;
    const itgc_window *window = &params->conv.window;
    const itgc_tensor *old = node->in[1];
    const int64_t groups = params->conv.group, each = old->shape.dim[1], inputs = old->shape.dim[0] / groups;
    const int64_t count = y->stride * x->stride, taps = y->taps * x->taps, kernel = window->kernel[0] * window->kernel[1];
    const itgc_shape shape = {.rank = 4, .dim = {groups * each * count, inputs, y->taps, x->taps}};
    float *to;
    itgc_tensor *weights = itgc_make_weights(graph, old->name, &shape, &to);
    for (int64_t i = 0; i < itgc_elements(&shape); i++) {
        const int64_t tap = i % taps, c = i / taps % inputs, phase = i / taps / inputs % count, m = i / taps / inputs / count;
        const int64_t row = find_tap(window, 0, (y->taps - 1 - tap / x->taps) * y->stride + phase / x->stride);
        const int64_t column = find_tap(window, 1, (x->taps - 1 - tap % x->taps) * x->stride + phase % x->stride);
        const int64_t from = ((m / each * inputs + c) * each + m % each) * kernel + row * window->kernel[1] + column;
        to[i] = row >= 0 && column >= 0 ? old->constant->f[from] : 0.0f;
    }
    return weights;
}

static itgc_tensor *repeat_bias(itgc_graph *graph, const itgc_tensor *bias, int64_t count)
{
    const int64_t channels = itgc_elements(&bias->shape);
    const itgc_shape shape = {.rank = 1, .dim = {channels * count}};
    float *to;
    itgc_tensor *repeated = itgc_make_weights(graph, bias->name, &shape, &to);
    for (int64_t i = 0; i < channels * count; i++) {
        to[i] = bias->constant->f[i / count];
    }
    return repeated;
}

/* The convolution that gives every phase of every position. */
static itgc_tensor *insert_phases(itgc_graph *graph, const itgc_node *node, const phases *y, const phases *x)
{
    const itgc_convtranspose_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const bool has_bias = node->in_count > 2 && node->in[2];
    itgc_tensor *in[3] = {node->in[0], make_phase_weights(graph, node, y, x),
                          has_bias ? repeat_bias(graph, node->in[2], y->stride * x->stride) : NULL};
    itgc_node *conv = itgc_insert_node(graph, "Conv", node->out[0]->name, in, has_bias ? 3 : 2);
    itgc_conv_params *made = conv->params;
    *made = (itgc_conv_params){.group = params->conv.group,
                               .window = {.rank = 2,
                                          .kernel = {y->taps, x->taps},
                                          .stride = {1, 1},
                                          .dilation = {1, 1},
                                          .before = {y->taps - 1, x->taps - 1},
                                          .after = {y->positions - shape->dim[1], x->positions - shape->dim[2]},
                                          .channels_last = true}};
    return itgc_infer_node(graph, conv) ? conv->out[0] : NULL;
}

/* An activation that nothing comes before goes where the convolution can take it in. */
static itgc_tensor *move_activation(itgc_graph *graph, itgc_node **node, itgc_tensor *phases_of_all)
{
    itgc_node *reader = itgc_only_reader((*node)->out[0]);
    if (!reader || reader->in_count == 0 || strcmp(reader->op->family, "unary") != 0 || reader->out_count != 1 || reader->op == &itgc_op_function) {
        return phases_of_all;
    }
    itgc_tensor *out = itgc_insert_unary(graph, reader->type, reader->params, reader->out[0]->name, phases_of_all);
    *node = reader;
    return out;
}

/* A ConvTranspose along a line is one over a plane of height 1; the new node comes by again. */
static bool lift_line(itgc_graph *graph, itgc_node *node)
{
    const itgc_convtranspose_params *params = node->params;
    const char *name = node->out[0]->name;
    const itgc_shape *x = &node->in[0]->shape, *w = &node->in[1]->shape;
    const itgc_shape plane = {.rank = 4, .dim = {x->dim[0], 1, x->dim[1], x->dim[2]}};
    const itgc_shape kernel = {.rank = 4, .dim = {w->dim[0], w->dim[1], 1, w->dim[2]}};
    float *values;
    itgc_tensor *in[3] = {itgc_insert_reshape(graph, name, node->in[0], &plane), itgc_make_weights(graph, node->in[1]->name, &kernel, &values),
                          node->in_count > 2 ? node->in[2] : NULL};
    memcpy(values, node->in[1]->constant->f, (size_t)itgc_elements(w) * sizeof values[0]);
    itgc_node *lifted = in[0] ? itgc_insert_node(graph, "ConvTranspose", name, in, in[2] ? 3 : 2) : NULL;
    if (!lifted) {
        return false;
    }
    itgc_convtranspose_params *made = lifted->params;
    const itgc_window *window = &params->conv.window;
    made->conv = (itgc_conv_params){.group = params->conv.group,
                                    .window = {.rank = 2,
                                               .kernel = {1, window->kernel[0]},
                                               .stride = {1, window->stride[0]},
                                               .dilation = {1, window->dilation[0]},
                                               .before = {0, window->before[0]},
                                               .after = {0, window->after[0]},
                                               .channels_last = true}};
    made->out_padding[1] = params->out_padding[0];
    itgc_tensor *out = itgc_infer_node(graph, lifted) ? itgc_insert_reshape(graph, name, lifted->out[0], &node->out[0]->shape) : NULL;
    return out && itgc_replace_node(graph, node, out);
}

static bool expand_transposed(itgc_graph *graph, itgc_node *node)
{
    static const int64_t perm[6] = {0, 1, 4, 2, 5, 3};
    const itgc_convtranspose_params *params = node->params;
    const bool has_bias = node->in_count > 2 && node->in[2];
    if (!params->conv.window.channels_last || params->conv.window.rank > 2 || !itgc_is_weights(node->in[1]) || node->in[0]->constant ||
        (has_bias && !itgc_is_weights(node->in[2]))) {
        return true;
    }
    if (params->conv.window.rank == 1) {
        return lift_line(graph, node);
    }
    const itgc_shape *in = &node->in[0]->shape;
    const itgc_shape out = node->out[0]->shape;
    const phases y = read_phases(params, in, &out, 0), x = read_phases(params, in, &out, 1);
    if (y.before < 0 || x.before < 0 || !is_worthwhile(&params->conv.window, &y, &x)) {
        return true;
    }
    itgc_node *last = node;
    itgc_tensor *result = insert_phases(graph, node, &y, &x);
    result = result ? move_activation(graph, &last, result) : NULL;
    if (!result) {
        return false;
    }
    const char *name = last->out[0]->name;
    const int64_t dim[6] = {in->dim[0], y.positions, x.positions, out.dim[3], y.stride, x.stride};
    const itgc_shape whole = {.rank = 4, .dim = {in->dim[0], y.positions * y.stride, x.positions * x.stride, out.dim[3]}};
    result = insert_shuffle(graph, name, result, dim, perm, &whole);
    if (result && whole.dim[1] != y.out) {
        result = itgc_insert_slice(graph, name, result, 1, y.before, y.before + y.out);
    }
    if (result && whole.dim[2] != x.out) {
        result = itgc_insert_slice(graph, name, result, 2, x.before, x.before + x.out);
    }
    return result && itgc_replace_node(graph, last, result);
}

/* Row i of the matrix: with what weights output i reads its inputs. False where it reads something else than inputs. */
static bool fill_matrix(itgc_graph *graph, const itgc_resize_params *params, int axis, const itgc_shape *matrix, float *to)
{
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    itgc_resize_taps taps;
    bool fine = true;
    itgc_fill_resize_taps(&taps, scratch, params, axis, matrix->dim[1], matrix->dim[0]);
    for (int64_t i = 0; i < matrix->dim[0] * taps.count; i++) {
        const int64_t row = i / taps.count;
        fine = fine && taps.source[row * taps.count] >= 0;
        if (fine) {
            to[row * matrix->dim[1] + taps.source[i]] += taps.weight[i];
        }
    }
    itgc_release_arena(scratch);
    return fine;
}

/* x [outer, in, inner] as rows of the axis, times the matrix, and back. */
static itgc_tensor *blend_axis(itgc_graph *graph, const char *name, itgc_tensor *x, int axis, itgc_tensor *matrix)
{
    static const int64_t swap[3] = {0, 2, 1};
    const itgc_shape shape = x->shape;
    const int64_t outer = itgc_elements_before(&shape, axis), inner = itgc_elements_after(&shape, axis + 1);
    const itgc_shape apart = {.rank = 3, .dim = {outer, shape.dim[axis], inner}};
    const itgc_shape rows = {.rank = 2, .dim = {outer * inner, shape.dim[axis]}};
    const itgc_shape blended = {.rank = 3, .dim = {outer, inner, matrix->shape.dim[0]}};
    itgc_tensor *at = itgc_insert_reshape(graph, name, x, &apart);
    at = at ? itgc_insert_transpose(graph, name, at, swap) : NULL;
    at = at ? itgc_insert_reshape(graph, name, at, &rows) : NULL;
    itgc_tensor *in[2] = {at, matrix};
    itgc_node *gemm = at ? itgc_insert_node(graph, "Gemm", name, in, 2) : NULL;
    if (!gemm) {
        return NULL;
    }
    *(itgc_gemm_params *)gemm->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    itgc_shape back = shape;
    back.dim[axis] = matrix->shape.dim[0];
    at = itgc_infer_node(graph, gemm) ? itgc_insert_reshape(graph, name, gemm->out[0], &blended) : NULL;
    at = at ? itgc_insert_transpose(graph, name, at, swap) : NULL;
    return at ? itgc_insert_reshape(graph, name, at, &back) : NULL;
}

static bool expand_resize(itgc_graph *graph, itgc_node *node)
{
    const itgc_resize_params *params = node->params;
    const char *name = node->out[0]->name;
    itgc_tensor *out = node->in[0];
    if (params->mode == ITGC_RESIZE_NEAREST || !itgc_is_float(out->type) || out->constant) {
        return true;
    }
    for (int axis = 0; axis < node->out[0]->shape.rank && out; axis++) {
        const itgc_shape shape = {.rank = 2, .dim = {node->out[0]->shape.dim[axis], node->in[0]->shape.dim[axis]}};
        float *values;
        if (shape.dim[0] == shape.dim[1] && params->scale[axis] == 1.0 && params->coordinates != ITGC_CROP_AND_RESIZE) {
            continue;
        }
        itgc_tensor *matrix = itgc_make_weights(graph, name, &shape, &values);
        if (!fill_matrix(graph, params, axis, &shape, values)) {
            return true;
        }
        out = blend_axis(graph, name, out, axis, matrix);
    }
    if (out == node->in[0]) { /* no axis changes */
        out = itgc_insert_reshape(graph, name, out, &node->out[0]->shape);
    }
    return out && itgc_replace_node(graph, node, out);
}

static const struct {
    const char *type;
    bool (*expand)(itgc_graph *graph, itgc_node *node);
} rules[] = {
    {"DepthToSpace", expand_block},       {"SpaceToDepth", expand_block}, {"Tile", expand_tile},
    {"ConvTranspose", expand_transposed}, {"Resize", expand_resize},      {"Upsample", expand_resize},
};

bool itgc_expand_spatial(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) { /* nodes made on the way come by too */
        itgc_node *node = graph->nodes[i];
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            if (itgc_is_op(node, rules[k].type) && node->in[0] && !rules[k].expand(graph, node)) {
                return false;
            }
        }
    }
    return true;
}
