/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder share: one writer per emitted set, and the pieces of C they print with. */
#ifndef ITGC_WRITER_H
#define ITGC_WRITER_H

#include "compiler/base/text.h"
#include "compiler/emit/emit.h"
#include "compiler/ops/op.h"

typedef struct itgc_writer {
    itgc_text *text; /* the file being written */
    const itgc_graph *graph;
    const itg_model *model;
    const itgc_emit_options *options;
    const itgc_target *target;
    int table_count;                  /* of the target; each has a model */
    int packing_of[ITGC_MOST_TABLES]; /* index into the graph's packings */
    const char *name, *upper;         /* the C identifier, and in capitals for macros */
    const char **constant_names;      /* one per graph constant */
    uint32_t weights_crc;             /* over all constants, in order */
    int step_digits;                  /* width of step numbers */
} itgc_writer;

/* False with error 601 (name is no C identifier) or 602 (unknown target). */
bool itgc_init_writer(itgc_writer *writer, const itgc_graph *graph, const itg_model *model, const itgc_emit_options *options);

/* The files; test runs the plan once with the runtime to learn what is expected. */
void itgc_write_header(itgc_writer *writer);
void itgc_write_plan(itgc_writer *writer);
void itgc_write_weights(itgc_writer *writer);           /* NAME_weights.c */
void itgc_write_weights_assembler(itgc_writer *writer); /* NAME_weights.S, which includes … */
void itgc_write_weights_binary(itgc_writer *writer);    /* … NAME_weights.bin */
void itgc_write_test(itgc_writer *writer);

/* `{ .in = {49,10,1}, … }`: any params struct from its kind's field table; fields that are zero are left out. */
void itgc_write_params(itgc_writer *writer, const itgc_step_kind *kind, const void *params);

/* What follows "steps" in the name of the plan for the graph's packing k: "_16c4p", or "" where all packings have one plan. */
const char *itgc_plan_suffix(const itgc_writer *writer, int k);

/* Of NAME.c: kernel tables and models. */
void itgc_write_models(itgc_writer *writer);

/* names.c */
const char *itgc_constant_name(const itgc_writer *writer, const void *bytes); /* NULL for a pointer that is no constant's */
void itgc_add_comment(itgc_text *text, const char *string);                   /* text that cannot end or break a comment, nor reorder it on screen */
const char *itgc_code_type(itg_type type);                                    /* "ITG_S8" */
const char *itgc_c_type(itg_type type);                                       /* "int8_t" */
bool itgc_is_identifier(const char *name);

/* write_array.c */
const char *itgc_constant_type(const itgc_constant *constant);    /* "int8_t" */
size_t itgc_constant_entries(const itgc_constant *constant);      /* as declared: string rows have one NUL more */
void itgc_add_array(itgc_text *text, const itgc_constant *array); /* `{ rows }` or string rows, without the semicolon */
void itgc_add_c_float(itgc_text *text, float value);              /* with a point or exponent and the f */

#endif
