/* SPDX-License-Identifier: Apache-2.0
 * DepthToSpace and SpaceToDepth (ONNX opsets 1 to 28), modes DCR and CRD: one permutation of [n, c, row in block, column in block, h, w].
 * In: [N,C,H,W] or [N,H,W,C], any type. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <string.h>

enum { IMAGE, CHANNEL, BLOCK_ROW, BLOCK_COLUMN, ROW, COLUMN, INDICES };

static bool parse_block(itgc_node *node, itgc_diag *diag)
{
    itgc_block_params *const params = node->params;
    const char *const mode = itgc_string_attribute(node, "mode", "DCR");
    params->size = itgc_int_attribute(node, "blocksize", 0);
    params->to_space = strcmp(node->type, "DepthToSpace") == 0;
    params->column_first = strcmp(mode, "CRD") == 0;
    if (params->size < 1 || params->size > 4096) {
        return itgc_fail(diag, 227, "blocksize %" PRId64 " is not supported; 1 to 4096 is", params->size);
    }
    return params->column_first || strcmp(mode, "DCR") == 0 || itgc_fail(diag, 231, "mode \"%.40s\" is unknown; DCR and CRD are supported", mode);
}

static bool infer_block(itgc_node *node, itgc_diag *diag)
{
    const itgc_block_params *const params = node->params;
    const int64_t size = params->size;
    itgc_shape y = node->in[0]->shape;
    if (y.rank != 4) {
        return itgc_fail(diag, 223, "its input has %d dimensions; 4 are supported", y.rank);
    }
    int64_t *const channels = &y.dim[params->channels_last ? 3 : 1];
    int64_t *const height = &y.dim[params->channels_last ? 1 : 2], *const width = height + 1;
    if (params->to_space ? *channels % (size * size) != 0 : *height % size != 0 || *width % size != 0) {
        return itgc_fail(diag, 223, "its input %s cannot be split into blocks of %" PRId64 "; check the input shape",
                         itgc_shape_text(diag->arena, &node->in[0]->shape), size);
    }
    *channels = params->to_space ? *channels / (size * size) : *channels * size * size;
    *height = params->to_space ? *height * size : *height / size;
    *width = params->to_space ? *width * size : *width / size;
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

/* Strides of the six indices in the tensor with deep channels and in the one with the large plane. */
static void fill_strides(const itgc_block_params *params, const int64_t *dim, int64_t *depth, int64_t *space)
{
    const int64_t size = params->size, deep = dim[CHANNEL] * size * size, wide = dim[COLUMN] * size, high = dim[ROW] * size;
    const int64_t deep_step = params->channels_last ? 1 : dim[ROW] * dim[COLUMN], step = params->channels_last ? 1 : high * wide;
    const int64_t depth_column = params->channels_last ? deep : 1, space_column = params->channels_last ? dim[CHANNEL] : 1;
    depth[IMAGE] = space[IMAGE] = deep * dim[ROW] * dim[COLUMN];
    depth[CHANNEL] = params->column_first ? size * size * deep_step : deep_step;
    depth[BLOCK_COLUMN] = params->column_first ? deep_step : dim[CHANNEL] * deep_step;
    depth[BLOCK_ROW] = depth[BLOCK_COLUMN] * size;
    depth[COLUMN] = depth_column;
    depth[ROW] = depth_column * dim[COLUMN];
    space[CHANNEL] = step;
    space[BLOCK_COLUMN] = space_column;
    space[COLUMN] = space_column * size;
    space[BLOCK_ROW] = space_column * wide;
    space[ROW] = space[BLOCK_ROW] * size;
}

/* The walk runs over the output in its own order: larger strides first. */
static void order_indices(int *order, const int64_t *stride)
{
    for (int i = 0; i < INDICES; i++) {
        int at = i;
        for (; at > 0 && stride[order[at - 1]] < stride[i]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static bool eval_block(const itgc_eval *eval)
{
    const itgc_block_params *const params = eval->node->params;
    const itgc_shape *const deep = params->to_space ? &eval->in[0]->shape : &eval->out[0]->shape;
    const int first = params->channels_last ? 1 : 2;
    const int64_t channels = deep->dim[params->channels_last ? 3 : 1] / (params->size * params->size);
    const int64_t dim[INDICES] = {deep->dim[0], channels, params->size, params->size, deep->dim[first], deep->dim[first + 1]};
    int64_t depth[INDICES], space[INDICES], ordered[INDICES], stride[INDICES];
    int order[INDICES];
    fill_strides(params, dim, depth, space);
    order_indices(order, params->to_space ? space : depth);
    for (int i = 0; i < INDICES; i++) {
        ordered[i] = dim[order[i]];
        stride[i] = (params->to_space ? depth : space)[order[i]];
    }
    itgc_walk walk;
    itgc_init_walk(&walk, INDICES, ordered);
    itgc_add_strided(&walk, stride, 0);
    itgc_copy_walk(eval->out[0], eval->in[0], &walk);
    return true;
}

const itgc_op itgc_op_block = {.family = "depthtospace",
                               .attributes = "blocksize mode",
                               .min_inputs = 1,
                               .max_inputs = 1,
                               .max_outputs = 1,
                               .params_bytes = sizeof(itgc_block_params),
                               .parse = parse_block,
                               .infer = infer_block,
                               .eval = eval_block,
                               .format = ITGC_FORMAT_PASS};
