/* SPDX-License-Identifier: Apache-2.0
 * make demo: a picture's bytes into the emitted model, its best label and probability out. The decoder is libjpeg; everything else is what
 * firmware does. The model takes the camera's bytes: division by 255, mean and deviation are in its weights. */
#include "gesture19.h"

#include <stdio.h>
#include <jpeglib.h>

static uint8_t arena[GESTURE19_ARENA_BYTES] ITG_ALIGNED;

static int read_jpeg(const char *path, uint8_t *pixels, size_t bytes)
{
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_stdio_src(&info, file);
    jpeg_read_header(&info, TRUE);
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    const size_t row_bytes = (size_t)info.output_width * 3;
    const int fits = row_bytes * info.output_height == bytes;
    while (fits && info.output_scanline < info.output_height) {
        JSAMPROW row = pixels + info.output_scanline * row_bytes;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_destroy_decompress(&info);
    fclose(file);
    return fits ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc < 2 || itg_check(&gesture19_model, NULL, arena, sizeof arena) != ITG_OK)
        return 2;
    const itg_view input = itg_input(&gesture19_model, arena, 0);
    if (read_jpeg(argv[1], input.data, input.port->bytes) != 0)
        return 2;
    itg_run(&gesture19_model, arena);
    const itg_view output = itg_output(&gesture19_model, arena, 0);
    const int32_t best = itg_argmax(output);
    float probability[64];
    itg_dequantize(output.port, probability, output.data, itg_port_elements(output.port));
    printf("%s %.2f %%\n", gesture19_model.labels[best], (double)(100.0f * probability[best]));
    return 0;
}
