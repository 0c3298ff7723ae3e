/* SPDX-License-Identifier: Apache-2.0
 * Which steps may follow one another in a cascade: convolutions, depthwise ones, poolings, sums and, as the last, means over the image, where the
 * second alone reads the images that the first one writes. A wide convolution behind another step costs time: it reads all its weights for each row.
 * In: a graph whose steps are packed. Called by choose_cascades.c. */
#include "compiler/ops/op.h"
#include "compiler/schedule/cascade.h"

#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

static bool is_op(const itgc_step *step, itg_op *run)
{
    return step->kind->run == run;
}

/* A sum of two computed tensors of images, neither repeated. */
static bool is_dense_sum(const itgc_step *step)
{
    const itgc_shape *shape = &step->out->shape;
    return is_op(step, itg_op_add) && step->node && step->in[1] && !((const itg_add *)step->params)->b_constant && shape->rank == 4 &&
           itgc_elements(shape) <= INT32_MAX && itgc_same_shape(shape, &step->in[0]->shape) && itgc_same_shape(shape, &step->in[1]->shape);
}

/* Bytes of an image that is read or written, of this type at most, fit an int32. */
static bool fits_words(const int32_t shape[3], itg_type type)
{
    const int64_t pixels = (int64_t)shape[0] * shape[1];
    return pixels <= INT32_MAX && pixels * shape[2] <= INT32_MAX / (int64_t)itgc_code_bytes(type);
}

/* A mean or sum over all positions of an image. */
static bool is_image_mean(const itgc_step *step)
{
    if (!is_op(step, itg_op_reduce)) {
        return false;
    }
    const itg_reduce *reduce = step->params;
    const itgc_shape *shape = &step->in[0]->shape;
    return shape->rank == 4 && reduce->inner == shape->dim[3] && reduce->count == shape->dim[1] * shape->dim[2] && itgc_elements(shape) <= INT32_MAX;
}

static bool is_tier(const itgc_step *step)
{
    if (step->partial ||
        !(is_op(step, itg_op_conv) || is_op(step, itg_op_depthwise) || is_op(step, itg_op_pool) || is_dense_sum(step) || is_image_mean(step))) {
        return false;
    }
    const itgc_windows shape = itgc_windows_of(step);
    return fits_words(shape.in, ITG_S16) && fits_words(shape.out, ITG_S32);
}

/* Transformed layers take the images of a batch together, which is faster than what a cascade saves. */
static bool is_shared_transform(const itgc_graph *graph, const itgc_step *step)
{
    bool is_transformed = false;
    for (int k = 0; k < graph->packing_count && is_op(step, itg_op_conv); k++) {
        is_transformed = is_transformed || itg_is_transformed(step->variants[k]);
    }
    return is_transformed && step->rows > (uint32_t)((const itg_conv *)step->params)->out[0];
}

/* Dense images of more than one row, or a band would be all. */
static bool writes_images(const itgc_step *step)
{
    const bool is_dense = !is_op(step, itg_op_conv) || ((const itg_conv *)step->params)->out_pitch == 0;
    return is_dense && !is_op(step, itg_op_reduce) && itgc_windows_of(step).out[0] > 1;
}

static int64_t count_images(const itgc_step *step)
{
    if (is_op(step, itg_op_reduce)) {
        return step->rows;
    }
    return itgc_elements(&step->out->shape) / ((int64_t)itgc_windows_of(step).out[0] * itgc_windows_of(step).out[1] * itgc_windows_of(step).out[2]);
}

/* The index of the step that alone writes `tensor`, which `reader` alone reads; -1: there is none that a cascade can hold. */
static int find_writer(const itgc_graph *graph, const itgc_step *reader, itgc_tensor *tensor)
{
    const itgc_step *writer = itgc_find_writer(graph, reader, tensor);
    if (!writer || !is_tier(writer) || !writes_images(writer)) {
        return -1;
    }
    int i = 0;
    while (graph->steps[i] != writer) {
        i++;
    }
    return i;
}

/* The convolution that alone writes the sum's operand `index`, -1 if it is none or cannot be computed inside. */
static int find_term(const itgc_graph *graph, const itgc_step *sum, int index)
{
    const itg_add *add = sum->params;
    const bool is_finer = itg_element_bytes(add->a_type) != itg_element_bytes(add->b_type); /* it is the first, for the kernels */
    itgc_tensor *term = sum->in[index];
    return (is_finer && index > 0) || !itgc_is_inner_term(sum->node, term) ? -1 : find_writer(graph, sum, term);
}

/* Of two convolutions the later one, before which the other's result is there. */
static bool find_sum_edge(const itgc_graph *graph, int to, itgc_edge *edge)
{
    const itgc_step *sum = graph->steps[to];
    const int first = find_term(graph, sum, 0), second = find_term(graph, sum, 1);
    const int operand = second > first;
    *edge = (itgc_edge){.from = operand ? second : first, .to = to, .operand = operand, .is_preferred = true};
    return edge->from >= 0;
}

/* A dense convolution of more than single pixels. */
static bool is_wide(const itgc_step *step)
{
    const itgc_windows shape = itgc_windows_of(step);
    return is_op(step, itg_op_conv) && (shape.kernel[0] > 1 || shape.kernel[1] > 1);
}

bool itgc_find_edge(const itgc_graph *graph, int to, itgc_edge *edge)
{
    const itgc_step *step = graph->steps[to];
    if (!is_tier(step) || (is_op(step, itg_op_conv) && !writes_images(step))) {
        return false;
    }
    if (is_op(step, itg_op_add)) {
        return find_sum_edge(graph, to, edge);
    }
    *edge = (itgc_edge){.from = find_writer(graph, step, step->in[0]), .to = to, .is_costly = is_wide(step)};
    if (edge->from < 0 || is_shared_transform(graph, graph->steps[edge->from])) {
        return false;
    }
    const itgc_step *writer = graph->steps[edge->from];
    const itgc_windows given = itgc_windows_of(writer), read = itgc_windows_of(step);
    return memcmp(given.out, read.in, sizeof read.in) == 0 && count_images(writer) == count_images(step);
}
