/* SPDX-License-Identifier: Apache-2.0
 * A long evaluation that was interrupted goes on where it stopped: each sample's record is a line of FILE.resume, with the SHA-256 of its
 * files at the end, behind a key of what all records depend on. Numbers are hexadecimal, so that the result has the same bits. Called by
 * eval.c. */
#include "tools/cli/evaluation.h"

#include "compiler/base/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "intaglio-eval 2"

static void energy_fields(itgc_energy *energy, double *fields[4])
{
    fields[0] = &energy->signal;
    fields[1] = &energy->noise;
    fields[2] = &energy->product;
    fields[3] = &energy->other;
}

static void write_energy(FILE *file, const itgc_energy *energy)
{
    fprintf(file, " %a %a %a %a", energy->signal, energy->noise, energy->product, energy->other);
}

/* False with a diagnostic if a file of the sample cannot be read. */
static bool write_record(const cli_resume *resume, const itgc_record *record)
{
    fprintf(resume->file, "%lld %lld %lld %lld %lld %lld %a %a %a", (long long)record->index, (long long)record->label,
            (long long)record->float_class, (long long)record->int8_class, (long long)record->float_rank, (long long)record->int8_rank, record->kl,
            record->float_score, record->int8_score);
    write_energy(resume->file, &record->logits);
    for (int o = 0; o < resume->outputs; o++)
        write_energy(resume->file, &record->outputs[o]);
    for (int i = 0; i < resume->inputs; i++) {
        const char *digest = itgc_sample_digest(resume->sets[i], record->index);
        if (!digest)
            return false;
        fprintf(resume->file, " %s", digest);
    }
    fputc('\n', resume->file);
    return true;
}

static bool read_double(char **at, double *value)
{
    char *end;
    *value = strtod(*at, &end);
    const bool fine = end != *at;
    *at = end;
    return fine;
}

static bool read_energy(char **at, itgc_energy *energy)
{
    double *fields[4];
    energy_fields(energy, fields);
    for (int i = 0; i < 4; i++)
        if (!read_double(at, fields[i]))
            return false;
    return true;
}

/* Whether the rest of a line names the files that the sample has now. */
static bool is_of_these_files(const cli_resume *resume, int64_t index, const char *at)
{
    for (int i = 0; i < resume->inputs; i++) {
        const char *digest = itgc_sample_digest(resume->sets[i], index);
        const size_t length = digest ? strlen(digest) : 0;
        if (!digest || *at != ' ' || strncmp(at + 1, digest, length) != 0)
            return false;
        at += length + 1;
    }
    return *at == '\0';
}

/* One whole line of sample `after` + 1 or a later one. */
static bool read_record(itgc_arena *arena, const cli_resume *resume, char *line, int64_t after, itgc_record *record)
{
    int64_t *const counts[6] = {&record->index, &record->label, &record->float_class, &record->int8_class, &record->float_rank, &record->int8_rank};
    double *const reals[3] = {&record->kl, &record->float_score, &record->int8_score};
    char *at = line;
    for (int i = 0; i < 6; i++) {
        char *end;
        *counts[i] = strtoll(at, &end, 10);
        if (end == at)
            return false;
        at = end;
    }
    for (int i = 0; i < 3; i++)
        if (!read_double(&at, reals[i]))
            return false;
    record->outputs = ITGC_NEW_ARRAY(arena, itgc_energy, resume->outputs + 1);
    bool fine = read_energy(&at, &record->logits);
    for (int o = 0; fine && o < resume->outputs; o++)
        fine = read_energy(&at, &record->outputs[o]);
    return fine && record->index > after && record->index < itgc_sample_count(resume->sets[0]) && is_of_these_files(resume, record->index, at);
}

/* Lines up to the first that is cut off or out of order, which an interruption may leave at the end, or whose sample has been replaced. */
static itgc_record *read_records(itgc_arena *arena, const cli_resume *resume, char *text, int64_t *count)
{
    const int64_t samples = itgc_sample_count(resume->sets[0]);
    itgc_record *records = ITGC_NEW_ARRAY(arena, itgc_record, samples + 1);
    *count = 0;
    for (char *line = text, *end; *count < samples && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        itgc_record *record = &records[*count];
        const int64_t after = *count > 0 ? records[*count - 1].index : -1;
        if (!read_record(arena, resume, line, after, record))
            break;
        ++*count;
    }
    return records;
}

static bool exists(const char *path)
{
    FILE *file = fopen(path, "rb");
    return file && fclose(file) == 0;
}

static void add_digest(itgc_text *text, const void *bytes, size_t count)
{
    char digest[ITGC_SHA256_TEXT];
    itgc_sha256(digest, bytes, count);
    itgc_addf(text, "%s\n", digest);
}

/* The model's file has them too, unless they are external data. */
static void add_float_constants(itgc_text *text, const itgc_graph *graph)
{
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n]->in_count; i++) {
            const itgc_tensor *tensor = graph->nodes[n]->in[i];
            const itgc_value *value = tensor ? tensor->constant : NULL;
            const size_t count = value ? (size_t)itgc_elements(&value->shape) : 0;
            if (value && value->f)
                add_digest(text, value->f, count * sizeof *value->f);
            else if (value)
                add_digest(text, value->i, count * sizeof *value->i);
        }
}

/* Of everything that all records depend on: the float model, the integer plan's formats, addresses and constants, what is done to samples, their
 * names and labels. NULL if the model cannot be read. */
static const char *make_head(const cli_evaluation *evaluation)
{
    const cli_options *options = evaluation->session->options;
    itgc_compilation *c = evaluation->session->c;
    char model[ITGC_SHA256_TEXT], key[ITGC_SHA256_TEXT];
    if (!itgc_digest_file(&c->diag, options->arguments.item[0], model))
        return NULL;
    itgc_text text;
    itgc_init_text(&text, c->arena);
    itgc_addf(&text, "%s\n%s\n%s\n", model, cli_option_text(c->arena, options), evaluation->data_key);
    add_float_constants(&text, c->imported.graph);
    itgc_dump_graph(&text, c->graph);
    for (int i = 0; i < c->graph->constant_count; i++) {
        const itgc_constant *constant = c->graph->constants[i];
        add_digest(&text, constant->bytes, constant->count * (size_t)constant->element_bytes);
    }
    itgc_sha256(key, text.bytes, text.count);
    return itgc_sprint(c->arena, FORMAT " %s\n", key);
}

static void take_over(cli_evaluation *evaluation, char *text)
{
    const cli_resume *resume = &evaluation->resume;
    evaluation->given.known = read_records(resume->diag->arena, resume, text, &evaluation->given.known_count);
    if (evaluation->given.known_count > 0)
        itgc_note(resume->diag, "%s: %lld samples are taken over from an interrupted evaluation; remove it to start anew", resume->path,
                  (long long)evaluation->given.known_count);
}

static bool fail_writing(const cli_resume *resume)
{
    return itgc_fail(resume->diag, 602, "%s: writing failed (%s); free some space or choose another file for --json", resume->path, strerror(errno));
}

bool cli_open_resume(cli_evaluation *evaluation, const char *json)
{
    itgc_compilation *c = evaluation->session->c;
    cli_resume *resume = &evaluation->resume;
    if (strcmp(itgc_partial_path(c->arena, json), json) == 0) /* a device: nothing stays there to go on with */
        return true;
    *resume = (cli_resume){.diag = &c->diag,
                           .path = itgc_sprint(c->arena, "%s.resume", json),
                           .sets = evaluation->given.float_sets,
                           .inputs = c->graph->input_count,
                           .outputs = c->graph->output_count};
    const char *head = make_head(evaluation);
    size_t bytes = 0;
    char *text = head && exists(resume->path) ? (char *)itgc_read_file(c->arena, &c->diag, resume->path, 0, &bytes) : NULL;
    if (text && strncmp(text, head, strlen(head)) == 0)
        take_over(evaluation, text + strlen(head));
    const char *partial = itgc_partial_path(c->arena, resume->path); /* what is taken over is never without a whole file */
    resume->file = c->diag.error ? NULL : fopen(partial, "wb");
    if (!resume->file)
        return c->diag.error ? false
                             : itgc_fail(&c->diag, 601, "%s: cannot be written (%s); choose another file for --json", resume->path, strerror(errno));
    fputs(head, resume->file);
    bool fine = true;
    for (int64_t i = 0; fine && i < evaluation->given.known_count; i++)
        fine = write_record(resume, &evaluation->given.known[i]);
    if (!itgc_finish_partial(partial, resume->path, fine && fflush(resume->file) == 0))
        return fine && fail_writing(resume);
    evaluation->given.keep = cli_keep_record;
    evaluation->given.keeper = resume;
    return true;
}

bool cli_keep_record(void *argument, const itgc_record *record)
{
    cli_resume *resume = argument;
    return write_record(resume, record) && (fflush(resume->file) == 0 || fail_writing(resume));
}

void cli_close_resume(cli_resume *resume, bool done)
{
    if (!resume->file)
        return;
    fclose(resume->file);
    if (done)
        remove(resume->path);
}
