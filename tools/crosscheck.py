#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Float results against ONNX Runtime: crosscheck.py TOOL MODELS WORK. MODELS: lines of NAME FILE CALIB EVAL OPTIONS.

Each model gets seeded inputs of its own shape, pixels 0..255 for pictures; max|a - b| must stay below 1e-4 * max|b| for every output.
"""
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime

LIMIT = 1e-4
BATCHES = 4


def fixed_shape(model_input, options):
    """The input's shape, symbols resolved by --input-shape NAME=… or 1."""
    for option, value in zip(options, options[1:]):
        if option == "--input-shape" and value.rsplit("=", 1)[0] == model_input.name:
            return [int(dim) for dim in value.rsplit("=", 1)[1].split(",")]
    return [dim if isinstance(dim, int) and dim > 0 else 1 for dim in model_input.shape]


def check(tool, name, file, options, work):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    model_input = session.get_inputs()[0]
    shape = fixed_shape(model_input, options)
    random = np.random.default_rng(1)
    values = [random.uniform(0, 255, shape) if len(shape) == 4 and 3 in shape else random.normal(size=shape) for _ in range(BATCHES)]
    scale = 1 / 255 if "--scale" in options else 1
    values = [(value * scale).astype(np.float32) for value in values]
    np.save(work / f"{name}.npy", np.concatenate(values))
    shapes = [word for pair in zip(options, options[1:]) if pair[0] == "--input-shape" for word in pair]
    out = work / name
    subprocess.run([tool, "run", file, "--float", "--quiet", *shapes, "--input", str(work / f"{name}.npy"), "--output", f"{out}/"], check=True)
    worst = 0.0
    for index, output in enumerate(session.get_outputs()):
        expected = np.concatenate([session.run(None, {model_input.name: value})[index] for value in values])
        safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in output.name)[:200]
        actual = np.load(out / f"{safe}.npy")
        worst = max(worst, float(np.abs(expected - actual).max() / max(np.abs(expected).max(), 1e-30)))
    return worst


def main():
    tool, models, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    work.mkdir(parents=True, exist_ok=True)
    passed = failed = skipped = 0
    for line in models.read_text().splitlines():
        name, file, _, _, *options = line.split()
        if not pathlib.Path(file).exists():
            print(f"SKIP {name}: {file} is not there")
            skipped += 1
            continue
        worst = check(tool, name, file, options, work)
        passed += worst <= LIMIT
        failed += worst > LIMIT
        print(f"{'PASS' if worst <= LIMIT else 'FAIL'} {name}: {worst:.2e} of the largest value")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
