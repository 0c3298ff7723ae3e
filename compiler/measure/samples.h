/* SPDX-License-Identifier: Apache-2.0
 * Sample sets: folders of images, .npy, ONNX TensorProto .pb and raw .bin, read one sample at a time (architecture.md 5).
 * A sample is one value per graph input, in the units and shape of the ONNX input. Order is stable: names sorted bytewise. */
#ifndef ITGC_SAMPLES_H
#define ITGC_SAMPLES_H

#include "compiler/graph/graph.h"

typedef struct itgc_samples itgc_samples;

typedef enum itgc_color { ITGC_RGB, ITGC_BGR } itgc_color;

/* Sides of a picture, as decoded and as resized or cropped, and all its pixels. */
#define ITGC_MAX_PICTURE_SIDE   32768
#define ITGC_MAX_PICTURE_PIXELS (100 << 20)

/* The image pipeline: decode, resize short side, crop, colour order, x = (pixel * scale - mean) / std, layout of the input. */
typedef struct itgc_image_options {
    double scale, mean[4], std[4]; /* std 0: not given */
    int channels_given;
    itgc_color color;
    int resize_short;            /* 0: none */
    int crop_height, crop_width; /* 0: none; centre crop, offsets floored */
    bool channels_last;          /* layout of the ONNX input, as found from its shape unless layout_given */
    bool layout_given;
    const char *raw;  /* "f32" or "i8,SCALE,ZERO" for .bin; NULL: none */
    bool pixels;      /* the graph takes RGB pixels as they are (lower folded scale, mean, std and colour order): other kinds of samples, which
                         hold values in the units of the ONNX input, are brought back by pixel = (x * std + mean) / scale */
    bool byte_pixels; /* a uint8 .npy holds pixels already (--input-type u8) */
} itgc_image_options;

/* What a set is read for: the input it feeds. */
typedef struct itgc_samples_spec {
    const char *path;
    const char *input_name; /* for messages */
    itgc_type type;
    itgc_shape shape;      /* of the graph input; the first axis is the batch */
    itgc_shape onnx_shape; /* of the ONNX input, where lowering changed its layout: what files hold. Rank 0: the same */
    const itgc_image_options *image;
    bool unlabelled;                /* labels do not matter: they are not read */
    const char *labels_path;        /* NULL: labels.txt or class folders beside the samples, NAME_labels.npy for .npy */
    const char *const *class_names; /* of the model, to order class folders; may be NULL */
    int class_count;
} itgc_samples_spec;

/* Opens a set: lists files, checks headers of .npy and .pb. NULL with a diagnostic (3xx): empty folder, wrong shape or type, … */
itgc_samples *itgc_open_samples(itgc_arena *arena, itgc_diag *diag, const itgc_samples_spec *spec);
void itgc_close_samples(itgc_samples *samples);

/* Appends the samples of `other`, opened with the same spec but for its path. */
void itgc_join_samples(itgc_samples *samples, const itgc_samples *other);

/* Whether values of this shape are [N,H,W,C]: 1, 3 or 4 channels last and not second. */
bool itgc_guess_channels_last(const itgc_shape *shape);

/* A set of `count` rows of seeded noise, for speed measurements without data: pixels if image->pixels, else roughly normal values. */
itgc_samples *itgc_open_noise(itgc_arena *arena, itgc_diag *diag, const itgc_samples_spec *spec, uint64_t seed, int64_t count);

/* Single samples, i.e. batch rows: an image is one; a .npy of first axis 250 is 250. */
int64_t itgc_sample_count(const itgc_samples *samples);

/* Reads sample `index` as one batch row: `row` has room for shape with first dimension 1. */
bool itgc_read_sample(itgc_samples *samples, int64_t index, itgc_value *row);

/* Class of a sample, or -1 if the set has no labels. */
int64_t itgc_sample_label(const itgc_samples *samples, int64_t index);
const char *itgc_sample_name(const itgc_samples *samples, int64_t index);
/* SHA-256 of the file that holds a sample, 64 digits; NULL with a diagnostic if it cannot be read. */
const char *itgc_sample_digest(itgc_samples *samples, int64_t index);

/* One value for every input of the graph, to be filled again and again by itgc_read_batch: row r is sample index[r], rows of them; the rest
 * of a batch repeats the last one. */
itgc_value **itgc_new_batch(itgc_arena *arena, const itgc_graph *graph);
bool itgc_read_batch(itgc_samples *const *sets, int input_count, const int64_t *index, int64_t rows, itgc_value *const *values);

/* One image through the pipeline into `row`. */
bool itgc_read_image(itgc_arena *arena, itgc_diag *diag, const char *path, const itgc_image_options *options, itgc_value *row);

/* A whole .npy (f4, f8, f2, i1, u1, i2, u2, i4, u4, i8, b1; C and Fortran order). NULL with a diagnostic. */
itgc_value *itgc_read_npy(itgc_arena *arena, itgc_diag *diag, const char *path);

/* Writes values as .npy: '<f4' for floats, the declared integer type otherwise. itg_type raw codes: see itgc_write_npy_bytes. */
bool itgc_write_npy(itgc_diag *diag, const char *path, const itgc_value *value);
bool itgc_write_npy_bytes(itgc_diag *diag, const char *path, const char *descr, const itgc_shape *shape, const void *bytes, size_t count);

#endif
