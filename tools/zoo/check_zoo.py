#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the float results of every model of a folder with ONNX Runtime's: of the graph as imported and as lowered.

  python3 tools/zoo/check_zoo.py --zoo build/zoo --intaglio build/host/intaglio [--only PREFIX,…] [--again] [--keep] [--kinds]

One process a model, one line each: max|a-b| / max|b| imported against ONNX Runtime (limit 1e-4; 1e-3 for the coverage models) and lowered
against imported (limit 5e-5: rounding through all layers), nodes before and after, seconds; then what `intaglio inspect` says of int8.
Results are kept in ZOO/check.json (report.py makes a table of them): models that passed with the same intaglio are not run again;
with --keep those that passed with another one are not either, only inspected. --kinds: what node kinds are left.
Exit status 1 if any of the user models A to E fails, or more than 5 % of the coverage models.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time

import numpy as np


def shape_of_input(path, dims):
    """Free dimensions get 1 for a batch and a photo's size elsewhere."""
    if all(isinstance(d, int) and d > 0 for d in dims):
        return dims
    if path.name.startswith("A_"):
        return [1, 288, 416, 3] if dims[-1] == 3 else [1, 3, 288, 416]
    return [1] + [d if isinstance(d, int) and d > 0 else 224 for d in dims[1:]]


def reference(path, folder):
    """Inputs and outputs of ONNX Runtime, as files that later runs find again."""
    inputs, output = folder / f"{path.stem}.in.npz", folder / f"{path.stem}.out.npz"
    if not (output.exists() and output.stat().st_mtime > path.stat().st_mtime):
        code = "import sys; sys.path.insert(0, sys.argv[1]); import check_zoo, pathlib; check_zoo.run_reference(*map(pathlib.Path, sys.argv[2:]))"
        done = subprocess.run([sys.executable, "-c", code, str(pathlib.Path(__file__).parent), str(path), str(inputs), str(output)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError("ONNX Runtime: " + (done.stderr.strip().splitlines() or ["failed"])[-1])
    return np.load(inputs), np.load(output)


def make_images(shape, generator):
    """Smooth fields and a little noise, as export.py settles the models on: with plain noise, models with attention leave the range
    in which float has digits left, and ONNX Runtime differs from itself from one optimisation level to the next."""
    values = generator.standard_normal([max(2, d // 16) if d > 16 else d for d in shape])
    for axis, size in enumerate(shape):
        if size > 16:
            at = np.clip((np.arange(size) + 0.5) / size * values.shape[axis] - 0.5, 0, values.shape[axis] - 1)
            low = np.minimum(at.astype(int), values.shape[axis] - 2)
            weight = (at - low).reshape([-1 if i == axis else 1 for i in range(len(shape))])
            values = np.take(values, low, axis) * (1 - weight) + np.take(values, low + 1, axis) * weight
    return (values + 0.2 * generator.standard_normal(shape)).astype(np.float32)


def logits_model(path):
    """The model, giving the input of a final Softmax instead of its output: probabilities near 0 and 1 hide what differs."""
    import onnx
    model = onnx.load(path, load_external_data=False)
    last = next((node for node in model.graph.node if model.graph.output[0].name in node.output), None)
    if last is None or last.op_type != "Softmax":
        return str(path), False
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto(name=last.input[0]))
    return model.SerializeToString(), True


def run_reference(path, inputs, output):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 4
    model, logits = logits_model(path)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(7)
    values = {}
    for given in session.get_inputs():
        shape = shape_of_input(path, given.shape)
        values[given.name] = make_images(shape, generator)
        if "255" in path.name:
            values[given.name] = generator.uniform(0, 255, shape).astype(np.float32)
    names = [value.name for value in session.get_outputs()]
    results = dict(zip((str(i) for i in range(len(names))), session.run(names, values)))
    np.savez(inputs, **values)
    np.savez(output, logits=np.array(logits), **results)


def spread_of_reference(path, values, theirs):
    """How far ONNX Runtime is from itself without its optimisations: a model that multiplies rounding errors shows it here."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(logits_model(path)[0], options, providers=["CPUExecutionProvider"])
    return difference(session.run(None, values)[0], theirs)


def difference(ours, theirs):
    largest = max(float(np.abs(theirs).max()), 1e-30)
    return float(np.abs(ours.astype(np.float64) - theirs).max()) / largest if ours.shape == theirs.shape else float("inf")


def run_intaglio(tool, path, values, folder, more):
    """The outputs in order, and the seconds the run took."""
    command = [str(tool), "run", str(path), "--float", "--quiet"] + more
    for name, value in values.items():
        file = folder / f"{path.stem}.{len(command)}.npy"
        np.save(file, value)
        command += ["--input", f"{name}={file}", "--input-shape", f"{name}=" + ",".join(map(str, value.shape))]
    out = folder / f"{path.stem}.npy"
    started = time.time()
    done = subprocess.run(command + ["--output", str(out)], capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])
    return np.load(out), time.time() - started


def inspect(tool, path, folder, more):
    inputs = folder / f"{path.stem}.in.npz"
    command = [str(tool), "inspect", str(path), "--quiet"] + more
    for name, value in (np.load(inputs) if inputs.exists() else {}).items():
        command += ["--input-shape", f"{name}=" + ",".join(map(str, value.shape))]
    return subprocess.run(command, capture_output=True, text=True, timeout=900)


def count_kinds(tool, path, folder):
    done = inspect(tool, path, folder, ["--dump=lower"])
    return collections.Counter(re.findall(r"^(?:node|  fused) (\w+) ", done.stdout, re.MULTILINE))


def ask_for_int8(tool, path, folder):
    """{"ready": …, "missing": […], …} of inspect's JSON, or the error instead of what is missing."""
    done = inspect(tool, path, folder, ["--json", "-"])
    if done.returncode != 0:
        return {"ready": False, "missing": [], "error": (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]}
    found = json.loads(done.stdout)
    unsupported = collections.Counter(node["op"] for node in found["unsupported"])
    return dict(found["int8"], ops=found["ops"], unsupported=unsupported)


def is_user_model(name):
    return re.match(r"[A-E]_", name) is not None


def check(tool, path, folder):
    result = {"imported": None, "lowered": None, "error": ""}
    try:
        values, theirs = reference(path, folder)
        values = {name: values[name] for name in values.files}
        more = ["--logits"] if theirs["logits"] else []
        ours, result["seconds"] = run_intaglio(tool, path, values, folder, more)
        result["imported"] = difference(ours, theirs["0"])
        lowered, result["seconds_lowered"] = run_intaglio(tool, path, values, folder, more + ["--lowered"])
        result["lowered"] = difference(lowered, ours)
        if result["imported"] > 1e-4:
            result["spread"] = spread_of_reference(path, values, theirs["0"])
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        result["error"] = str(error)
    finally:
        for file in folder.glob(f"{path.stem}.*npy"):
            file.unlink()
    limit = 1e-4 if is_user_model(path.name) else 1e-3
    result["passed"] = result["lowered"] is not None and result["imported"] <= limit and result["lowered"] <= 5e-5
    return result


def show(name, result, kinds):
    def number(key):
        return "-" if result[key] is None else f"{result[key]:.1e}"
    before, after = sum(result["int8"].get("ops", {}).values()), result["int8"].get("nodes", 0)
    int8 = "int8 " + ("ready" if result["int8"]["ready"] else "not ready")
    print(f"{'ok  ' if result['passed'] else 'FAIL'} {name:<52} {number('imported'):>8} {number('lowered'):>8} {before:>5} {after:>5} "
          f"{result.get('seconds', 0):>6.1f} {result.get('seconds_lowered', 0):>6.1f} {int8} {result['error']}", flush=True)
    if kinds:
        print("       " + " ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=pathlib.Path, required=True)
    parser.add_argument("--intaglio", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="", help="prefixes of file names")
    parser.add_argument("--again", action="store_true", help="run what passed before, too")
    parser.add_argument("--keep", action="store_true", help="keep what passed with another intaglio")
    parser.add_argument("--kinds", action="store_true", help="print node kinds left after lowering")
    arguments = parser.parse_args()
    folder = arguments.zoo / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    store = arguments.zoo / "check.json"
    known = json.loads(store.read_text()) if store.exists() else {}
    version = hashlib.sha256(arguments.intaglio.read_bytes()).hexdigest()
    print(f"     {'model':<52} imported  lowered nodes  left     s    s l")
    passed, failed = collections.Counter(), collections.Counter()
    for path in sorted(arguments.zoo.glob("*.onnx")):
        if not path.name.startswith(tuple(arguments.only.split(","))):
            continue
        result = known.get(path.name)
        fresh = result and (result["version"] == version or arguments.keep) and result.get("written") == path.stat().st_mtime
        if arguments.again or not fresh or not result["passed"]:
            result = known[path.name] = dict(check(arguments.intaglio, path, folder), version=version, written=path.stat().st_mtime)
        if result.get("inspected") != version:
            result["int8"] = ask_for_int8(arguments.intaglio, path, folder)
            result["inspected"] = version
        store.write_text(json.dumps(known, indent=1))
        show(path.stem, result, count_kinds(arguments.intaglio, path, folder) if arguments.kinds else {})
        (passed if result["passed"] else failed)[is_user_model(path.name)] += 1
    print(f"user models: {passed[True]} passed, {failed[True]} failed; coverage: {passed[False]} passed, {failed[False]} failed")
    return 1 if failed[True] or failed[False] * 20 > passed[False] + failed[False] else 0


if __name__ == "__main__":
    sys.exit(main())
