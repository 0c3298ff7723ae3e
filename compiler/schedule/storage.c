/* SPDX-License-Identifier: Apache-2.0
 * How int8 codes are stored: as ITG_U8 (the code XOR 0x80) where the target's kernels multiply unsigned bytes, so that no kernel has to
 * convert what it reads. Codes stay the same, so do CRCs. Ports keep their types, and so does what an op without types in its params
 * touches. In: a quantized graph before packing. Called by schedule.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

#include <string.h>

/* Tensors by id, owners of places only. */
typedef struct storage_choice {
    itgc_graph *graph;
    bool *flipped;
} storage_choice;

static bool is_flipped(const storage_choice *choice, itgc_tensor *tensor)
{
    return tensor && choice->flipped[itgc_place_owner(tensor)->id];
}

static void keep_signed(const storage_choice *choice, itgc_tensor *tensor)
{
    if (tensor) {
        choice->flipped[itgc_place_owner(tensor)->id] = false;
    }
}

static bool has_types(const itgc_step *step)
{
    static itg_op *const typed[] = {itg_op_conv,    itg_op_depthwise, itg_op_pool,    itg_op_reduce, itg_op_add,
                                    itg_op_mul,     itg_op_lookup,    itg_op_rescale, itg_op_copy,   itg_op_gather,
                                    itg_op_softmax, itg_op_normalize, itg_op_lrn,     itg_op_div,    itg_op_matmul};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        if (step->kind->run == typed[i]) {
            return true;
        }
    }
    return false;
}

/* Both sides of a maximum pool or a gather are stored alike. */
static bool stores_alike(const itgc_step *step)
{
    if (step->kind->run == itg_op_gather) {
        return true;
    }
    return step->kind->run == itg_op_pool && !((const itg_pool *)step->params)->average;
}

static void exclude_fixed(const storage_choice *choice)
{
    const itgc_graph *graph = choice->graph;
    for (int i = 0; i < graph->input_count; i++) {
        keep_signed(choice, graph->inputs[i]);
    }
    for (int i = 0; i < graph->output_count; i++) {
        keep_signed(choice, graph->outputs[i]);
    }
    for (int i = 0; i < graph->step_count; i++) {
        const itgc_step *step = graph->steps[i];
        for (int k = 0; k < 3 && !has_types(step); k++) {
            keep_signed(choice, step->in[k]);
        }
        if (!has_types(step)) {
            keep_signed(choice, step->out);
        }
    }
}

/* Until nothing changes: a step that stores both sides alike keeps both signed if one must be. */
static void spread_signed(const storage_choice *choice)
{
    const itgc_graph *graph = choice->graph;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < graph->step_count; i++) {
            const itgc_step *step = graph->steps[i];
            if (stores_alike(step) && is_flipped(choice, step->in[0]) != is_flipped(choice, step->out)) {
                keep_signed(choice, step->in[0]);
                keep_signed(choice, step->out);
                changed = true;
            }
        }
    }
}

/* A table of bytes as stored in ITG_U8. */
static const void *flip_table(itgc_graph *graph, const void *table)
{
    uint8_t *bytes = itgc_alloc(graph->arena, 256);
    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)(((const uint8_t *)table)[i] ^ 0x80);
    }
    itgc_constant *constant = ITGC_NEW(graph->arena, itgc_constant);
    *constant = (itgc_constant){.bytes = bytes, .suffix = "table", .element_bytes = 1, .count = 256};
    itgc_push(graph->arena, (void ***)&graph->constants, &graph->constant_count, &graph->constant_capacity, constant);
    return bytes;
}

/* The params' field of this name, an itg_type; NULL if they have none. */
static itg_type *find_type(const itgc_step *step, const char *name)
{
    for (int i = 0; i < step->kind->field_count; i++) {
        const itgc_field *field = &step->kind->fields[i];
        if (field->kind == ITGC_FIELD_TYPE && strcmp(field->name, name) == 0) {
            return (itg_type *)(void *)((char *)step->params + field->offset);
        }
    }
    return NULL;
}

/* Params say how an operand is stored now; operands that are constants keep their type. */
static void set_types(const storage_choice *choice, const itgc_step *step)
{
    const struct {
        const char *name;
        itgc_tensor *tensor;
    } types[] = {{"in_type", step->in[0]}, {"a_type", step->in[0]}, {"b_type", step->in[1]}, {"out_type", step->out}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        itg_type *type = find_type(step, types[i].name);
        if (type && is_flipped(choice, types[i].tensor)) {
            *type = ITG_U8;
        }
    }
    if (step->kind->run == itg_op_gather && is_flipped(choice, step->out)) {
        ((itg_gather *)step->params)->fill ^= 0x80;
    }
    if (step->kind->run == itg_op_lookup && is_flipped(choice, step->out)) {
        itg_lookup *lookup = step->params;
        lookup->table = flip_table(choice->graph, lookup->table);
    }
}

void itgc_choose_storage(itgc_graph *graph, itg_type storage)
{
    if (storage != ITG_U8) {
        return;
    }
    const storage_choice choice = {graph, ITGC_NEW_ARRAY(graph->arena, bool, graph->tensor_count + 1)};
    for (int i = 0; i < graph->tensor_count; i++) {
        choice.flipped[graph->tensors[i]->id] = graph->tensors[i]->format.type == ITG_S8;
    }
    exclude_fixed(&choice);
    spread_signed(&choice);
    for (int i = 0; i < graph->tensor_count; i++) {
        itgc_tensor *tensor = graph->tensors[i];
        if (tensor->format.type == ITG_S8 && is_flipped(&choice, tensor)) {
            tensor->format.type = ITG_U8;
        }
    }
    for (int i = 0; i < graph->step_count; i++) {
        set_types(&choice, graph->steps[i]);
    }
}
