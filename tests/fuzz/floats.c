/* SPDX-License-Identifier: Apache-2.0
 * Float results before and after lowering, and whether they are the same but for rounding. Called by pipeline.c. */
#include "tests/fuzz/pipeline.h"

#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

#include <math.h>
#include <string.h>

/* Values in [-1, 1], or small whole numbers; the same for the same place. */
static const itgc_value *make_input(itgc_arena *arena, const itgc_tensor *tensor)
{
    itgc_value *const value = itgc_new_value(arena, tensor->type, &tensor->shape);
    const int64_t count = itgc_elements(&tensor->shape);
    uint32_t state = 12345;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        const double unit = (double)(state >> 8) / 8388608.0 - 1.0;
        if (value->f != NULL)
            value->f[i] = (float)unit;
        else
            value->i[i] = itgc_wrap(tensor->type, (int64_t)(state >> 29));
    }
    return value;
}

const itgc_value **fuzz_make_inputs(itgc_arena *arena, const itgc_graph *graph)
{
    const itgc_value **const inputs = ITGC_NEW_ARRAY(arena, const itgc_value *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++)
        inputs[i] = make_input(arena, graph->inputs[i]);
    return inputs;
}

typedef struct float_watch {
    bool is_tame;
    float nudge;
} float_watch;

/* Half types keep a value to half a unit in their last place, which lowering, in float, does not round away. */
static float share_of(itgc_type type, float nudge)
{
    const float half = type == ITGC_F16 ? 0x1p-11f : type == ITGC_BF16 ? 0x1p-8f : 0.0f;
    return nudge > 0.0f && nudge < half ? half : nudge;
}

/* Neither so large that sums lose the small nor so small that squares, which lowering may write out in float, become 0. */
static bool is_tame_number(float value)
{
    const float size = fabsf(value);
    return size < 1e6f && (size == 0.0f || size > 1e-18f);
}

/* Nudged: what is computed next reads this value a little off, as after other roundings. */
static void watch_values(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    float_watch *const watch = argument;
    const int64_t count = value->f == NULL ? 0 : itgc_elements(&value->shape);
    const float share = share_of(tensor->type, watch->nudge);
    for (int64_t i = 0; i < count; i++) {
        watch->is_tame = watch->is_tame && is_tame_number(value->f[i]);
        value->f[i] *= 1.0f + share * (float)(i % 3 - 1);
    }
}

const itgc_value **fuzz_run_floats(itgc_compilation *c, const itgc_graph *graph, const itgc_value *const *inputs, double nudge, bool *is_tame)
{
    float_watch watch = {.is_tame = *is_tame, .nudge = (float)nudge};
    itgc_arena *const arena = c->arena;
    itgc_executor *const executor = itgc_new_executor(graph, 1);
    const bool done = itgc_run_float(executor, inputs, watch_values, &watch);
    *is_tame = watch.is_tame;
    fuzz_check_diagnosis(&c->diag, done);
    const itgc_value **const outputs = done ? ITGC_NEW_ARRAY(arena, const itgc_value *, graph->output_count + 1) : NULL;
    for (int i = 0; done && i < graph->output_count; i++) {
        const itgc_value *const value = itgc_value_of(executor, graph->outputs[i]);
        itgc_value *const copy = itgc_new_value(arena, value->type, &value->shape);
        const size_t count = (size_t)itgc_elements(&value->shape);
        if (value->f != NULL && count != 0)
            memcpy(copy->f, value->f, count * sizeof *copy->f);
        else if (count != 0)
            memcpy(copy->i, value->i, count * sizeof *copy->i);
        outputs[i] = copy;
    }
    itgc_release_executor(executor);
    return outputs;
}

bool fuzz_has_steps(const itgc_graph *graph)
{
    static const char *const names[] = {"ArgMax",
                                        "ArgMin",
                                        "TopK",
                                        "Floor",
                                        "Ceil",
                                        "Round",
                                        "Sign",
                                        "Equal",
                                        "Less",
                                        "Greater",
                                        "Hardmax",
                                        "LessOrEqual",
                                        "GreaterOrEqual",
                                        "Cast",
                                        "IsInf",
                                        "IsNaN",
                                        "Mod",
                                        "NonZero",
                                        "Where",
                                        "OneHot",
                                        "QuantizeLinear",
                                        "CastLike",
                                        "Not",
                                        "GatherND",
                                        "And",
                                        "Or",
                                        "Xor",
                                        "QLinearConv",
                                        "QLinearMatMul",
                                        "MatMulInteger",
                                        "Shrink",
                                        "ThresholdedRelu",
                                        "DynamicQuantizeLinear",
                                        "ConvInteger",
                                        "Tan",
                                        "Sin",
                                        "Cos",
                                        "ReduceLogSum",
                                        "DequantizeLinear"};
    for (int i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcmp(graph->nodes[i]->type, names[k]) == 0)
                return true;
    return false;
}

void fuzz_compare_floats(const char *name, const itgc_value *imported, const itgc_value *nudged, const itgc_value *lowered)
{
    const int64_t count = itgc_elements(&imported->shape);
    double largest = 0.0, slack = 0.0, difference = 0.0;
    if (!itgc_same_shape(&imported->shape, &lowered->shape))
        fuzz_fail("output \"%s\" has another shape after lowering", name);
    if (imported->f == NULL || lowered->f == NULL)
        return;
    for (int64_t i = 0; i < count; i++) {
        if (!(fabs((double)imported->f[i]) < 1e6)) /* a constant output may hold anything, NaN too */
            return;
        largest = fmax(largest, fabs((double)imported->f[i]));
        slack = fmax(slack, fabs((double)imported->f[i] - (double)nudged->f[i]));
        const double off = fabs((double)imported->f[i] - (double)lowered->f[i]);
        difference = off <= difference ? difference : off; /* NaN counts */
    }
    if (!(difference <= 1e-4 * largest + 50.0 * slack + 1e-5))
        fuzz_fail("output \"%s\": lowered differs by %g of %g (slack %g)", name, difference, largest, slack);
}
