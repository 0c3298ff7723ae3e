#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports the models people bring, in every variant they come in, into a folder: model.onnx each, no trained weights needed.

  python3 tools/zoo/export.py --output build/zoo [--only A,B,C,D,E] [--match TEXT]    (virtual environment: `make zoo` makes it)

A resnet18d with its preprocessing, B resnet18 with labels in its output name, C alexnet at batch 10, D a CRNN, E three edge transformers.
Weights are random with fixed seeds, visible scales and settled BatchNorm statistics (settle.py). Files that exist are kept.
"""
import argparse
import json
import pathlib
import sys

import onnx
import torch

from settle import export, raise_scales, settle

GESTURES = ["call", "dislike", "fist", "four", "like", "mute", "no_gesture", "ok", "one", "palm", "peace", "peace_inverted", "rock", "stop",
            "stop_inverted", "three", "three2", "two_up", "two_up_inverted"]
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def simplify(path):
    """Writes NAME_sim.onnx beside NAME.onnx."""
    if path.with_name(path.stem + "_sim.onnx").exists():
        return
    try:
        import onnxsim
        model, _ = onnxsim.simplify(onnx.load(path))
        onnx.save(model, path.with_name(path.stem + "_sim.onnx"))
        print(f"{path.stem}_sim.onnx: ok", flush=True)
    except Exception as error:
        print(f"{path.stem}_sim.onnx: not simplified ({type(error).__name__}: {str(error).splitlines()[0][:120]})", flush=True)


class Deployed(torch.nn.Module):
    """Model A's wrapper: optional division by 255, optional NHWC to NCHW, mean and std, model, Softmax."""

    def __init__(self, model, divide, permute):
        super().__init__()
        self.model, self.divide, self.permute = model, divide, permute
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, x):
        x = x / 255 if self.divide else x
        x = x.permute(0, 3, 1, 2) if self.permute else x
        return self.model((x - self.mean) / self.std).softmax(1)


def overwrite_size(path, axes, size):
    """Sets H and W of the input: -1 (as people do by hand) or fixed."""
    model = onnx.load(path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for axis, value in zip(axes, size):
        dims[axis].dim_value = value
    onnx.save(model, path)


def models_a(folder):
    import timm
    torch.manual_seed(1)
    base = settle(timm.create_model("resnet18d", num_classes=len(GESTURES)), (3, 96, 96))
    for divide in (False, True):
        for permute in (False, True):
            name = f"A_resnet18d{'_255' if divide else ''}{'_nhwc' if permute else '_nchw'}"
            example = torch.rand((1, 288, 416, 3) if permute else (1, 3, 288, 416)) * (255 if divide else 1)
            for kind, dynamo, opset, options in (("legacy", False, 14, {"do_constant_folding": False}), ("dynamo", True, 20, {"external_data": False})):
                for size in ("dynamic", "288x416"):
                    path = folder / f"{name}_{kind}_{size}.onnx"
                    if export(Deployed(base, divide, permute).eval(), example, path, dynamo, opset, ["input"], ["output"], **options):
                        continue
                    if size == "dynamic":
                        overwrite_size(path, (1, 2) if permute else (2, 3), (-1, -1))
                    simplify(path)


def models_b(folder, classes):
    import timm
    torch.manual_seed(2)
    model = torch.nn.Sequential(settle(timm.create_model("resnet18"), (3, 64, 64)), torch.nn.Softmax(1))
    output = "scores-" + ";".join(f"{i}:{name}" for i, name in enumerate(classes))
    for kind, dynamo, options in (("legacy12", False, {}), ("dynamo12", True, {"external_data": False})):
        path = folder / f"B_resnet18_{kind}.onnx"
        if not export(model.eval(), torch.randn(1, 3, 224, 224), path, dynamo, 12, ["image-"], [output], **options):
            graph = onnx.load(path)
            graph.graph.doc_string = json.dumps({"means": [123.675, 116.28, 103.53], "vars": [58.395, 57.12, 57.375]})
            onnx.save(graph, path)
            simplify(path)


def models_c(folder):
    import torchvision
    torch.manual_seed(3)
    model = torchvision.models.alexnet().eval()
    names = ["actual_input_1"] + [f"learned_{i}" for i in range(16)]
    example = torch.randn(10, 3, 224, 224)
    export(model, example, folder / "C_alexnet_legacy7_keepinit.onnx", False, 7, names, ["output1"], keep_initializers_as_inputs=True)
    export(model, example, folder / "C_alexnet_legacy.onnx", False, 17, names, ["output1"])
    export(model, example, folder / "C_alexnet_dynamo_extdata.onnx", True, 20, ["actual_input_1"], ["output1"], external_data=True)


class Crnn(torch.nn.Module):
    """Model D: seven convolutions, two bidirectional LSTMs, 36 characters and a blank."""

    def __init__(self):
        super().__init__()
        layers, channels = [], 1
        plan = [(64, 3, 1, False, (2, 2)), (128, 3, 1, False, (2, 2)), (256, 3, 1, True, None), (256, 3, 1, False, "tall"), (512, 3, 1, True, None),
                (512, 3, 1, False, "tall"), (512, 2, 0, True, None)]
        for width, kernel, pad, norm, pool in plan:
            layers.append(torch.nn.Conv2d(channels, width, kernel, 1, pad))
            if norm:
                layers.append(torch.nn.BatchNorm2d(width))
            layers.append(torch.nn.ReLU())
            if pool == "tall":
                layers.append(torch.nn.MaxPool2d((2, 2), (2, 1), (0, 1)))
            elif pool:
                layers.append(torch.nn.MaxPool2d(2, 2))
            channels = width
        self.cnn = torch.nn.Sequential(*layers)
        self.first = torch.nn.LSTM(512, 256, bidirectional=True)
        self.middle = torch.nn.Linear(512, 256)
        self.second = torch.nn.LSTM(256, 256, bidirectional=True)
        self.last = torch.nn.Linear(512, 37)

    def forward(self, images):
        x = self.cnn(images).squeeze(2).permute(2, 0, 1)
        x = self.middle(self.first(x)[0])
        return self.last(self.second(x)[0])


def models_d(folder):
    torch.manual_seed(4)
    model = settle(Crnn(), (1, 32, 100))
    example = torch.randn(1, 1, 32, 100)
    for kind, dynamo, opset, options in (("legacy14", False, 14, {}), ("legacy17", False, 17, {}), ("dynamo", True, 20, {"external_data": False})):
        path = folder / f"D_crnn_{kind}.onnx"
        if not export(model, example, path, dynamo, opset, ["images"], ["output0"], **options):
            simplify(path)


def models_e(folder, match):
    import timm
    from timm.layers import set_exportable
    from timm.utils.model import reparameterize_model
    wanted = (("vit_small_patch14_dinov2", {"num_classes": 0}, 518), ("efficientvit_m5", {}, 224), ("edgenext_xx_small", {}, 256))
    for name, options, size in (one for one in wanted if match in one[0]):
        for exportable in (False, True):
            set_exportable(exportable)
            torch.manual_seed(5)
            model = timm.create_model(name, **options)
            raise_scales(model)
            model = reparameterize_model(settle(model, (3, size, size), 1) if "dinov2" not in name else model.eval())
            example = torch.randn(2, 3, size, size)
            suffix = "s" if exportable else ""
            for opset in (10, 12, 14, 16):
                path = folder / f"E_{name}_legacy{opset}{suffix}.onnx"
                if not export(model, example, path, False, opset, ["input"], ["output"], dynamic_axes={"input": {0: "batch_size"}, "output": {0: "batch_size"}}):
                    simplify(path)
            for opset in (18, 20, 23):
                path = folder / f"E_{name}_dynamo{opset}{suffix}.onnx"
                if not export(model, example, path, True, opset, ["input"], ["output"], external_data=False, dynamic_shapes=({0: torch.export.Dim("batch_size")},)):
                    simplify(path)
    set_exportable(False)


def class_names():
    """1000 names with spaces and commas, as ImageNet's are; made up so that nothing has to be fetched."""
    kinds = ["tench, Tinca tinca", "goldfish", "great white shark", "coffee mug", "drilling platform, offshore rig", "bee"]
    return [f"{kinds[i % len(kinds)]} {i}" for i in range(1000)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="A,B,C,D,E")
    parser.add_argument("--match", default="", help="of E: only models with this in their name")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    makers = {"A": models_a, "B": lambda f: models_b(f, class_names()), "C": models_c, "D": models_d, "E": lambda f: models_e(f, arguments.match)}
    for which in arguments.only.split(","):
        if which not in makers:
            sys.exit(f"--only: unknown group {which!r}; known: {', '.join(makers)}")
        makers[which](arguments.output)


if __name__ == "__main__":
    main()
