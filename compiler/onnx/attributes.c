/* SPDX-License-Identifier: Apache-2.0
 * AttributeProto → itgc_attribute, with references from function bodies to their caller's attributes resolved. Called by nodes.c. */
#include "compiler/onnx/importer.h"

#include <string.h>

/* AttributeProto.AttributeType of the ONNX IR specification. */
enum { TYPE_FLOAT = 1, TYPE_INT, TYPE_STRING, TYPE_TENSOR, TYPE_GRAPH, TYPE_FLOATS, TYPE_INTS, TYPE_STRINGS };

static bool is_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static const ItgcOnnx__AttributeProto *find_binding(const itgc_scope *scope, const char *name)
{
    for (int i = 0; i < scope->binding_count; i++)
        if (strcmp(scope->bindings[i].name, name) == 0)
            return scope->bindings[i].message;
    return NULL;
}

/* The node's attributes; NULL with a diagnostic. A reference to what the caller left out leaves the attribute out. */
itgc_binding *itgc_bind_attributes(itgc_importer *importer, const itgc_scope *scope, const ItgcOnnx__NodeProto *message, int *count)
{
    *count = 0;
    if (message->n_attribute > ITGC_MOST_ATTRIBUTES) {
        itgc_fail(importer->diag, 103, "it has %zu attributes, more than the %d supported; export the model again", message->n_attribute,
                  ITGC_MOST_ATTRIBUTES);
        return NULL;
    }
    itgc_binding *const bindings = ITGC_NEW_ARRAY(importer->message, itgc_binding, message->n_attribute);
    for (size_t i = 0; i < message->n_attribute; i++) {
        const ItgcOnnx__AttributeProto *const attribute = message->attribute[i];
        if (!is_text(attribute->name)) {
            itgc_fail(importer->diag, 103, "attribute %zu has no name; export the model again", i);
            return NULL;
        }
        const ItgcOnnx__AttributeProto *const source = is_text(attribute->ref_attr_name) ? find_binding(scope, attribute->ref_attr_name) : attribute;
        if (source != NULL)
            bindings[(*count)++] = (itgc_binding){attribute->name, source};
    }
    return bindings;
}

/* Files of the first IR version carry no type. */
static int32_t find_kind(const ItgcOnnx__AttributeProto *message)
{
    if (message->has_type && message->type != 0)
        return message->type;
    if (message->has_f)
        return TYPE_FLOAT;
    if (message->has_i)
        return TYPE_INT;
    if (message->has_s)
        return TYPE_STRING;
    if (message->t != NULL)
        return TYPE_TENSOR;
    if (message->has_g)
        return TYPE_GRAPH;
    return message->n_floats != 0 ? TYPE_FLOATS : message->n_strings != 0 ? TYPE_STRINGS : TYPE_INTS;
}

static bool copy_strings(itgc_importer *importer, itgc_attribute *attribute, const ProtobufCBinaryData *strings, size_t count)
{
    attribute->strings = ITGC_NEW_ARRAY(importer->arena, const char *, count);
    attribute->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        if (strings[i].len > ITGC_MOST_NAME_BYTES)
            return itgc_fail(importer->diag, 103, "attribute \"%.60s\" holds a text of %zu bytes, which is too long; export the model again",
                             attribute->name, strings[i].len);
        attribute->strings[i] = itgc_copy_bytes(importer->arena, strings[i].data, strings[i].len);
    }
    return true;
}

static void copy_ints(itgc_importer *importer, itgc_attribute *attribute, const int64_t *ints, size_t count)
{
    attribute->count = (int)count;
    attribute->ints = itgc_alloc_array(importer->arena, count, sizeof *ints);
    if (count != 0)
        memcpy(attribute->ints, ints, count * sizeof *ints);
}

static void copy_floats(itgc_importer *importer, itgc_attribute *attribute, const float *floats, size_t count)
{
    attribute->count = (int)count;
    attribute->floats = itgc_alloc_array(importer->arena, count, sizeof *floats);
    if (count != 0)
        memcpy(attribute->floats, floats, count * sizeof *floats);
}

static bool copy_tensor(itgc_importer *importer, itgc_attribute *attribute, const ItgcOnnx__AttributeProto *message)
{
    const itgc_tensor_reader reader = {importer->arena, importer->diag, importer->folder, "attribute tensor", true};
    if (message->t == NULL)
        return itgc_fail(importer->diag, 210, "attribute \"%.60s\" lacks its tensor; export the model again", attribute->name);
    attribute->count = 1;
    attribute->tensor = itgc_convert_tensor(&reader, message->t);
    return attribute->tensor != NULL;
}

static bool convert_attribute(itgc_importer *importer, itgc_attribute *attribute, const ItgcOnnx__AttributeProto *message)
{
    const int32_t kind = find_kind(message);
    if (message->n_ints > ITGC_MOST_LIST_ITEMS || message->n_floats > ITGC_MOST_LIST_ITEMS || message->n_strings > ITGC_MOST_LIST_ITEMS)
        return itgc_fail(importer->diag, 103, "attribute \"%.60s\" is too long; export the model again", attribute->name);
    static const itgc_attribute_kind kinds[] = {
        [TYPE_FLOAT] = ITGC_ATTR_FLOAT, [TYPE_INT] = ITGC_ATTR_INT,       [TYPE_STRING] = ITGC_ATTR_STRING, [TYPE_TENSOR] = ITGC_ATTR_TENSOR,
        [TYPE_GRAPH] = ITGC_ATTR_GRAPH, [TYPE_FLOATS] = ITGC_ATTR_FLOATS, [TYPE_INTS] = ITGC_ATTR_INTS,     [TYPE_STRINGS] = ITGC_ATTR_STRINGS};
    if (kind < TYPE_FLOAT || kind > TYPE_STRINGS)
        return itgc_fail(importer->diag, 210, "attribute \"%.60s\" is of a kind (%d) that is not supported; export the model without it",
                         attribute->name, (int)kind);
    attribute->kind = kinds[kind];
    if (kind == TYPE_FLOAT)
        copy_floats(importer, attribute, &message->f, 1);
    else if (kind == TYPE_INT)
        copy_ints(importer, attribute, &message->i, 1);
    else if (kind == TYPE_STRING)
        return copy_strings(importer, attribute, &message->s, 1);
    else if (kind == TYPE_TENSOR)
        return copy_tensor(importer, attribute, message);
    else if (kind == TYPE_FLOATS)
        copy_floats(importer, attribute, message->floats, message->n_floats);
    else if (kind == TYPE_INTS)
        copy_ints(importer, attribute, message->ints, message->n_ints);
    else if (kind == TYPE_STRINGS)
        return copy_strings(importer, attribute, message->strings, message->n_strings);
    return true;
}

bool itgc_import_attributes(itgc_importer *importer, itgc_node *node, const itgc_binding *bindings, int count)
{
    itgc_attribute *const attributes = ITGC_NEW_ARRAY(importer->arena, itgc_attribute, count);
    node->attributes = attributes;
    node->attribute_count = count;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++)
            if (strcmp(bindings[i].name, bindings[j].name) == 0)
                return itgc_fail(importer->diag, 209, "attribute \"%.60s\" is given twice; export the model again", bindings[i].name);
        attributes[i].name = itgc_copy_string(importer->arena, bindings[i].name);
        attributes[i].misused = &node->misused;
        if (!convert_attribute(importer, &attributes[i], bindings[i].message))
            return false;
    }
    return true;
}
