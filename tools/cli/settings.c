/* SPDX-License-Identifier: Apache-2.0
 * Words of the command line → what phases take: of pictures, for samples and lowering, and of the quantizer. Called by pipeline.c and inspect.c. */
#include "tools/cli/pipeline.h"

#include <math.h>
#include <string.h>

/* One number stands for all channels. */
static void spread_numbers(const cli_numbers *numbers, double value[4])
{
    for (int i = 0; i < 4 && numbers->count > 0; i++)
        value[i] = numbers->value[numbers->count == 1 ? 0 : i < numbers->count ? i : numbers->count - 1];
}

/* Scales and deviations of 0 would multiply or divide by zero. */
static bool are_positive(itgc_diag *diag, const char *name, const cli_numbers *numbers)
{
    for (int i = 0; i < numbers->count; i++)
        if (!(numbers->value[i] > 0.0))
            return itgc_fail(diag, 702, "%s: every number must be above 0; correct it", name);
    return true;
}

/* --resize and --crop: none, or whole numbers of pixels. */
static bool read_sides(itgc_diag *diag, const cli_numbers *numbers, int *first, int *second)
{
    int *const sides[] = {first, second};
    for (int i = 0; i < numbers->count; i++) {
        const double side = numbers->value[i];
        if (!(side >= 1.0 && side <= ITGC_MAX_PICTURE_SIDE) || side != floor(side))
            return itgc_fail(diag, 702, "--resize and --crop: sizes must be whole numbers from 1 to %d; correct them", ITGC_MAX_PICTURE_SIDE);
        *sides[i] = (int)side;
    }
    return true;
}

bool cli_has_preprocessing(const itgc_image_options *image)
{
    return image->channels_given > 0 || image->color == ITGC_BGR || (image->scale != 0.0 && image->scale != 1.0);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

bool cli_fill_image(cli_session *session)
{
    const cli_options *options = session->options;
    itgc_diag *diag = &session->c->diag;
    itgc_image_options *image = &session->image;
    const itgc_import_result *imported = &session->c->imported;
    image->scale = options->scale.count ? options->scale.value[0] : 1.0;
    image->raw = options->raw;
    image->color = options->color && strcmp(options->color, "bgr") == 0 ? ITGC_BGR : ITGC_RGB;
    image->channels_given = larger(options->mean.count, options->std.count);
    image->byte_pixels = options->input_type && strcmp(options->input_type, "u8") == 0;
    if (!are_positive(diag, "--scale", &options->scale) || !are_positive(diag, "--std", &options->std))
        return false;
    spread_numbers(&options->mean, image->mean);
    spread_numbers(&options->std, image->std);
    if (!read_sides(diag, &options->resize, &image->resize_short, NULL) || !read_sides(diag, &options->crop, &image->crop_height, &image->crop_width))
        return false;
    if (!cli_has_preprocessing(image) && !options->scale.count && imported->mean_count > 0) {
        image->channels_given = larger(imported->mean_count, imported->std_count);
        memcpy(image->mean, imported->mean, sizeof image->mean);
        memcpy(image->std, imported->std, sizeof image->std);
        itgc_note(diag, "mean and deviation of the input are taken from the model's doc_string; --mean and --std override them");
    }
    return true;
}

static bool *step_field(itgc_quantize_options *quantize, const itgc_step_row *row)
{
    return (bool *)(void *)((char *)quantize + row->offset);
}

static const char *list_steps(itgc_arena *arena)
{
    int count;
    const itgc_step_row *rows = itgc_step_rows(&count);
    itgc_text text;
    itgc_init_text(&text, arena);
    for (int s = 0; s < count; s++)
        itgc_addf(&text, "%s%s", s ? ", " : "", rows[s].name);
    return text.bytes;
}

/* The preset's steps, then the option's word, without the = of `--steps==+mse` and with several separated by commas. */
static bool apply_steps(itgc_diag *diag, const cli_options *options, itgc_quantize_options *quantize)
{
    int count;
    const itgc_step_row *rows = itgc_step_rows(&count);
    const bool accurate = options->preset && strcmp(options->preset, "accurate") == 0;
    for (int s = 0; s < count; s++)
        *step_field(quantize, &rows[s]) = accurate ? rows[s].accurate : rows[s].fast;
    const cli_list *list = &options->steps;
    for (int i = 0; i < list->count; i++)
        for (const char *at = list->item[i]; *at;) {
            const size_t length = strcspn(at, ",");
            bool known = false;
            for (int s = 0; s < count; s++)
                if (strlen(rows[s].name) + 1 == length && strncmp(rows[s].name, at + 1, length - 1) == 0 && strchr("+-", *at)) {
                    *step_field(quantize, &rows[s]) = *at == '+';
                    known = true;
                }
            if (!known)
                return itgc_fail(diag, 706, "--steps=%s: \"%.*s\" is no step; give +NAME or -NAME of %s", list->item[i], (int)length, at,
                                 list_steps(diag->arena));
            at += length + (at[length] == ',');
        }
    return true;
}

static itg_type output_type(const char *name)
{
    static const struct {
        const char *name;
        itg_type type;
    } types[] = {{"u8", ITG_U8}, {"u16", ITG_U16}, {"i16", ITG_S16}, {"i32", ITG_S32}};
    for (size_t t = 0; name && t < sizeof types / sizeof types[0]; t++)
        if (strcmp(types[t].name, name) == 0)
            return types[t].type;
    return (itg_type)0;
}

bool cli_fill_quantize(cli_session *session, itgc_quantize_options *quantize)
{
    const cli_options *options = session->options;
    *quantize = (itgc_quantize_options){0};
    if (!apply_steps(&session->c->diag, options, quantize))
        return false;
    if (options->input_type)
        quantize->input_type = strcmp(options->input_type, "u8") == 0 ? ITG_U8 : strcmp(options->input_type, "i8") == 0 ? ITG_S8 : (itg_type)0;
    quantize->output_type = output_type(options->output_type);
    return true;
}
