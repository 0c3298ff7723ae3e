#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of a model's int8 noise is the model's own: what it makes of small errors in float (ONNX Runtime), before anything is quantized.

  build/venv/bin/python tools/zoo/check_growth.py build/zoo/timm_*_legacy16.onnx    (docs/decisions/0009-chaotic-models.md reads it)

For each model SQNR of the logits in dB if only the input is rounded to 8 bits, if only the weights are rounded to int8 (one scale an output
channel), and the growth of an error 79 dB below the input until it meets what differs between the logits of two samples. 16 noise images
like those that settle the zoo's BatchNorm statistics.
"""
import argparse
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def noise_images(shape, count=16, seed=200):
    """Coarse noise, enlarged, and a little fine noise."""
    generator = np.random.default_rng(seed)
    channels, height, width = shape
    coarse = generator.standard_normal((count, channels, height // 16, width // 16))
    rows, columns = (np.clip((np.arange(n) + 0.5) / 16 - 0.5, 0, n // 16 - 1) for n in (height, width))
    for axis, at in ((2, rows), (3, columns)):
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, coarse.shape[axis] - 1)
        part = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
        coarse = coarse.take(low, axis) * (1 - part) + coarse.take(high, axis) * part
    return (coarse + 0.2 * generator.standard_normal(coarse.shape)).astype(np.float32)


def logits_of(model, images):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: image[None]})[0].reshape(1, -1) for image in images]).astype(np.float64)


def round_weights(model):
    """A copy whose Conv and Gemm weights are multiples of 1/127 of their output channel's largest."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    wanted = {node.input[1]: node for node in copy.graph.node if node.op_type in ("Conv", "Gemm")}
    for tensor in copy.graph.initializer:
        if tensor.name in wanted:
            w = numpy_helper.to_array(tensor)
            turned = wanted[tensor.name].op_type == "Gemm" and not any(a.name == "transB" and a.i for a in wanted[tensor.name].attribute)
            rows = w.T if turned else w.reshape(len(w), -1)
            scale = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-30) / 127
            rows = (np.round(rows / scale) * scale).astype(w.dtype)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(rows.T if turned else rows.reshape(w.shape)), tensor.name))
    return copy


def ratio(signal, error):
    return 10 * np.log10((signal ** 2).sum() / ((error ** 2).sum() + 1e-30))


def check(path):
    model = onnx.load(path)
    given = [v for v in model.graph.input if v.name not in {t.name for t in model.graph.initializer}][0]
    images = noise_images([d.dim_value for d in given.type.tensor_type.shape.dim][1:])
    expected = logits_of(model, images)
    step = (images.max() - images.min()) / 255
    by_input = ratio(expected, logits_of(model, np.round(images / step).astype(np.float32) * step) - expected)
    by_weights = ratio(expected, logits_of(round_weights(model), images) - expected)
    small = np.random.default_rng(1).standard_normal(images.shape).astype(np.float32) * images.std() * 10 ** (-79 / 20)
    growth = 79 - ratio(expected - expected.mean(0), logits_of(model, images + small) - expected)
    return by_input, by_weights, growth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().models:
        by_input, by_weights, growth = check(path)
        print(f"{path.stem:48} input {by_input:5.1f} dB   weights {by_weights:5.1f} dB   growth {growth:5.1f} dB", flush=True)


if __name__ == "__main__":
    main()
