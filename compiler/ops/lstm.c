/* SPDX-License-Identifier: Apache-2.0
 * LSTM, GRU, RNN: one or two directions, both layouts, initial states, sequence lengths, peepholes, clip, any activations.
 * In: x [seq,batch,input] (layout 0) or [batch,seq,input]. Out: y [seq,dirs,batch,hidden] or [batch,seq,dirs,hidden], and last states. */
#include "compiler/ops/lstm.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef void step_function(const itgc_cell *cell, const float *x, float *h, float *c);

typedef struct cell_kind {
    const char *type;
    int gates, functions;
    const char *defaults[ITGC_CELL_FUNCTIONS];
    step_function *step;
} cell_kind;

static const cell_kind kinds[] = {{"LSTM", 4, 3, {"Sigmoid", "Tanh", "Tanh"}, itgc_step_lstm},
                                  {"GRU", 3, 2, {"Sigmoid", "Tanh", NULL}, itgc_step_gru},
                                  {"RNN", 1, 1, {"Tanh", NULL, NULL}, itgc_step_rnn}};

typedef struct recurrent_params {
    const cell_kind *kind;
    int directions;
    bool is_reverse, batch_first, linear_before_reset, input_forget;
    int64_t hidden; /* 0: not given */
    double clip;
    itgc_activation functions[2 * ITGC_CELL_FUNCTIONS];
} recurrent_params;

/* Inputs by position; LSTM alone has the last two. */
enum { IN_X, IN_W, IN_R, IN_BIAS, IN_LENGTHS, IN_H, IN_C, IN_PEEPHOLES };

static bool parse_activations(const itgc_node *node, itgc_diag *diag, recurrent_params *params)
{
    const itgc_attribute *const names = itgc_find_attribute(node, "activations");
    const itgc_attribute *const alpha = itgc_find_attribute(node, "activation_alpha"), *const beta = itgc_find_attribute(node, "activation_beta");
    const int count = params->directions * params->kind->functions;
    int next_alpha = 0, next_beta = 0;
    if (names != NULL && (names->kind != ITGC_ATTR_STRINGS || names->count != count))
        return itgc_fail(diag, 216, "attribute \"activations\" is no list of %d names; export the model again", count);
    for (int i = 0; i < count; i++) {
        const char *const name = names == NULL ? params->kind->defaults[i % params->kind->functions] : names->strings[i];
        if (!itgc_read_activation(diag, name, alpha, beta, &next_alpha, &next_beta, &params->functions[i]))
            return false;
    }
    return true;
}

static bool parse_recurrent(itgc_node *node, itgc_diag *diag)
{
    recurrent_params *const params = node->params;
    const char *const direction = itgc_string_attribute(node, "direction", "forward");
    params->kind = &kinds[0];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].type, node->type) == 0)
            params->kind = &kinds[i];
    params->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    params->is_reverse = strcmp(direction, "reverse") == 0;
    if (params->directions == 1 && !params->is_reverse && strcmp(direction, "forward") != 0)
        return itgc_fail(diag, 216, "attribute \"direction\" is \"%.40s\", which ONNX does not have; export the model again", direction);
    params->batch_first = itgc_int_attribute(node, "layout", 0) != 0;
    params->linear_before_reset = itgc_int_attribute(node, "linear_before_reset", 0) != 0;
    params->input_forget = itgc_int_attribute(node, "input_forget", 0) != 0;
    params->hidden = itgc_int_attribute(node, "hidden_size", 0);
    params->clip = (double)itgc_float_attribute(node, "clip", INFINITY);
    return parse_activations(node, diag, params);
}

static bool check_shape(const itgc_node *node, itgc_diag *diag, int input, int rank, int64_t a, int64_t b, int64_t c)
{
    const itgc_tensor *const tensor = itgc_input_of(node, input);
    const itgc_shape wanted = {.rank = rank, .dim = {a, b, c}};
    if (tensor == NULL || itgc_same_shape(&tensor->shape, &wanted))
        return true;
    return itgc_fail(diag, 212, "input %d has shape %s, not %s; export the model again", input, itgc_shape_text(diag->arena, &tensor->shape),
                     itgc_shape_text(diag->arena, &wanted));
}

static bool check_types(const itgc_node *node, itgc_diag *diag)
{
    for (int i = 0; i < node->in_count; i++)
        if (!itgc_require_type(diag, node, i, i == IN_LENGTHS ? ITGC_INTEGERS : ITGC_FLOATS))
            return false;
    if (node->in[IN_X]->shape.rank != 3 || node->in[IN_R]->shape.rank != 3)
        return itgc_fail(diag, 212, "x and the recurrence weights must have three dimensions; export the model again");
    return true;
}

static bool infer_recurrent(itgc_node *node, itgc_diag *diag)
{
    const recurrent_params *const params = node->params;
    if (!check_types(node, diag))
        return false;
    const itgc_shape *const x = &node->in[IN_X]->shape;
    const int64_t n = node->in[IN_R]->shape.dim[2], dirs = params->directions, gates = params->kind->gates;
    const int64_t seq = x->dim[params->batch_first], batch = x->dim[!params->batch_first];
    if (params->hidden != 0 && params->hidden != n)
        return itgc_fail(diag, 216, "hidden_size is %" PRId64 " but the weights are for %" PRId64 "; export the model again", params->hidden, n);
    const int64_t first = params->batch_first ? batch : dirs, second = params->batch_first ? dirs : batch;
    if (!check_shape(node, diag, IN_W, 3, dirs, gates * n, x->dim[2]) || !check_shape(node, diag, IN_R, 3, dirs, gates * n, n) ||
        !check_shape(node, diag, IN_BIAS, 2, dirs, 2 * gates * n, 0) || !check_shape(node, diag, IN_LENGTHS, 1, batch, 0, 0) ||
        !check_shape(node, diag, IN_H, 3, first, second, n) || !check_shape(node, diag, IN_C, 3, first, second, n) ||
        !check_shape(node, diag, IN_PEEPHOLES, 2, dirs, 3 * n, 0))
        return false;
    const itgc_shape y = params->batch_first ? (itgc_shape){4, {batch, seq, dirs, n}} : (itgc_shape){4, {seq, dirs, batch, n}};
    const itgc_shape last = {3, {first, second, n}};
    itgc_set_output(node, 0, node->in[IN_X]->type, &y);
    itgc_set_output(node, 1, node->in[IN_X]->type, &last);
    itgc_set_output(node, 2, node->in[IN_X]->type, &last);
    return true;
}

/* One evaluation's sizes and where things lie. */
typedef struct sequence {
    const itgc_eval *eval;
    const recurrent_params *params;
    int64_t seq, batch, input, hidden;
} sequence;

static const float *x_at(const sequence *s, int64_t time, int64_t batch)
{
    return s->eval->in[IN_X]->f + (s->params->batch_first ? batch * s->seq + time : time * s->batch + batch) * s->input;
}

static int64_t state_at(const sequence *s, int direction, int64_t batch)
{
    return (s->params->batch_first ? batch * s->params->directions + direction : direction * s->batch + batch) * s->hidden;
}

static int64_t y_at(const sequence *s, int64_t time, int direction, int64_t batch)
{
    const int64_t dirs = s->params->directions;
    return (s->params->batch_first ? (batch * s->seq + time) * dirs + direction : (time * dirs + direction) * s->batch + batch) * s->hidden;
}

static void load_state(const sequence *s, int input, int64_t at, float *state)
{
    const itgc_value *const initial = itgc_operand_of(s->eval, input);
    for (int64_t k = 0; k < s->hidden; k++)
        state[k] = initial == NULL ? 0.0f : initial->f[at + k];
}

static void store_state(const sequence *s, int output, int64_t at, const float *state)
{
    if (output >= s->eval->node->out_count || s->eval->out[output] == NULL)
        return;
    for (int64_t k = 0; k < s->hidden; k++)
        s->eval->out[output]->f[at + k] = state[k];
}

static int64_t length_of(const sequence *s, int64_t batch)
{
    const itgc_value *const lengths = itgc_operand_of(s->eval, IN_LENGTHS);
    const int64_t length = lengths == NULL ? s->seq : lengths->i[batch];
    return length < 0 ? 0 : length > s->seq ? s->seq : length;
}

/* One sequence in one direction; past its length y is zero and the state stays. */
static void run_sequence(const sequence *s, const itgc_cell *cell, int direction, int64_t batch, float *state)
{
    const bool is_backward = s->params->is_reverse || direction == 1;
    const int64_t length = length_of(s, batch), at = state_at(s, direction, batch);
    float *const h = state, *const c = state + s->hidden, *const zero = state + 2 * s->hidden;
    load_state(s, IN_H, at, h);
    load_state(s, IN_C, at, c);
    for (int64_t k = 0; k < s->seq; k++) {
        const int64_t time = k < length && is_backward ? length - 1 - k : k;
        if (k < length)
            s->params->kind->step(cell, x_at(s, time, batch), h, c);
        store_state(s, 0, y_at(s, time, direction, batch), k < length ? h : zero);
    }
    store_state(s, 1, at, h);
    store_state(s, 2, at, c);
}

static itgc_cell make_cell(const sequence *s, int direction)
{
    const int gates = s->params->kind->gates;
    const int64_t rows = gates * s->hidden;
    const itgc_value *const bias = itgc_operand_of(s->eval, IN_BIAS), *const peepholes = itgc_operand_of(s->eval, IN_PEEPHOLES);
    return (itgc_cell){.input = s->input,
                       .hidden = s->hidden,
                       .gates = gates,
                       .w = s->eval->in[IN_W]->f + direction * rows * s->input,
                       .r = s->eval->in[IN_R]->f + direction * rows * s->hidden,
                       .bias = bias == NULL ? NULL : bias->f + direction * 2 * rows,
                       .peepholes = peepholes == NULL ? NULL : peepholes->f + direction * 3 * s->hidden,
                       .function = s->params->functions + direction * s->params->kind->functions,
                       .clip = s->params->clip,
                       .linear_before_reset = s->params->linear_before_reset,
                       .input_forget = s->params->input_forget,
                       .gate = ITGC_NEW_ARRAY(s->eval->scratch, double, rows),
                       .reset = ITGC_NEW_ARRAY(s->eval->scratch, float, s->hidden)};
}

static bool eval_recurrent(const itgc_eval *eval)
{
    const recurrent_params *const params = eval->node->params;
    const itgc_shape *const x = &eval->in[IN_X]->shape;
    const sequence s = {eval, params, x->dim[params->batch_first], x->dim[!params->batch_first], x->dim[2], eval->in[IN_R]->shape.dim[2]};
    float *const state = ITGC_NEW_ARRAY(eval->scratch, float, 3 * s.hidden);
    for (int direction = 0; direction < params->directions; direction++) {
        const itgc_cell cell = make_cell(&s, direction);
        for (int64_t batch = 0; batch < s.batch; batch++)
            run_sequence(&s, &cell, direction, batch, state);
    }
    return true;
}

#define RECURRENT(names, most_inputs, outputs)                                                                                                       \
    {                                                                                                                                                \
        .family = "lstm", .attributes = "activation_alpha activation_beta activations clip direction hidden_size layout " names, .min_inputs = 3,    \
        .max_inputs = most_inputs, .max_outputs = outputs, .params_bytes = sizeof(recurrent_params), .parse = parse_recurrent,                       \
        .infer = infer_recurrent, .eval = eval_recurrent                                                                                             \
    }

const itgc_op itgc_op_lstm = RECURRENT("input_forget", 8, 3);
const itgc_op itgc_op_gru = RECURRENT("linear_before_reset", 6, 2);
const itgc_op itgc_op_rnn = RECURRENT("", 6, 2);
