/* SPDX-License-Identifier: Apache-2.0
 * A picture file → one input row: decode, resize the short side, centre crop, colour order, (pixel * scale - mean) / std, layout.
 * In: a path and the image options. Out: values in the units the graph input asks for. Called by samples.c and `intaglio run --image`. */
#include "compiler/measure/image.h"

static bool is_channels(int64_t dim)
{
    return dim == 1 || dim == 3 || dim == 4;
}

bool itgc_guess_channels_last(const itgc_shape *shape)
{
    return shape->rank == 4 && is_channels(shape->dim[3]) && !is_channels(shape->dim[1]);
}

/* The short side becomes `side`; the long one is cut down to whole pixels, as torchvision does. */
static bool resize_short(itgc_arena *arena, itgc_diag *diag, const char *path, itgc_picture *picture, int64_t side)
{
    const bool is_upright = picture->width < picture->height;
    const int64_t width = is_upright ? side : side * picture->width / picture->height;
    const int64_t height = is_upright ? side * picture->height / picture->width : side;
    if (!itgc_check_picture_size(diag, path, width, height))
        return false;
    itgc_resize_picture(arena, picture, (int)width, (int)height);
    return true;
}

static bool crop_centre(itgc_diag *diag, const char *path, itgc_picture *picture, int width, int height)
{
    if (width > picture->width || height > picture->height)
        return itgc_fail(diag, 324, "%s: the crop of %d x %d pixels is larger than the picture of %d x %d; resize with --resize %d or more", path,
                         width, height, picture->width, picture->height, width > height ? width : height);
    const size_t left = (size_t)(picture->width - width) / 2, top = (size_t)(picture->height - height) / 2;
    for (size_t y = 0; y < (size_t)height; y++)
        for (size_t x = 0; x < (size_t)width * 3; x++)
            picture->rgb[y * (size_t)width * 3 + x] = picture->rgb[((top + y) * (size_t)picture->width + left) * 3 + x];
    picture->width = width;
    picture->height = height;
    return true;
}

/* Pillow's convert("L"). */
static int luma(const uint8_t *rgb)
{
    return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

static void store_pixels(const itgc_picture *picture, const itgc_image_options *options, bool channels_last, int channels, itgc_value *row)
{
    const size_t plane = (size_t)picture->width * (size_t)picture->height;
    const double scale = options->scale != 0.0 ? options->scale : 1.0;
    for (int c = 0; c < channels; c++) {
        const double mean = options->pixels ? 0.0 : options->mean[c], std = options->pixels || options->std[c] == 0.0 ? 1.0 : options->std[c];
        const int from = options->color == ITGC_BGR && !options->pixels ? 2 - c : c;
        for (size_t p = 0; p < plane; p++) {
            const int pixel = channels == 1 ? luma(picture->rgb + p * 3) : picture->rgb[p * 3 + (size_t)from];
            const size_t at = channels_last ? p * (size_t)channels + (size_t)c : (size_t)c * plane + p;
            if (row->f)
                row->f[at] = (float)(((options->pixels ? 1.0 : scale) * pixel - mean) / std);
            else
                row->i[at] = pixel;
        }
    }
}

bool itgc_read_image(itgc_arena *arena, itgc_diag *diag, const char *path, const itgc_image_options *options, itgc_value *row)
{
    const itgc_shape *shape = &row->shape;
    const bool channels_last = options->layout_given ? options->channels_last : itgc_guess_channels_last(shape);
    const int64_t channels = shape->rank == 4 ? shape->dim[channels_last ? 3 : 1] : 0;
    const int64_t height = shape->rank == 4 ? shape->dim[channels_last ? 1 : 2] : 0, width = shape->rank == 4 ? shape->dim[channels_last ? 2 : 3] : 0;
    if (channels != 1 && channels != 3)
        return itgc_fail(diag, 325, "%s: a picture cannot feed an input of shape %s; give .npy, .pb or .bin samples", path,
                         itgc_shape_text(diag->arena, shape));
    itgc_picture picture;
    if (!itgc_decode_picture(arena, diag, path, &picture))
        return false;
    if (picture.orientation > 1)
        itgc_note(diag, "%s: EXIF orientation %d is ignored; the pixels are used as stored", path, picture.orientation);
    if (options->resize_short > 0 && !resize_short(arena, diag, path, &picture, options->resize_short))
        return false;
    if (options->crop_height > 0 && !crop_centre(diag, path, &picture, options->crop_width, options->crop_height))
        return false;
    if (picture.width != width || picture.height != height)
        return itgc_fail(diag, 326,
                         "%s: the picture is %d x %d pixels (width x height) where the input takes %lld x %lld; add --resize or --crop %lld,%lld",
                         path, picture.width, picture.height, (long long)width, (long long)height, (long long)height, (long long)width);
    store_pixels(&picture, options, channels_last, (int)channels, row);
    return true;
}
