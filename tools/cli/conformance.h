/* SPDX-License-Identifier: Apache-2.0
 * One ONNX backend test: conformance.c runs many, each in a process of its own. */
#ifndef CLI_CONFORMANCE_H
#define CLI_CONFORMANCE_H

#include <stddef.h>

/* Writes "PASS", "FAIL: why" or "SKIP: why" into verdict. */
void cli_run_backend_test(const char *dir, int threads, char *verdict, size_t size);

#endif
