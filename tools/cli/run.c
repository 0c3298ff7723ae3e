/* SPDX-License-Identifier: Apache-2.0
 * intaglio run: inputs from .npy (or any sample file) or one picture, through the integers or in float; outputs to .npy or the top five.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"
#include "tools/cli/pipeline.h"

#include "compiler/evaluate/engine.h"
#include "compiler/evaluate/metrics.h"
#include "compiler/reference/reference.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A tensor that is written: where its values come from, and all batches joined along the first axis. */
typedef struct run_result {
    const char *name;
    const itgc_tensor *tensor; /* of the float graph, or of the integer one */
    itgc_tap tap;              /* integers only */
    itgc_value *joined;
    uint8_t *codes;
} run_result;

typedef struct run_job {
    cli_session *session;
    itgc_executor *executor; /* --float */
    itgc_engine *engine;
    run_result *results;
    int result_count;
    itgc_tap **taps;
} run_job;

static const itgc_graph *graph_of(const run_job *job)
{
    const cli_options *options = job->session->options;
    return options->is_float && !options->is_lowered ? job->session->c->imported.graph : job->session->c->graph;
}

static bool add_result(run_job *job, const char *name, const itgc_tensor *tensor)
{
    run_result *added = &job->results[job->result_count];
    added->name = name;
    added->tensor = tensor;
    if (job->executor)
        itgc_keep_value(job->executor, tensor);
    else if (!itgc_make_tap(job->engine, tensor, &added->tap))
        return itgc_fail(&job->session->c->diag, 715, "tensor \"%s\" is not stored by the integer model: it is fused into its neighbour; use --float",
                         name);
    else
        job->taps[job->result_count] = &added->tap;
    job->result_count++;
    return true;
}

/* The stored tensor of that ONNX name: several may bear it, an alias and its owner. */
static bool add_tap(run_job *job, const char *name)
{
    const itgc_graph *graph = graph_of(job);
    const itgc_tensor *found = NULL;
    itgc_tap probe;
    for (int t = 0; t < graph->tensor_count; t++)
        if (strcmp(graph->tensors[t]->name, name) == 0) {
            found = graph->tensors[t];
            if (job->executor || itgc_make_tap(job->engine, found, &probe))
                break;
        }
    if (!found && !itgc_find_tensor(job->session->c->imported.graph, name))
        return itgc_fail(&job->session->c->diag, 716, "--tap %s: the model has no tensor of that name; `intaglio inspect --dump=import` lists them",
                         name);
    if (!found)
        return itgc_fail(&job->session->c->diag, 715, "tensor \"%s\" is not stored by the integer model: it is fused into its neighbour; use --float",
                         name);
    return add_result(job, name, found);
}

static bool start_job(run_job *job, cli_session *session)
{
    itgc_compilation *c = session->c;
    *job = (run_job){.session = session};
    const itgc_graph *graph = graph_of(job);
    if (session->options->is_float)
        job->executor = itgc_new_executor(graph, session->threads);
    else {
        job->engine = itgc_new_engine(c->arena, graph, c->model, &session->exec);
        if (!job->engine)
            return false;
    }
    const int most = graph->output_count + session->options->taps.count + 1;
    job->results = ITGC_NEW_ARRAY(c->arena, run_result, most);
    job->taps = ITGC_NEW_ARRAY(c->arena, itgc_tap *, most);
    bool fine = true;
    for (int i = 0; fine && i < graph->output_count; i++)
        fine = add_result(job, c->imported.graph->outputs[i]->name, i == 0 && session->options->logits ? itgc_logits_of(graph) : graph->outputs[i]);
    for (int i = 0; fine && i < session->options->taps.count; i++)
        fine = add_tap(job, session->options->taps.item[i]);
    return fine;
}

static const itgc_value *value_of(const run_job *job, const run_result *result)
{
    return job->executor ? itgc_value_of(job->executor, result->tensor) : result->tap.value;
}

static bool run_batch(run_job *job, itgc_value *const *values)
{
    if (job->executor)
        return itgc_run_float(job->executor, (const itgc_value *const *)values, NULL, NULL);
    itgc_run_engine(job->engine, (const itgc_value *const *)values, job->taps, job->result_count);
    return true;
}

/* Appends one batch of a result behind the `batch` before it. */
static void join(run_job *job, run_result *result, int64_t batch, int64_t batches)
{
    itgc_arena *arena = job->session->c->arena;
    const itgc_value *value = value_of(job, result);
    const size_t count = (size_t)itgc_elements(&value->shape), at = (size_t)batch * count;
    if (!result->joined) {
        itgc_shape shape = value->shape;
        if (shape.rank > 0)
            shape.dim[0] *= batches;
        else if (batches > 1)
            shape = (itgc_shape){.rank = 1, .dim = {batches}};
        result->joined = itgc_new_value(arena, value->type, &shape);
        if (job->engine)
            result->codes = itgc_alloc(arena, (size_t)batches * result->tap.port.bytes);
    }
    if (value->f)
        memcpy(result->joined->f + at, value->f, count * sizeof(float));
    else
        memcpy(result->joined->i + at, value->i, count * sizeof(int64_t));
    if (job->engine)
        memcpy(result->codes + (size_t)batch * result->tap.port.bytes, result->tap.codes, result->tap.port.bytes);
}

static bool run_all(run_job *job, itgc_samples *const *sets)
{
    const itgc_graph *graph = graph_of(job);
    itgc_arena *arena = job->session->c->arena;
    itgc_value **values = itgc_new_batch(arena, graph);
    const int64_t batch = graph->inputs[0]->shape.rank > 0 ? graph->inputs[0]->shape.dim[0] : 1, rows = itgc_sample_count(sets[0]);
    if (rows % batch)
        return itgc_fail(graph->diag, 309, "%lld rows of input \"%s\" are no multiple of the model's batch of %lld; add or remove some",
                         (long long)rows, graph->inputs[0]->name, (long long)batch);
    int64_t *index = ITGC_NEW_ARRAY(arena, int64_t, batch);
    for (int64_t b = 0; b < rows / batch; b++) {
        for (int64_t i = 0; i < batch; i++)
            index[i] = b * batch + i;
        if (!itgc_read_batch(sets, graph->input_count, index, batch, values) || !run_batch(job, values))
            return false;
        for (int r = 0; r < job->result_count; r++)
            join(job, &job->results[r], b, rows / batch);
    }
    return true;
}

static const char *descr_of(itg_type type)
{
    static const char *const names[] = {"|u1", "|i1", "<i2", "<i4", "|u1", "<u2", "<f4"};
    return names[type];
}

static bool write_result(const run_job *job, const run_result *result, const char *path)
{
    const cli_session *session = job->session;
    if (session->options->raw_output && job->engine) {
        const size_t batches = (size_t)(itgc_elements(&result->joined->shape) / itgc_elements(&result->tap.value->shape));
        return itgc_write_npy_bytes(&session->c->diag, path, descr_of(result->tap.port.type), &result->joined->shape, result->codes,
                                    batches * result->tap.port.bytes);
    }
    return itgc_write_npy(&session->c->diag, path, result->joined);
}

static bool is_folder(const char *path)
{
    struct stat about;
    const size_t length = strlen(path);
    return (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) || (length > 0 && path[length - 1] == '/') ||
           (length < 4 || strcmp(path + length - 4, ".npy") != 0);
}

static bool write_results(const run_job *job)
{
    const cli_session *session = job->session;
    const char *output = session->options->output;
    if (!is_folder(output))
        return job->result_count == 1
                   ? write_result(job, &job->results[0], output)
                   : itgc_fail(&session->c->diag, 717, "--output %s: there are %d tensors to write; give a folder", output, job->result_count);
    mkdir(output, 0777);
    for (int r = 0; r < job->result_count; r++) {
        char *name = itgc_copy_string(session->c->arena, job->results[r].name);
        for (char *at = name; *at; at++)
            if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
                *at = '_';
        if (strlen(name) > 200)
            name[200] = '\0';
        if (!write_result(job, &job->results[r], itgc_sprint(session->c->arena, "%s/%s.npy", output, name)))
            return false;
    }
    return true;
}

static const char *label_of(const itgc_graph *graph, int64_t classes, int64_t index, itgc_arena *arena)
{
    return graph->label_count == classes ? graph->labels[index] : itgc_sprint(arena, "class %lld", (long long)index);
}

/* The five best of the first row, with the probabilities a Softmax gives them. */
static void print_top(const run_job *job)
{
    const itgc_graph *graph = job->session->c->graph, *onnx = job->session->c->imported.graph;
    itgc_value *scores = job->results[0].joined;
    const int64_t count = itgc_elements(&scores->shape) / (scores->shape.rank > 0 ? scores->shape.dim[0] : 1);
    float *row = ITGC_NEW_ARRAY(job->session->c->arena, float, count);
    memcpy(row, scores->f, (size_t)count * sizeof(float));
    if (itgc_logits_of(onnx) == onnx->outputs[0] || job->session->options->logits)
        itgc_softmax(row, count);
    for (int rank = 0; rank < 5 && rank < count; rank++) {
        const int64_t best = itgc_argmax(row, count);
        printf("%-24s %6.2f %%\n", label_of(graph, count, best, job->session->c->arena), 100.0 * (double)row[best]);
        row[best] = -1.0f;
    }
}

static bool check_request(const cli_session *session)
{
    const cli_options *options = session->options;
    itgc_diag *diag = &session->c->diag;
    if (!options->image && options->inputs.count == 0)
        return itgc_fail(diag, 718, "run needs something to run on; give --input X.npy or --image PHOTO.jpg");
    if (options->image && options->inputs.count > 0)
        return itgc_fail(diag, 718, "--image and --input exclude each other; leave one out");
    if (!options->image && !options->output)
        return itgc_fail(diag, 718, "run needs a place for its outputs; give --output Y.npy or a folder");
    if (options->raw_output && options->is_float)
        return itgc_fail(diag, 718, "--raw-output: the float model has no integer codes; leave out --float");
    if (options->is_lowered && !options->is_float)
        return itgc_fail(diag, 718, "--lowered is about the float model; give --float with it");
    return true;
}

static bool run_run(cli_session *session)
{
    const cli_options *options = session->options;
    if (!check_request(session) || !cli_load(session, false))
        return false;
    if ((!options->is_float || options->is_lowered) && !cli_lower(session))
        return false;
    if (!options->is_float && (!cli_quantize(session, false) || !cli_schedule(session, NULL)))
        return false;
    cli_list paths = options->inputs;
    if (options->image)
        paths = (cli_list){.item = {options->image}, .count = 1};
    itgc_samples **sets = cli_open_sets(session, &paths, options->is_float && !options->is_lowered);
    run_job job;
    if (!sets || !start_job(&job, session))
        return false;
    const bool fine = run_all(&job, sets) && (!options->output || write_results(&job));
    if (fine && options->image)
        print_top(&job);
    if (job.executor)
        itgc_release_executor(job.executor);
    return fine;
}

int cli_run(const cli_options *options)
{
    return cli_run_session(options, run_run);
}
