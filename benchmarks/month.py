"""Ten plain features of every session of a month: willbuy beside pandas, Polars and DuckDB.

    python benchmarks/month.py --size 8_000_000
    python benchmarks/month.py --events 2019-Oct.csv --contenders floor willbuy polars

Each contender runs in a process of its own, from the CSV to a Parquet file, and they take turns,
so that a slow hour of the machine is everybody's. First all run on the head of the log: what can
be compiled is compiled then, and a contender that cannot go on is found early. A time counts only
if all answers are the same. What the features are, and what is left out, `contenders` says. The
floor parses every column and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from itertools import islice
from pathlib import Path
from statistics import median

from machine import machine
from measure import Cost, measured

HERE = Path(__file__).resolve().parent
FLOOR, OURS = "floor", "willbuy"
CONTENDERS = {
    FLOOR: "contenders.floor",
    OURS: "contenders.by_willbuy",
    "polars": "contenders.by_polars",
    "duckdb": "contenders.by_duckdb",
    "pandas": "contenders.by_pandas",
}
LIBRARIES = ("willbuy", "numpy", "numba", "polars", "duckdb", "pandas", "pyarrow")
HEAD = 50_000


def amount(text: str) -> int:
    """Bytes of a text like 8GB."""
    return int(float(text.upper().removesuffix("B").removesuffix("G")) * 1e9)


def log_of(size: int) -> Path:
    """A simulated log of about so many events, made when it is not there."""
    path = Path("runs") / f"shop_{size}.csv"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        simulate = "import sys, willbuy; willbuy.simulate(sys.argv[1], events=int(sys.argv[2]))"
        subprocess.run([sys.executable, "-c", simulate, str(path), str(size)], check=True)
    return path


def lines_of(path: Path) -> int:
    """How many events a log has."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 24), b"")) - 1


def turn(names: list[str], log: Path, folder: Path, given: argparse.Namespace) -> dict[str, Cost]:
    """Every contender once, one after the other."""
    costs = {}
    for name in names:
        command = [sys.executable, "-m", CONTENDERS[name], str(log), str(folder / name)]
        command += ["--memory", given.memory, "--threads", str(given.threads)]
        costs[name] = measured(command, amount(given.limit), HERE, given.threads)
        one = costs[name]
        said = one.failed or f"{one.cpu:.1f} CPU s, {one.peak / 1e9:.2f} GB"
        print(f"  {name}: {said}", file=sys.stderr)
    return costs


def check(names: list[str], folder: Path) -> None:
    """Stop unless all answers are the same."""
    answers = [str(folder / name) for name in names if name != FLOOR]
    if len(answers) > 1:
        command = [sys.executable, "-m", "contenders.check", *answers]
        if subprocess.run(command, cwd=HERE).returncode:
            sys.exit("The contenders' answers differ, so their times do not count.")


def table(runs: dict[str, list[Cost]], events: int) -> str:
    """Medians and ratios, as Markdown."""
    cpu = {name: median(one.cpu for one in costs) for name, costs in runs.items()}
    lines = [
        "| | CPU s | least to most | µs/event | to floor | to willbuy | wall s | peak GB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, costs in runs.items():
        if costs[-1].failed:
            lines.append(f"| {name} | {costs[-1].failed} |" + " |" * 6)
            continue
        beside = [
            f"{cpu[name] / cpu[one]:.2f}" if one in cpu and not runs[one][-1].failed else ""
            for one in (FLOOR, OURS)
        ]
        cells = [
            f"{cpu[name]:.1f}",
            f"{min(one.cpu for one in costs):.1f} to {max(one.cpu for one in costs):.1f}",
            f"{cpu[name] / events * 1e6:.2f}",
            *beside,
            f"{median(one.wall for one in costs):.1f}",
            f"{max(one.peak for one in costs) / 1e9:.2f}",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def arguments(told: str | None) -> argparse.ArgumentParser:
    """What every measurement of a long log can be told."""
    parser = argparse.ArgumentParser(
        description=told, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    log = parser.add_mutually_exclusive_group()
    log.add_argument("--events", type=Path, help="a log in the columns of REES46")
    log.add_argument("--size", type=int, default=8_000_000, help="events to simulate, otherwise")
    parser.add_argument("--memory", default="8GB", help="for willbuy and DuckDB, which can be told")
    parser.add_argument("--limit", default="20GB", help="a process that holds more is killed")
    parser.add_argument("--scratch", type=Path, help="where answers and temporary files go")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")
    return parser


def main() -> None:
    """Rehearse, measure in turns, check, and print."""
    parser = arguments(__doc__)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    try:
        on = machine(*LIBRARIES)
    except PackageNotFoundError as problem:
        sys.exit(f"{problem} Install what willbuy is measured beside: pip install -e '.[bench]'")
    path = (given.events or log_of(given.size)).resolve()
    events, names = lines_of(path), list(given.contenders)
    runs: dict[str, list[Cost]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        folder, head = Path(scratch), Path(scratch) / "head.csv"
        with path.open("rb") as file:
            head.write_bytes(b"".join(islice(file, HEAD)))
        print("On the head of the log, which is not counted:", file=sys.stderr)
        failed = [name for name, one in turn(names, head, folder, given).items() if one.failed]
        if failed:
            sys.exit(f"{', '.join(failed)} cannot do even the head of the log.")
        check(names, folder)
        for repeat in range(given.repeats):
            print(f"Turn {repeat + 1} of {given.repeats}:", file=sys.stderr)
            going = [name for name in names if not runs[name] or not runs[name][-1].failed]
            for name, one in turn(going, path, folder, given).items():
                runs[name].append(one)
        check([name for name in names if not runs[name][-1].failed], folder)
    print(f"{events:,} events, median of {given.repeats}; {on}\n\n{table(runs, events)}")
    if given.out:
        told = {name: [asdict(one) for one in costs] for name, costs in runs.items()}
        settings = {name: getattr(given, name) for name in ("threads", "memory", "limit")}
        found = {"machine": on, "events": events, **settings, "runs": told}
        given.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
