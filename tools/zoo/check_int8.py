#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the zoo's models through int8 and through emitted C: SQNR of the logits, and the host's own results on x86-64 and aarch64.

  python3 tools/zoo/check_int8.py --zoo build/zoo --build build --data ../shared/data [--only A_,timm_] [--no-firmware] [--emulate A_,B_,C_]

A, B and C calibrate on 32 photographs and are measured on 16 others (smooth noise where the data folder is missing); the coverage models
timm_ and tv_, whose weights are random, on 16 and 16 noise images. One line a model, the smallest first; a model with an op that has no
integer steps yet is only named. Emitted C runs its self-test, which holds the CRC of every step on the host, and prints the CRC of the
output; under the emulator too where --emulate says so. What equals an earlier model's plan and weights is not run again.
Exit status 1 if any model is under 20 dB or differs.
"""
import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
from PIL import Image

MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def photographs(data, part, count, height, width):
    """uint8 [count, height, width, 3]."""
    files = sorted((data / "imagenet" / part).glob("*.JPEG")) or sorted((data / "imagenet" / part).glob("*.jp*g"))
    generator = np.random.default_rng(3 if part == "calib" else 4)
    images = []
    for i in range(count):
        if files:
            image = Image.open(files[i % len(files)]).convert("RGB")
        else:
            image = Image.fromarray(generator.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        images.append(np.asarray(image.resize((width, height), Image.BICUBIC)))
    return np.stack(images)


def is_coverage(path):
    return path.name.startswith(("timm_", "tv_"))


def values_for(path, photos):
    """What the ONNX input wants of these photographs, and the input's shape for one batch."""
    x = photos.astype(np.float32)
    if path.name.startswith("A_"):
        x = x if "_255_" in path.name else x / 255
        x = x if "_nhwc" in path.name else x.transpose(0, 3, 1, 2)
        return x, [1] + list(x.shape[1:])
    x = ((x / 255 - MEAN) / STD).transpose(0, 3, 1, 2)
    return x, [10 if path.name.startswith("C_") else 1] + list(x.shape[1:])


def image_size(path):
    if path.name.startswith("A_"):
        return 288, 416
    if is_coverage(path):
        dims = onnx.load(path, load_external_data=False).graph.input[0].type.tensor_type.shape.dim
        return dims[2].dim_value, dims[3].dim_value
    return 224, 224


def samples(path, data, folder):
    """Calibration and evaluation .npy of a model."""
    size, kind = image_size(path), "255" if "_255_" in path.name else "noise" if is_coverage(path) else path.name[0]
    counts = (16, 16) if is_coverage(path) else (32, 20 if path.name.startswith("C_") else 16)
    files = []
    for part, count in zip(("calib", "eval"), counts):
        file = folder / f"{size[0]}x{size[1]}_{kind}_{'nhwc_' if '_nhwc' in path.name else ''}{part}.npy"
        files.append(file)
        x, shape = values_for(path, photographs(folder if is_coverage(path) else data, part, count if not file.exists() else 1, *size))
        if not file.exists():
            np.save(file, x)
    return files, shape


def run(command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])
    return done.stdout + done.stderr


def firmware_crc(build, target, folder):
    out = run(["make", "-s", f"BUILD={build}", "run-firmware", f"TARGET={target}", f"MODEL={folder}"])
    return re.search(r"crc\D*([0-9a-f]{8})", out, re.IGNORECASE).group(1)


def missing_steps(tool, path):
    """The ops of a coverage model that have no integer steps."""
    return re.findall(r"^missing +(\w+)", run([tool, "inspect", path]), re.MULTILINE) if is_coverage(path) else []


def check(path, arguments, work, known):
    tool = arguments.build / "host" / "intaglio"
    missing = missing_steps(tool, path)
    if missing:
        return f"no integer steps for {', '.join(missing)}", None
    (calib, held_out), shape = samples(path, arguments.data, work)
    given = [v.name for v in onnx.load(path, load_external_data=False).graph.input][0]
    common = [path, "--input-shape", f"{given}={','.join(map(str, shape))}", "--quiet"]
    ranges = work / f"{path.stem}.ranges"
    scores = json.loads(run([tool, "eval", *common, "--calib", calib, "--save-calib", ranges, "--data", held_out, "--json", "-"]))
    line = f"{scores['logit_sqnr_db']:6.2f} dB"
    if not arguments.firmware:
        return line, scores["logit_sqnr_db"] > 20
    crcs = []
    emulated = path.name.startswith(tuple(arguments.emulate.split(",")))
    for target in ("linux-x86_64", "linux-aarch64") if emulated else ("linux-x86_64",):
        folder = work / path.stem / target
        folder.mkdir(parents=True, exist_ok=True)
        run([tool, "compile", *common, "--gate", "none", "--calib", ranges, "--name", "zoo", "--target", target, "-o", folder])
        text = "".join((folder / name).read_text().split("*/", 1)[1] for name in ("zoo.c", "zoo_test.c"))
        key = target + hashlib.sha256(text.encode() + (folder / "zoo_weights.c").read_bytes()).hexdigest()
        if key not in known:
            known[key] = firmware_crc(arguments.build, target, folder)
        crcs.append(known[key])
    return f"{line}  crc {' '.join(crcs)}", scores["logit_sqnr_db"] > 20 and len(set(crcs)) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=pathlib.Path, default=pathlib.Path("build/zoo"))
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--only", default="A_,B_,C_,timm_,tv_")
    parser.add_argument("--emulate", default="A_,B_,C_", help="models that run on aarch64 too")
    parser.add_argument("--no-firmware", dest="firmware", action="store_false")
    arguments = parser.parse_args()
    work = arguments.build / "zoo-int8"
    work.mkdir(parents=True, exist_ok=True)
    known, failed, skipped = {}, 0, 0
    paths = [p for p in sorted(arguments.zoo.glob("*.onnx"), key=lambda p: p.stat().st_size) if p.name.startswith(tuple(arguments.only.split(",")))]
    for path in paths:
        try:
            line, good = check(path, arguments, work, known)
        except RuntimeError as error:
            line, good = str(error), False
        failed += good is False
        skipped += good is None
        print(f"{'ok  ' if good else 'skip' if good is None else 'FAIL'} {path.stem:48} {line}", flush=True)
    print(f"{len(paths) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
