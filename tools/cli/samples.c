/* SPDX-License-Identifier: Apache-2.0
 * Paths of the command line → sets of samples, one for each input, and the ranges that calibration gives. Called by pipeline.c and the commands. */
#include "tools/cli/pipeline.h"

#include <stdio.h>
#include <string.h>

itgc_samples_spec cli_spec(cli_session *session, int index, const char *path, bool float_sets)
{
    const itgc_graph *onnx = session->c->imported.graph, *graph = float_sets ? onnx : session->c->graph;
    const itgc_shape *out = &onnx->outputs[0]->shape;
    itgc_image_options *image = ITGC_NEW(session->c->arena, itgc_image_options);
    *image = session->image;
    image->pixels = !float_sets && session->image.pixels && index == 0;
    itgc_samples_spec spec = {.path = path,
                              .input_name = onnx->inputs[index]->name,
                              .type = graph->inputs[index]->type,
                              .shape = graph->inputs[index]->shape,
                              .onnx_shape = onnx->inputs[index]->shape,
                              .image = image};
    if (onnx->output_count == 1 && out->rank > 0)
        spec.class_count = (int)(itgc_elements(out) / out->dim[0]);
    spec.class_count += spec.class_count == 1; /* one score tells two classes apart */
    if (session->c->graph->label_count == spec.class_count)
        spec.class_names = session->c->graph->labels;
    return spec;
}

/* The path an option's value names for an input: PATH for the first, NAME=PATH for any. NULL if it is for another. */
static const char *path_for(const itgc_graph *graph, int index, const char *value)
{
    for (int i = 0; i < graph->input_count; i++) {
        const char *name = graph->inputs[i]->name;
        const size_t length = strlen(name);
        if (strncmp(value, name, length) == 0 && value[length] == '=')
            return i == index ? value + length + 1 : NULL;
    }
    return index == 0 ? value : NULL;
}

itgc_samples **cli_open_sets(cli_session *session, const cli_list *paths, bool float_sets)
{
    itgc_compilation *c = session->c;
    const itgc_graph *graph = c->imported.graph;
    itgc_samples **sets = ITGC_NEW_ARRAY(c->arena, itgc_samples *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++) {
        for (int p = 0; p < paths->count; p++) {
            const char *path = path_for(graph, i, paths->item[p]);
            itgc_samples_spec spec = cli_spec(session, i, path, float_sets);
            spec.unlabelled = paths != &session->options->data && session->gate_every == 0;
            itgc_samples *set = path ? itgc_open_samples(c->arena, &c->diag, &spec) : NULL;
            if (path && !set)
                return NULL;
            if (sets[i] && set)
                itgc_join_samples(sets[i], set);
            else if (set)
                sets[i] = set;
        }
        if (!sets[i])
            itgc_fail(&c->diag, 704, "input \"%s\" has no samples; give %s=PATH", graph->inputs[i]->name, graph->inputs[i]->name);
        else if (itgc_sample_count(sets[i]) != itgc_sample_count(sets[0]))
            itgc_fail(&c->diag, 307, "inputs \"%s\" and \"%s\" have %lld and %lld samples; give the same number", graph->inputs[0]->name,
                      graph->inputs[i]->name, (long long)itgc_sample_count(sets[0]), (long long)itgc_sample_count(sets[i]));
        if (c->diag.error)
            return NULL;
    }
    return sets;
}

bool cli_use_for_ranges(void *argument, int64_t index)
{
    const cli_session *session = argument;
    return session->gate_every == 0 || index % session->gate_every != session->gate_every - 1;
}

bool cli_use_for_gate(void *argument, int64_t index)
{
    return !cli_use_for_ranges(argument, index);
}

static bool is_ranges_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char head[16] = "";
    if (file) {
        const size_t have = fread(head, 1, sizeof head - 1, file);
        head[have] = '\0';
        fclose(file);
    }
    return strcmp(head, "intaglio-ranges") == 0;
}

static bool measure_noise(cli_session *session)
{
    itgc_compilation *c = session->c;
    session->calib = ITGC_NEW_ARRAY(c->arena, itgc_samples *, c->graph->input_count + 1);
    for (int i = 0; i < c->graph->input_count; i++) {
        itgc_samples_spec spec = cli_spec(session, i, NULL, false);
        ((itgc_image_options *)(uintptr_t)spec.image)->pixels = i == 0 && c->graph->input_is_pixels;
        session->calib[i] = itgc_open_noise(c->arena, &c->diag, &spec, (uint64_t)i + 1, 8);
    }
    itgc_note(&c->diag, "calibrated on seeded noise: speeds are right, accuracy is not; give --calib for both");
    return itgc_measure(c, session->calib, NULL, NULL, session->threads, &session->progress);
}

bool cli_measure(cli_session *session, bool noise_allowed)
{
    itgc_compilation *c = session->c;
    const cli_list *calib = &session->options->calib;
    if (calib->count == 0 && c->graph->is_prescribed) {
        const char *const missing = itgc_take_prescribed_ranges(c->graph);
        return !missing ||
               itgc_fail(&c->diag, 705, "the file gives tensor \"%.100s\" no format; give --calib with a folder of typical inputs", missing);
    }
    if (calib->count == 0)
        return noise_allowed ? measure_noise(session)
                             : itgc_fail(&c->diag, 705, "%s needs calibration samples; give --calib with a folder of typical inputs",
                                         session->options->command);
    if (calib->count == 1 && is_ranges_file(calib->item[0])) {
        if (!itgc_load_ranges(c->graph, calib->item[0]))
            return false;
        c->graph->level = ITGC_MEASURED;
        return true;
    }
    session->calib = cli_open_sets(session, calib, false);
    if (!session->calib)
        return false;
    const char *gate = session->options->gate;
    session->gate_every = gate && strcmp(gate, "none") != 0 && session->options->data.count == 0 ? 4 : 0;
    for (int64_t i = 0; i < itgc_sample_count(session->calib[0]); i++)
        session->sample_count += cli_use_for_ranges(session, i);
    return itgc_measure(c, session->calib, cli_use_for_ranges, session, session->threads, &session->progress);
}
