/* SPDX-License-Identifier: Apache-2.0
 * .npy files by parts: the header once, then any run of elements; what samples.c and itgc_read_npy share.
 * Untrusted: lengths are checked against the file before anything is allocated. */
#ifndef ITGC_NPY_H
#define ITGC_NPY_H

#include "compiler/graph/graph.h"

#include <stdio.h>

typedef struct itgc_npy {
    FILE *file;
    void **owner; /* closes the file if memory runs out while it is open */
    const char *path;
    char kind;    /* 'f', 'i', 'u' or 'b' */
    int bytes;    /* of one element */
    bool fortran; /* first index fastest */
    long data_at; /* where the elements begin */
    itgc_shape shape;
    int64_t count; /* elements */
} itgc_npy;

/* Opens and checks a file. False with error 310 (unreadable), 311 (not .npy or a type we do not read), 312 (shorter than its header says). */
bool itgc_open_npy(itgc_diag *diag, const char *path, itgc_npy *npy);
void itgc_close_npy(itgc_npy *npy);

/* ITGC_F32 for all floating files, else the declared integer type. */
itgc_type itgc_npy_type(const itgc_npy *npy);

/* Reads elements [first, first + count) in file order into dst->f or dst->i at 0, converting between integers and floats as dst->type asks. */
bool itgc_read_npy_run(itgc_diag *diag, const itgc_npy *npy, int64_t first, int64_t count, itgc_value *dst);

#endif
