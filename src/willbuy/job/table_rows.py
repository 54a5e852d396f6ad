"""A table split and encoded: what the models of a table learn from and are judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.features.registry import Feature
from willbuy.models.encoding import Encoder, fit_encoder
from willbuy.snapshots.session_table import SessionTable
from willbuy.snapshots.splits import TRAIN
from willbuy.snapshots.table_features import Input, feature_frame, input_of, inputs_of
from willbuy.snapshots.table_split import TableSplit

FAMILY = "column."
"""What the family of a feature begins with: the features of one column belong together."""


@dataclass(frozen=True)
class TableRows:
    """The rows of a table, by part.

    Attributes:
        table: As it was read.
        split: Which part each row is in.
        inputs: The columns that the models go by.
        encoder: Fitted on train.
        X: float32 (n, F) of all rows: those of train as models learn from them, without their own
            labels in it, all others as rows to come are encoded.
        key: int64 (n,): which rows belong together; a row's own number where there is no group.
    """

    table: SessionTable
    split: TableSplit
    inputs: tuple[Input, ...]
    encoder: Encoder
    X: NDArray[np.float32]
    key: NDArray[np.int64]

    def at(self, part: int) -> NDArray[np.int64]:
        """Places of a part's rows."""
        return np.flatnonzero(self.split.part == part)

    def frame_at(self, places: NDArray[np.int64]) -> pl.DataFrame:
        """Some rows before they are encoded, as `feature_frame` makes them."""
        return feature_frame(self.table.frame[places], self.inputs)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The F columns of X, for people."""
        found = []
        owners = [
            (one.name, input_of(one.name, self.inputs))
            for one in self.encoder.columns
            for _ in one.names
        ]
        for name, (column, owner) in zip(self.encoder.names, owners, strict=True):
            meaning = f"From the table's column {owner}" if name != owner else "A column as it is"
            found.append(Feature(name, name, _unit(name, column), meaning, FAMILY + owner, _none))
        return tuple(found)


def encode(table: SessionTable, split: TableSplit, seed: int) -> TableRows:
    """Encode a table; the encoder sees the labels of train, and each row's own never.

    Raises:
        WillbuyError: No column is left that a model could use.
    """
    from willbuy.errors import WillbuyError

    inputs = inputs_of(table.columns)
    if not inputs:
        why = "; ".join(f"{c.name}: {c.left_out}" for c in table.columns) or "there are no others"
        raise WillbuyError(
            f"{table.path} has no column beside the label that a model could use ({why})."
        )
    key = np.arange(len(table.y)) if table.group is None else table.group
    frame = feature_frame(table.frame, inputs)
    train = split.part == TRAIN
    encoding = fit_encoder(
        frame.filter(pl.Series(train)), table.y[train], seed=seed, groups=key[train],
        time=table.time_at(train),
    )  # fmt: skip
    X = np.empty((len(train), encoding.X.shape[1]), np.float32)
    X[train] = encoding.X
    X[~train] = encoding.encoder.transform(frame.filter(pl.Series(~train)))
    return TableRows(table, split, inputs, encoding.encoder, X, key)


def _unit(name: str, column: str) -> str:
    """What the values of a feature count; a column of a user's says nothing of it."""
    if name.endswith((": rate", ": share of rows")) and name != column:
        return "share"
    return "yes/no" if name != column else "value"


def _none(*_: object) -> float:
    raise AssertionError("A column of a table is read, not computed.")
