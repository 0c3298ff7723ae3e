# SPDX-License-Identifier: Apache-2.0
"""What every exported model needs: weights that make each part of it visible in the output, and one guarded call of the exporter."""
import math
import os
import warnings

import torch

SMALL = 0.101  # LayerScale starts at 1e-6 to 0.1; at that size a wrong attention moves no logit


def raise_scales(model):
    """Gives linear layers weights of the size that keeps variance, and parameters that were initialised to one value (norm weights 1,
    LayerScale 1e-5, biases 0) others of a visible size."""
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for name, values in model.named_parameters():
            fan_in = values[0].numel() if values.dim() > 1 else 0
            if values.dim() == 2 and name.endswith("weight") and float(values.std()) < 0.5 / math.sqrt(fan_in):
                values.normal_(0, 1 / math.sqrt(fan_in), generator=generator)  # with 0.02, or 0 in heads, no pixel moves a logit
                continue
            is_known = values.numel() > 1 or any(word in name for word in ("scale", "gamma", "gain", "bias"))
            if not is_known or values.numel() != max(values.shape, default=1):
                continue
            value = float(values.flatten()[0])
            if not bool((values == value).all()) or value not in (0.0, 1.0) and not 0 < abs(value) < SMALL:
                continue
            low, high = (-0.2, 0.2) if name.endswith("bias") or "token" in name else (0.5, 1.5)
            values.copy_(torch.empty(values.shape).uniform_(low, high, generator=generator))


def settle(model, shape, batches=4, images=8):
    """Runs noise with image-like statistics through the model so that BatchNorm statistics and scales are sane."""
    generator = torch.Generator().manual_seed(5)
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = None
            module.reset_running_stats()
            if module.affine:
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                torch.nn.init.uniform_(module.bias, -0.2, 0.2)
    with torch.no_grad():
        for _ in range(batches):
            coarse = torch.randn((images,) + shape[:1] + tuple(max(2, v // 16) for v in shape[1:]), generator=generator)
            smooth = torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear")
            model(smooth + 0.2 * torch.randn((images,) + shape, generator=generator))
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.1  # the cumulative average of None cannot be traced
    return model.eval()


def export(model, example, path, dynamo, opset, inputs, outputs, **options):
    """One torch.onnx.export call unless the file exists; gives "" or why there is none, since not every exporter can do every model."""
    if path.exists():
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = bool(options.get("external_data"))  # the data file's name is written into the graph: it cannot be renamed
    partial = path if whole else path.with_name(path.name + ".partial")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(model, (example,), str(partial), dynamo=dynamo, opset_version=opset, input_names=inputs, output_names=outputs, **options)
        os.replace(partial, path)
        print(f"{path.name}: ok", flush=True)
        return ""
    except Exception as error:  # the exporter's own failure is a finding, not ours to mend
        partial.unlink(missing_ok=True)
        while error.__cause__:
            error = error.__cause__
        reason = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:120]}"
        print(f"{path.name}: not exported ({reason})", flush=True)
        return reason
