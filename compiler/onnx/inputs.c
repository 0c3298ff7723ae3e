/* SPDX-License-Identifier: Apache-2.0
 * Graph inputs and initialisers → tensors. Every input gets a fixed shape: from the file, from --input-shape, from another input with
 * the same symbol, or 1 for a symbolic first dimension. A dimension of 0 in the file counts as symbolic, as old exporters mean it; an
 * empty input is one that --input-shape gives so. */
#include "compiler/base/text.h"
#include "compiler/onnx/importer.h"
#include "compiler/ops/op.h"

#include <inttypes.h>
#include <string.h>

#define MOST_ELEMENTS ((int64_t)1 << 31)
#define UNKNOWN       ((int64_t)-1)

bool itgc_import_initializers(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__GraphProto *message)
{
    const itgc_tensor_reader reader = {importer->arena, importer->diag, importer->folder, "initializer", true};
    for (size_t i = 0; i < message->n_initializer; i++) {
        const ItgcOnnx__TensorProto *const tensor = message->initializer[i];
        if (tensor->name == NULL || *tensor->name == '\0')
            return itgc_fail(importer->diag, 103, "initializer %zu has no name; export the model again", i);
        if (itgc_find_in_map(scope->tensors, tensor->name) != NULL)
            return itgc_fail(importer->diag, 205, "initializer \"%.100s\" is given twice; export the model again", tensor->name);
        const itgc_value *const value = itgc_convert_tensor(&reader, tensor);
        if (value == NULL)
            return false;
        const char *const name = itgc_sprint(importer->arena, "%s%s", scope->prefix, tensor->name);
        if (!itgc_add_name(importer, scope, tensor->name, itgc_new_constant(importer->graph, name, value)))
            return false;
    }
    return true;
}

static const itgc_input_shape *find_given(const itgc_importer *importer, const char *name)
{
    for (int i = 0; i < importer->options->shape_count; i++)
        if (strcmp(importer->options->shapes[i].name, name) == 0)
            return &importer->options->shapes[i];
    return NULL;
}

static const ItgcOnnx__TensorShapeProto *shape_message(const ItgcOnnx__ValueInfoProto *input)
{
    return input->type->tensor_type->shape;
}

/* Example for messages: the dimensions known, a plausible number for the others. */
static const char *suggest_shape(itgc_importer *importer, const ItgcOnnx__ValueInfoProto *input, bool with_batch)
{
    const ItgcOnnx__TensorShapeProto *const message = shape_message(input);
    itgc_text text;
    itgc_init_text(&text, importer->message);
    itgc_addf(&text, "--input-shape %.100s=", input->name);
    for (size_t i = 0; message != NULL && i < message->n_dim; i++) {
        const int64_t fixed = message->dim[i]->dim_value;
        const int64_t example = fixed > 0 ? fixed : i == 0 ? with_batch ? 8 : 1 : message->n_dim == 4 ? 224 : 64;
        itgc_addf(&text, "%s%" PRId64, i == 0 ? "" : ",", example);
    }
    if (message == NULL)
        itgc_add(&text, "1,3,224,224");
    return text.bytes;
}

static const char *name_symbol(itgc_importer *importer, const ItgcOnnx__Dimension *dimension)
{
    if (dimension->dim_param == NULL || *dimension->dim_param == '\0')
        return "";
    return itgc_sprint(importer->message, " (\"%.60s\")", dimension->dim_param);
}

/* Symbols keep one value over all inputs. */
static bool bind_symbol(itgc_importer *importer, itgc_map *symbols, const ItgcOnnx__ValueInfoProto *input, const char *symbol, int64_t given)
{
    if (symbol == NULL || *symbol == '\0')
        return true;
    const int64_t *const bound = itgc_find_in_map(symbols, symbol);
    if (bound != NULL && *bound != given)
        return itgc_fail(importer->diag, 207, "input \"%.100s\": \"%.60s\" is %" PRId64 " here and %" PRId64 " in another input; give equal numbers",
                         input->name, symbol, given, *bound);
    int64_t *const value = ITGC_NEW(importer->message, int64_t);
    *value = given;
    itgc_put_in_map(symbols, symbol, value);
    return true;
}

/* The shape given on the command line must agree with the file's. */
static bool take_given(itgc_importer *importer, itgc_map *symbols, const ItgcOnnx__ValueInfoProto *input, const itgc_input_shape *given)
{
    const ItgcOnnx__TensorShapeProto *const message = shape_message(input);
    const char *const shape = itgc_shape_text(importer->message, &given->shape);
    for (int i = 0; i < given->shape.rank; i++)
        if (given->shape.dim[i] < 0)
            return itgc_fail(importer->diag, 207, "input \"%.100s\": the shape %s given for it is impossible; give numbers from 0 on", input->name,
                             shape);
    if (message == NULL)
        return true;
    if (message->n_dim != (size_t)given->shape.rank)
        return itgc_fail(importer->diag, 207, "input \"%.100s\" has %zu dimensions, but the shape given for it is %s; use %s", input->name,
                         message->n_dim, shape, suggest_shape(importer, input, false));
    for (int i = 0; i < given->shape.rank; i++) {
        const ItgcOnnx__Dimension *const dimension = message->dim[i];
        if (dimension->dim_value > 0 && dimension->dim_value != given->shape.dim[i])
            return itgc_fail(importer->diag, 207,
                             "input \"%.100s\": dimension %d is fixed to %" PRId64 " in the file, but the shape given for it is %s; use %s",
                             input->name, i, dimension->dim_value, shape, suggest_shape(importer, input, false));
        if (dimension->dim_value <= 0 && !bind_symbol(importer, symbols, input, dimension->dim_param, given->shape.dim[i]))
            return false;
    }
    return true;
}

static int64_t resolve_dimension(itgc_importer *importer, const itgc_map *symbols, const ItgcOnnx__ValueInfoProto *input, int index)
{
    const ItgcOnnx__Dimension *const dimension = shape_message(input)->dim[index];
    if (dimension->dim_value > 0)
        return dimension->dim_value;
    const int64_t *const bound = dimension->dim_param == NULL ? NULL : itgc_find_in_map(symbols, dimension->dim_param);
    if (bound != NULL)
        return *bound;
    if (index > 0)
        return UNKNOWN;
    itgc_note(importer->diag, "input \"%.100s\": dimension 0%s is taken as 1; use for example %s for another", input->name,
              name_symbol(importer, dimension), suggest_shape(importer, input, true));
    return 1;
}

static bool resolve_shape(itgc_importer *importer, const itgc_map *symbols, const ItgcOnnx__ValueInfoProto *input, itgc_shape *shape)
{
    const ItgcOnnx__TensorShapeProto *const message = shape_message(input);
    const itgc_input_shape *const given = find_given(importer, input->name);
    if (given != NULL) {
        *shape = given->shape;
        return true;
    }
    if (message == NULL)
        return itgc_fail(importer->diag, 206, "input \"%.100s\" has no shape in the file; add for example %s with your numbers", input->name,
                         suggest_shape(importer, input, false));
    shape->rank = (int)message->n_dim;
    for (int i = 0; i < shape->rank; i++) {
        shape->dim[i] = resolve_dimension(importer, symbols, input, i);
        if (shape->dim[i] == UNKNOWN)
            return itgc_fail(importer->diag, 206, "input \"%.100s\": dimension %d%s is not fixed; add for example %s with your numbers", input->name,
                             i, name_symbol(importer, message->dim[i]), suggest_shape(importer, input, false));
    }
    return true;
}

static const char *name_kind(const ItgcOnnx__TypeProto *type)
{
    if (type == NULL)
        return "declared without a type";
    return type->has_sequence_type        ? "a sequence"
           : type->has_map_type           ? "a map"
           : type->has_optional_type      ? "an optional"
           : type->has_sparse_tensor_type ? "a sparse tensor"
                                          : "of an unknown kind";
}

static bool check_declaration(itgc_importer *importer, const ItgcOnnx__ValueInfoProto *input)
{
    if (input->name == NULL || *input->name == '\0' || strlen(input->name) > ITGC_MOST_NAME_BYTES)
        return itgc_fail(importer->diag, 103, "an input has no name, or one too long; export the model again");
    if (input->type == NULL || input->type->tensor_type == NULL)
        return itgc_fail(importer->diag, 218, "input \"%.100s\" is %s, not a tensor; export the model with tensors as inputs", input->name,
                         name_kind(input->type));
    const int32_t code = input->type->tensor_type->elem_type;
    if (itgc_type_of_code(code) == ITGC_NO_TYPE)
        return itgc_fail(importer->diag, 218, "input \"%.100s\" has element type %s (%d), which is not supported; export with float32 inputs",
                         input->name, itgc_name_of_code(code), (int)code);
    if (shape_message(input) != NULL && shape_message(input)->n_dim > ITGC_MAX_RANK)
        return itgc_fail(importer->diag, 103, "input \"%.100s\" has %zu dimensions, more than the %d supported; export it with fewer", input->name,
                         shape_message(input)->n_dim, ITGC_MAX_RANK);
    return true;
}

static bool add_input(itgc_importer *importer, itgc_scope *scope, const itgc_map *symbols, const ItgcOnnx__ValueInfoProto *input)
{
    itgc_shape shape = {0};
    if (!resolve_shape(importer, symbols, input, &shape))
        return false;
    const int64_t elements = itgc_elements(&shape);
    if (elements < 0 || elements > MOST_ELEMENTS)
        return itgc_fail(importer->diag, 214, "input \"%.100s\": shape %s is too large; use a smaller one", input->name,
                         itgc_shape_text(importer->message, &shape));
    const itgc_type type = itgc_type_of_code(input->type->tensor_type->elem_type);
    itgc_graph *const graph = importer->graph;
    itgc_tensor *const tensor = itgc_new_tensor(graph, itgc_copy_string(importer->arena, input->name), type, &shape);
    graph->inputs[graph->input_count++] = tensor;
    return itgc_add_name(importer, scope, input->name, tensor);
}

/* Those that are no initialisers: old exporters list those too. */
static ItgcOnnx__ValueInfoProto **list_inputs(itgc_importer *importer, const itgc_scope *scope, int *count)
{
    const ItgcOnnx__GraphProto *const message = importer->model->graph;
    ItgcOnnx__ValueInfoProto **const inputs = ITGC_NEW_ARRAY(importer->message, ItgcOnnx__ValueInfoProto *, message->n_input);
    *count = 0;
    for (size_t i = 0; i < message->n_input; i++)
        if (message->input[i]->name == NULL || itgc_find_in_map(scope->tensors, message->input[i]->name) == NULL)
            inputs[(*count)++] = message->input[i];
    return inputs;
}

static bool check_given_names(itgc_importer *importer, ItgcOnnx__ValueInfoProto *const *inputs, int count)
{
    for (int i = 0; i < importer->options->shape_count; i++) {
        const char *const name = importer->options->shapes[i].name;
        bool found = false;
        for (int j = 0; j < count; j++)
            found = found || strcmp(inputs[j]->name, name) == 0;
        if (!found && count == 0)
            return itgc_fail(importer->diag, 207, "--input-shape names \"%.100s\", but the model has no inputs; leave it out", name);
        if (!found)
            return itgc_fail(importer->diag, 207, "--input-shape names \"%.100s\", but the model has no such input; %s %s", name,
                             count == 1 ? "use" : "its first one takes", suggest_shape(importer, inputs[0], false));
    }
    return true;
}

bool itgc_import_inputs(itgc_importer *importer, itgc_scope *scope)
{
    int count = 0;
    ItgcOnnx__ValueInfoProto **const inputs = list_inputs(importer, scope, &count);
    itgc_map *const symbols = itgc_new_map(importer->message);
    for (int i = 0; i < count; i++)
        if (!check_declaration(importer, inputs[i]))
            return false;
    if (!check_given_names(importer, inputs, count))
        return false;
    for (int i = 0; i < count; i++) {
        const itgc_input_shape *const given = find_given(importer, inputs[i]->name);
        if (given != NULL && !take_given(importer, symbols, inputs[i], given))
            return false;
    }
    importer->graph->inputs = ITGC_NEW_ARRAY(importer->arena, itgc_tensor *, count);
    for (int i = 0; i < count; i++)
        if (!add_input(importer, scope, symbols, inputs[i]))
            return false;
    return true;
}
