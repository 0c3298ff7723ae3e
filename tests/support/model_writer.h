/* SPDX-License-Identifier: Apache-2.0
 * Writes ONNX files in memory for tests: add inputs, initialisers, nodes and outputs, then take the bytes. Whatever is asked for is
 * written, right or wrong. Lists of names are separated by '|', shapes are texts: "1,3,H,-1" has a symbol and a fixed -1. */
#ifndef MODEL_WRITER_H
#define MODEL_WRITER_H

#include "compiler/base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT8 = 3,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_STRING = 8,
    ONNX_BOOL = 9,
    ONNX_HALF = 10,
    ONNX_DOUBLE = 11
};

typedef struct model_writer {
    itgc_arena *arena;
    itgc_text graph, node, model; /* model: functions and opsets of other domains */
    int64_t opset;
} model_writer;

static inline void put_varint(itgc_text *out, uint64_t value)
{
    uint64_t rest = value;
    for (; rest >= 128; rest >>= 7) {
        const char byte = (char)(rest | 128);
        itgc_add_bytes(out, &byte, 1);
    }
    const char last = (char)rest;
    itgc_add_bytes(out, &last, 1);
}

static inline void put_int(itgc_text *out, int field, int64_t value)
{
    put_varint(out, (uint64_t)field << 3);
    put_varint(out, (uint64_t)value);
}

static inline void put_float(itgc_text *out, int field, float value)
{
    put_varint(out, (uint64_t)field << 3 | 5);
    itgc_add_bytes(out, (const char *)&value, 4); /* tests run on little-endian hosts */
}

static inline void put_bytes(itgc_text *out, int field, const void *bytes, size_t count)
{
    put_varint(out, (uint64_t)field << 3 | 2);
    put_varint(out, count);
    itgc_add_bytes(out, bytes, count);
}

static inline void put_string(itgc_text *out, int field, const char *string)
{
    put_bytes(out, field, string, strlen(string));
}

/* One string field for each name of "a|b|c"; nothing for "". */
static inline void put_names(itgc_text *out, int field, const char *names)
{
    if (*names == '\0')
        return;
    for (const char *at = names;; at++) {
        const size_t length = strcspn(at, "|");
        put_bytes(out, field, at, length);
        at += length;
        if (*at == '\0')
            return;
    }
}

static inline void start_model(model_writer *writer, itgc_arena *arena, int64_t opset)
{
    writer->arena = arena;
    writer->opset = opset;
    itgc_init_text(&writer->graph, arena);
    itgc_init_text(&writer->model, arena);
    put_string(&writer->graph, 2, "test");
}

static inline void put_dimension(itgc_text *shape, const char *text, size_t length)
{
    itgc_text dimension;
    char word[64] = "";
    itgc_init_text(&dimension, shape->arena);
    memcpy(word, text, length < 63 ? length : 63);
    if (strspn(word, "-0123456789") == strlen(word))
        put_int(&dimension, 1, strtoll(word, NULL, 10));
    else
        put_string(&dimension, 2, word);
    put_bytes(shape, 1, dimension.bytes, dimension.count);
}

/* field 11: input, 12: output. shape NULL: none. */
static inline void put_value_info(model_writer *writer, int field, const char *name, int type, const char *shape)
{
    itgc_text dimensions, tensor, any, info;
    itgc_init_text(&dimensions, writer->arena);
    itgc_init_text(&tensor, writer->arena);
    itgc_init_text(&any, writer->arena);
    itgc_init_text(&info, writer->arena);
    put_int(&tensor, 1, type);
    for (const char *at = shape; at != NULL && *at != '\0';) {
        const size_t length = strcspn(at, ",");
        put_dimension(&dimensions, at, length);
        at += length + (at[length] == ',');
    }
    if (shape != NULL)
        put_bytes(&tensor, 2, dimensions.bytes, dimensions.count);
    put_bytes(&any, 1, tensor.bytes, tensor.count);
    put_string(&info, 1, name);
    put_bytes(&info, 2, any.bytes, any.count);
    put_bytes(&writer->graph, field, info.bytes, info.count);
}

static inline void add_input(model_writer *writer, const char *name, int type, const char *shape)
{
    put_value_info(writer, 11, name, type, shape);
}

static inline void add_output(model_writer *writer, const char *name)
{
    put_value_info(writer, 12, name, ONNX_FLOAT, NULL);
}

static inline void add_doc(model_writer *writer, const char *doc)
{
    put_string(&writer->graph, 10, doc);
}

/* The bytes of a TensorProto with raw data. */
static inline itgc_text write_tensor(itgc_arena *arena, const char *name, int type, const char *shape, const void *raw, size_t bytes)
{
    itgc_text tensor;
    itgc_init_text(&tensor, arena);
    for (const char *at = shape; *at != '\0';) {
        put_int(&tensor, 1, strtoll(at, NULL, 10));
        const size_t length = strcspn(at, ",");
        at += length + (at[length] == ',');
    }
    put_int(&tensor, 2, type);
    put_string(&tensor, 8, name);
    if (raw != NULL)
        put_bytes(&tensor, 9, raw, bytes);
    return tensor;
}

static inline void add_initializer(model_writer *writer, const char *name, int type, const char *shape, const void *raw, size_t bytes)
{
    const itgc_text tensor = write_tensor(writer->arena, name, type, shape, raw, bytes);
    put_bytes(&writer->graph, 5, tensor.bytes, tensor.count);
}

static inline void add_floats(model_writer *writer, const char *name, const char *shape, const float *values, size_t count)
{
    add_initializer(writer, name, ONNX_FLOAT, shape, values, count * sizeof *values);
}

static inline void add_ints(model_writer *writer, const char *name, const char *shape, const int64_t *values, size_t count)
{
    add_initializer(writer, name, ONNX_INT64, shape, values, count * sizeof *values);
}

/* length NULL: left out. */
static inline void add_external(model_writer *writer, const char *name, const char *shape, const char *location, const char *offset,
                                const char *length)
{
    const char *const entries[3][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    itgc_text tensor = write_tensor(writer->arena, name, ONNX_FLOAT, shape, NULL, 0);
    for (int i = 0; i < 3; i++) {
        itgc_text entry;
        if (entries[i][1] == NULL)
            continue;
        itgc_init_text(&entry, writer->arena);
        put_string(&entry, 1, entries[i][0]);
        put_string(&entry, 2, entries[i][1]);
        put_bytes(&tensor, 13, entry.bytes, entry.count);
    }
    put_int(&tensor, 14, 1);
    put_bytes(&writer->graph, 5, tensor.bytes, tensor.count);
}

static inline void begin_node(model_writer *writer, const char *type, const char *name, const char *inputs, const char *outputs)
{
    itgc_init_text(&writer->node, writer->arena);
    put_names(&writer->node, 1, inputs);
    put_names(&writer->node, 2, outputs);
    put_string(&writer->node, 3, name);
    put_string(&writer->node, 4, type);
}

static inline void set_domain(model_writer *writer, const char *domain)
{
    put_string(&writer->node, 7, domain);
}

/* kind: AttributeProto.AttributeType. */
static inline itgc_text start_attribute(model_writer *writer, const char *name, int kind)
{
    itgc_text attribute;
    itgc_init_text(&attribute, writer->arena);
    put_string(&attribute, 1, name);
    put_int(&attribute, 20, kind);
    return attribute;
}

static inline void set_int(model_writer *writer, const char *name, int64_t value)
{
    itgc_text attribute = start_attribute(writer, name, 2);
    put_int(&attribute, 3, value);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

static inline void set_float(model_writer *writer, const char *name, float value)
{
    itgc_text attribute = start_attribute(writer, name, 1);
    put_float(&attribute, 2, value);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

static inline void set_string(model_writer *writer, const char *name, const char *value)
{
    itgc_text attribute = start_attribute(writer, name, 3);
    put_string(&attribute, 4, value);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

static inline void set_ints(model_writer *writer, const char *name, const int64_t *values, size_t count)
{
    itgc_text attribute = start_attribute(writer, name, 7);
    for (size_t i = 0; i < count; i++)
        put_int(&attribute, 8, values[i]);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

static inline void set_tensor(model_writer *writer, const char *name, const itgc_text *tensor)
{
    itgc_text attribute = start_attribute(writer, name, 4);
    put_bytes(&attribute, 5, tensor->bytes, tensor->count);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

/* A branch of If. */
static inline void set_graph(model_writer *writer, const char *name, const model_writer *branch)
{
    itgc_text attribute = start_attribute(writer, name, 5);
    put_bytes(&attribute, 6, branch->graph.bytes, branch->graph.count);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

/* In a function body: takes the caller's attribute. */
static inline void set_reference(model_writer *writer, const char *name, int kind, const char *caller_name)
{
    itgc_text attribute = start_attribute(writer, name, kind);
    put_string(&attribute, 21, caller_name);
    put_bytes(&writer->node, 5, attribute.bytes, attribute.count);
}

static inline void end_node(model_writer *writer)
{
    put_bytes(&writer->graph, 1, writer->node.bytes, writer->node.count);
}

static inline void add_node(model_writer *writer, const char *type, const char *name, const char *inputs, const char *outputs)
{
    begin_node(writer, type, name, inputs, outputs);
    end_node(writer);
}

/* A local function of one node, the one begun last (in place of end_node). */
static inline void end_function(model_writer *writer, const char *domain, const char *name, const char *inputs, const char *outputs)
{
    itgc_text function;
    itgc_init_text(&function, writer->arena);
    put_string(&function, 1, name);
    put_names(&function, 4, inputs);
    put_names(&function, 5, outputs);
    put_bytes(&function, 7, writer->node.bytes, writer->node.count);
    put_string(&function, 10, domain);
    put_bytes(&writer->model, 25, function.bytes, function.count);
}

/* The file. opset 0: names none. */
static inline itgc_text finish_model(const model_writer *writer)
{
    itgc_text file, opset;
    itgc_init_text(&file, writer->arena);
    itgc_init_text(&opset, writer->arena);
    put_int(&file, 1, 8);
    put_bytes(&file, 7, writer->graph.bytes, writer->graph.count);
    itgc_add_bytes(&file, writer->model.bytes, writer->model.count);
    put_string(&opset, 1, "");
    put_int(&opset, 2, writer->opset);
    if (writer->opset != 0)
        put_bytes(&file, 8, opset.bytes, opset.count);
    return file;
}

#endif
