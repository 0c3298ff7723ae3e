/* SPDX-License-Identifier: Apache-2.0
 * The README's firmware: everything an application adds to an emitted model. CI compiles it for every target. */
#include "kws.h" /* written by `intaglio compile --name kws` */

#include <string.h>

static uint8_t arena[KWS_ARENA_BYTES] ITG_ALIGNED __attribute__((section(".bss.arena")));

static int classify(const KWS_INPUT_TYPE *features) /* KWS_INPUT_ELEMENTS of them */
{
    memcpy(arena + KWS_INPUT_OFFSET, features, KWS_INPUT_BYTES);
    itg_run(&kws_model, arena);
    return itg_argmax(itg_output(&kws_model, arena, 0)); /* index into kws_labels[] */
}

static const KWS_INPUT_TYPE silence[KWS_INPUT_ELEMENTS];

int main(void)
{
    return itg_check(&kws_model, NULL, arena, sizeof arena) == ITG_OK && classify(silence) >= 0 ? 0 : 1;
}
