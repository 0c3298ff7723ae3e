/* SPDX-License-Identifier: Apache-2.0
 * The cells of LSTM, GRU and RNN (lstm.h), as ONNX defines them. Dot products in double, in index order. */
#include "compiler/ops/lstm.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    itgc_unary_kind kind;
    bool takes_alpha, takes_beta;
    double alpha, beta;
} activations[] = {
    {"Relu", ITGC_RELU, false, false, 0.0, 0.0},
    {"Tanh", ITGC_TANH, false, false, 0.0, 0.0},
    {"Sigmoid", ITGC_SIGMOID, false, false, 0.0, 0.0},
    {"Softsign", ITGC_SOFTSIGN, false, false, 0.0, 0.0},
    {"Softplus", ITGC_SOFTPLUS, false, false, 0.0, 0.0},
    {"LeakyRelu", ITGC_LEAKY_RELU, true, false, 0.01, 0.0},
    {"ThresholdedRelu", ITGC_THRESHOLDED_RELU, true, false, 1.0, 0.0},
    {"Elu", ITGC_ELU, true, false, 1.0, 0.0},
    {"HardSigmoid", ITGC_HARD_SIGMOID, true, true, 0.2, 0.5},
    {"ScaledTanh", ITGC_TANH, true, true, 1.0, 1.0},
    {"Affine", ITGC_CLIP, true, true, 1.0, 0.0},
};

static bool is_same_name(const char *a, const char *b)
{
    for (; *a != '\0' || *b != '\0'; a++, b++)
        if ((*a | 32) != (*b | 32)) /* ONNX takes them in any case */
            return false;
    return true;
}

static double take_next(const itgc_attribute *list, int *next, double otherwise)
{
    return list != NULL && list->kind == ITGC_ATTR_FLOATS && *next < list->count ? (double)list->floats[(*next)++] : otherwise;
}

bool itgc_read_activation(itgc_diag *diag, const char *name, const itgc_attribute *alpha, const itgc_attribute *beta, int *next_alpha, int *next_beta,
                          itgc_activation *activation)
{
    for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++) {
        if (!is_same_name(activations[i].name, name))
            continue;
        const double a = activations[i].takes_alpha ? take_next(alpha, next_alpha, activations[i].alpha) : 0.0;
        const double b = activations[i].takes_beta ? take_next(beta, next_beta, activations[i].beta) : 0.0;
        *activation = (itgc_activation){{.kind = activations[i].kind, .alpha = a, .beta = b}, 1.0, 1.0, 0.0};
        if (strcmp(activations[i].name, "ScaledTanh") == 0)
            *activation = (itgc_activation){{.kind = ITGC_TANH}, b, a, 0.0};
        if (strcmp(activations[i].name, "Affine") == 0)
            *activation = (itgc_activation){{.kind = ITGC_CLIP, .alpha = -INFINITY, .beta = INFINITY}, 1.0, a, b};
        return true;
    }
    return itgc_fail(diag, 216, "activation \"%.40s\" is not supported; export with Sigmoid, Tanh or Relu", name);
}

static double activate(const itgc_cell *cell, int which, double x)
{
    const itgc_activation *const a = &cell->function[which];
    const double bounded = x < -cell->clip ? -cell->clip : x > cell->clip ? cell->clip : x;
    return a->scale * itgc_unary_value(&a->function, a->gain * bounded) + a->offset;
}

static double dot(const float *a, const float *b, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static double from_input(const itgc_cell *cell, const float *x, int64_t row)
{
    return dot(x, cell->w + row * cell->input, cell->input) + (cell->bias == NULL ? 0.0 : (double)cell->bias[row]);
}

static double from_state(const itgc_cell *cell, const float *h, int64_t row)
{
    return dot(h, cell->r + row * cell->hidden, cell->hidden) + (cell->bias == NULL ? 0.0 : (double)cell->bias[cell->gates * cell->hidden + row]);
}

static void fill_gates(const itgc_cell *cell, const float *x, const float *h, int64_t count)
{
    for (int64_t row = 0; row < count; row++)
        cell->gate[row] = from_input(cell, x, row) + from_state(cell, h, row);
}

void itgc_step_lstm(const itgc_cell *cell, const float *x, float *h, float *c)
{
    const int64_t n = cell->hidden;
    const float *const p = cell->peepholes;
    fill_gates(cell, x, h, 4 * n);
    for (int64_t k = 0; k < n; k++) {
        const double before = (double)c[k];
        const double seen_i = p == NULL ? 0.0 : (double)p[k] * before, seen_f = p == NULL ? 0.0 : (double)p[2 * n + k] * before;
        const double i = activate(cell, 0, cell->gate[k] + seen_i);
        const double f = cell->input_forget ? 1.0 - i : activate(cell, 0, cell->gate[2 * n + k] + seen_f);
        const double now = f * before + i * activate(cell, 1, cell->gate[3 * n + k]);
        const double o = activate(cell, 0, cell->gate[n + k] + (p == NULL ? 0.0 : (double)p[n + k] * now));
        const itgc_activation *const out = &cell->function[2];
        c[k] = (float)now;
        h[k] = (float)(o * (out->scale * itgc_unary_value(&out->function, out->gain * now) + out->offset));
    }
}

void itgc_step_gru(const itgc_cell *cell, const float *x, float *h, float *c)
{
    const int64_t n = cell->hidden;
    (void)c;
    fill_gates(cell, x, h, 2 * n);
    for (int64_t k = 0; k < n; k++)
        cell->reset[k] = (float)(activate(cell, 0, cell->gate[n + k]) * (double)h[k]);
    for (int64_t k = 0; k < n; k++) {
        const int64_t row = 2 * n + k;
        double state;
        if (cell->linear_before_reset)
            state = activate(cell, 0, cell->gate[n + k]) * from_state(cell, h, row);
        else
            state = from_state(cell, cell->reset, row);
        cell->gate[row] = activate(cell, 1, from_input(cell, x, row) + state);
    }
    for (int64_t k = 0; k < n; k++) {
        const double z = activate(cell, 0, cell->gate[k]);
        h[k] = (float)((1.0 - z) * cell->gate[2 * n + k] + z * (double)h[k]);
    }
}

void itgc_step_rnn(const itgc_cell *cell, const float *x, float *h, float *c)
{
    (void)c;
    fill_gates(cell, x, h, cell->hidden);
    for (int64_t k = 0; k < cell->hidden; k++)
        h[k] = (float)activate(cell, 0, cell->gate[k]);
}
