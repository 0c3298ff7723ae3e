#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports the smallest classifier of every timm model file and of every torchvision family, by TorchScript (opset 16) and dynamo (opset 20).

  python3 tools/zoo/coverage.py --output build/zoo [--match TEXT,…] [--again]

The smallest is by parameters, counted on the meta device; names starting test_ are left out. Bounds: at most 140 million parameters, images of
at most 256 pixels where the file has such a model, 15 CPU-minutes and 12 GB for a model's two exports, each model in a process of its own.
Files that exist are kept; what was picked, and why a file is missing, is in OUTPUT/coverage.json; --again tries failed exports once more.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import resource

import onnxscript  # noqa: F401  the exporter loads it late: once here instead of in every child
import timm
import torch
import torchvision

from settle import export, raise_scales, settle

PARAMETERS, PIXELS, CPU_SECONDS, WALL_SECONDS, MEMORY = 140e6, 256, 900, 5400, 12 << 30
KINDS = {"legacy16": (False, 16, {}), "dynamo20": (True, 20, {"external_data": False})}
# A second model of a file whose smallest leaves out what makes the family known: squeeze-excite, plain branches, attention forms.
MORE_TIMM = ["mobilenetv2_035", "efficientnet_lite0", "mobilenetv3_small_050", "mobileone_s1", "repvgg_a0", "convnext_atto", "resnet18", "regnety_002",
             "mixer_s32_224", "poolformerv2_s12", "caformer_s18", "coatnet_pico_rw_224", "vit_tiny_patch16_224"]
MORE_TORCHVISION = ["resnext50_32x4d", "wide_resnet50_2", "efficientnet_v2_s", "regnet_x_400mf", "swin_v2_t", "vgg11_bn"]


def make_model(name):
    """A model by its file name: timm_… or tv_…"""
    library, name = name.split("_", 1)
    if library == "timm":
        return timm.create_model(name, num_classes=1000)
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return torchvision.models.get_model(name, weights=None, **options)


def count_parameters(name):
    """Parameters and the input's size in pixels; None where the model cannot be made without memory for it."""
    try:
        with torch.device("meta"):
            model = make_model(name)
    except Exception:
        return None
    config = getattr(model, "pretrained_cfg", None) or {}
    pixels = config.get("input_size", (3, 299 if name == "tv_inception_v3" else 224))[1]
    return {"model": name, "parameters": sum(values.numel() for values in model.parameters()), "pixels": pixels}


def pick_smallest(names):
    """Of those within the bound on pixels if there are such, the one with fewest parameters; the smaller image where two are equal."""
    counted = [found for found in map(count_parameters, names) if found]
    small = [found for found in counted if found["pixels"] <= PIXELS] or counted
    return min(small, key=lambda found: (found["parameters"], found["pixels"]), default={"model": names[0], "parameters": 0, "pixels": 224})


def list_families():
    """{family: names of its models} for both libraries."""
    families = {}
    for module in timm.list_modules():
        names = [f"timm_{name}" for name in timm.list_models(module=module) if not name.startswith("test_")]
        if names:
            families[f"timm.{module}"] = names
    for name in torchvision.models.list_models(module=torchvision.models):
        module = torchvision.models.get_model_builder(name).__module__.rsplit(".", 1)[1]
        families.setdefault(f"torchvision.{module}", []).append(f"tv_{name}")
    for library, short, names in (("timm", "timm", MORE_TIMM), ("torchvision", "tv", MORE_TORCHVISION)):
        families.update({f"{library}: {name}": [f"{short}_{name}"] for name in names})
    return families


def export_one(reports, folder, found, kinds):
    """In a process of its own: the files of one model; (kind, "" or why there is none) of each goes into the pipe."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    torch.manual_seed(6)
    name, pixels = found["model"], found["pixels"]
    model = make_model(name)
    raise_scales(model)
    example = torch.randn(1, 3, pixels, pixels)
    try:
        model = settle(model, (3, pixels, pixels), 1, 4)
    except Exception:
        model = model.eval()
    for kind in kinds:
        dynamo, opset, options = KINDS[kind]
        reports.send((kind, export(model, example, folder / f"{name}_{kind}.onnx", dynamo, opset, ["input"], ["output"], **options)))


def run_export(folder, found, kinds):
    """What the child did not report was not reached in its bounds, or killed it: the rest is tried alone."""
    if not kinds:
        return
    context = multiprocessing.get_context("fork")  # what is imported need not be again
    receiver, sender = context.Pipe(False)
    child = context.Process(target=export_one, args=(sender, folder, dict(found), kinds))
    child.start()
    sender.close()
    done = 0
    try:
        while receiver.poll(WALL_SECONDS):
            kind, found[kind] = receiver.recv()
            done += 1
    except EOFError:
        pass
    child.kill()
    child.join()
    if done < len(kinds):
        found[kinds[done]] = f"the exporter's process ended with status {child.exitcode}"
        run_export(folder, found, kinds[done + 1:])


def export_families(folder, match, again):
    store = folder / "coverage.json"
    known = json.loads(store.read_text()) if store.exists() else {}
    for family, names in list_families().items():
        if not any(text in name for text in match.split(",") for name in [family] + names):
            continue
        found = known.setdefault(family, None) or pick_smallest(names)
        known[family] = found
        if found["parameters"] > PARAMETERS:
            found["skipped"] = f"the smallest has {found['parameters'] / 1e6:.0f} million parameters"
        kinds = [kind for kind in KINDS if not (folder / f"{found['model']}_{kind}.onnx").exists() and (again or not found.get(kind))]
        if kinds and "skipped" not in found:
            run_export(folder, found, kinds)
        done = [f"{kind}: {found.get(kind) or 'ok'}" for kind in KINDS] if "skipped" not in found else [found["skipped"]]
        print(f"{family:40} {found['model']:40} {found['parameters'] / 1e6:6.1f} M  {'  '.join(done)}", flush=True)
        replaced = store.with_suffix(".partial")
        replaced.write_text(json.dumps(known, indent=1))
        os.replace(replaced, store)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--match", default="", help="only families or models with one of these in their name")
    parser.add_argument("--again", action="store_true")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    export_families(arguments.output, arguments.match, arguments.again)


if __name__ == "__main__":
    main()
