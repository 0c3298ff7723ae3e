/* SPDX-License-Identifier: Apache-2.0
 * Views, itg_argmax and itg_top_k on every integer type. */
#include <intaglio/intaglio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void views_point_into_the_arena(void **unused)
{
    (void)unused;
    static const itg_port ports[] = {{.type = ITG_S16, .offset = 8, .bytes = 12}, {.type = ITG_S32, .offset = 32, .bytes = 12}};
    const itg_model model = {.inputs = ports, .outputs = ports + 1, .input_count = 1, .output_count = 1};
    uint8_t arena[64];
    assert_ptr_equal(itg_input(&model, arena, 0).data, arena + 8);
    assert_ptr_equal(itg_output(&model, arena, 0).data, arena + 32);
    assert_ptr_equal(itg_output(&model, arena, 0).port, &ports[1]);
    assert_int_equal(itg_port_elements(&ports[0]), 6);
    assert_int_equal(itg_port_elements(&ports[1]), 3);
}

static void largest_first_equals_in_order(void **unused)
{
    (void)unused;
    int16_t codes[] = {-5, 7, 7, -32768, 32767, 7, 0};
    const itg_port port = {.type = ITG_S16, .bytes = sizeof codes};
    const itg_view view = {&port, codes};
    int32_t index[10] = {0};
    const int32_t expected[] = {4, 1, 2, 5, 6, 0, 3};
    assert_int_equal(itg_argmax(view), 4);
    assert_int_equal(itg_top_k(view, index, 10), 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(index[i], expected[i]);
    assert_int_equal(itg_top_k(view, index, 0), 0);
}

static void types_compare_by_value(void **unused)
{
    (void)unused;
    uint8_t bytes[] = {0x7f, 0x80, 0xff, 0x01};
    const itg_port as_u8 = {.type = ITG_U8, .bytes = 4}, as_s8 = {.type = ITG_S8, .bytes = 4};
    assert_int_equal(itg_argmax((itg_view){&as_u8, bytes}), 2);
    assert_int_equal(itg_argmax((itg_view){&as_s8, bytes}), 0);
    uint16_t words[] = {1, 40000, 32767};
    const itg_port as_u16 = {.type = ITG_U16, .bytes = 6}, as_s16 = {.type = ITG_S16, .bytes = 6};
    assert_int_equal(itg_argmax((itg_view){&as_u16, words}), 1);
    assert_int_equal(itg_argmax((itg_view){&as_s16, words}), 2);
    int32_t wide[] = {INT32_MIN, INT32_MIN, INT32_MIN};
    const itg_port as_s32 = {.type = ITG_S32, .bytes = 12}, none = {.type = ITG_S32, .bytes = 0};
    assert_int_equal(itg_argmax((itg_view){&as_s32, wide}), 0);
    assert_int_equal(itg_argmax((itg_view){&none, wide}), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_point_into_the_arena),
        cmocka_unit_test(largest_first_equals_in_order),
        cmocka_unit_test(types_compare_by_value),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
