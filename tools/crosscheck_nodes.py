#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX's own backend node tests: crosscheck_nodes.py TOOL WORK. Writes them as folders, runs `intaglio conformance`, and counts.

A test is within the promise if it uses the ops and element types below only. Of those at least LEAST must pass; none may crash, and none may
be left out without a reason that names its op.
"""
import pathlib
import re
import subprocess
import sys
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

LEAST = 1085
OPS = set(
    """
    Conv ConvTranspose BatchNormalization InstanceNormalization GroupNormalization LayerNormalization RMSNormalization LRN LpNormalization
    MeanVarianceNormalization Relu LeakyRelu PRelu Elu Selu Celu ThresholdedRelu Clip Sigmoid HardSigmoid HardSwish Tanh Softplus Softsign Mish
    Gelu Swish Erf Exp Log Sqrt Reciprocal Abs Neg Sign Floor Ceil Round Sin Cos Pow Add Sub Mul Div Mod Max Min Sum Mean Equal Greater
    GreaterOrEqual Less LessOrEqual And Or Not Xor Where MatMul Gemm Einsum Softmax LogSoftmax Hardmax Attention MaxPool AveragePool LpPool
    GlobalAveragePool GlobalMaxPool GlobalLpPool ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare
    ReduceLogSum ReduceLogSumExp ArgMax ArgMin TopK CumSum Flatten Reshape Transpose Squeeze Unsqueeze Concat Split Slice Gather GatherElements
    GatherND Expand Tile Pad Resize Upsample DepthToSpace SpaceToDepth Identity Dropout Cast CastLike Constant ConstantOfShape Shape Size Range
    Trilu EyeLike OneHot If LSTM GRU RNN QuantizeLinear DequantizeLinear QLinearConv QLinearMatMul ConvInteger MatMulInteger
    DynamicQuantizeLinear
    """.split()
)
TYPES = {getattr(TensorProto, name) for name in "FLOAT FLOAT16 DOUBLE INT8 UINT8 INT32 INT64 BOOL".split()}


def ops_of(nodes):
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from ops_of(attribute.g.node)


def is_promised(model):
    nodes = list(ops_of(model.graph.node))
    for function in model.functions:
        nodes += ops_of(function.node)
    local = {function.name for function in model.functions}
    casts = {node.attribute[i].i for node in nodes if node.op_type == "Cast" for i in range(len(node.attribute)) if node.attribute[i].name == "to"}
    values = [*model.graph.input, *model.graph.output]
    return (
        all(node.op_type in local or (node.domain in ("", "ai.onnx") and node.op_type in OPS) for node in nodes)
        and all(value.type.WhichOneof("value") == "tensor_type" and value.type.tensor_type.elem_type in TYPES for value in values)
        and casts <= TYPES
    )


def write_values(folder, kind, values, declared):
    for index, value in enumerate(values):
        tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), declared[index].name)
        (folder / f"{kind}_{index}.pb").write_bytes(tensor.SerializeToString())


def write_tests(work):
    """Folders of all tests; the names of the promised ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    promised = set()
    for case in cases:
        folder = work / case.name
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(case.model, folder / "model.onnx")
        if is_promised(case.model):
            promised.add(case.name)
        try:
            for index, (inputs, outputs) in enumerate(case.data_sets):
                data = folder / f"test_data_set_{index}"
                data.mkdir(exist_ok=True)
                write_values(data, "input", inputs, case.model.graph.input)
                write_values(data, "output", outputs, case.model.graph.output)
        except (TypeError, ValueError, AttributeError, NotImplementedError):
            promised.discard(case.name)  # sequences and optionals: not a tensor file
    return promised


def main():
    tool, work = sys.argv[1], pathlib.Path(sys.argv[2])
    promised = write_tests(work)
    run = subprocess.run([tool, "conformance", str(work)], capture_output=True, text=True, check=False)
    verdicts = {}
    for line in run.stdout.splitlines():
        match = re.match(r"(PASS|FAIL|SKIP) ([^:]+)(?:: (.*))?$", line)
        if match:
            verdicts[match[2]] = (match[1], match[3] or "")
    passed = sorted(name for name in promised if verdicts.get(name, ("", ""))[0] == "PASS")
    for name in sorted(promised - set(passed)):
        verdict, why = verdicts.get(name, ("MISSING", "no verdict"))
        print(f"{verdict} {name}: {why}")
    crashed = [name for name, (_, why) in verdicts.items() if "crashed" in why]
    unnamed = [name for name, (verdict, why) in verdicts.items() if verdict == "SKIP" and not re.match(r'node "[^"]+" \(\w+|[\w, ]+: ', why)]
    outside = sum(verdict == "PASS" for name, (verdict, _) in verdicts.items() if name not in promised)
    print(f"{len(passed)} of {len(promised)} promised tests pass, and {outside} others; {len(crashed)} crashed; {len(unnamed)} skipped without a reason")
    print(run.stdout.splitlines()[-1])
    return 0 if len(passed) >= LEAST and not crashed and not unnamed else 1


if __name__ == "__main__":
    sys.exit(main())
