/* SPDX-License-Identifier: Apache-2.0
 * Accuracy of a scheduled session, shared by compile and eval. */
#ifndef CLI_EVALUATION_H
#define CLI_EVALUATION_H

#include "tools/cli/pipeline.h"

#include <stdio.h>

/* On --data, or on the calibration samples kept for the gate. */
bool cli_evaluate(cli_session *session, itgc_scores *scores);

/* False if the gate is not met (advice printed, session->status set) or its text is wrong (diagnostic). */
bool cli_check_gate(cli_session *session, const itgc_scores *scores);

void cli_print_scores(FILE *file, const itgc_graph *graph, const itgc_scores *scores);

#endif
