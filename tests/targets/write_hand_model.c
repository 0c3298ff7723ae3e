/* SPDX-License-Identifier: Apache-2.0
 * Writes a hand-made graph as an emitted model, so that the emulator tests need neither an ONNX file nor the phases before schedule.
 * Usage: write_hand_model TARGET DIR NAME [asm]; NAME norm: the graph of normalizations. */
#include "compiler/emit/emit.h"
#include "compiler/schedule/schedule.h"
#include "tests/models/norm_graph.h"

#include <intaglio/intaglio.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const itgc_target *target = argc >= 4 ? itgc_find_target(argv[1]) : NULL;
    itgc_arena *arena = itgc_new_arena(0);
    if (!target || !arena || setjmp(*itgc_arm_arena(arena))) {
        fprintf(stderr, "usage: write_hand_model TARGET DIR NAME [asm]\n");
        return 2;
    }
    itgc_diag diag = {.arena = arena, .file = "hand-made graph"};
    itgc_graph *graph = strcmp(argv[3], "norm") == 0 ? norm_graph(arena, &diag) : hand_graph(arena, &diag);
    itgc_schedule_options schedule = {.align = target->align,
                                      .ram_budget = target->ram_bytes,
                                      .flash_budget = target->flash_bytes,
                                      .storage = target->tables[0]->storage,
                                      .workers = 1,
                                      .stack_bytes = itgc_target_stack(target)};
    itgc_list_packings(target, schedule.packings);
    uint8_t pixels[128]; /* of the larger input */
    hand_fill(pixels, sizeof pixels, 3);
    const void *const inputs[] = {pixels};
    const itgc_emit_options options = {.name = argv[3],
                                       .target = argv[1],
                                       .model_file = "tests/models/hand_graph.h",
                                       .model_sha256 = "none",
                                       .test_inputs = inputs,
                                       .weights_asm = argc == 5 && strcmp(argv[4], "asm") == 0};
    const itg_model *model = itgc_schedule_graph(graph, &schedule) ? itgc_build_plan(graph, &itg_kernels_scalar) : NULL;
    const bool done = model && itgc_emit_files(graph, model, &options, argv[2]);
    if (!done) {
        fprintf(stderr, "%s\n", diag.error);
    }
    itgc_release_arena(arena);
    return done ? 0 : 2;
}
