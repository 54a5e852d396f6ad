"""What each stage from a log to its snapshots costs, and each stage of a whole run.

    python benchmarks/stages.py --size 8_000_000
    python benchmarks/stages.py --events 2019-Oct.csv --only snapshots

Once with the settings as they are, and once with every moment of every part; each in a process
of its own (`staged`). CPU seconds are those of all its threads; the peak is that of the stage, by
the kernel's own mark, which is set anew as a stage begins. The floor parses every column and does
nothing else (`contenders.floor`); it is measured right before. On a machine
where willbuy never ran, the first figures hold the compiling, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from machine import machine
from measure import Cost, measured
from month import HERE, amount, arguments, lines_of, log_of

WORKS = {"snapshots": "From the log to snapshots", "run": "A whole run"}
MOMENTS = {"default": "settings as they are", "every": "every moment of every part"}


def table(told: dict[str, Any], whole: Cost, floor: Cost, events: int) -> str:
    """The stages of one process, as Markdown."""
    merged: dict[str, dict[str, float]] = {}
    for one in sorted(told["stages"], key=lambda one: one["stage"].startswith("(")):
        sums = merged.setdefault(one["stage"], {"cpu": 0.0, "wall": 0.0, "peak": 0})
        sums["cpu"] += one["cpu"]
        sums["wall"] += one["wall"]
        sums["peak"] = max(sums["peak"], one["peak"])
    merged["the whole process"] = {"cpu": whole.cpu, "wall": whole.wall, "peak": told["peak"]}
    lines = [
        "| stage | CPU s | µs/event | to floor | wall s | peak GB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for title, one in merged.items():
        cells = [
            title, f"{one['cpu']:.1f}", f"{one['cpu'] / events * 1e6:.2f}",
            f"{one['cpu'] / floor.cpu:.2f}", f"{one['wall']:.1f}", f"{one['peak'] / 1e9:.2f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def said(told: dict[str, Any]) -> str:
    """How many rows were written, and how much that is, in words."""
    rows = [f"{count:,} {part}" for part, count in told.get("rows", {}).items()]
    return ", ".join([*rows, f"{told['size'] / 1e9:.2f} GB of Parquet"])


def compare(given: argparse.Namespace, path: Path) -> None:
    """Every work with every choice of moments, each right after the floor."""
    events, limit = lines_of(path), amount(given.limit)
    on = machine("willbuy", "numpy", "numba", "polars", "xgboost-cpu")
    found: dict[str, Any] = {"machine": on, "events": events, "memory": given.memory}
    print(f"{events:,} events; {on}")
    for name in [given.only] if given.only else WORKS:
        for moments in [given.moments] if given.moments else MOMENTS:
            print(f"\n{WORKS[name]}, {MOMENTS[moments]}: ", end="", flush=True)
            with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
                answer = Path(scratch) / "told.json"
                modules = (
                    ["contenders.floor", str(path), f"{scratch}/floor"],
                    ["staged", name, moments, str(path), str(answer), "--memory", given.memory],
                )
                floor, whole = (
                    measured([sys.executable, "-m", *one], limit, HERE) for one in modules
                )
                if whole.failed:
                    print(whole.failed)
                    continue
                told = json.loads(answer.read_text())
            print(f"{said(told)}; the floor took {floor.cpu:.1f} CPU s\n")
            print(table(told, whole, floor, events), flush=True)
            found[f"{name}, {moments}"] = {**told, "cpu": whole.cpu, "floor": floor.cpu}
    if given.out:
        given.out.write_text(json.dumps(found, indent=2) + "\n")


def main() -> None:
    """Measure each work in its own process, and print."""
    parser = arguments(__doc__)
    parser.add_argument("--only", choices=WORKS)
    parser.add_argument("--moments", choices=MOMENTS)
    given = parser.parse_args()
    compare(given, (given.events or log_of(given.size)).resolve())


if __name__ == "__main__":
    main()
