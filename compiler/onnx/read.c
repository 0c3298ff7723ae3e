/* SPDX-License-Identifier: Apache-2.0
 * Bytes → protobuf messages, all of whose memory comes from an arena. Called by import.c and for .pb samples. */
#include "compiler/base/files.h"
#include "compiler/onnx/importer.h"

static void *allocate(void *arena, size_t bytes)
{
    return itgc_alloc(arena, bytes);
}

static void release(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

ItgcOnnx__ModelProto *itgc_unpack_model(itgc_arena *arena, itgc_diag *diag, const uint8_t *bytes, size_t count)
{
    ProtobufCAllocator allocator = {allocate, release, arena};
    if (count == 0) {
        itgc_fail(diag, 101, "the file is empty; name an ONNX model");
        return NULL;
    }
    ItgcOnnx__ModelProto *const model = itgc_onnx__model_proto__unpack(&allocator, count, bytes);
    if (model == NULL)
        itgc_fail(diag, 101, "this is not an ONNX model, or a damaged one; copy or export it again");
    return model;
}

ItgcOnnx__GraphProto *itgc_unpack_graph(itgc_arena *arena, itgc_diag *diag, const uint8_t *bytes, size_t count)
{
    ProtobufCAllocator allocator = {allocate, release, arena};
    ItgcOnnx__GraphProto *const graph = itgc_onnx__graph_proto__unpack(&allocator, count, bytes);
    if (graph == NULL)
        itgc_fail(diag, 101, "a subgraph is damaged; copy or export the model again");
    return graph;
}

itgc_value *itgc_read_tensor_file(itgc_arena *arena, itgc_diag *diag, const char *path)
{
    itgc_arena *const scratch = itgc_new_child_arena(arena);
    ProtobufCAllocator allocator = {allocate, release, scratch};
    const itgc_tensor_reader reader = {.arena = arena, .diag = diag, .folder = NULL, .what = "tensor", .check_finite = false};
    itgc_value *value = NULL;
    size_t count = 0;
    const uint8_t *const bytes = itgc_read_file(scratch, diag, path, ITGC_MOST_FILE_BYTES, &count);
    if (bytes != NULL) {
        const ItgcOnnx__TensorProto *const message = itgc_onnx__tensor_proto__unpack(&allocator, count, bytes);
        if (message == NULL)
            itgc_fail(diag, 109, "%s: this is not an ONNX tensor; give a serialized TensorProto", path);
        else
            value = itgc_convert_tensor(&reader, message);
    }
    itgc_release_arena(scratch);
    return value;
}
