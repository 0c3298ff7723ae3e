/* SPDX-License-Identifier: Apache-2.0
 * Inputs and outputs of a model in its arena, and the largest elements of an integer output. */
#include "runtime/kernels/element.h"

#include <intaglio/intaglio.h>

itg_view itg_input(const itg_model *model, void *arena, uint32_t index)
{
    const itg_port *port = &model->inputs[index];
    return (itg_view){port, (uint8_t *)arena + port->offset};
}

itg_view itg_output(const itg_model *model, void *arena, uint32_t index)
{
    const itg_port *port = &model->outputs[index];
    return (itg_view){port, (uint8_t *)arena + port->offset};
}

uint32_t itg_port_elements(const itg_port *port)
{
    return port->bytes / itg_element_bytes(port->type);
}

int32_t itg_argmax(itg_view view)
{
    int32_t best = -1;
    itg_top_k(view, &best, 1);
    return best;
}

/* The largest element behind (value, index) in the order "larger value first, equals by index"; -1 if there is none. */
static int32_t find_next(itg_view view, int32_t value, int32_t index)
{
    const int32_t count = (int32_t)itg_port_elements(view.port);
    int32_t best = -1, best_value = 0;
    for (int32_t i = 0; i < count; i++) {
        const int32_t code = itg_load_code(view.data, view.port->type, (size_t)i);
        const bool behind = index < 0 || code < value || (code == value && i > index);
        if (behind && (best < 0 || code > best_value)) {
            best = i;
            best_value = code;
        }
    }
    return best;
}

int32_t itg_top_k(itg_view view, int32_t *index, int32_t count)
{
    int32_t found = 0, value = 0, last = -1;
    while (found < count) {
        last = find_next(view, value, last);
        if (last < 0)
            break;
        value = itg_load_code(view.data, view.port->type, (size_t)last);
        index[found++] = last;
    }
    return found;
}
