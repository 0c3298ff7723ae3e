#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models that come quantized: crosscheck_quantized.py TOOL DATA WORK.

ONNX Runtime's static quantizer makes int8 models of the shared float ones (QDQ and QOperator, uint8 and int8 activations, per channel).
intaglio compiles them without calibration, keeping their scales; its integers are compared with those of ONNX Runtime on the same pictures,
in steps of the model's own output scale, and both with the float model.
"""
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

SAMPLES = 200
LEAST_AGREEMENT = 96.0
MODELS = ("cifar_resnet20", "ic_resnet8")
VARIANTS = (
    ("qdq-u8", QuantFormat.QDQ, QuantType.QUInt8, True),
    ("qdq-s8", QuantFormat.QDQ, QuantType.QInt8, True),
    ("qdq-tensor", QuantFormat.QDQ, QuantType.QUInt8, False),
    ("qoperator-u8", QuantFormat.QOperator, QuantType.QUInt8, True),
    ("qoperator-s8", QuantFormat.QOperator, QuantType.QInt8, True),
)


def read_pictures(model, folder, count):
    files = sorted(folder.glob("*/*"))
    files = files[:: max(1, len(files) // count)][:count]
    pixels = np.stack([np.asarray(Image.open(file).convert("RGB"), np.float32) for file in files])
    if model == "ic_resnet8":
        return pixels
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    return np.ascontiguousarray(((pixels / 255 - mean) / std).transpose(0, 3, 1, 2))


class Reader(CalibrationDataReader):
    def __init__(self, name, values):
        self.items = iter([{name: value[None]} for value in values])

    def get_next(self):
        return next(self.items, None)


def run_runtime(file, values):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: value[None]})[0] for value in values])


def run_intaglio(tool, file, values, work):
    np.save(work / "input.npy", values)
    run = subprocess.run([tool, "run", str(file), "--input", str(work / "input.npy"), "--output", str(work / "output.npy")], capture_output=True, text=True)
    notes = [line for line in run.stderr.splitlines() if "note" in line or "warning" in line or run.returncode]
    return (np.load(work / "output.npy") if run.returncode == 0 else None), notes


def sqnr(expected, actual):
    noise = float(((expected - actual) ** 2).sum())
    return 10 * np.log10(float((expected**2).sum()) / max(noise, 1e-30))


def agreement(a, b):
    return 100 * float((a.argmax(-1) == b.argmax(-1)).mean())


def make(model, source, prepared, target, variant, data):
    _, form, activations, per_channel = variant
    if not prepared.exists():
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    name = onnx.load(prepared).graph.input[0].name
    reader = Reader(name, read_pictures(model, data / "cifar10" / "calib", 64))
    quantize_static(
        str(prepared), str(target), reader, quant_format=form, per_channel=per_channel, activation_type=activations, weight_type=QuantType.QInt8,
        extra_options={"ActivationSymmetric": activations == QuantType.QInt8},
    )


def check(tool, model, variant, data, work):
    source, target = data / "models" / f"{model}.onnx", work / f"{model}-{variant[0]}.onnx"
    make(model, source, work / f"{model}-prepared.onnx", target, variant, data)
    values = read_pictures(model, data / "cifar10" / "eval", SAMPLES)
    floats, theirs = run_runtime(source, values), run_runtime(target, values)
    ours, notes = run_intaglio(tool, target, values, work)
    for note in notes:
        print(f"    {note}")
    if ours is None:
        print(f"FAIL {target.stem}: intaglio run failed")
        return False
    same = agreement(ours, theirs)
    print(
        f"{'PASS' if same >= LEAST_AGREEMENT else 'FAIL'} {target.stem}: same class as ONNX Runtime {same:.1f} %, SQNR to it {sqnr(theirs, ours):.1f} dB, "
        f"largest difference {np.abs(theirs - ours).max():.4g}; to float: ours {agreement(floats, ours):.1f} % {sqnr(floats, ours):.1f} dB, "
        f"theirs {agreement(floats, theirs):.1f} % {sqnr(floats, theirs):.1f} dB"
    )
    return same >= LEAST_AGREEMENT


def main():
    tool, data, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    work.mkdir(parents=True, exist_ok=True)
    if not data.is_dir():
        print(f"SKIP quantized models: {data} is not there")
        return 0
    results = [check(tool, model, variant, data, work) for model in MODELS for variant in VARIANTS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
