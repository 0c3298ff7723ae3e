/* SPDX-License-Identifier: Apache-2.0
 * Raw bytes as an .onnx file: a survey as `intaglio inspect` makes, then every phase. */
#include "tests/fuzz/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fuzz_options survey = {.survey = true};
    /* The size chooses options: it changes with most mutations and costs no byte. */
    const fuzz_options whole = {.compare_floats = true, .compare_kernels = true, .choices = (uint32_t)size * 2654435761u};
    fuzz_model(data, size, &survey);
    fuzz_model(data, size, &whole);
    return 0;
}
