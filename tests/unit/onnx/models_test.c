/* SPDX-License-Identifier: Apache-2.0
 * Real trained models: all eight import, with the shapes their README states and nothing left of their shape arithmetic. Skipped where
 * the shared data is absent. */
#include "tests/unit/onnx/importing.h"

typedef struct expectation {
    const char *file, *input, *output;
    int nodes; /* left after folding */
} expectation;

static const expectation models[] = {
    {"kws_dscnn", "[1,49,10,1]", "[1,12]", 33},         {"ic_resnet8", "[1,32,32,3]", "[1,10]", 32}, {"vww_mobilenet", "[1,96,96,3]", "[1,2]", 87},
    {"ad_autoencoder", "[1,640]", "[1,640]", 47},       {"sww", "[1,30,1,40]", "[1,3]", 23},         {"cifar_resnet20", "[1,3,32,32]", "[1,10]", 75},
    {"squeezenet1_1", "[1,3,227,227]", "[1,1000]", 66}, {"gesture_keypoints", "[1,42]", "[1,3]", 9},
};

static void import_model(importing *f, const expectation *wanted, const char *folder)
{
    const char *const path = itgc_sprint(f->arena, "%s/models/%s.onnx", folder, wanted->file);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is absent\n", path);
        skip();
    }
    if (!itgc_import_file(f->arena, &f->diag, path, &f->options, &f->result))
        fail_msg("%s", f->diag.error);
    const itgc_graph *const graph = f->result.graph;
    assert_int_equal(graph->input_count, 1);
    assert_int_equal(graph->output_count, 1);
    assert_string_equal(shape_of(f, graph->inputs[0]), wanted->input);
    assert_string_equal(shape_of(f, graph->outputs[0]), wanted->output);
    assert_int_equal(graph->node_count, wanted->nodes);
}

static void all_eight_models_import(void **state)
{
    const char *const folder = getenv("INTAGLIO_DATA");
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        import_model(*state, &models[i], folder == NULL ? "../shared/data" : folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IMPORT_TEST(all_eight_models_import)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
