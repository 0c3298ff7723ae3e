/* SPDX-License-Identifier: Apache-2.0
 * Single nodes as text, for the tables of tests/ops: a case names the op, its opset, attributes, inputs and what must come out.
 * Tensors: "f32[2,2] 1 2 3 4", "i64[] 7", "" for one left out; a leading "?" makes it no constant (infer only).
 * Attributes: "axis=1 alpha=0.5 axes=1,2, mode='tanh'": a point or e makes a float, a comma a list. */
#ifndef NODE_CASE_H
#define NODE_CASE_H

#include "compiler/ops/op.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct node_case {
    const char *type;
    int opset;
    const char *attributes;
    const char *in[8];
    const char *out[4];
    int error; /* the diagnostic's code that must come; 0: none */
} node_case;

static const struct {
    const char *name;
    itgc_type type;
} case_types[] = {{"f32", ITGC_F32}, {"f16", ITGC_F16}, {"bf16", ITGC_BF16}, {"bool", ITGC_BOOL}, {"u8", ITGC_U8},  {"i8", ITGC_I8},
                  {"i16", ITGC_I16}, {"i32", ITGC_I32}, {"u32", ITGC_U32},   {"u64", ITGC_U64},   {"i64", ITGC_I64}};

static itgc_value *read_case_value(itgc_arena *arena, const char *text)
{
    itgc_type type = ITGC_NO_TYPE;
    itgc_shape shape = {.rank = 0};
    const size_t length = strcspn(text, "[");
    for (size_t i = 0; i < sizeof case_types / sizeof case_types[0]; i++)
        if (strlen(case_types[i].name) == length && strncmp(text, case_types[i].name, length) == 0)
            type = case_types[i].type;
    assert_int_not_equal(type, ITGC_NO_TYPE);
    char *at = (char *)text + length + 1;
    while (*at != ']') {
        shape.dim[shape.rank++] = strtoll(at, &at, 10);
        at += *at == ',';
    }
    at++;
    itgc_value *const value = itgc_new_value(arena, type, &shape);
    for (int64_t i = 0; i < itgc_elements(&shape); i++) {
        if (value->f != NULL)
            value->f[i] = strtof(at, &at);
        else
            value->i[i] = type == ITGC_U64 ? (int64_t)strtoull(at, &at, 10) : strtoll(at, &at, 10);
    }
    return value;
}

static const char *read_case_attribute(itgc_arena *arena, const char *at, itgc_attribute *attribute)
{
    const size_t name = strcspn(at, "=");
    attribute->name = itgc_copy_bytes(arena, at, name);
    at += name + 1;
    const size_t length = *at == '\'' ? strcspn(at + 1, "'") + 2 : strcspn(at, " ");
    char *text = itgc_copy_bytes(arena, at, length);
    const bool is_list = strchr(text, ',') != NULL, is_float = strpbrk(text, ".e") != NULL;
    attribute->ints = ITGC_NEW_ARRAY(arena, int64_t, length);
    attribute->floats = ITGC_NEW_ARRAY(arena, float, length);
    attribute->strings = ITGC_NEW_ARRAY(arena, const char *, 1);
    if (*text == '\'') {
        attribute->kind = ITGC_ATTR_STRING;
        attribute->strings[0] = itgc_copy_bytes(arena, text + 1, length - 2);
    } else {
        attribute->kind = is_float ? (is_list ? ITGC_ATTR_FLOATS : ITGC_ATTR_FLOAT) : is_list ? ITGC_ATTR_INTS : ITGC_ATTR_INT;
        for (char *number = text; *number != '\0'; attribute->count++) {
            attribute->floats[attribute->count] = strtof(number, NULL);
            attribute->ints[attribute->count] = strtoll(number, NULL, 10);
            number += strcspn(number, ",");
            number += *number == ',';
        }
    }
    at += length;
    return at + strspn(at, " ");
}

static bool is_near(float got, float wanted)
{
    if (isnan(got) || isnan(wanted))
        return isnan(got) && isnan(wanted);
    return got == wanted || fabsf(got - wanted) <= 2e-6f * fabsf(wanted);
}

static void check_case_output(const node_case *c, const itgc_tensor *tensor, const char *text, itgc_arena *arena)
{
    const itgc_value *const wanted = read_case_value(arena, text), *const got = tensor->constant;
    bool is_same = got != NULL && got->type == wanted->type && itgc_same_shape(&got->shape, &wanted->shape);
    if (!is_same)
        fail_msg("%s (opset %d, %s): %s%s instead of %s", c->type, c->opset, c->attributes, itgc_type_name(tensor->type),
                 itgc_shape_text(arena, &tensor->shape), text);
    for (int64_t i = 0; i < itgc_elements(&wanted->shape); i++) {
        if (got->f != NULL && !is_near(got->f[i], wanted->f[i]))
            fail_msg("%s (opset %d, %s): element %d is %.9g, not %.9g", c->type, c->opset, c->attributes, (int)i, (double)got->f[i],
                     (double)wanted->f[i]);
        if (got->f == NULL && got->i[i] != wanted->i[i])
            fail_msg("%s (opset %d, %s): element %d is %lld, not %lld", c->type, c->opset, c->attributes, (int)i, (long long)got->i[i],
                     (long long)wanted->i[i]);
    }
}

static itgc_node *make_case_node(const node_case *c, itgc_graph *graph)
{
    itgc_tensor *in[8], *out[4];
    int in_count = 0, out_count = 0;
    for (; in_count < 8 && c->in[in_count] != NULL; in_count++) {
        const char *const text = c->in[in_count];
        in[in_count] = *text == '\0' ? NULL : itgc_new_constant(graph, "in", read_case_value(graph->arena, text + (*text == '?')));
        if (*text == '?')
            in[in_count]->constant = NULL;
    }
    for (; out_count == 0 || (out_count < 4 && c->out[out_count] != NULL); out_count++)
        out[out_count] = itgc_new_tensor(graph, "out", ITGC_NO_TYPE, NULL);
    const itgc_op *const op = itgc_find_op(c->type, c->opset, NULL);
    assert_non_null(op);
    itgc_node *const node = itgc_append_node(graph, op, c->type, c->type, in, in_count, out, out_count);
    itgc_attribute *const attributes = ITGC_NEW_ARRAY(graph->arena, itgc_attribute, 8);
    node->opset = c->opset;
    node->attributes = attributes;
    for (const char *at = c->attributes; *at != '\0'; node->attribute_count++) {
        at = read_case_attribute(graph->arena, at, &attributes[node->attribute_count]);
        attributes[node->attribute_count].misused = &node->misused;
    }
    return node;
}

static void check_case(const node_case *c)
{
    itgc_arena *const arena = itgc_new_arena(0);
    itgc_diag diag = {.arena = arena};
    itgc_graph *const graph = itgc_new_graph(arena, &diag);
    itgc_node *const node = make_case_node(c, graph);
    bool done = itgc_parse_node(graph, node) && itgc_infer_node(graph, node);
    done = done && itgc_infer_node(graph, node); /* passes infer again: the same must come out */
    done = done && itgc_fold_node(graph, node, 2);
    if (done != (c->error == 0) || diag.code != c->error)
        fail_msg("%s (opset %d, %s): error %d instead of %d: %s", c->type, c->opset, c->attributes, diag.code, c->error,
                 diag.error == NULL ? "none" : diag.error);
    for (int i = 0; done && i < 4 && c->out[i] != NULL; i++)
        check_case_output(c, node->out[i], c->out[i], arena);
    itgc_release_arena(arena);
}

static void check_cases(const node_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(&cases[i]);
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof((cases)[0]))

#endif
