/* SPDX-License-Identifier: Apache-2.0
 * Raw bytes as an .onnx file: a survey as `intaglio inspect` makes, then every phase. */
#include "tests/fuzz/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fuzz_options survey = {.survey = true}, whole = {.compare_floats = true, .compare_kernels = true};
    fuzz_model(data, size, &survey);
    fuzz_model(data, size, &whole);
    return 0;
}
