/* SPDX-License-Identifier: Apache-2.0
 * Ops that sum: the Reduce family, Softmax and its kin, Einsum. */
#include "tests/ops/node_case.h"

static void reduce(void **state)
{
    static const node_case cases[] = {
        {"ReduceMean", 13, "axes=1,", {"f32[2,2] 1 2 3 6"}, {"f32[2,1] 1.5 4.5"}, 0},
        {"ReduceMean", 18, "keepdims=0", {"f32[2,2] 1 2 3 6"}, {"f32[] 3"}, 0},
        {"ReduceMean", 18, "keepdims=0", {"f32[2,2,2] 1 2 3 4 5 6 7 8", "i64[2] 0 -1"}, {"f32[2] 3.5 5.5"}, 0},
        {"ReduceSum", 13, "", {"f32[2,2] 1 2 3 6", "i64[1] -2"}, {"f32[1,2] 4 8"}, 0},
        {"ReduceSum", 13, "noop_with_empty_axes=1", {"f32[2] 1 2", "i64[0]"}, {"f32[2] 1 2"}, 0},
        {"ReduceSum", 13, "noop_with_empty_axes=0", {"f32[2] 1 2", "i64[0]"}, {"f32[1] 3"}, 0},
        {"ReduceSum", 11, "axes=0,0", {"i32[2] 2147483647 1"}, {"i32[1] -2147483648"}, 0},
        {"ReduceSum", 13, "", {"f32[0,2]", "i64[1] 0"}, {"f32[1,2] 0 0"}, 0},
        {"ReduceSum", 13, "", {"f32[] 7"}, {"f32[] 7"}, 0},
        {"ReduceSum", 13, "", {"f32[2] 1 2", "i64[1] 1"}, {NULL}, 211},
        {"ReduceSum", 13, "", {"f32[2] 1 2", "?i64[1] 0"}, {NULL}, 213},
        {"ReduceMax", 20, "axes=0,", {"bool[2] 0 1"}, {"bool[1] 1"}, 0},
        {"ReduceMax", 18, "", {"f32[0]"}, {"f32[1] -inf"}, 0},
        {"ReduceMax", 18, "", {"i8[0]"}, {"i8[1] -128"}, 0},
        {"ReduceMax", 18, "", {"u64[2] 1 18446744073709551615"}, {"u64[1] 18446744073709551615"}, 0},
        {"ReduceMin", 18, "", {"i64[0]"}, {"i64[1] 9223372036854775807"}, 0},
        {"ReduceMin", 18, "", {"f32[3] 3 -1 2"}, {"f32[1] -1"}, 0},
        {"ReduceProd", 13, "", {"i32[3] 2 3 -4"}, {"i32[1] -24"}, 0},
        {"ReduceProd", 18, "", {"f32[0]"}, {"f32[1] 1"}, 0},
        {"ReduceL1", 13, "", {"f32[2] -1 2"}, {"f32[1] 3"}, 0},
        {"ReduceL2", 13, "", {"f32[2] -3 4"}, {"f32[1] 5"}, 0},
        {"ReduceL2", 13, "", {"i32[2] -3 4"}, {"i32[1] 5"}, 0},
        {"ReduceSumSquare", 13, "", {"f32[2] -3 4"}, {"f32[1] 25"}, 0},
        {"ReduceLogSum", 13, "", {"f32[2] 1 2"}, {"f32[1] 1.09861229"}, 0},
        {"ReduceLogSumExp", 13, "", {"f32[2] 1000 1000"}, {"f32[1] 1000.69315"}, 0},
        {"ReduceLogSumExp", 13, "", {"f32[2] -inf -1000"}, {"f32[1] -1000"}, 0},
        {"ReduceLogSumExp", 18, "", {"f32[0]"}, {"f32[1] -inf"}, 0},
    };
    (void)state;
    CHECK_CASES(cases);
}

static void normalize(void **state)
{
    static const node_case cases[] = {
        {"Softmax", 13, "", {"f32[2,2] 0 0 1000 999"}, {"f32[2,2] 0.5 0.5 0.731058579 0.268941421"}, 0},
        {"Softmax", 13, "axis=0", {"f32[2,2] 1 2 1 3"}, {"f32[2,2] 0.5 0.268941421 0.5 0.731058579"}, 0},
        {"Softmax", 11, "", {"f32[1,2,2] 0 0 0 0"}, {"f32[1,2,2] 0.25 0.25 0.25 0.25"}, 0},
        {"Softmax", 11, "axis=2", {"f32[1,2,2] 0 0 0 0"}, {"f32[1,2,2] 0.5 0.5 0.5 0.5"}, 0},
        {"Softmax", 11, "axis=0", {"f32[2,1] 0 0"}, {"f32[2,1] 0.5 0.5"}, 0},
        {"Softmax", 13, "", {"f32[] 3"}, {"f32[] 1"}, 0},
        {"Softmax", 11, "axis=0", {"f32[] 3"}, {"f32[] 1"}, 0},
        {"Softmax", 13, "", {"f32[0,3]"}, {"f32[0,3]"}, 0},
        {"Softmax", 13, "axis=2", {"f32[1,1] 0"}, {NULL}, 211},
        {"LogSoftmax", 13, "", {"f32[2] 0 1000"}, {"f32[2] -1000 0"}, 0},
        {"LogSoftmax", 13, "axis=-1", {"f32[2] 1 1"}, {"f32[2] -0.693147181 -0.693147181"}, 0},
        {"Hardmax", 13, "", {"f32[2,3] 1 3 3 0 -1 -2"}, {"f32[2,3] 0 1 0 1 0 0"}, 0},
    };
    (void)state;
    CHECK_CASES(cases);
}

static void sum_products(void **state)
{
    static const node_case cases[] = {
        {"Einsum", 12, "equation='ij,jk->ik'", {"f32[2,2] 1 2 3 4", "f32[2,1] 5 6"}, {"f32[2,1] 17 39"}, 0},
        {"Einsum", 12, "equation='ij , jk'", {"f32[1,2] 1 2", "f32[2,1] 5 6"}, {"f32[1,1] 17"}, 0},
        {"Einsum", 12, "equation='ii->i'", {"f32[2,2] 1 2 3 4"}, {"f32[2] 1 4"}, 0},
        {"Einsum", 12, "equation='ii'", {"f32[2,2] 1 2 3 4"}, {"f32[] 5"}, 0},
        {"Einsum", 12, "equation='ji'", {"f32[2,2] 1 2 3 4"}, {"f32[2,2] 1 3 2 4"}, 0},
        {"Einsum", 12, "equation='...ij,...jk->...ik'", {"f32[2,1,2] 1 2 3 4", "f32[2,1] 5 6"}, {"f32[2,1,1] 17 39"}, 0},
        {"Einsum", 12, "equation='...,...'", {"f32[2] 1 2", "f32[] 3"}, {"f32[2] 3 6"}, 0},
        {"Einsum", 12, "equation='i,j,k->ijk'", {"i32[2] 1 2", "i32[1] 3", "i32[2] 1 -1"}, {"i32[2,1,2] 3 -3 6 -6"}, 0},
        {"Einsum", 12, "equation='i->'", {"f32[0]"}, {"f32[] 0"}, 0},
        {"Einsum", 12, "equation='ij->ii'", {"f32[1,1] 0"}, {NULL}, 216},
        {"Einsum", 12, "equation='ij->i'", {"f32[1] 0"}, {NULL}, 216},
        {"Einsum", 12, "equation='i,i'", {"f32[2] 1 2", "f32[3] 1 2 3"}, {NULL}, 216},
        {"Einsum", 12, "equation='i,'", {"f32[1] 0"}, {NULL}, 216},
        {"Einsum", 12, "equation='....i'", {"f32[1] 0"}, {NULL}, 216},
    };
    (void)state;
    CHECK_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reduce), cmocka_unit_test(normalize), cmocka_unit_test(sum_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
