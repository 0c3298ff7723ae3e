/* SPDX-License-Identifier: Apache-2.0
 * One time step of one sequence through an LSTM, GRU or RNN cell: what lstm.c walks over time, batch and direction. */
#ifndef ITGC_LSTM_H
#define ITGC_LSTM_H

#include "compiler/ops/op.h"

#define ITGC_CELL_FUNCTIONS 3

/* scale * f(gain * x) + offset. */
typedef struct itgc_activation {
    itgc_unary_params function;
    double gain, scale, offset;
} itgc_activation;

/* Reads an activation's name and, where it takes them, its alpha and beta from the lists' next entries. */
bool itgc_read_activation(itgc_diag *diag, const char *name, const itgc_attribute *alpha, const itgc_attribute *beta, int *next_alpha, int *next_beta,
                          itgc_activation *activation);

typedef struct itgc_cell {
    int64_t input, hidden;
    int gates;
    const float *w, *r;     /* [gates * hidden][input], [gates * hidden][hidden] */
    const float *bias;      /* [2 * gates * hidden]: of w, then of r; NULL: none */
    const float *peepholes; /* LSTM: [3 * hidden] for i, o, f; NULL: none */
    const itgc_activation *function;
    double clip; /* bound of the activations' inputs, infinite if none */
    bool linear_before_reset, input_forget;
    double *gate; /* room for gates * hidden */
    float *reset; /* GRU: room for hidden */
} itgc_cell;

/* x [input] → state h [hidden] (and c [hidden]), in place. Gate order as in ONNX: LSTM i o f c, GRU z r h. */
void itgc_step_lstm(const itgc_cell *cell, const float *x, float *h, float *c);
void itgc_step_gru(const itgc_cell *cell, const float *x, float *h, float *c);
void itgc_step_rnn(const itgc_cell *cell, const float *x, float *h, float *c);

#endif
