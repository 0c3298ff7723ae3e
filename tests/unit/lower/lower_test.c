/* SPDX-License-Identifier: Apache-2.0
 * lower: all passes together, and the shared models of the project (INTAGLIO_DATA) before and after. */
#include "tests/unit/lower/lowering.h"

#include "compiler/base/map.h"
#include "compiler/onnx/import.h"

static bool is_leftover(const char *type)
{
    static const char *const leftovers[] = {
        "Transpose", "Cast", "BatchNormalization", "Identity", "Dropout", "Flatten", "Squeeze", "MatMul", "Div", "Sub", "Pad", "Split"};
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        if (strcmp(type, leftovers[i]) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct energies {
    itgc_arena *arena;
    itgc_map *by_name;
    bool is_lowered;
    int compared;
} energies;

/* The sum of squares does not depend on the layout. Of the imported graph it is noted by name, of the lowered one compared. */
static void watch_energy(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    energies *e = argument;
    double sum = 0;
    for (int64_t i = 0; value->f && i < itgc_elements(&value->shape); i++) {
        sum += (double)value->f[i] * (double)value->f[i];
    }
    if (!e->is_lowered) {
        double *energy = ITGC_NEW(e->arena, double);
        *energy = sum;
        itgc_put_in_map(e->by_name, tensor->name, energy);
        return;
    }
    const double *energy = itgc_find_in_map(e->by_name, tensor->name);
    if (energy) {
        e->compared++;
        if (fabs(sum - *energy) > 1e-3 * *energy + 1e-20) {
            fail_msg("\"%s\" holds other values after lowering: %g, was %g", tensor->name, sum, *energy);
        }
    }
}

static void assert_names_hold(fixture *f, const itgc_graph *imported, const itgc_graph *lowered, const itgc_value *input)
{
    energies e = {.arena = f->arena, .by_name = itgc_new_map(f->arena)};
    assert_true(itgc_run_float(itgc_new_executor(imported, 1), &input, watch_energy, &e));
    e.is_lowered = true;
    assert_true(itgc_run_float(itgc_new_executor(lowered, 1), &input, watch_energy, &e));
    assert_true(e.compared >= lowered->node_count / 2);
}

/* Float results within 1e-4 of the largest, and at most `moves` nodes that only rearrange. */
static void check_model(fixture *f, const char *file, int moves)
{
    const char *root = getenv("INTAGLIO_DATA");
    char *path = itgc_sprint(f->arena, "%s/models/%s", root ? root : "../shared/data", file);
    FILE *probe = fopen(path, "rb");
    if (!probe) {
        printf("skipped: no %s; set INTAGLIO_DATA\n", path);
        skip();
    }
    fclose(probe);
    itgc_import_result imported;
    const itgc_import_options import_options = {.threads = 1};
    const itgc_lower_options options = {.threads = 1};
    if (!itgc_import_file(f->arena, &f->diag, path, &import_options, &imported)) {
        fail_msg("%s", f->diag.error);
    }
    itgc_graph *lowered = itgc_clone_graph(f->arena, imported.graph);
    if (!itgc_lower_graph(lowered, &options) || !itgc_check_graph(lowered)) {
        fail_msg("%s", f->diag.error);
    }
    const itgc_value *input = random_value(f, imported.graph->inputs[0], -1, 1);
    const itgc_value *before = run_graph(f, imported.graph, &input, 0);
    const itgc_value *after = run_graph(f, lowered, &input, 0);
    double largest = 0;
    for (int64_t i = 0; i < itgc_elements(&before->shape); i++) {
        largest = fmax(largest, fabs((double)before->f[i]));
    }
    for (int64_t i = 0; i < itgc_elements(&before->shape); i++) {
        assert_true(fabs((double)before->f[i] - (double)after->f[i]) <= 1e-4 * largest);
    }
    assert_names_hold(f, imported.graph, lowered, input);
    int left = 0;
    for (int i = 0; i < lowered->node_count; i++) {
        left += is_leftover(lowered->nodes[i]->type);
    }
    assert_int_equal(left, moves);
}

static void lowers_kws_dscnn(void **state)
{
    check_model(*state, "kws_dscnn.onnx", 0);
}

static void lowers_ic_resnet8(void **state)
{
    check_model(*state, "ic_resnet8.onnx", 0);
}

static void lowers_vww_mobilenet(void **state)
{
    check_model(*state, "vww_mobilenet.onnx", 0);
}

static void lowers_ad_autoencoder(void **state)
{
    check_model(*state, "ad_autoencoder.onnx", 0);
}

static void lowers_sww(void **state)
{
    check_model(*state, "sww.onnx", 0);
}

static void lowers_cifar_resnet20(void **state)
{
    check_model(*state, "cifar_resnet20.onnx", 3);
}

static void lowers_squeezenet1_1(void **state)
{
    check_model(*state, "squeezenet1_1.onnx", 1);
}

static void lowers_gesture_keypoints(void **state)
{
    check_model(*state, "gesture_keypoints.onnx", 0);
}

/* No pass sees dimensions of 0. */
static void leaves_what_has_no_elements(void **state)
{
    fixture *f = *state;
    add_output(f, add_relu(f, add_batchnorm(f, add_input(f, "x", DIMS(0, 3, 4, 4)))));
    assert_true(itgc_lower_graph(f->graph, &(itgc_lower_options){.threads = 1, .scale = 1.0}));
    assert_int_equal(f->graph->node_count, 2);
    assert_string_equal(f->graph->nodes[0]->type, "BatchNormalization");
    assert_int_equal(f->graph->outputs[0]->shape.dim[1], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(leaves_what_has_no_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_kws_dscnn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_ic_resnet8, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_vww_mobilenet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_ad_autoencoder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_sww, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_cifar_resnet20, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_squeezenet1_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lowers_gesture_keypoints, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
