/* SPDX-License-Identifier: Apache-2.0
 * Rounds weights by the error of the layer's results instead of their own: for one output channel the error is d' H d, d the rounding
 * errors and H the covariance of the inputs as the integer plan computes them. Codes move by one step, a weight at a time, as long as
 * that lowers it (coordinate descent; it cannot diverge). A constant error goes into the channel's offset. In: a refiner. Out: its tuning. */
#include "compiler/base/matmul.h"
#include "compiler/base/parallel.h"
#include "compiler/refine/refiner.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOST_COLUMNS  4096
#define FEWER_COLUMNS 2048 /* where a layer has more taps than that */
#define MOST_SWEEPS   12
#define SEARCHED_TAPS 640 /* up to so many taps several scales are tried */
#define SCALES        5
#define SCALE_STEP    0.04
#define MOST_TAPS     8192

/* Where a layer's inputs lie; conv and depthwise alike. */
typedef struct geometry {
    int32_t in[3], out[3], kernel[2], stride[2], dilation[2], before[2];
    int32_t groups, zero;
    const int8_t *pad;
    int32_t pad_code;
    itg_type type;
    uint32_t offset;
} geometry;

static geometry read_geometry(const itgc_step *step)
{
    geometry shape = {0};
    itg_depthwise depthwise;
    if (strcmp(step->kind->op_name, "itg_op_conv") == 0) {
        const itg_conv *conv = step->params;
        depthwise = (itg_depthwise){.pad = conv->pad, .pad_code = conv->pad_code, .in_type = conv->in_type};
        memcpy(depthwise.in, conv->in, sizeof conv->in);
        memcpy(depthwise.out, conv->out, sizeof conv->out);
        memcpy(depthwise.kernel, conv->kernel, sizeof conv->kernel);
        memcpy(depthwise.stride, conv->stride, sizeof conv->stride);
        memcpy(depthwise.dilation, conv->dilation, sizeof conv->dilation);
        memcpy(depthwise.before, conv->before, sizeof conv->before);
        shape.groups = conv->groups;
    } else {
        depthwise = *(const itg_depthwise *)step->params;
        shape.groups = depthwise.in[2];
    }
    memcpy(shape.in, depthwise.in, sizeof shape.in);
    memcpy(shape.out, depthwise.out, sizeof shape.out);
    memcpy(shape.kernel, depthwise.kernel, sizeof shape.kernel);
    memcpy(shape.stride, depthwise.stride, sizeof shape.stride);
    memcpy(shape.dilation, depthwise.dilation, sizeof shape.dilation);
    memcpy(shape.before, depthwise.before, sizeof shape.before);
    shape.pad = depthwise.pad;
    shape.pad_code = depthwise.pad_code;
    shape.type = step->in[0]->format.type;
    shape.zero = step->in[0]->format.zero;
    shape.offset = itgc_place_owner(step->in[0])->place.offset;
    return shape;
}

/* The inputs of one output pixel and group in the order of the float weights: [channel][ky][kx], as codes without zero point. */
static void gather_column(const geometry *shape, const uint8_t *arena, int64_t pixel, int32_t group, float *column)
{
    const int32_t channels = shape->in[2] / shape->groups;
    const int64_t image = pixel / ((int64_t)shape->out[0] * shape->out[1]);
    const int32_t y = (int32_t)(pixel / shape->out[1] % shape->out[0]);
    const int32_t x = (int32_t)(pixel % shape->out[1]);
    const int32_t positions = shape->kernel[0] * shape->kernel[1];
    for (int32_t k = 0; k < positions; k++) {
        const int32_t row = y * shape->stride[0] - shape->before[0] + k / shape->kernel[1] * shape->dilation[0];
        const int32_t at = x * shape->stride[1] - shape->before[1] + k % shape->kernel[1] * shape->dilation[1];
        const bool inside = row >= 0 && row < shape->in[0] && at >= 0 && at < shape->in[1];
        const int64_t first = ((image * shape->in[0] + row) * shape->in[1] + at) * shape->in[2] + (int64_t)group * channels;
        for (int32_t c = 0; c < channels; c++) {
            const int32_t outside = shape->pad ? shape->pad[group * channels + c] : shape->pad_code;
            const int32_t code = inside ? itgc_stored_code(arena + shape->offset, shape->type, first + c) : outside;
            column[(int64_t)c * positions + k] = (float)(code - shape->zero);
        }
    }
}

/* One group's inputs: `count` of them, then those that judge; none: the first do. */
typedef struct samples {
    int64_t taps, count, judges;
    float *columns; /* [count + judges][taps] */
    float *mean;    /* [taps] of the first count */
    float *square;  /* covariance [taps][taps] */
    int threads;
} samples;

static int64_t most_columns(int64_t taps)
{
    return taps > FEWER_COLUMNS ? FEWER_COLUMNS : MOST_COLUMNS;
}

static void gather(const itgc_refiner *refiner, const itgc_trial *trial, const itgc_layer *layer, const geometry *shape, int32_t group, samples *set)
{
    const int64_t all = (int64_t)refiner->batches * layer->positions;
    const int64_t most = most_columns(set->taps) * 4 / 3;
    int64_t each = all > most ? most / refiner->batches : layer->positions;
    each = each < 1 ? 1 : each;
    set->count = set->judges = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int b = 0; b < refiner->batches; b++) {
            if (itgc_teaches(refiner, b) != (pass == 0)) {
                continue;
            }
            for (int64_t p = 0; p < each; p++) {
                float *column = set->columns + (set->count + set->judges) * set->taps;
                gather_column(shape, trial->memory[b], itgc_position_of(layer, b, (int)(p * layer->positions / each)), group, column);
                *(pass == 0 ? &set->count : &set->judges) += 1;
            }
        }
    }
}

/* Row-major [count][taps] less its mean, turned: [taps][count]. */
static void center(const samples *set, float *turned)
{
    for (int64_t k = 0; k < set->taps; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < set->count; i++) {
            sum += (double)set->columns[i * set->taps + k];
        }
        set->mean[k] = (float)(sum / (double)set->count);
    }
    for (int64_t i = 0; i < set->count + set->judges; i++) {
        for (int64_t k = 0; k < set->taps; k++) {
            float *value = &set->columns[i * set->taps + k];
            *value -= set->mean[k];
            if (i < set->count) {
                turned[k * set->count + i] = *value;
            }
        }
    }
}

typedef struct square_call {
    const samples *set;
    const float *turned;
} square_call;

static void multiply_rows(void *argument, int64_t begin, int64_t end)
{
    const square_call *call = argument;
    const samples *set = call->set;
    for (int64_t block = begin; block < end; block++) {
        const int64_t first = block * 64;
        const int64_t rows = set->taps - first < 64 ? set->taps - first : 64;
        itgc_matmul(set->square + first * set->taps + first, set->taps, call->turned + first * set->count, set->count, set->columns + first,
                    set->taps, NULL, rows, set->taps - first, set->count);
    }
}

/* Covariance, drawn towards its diagonal as there are few columns for so many taps. */
static void fill_square(const samples *set, const float *turned)
{
    square_call call = {set, turned};
    itgc_parallel(set->threads, (set->taps + 63) / 64, multiply_rows, &call);
    const double few = 0.01 + 0.2 * (double)set->taps / (double)set->count;
    const float keep = (float)(1.0 - fmin(few, 0.5));
    double trace = 0.0;
    for (int64_t i = 0; i < set->taps; i++) {
        trace += (double)set->square[i * set->taps + i];
    }
    const float least = (float)(1e-4 * trace / (double)set->taps + 1e-12);
    for (int64_t i = 0; i < set->taps; i++) {
        set->square[i * set->taps + i] += least;
        for (int64_t k = i + 1; k < set->taps; k++) {
            set->square[i * set->taps + k] *= keep;
            set->square[k * set->taps + i] = set->square[i * set->taps + k];
        }
    }
}

/* One channel while its codes are searched. */
typedef struct search {
    const float *weights;
    int64_t taps;
    float *gradient; /* H d */
    int8_t *codes, *best;
    float *error; /* d */
} search;

static void round_nearest(search *work, float scale)
{
    for (int64_t k = 0; k < work->taps; k++) {
        const float code = floorf(work->weights[k] / scale + 0.5f);
        work->codes[k] = (int8_t)(code > 127.0f ? 127.0f : code < -127.0f ? -127.0f : code);
        work->error[k] = scale * (float)work->codes[k] - work->weights[k];
    }
}

typedef float vector __attribute__((vector_size(32)));
#define LANES ((int64_t)(sizeof(vector) / sizeof(float)))

static void add_scaled(float *to, const float *from, float factor, int64_t count)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vector sum;
        vector term;
        memcpy(&sum, to + i, sizeof sum);
        memcpy(&term, from + i, sizeof term);
        sum += factor * term;
        memcpy(to + i, &sum, sizeof sum);
    }
    for (; i < count; i++) {
        to[i] += factor * from[i];
    }
}

static double descend(const samples *set, search *work, float scale)
{
    itgc_matmul(work->gradient, work->taps, work->error, work->taps, set->square, work->taps, NULL, 1, work->taps, work->taps);
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        int64_t moved = 0;
        for (int64_t k = 0; k < work->taps; k++) {
            const float *row = set->square + k * work->taps;
            if (fabsf(work->gradient[k]) <= 0.5f * scale * row[k]) {
                continue;
            }
            const int step = work->gradient[k] > 0.0f ? -1 : 1;
            if (work->codes[k] + step > 127 || work->codes[k] + step < -127) {
                continue;
            }
            work->codes[k] = (int8_t)(work->codes[k] + step);
            work->error[k] += (float)step * scale;
            add_scaled(work->gradient, row, (float)step * scale, work->taps);
            moved++;
        }
        if (moved == 0) {
            break;
        }
    }
    double energy = 0.0;
    for (int64_t k = 0; k < work->taps; k++) {
        energy += (double)work->error[k] * (double)work->gradient[k];
    }
    return energy;
}

/* Error on the columns that judge. */
static double judge(const samples *set, const float *error)
{
    double sum = 0.0;
    const int64_t first = set->judges > 0 ? set->count : 0;
    const int64_t last = set->count + set->judges;
    for (int64_t i = first; i < last; i++) {
        const float *column = set->columns + i * set->taps;
        vector products = {0};
        int64_t k = 0;
        for (; k + LANES <= set->taps; k += LANES) {
            vector a;
            vector b;
            memcpy(&a, column + k, sizeof a);
            memcpy(&b, error + k, sizeof b);
            products += a * b;
        }
        double product = 0.0;
        for (int l = 0; l < LANES; l++) {
            product += (double)products[l];
        }
        for (; k < set->taps; k++) {
            product += (double)(column[k] * error[k]);
        }
        sum += product * product;
    }
    return sum;
}

typedef struct channel_call {
    const samples *set;
    const itgc_linear *linear;
    const double *scale; /* of rounding to nearest */
    int64_t first;       /* channel of index 0 */
    int8_t *codes;       /* results, [channel][taps] */
    double *chosen, *offset;
    double in_scale;
    search *work; /* one for each index, from 0 */
} channel_call;

static void use_codes(const channel_call *call, int64_t channel, const search *work, double scale)
{
    double offset = 0.0;
    for (int64_t k = 0; k < work->taps; k++) {
        offset -= (double)work->error[k] * (double)call->set->mean[k];
    }
    memcpy(call->codes + channel * work->taps, work->codes, (size_t)work->taps);
    call->chosen[channel] = scale;
    call->offset[channel] = offset * call->in_scale;
}

static void search_channel(const channel_call *call, int64_t channel, search *work)
{
    const double widest = call->scale[channel];
    work->weights = call->linear->weights + channel * call->linear->channel_stride;
    round_nearest(work, (float)widest);
    use_codes(call, channel, work, widest);
    const double nearest = judge(call->set, work->error);
    const int scales = work->taps <= SEARCHED_TAPS ? SCALES : 1;
    double least = INFINITY;
    double scale = widest;
    for (int s = 0; s < scales; s++) {
        const double tried = widest * (1.0 - SCALE_STEP * s);
        round_nearest(work, (float)tried);
        const double energy = descend(call->set, work, (float)tried);
        if (energy < least) {
            least = energy;
            scale = tried;
            memcpy(work->best, work->codes, (size_t)work->taps);
        }
    }
    memcpy(work->codes, work->best, (size_t)work->taps);
    for (int64_t k = 0; k < work->taps; k++) {
        work->error[k] = (float)scale * (float)work->codes[k] - work->weights[k];
    }
    if (judge(call->set, work->error) < nearest) {
        use_codes(call, channel, work, scale);
    }
}

static void search_channels(void *argument, int64_t begin, int64_t end)
{
    const channel_call *call = argument;
    for (int64_t i = begin; i < end; i++) {
        if (call->scale[call->first + i] > (double)FLT_MIN) { /* what the search divides by */
            search_channel(call, call->first + i, &call->work[i]);
        }
    }
}

static void round_group(const itgc_refiner *refiner, const itgc_trial *trial, const itgc_layer *layer, const geometry *shape, int32_t group,
                        const channel_call *layer_call)
{
    itgc_arena *scratch = itgc_new_child_arena(trial->arena);
    const int64_t taps = layer_call->linear->taps;
    const int64_t outputs = layer->channels / shape->groups;
    const int64_t most = most_columns(taps) * 4 / 3 + refiner->batches;
    samples set = {.taps = taps, .threads = refiner->threads};
    set.columns = ITGC_NEW_ARRAY(scratch, float, most *taps);
    set.mean = ITGC_NEW_ARRAY(scratch, float, taps);
    set.square = ITGC_NEW_ARRAY(scratch, float, taps *taps);
    float *turned = ITGC_NEW_ARRAY(scratch, float, most *taps);
    gather(refiner, trial, layer, shape, group, &set);
    center(&set, turned);
    fill_square(&set, turned);
    channel_call call = *layer_call;
    call.set = &set;
    call.first = group * outputs;
    call.work = ITGC_NEW_ARRAY(scratch, search, outputs);
    for (int64_t i = 0; i < outputs; i++) {
        call.work[i] = (search){.taps = taps,
                                .gradient = ITGC_NEW_ARRAY(scratch, float, taps),
                                .error = ITGC_NEW_ARRAY(scratch, float, taps),
                                .codes = ITGC_NEW_ARRAY(scratch, int8_t, taps),
                                .best = ITGC_NEW_ARRAY(scratch, int8_t, taps)};
    }
    itgc_parallel(outputs > 1 ? refiner->threads : 1, outputs, search_channels, &call);
    itgc_release_arena(scratch);
}

static void round_layer(const itgc_refiner *refiner, const itgc_trial *trial, const itgc_layer *layer, const itgc_step *step)
{
    itgc_arena *arena = refiner->graph->arena;
    const geometry shape = read_geometry(step);
    const itgc_quantizer quantizer = {.graph = trial->graph, .diag = trial->graph->diag, .arena = trial->arena, .options = &refiner->options};
    itgc_linear linear;
    itgc_linear_codes nearest;
    if (!itgc_read_linear(&quantizer, layer->node, &linear) || linear.taps > MOST_TAPS) {
        return;
    }
    linear.tuning = NULL;
    if (!itgc_quantize_linear(&quantizer, &linear, &step->in[0]->format, step->out->format.type, &nearest)) {
        return;
    }
    itgc_layer_tuning *tuning = itgc_tune_layer(arena, refiner->tuning, layer->node);
    tuning->codes = (int8_t *)itgc_copy_bytes(arena, nearest.weights, (size_t)(layer->channels * linear.taps));
    tuning->scale = ITGC_NEW_ARRAY(arena, double, layer->channels);
    memcpy(tuning->scale, nearest.scale, (size_t)layer->channels * sizeof(double));
    tuning->gain = ITGC_NEW_ARRAY(arena, double, layer->channels);
    tuning->offset = ITGC_NEW_ARRAY(arena, double, layer->channels);
    for (int64_t c = 0; c < layer->channels; c++) {
        tuning->gain[c] = 1.0;
    }
    const channel_call call = {.linear = &linear,
                               .scale = nearest.scale,
                               .codes = tuning->codes,
                               .chosen = tuning->scale,
                               .offset = tuning->offset,
                               .in_scale = step->in[0]->format.scale};
    for (int32_t g = 0; g < shape.groups; g++) {
        round_group(refiner, trial, layer, &shape, g, &call);
    }
}

static void forget_codes(itgc_refiner *refiner)
{
    for (int i = 0; i < refiner->tuning->tensor_count; i++) {
        refiner->tuning->layer[i] = NULL;
    }
}

/* Where there are more positions than are used anyway, all batches together know no more than those that teach. */
static bool has_more_to_learn(const itgc_refiner *refiner, const itgc_layer *layer)
{
    const int64_t taps = itgc_elements(&layer->node->in[1]->shape) / layer->channels;
    return !refiner->together || (int64_t)refiner->batches * layer->positions <= most_columns(taps) * 4 / 3;
}

bool itgc_round_layers(itgc_refiner *refiner)
{
    itgc_trial trial;
    if (!itgc_make_trial(refiner, refiner->kernels, &trial)) {
        return false;
    }
    itgc_start_trial(refiner, &trial);
    for (uint32_t i = 0; i < trial.model->step_count; i++) {
        const itgc_layer *layer = itgc_layer_of_step(refiner, trial.graph->steps[i]);
        if (layer && has_more_to_learn(refiner, layer)) {
            round_layer(refiner, &trial, layer, trial.graph->steps[i]);
        }
        itgc_run_trial_step(refiner, &trial, i);
    }
    itgc_release_trial(&trial);
    return true;
}

bool itgc_refine_weights(itgc_refiner *refiner)
{
    double before;
    double after;
    if (!itgc_score_tuning(refiner, &before) || !itgc_round_layers(refiner) || !itgc_score_tuning(refiner, &after)) {
        return false;
    }
    refiner->rounded = itgc_is_better(refiner, before, after, 1.0, true);
    if (!refiner->rounded) {
        forget_codes(refiner);
    }
    itgc_report_step(refiner, "round", before, after, refiner->rounded);
    return true;
}
