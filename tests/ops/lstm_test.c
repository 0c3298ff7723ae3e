/* SPDX-License-Identifier: Apache-2.0
 * LSTM, GRU, RNN and Attention on cells small enough to work out by hand. */
#include "tests/ops/node_case.h"

#define ZERO_4 "f32[1,4,1] 0 0 0 0"

static void step_through_time(void **state)
{
    static const node_case cases[] = {
        /* all gates 1/2, candidate 0: the cell halves */
        {"LSTM",
         14,
         "hidden_size=1",
         {"f32[1,1,1] 3", ZERO_4, ZERO_4, "", "", "", "f32[1,1,1] 1"},
         {"f32[1,1,1,1] 0.23105858", "f32[1,1,1] 0.23105858", "f32[1,1,1] 0.5"},
         0},
        {"LSTM", 14, "input_forget=1", {"f32[1,1,1] 3", ZERO_4, ZERO_4, "", "", "", "f32[1,1,1] 1"}, {"f32[1,1,1,1] 0.23105858"}, 0},
        {"LSTM", 7, "", {"f32[1,1,1] 3", "f32[1,3,1] 0 0 0", ZERO_4}, {"f32[1,1,1,1] 0"}, 212},
        {"LSTM", 7, "hidden_size=2", {"f32[1,1,1] 3", ZERO_4, ZERO_4}, {"f32[1,1,1,1] 0"}, 216},
        {"LSTM", 7, "direction='sideways'", {"f32[1,1,1] 3", ZERO_4, ZERO_4}, {"f32[1,1,1,1] 0"}, 216},
        {"LSTM", 7, "activations='Relu'", {"f32[1,1,1] 3", ZERO_4, ZERO_4}, {"f32[1,1,1,1] 0"}, 216},
        {"RNN", 14, "", {"f32[2,1,1] 1 1", "f32[1,1,1] 1", "f32[1,1,1] 1"}, {"f32[2,1,1,1] 0.761594156 0.942680789", "f32[1,1,1] 0.942680789"}, 0},
        {"RNN",
         14,
         "direction='reverse'",
         {"f32[2,1,1] 1 1", "f32[1,1,1] 1", "f32[1,1,1] 1"},
         {"f32[2,1,1,1] 0.942680789 0.761594156", "f32[1,1,1] 0.942680789"},
         0},
        {"RNN",
         14,
         "layout=1",
         {"f32[1,2,1] 1 1", "f32[1,1,1] 1", "f32[1,1,1] 1"},
         {"f32[1,2,1,1] 0.761594156 0.942680789", "f32[1,1,1] 0.942680789"},
         0},
        {"RNN",
         14,
         "",
         {"f32[3,1,1] 1 1 1", "f32[1,1,1] 1", "f32[1,1,1] 1", "", "i32[1] 2"},
         {"f32[3,1,1,1] 0.761594156 0.942680789 0", "f32[1,1,1] 0.942680789"},
         0},
        {"RNN", 14, "clip=0.5", {"f32[1,1,1] 9", "f32[1,1,1] 1", "f32[1,1,1] 1"}, {"f32[1,1,1,1] 0.462117157"}, 0},
        {"RNN", 14, "", {"f32[0,1,1]", "f32[1,1,1] 1", "f32[1,1,1] 1", "", "", "f32[1,1,1] 7"}, {"f32[0,1,1,1]", "f32[1,1,1] 7"}, 0},
        {"GRU", 14, "", {"f32[1,1,1] 1", "f32[1,3,1] 0 0 1", "f32[1,3,1] 0 0 1", "", "", "f32[1,1,1] 0.5"}, {"f32[1,1,1,1] 0.67414182"}, 0},
        {"GRU",
         14,
         "",
         {"f32[1,1,1] 1", "f32[1,3,1] 0 0 1", "f32[1,3,1] 0 0 1", "f32[1,6] 0 0 0 0 0 1", "", "f32[1,1,1] 0.5"},
         {"f32[1,1,1,1] 0.739013057"},
         0},
        {"GRU",
         14,
         "linear_before_reset=1",
         {"f32[1,1,1] 1", "f32[1,3,1] 0 0 1", "f32[1,3,1] 0 0 1", "f32[1,6] 0 0 0 0 0 1", "", "f32[1,1,1] 0.5"},
         {"f32[1,1,1,1] 0.720687769"},
         0},
    };
    (void)state;
    CHECK_CASES(cases);
}

#define QUERY  "f32[1,1,1,2] 1 0"
#define KEYS   "f32[1,1,2,2] 1 0 0 1"
#define VALUES "f32[1,1,2,1] 1 2"

static void attend(void **state)
{
    static const node_case cases[] = {
        {"Attention", 23, "scale=1.0", {QUERY, KEYS, VALUES}, {"f32[1,1,1,1] 1.26894142"}, 0},
        {"Attention",
         23,
         "scale=1.0 softcap=2.0 qk_matmul_output_mode=1",
         {QUERY, KEYS, VALUES},
         {"f32[1,1,1,1] 1.28409591", KEYS, VALUES, "f32[1,1,1,2] 0.924234315 0"},
         0},
        {"Attention", 23, "scale=1.0", {QUERY, KEYS, VALUES, "bool[1,2] 0 1"}, {"f32[1,1,1,1] 2"}, 0},
        {"Attention", 23, "scale=1.0", {QUERY, KEYS, VALUES, "bool[2] 0 0"}, {"f32[1,1,1,1] 0"}, 0},
        {"Attention", 23, "scale=1.0", {QUERY, KEYS, VALUES, "f32[1,1] 5"}, {"f32[1,1,1,1] 1"}, 0},
        {"Attention", 23, "scale=1.0 is_causal=1", {QUERY, KEYS, VALUES}, {"f32[1,1,1,1] 1"}, 0},
        {"Attention",
         23,
         "scale=1.0 is_causal=1",
         {QUERY, "f32[1,1,1,2] 0 1", "f32[1,1,1,1] 2", "", "f32[1,1,1,2] 1 0", "f32[1,1,1,1] 1"},
         {"f32[1,1,1,1] 1.26894142", KEYS, VALUES},
         0},
        {"Attention", 24, "scale=1.0", {QUERY, KEYS, VALUES, "", "", "", "i64[1] 1"}, {"f32[1,1,1,1] 1"}, 0},
        {"Attention", 25, "scale=1.0 left_window_size=0", {"f32[1,1,2,1] 0 0", "f32[1,1,2,1] 0 0", VALUES}, {"f32[1,1,2,1] 1.5 2"}, 0},
        /* two query heads share one key head */
        {"Attention",
         23,
         "scale=1.0 q_num_heads=2 kv_num_heads=1",
         {"f32[1,1,4] 1 0 0 0", "f32[1,2,2] 1 0 0 1", "f32[1,2,1] 1 2"},
         {"f32[1,1,2] 1.26894142 1.5"},
         0},
        {"Attention", 23, "", {"f32[1,1,4] 1 0 0 0", "f32[1,2,2] 1 0 0 1", "f32[1,2,1] 1 2"}, {NULL}, 212},
    };
    (void)state;
    CHECK_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(step_through_time), cmocka_unit_test(attend)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
