/* SPDX-License-Identifier: Apache-2.0
 * The chain between a graph input and the first layer (Cast, scale, mean, std, channel order, layout) and the preprocessing given as
 * options go into the weights, bias and padding of the Convs that read it, so that the graph input takes raw pixels. A chain that
 * something else reads stays as it is; fold_batchnorm makes explicit nodes of it. Sets graph->input_is_pixels. */
#include "compiler/lower/affine.h"
#include "compiler/lower/passes.h"

#include <string.h>

/* What lies between input and `end`: transposed by perm, channels picked by index (along axis), then scale and shift. */
typedef struct chain {
    itgc_affine affine; /* in: the graph input, out: the end; axis and channels in the order of the end */
    int64_t perm[ITGC_MAX_RANK];
    int64_t *index; /* of the end's channel i: its number in the input; NULL: unchanged */
    bool is_long;   /* there is something to fold */
} chain;

/* scale and shift for `channels` channels along axis, from the single pair there was. */
static bool spread(itgc_graph *graph, chain *c, int axis, int64_t channels)
{
    itgc_affine *affine = &c->affine;
    if (affine->axis >= 0) {
        return affine->axis == axis;
    }
    double *scale = ITGC_NEW_ARRAY(graph->arena, double, channels), *shift = ITGC_NEW_ARRAY(graph->arena, double, channels);
    for (int64_t i = 0; i < channels; i++) {
        scale[i] = affine->scale[0];
        shift[i] = affine->shift[0];
    }
    *affine = (itgc_affine){affine->in, affine->out, axis, channels, scale, shift};
    return true;
}

static bool step_affine(itgc_graph *graph, chain *c, const itgc_node *node)
{
    itgc_affine next;
    if (!itgc_read_affine(graph, node, &next) || (next.axis >= 0 && !spread(graph, c, next.axis, next.channels))) {
        return false;
    }
    for (int64_t i = 0; i < c->affine.channels; i++) {
        const int64_t k = next.axis < 0 ? 0 : i;
        c->affine.scale[i] *= next.scale[k];
        c->affine.shift[i] = c->affine.shift[i] * next.scale[k] + next.shift[k];
    }
    return true;
}

static void step_transpose(chain *c, const itgc_node *node)
{
    const int rank = node->in[0]->shape.rank;
    int64_t perm[ITGC_MAX_RANK], before[ITGC_MAX_RANK];
    itgc_read_perm(node, perm);
    memcpy(before, c->perm, sizeof before);
    const int old_axis = c->affine.axis;
    for (int i = 0; i < rank; i++) {
        c->perm[i] = before[perm[i]];
        if (perm[i] == old_axis) {
            c->affine.axis = i;
        }
    }
}

/* Channel order by Gather with constants or a Slice backwards: picks[i] is what output channel i reads. False if it is no permutation. */
static bool read_picks(const itgc_node *node, int *axis, int64_t *picks, int64_t capacity)
{
    const itgc_shape *shape = &node->in[0]->shape;
    if (!itgc_same_shape(shape, &node->out[0]->shape)) {
        return false;
    }
    if (itgc_is_op(node, "Gather")) {
        const itgc_value *index = node->in[1]->constant;
        const int64_t given = ((const itgc_axis_params *)node->params)->axis;
        *axis = (int)(given < 0 ? given + shape->rank : given);
        if (!index || !index->i || index->shape.rank != 1 || shape->dim[*axis] > capacity) {
            return false;
        }
        for (int64_t i = 0; i < shape->dim[*axis]; i++) {
            picks[i] = index->i[i] < 0 ? index->i[i] + shape->dim[*axis] : index->i[i];
        }
    } else {
        const itgc_slice_params *slice = node->params;
        *axis = -1;
        for (int i = 0; i < slice->count; i++) {
            if (slice->step[i] != 1) {
                *axis = *axis == -1 && slice->step[i] == -1 ? (int)slice->axis[i] : shape->rank;
            }
        }
        if (*axis < 0 || *axis >= shape->rank || shape->dim[*axis] > capacity) {
            return false;
        }
        for (int64_t i = 0; i < shape->dim[*axis]; i++) {
            picks[i] = shape->dim[*axis] - 1 - i;
        }
    }
    uint64_t seen = 0;
    for (int64_t i = 0; i < shape->dim[*axis]; i++) {
        seen |= 1ull << picks[i];
    }
    return seen == (1ull << shape->dim[*axis]) - 1;
}

static bool step_pick(itgc_graph *graph, chain *c, const itgc_node *node)
{
    int64_t picks[32];
    int axis;
    if (!read_picks(node, &axis, picks, 32) || !spread(graph, c, axis, node->in[0]->shape.dim[axis])) {
        return false;
    }
    const int64_t count = c->affine.channels;
    int64_t *index = ITGC_NEW_ARRAY(graph->arena, int64_t, count);
    double *scale = ITGC_NEW_ARRAY(graph->arena, double, count), *shift = ITGC_NEW_ARRAY(graph->arena, double, count);
    for (int64_t i = 0; i < count; i++) {
        index[i] = c->index ? c->index[picks[i]] : picks[i];
        scale[i] = c->affine.scale[picks[i]];
        shift[i] = c->affine.shift[picks[i]];
    }
    c->index = index;
    c->affine.scale = scale;
    c->affine.shift = shift;
    return true;
}

static bool step(itgc_graph *graph, chain *c, const itgc_node *node)
{
    if (node->in[0] != c->affine.out) {
        return false;
    }
    if (itgc_is_op(node, "Transpose")) {
        step_transpose(c, node);
        return true;
    }
    if (itgc_is_op(node, "Gather") || itgc_is_op(node, "Slice")) {
        return step_pick(graph, c, node);
    }
    return step_affine(graph, c, node);
}

static chain read_chain(itgc_graph *graph, itgc_tensor *input)
{
    chain c = {.affine = {.in = input, .out = input, .axis = -1, .channels = 1}};
    c.affine.scale = ITGC_NEW_ARRAY(graph->arena, double, 1);
    c.affine.shift = ITGC_NEW_ARRAY(graph->arena, double, 1);
    c.affine.scale[0] = 1.0;
    for (int i = 0; i < ITGC_MAX_RANK; i++) {
        c.perm[i] = i;
    }
    for (;;) {
        const itgc_node *node = itgc_only_reader(c.affine.out);
        if (!node || node->in_count == 0 || !step(graph, &c, node)) {
            return c;
        }
        c.affine.out = node->out[0];
        c.is_long = true;
    }
}

static bool is_foldable(const chain *c)
{
    const itgc_affine *affine = &c->affine;
    if (!c->is_long || affine->out->is_output || affine->out->use_count == 0 || (c->index && affine->axis != 1)) {
        return false;
    }
    for (int i = 0; i < affine->out->use_count; i++) {
        const itgc_node *reader = affine->out->uses[i];
        if (!itgc_is_op(reader, "Conv") || !itgc_takes_affine(reader, affine, true) ||
            (c->index && ((const itgc_conv_params *)reader->params)->group != 1)) {
            return false;
        }
    }
    return true;
}

static bool fold_chain(itgc_graph *graph, const chain *c)
{
    itgc_tensor *in = c->affine.in;
    bool is_moved = false;
    for (int i = 0; i < in->shape.rank; i++) {
        is_moved = is_moved || c->perm[i] != i;
    }
    itgc_tensor *source = is_moved ? itgc_insert_transpose(graph, itgc_sprint(graph->arena, "%s/moved", in->name), in, c->perm) : in;
    while (source && c->affine.out->use_count > 0) {
        itgc_node *reader = c->affine.out->uses[0];
        itgc_scale_inputs(graph, reader, &c->affine, c->index);
        itgc_set_input(graph, reader, 0, source);
    }
    return source != NULL;
}

/* 0..255 brought to 0..1 or to -1..1 by one number, or means that only make sense in grey levels. */
static bool is_pixel_chain(const chain *c)
{
    static const double units[] = {1.0 / 255.0, 1.0 / 256.0, 2.0 / 255.0, 2.0 / 256.0};
    const itgc_affine *affine = &c->affine;
    const bool is_photo = affine->in->shape.rank == 4 && affine->channels == 3;
    bool is_level = is_photo;
    bool is_unit = false;
    for (int64_t i = 0; i < affine->channels; i++) {
        const double mean = -affine->shift[i] / affine->scale[i];
        is_level = is_level && mean >= 16.0 && mean <= 240.0;
    }
    for (int i = 0; i < 4; i++) {
        is_unit = is_unit || (affine->axis == -1 && itgc_is_about(affine->scale[0], units[i]));
    }
    return is_level || is_unit;
}

/* Walks the chain again, looking at each prefix: the division by 255 is its own node before the standard deviations join it. */
static bool finds_pixels(itgc_graph *graph, itgc_tensor *input)
{
    chain c = read_chain(graph, input);
    if (c.is_long && is_pixel_chain(&c)) {
        return true;
    }
    for (itgc_tensor *tensor = input; tensor != c.affine.out;) {
        itgc_node *node = itgc_only_reader(tensor);
        itgc_affine affine;
        if (itgc_read_affine(graph, node, &affine)) {
            chain one = {.affine = affine};
            one.affine.in = input;
            if (affine.axis == -1 && is_pixel_chain(&one)) {
                return true;
            }
        }
        tensor = node->out[0];
    }
    return false;
}

/* An integer input that is only cast to float becomes a float input that holds those integers. */
static void drop_input_cast(itgc_graph *graph, itgc_tensor *input)
{
    for (int i = 0; i < input->use_count; i++) {
        if (!itgc_is_op(input->uses[i], "Cast") || !itgc_is_float(input->uses[i]->out[0]->type) || input->uses[i]->out[0]->is_output) {
            return;
        }
    }
    if (itgc_is_float(input->type) || input->use_count == 0) {
        return;
    }
    graph->input_is_pixels = graph->input_is_pixels || (input == graph->inputs[0] && input->type == ITGC_U8);
    input->type = ITGC_F32;
    const int count = input->use_count;
    itgc_node **casts = ITGC_NEW_ARRAY(graph->arena, itgc_node *, count); /* a copy: what reads the casts becomes a use of the input */
    memcpy(casts, input->uses, (size_t)count * sizeof casts[0]);
    for (int i = 0; i < count; i++) {
        itgc_redirect(graph, casts[i]->out[0], input);
        itgc_detach(graph, casts[i]);
    }
}

/* Which dimension of an image input has the channels; -1 if none has that many. */
static int find_image_axis(const itgc_shape *shape, int64_t channels)
{
    if (shape->rank == 4 && shape->dim[1] == channels) {
        return 1;
    }
    return shape->rank >= 3 && shape->dim[shape->rank - 1] == channels ? shape->rank - 1 : -1;
}

static itgc_tensor *insert_reversal(itgc_graph *graph, itgc_tensor *in)
{
    static const int64_t reversed[3] = {2, 1, 0};
    itgc_tensor *inputs[2] = {in, itgc_make_ints(graph, in->name, reversed, 3)};
    itgc_node *node = itgc_insert_node(graph, "Gather", in->name, inputs, 2);
    ((itgc_axis_params *)node->params)->axis = find_image_axis(&in->shape, 3);
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

/* (x * scale - mean) / std as Mul and Add with one value per channel. */
static itgc_tensor *insert_preprocessing(itgc_graph *graph, itgc_tensor *in, const itgc_lower_options *options)
{
    const int count = options->mean_count > 1 ? options->mean_count : 1;
    const int axis = count > 1 ? find_image_axis(&in->shape, count) : -1;
    const itgc_shape shape = {.rank = axis < 0 ? 0 : in->shape.rank - axis, .dim = {count, 1, 1, 1, 1, 1, 1, 1}};
    float *scale, *shift;
    itgc_tensor *scales = itgc_make_weights(graph, in->name, &shape, &scale);
    itgc_tensor *shifts = itgc_make_weights(graph, in->name, &shape, &shift);
    for (int i = 0; i < count; i++) {
        const double deviation = options->mean_count > 0 && options->std[i] != 0.0 ? options->std[i] : 1.0;
        const double mean = options->mean_count > 0 ? options->mean[i] : 0.0;
        scale[i] = (float)((options->scale != 0.0 ? options->scale : 1.0) / deviation);
        shift[i] = (float)(-mean / deviation);
    }
    const char *name = itgc_sprint(graph->arena, "%s/normalized", in->name);
    itgc_tensor *scaled = itgc_insert_binary(graph, "Mul", name, in, scales);
    return scaled ? itgc_insert_binary(graph, "Add", name, scaled, shifts) : NULL;
}

static bool insert_options(itgc_graph *graph, itgc_tensor *input, const itgc_lower_options *options)
{
    const int needed = options->bgr ? 3 : options->mean_count > 1 ? options->mean_count : 0;
    if (needed > 0 && find_image_axis(&input->shape, needed) < 0) {
        return itgc_fail(graph->diag, 214, "input \"%s\" %s has no dimension of %d channels; give as many means as the image has channels",
                         input->name, itgc_shape_text(graph->arena, &input->shape), needed);
    }
    const int use_count = input->use_count;
    itgc_node **uses = ITGC_NEW_ARRAY(graph->arena, itgc_node *, use_count);
    for (int i = 0; i < use_count; i++) {
        uses[i] = input->uses[i];
    }
    itgc_tensor *x = options->bgr ? insert_reversal(graph, input) : input;
    x = x ? insert_preprocessing(graph, x, options) : NULL;
    for (int i = 0; x && i < use_count; i++) {
        for (int k = 0; k < uses[i]->in_count; k++) {
            if (uses[i]->in[k] == input) {
                itgc_set_input(graph, uses[i], k, x);
            }
        }
    }
    graph->input_is_pixels = true;
    return x != NULL;
}

bool itgc_fold_input(itgc_graph *graph, const itgc_lower_options *options)
{
    const bool is_given = options->mean_count > 0 || options->bgr || (options->scale != 0.0 && options->scale != 1.0);
    for (int i = 0; i < graph->input_count; i++) {
        itgc_tensor *input = graph->inputs[i];
        drop_input_cast(graph, input);
        if (i == 0 && is_given && !insert_options(graph, input, options)) {
            return false;
        }
        if (i == 0 && !is_given && finds_pixels(graph, input)) {
            graph->input_is_pixels = true;
        }
        const chain c = read_chain(graph, input);
        if (is_foldable(&c) && !fold_chain(graph, &c)) {
            return false;
        }
    }
    return true;
}
