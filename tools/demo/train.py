#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Renders the demo's pictures, trains its classifier and exports it: a ResNet18-D in timm's manner, scaled down to train in minutes.

  python3 tools/demo/train.py --output tests/models/demo      (in a virtual environment with torch, timm, onnx, onnxscript, pillow, numpy)

Writes gesture19.onnx (preprocessing inside the graph: uint8-range NHWC input, /255, permute, mean and std, Softmax; H and W dynamic),
labels.json, calib/ and test/ (class folders of JPEG). Every seed is fixed.
"""
import argparse
import json
import pathlib
import shutil

import numpy as np
import onnx
import torch
from timm.models.resnet import BasicBlock, ResNet

from hands import CLASSES, picture

SIZE = 96
CHANNELS = (12, 24, 48, 96)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Deployed(torch.nn.Module):
    """What is exported: camera bytes in, probabilities out."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, pixels):
        x = (pixels / 255).permute(0, 3, 1, 2)
        return self.model((x - self.mean) / self.std).softmax(1)


def render(count, seed):
    rng = np.random.default_rng(seed)
    images = [np.asarray(picture(name, SIZE, rng)) for _ in range(count) for name in CLASSES]
    return np.stack(images), np.tile(np.arange(len(CLASSES)), count)


def shifted(batch, generator):
    """Random translation by up to 6 pixels: cheap, and the only augmentation beyond rendering."""
    dy, dx = torch.randint(-6, 7, (2,), generator=generator).tolist()
    return torch.roll(batch, (dy, dx), (1, 2))


def train(epochs, per_class):
    torch.manual_seed(19)
    torch.set_num_threads(2)
    model = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=len(CLASSES), stem_width=8, stem_type="deep", avg_down=True, channels=CHANNELS)
    deployed = Deployed(model)
    images, labels = render(per_class, seed=1)
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    generator = torch.Generator().manual_seed(7)
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3, weight_decay=0.02)
    steps = epochs * (len(images) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps)
    deployed.train()
    for epoch in range(epochs):
        order, total = torch.randperm(len(images), generator=generator), 0.0
        for start in range(0, len(images) - 63, 64):
            index = order[start:start + 64]
            probabilities = deployed(shifted(images[index], generator).float())
            loss = torch.nn.functional.nll_loss(torch.log(probabilities.clamp_min(1e-9)), labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{epochs}: loss {total / (len(images) // 64):.4f}", flush=True)
    return deployed.eval()


def save_pictures(folder, count, seed):
    from PIL import Image
    images, labels = render(count, seed)
    shutil.rmtree(folder, ignore_errors=True)
    for i, (image, label) in enumerate(zip(images, labels)):
        path = folder / CLASSES[label] / f"{CLASSES[label]}_{i // len(CLASSES)}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, quality=88)


def accuracy(deployed, folder):
    from PIL import Image
    right = total = 0
    with torch.no_grad():
        for label, name in enumerate(CLASSES):
            for path in sorted((folder / name).glob("*.jpg")):
                x = torch.from_numpy(np.asarray(Image.open(path)).copy())[None].float()
                right += int(deployed(x).argmax()) == label
                total += 1
    return 100 * right / total, total


def export(deployed, path):
    x = torch.zeros(1, SIZE, SIZE, 3)
    torch.onnx.export(deployed, (x,), path, dynamo=False, opset_version=17, input_names=["input"], output_names=["output"],
                      do_constant_folding=False)
    model = onnx.load(path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[1].dim_value = dims[2].dim_value = -1
    for node in model.graph.node:
        node.doc_string = ""
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--per-class", type=int, default=400)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "labels.json").write_text(json.dumps(CLASSES, indent=1) + "\n")
    save_pictures(arguments.output / "calib", 4, seed=2)
    save_pictures(arguments.output / "test", 8, seed=3)
    deployed = train(arguments.epochs, arguments.per_class)
    export(deployed, str(arguments.output / "gesture19.onnx"))
    percent, total = accuracy(deployed, arguments.output / "test")
    print(f"float top-1 on the {total} test pictures: {percent:.1f} %")


if __name__ == "__main__":
    main()
