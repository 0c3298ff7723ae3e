#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports the models that are timed against other runtimes (tools/peers.sh) into a folder. Weights are random with a fixed seed, as in export.py.

  python3 tools/zoo/peers.py --output build/peers
"""
import argparse
import pathlib

import torch
import torchvision

from settle import export, settle

MODELS = {"resnet18": 1, "mobilenet_v2": 1, "squeezenet1_1": 1, "alexnet": 10}  # and what batch


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    folder = parser.parse_args().output
    for name, batch in MODELS.items():
        torch.manual_seed(1)
        model = settle(getattr(torchvision.models, name)(), (3, 224, 224))
        if reason := export(model, torch.randn(batch, 3, 224, 224), folder / f"{name}.onnx", False, 17, ["input"], ["output"]):
            raise SystemExit(reason)


main()
