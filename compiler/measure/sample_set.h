/* SPDX-License-Identifier: Apache-2.0
 * What the files of a sample set share: sample_list.c finds files, sample_labels.c their classes, samples.c reads rows. */
#ifndef ITGC_SAMPLE_SET_H
#define ITGC_SAMPLE_SET_H

#include "compiler/measure/samples.h"

typedef enum itgc_sample_kind {
    ITGC_SAMPLE_NONE,
    ITGC_SAMPLE_IMAGE,
    ITGC_SAMPLE_NPY,
    ITGC_SAMPLE_PB,
    ITGC_SAMPLE_BIN,
    ITGC_SAMPLE_NOISE
} itgc_sample_kind;

typedef struct itgc_sample_file {
    itgc_sample_kind kind;
    const char *path, *name;      /* name: relative to the set's folder, "class/file.jpg" */
    const char *folder;           /* class folder, NULL at the top */
    int64_t label;                /* of an image, .pb or .bin; -1: none */
    int64_t first, rows;          /* its samples are first .. first + rows - 1 */
    const itgc_value *row_labels; /* .npy: one for each row, or NULL */
    const itgc_shape *shape;      /* layout of its rows: the spec's onnx_shape or shape */
    const itgc_value *whole;      /* .npy in Fortran order, read at once */
    const char *digest;           /* of the file's bytes; NULL until somebody asks */
} itgc_sample_file;

struct itgc_samples {
    itgc_arena *arena;
    itgc_diag *diag;
    itgc_samples_spec spec;
    itgc_image_options image;
    itgc_sample_file **files;
    int file_count, file_capacity;
    int64_t total;
    bool has_folders; /* class folders */
    double raw_scale, raw_zero;
    int raw_bytes; /* 0: --raw not given; 1 or 4 */
    uint64_t seed; /* noise */
};

/* Fills files in the order of their names. 300: no such path, 301: nothing usable in it. */
bool itgc_list_samples(itgc_samples *set);

/* Fills labels and row_labels: 340 bad line, 341 out of range, 342 unknown class folder, 343 wrong number of labels. */
bool itgc_label_samples(itgc_samples *set);

#endif
