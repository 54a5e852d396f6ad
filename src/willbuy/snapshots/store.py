"""Snapshots on disk: written as replay goes, read back in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.batch import Names
from willbuy.events.schema import MISSING, Kind
from willbuy.moments.state import Records
from willbuy.moments.tables import ShopTables
from willbuy.snapshots.replay import ROW
from willbuy.snapshots.splits import PARTS

ROWS_PER_FILE = 100_000
"""About: a file is a block, the least that is read at a time."""

_OUTAGES = "test-outage-days"


@dataclass(frozen=True)
class PartFiles:
    """Features of one part in several files; going through it gives (m, F) float32 blocks."""

    files: tuple[Path, ...]
    names: tuple[str, ...]

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        import polars as pl

        for file in self.files:
            frame = pl.read_parquet(file, columns=list(self.names))
            yield frame.to_numpy(order="c")


@dataclass
class Store:
    """Takes rows part by part and writes them to Parquet, a block at a time.

    What only the run itself needs (the rows without features, and those of outage days) goes to
    `scratch`, which must outlive the store.

    Attributes:
        folder: Gets `train-000.parquet` and so on.
        scratch: A folder for temporary files.
        names: The F columns.
        tables: For the days that the shop features used.
        event_names: What the keys of brands and categories stand for.
    """

    folder: Path
    scratch: Path
    names: tuple[str, ...]
    tables: ShopTables
    event_names: Names
    _held: dict[int, list[tuple[NDArray[np.float32], Records]]] = field(default_factory=dict)
    _files: dict[int, list[Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in range(len(PARTS)):
            self._write(part, [(np.zeros((0, len(self.names)), np.float32), np.zeros(0, ROW))])

    def add(self, X: NDArray[np.float32], rows: Records) -> None:
        """Take some rows: features (n, F) and as many records of ROW.

        Raises:
            WillbuyError: A feature is infinite.
        """
        for i in np.flatnonzero(np.isinf(X).any(axis=0)):
            raise WillbuyError(
                f"The feature {self.names[i]} gave an infinite number. A feature gives a finite "
                "number, or nan where there is none; divide with a check for zero."
            )
        for part in np.unique(rows["part"]).tolist():
            mine = rows["part"] == part
            held = self._held.setdefault(part, [])
            held.append((X[mine], rows[mine]))
            if sum(len(one) for _, one in held) >= ROWS_PER_FILE:
                self._write(part, held)
                held.clear()

    def finish(self) -> None:
        """Write what is still held."""
        for part, held in self._held.items():
            if held:
                self._write(part, held)
        self._held = {}

    def blocks(self, part: int) -> PartFiles:
        """The features of one part."""
        return PartFiles(tuple(self._files.get(part, ())), self.names)

    def rows(self, part: int) -> Records:
        """The rows of one part without their features, array of ROW."""
        path = self._rows_path(part)
        return np.fromfile(path, ROW) if path.exists() else np.zeros(0, ROW)

    def _rows_path(self, part: int) -> Path:
        return self.scratch / f"rows-{part}"

    def _write(self, part: int, held: Sequence[tuple[NDArray[np.float32], Records]]) -> None:
        import polars as pl

        X = np.concatenate([one for one, _ in held])
        rows = np.concatenate([one for _, one in held])
        is_part = part < len(PARTS)
        name, folder = (PARTS[part], self.folder) if is_part else (_OUTAGES, self.scratch)
        files = self._files.setdefault(part, [])
        if files and not self._rows_path(part).stat().st_size:
            files.clear()  # the empty first file is written over
        path = folder / f"{name}-{len(files):03}.parquet"
        columns = {n: np.ascontiguousarray(X[:, i]) for i, n in enumerate(self.names)}
        frame = pl.DataFrame(columns).with_columns(
            row_columns(rows, name, self.tables, self.event_names)
        )
        try:
            frame.write_parquet(path, compression="lz4")
            with self._rows_path(part).open("ab") as file:
                rows.tofile(file)
        except OSError as problem:
            raise WillbuyError(
                f"The snapshots cannot be written to {self.folder}: "
                f"{problem.strerror or problem}. Make room, or choose another place with --out."
            ) from problem
        files.append(path)


def row_columns(rows: Records, split: str, tables: ShopTables, names: Names) -> list[Any]:
    """What stands beside the features: label, weight, split, whence the row comes, its event."""
    import polars as pl

    def times(field: str) -> Any:
        return pl.Series(field, rows[field]).cast(pl.Datetime("us", "UTC"))

    return [
        pl.Series("label", rows["label"]),
        pl.Series("weight", rows["weight"]),
        pl.lit(split).alias("split"),
        *(
            pl.Series(f"{field}_key" if field in ("user", "session") else field, rows[field])
            for field in ("user", "session", "visit", "ordinal", "position")
        ),
        times("start"),
        times("time"),
        covered_day(rows, tables),
        *event_columns(rows, names),
    ]


def event_columns(rows: Records, names: Names) -> list[Any]:
    """What a moment's event was about, for people and groups; never for a model.

    Args:
        rows: Array of ROW (n,).
        names: What keys stand for.

    Returns:
        Columns (n,), each null where the event does not say: `event_kind`, `event_product` (a
        key), `event_brand`, `event_category`, `event_section` (texts), `event_price`, and
        `event_hour` and `event_weekday` (local; 0 for Monday).
    """
    import polars as pl

    def named(field: str, texts: Mapping[int, str]) -> Any:
        keys = pl.Series(f"event_{field}", rows[field])
        return keys.replace_strict(texts, default=None, return_dtype=pl.String)

    product = pl.Series("event_product", rows["product"])
    return [
        named("kind", {int(kind): kind.name.lower() for kind in Kind}),
        product.set(product == MISSING, None),
        named("brand", names.brand),
        named("category", names.category),
        named("section", names.section),
        pl.Series("event_price", rows["price"]).fill_nan(None),
        pl.Series("event_hour", rows["hour"]),
        pl.Series("event_weekday", rows["weekday"]),
    ]


def covered_day(rows: Records, tables: ShopTables) -> Any:
    """The last complete day whose counts a row used, as a date; null where there is none."""
    import polars as pl

    day = pl.Series("shop_day", rows["shop_day"]).cast(pl.Date)
    return day.set(pl.Series(rows["shop_day"] < tables.first_day), None)
