/* SPDX-License-Identifier: Apache-2.0
 * JPEG and PNG files → 8-bit RGB. Errors of the two libraries are trapped by setjmp and reported with the file's name.
 * Called by image.c. */
#include "compiler/measure/image.h"

#include <errno.h>
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

typedef struct jpeg_trap {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    bool damaged;
    char text[JMSG_LENGTH_MAX];
} jpeg_trap;

static void on_jpeg_error(j_common_ptr info)
{
    jpeg_trap *trap = (jpeg_trap *)info->err;
    trap->manager.format_message(info, trap->text);
    longjmp(trap->escape, 1);
}

/* libjpeg goes on after broken data and fills in gray; we take that for what it is. */
static void on_jpeg_message(j_common_ptr info, int level)
{
    jpeg_trap *trap = (jpeg_trap *)info->err;
    const int code = trap->manager.msg_code;
    if (level >= 0 || trap->damaged || (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER && code != JWRN_HUFF_BAD_CODE))
        return;
    trap->damaged = true;
    trap->manager.format_message(info, trap->text);
}

static unsigned read_number(const uint8_t *bytes, int count, bool big)
{
    unsigned value = 0;
    for (int i = 0; i < count; i++)
        value |= (unsigned)bytes[big ? count - 1 - i : i] << (8 * i);
    return value;
}

/* The orientation tag (0x0112) of an APP1 Exif block, 1 if absent. */
static int find_orientation(const uint8_t *block, unsigned length)
{
    if (length < 14 || memcmp(block, "Exif\0\0", 6) != 0)
        return 1;
    const uint8_t *tiff = block + 6;
    length -= 6;
    const bool big = tiff[0] == 'M';
    const unsigned at = read_number(tiff + 4, 4, big);
    if (at > length - 2 || length < 2)
        return 1;
    const unsigned entries = read_number(tiff + at, 2, big);
    for (unsigned e = 0; e < entries && at + 2 + 12 * (e + 1) <= length; e++) {
        const uint8_t *entry = tiff + at + 2 + 12 * e;
        if (read_number(entry, 2, big) == 0x0112)
            return (int)read_number(entry + 8, 2, big);
    }
    return 1;
}

bool itgc_check_picture_size(itgc_diag *diag, const char *path, int64_t width, int64_t height)
{
    if (width > 0 && height > 0 && width <= ITGC_MAX_PICTURE_SIDE && height <= ITGC_MAX_PICTURE_SIDE && width * height <= ITGC_MAX_PICTURE_PIXELS)
        return true;
    return itgc_fail(diag, 323, "%s: a picture of %lld x %lld pixels is too large; scale it down", path, (long long)width, (long long)height);
}

/* Where a picture is decoded: its pixels come from arena, everything else is scratch. */
typedef struct picture_job {
    itgc_arena *arena, *scratch;
    itgc_diag *diag;
    const char *path;
} picture_job;

static bool read_jpeg_rows(struct jpeg_decompress_struct *info, const picture_job *job, itgc_picture *picture)
{
    jpeg_save_markers(info, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(info, TRUE);
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next)
        if (marker->marker == JPEG_APP0 + 1 && picture->orientation == 1)
            picture->orientation = find_orientation(marker->data, marker->data_length);
    if (!itgc_check_picture_size(job->diag, job->path, info->image_width, info->image_height))
        return false;
    info->out_color_space = JCS_RGB;
    info->dct_method = JDCT_ISLOW;
    info->do_fancy_upsampling = TRUE;
    jpeg_start_decompress(info);
    picture->width = (int)info->output_width;
    picture->height = (int)info->output_height;
    picture->rgb = itgc_alloc(job->arena, (size_t)picture->width * (size_t)picture->height * 3);
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = picture->rgb + (size_t)info->output_scanline * (size_t)picture->width * 3;
        jpeg_read_scanlines(info, &row, 1);
    }
    jpeg_finish_decompress(info);
    return true;
}

static void destroy_jpeg(void *info)
{
    jpeg_destroy_decompress(info);
}

/* The decoder belongs to the scratch arena, so that it goes whichever way this ends: done, libjpeg's jump, or the arena's. */
static bool decode_jpeg(const picture_job *job, FILE *file, itgc_picture *picture)
{
    struct jpeg_decompress_struct *const info = ITGC_NEW(job->scratch, struct jpeg_decompress_struct);
    jpeg_trap *const trap = ITGC_NEW(job->scratch, jpeg_trap);
    void **const owner = itgc_own(job->scratch, destroy_jpeg);
    info->err = jpeg_std_error(&trap->manager);
    trap->manager.error_exit = on_jpeg_error;
    trap->manager.emit_message = on_jpeg_message;
    if (setjmp(trap->escape))
        return itgc_fail(job->diag, 322, "%s: the JPEG is corrupt (%s); replace or remove the file", job->path, trap->text);
    jpeg_create_decompress(info);
    *owner = info;
    jpeg_stdio_src(info, file);
    if (!read_jpeg_rows(info, job, picture))
        return false;
    return !trap->damaged || itgc_fail(job->diag, 322, "%s: the JPEG is corrupt (%s); replace or remove the file", job->path, trap->text);
}

typedef struct png_trap {
    jmp_buf escape;
    char text[128];
    png_structp png;
    png_infop info;
} png_trap;

static void on_png_error(png_structp png, png_const_charp text)
{
    png_trap *trap = png_get_error_ptr(png);
    strncpy(trap->text, text, sizeof trap->text - 1);
    longjmp(trap->escape, 1);
}

static void on_png_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static bool read_png_rows(const png_trap *trap, const picture_job *job, itgc_picture *picture)
{
    const png_structp png = trap->png;
    png_read_info(png, trap->info);
    if (!itgc_check_picture_size(job->diag, job->path, png_get_image_width(png, trap->info), png_get_image_height(png, trap->info)))
        return false;
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, trap->info);
    picture->width = (int)png_get_image_width(png, trap->info);
    picture->height = (int)png_get_image_height(png, trap->info);
    const size_t stride = (size_t)picture->width * 3;
    if (png_get_rowbytes(png, trap->info) != stride)
        return itgc_fail(job->diag, 322, "%s: the PNG has an unknown pixel format; save it as 8-bit RGB", job->path);
    picture->rgb = itgc_alloc(job->arena, stride * (size_t)picture->height);
    png_bytep *rows = ITGC_NEW_ARRAY(job->scratch, png_bytep, picture->height);
    for (int y = 0; y < picture->height; y++)
        rows[y] = picture->rgb + stride * (size_t)y;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    return true;
}

static void destroy_png(void *argument)
{
    png_trap *const trap = argument;
    png_destroy_read_struct(&trap->png, &trap->info, NULL);
}

/* As decode_jpeg. */
static bool decode_png(const picture_job *job, FILE *file, itgc_picture *picture)
{
    png_trap *const trap = ITGC_NEW(job->scratch, png_trap);
    void **const owner = itgc_own(job->scratch, destroy_png);
    *owner = trap;
    trap->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, trap, on_png_error, on_png_warning);
    trap->info = trap->png ? png_create_info_struct(trap->png) : NULL;
    if (!trap->info)
        return itgc_fail(job->diag, 322, "%s: libpng could not be started; check that headers and library are of one version", job->path);
    if (setjmp(trap->escape))
        return itgc_fail(job->diag, 322, "%s: the PNG is corrupt (%s); replace or remove the file", job->path, trap->text);
    png_init_io(trap->png, file);
    return read_png_rows(trap, job, picture);
}

static void close_file(void *file)
{
    fclose(file);
}

bool itgc_decode_picture(itgc_arena *arena, itgc_diag *diag, const char *path, itgc_picture *picture)
{
    memset(picture, 0, sizeof *picture);
    picture->orientation = 1;
    const picture_job job = {arena, itgc_new_child_arena(arena), diag, path};
    void **owner = itgc_own(job.scratch, close_file);
    FILE *file = fopen(path, "rb");
    *owner = file;
    unsigned char head[8] = {0};
    const size_t have = file ? fread(head, 1, sizeof head, file) : 0;
    bool fine = file || itgc_fail(diag, 320, "%s: cannot be opened (%s); check the path", path, strerror(errno));
    if (fine)
        rewind(file);
    if (fine && have >= 3 && head[0] == 0xff && head[1] == 0xd8)
        fine = decode_jpeg(&job, file, picture);
    else if (fine && have == sizeof head && png_sig_cmp(head, 0, sizeof head) == 0)
        fine = decode_png(&job, file, picture);
    else if (fine)
        fine = itgc_fail(diag, 321, "%s: neither a JPEG nor a PNG file; convert it", path);
    itgc_release_arena(job.scratch);
    return fine;
}
