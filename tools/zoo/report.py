#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints docs/coverage.md's generated section from what coverage.py and check_zoo.py left in the zoo's folder.

  python3 tools/zoo/report.py --zoo build/zoo      (`make zoo-check` runs it)
"""
import argparse
import collections
import json
import pathlib
import re
import sys

KINDS = ("legacy16", "dynamo20")


def escape(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text).replace("|", "/").replace("<", "&lt;").replace("`", "'").strip()


def result_cell(result, reason):
    """The worst error of a file, or why there is none."""
    if result is None:
        return "not exported" if reason else "not checked"
    if result["imported"] is None:
        return "**not run**" if result["error"].startswith("ONNX Runtime") else "**fails**"
    text = f"{result['imported']:.0e}"
    return text if result["passed"] else f"**{text}**"


def missing_of(results):
    """Ops without integer steps, of the file that has the most of them."""
    lists = [result["int8"] for result in results if result and "int8" in result]
    if not lists:
        return "not checked"
    if all(found["ready"] for found in lists):
        return "ready"
    worst = max(lists, key=lambda found: sum(one["nodes"] for one in found["missing"]))
    names = [f"{one['op']} {one['nodes']}" if one["op"] else escape(one["reason"])[:60] for one in worst["missing"]]
    names += [f"{op} {count} (not read)" for op, count in worst.get("unsupported", {}).items()]
    return ", ".join(names) or escape(worst.get("error", "?"))[:120]


def explain(name, result, reason):
    """A line for the list of what is left, or None."""
    if result is None:
        return f"- {name}: not exported. {escape(reason)}" if reason else None
    if result["passed"]:
        return None
    if result["error"]:
        return f"- {name}: {escape(result['error'])}"
    if result.get("spread", 0) > result["imported"] / 10:
        return (f"- {name}: error {result['imported']:.1e}, where ONNX Runtime differs from itself by {result['spread']:.1e} when its optimisations "
                "are off: the model multiplies rounding errors")
    return f"- {name}: error {result['imported']:.1e} imported, {result['lowered']:.1e} lowered against imported"


def print_families(families, known):
    rows, left, skipped = [], [], []
    counts = collections.Counter()
    for family, found in families.items():
        if "skipped" in found:
            skipped.append(f"- {family}: {found['skipped']} ({found['model']})")
            continue
        results = [known.get(f"{found['model']}_{kind}.onnx") for kind in KINDS]
        reasons = [found.get(kind, "") for kind in KINDS]
        cells = [result_cell(result, reason) for result, reason in zip(results, reasons)]
        missing = missing_of(results)
        rows.append(f"| {family} | {found['model'].split('_', 1)[1]} | {found['parameters'] / 1e6:.1f} | {cells[0]} | {cells[1]} | {missing} |")
        left += filter(None, (explain(f"{found['model']} {kind}", *more) for kind, *more in zip(KINDS, results, reasons)))
        counts["files"] += sum(result is not None for result in results)
        counts["passed"] += sum(bool(result and result["passed"]) for result in results)
        counts["ready"] += missing == "ready"
    print(f"{len(rows)} models, {counts['files']} files: {counts['passed']} within 1e-3 of ONNX Runtime "
          f"({100 * counts['passed'] / max(counts['files'], 1):.1f} %); {counts['ready']} models ready for int8.\n")
    print("| family | model | million parameters | TorchScript, opset 16 | dynamo, opset 20 | int8: nodes without integer steps |\n|---|---|---|---|---|---|")
    print("\n".join(rows))
    print("\nLeft, with the reason:\n")
    print("\n".join(left + skipped) or "nothing.")


def print_user_models(known):
    groups = collections.defaultdict(list)
    for name, result in known.items():
        found = re.match(r"([A-E]_(?:resnet18d|[a-z_0-9]*?))_(?:255|nchw|nhwc|legacy|dynamo)", name)
        if found:
            groups[found.group(1)].append((name, result))
    print("\n| user model | files | passed | worst error | int8: nodes without integer steps |\n|---|---|---|---|---|")
    for group, files in sorted(groups.items()):
        errors = [result["imported"] for _, result in files if result["imported"] is not None]
        print(f"| {group} | {len(files)} | {sum(result['passed'] for _, result in files)} | {max(errors, default=float('nan')):.0e} | "
              f"{missing_of([result for _, result in files])} |")
    left = [line for group in sorted(groups) for name, result in groups[group] if (line := explain(name, result, ""))]
    print("\n" + "\n".join(left) if left else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    known = json.loads((arguments.zoo / "check.json").read_text())
    families = json.loads((arguments.zoo / "coverage.json").read_text())
    print_families(families, known)
    print_user_models(known)


if __name__ == "__main__":
    sys.exit(main())
