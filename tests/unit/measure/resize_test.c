/* SPDX-License-Identifier: Apache-2.0
 * Resizing against CRC-32 values that Pillow 12's Image.resize(size, BILINEAR) gives for the same pictures; decoding against Pillow's pixels. */
#include "compiler/measure/image.h"

#include <intaglio/intaglio.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>

static void draw(itgc_arena *arena, itgc_picture *picture, int width, int height)
{
    *picture = (itgc_picture){.width = width, .height = height, .rgb = itgc_alloc(arena, (size_t)(width * height * 3))};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                picture->rgb[(y * width + x) * 3 + c] = (uint8_t)((x * x * 7 + y * 13 * (c + 1) + x * y * 3 + c * 91) % 256);
}

static uint32_t crc_of(const itgc_picture *picture)
{
    return itg_crc32(0, picture->rgb, (size_t)(picture->width * picture->height * 3));
}

static void resize_equals_pillow(void **state)
{
    (void)state;
    static const struct {
        int width, height, to_width, to_height;
        uint32_t crc;
    } cases[] = {
        {37, 23, 17, 11, 0x73118f37u}, {37, 23, 64, 50, 0xd750eaa8u}, {300, 200, 96, 64, 0x0132b0ecu},
        {20, 20, 20, 7, 0xce371b0eu},  {8, 9, 1, 1, 0x7c49c01eu},     {33, 33, 32, 33, 0xe660a902u},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itgc_arena *arena = itgc_new_arena(0);
        itgc_picture picture;
        draw(arena, &picture, cases[i].width, cases[i].height);
        itgc_resize_picture(arena, &picture, cases[i].to_width, cases[i].to_height);
        assert_int_equal(picture.width, cases[i].to_width);
        assert_int_equal(picture.height, cases[i].to_height);
        assert_int_equal(crc_of(&picture), cases[i].crc);
        itgc_release_arena(arena);
    }
}

static void jpeg_equals_pillow(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    itgc_diag diag = {.arena = arena};
    itgc_picture picture;
    assert_true(itgc_decode_picture(arena, &diag, "tests/models/demo/test/rock/rock_0.jpg", &picture));
    assert_int_equal(picture.width, 96);
    assert_int_equal(crc_of(&picture), 0x132399dfu);
    itgc_release_arena(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(resize_equals_pillow), cmocka_unit_test(jpeg_equals_pillow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
