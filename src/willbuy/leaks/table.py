"""The table under audit: typed columns, the label, and which column is time, group or split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.keys import mix_all
from willbuy.events.rejects import Rejects
from willbuy.leaks.strength import Bools, Floats, Ints, log10_chance
from willbuy.snapshots.session_table import group_keys, keys_of_column, micros_of, read_table
from willbuy.snapshots.table_file import RawTable, is_plain
from willbuy.snapshots.table_kinds import find_kind
from willbuy.snapshots.table_label import nearest, read_label

SPLIT_NAMES = ("split", "part", "fold", "set", "subset", "partition", "dataset")
TRAIN_WORDS = ("train", "training", "learn")
TEST_WORDS = ("test", "testing", "valid", "validation", "val", "calibrate", "eval", "holdout")


@dataclass
class Table:
    """A table whose columns are typed.

    Attributes:
        name: Of the file, or "table".
        frame: Every column but the label: Float64, Boolean, String or Datetime; null if missing.
        label: Name of the label's column.
        y: bool (n,).
        time_name, time: Microseconds UTC (n,), or None.
        group_name, group: int64 (n,), equal where rows belong together, or None.
        split_name, test: bool (n,), which rows a model is judged on, or None.
        train: bool (n,), which rows it learns from: where a split says no more, all but `test`.
            Rows of neither part (a warm-up, no part written) are in neither.
        notes: What else is worth knowing.
        keys: The int64 keys (n,) of an id's column, exact where a float would not be.
    """

    name: str
    frame: pl.DataFrame
    label: str
    y: Bools
    time_name: str | None = None
    time: Ints | None = None
    group_name: str | None = None
    group: Ints | None = None
    split_name: str | None = None
    test: Bools | None = None
    train: Bools | None = None
    notes: list[str] = field(default_factory=list)
    keys: Callable[[str], Ints] | None = None

    def __post_init__(self) -> None:
        if self.train is None and self.test is not None:
            self.train = ~self.test

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.y)

    @property
    def positives(self) -> int:
        """Rows whose label is set."""
        return int(self.y.sum())

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The columns a model might use: neither time, group nor split, and not constant."""
        idle = {*self.constant, self.time_name, self.group_name, self.split_name}
        return tuple(name for name in self.frame.columns if name not in idle)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """A hash of each row's features (n,)."""
        return self.frame.select(self.features).hash_rows(seed=3).to_numpy()

    @cached_property
    def constant(self) -> tuple[str, ...]:
        """The columns with one value, or none, in every row."""
        varying = self.frame.select(pl.all().n_unique() > 1).row(0)
        return tuple(n for n, v in zip(self.frame.columns, varying, strict=True) if not v)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """The features that are numbers, truth values or times."""
        return tuple(n for n in self.features if self.frame.schema[n] != pl.String)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The features that are text."""
        return tuple(n for n in self.features if self.frame.schema[n] == pl.String)

    def learnable(self, flagged: set[str]) -> tuple[str, ...]:
        """The features but those flagged, and but text that is nearly another in every row."""
        ids = {name for name in self.texts if 2 * self.frame[name].n_unique() > self.rows}
        return tuple(name for name in self.features if name not in flagged | ids)

    def numbers(self, name: str) -> Floats:
        """A numeric column as float64 (n,), nan where missing or too large for the trees."""
        series = self.frame[name]
        if series.dtype == pl.Datetime:
            series = series.dt.epoch("us")
        values = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
        large = np.abs(values) > np.finfo(np.float32).max
        return np.where(large, np.nan, values) if large.any() else values

    def codes(self, name: str) -> tuple[Ints, int]:
        """The categories of any column as 0 ... size - 1, missing one of them; and their number."""
        return coded(self.frame[name])

    @cached_property
    def half(self) -> NDArray[np.int8]:
        """A half for each row, drawn by a hash; a group lies in one half."""
        keys = self.group if self.group is not None else np.arange(self.rows, dtype=np.int64)
        return (mix_all(keys, 7) & 1).astype(np.int8)

    def drawn(self, most: int) -> Ints:
        """Places of up to `most` rows, drawn by a hash, ascending."""
        if self.rows <= most:
            return np.arange(self.rows)
        order = mix_all(np.arange(self.rows, dtype=np.int64), 11)
        return np.sort(np.argpartition(order, most)[:most])

    def balanced(self, each: int) -> Ints:
        """Places of up to `each` rows of either label, in an order that tells nothing."""
        order = np.argsort(mix_all(np.arange(self.rows, dtype=np.int64), 13))
        y = self.y[order]
        chosen = np.concatenate([order[y][:each], order[~y][:each]])
        return chosen[np.argsort(mix_all(chosen, 17))]

    @cached_property
    def effective(self) -> tuple[float, float]:
        """Positives and negatives, counting a group once where groups are given."""
        up, down = np.flatnonzero(self.y), np.flatnonzero(~self.y)
        return float(self.units(up)), float(self.units(down))

    def units(self, places: Ints) -> int:
        """How many groups some rows are of, or how many rows where no groups are given."""
        return len(places) if self.group is None else len(np.unique(self.group[places]))

    def chance(self, tests: int) -> float:
        """How likely any of `tests` columns parts the labels by chance, log10, by group."""
        up, down = self.effective
        return log10_chance(round(up + down), round(up), tests)

    @property
    def once(self) -> str:
        """What a figure of groups is followed by; nothing where no groups are given."""
        return "" if self.group is None else f" (every {self.group_name} counted once)"


def coded(values: pl.Series) -> tuple[Ints, int]:
    """Values as 0 ... size - 1, missing as 0; and the size."""
    codes: Ints = values.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
    return codes, int(codes.max(initial=0)) + 1


def load(
    table: Any,
    label: str,
    time: str | None = None,
    group: str | None = None,
    split: str | None = None,
) -> Table:
    """A table from a file or a frame.

    Args:
        table: A path (CSV, .csv.gz, Parquet), or a polars or pandas frame.
        label: The column that says what happened, of two values.
        time: The column that says when.
        group: The column whose equal values belong together.
        split: The column that says which rows are train and which test; found by its name where
            not given.

    Raises:
        WillbuyError: A file or column cannot be used.
    """
    if isinstance(table, (str, Path)):
        read = read_table(table, label, time, group)
        made = Table(
            Path(table).name, read.frame, label, read.y, time, read.time, group, read.group,
            notes=[*read.as_read(), *_not_plain(read.nested)],
            keys=partial(keys_of_column, frame=read.frame, as_written=read.as_written),
        )  # fmt: skip
        del read
    else:
        made = _of_frame(table, label, time, group)
    _find_split(made, split)
    if constant := made.constant:
        made.notes.append(
            f"Not looked at, since they are the same in every row: {', '.join(constant)}."
        )
    return made


def _not_plain(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    told = ", ".join(names)
    return [f"Not looked at, since they hold lists, records, durations or the like: {told}."]


def _of_frame(table: Any, label: str, time: str | None, group: str | None) -> Table:
    frame, others = _as_polars(table)
    where = Path("the table")
    for what, name in (("label", label), ("time", time), ("group", group)):
        if name is not None and name not in frame.columns:
            raise nearest(where, name, frame.columns, what)
    raw = RawTable(where, frame, np.arange(1, len(frame) + 1), None, (), Rejects())
    if frame.is_empty():
        raise WillbuyError("The table has no rows.")
    y, _ = read_label(raw, label)
    made = Table("table", frame.drop(label), label, y, time, group_name=group)
    made.notes += _not_plain(others)
    made.keys = partial(keys_of_column, frame=frame, as_written={o.name: o for o in frame})
    if time is not None:
        micros = micros_of(frame[time])
        if micros.null_count():
            raise WillbuyError(
                f"{micros.null_count():,} of {len(micros):,} rows have no time that can be read "
                f"in the column {time!r}. Write times as 2019-10-01 12:34:56."
            )
        made.time = micros.to_numpy()
    if group is not None:
        made.group = group_keys(frame[group])
    typed = [find_kind(one, None).values for one in made.frame.iter_columns()]
    made.frame = pl.DataFrame(typed)
    return made


def _as_polars(table: Any) -> tuple[pl.DataFrame, list[str]]:
    """The plain columns as polars has them, and the names of the others."""
    if not isinstance(table, pl.DataFrame):
        names = [str(one) for one in getattr(table, "columns", ())]
        twice = sorted({one for one in names if names.count(one) > 1})
        if twice:
            raise WillbuyError(
                f"The table has several columns named {twice[0]!r}. Give every column its own name."
            )
        if not hasattr(table, "to_dict") or not names:
            raise WillbuyError(
                f"A table is a file, or a polars or pandas frame, not {type(table).__name__}."
            )
        table = pl.DataFrame({name: table[name].to_numpy() for name in table.columns}, strict=False)
    texts = [
        name
        for name, dtype in table.schema.items()
        if dtype.base_type() in (pl.Categorical, pl.Enum, pl.Null, pl.Object)
    ]
    others = [
        name
        for name, dtype in table.schema.items()
        if not is_plain(dtype) and dtype.base_type() != pl.Object
    ]
    plain: pl.DataFrame = table.drop(others)
    return plain.with_columns(
        pl.col(name).map_elements(str, pl.String)
        if table.schema[name].base_type() == pl.Object
        else pl.col(name).cast(pl.String)
        for name in texts
    ), others


def _find_split(table: Table, name: str | None) -> None:
    if name == table.label:
        raise WillbuyError(
            f"{table.name}: the column {name!r} cannot be the label and the split. A split says "
            "train or test."
        )
    if name is not None and name not in table.frame.columns:
        raise nearest(Path(table.name), name, table.frame.columns, "split")
    found = [name] if name is not None else list(_candidates(table))
    for one in found:
        sides = _sides(table.frame[one])
        if sides is None:
            continue
        test, train = sides
        if name is None:
            agrees = (test == table.y)[test | train]
            if agrees.all() or not agrees.any():
                continue  # the label under another name is no split
            table.notes.append(f"{one} is taken as the split (--split names another)")
        table.split_name, table.test, table.train = one, test, train
        return
    if name is not None:
        raise WillbuyError(
            f"The column {name!r} does not say which rows are train and which test. Write the "
            "words train and test into it, or 1 for test and 0 for train."
        )


def _candidates(table: Table) -> Iterator[str]:
    for one, dtype in table.frame.schema.items():
        named = one.casefold()
        # Numbers called "test" may be anything, such as the arm of an experiment.
        if named in ("is_test", "is_train") or (dtype == pl.String and named in SPLIT_NAMES):
            yield one


def _sides(column: pl.Series) -> tuple[Bools, Bools] | None:
    """Which rows are test and which train, some maybe neither; None where the column is no split.

    Another word (a warm-up, say) or none puts a row on neither side.
    """
    if column.dtype == pl.String:
        words = column.str.to_lowercase().str.strip_chars()
        test, train = (words.is_in(one) for one in (TEST_WORDS, TRAIN_WORDS))
    else:
        values = column.cast(pl.Float64, strict=False).fill_nan(None)
        if set(values.drop_nulls().unique().to_list()) != {0.0, 1.0}:
            return None
        test, train = values == 1, values == 0
        if "train" in column.name.casefold():
            test, train = train, test
    sides = test.fill_null(False).to_numpy(), train.fill_null(False).to_numpy()
    return sides if all(one.any() for one in sides) else None
