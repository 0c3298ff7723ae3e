/* SPDX-License-Identifier: Apache-2.0
 * A long evaluation that was interrupted goes on where it stopped: each sample's record is a line of FILE.resume, behind a key of the plan
 * and the samples. Numbers are hexadecimal, so that the result has the same bits. Called by eval.c. */
#include "tools/cli/evaluation.h"

#include "compiler/base/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "intaglio-eval 1"

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

static void write_record(const cli_resume *resume, const itgc_record *record)
{
    fprintf(resume->file, "%lld %lld %lld %lld %lld %lld %a %a %a", (long long)record->index, (long long)record->label,
            (long long)record->float_class, (long long)record->int8_class, (long long)record->float_rank, (long long)record->int8_rank, record->kl,
            record->float_score, record->int8_score);
    write_energy(resume->file, &record->logits);
    for (int o = 0; o < resume->outputs; o++)
        write_energy(resume->file, &record->outputs[o]);
    fputc('\n', resume->file);
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

/* One whole line. */
static bool read_record(itgc_arena *arena, const cli_resume *resume, char *line, itgc_record *record)
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
    return fine && *at == '\0';
}

/* Lines up to the first that is cut off or out of order: what an interruption may leave at the end. */
static itgc_record *read_records(itgc_arena *arena, const cli_resume *resume, char *text, int64_t samples, int64_t *count)
{
    itgc_record *records = ITGC_NEW_ARRAY(arena, itgc_record, samples + 1);
    *count = 0;
    for (char *line = text, *end; *count < samples && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        itgc_record *record = &records[*count];
        const int64_t after = *count > 0 ? records[*count - 1].index : -1;
        if (!read_record(arena, resume, line, record) || record->index <= after || record->index >= samples)
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

bool cli_open_resume(cli_resume *resume, const char *json, const char *key, cli_evaluation *evaluation)
{
    itgc_compilation *c = evaluation->session->c;
    const char *head = itgc_sprint(c->arena, FORMAT " %s\n", key);
    *resume = (cli_resume){.diag = &c->diag, .path = itgc_sprint(c->arena, "%s.resume", json), .outputs = c->graph->output_count};
    size_t bytes = 0;
    char *text = exists(resume->path) ? (char *)itgc_read_file(c->arena, &c->diag, resume->path, 0, &bytes) : NULL;
    if (text && strncmp(text, head, strlen(head)) == 0) {
        const int64_t samples = itgc_sample_count(evaluation->given.sets[0]);
        evaluation->given.known = read_records(c->arena, resume, text + strlen(head), samples, &evaluation->given.known_count);
        itgc_note(&c->diag, "%s: %lld samples are taken over from an interrupted evaluation; remove it to start anew", resume->path,
                  (long long)evaluation->given.known_count);
    }
    resume->file = c->diag.error ? NULL : fopen(resume->path, "wb");
    if (!resume->file)
        return c->diag.error ? false
                             : itgc_fail(&c->diag, 601, "%s: cannot be written (%s); choose another file for --json", resume->path, strerror(errno));
    fputs(head, resume->file);
    for (int64_t i = 0; i < evaluation->given.known_count; i++)
        write_record(resume, &evaluation->given.known[i]);
    evaluation->given.keep = cli_keep_record;
    evaluation->given.keeper = resume;
    return true;
}

bool cli_keep_record(void *argument, const itgc_record *record)
{
    cli_resume *resume = argument;
    write_record(resume, record);
    return fflush(resume->file) == 0 ||
           itgc_fail(resume->diag, 602, "%s: writing failed (%s); free some space or choose another file for --json", resume->path, strerror(errno));
}

void cli_close_resume(cli_resume *resume, bool done)
{
    if (!resume->file)
        return;
    fclose(resume->file);
    if (done)
        remove(resume->path);
}
