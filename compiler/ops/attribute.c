/* SPDX-License-Identifier: Apache-2.0
 * Attribute access for the ops' parse. An attribute of another kind than asked for is noted in the node, so that parse functions need
 * no error path for it: itgc_parse_node reports it. */
#include "compiler/ops/op.h"

#include <string.h>

const itgc_attribute *itgc_find_attribute(const itgc_node *node, const char *name)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

/* The attribute if it is there and of this kind. */
static const itgc_attribute *find_kind(const itgc_node *node, const char *name, itgc_attribute_kind kind)
{
    const itgc_attribute *const attribute = itgc_find_attribute(node, name);
    if (attribute == NULL || attribute->kind == kind)
        return attribute;
    if (attribute->misused != NULL)
        *attribute->misused = attribute->name;
    return NULL;
}

int64_t itgc_int_attribute(const itgc_node *node, const char *name, int64_t otherwise)
{
    const itgc_attribute *const attribute = find_kind(node, name, ITGC_ATTR_INT);
    return attribute == NULL ? otherwise : attribute->ints[0];
}

float itgc_float_attribute(const itgc_node *node, const char *name, float otherwise)
{
    const itgc_attribute *const attribute = find_kind(node, name, ITGC_ATTR_FLOAT);
    return attribute == NULL ? otherwise : attribute->floats[0];
}

const char *itgc_string_attribute(const itgc_node *node, const char *name, const char *otherwise)
{
    const itgc_attribute *const attribute = find_kind(node, name, ITGC_ATTR_STRING);
    return attribute == NULL ? otherwise : attribute->strings[0];
}

int itgc_ints_attribute(const itgc_node *node, const char *name, int64_t *values, int capacity)
{
    if (itgc_find_attribute(node, name) == NULL)
        return -1;
    const itgc_attribute *const attribute = find_kind(node, name, ITGC_ATTR_INTS);
    if (attribute == NULL || attribute->count > capacity)
        return -2;
    for (int i = 0; i < attribute->count; i++)
        values[i] = attribute->ints[i];
    return attribute->count;
}
