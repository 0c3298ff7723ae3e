/* SPDX-License-Identifier: Apache-2.0
 * Graph edits of the lowering passes: see edit.h. Uses are kept by copying the list when it grows, so that lists handed out by
 * itgc_fill_uses are never written past their end. */
#include "compiler/lower/edit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

bool itgc_is_op(const itgc_node *node, const char *type)
{
    return node && node->in_count > 0 && strcmp(node->type, type) == 0;
}

itgc_node *itgc_producer_of(const itgc_tensor *tensor, const char *type)
{
    return tensor && itgc_is_op(tensor->producer, type) ? tensor->producer : NULL;
}

itgc_node *itgc_only_reader(const itgc_tensor *tensor)
{
    return tensor->use_count == 1 && !tensor->is_output ? tensor->uses[0] : NULL;
}

bool itgc_is_weights(const itgc_tensor *tensor)
{
    return tensor && tensor->constant && itgc_is_float(tensor->constant->type);
}

bool itgc_is_scalar(const itgc_tensor *tensor, double *value)
{
    if (!itgc_is_weights(tensor)) {
        return false;
    }
    const int64_t count = itgc_elements(&tensor->constant->shape);
    const float *values = tensor->constant->f;
    for (int64_t i = 1; i < count; i++) {
        if (values[i] != values[0]) {
            return false;
        }
    }
    if (count > 0) {
        *value = (double)values[0];
    }
    return count > 0;
}

bool itgc_is_about(double a, double b)
{
    return fabs(a - b) <= 1e-4 * fabs(b);
}

int64_t itgc_elements_before(const itgc_shape *shape, int axis)
{
    int64_t product = 1;
    for (int i = 0; i < axis; i++) {
        product *= shape->dim[i];
    }
    return product;
}

int64_t itgc_elements_after(const itgc_shape *shape, int axis)
{
    int64_t product = 1;
    for (int i = axis; i < shape->rank; i++) {
        product *= shape->dim[i];
    }
    return product;
}

itgc_tensor *itgc_make_weights(itgc_graph *graph, const char *name, const itgc_shape *shape, float **values)
{
    itgc_value *value = itgc_new_value(graph->arena, ITGC_F32, shape);
    *values = value->f;
    return itgc_new_constant(graph, name, value);
}

itgc_tensor *itgc_make_scalar(itgc_graph *graph, const char *name, double value)
{
    const itgc_shape shape = {.rank = 0};
    float *values;
    itgc_tensor *tensor = itgc_make_weights(graph, name, &shape, &values);
    values[0] = (float)value;
    return tensor;
}

itgc_tensor *itgc_make_ints(itgc_graph *graph, const char *name, const int64_t *values, int count)
{
    const itgc_shape shape = {.rank = 1, .dim = {count}};
    itgc_value *value = itgc_new_value(graph->arena, ITGC_I64, &shape);
    for (int i = 0; i < count; i++) {
        value->i[i] = values[i];
    }
    return itgc_new_constant(graph, name, value);
}

static void add_use(itgc_graph *graph, itgc_tensor *tensor, itgc_node *node)
{
    void **uses = (void **)tensor->uses;
    itgc_push(graph->arena, &uses, &tensor->use_count, &tensor->use_capacity, node);
    tensor->uses = (itgc_node **)uses;
}

static void drop_use(itgc_tensor *tensor, const itgc_node *node)
{
    for (int i = 0; i < tensor->use_count; i++) {
        if (tensor->uses[i] == node) {
            memmove(&tensor->uses[i], &tensor->uses[i + 1], (size_t)(tensor->use_count - i - 1) * sizeof tensor->uses[0]);
            tensor->use_count--;
            return;
        }
    }
}

void itgc_set_input(itgc_graph *graph, itgc_node *node, int index, itgc_tensor *tensor)
{
    if (index >= node->in_count) {
        itgc_tensor **in = ITGC_NEW_ARRAY(graph->arena, itgc_tensor *, index + 1);
        for (int i = 0; i < node->in_count; i++) {
            in[i] = node->in[i];
        }
        node->in = in;
        node->in_count = index + 1;
    }
    if (node->in[index]) {
        drop_use(node->in[index], node);
    }
    node->in[index] = tensor;
    if (tensor) {
        add_use(graph, tensor, node);
    }
}

itgc_node *itgc_insert_node(itgc_graph *graph, const char *type, const char *name, itgc_tensor *const *in, int in_count)
{
    itgc_tensor *out = itgc_new_tensor(graph, name, ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(graph, type, name, in, in_count, &out, 1);
    assert(node); /* passes name only ops of the table */
    for (int i = 0; i < in_count; i++) {
        if (in[i]) {
            add_use(graph, in[i], node);
        }
    }
    return node;
}

static itgc_tensor *finish_node(itgc_graph *graph, itgc_node *node)
{
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

itgc_tensor *itgc_insert_reshape(itgc_graph *graph, const char *name, itgc_tensor *in, const itgc_shape *shape)
{
    itgc_tensor *inputs[2] = {in, itgc_make_ints(graph, name, shape->dim, shape->rank)};
    itgc_node *node = itgc_insert_node(graph, "Reshape", name, inputs, 2);
    ((itgc_list_params *)node->params)->allow_zero = true; /* sizes are meant as they are */
    return finish_node(graph, node);
}

itgc_tensor *itgc_insert_transpose(itgc_graph *graph, const char *name, itgc_tensor *in, const int64_t *perm)
{
    itgc_node *node = itgc_insert_node(graph, "Transpose", name, &in, 1);
    itgc_list_params *params = node->params;
    params->given = true;
    params->count = in->shape.rank;
    for (int i = 0; i < in->shape.rank; i++) {
        params->value[i] = perm[i];
    }
    return finish_node(graph, node);
}

static itgc_binary_kind binary_kind_of(const char *type)
{
    static const struct {
        const char *type;
        itgc_binary_kind kind;
    } kinds[] = {{"Add", ITGC_ADD}, {"Sub", ITGC_SUB}, {"Max", ITGC_MAX}, {"Min", ITGC_MIN}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type, kinds[i].type) == 0) {
            return kinds[i].kind;
        }
    }
    return ITGC_MUL;
}

itgc_tensor *itgc_insert_binary(itgc_graph *graph, const char *type, const char *name, itgc_tensor *a, itgc_tensor *b)
{
    itgc_tensor *inputs[2] = {a, b};
    itgc_node *node = itgc_insert_node(graph, type, name, inputs, 2);
    itgc_binary_params *params = node->params;
    params->kind = binary_kind_of(type);
    params->legacy_axis = -1;
    return finish_node(graph, node);
}

itgc_tensor *itgc_insert_unary(itgc_graph *graph, const char *type, const itgc_unary_params *params, const char *name, itgc_tensor *in)
{
    itgc_node *node = itgc_insert_node(graph, type, name, &in, 1);
    *(itgc_unary_params *)node->params = *params;
    return finish_node(graph, node);
}

itgc_tensor *itgc_insert_function(itgc_graph *graph, const itgc_chain *chain, const char *name, itgc_tensor *in)
{
    itgc_tensor *out = itgc_new_tensor(graph, name, ITGC_F32, NULL);
    itgc_node *node = itgc_append_node(graph, &itgc_op_function, "Function", name, &in, 1, &out, 1);
    itgc_chain *copy = ITGC_NEW(graph->arena, itgc_chain);
    itgc_unary_params *params = ITGC_NEW(graph->arena, itgc_unary_params);
    *copy = *chain;
    *params = (itgc_unary_params){.kind = ITGC_CHAIN, .chain = copy};
    node->params = params;
    add_use(graph, in, node);
    return finish_node(graph, node);
}

itgc_tensor *itgc_insert_global_mean(itgc_graph *graph, const char *name, itgc_tensor *in, bool channels_last)
{
    itgc_node *node = itgc_insert_node(graph, "GlobalAveragePool", name, &in, 1);
    itgc_pool_params *params = node->params;
    params->kind = ITGC_POOL_AVERAGE;
    params->global = true;
    params->window.channels_last = channels_last;
    for (int i = 0; i < ITGC_MAX_SPATIAL; i++) {
        params->window.stride[i] = params->window.dilation[i] = 1;
    }
    return finish_node(graph, node);
}

itgc_tensor *itgc_insert_slice(itgc_graph *graph, const char *name, itgc_tensor *in, int64_t axis, int64_t start, int64_t end)
{
    itgc_tensor *inputs[4] = {in, itgc_make_ints(graph, name, &start, 1), itgc_make_ints(graph, name, &end, 1),
                              itgc_make_ints(graph, name, &axis, 1)};
    return finish_node(graph, itgc_insert_node(graph, "Slice", name, inputs, 4));
}

bool itgc_can_redirect(const itgc_tensor *from, const itgc_tensor *to)
{
    return !from->is_output || (to->producer && !to->is_output);
}

bool itgc_redirect(itgc_graph *graph, itgc_tensor *from, itgc_tensor *to)
{
    if (!itgc_can_redirect(from, to)) {
        return false;
    }
    if (to->prescribed.type == 0) {
        to->prescribed = from->prescribed;
    }
    while (from->use_count > 0) {
        itgc_node *node = from->uses[0];
        for (int i = 0; i < node->in_count; i++) {
            if (node->in[i] == from) {
                itgc_set_input(graph, node, i, to);
            }
        }
    }
    if (from->is_output) {
        for (int i = 0; i < graph->output_count; i++) {
            graph->outputs[i] = graph->outputs[i] == from ? to : graph->outputs[i];
        }
        from->is_output = false;
        to->is_output = true;
        to->name = from->name;
    }
    return true;
}

void itgc_detach(itgc_graph *graph, itgc_node *node)
{
    for (int i = 0; i < node->in_count; i++) {
        itgc_set_input(graph, node, i, NULL);
    }
    node->in_count = 0;
}

bool itgc_replace_node(itgc_graph *graph, itgc_node *node, itgc_tensor *to)
{
    const char *const name = node->out[0]->name;
    if (!itgc_redirect(graph, node->out[0], to)) {
        return false;
    }
    if (to->producer && strcmp(to->producer->name, name) == 0) { /* made for this: itgc_insert_node named it after the tensor */
        to->producer->name = node->name;
    }
    itgc_detach(graph, node);
    return true;
}

void itgc_read_perm(const itgc_node *node, int64_t *perm)
{
    const itgc_list_params *params = node->params;
    const int rank = node->in[0]->shape.rank;
    for (int i = 0; i < rank; i++) {
        perm[i] = params->given && params->count == rank ? params->value[i] : rank - 1 - i;
    }
}
