/* SPDX-License-Identifier: Apache-2.0
 * QuantizeLinear and its kin: one scale, per slice, per block; rounding, saturation, types. IsNaN and IsInf. */
#include "tests/ops/node_case.h"

static void follow_onnx(void **state)
{
    static const node_case cases[] = {
        {"QuantizeLinear", 10, "", {"f32[6] 0 1 3 5 1000 -1000", "f32[] 2", "u8[] 128"}, {"u8[6] 128 128 130 130 255 0"}, 0},
        {"QuantizeLinear", 13, "axis=0", {"f32[2,2] 1 2 3 4", "f32[2] 1 2", "i8[2] 0 10"}, {"i8[2,2] 1 2 12 12"}, 0},
        {"QuantizeLinear", 13, "", {"f32[2] 1 nan", "f32[1] 0.5"}, {"u8[2] 2 0"}, 0},
        {"QuantizeLinear", 21, "output_dtype=5", {"f32[2] 1e9 -1e9", "f32[] 0.5"}, {"i16[2] 32767 -32768"}, 0},
        {"QuantizeLinear", 21, "axis=1 block_size=2", {"f32[1,3] 4 4 4", "f32[1,2] 1 2", "i8[1,2] 0 1"}, {"i8[1,3] 4 4 3"}, 0},
        {"QuantizeLinear", 10, "", {"i32[2] 4 6", "f32[] 4", "u8[] 0"}, {"u8[2] 1 2"}, 0},
        {"QuantizeLinear", 13, "axis=1", {"f32[1,3] 1 2 3", "f32[2] 1 1"}, {NULL}, 212},
        {"QuantizeLinear", 13, "axis=9", {"f32[1,3] 1 2 3", "f32[3] 1 1 1"}, {NULL}, 211},
        {"QuantizeLinear", 13, "", {"f32[1] 1", "f32[] 1", "i64[] 0"}, {NULL}, 215},
        {"QuantizeLinear", 13, "", {"f32[1] 1", "f32[1] 1", "i8[2] 0 0"}, {NULL}, 212},
        {"DequantizeLinear", 10, "", {"u8[3] 0 128 255", "f32[] 2", "u8[] 128"}, {"f32[3] -256 0 254"}, 0},
        {"DequantizeLinear", 13, "axis=-1", {"i8[2,2] 1 2 3 4", "f32[2] 1 10"}, {"f32[2,2] 1 20 3 40"}, 0},
        {"DequantizeLinear", 13, "", {"i32[1] -2147483648", "f32[] 1"}, {"f32[1] -2147483648"}, 0},
        {"DequantizeLinear", 21, "axis=0 block_size=2", {"i8[3,1] 1 2 3", "f32[2,1] 1 10"}, {"f32[3,1] 1 2 30"}, 0},
        {"DequantizeLinear", 13, "", {"f32[1] 1", "f32[] 1"}, {NULL}, 215},
        {"DynamicQuantizeLinear", 11, "", {"f32[3] 0 1 2.55"}, {"u8[3] 0 100 255", "f32[] 0.01", "u8[] 0"}, 0},
        {"DynamicQuantizeLinear", 11, "", {"f32[2] -1 0"}, {"u8[2] 0 255", "f32[] 0.00392156863", "u8[] 255"}, 0},
        {"IsNaN", 13, "", {"f32[3] nan 1 inf"}, {"bool[3] 1 0 0"}, 0},
        {"IsInf", 10, "", {"f32[3] nan -inf inf"}, {"bool[3] 0 1 1"}, 0},
        {"IsInf", 10, "detect_negative=0", {"f32[2] -inf inf"}, {"bool[2] 0 1"}, 0},
        {"BitwiseNot", 18, "", {"u8[2] 0 5"}, {"u8[2] 255 250"}, 0},
    };
    (void)state;
    CHECK_CASES(cases);
}

static void multiply_codes(void **state)
{
    static const node_case cases[] = {
        {"MatMulInteger", 10, "", {"u8[1,2] 5 7", "i8[2,1] 2 -3", "u8[] 4"}, {"i32[1,1] -7"}, 0},
        {"MatMulInteger", 10, "", {"i8[2,1] 1 2", "i8[1,2] 3 4", "i8[2] 1 0", "i8[2] 0 4"}, {"i32[2,2] 0 0 6 0"}, 0},
        {"MatMulInteger", 10, "", {"i8[2,1,1] 1 2", "i8[1,1] 3"}, {"i32[2,1,1] 3 6"}, 0},
        {"MatMulInteger", 10, "", {"i8[1,0]", "i8[0,1]"}, {"i32[1,1] 0"}, 0},
        {"MatMulInteger", 10, "", {"i8[1,2] 1 1", "i8[1,2] 3 3"}, {NULL}, 228},
        {"QLinearMatMul",
         10,
         "",
         {"u8[1,1] 138", "f32[] 0.5", "u8[] 128", "i8[1,1] 3", "f32[] 1", "i8[] 0", "f32[] 2", "u8[] 10"},
         {"u8[1,1] 18"},
         0},
        {"ConvInteger", 10, "pads=1,1", {"u8[1,1,3] 2 3 4", "i8[1,1,3] 1 1 1", "u8[] 1"}, {"i32[1,1,3] 3 6 5"}, 0},
        {"ConvInteger", 10, "group=2", {"u8[1,2,1] 2 3", "i8[2,1,1] 5 7"}, {"i32[1,2,1] 10 21"}, 0},
        {"ConvInteger", 10, "", {"u8[1,2,1] 2 3", "i8[2,1,1] 5 7"}, {NULL}, 226},
        {"QLinearConv",
         10,
         "",
         {"u8[1,1,1] 12", "f32[] 1", "u8[] 2", "i8[2,1,1] 3 3", "f32[2] 1 10", "i8[2] 0 0", "f32[] 4", "u8[] 0"},
         {"u8[1,2,1] 8 75"},
         0},
    };
    (void)state;
    CHECK_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(follow_onnx), cmocka_unit_test(multiply_codes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
