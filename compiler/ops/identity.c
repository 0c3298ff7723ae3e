/* SPDX-License-Identifier: Apache-2.0
 * Identity, and Dropout as inference sees it: the input goes through, the mask is all true. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

static bool infer_identity(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return true;
}

static bool infer_dropout(itgc_node *node, itgc_diag *diag)
{
    const itgc_tensor *const training = itgc_input_of(node, 2);
    if (!itgc_require_type(diag, node, 2, ITGC_BOOLS))
        return false;
    if (training != NULL && (training->constant == NULL || itgc_elements(&training->shape) != 1 || training->constant->i[0] != 0))
        return itgc_fail(diag, 213, "training_mode (\"%.100s\") must be the constant false; export the model for inference", training->name);
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    itgc_set_output(node, 1, node->opset < 10 ? node->in[0]->type : ITGC_BOOL, &node->in[0]->shape);
    return true;
}

static bool eval_identity(const itgc_eval *eval)
{
    itgc_copy_elements(eval->out[0], eval->in[0]);
    return true;
}

static bool eval_dropout(const itgc_eval *eval)
{
    if (eval->out[0] != NULL)
        itgc_copy_elements(eval->out[0], eval->in[0]);
    if (eval->node->out_count < 2 || eval->out[1] == NULL)
        return true;
    const int64_t count = itgc_elements(&eval->in[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        if (itgc_is_float(eval->out[1]->type))
            eval->out[1]->f[i] = 1.0f;
        else
            eval->out[1]->i[i] = 1;
    }
    return true;
}

const itgc_op itgc_op_identity = {.family = "identity",
                                  .attributes = "",
                                  .min_inputs = 1,
                                  .max_inputs = 1,
                                  .max_outputs = 1,
                                  .infer = infer_identity,
                                  .eval = eval_identity,
                                  .quantize = itgc_quantize_alias,
                                  .format = ITGC_FORMAT_PASS};
const itgc_op itgc_op_dropout = {.family = "identity",
                                 .attributes = "ratio seed",
                                 .min_inputs = 1,
                                 .max_inputs = 3,
                                 .max_outputs = 2,
                                 .infer = infer_dropout,
                                 .eval = eval_dropout};
