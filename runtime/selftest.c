/* SPDX-License-Identifier: Apache-2.0
 * Runs the self-test that NAME_test.c holds: one real input, the CRC of every step, the expected output. */
#include <intaglio/intaglio.h>

#include <string.h>

/* Compares bytes; memcmp is not among the functions a freestanding caller must supply. */
static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static void load_inputs(const itg_selftest *test, uint8_t *arena)
{
    for (uint32_t i = 0; i < test->model->input_count; i++) {
        const itg_port *port = &test->model->inputs[i];
        memcpy(arena + port->offset, test->inputs[i], port->bytes);
    }
}

int32_t itg_run_selftest(const itg_selftest *test, const itg_exec *exec, void *arena, uint32_t *output_crc)
{
    const itg_model *model = test->model;
    int32_t first_wrong = -1;
    load_inputs(test, arena);
    for (uint32_t i = 0; i < model->step_count; i++) {
        itg_run_step(model, exec, arena, i);
        const itg_selftest_view *view = &test->step_view[i];
        if (first_wrong < 0 && view->count && itg_crc_view(view, arena) != test->step_crc[i])
            first_wrong = (int32_t)i;
    }
    uint32_t crc = 0;
    for (uint32_t i = 0; i < model->output_count; i++) {
        const itg_port *port = &model->outputs[i];
        crc = itg_crc32(crc, (const uint8_t *)arena + port->offset, port->bytes);
        if (first_wrong < 0 && !same_bytes((const uint8_t *)arena + port->offset, test->outputs[i], port->bytes))
            first_wrong = (int32_t)model->step_count;
    }
    if (output_crc)
        *output_crc = crc;
    return first_wrong;
}
