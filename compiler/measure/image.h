/* SPDX-License-Identifier: Apache-2.0
 * Pictures as 8-bit RGB rows: decode.c reads files, resize.c scales them, image.c makes input values of them. */
#ifndef ITGC_IMAGE_H
#define ITGC_IMAGE_H

#include "compiler/measure/samples.h"

typedef struct itgc_picture {
    int width, height;
    uint8_t *rgb;    /* [height][width][3] */
    int orientation; /* EXIF, 1: upright or not said */
} itgc_picture;

/* JPEG as libjpeg decodes it (accurate integer IDCT, fancy upsampling); PNG with alpha dropped, 16 bits cut to 8, palette and gray expanded.
 * False with error 320 (unreadable), 321 (neither JPEG nor PNG), 322 (corrupt), 323 (too large). */
bool itgc_decode_picture(itgc_arena *arena, itgc_diag *diag, const char *path, itgc_picture *picture);

/* False with error 323 if a side is 0, a side is too long or there are too many pixels. */
bool itgc_check_picture_size(itgc_diag *diag, const char *path, int64_t width, int64_t height);

/* Pillow's antialiased bilinear resize for 8-bit pictures, bit for bit (Resample.c: two passes, 22-bit coefficients, rounded to 8 bits between). */
void itgc_resize_picture(itgc_arena *arena, itgc_picture *picture, int width, int height);

#endif
