/* SPDX-License-Identifier: Apache-2.0
 * Our own elementary functions: equal bits on every host, compiler and C library (architecture.md 8.1). Error below 2 ulp of float
 * for the float forms, below 1e-14 relative for the double forms. Only + - * / and sqrt of IEEE 754 are used; no contraction. */
#ifndef ITGC_REAL_H
#define ITGC_REAL_H

#include <stdint.h>

double itgc_exp(double x);
double itgc_log(double x);
double itgc_erf(double x);
double itgc_tanh(double x);
double itgc_sin(double x);
double itgc_cos(double x);
double itgc_atan(double x);
double itgc_pow(double x, double y);

float itgc_expf(float x);
float itgc_sigmoidf(float x);
float itgc_tanhf(float x);
float itgc_erff(float x);

/* out[i] = itgc_expf(in[i] - largest), the same bits several at a time; returns their sum in index order. out may be in. */
double itgc_exp_row(float *out, const float *in, float largest, int64_t count);
/* row[i] = row[i] / divisor, divided as double. */
void itgc_divide_row(float *row, double divisor, int64_t count);

/* Round half to even and half away from zero, without the C library's rounding mode. */
double itgc_round_even(double x);
double itgc_round(double x);

#endif
