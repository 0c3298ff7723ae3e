/* SPDX-License-Identifier: Apache-2.0
 * Col2Im (ONNX opset 18): columns [N, C * block, positions], one per position of a window, are added up in the image [N, C, …] they were cut
 * from. In: columns, image_shape and block_shape (constants). 1 to 3 spatial dimensions. */
#include "compiler/ops/window.h"

#include <string.h>

#define NAMED_SHAPE 1 /* inputs */
#define NAMED_BLOCK 2

typedef struct col2im_params {
    itgc_window window;
    int64_t image[ITGC_MAX_SPATIAL], places[ITGC_MAX_SPATIAL]; /* places of the window along each dimension */
} col2im_params;

static bool parse_col2im(itgc_node *node, itgc_diag *diag)
{
    return itgc_parse_window(node, diag, &((col2im_params *)node->params)->window);
}

static bool read_shapes(const itgc_node *node, itgc_diag *diag, col2im_params *params)
{
    itgc_window *const window = &params->window;
    int rank, block_rank;
    if (!itgc_constant_ints(diag, node, NAMED_SHAPE, params->image, ITGC_MAX_SPATIAL, &rank) ||
        !itgc_constant_ints(diag, node, NAMED_BLOCK, window->kernel, ITGC_MAX_SPATIAL, &block_rank)) {
        return false;
    }
    if (rank < 1 || rank != block_rank || (window->rank != 0 && window->rank != rank)) {
        return itgc_fail(diag, 220, "image, block, strides, dilations and pads differ in their number of dimensions; export the model again");
    }
    window->rank = rank;
    for (int i = 0; i < rank; i++) {
        const int64_t most = (int64_t)1 << 24;
        if (params->image[i] < 1 || params->image[i] > most || window->kernel[i] < 1 || window->kernel[i] > most) {
            return itgc_fail(diag, 223, "an image or block size is not between 1 and 2^24; check the input shape");
        }
        const int64_t room = params->image[i] + window->before[i] + window->after[i] - window->dilation[i] * (window->kernel[i] - 1) - 1;
        params->places[i] = room < 0 ? 0 : room / window->stride[i] + 1;
    }
    return true;
}

static bool infer_col2im(itgc_node *node, itgc_diag *diag)
{
    col2im_params *const params = node->params;
    const itgc_shape *const x = &node->in[0]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !read_shapes(node, diag, params)) {
        return false;
    }
    itgc_shape y = {.rank = 2 + params->window.rank};
    int64_t block = 1, places = 1;
    for (int i = 0; i < params->window.rank; i++) {
        if (block > INT32_MAX || places > INT32_MAX) {
            return itgc_fail(diag, 223, "the block is too large; check the input shape");
        }
        block *= params->window.kernel[i];
        places *= params->places[i];
        y.dim[2 + i] = params->image[i];
    }
    if (x->rank != 3 || x->dim[1] % block != 0 || x->dim[2] != places) {
        return itgc_fail(diag, 223, "its input %s does not hold %lld places of blocks of %lld; check the input shape",
                         itgc_shape_text(diag->arena, x), (long long)places, (long long)block);
    }
    y.dim[0] = x->dim[0];
    y.dim[1] = x->dim[1] / block;
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

/* Where tap `tap` of the window at `place` lies in the image; -1: in the padding. */
static int64_t find_pixel(const col2im_params *params, int64_t tap, int64_t place)
{
    const itgc_window *const window = &params->window;
    int64_t pixel = 0, step = 1;
    for (int i = window->rank - 1; i >= 0; i--) {
        const int64_t at = place % params->places[i] * window->stride[i] - window->before[i] + tap % window->kernel[i] * window->dilation[i];
        if (at < 0 || at >= params->image[i]) {
            return -1;
        }
        pixel += at * step;
        step *= params->image[i];
        place /= params->places[i];
        tap /= window->kernel[i];
    }
    return pixel;
}

static bool eval_col2im(const itgc_eval *eval)
{
    const col2im_params *const params = eval->node->params;
    const itgc_shape *const x = &eval->in[0]->shape, *const y = &eval->out[0]->shape;
    const int64_t images = y->dim[0] * y->dim[1], places = x->dim[2];
    if (images == 0) {
        return true;
    }
    const int64_t taps = x->dim[1] / y->dim[1], pixels = itgc_elements(y) / images;
    float *const out = eval->out[0]->f;
    const float *const in = eval->in[0]->f;
    memset(out, 0, (size_t)(images * pixels) * sizeof(float));
    for (int64_t tap = 0; tap < taps; tap++) {
        for (int64_t place = 0; place < places; place++) {
            const int64_t pixel = find_pixel(params, tap, place);
            for (int64_t i = 0; pixel >= 0 && i < images; i++) {
                out[i * pixels + pixel] += in[(i * taps + tap) * places + place];
            }
        }
    }
    return true;
}

const itgc_op itgc_op_col2im = {.family = "col2im",
                                .attributes = "dilations pads strides",
                                .min_inputs = 3,
                                .max_inputs = 3,
                                .max_outputs = 1,
                                .params_bytes = sizeof(col2im_params),
                                .parse = parse_col2im,
                                .infer = infer_col2im,
                                .eval = eval_col2im};
