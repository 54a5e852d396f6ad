"""The label of a table: which of its two values means that the session buys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.snapshots.table_kinds import read_as, shown

if TYPE_CHECKING:
    from willbuy.snapshots.table_file import RawTable

_SIGNED = ({0.0, 1.0}, {-1.0, 1.0})


def read_label(raw: RawTable, name: str) -> tuple[NDArray[np.bool_], str]:
    """The label as truth values.

    Args:
        raw: The table.
        name: Of the label's column.

    Returns:
        y, bool (n,); and the value, as the file writes it, that counts as positive.

    Raises:
        WillbuyError: It has missing values, one class, more than two, or two of which nobody can
            tell which is the positive one.
    """
    column = raw.frame[name]
    if column.dtype.is_float():
        column = column.fill_nan(None)
    where = f"{raw.path}, column {name!r}"
    text = read_as(column, "text", raw.separator).values
    if (missing := text.is_null()).any():
        first = int(missing.arg_max() or 0)
        raise WillbuyError(
            f"{where}: {int(missing.sum()):,} of {len(text):,} rows have no label, the first in "
            f"{raw.line_word} {raw.line[first]}. Remove those rows, or fill the label in."
        )
    found = text.unique().sort()
    if len(found) == 1:
        raise WillbuyError(
            f"{where}: every row has the label {found[0]!r}. A model needs sessions that bought "
            "and sessions that did not. Is this the right column, and the whole table?"
        )
    truth = read_as(column, "boolean", raw.separator)
    number = read_as(column, "number", raw.separator)
    if not truth.odd.any():
        y = truth.values
    elif not number.odd.any() and set(number.values.unique().to_list()) in _SIGNED:
        y = number.values == 1.0
    else:
        raise _unusable(where, text, found, numbers=not number.odd.any())
    labels = y.to_numpy().astype(np.bool_)
    if labels.all() or not labels.any():  # "yes" and "true", say
        raise WillbuyError(
            f"{where}: its values, {shown(found.to_list())}, all mean the same. A model needs "
            "sessions that bought and sessions that did not."
        )
    return labels, str(text[int(np.argmax(labels))])


def _unusable(where: str, text: pl.Series, found: pl.Series, *, numbers: bool) -> WillbuyError:
    counts = text.value_counts(sort=True)
    words = shown(counts.to_series(0).to_list())
    if len(found) == 2:
        return WillbuyError(
            f"{where}: its values are {words}, and nobody says which of them means that the "
            "session bought. Write 1 for bought and 0 for not."
        )
    kind = "number" if numbers else "text"
    example = f"{where.rsplit(' ', 1)[1]} > 0" if numbers else f"one of them ({words})"
    return WillbuyError(
        f"{where}: a label has two values, but this {kind} column has {len(found):,}: {words}. "
        f"Make a column that is 1 where the session bought, else 0, from {example}."
    )


def nearest(path: Path, name: str, names: list[str], option: str) -> WillbuyError:
    """What to say of a column that the table does not have."""
    import difflib

    by_fold = {one.casefold(): one for one in names}
    near = [by_fold[n] for n in difflib.get_close_matches(name.casefold(), by_fold, 3, 0.5)]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return WillbuyError(
        f"{path} has no column {name!r} ({option}).{hint} Its columns are: "
        f"{', '.join(names[:60])}{', ...' if len(names) > 60 else ''}."
    )
