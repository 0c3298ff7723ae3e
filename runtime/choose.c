/* SPDX-License-Identifier: Apache-2.0
 * The choice among models of one network, each for another kernel table: what a program does once where the compiler could not know the
 * processor. In: the list that an emitted NAME.c ends with. */
#include <intaglio/intaglio.h>

const itg_model *itg_choose_model(const itg_model *const *models, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        const itg_kernels *kernels = models[i - 1]->kernels;
        if (!kernels->is_supported || kernels->is_supported())
            return models[i - 1];
    }
    return models[0];
}
