#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the zoo's models A, B and C through int8 and through emitted C: SQNR of the logits, and equal bytes on x86-64 and aarch64.

  python3 tools/zoo/check_int8.py --zoo build/zoo --build build --data ../shared/data [--only A_,B_] [--no-firmware]

Calibrates on 32 photographs and measures on 16 others (smooth noise where the data folder is missing). One line a model; models whose
emitted plan and weights equal an earlier one's are not run again under the emulator. Exit status 1 if any model is under 20 dB or differs.
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


def values_for(path, photos):
    """What the ONNX input wants of these photographs, and the input's shape for one batch."""
    x = photos.astype(np.float32)
    if path.name.startswith("A_"):
        x = x if "_255_" in path.name else x / 255
        x = x if "_nhwc" in path.name else x.transpose(0, 3, 1, 2)
        return x, [1] + list(x.shape[1:])
    x = ((x / 255 - MEAN) / STD).transpose(0, 3, 1, 2)
    return x, [10 if path.name.startswith("C_") else 1] + list(x.shape[1:])


def samples(path, data, folder):
    """Calibration and evaluation .npy of a model."""
    size = (288, 416) if path.name.startswith("A_") else (224, 224)
    files = []
    for part, count in (("calib", 32), ("eval", 20 if path.name.startswith("C_") else 16)):
        x, shape = values_for(path, photographs(data, part, count, *size))
        files.append(folder / f"{'-'.join(map(str, shape[1:]))}_{'255' if '_255_' in path.name else path.name[0]}_{part}.npy")
        if not files[-1].exists():
            np.save(files[-1], x)
    return files, shape


def run(command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])
    return done.stdout + done.stderr


def firmware_crc(build, target, folder):
    out = run(["make", "-s", f"BUILD={build}", "run-firmware", f"TARGET={target}", f"MODEL={folder}"])
    return re.search(r"crc\D*([0-9a-f]{8})", out, re.IGNORECASE).group(1)


def check(path, arguments, work, known):
    tool = arguments.build / "host" / "intaglio"
    (calib, held_out), shape = samples(path, arguments.data, work)
    given = [v.name for v in onnx.load(path, load_external_data=False).graph.input][0]
    common = [path, "--input-shape", f"{given}={','.join(map(str, shape))}", "--quiet"]
    ranges = work / f"{path.stem}.ranges"
    scores = json.loads(run([tool, "eval", *common, "--calib", calib, "--save-calib", ranges, "--data", held_out, "--json", "-"]))
    line = f"{scores['logit_sqnr_db']:6.2f} dB"
    if not arguments.firmware:
        return line, scores["logit_sqnr_db"] > 20
    crcs = []
    for target in ("linux-x86_64", "linux-aarch64"):
        folder = work / path.stem / target
        folder.mkdir(parents=True, exist_ok=True)
        run([tool, "compile", *common, "--calib", ranges, "--name", "zoo", "--target", target, "-o", folder])
        text = "".join((folder / name).read_text().split("*/", 1)[1] for name in ("zoo.c", "zoo_test.c"))
        key = target + hashlib.sha256(text.encode() + (folder / "zoo_weights.c").read_bytes()).hexdigest()
        if key not in known:
            known[key] = firmware_crc(arguments.build, target, folder)
        crcs.append(known[key])
    return f"{line}  crc {' '.join(crcs)}", scores["logit_sqnr_db"] > 20 and crcs[0] == crcs[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=pathlib.Path, default=pathlib.Path("build/zoo"))
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--only", default="A_,B_,C_")
    parser.add_argument("--no-firmware", dest="firmware", action="store_false")
    arguments = parser.parse_args()
    work = arguments.build / "zoo-int8"
    work.mkdir(parents=True, exist_ok=True)
    known, failed = {}, 0
    paths = [p for p in sorted(arguments.zoo.glob("*.onnx")) if p.name.startswith(tuple(arguments.only.split(",")))]
    for path in paths:
        try:
            line, good = check(path, arguments, work, known)
        except RuntimeError as error:
            line, good = str(error), False
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {path.stem:48} {line}", flush=True)
    print(f"{len(paths) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
