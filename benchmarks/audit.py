"""What an audit costs, and how often it cries wolf.

A million rows of 60 columns, as Parquet and as CSV, audited by the command in a process of its own;
then twenty tables without a leak, made up and from honest moments of simulated shops: how many
findings of each level there are.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from machine import machine
from measure import measured

TESTS = Path(__file__).parents[1] / "tests"  # the tables without a leak are made there
LIMIT = 12 * 10**9


def cost(rows: int, columns: int, folder: Path) -> None:
    """Audit one large table from the command line."""
    made = measured(
        [sys.executable, __file__, "--write", str(folder), "--rows", str(rows), "--columns",
         str(columns)],
        LIMIT, folder,
    )  # fmt: skip
    if made.failed:
        sys.exit(f"The table could not be made: {made.failed}")
    command = [str(Path(sys.executable).with_name("willbuy")), "audit"]
    roles = ["--label", "bought", "--time", "time", "--group", "user"]
    for name in ("table.parquet", "table.csv"):
        size = (folder / name).stat().st_size
        took = measured([*command, str(folder / name), *roles], LIMIT, folder)
        told = took.failed or (
            f"{took.wall:.0f} s, {took.cpu:.0f} CPU s, peak {took.peak / 1e9:.2f} GB"
        )
        print(f"{name:14} {rows:,} rows x {columns} columns, {size / 1e6:,.0f} MB: {told}")


def write_table(rows: int, columns: int, folder: Path) -> None:
    """A table without a leak, with a time and groups."""
    sys.path.append(str(TESTS))
    from clean_tables import made_up

    frame, _ = made_up(rows, 0.1, 1.5, columns - 18, 8)
    assert frame.width == columns, frame.width
    frame.write_parquet(folder / "table.parquet")
    frame.write_csv(folder / "table.csv")


def clean(folder: Path) -> None:
    """Findings on tables that have no leak."""
    sys.path.append(str(TESTS))
    import willbuy
    from clean_tables import clean_tables

    found: Counter[str] = Counter()
    tables = with_any = 0
    for name, frame, label, roles in clean_tables(folder):
        told = willbuy.audit(frame, label, **roles)
        tables += 1
        with_any += bool(told.findings)
        found.update(one.level.word for one in told.findings)
        words = "; ".join(f"{one.level.word}: {one.what}" for one in told.findings)
        print(f"  {name}, {frame.height:,} x {frame.width}: {words or 'nothing'}")
    print(
        f"{tables} tables without a leak: {found['certain']} certain, {found['likely']} likely, "
        f"{found['suspicious']} suspicious findings; {with_any} tables have any."
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--columns", type=int, default=60)
    options.add_argument("--only", choices=["cost", "clean"])
    options.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.write is not None:
        write_table(chosen.rows, chosen.columns, chosen.write)
        return
    print(machine("polars", "numpy", "scikit-learn", "xgboost-cpu"))
    with tempfile.TemporaryDirectory() as folder:
        if chosen.only != "clean":
            cost(chosen.rows, chosen.columns, Path(folder))
        if chosen.only != "cost":
            clean(Path(folder))


if __name__ == "__main__":
    main()
