"""Whether contenders gave the same answer: the same sessions, the same numbers.

    python -m contenders.check ONE.parquet OTHER.parquet ...

Each is brought into one order and held against the first; exit status 1 where they differ.
"""

from __future__ import annotations

import sys

import polars as pl

from contenders import COLUMNS

FLOATS = ("mean_price", "max_price")
WHOLE = [name for name in COLUMNS if name not in FLOATS]


def answer(path: str) -> pl.DataFrame:
    """One contender's answer, its times and counts whole numbers, its sessions in order."""
    rows = pl.read_parquet(path, columns=list(COLUMNS))
    if rows.schema["start"].is_temporal():
        rows = rows.with_columns(pl.col("start").cast(pl.Datetime("us")))
    return (
        rows.select(pl.col(WHOLE).cast(pl.Int64), pl.col(FLOATS).cast(pl.Float64).fill_nan(None))
        .with_columns(pl.col(FLOATS).fill_null(-1.0))
        .sort(*WHOLE, *reversed(FLOATS))
    )


def differences(one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    """What differs, in words."""
    if len(one) != len(other):
        return [f"{len(one):,} sessions and {len(other):,}"]
    found = []
    for name in COLUMNS:
        apart = (one[name] - other[name]).abs()
        allowed = one[name].abs() * 1e-9 if name in FLOATS else 0
        if wrong := int((apart > allowed).sum()):
            found.append(f"{name} of {wrong:,} sessions")
    return found


def main() -> None:
    """Compare all with the first."""
    first, *others = sys.argv[1:]
    one, same = answer(first), True
    for path in others:
        if found := differences(one, answer(path)):
            same = False
            print(f"{first} and {path} differ: {', '.join(found)}", file=sys.stderr)
    sys.exit(not same)


if __name__ == "__main__":
    main()
