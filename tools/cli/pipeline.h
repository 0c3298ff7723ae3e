/* SPDX-License-Identifier: Apache-2.0
 * What compile, run, eval and bench share: options → import → lower → measure → quantize → schedule.
 * A command is a body run by cli_run_session, which owns the compilation, prints its diagnosis and gives the exit status. */
#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include "tools/cli/options.h"
#include "tools/cli/print.h"

#include "runtime/host/pool.h"

typedef struct cli_session {
    const cli_options *options;
    itgc_compilation *c;
    cli_progress bar;
    itgc_progress progress;
    itgc_image_options image; /* for the ONNX input; the lowered graph's sets take pixels where preprocessing was folded */
    const itg_kernels *kernels;
    int threads;
    itg_workers *workers; /* threads - 1 of them waiting; NULL: none */
    itg_exec exec;        /* what runs the scheduled model */
    int64_t gate_every;   /* every n-th calibration sample is kept for the gate; 0: none */
    int64_t sample_count; /* calibration samples used for the ranges; 0: ranges from a file */
    itgc_samples **calib; /* one set per input of the lowered graph; NULL: ranges from a file */
    bool (*body)(struct cli_session *session);
    int status; /* of a body that returned true */
    double phase_started;
} cli_session;

int cli_run_session(const cli_options *options, bool (*body)(cli_session *session));

/* Import, labels, image options, lowering. */
bool cli_load(cli_session *session, bool survey);
bool cli_lower(cli_session *session);

/* Calibration (or noise), quantization. */
bool cli_quantize(cli_session *session, bool noise_allowed);

/* Schedule for the host or the --target, whose models run on one thread. align 0: the host's. */
bool cli_schedule(cli_session *session, const itgc_target *target);

/* Kernel table by --isa, INTAGLIO_ISA or the CPU. NULL after a message. */
const itg_kernels *cli_choose_kernels(itgc_diag *diag, const char *isa);

/* settings.c: how pictures become values of the input, after import; whether values are more than pixels or their scale changes. */
bool cli_fill_image(cli_session *session);
bool cli_has_preprocessing(const itgc_image_options *image);

/* settings.c: the quantizer's options: preset, steps, types of input and output. */
bool cli_fill_quantize(cli_session *session, itgc_quantize_options *quantize);

/* samples.c: the sets of one option's paths for every graph input; float_sets: in the units of the ONNX input, else as the lowered graph takes
 * them. */
itgc_samples **cli_open_sets(cli_session *session, const cli_list *paths, bool float_sets);

/* samples.c: specification of input `index` for float or lowered sets. path may be NULL. */
itgc_samples_spec cli_spec(cli_session *session, int index, const char *path, bool float_sets);

/* samples.c: use callbacks for measure and evaluate; argument: the session. */
bool cli_use_for_ranges(void *argument, int64_t index);
bool cli_use_for_gate(void *argument, int64_t index);

/* samples.c: ranges of all tensors, from calibration samples, a file of ranges, the model itself, or noise where that is allowed. */
bool cli_measure(cli_session *session, bool noise_allowed);

/* labels.c: JSON list, JSON object {"0": "cat"} or {"cat": 0}, or one name a line. NULL with a diagnostic (34x). */
const char *const *cli_read_labels(itgc_arena *arena, itgc_diag *diag, const char *path, int *count);

#endif
