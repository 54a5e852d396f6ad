"""`willbuy bias`: for whom a run's model fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from willbuy.bundle.files import holds_table
from willbuy.bundle.fitted import Fitted, load_fitted
from willbuy.errors import WillbuyError
from willbuy.evaluate.figures import How, Part
from willbuy.evaluate.metrics import Bools, Floats
from willbuy.fairness.account import account
from willbuy.fairness.groups import Grouping
from willbuy.fairness.search import Slice
from willbuy.job.bias_rows import Rows, read_part, read_rows
from willbuy.job.folder import replace_json
from willbuy.progress import Reporter, Silent
from willbuy.report.page import write_report
from willbuy.settings import Settings, parse_settings

NAME = "bias.json"


def bias(
    run: Path | str, by: Sequence[str] = (), *, reporter: Reporter | None = None
) -> dict[str, Any]:
    """Tell for whom a run's model fails; write bias.json and the report of the run anew.

    Args:
        run: The folder of a run on a log.
        by: Columns to cut by beside those of every run: of the run's snapshots, or of its log.
        reporter: Told of progress; silent where not given.

    Returns:
        The content of bias.json.

    Raises:
        WillbuyError: There is no such run, it is of a table or of an older version, or a column
            is nowhere to be found. Nothing is written then.
    """
    run, reporter = Path(run), reporter or Silent()
    config = run / "run.json"
    if not config.is_file():
        raise WillbuyError(f"{run} is no run: it has no run.json. Name a run's folder.")
    if holds_table(run):
        raise WillbuyError(
            f"{run} is of a table of sessions; willbuy bias is for runs on a log of events. Its "
            "predictions.parquet has the probability of each row, to cut as you like."
        )
    settings = parse_settings(json.loads(config.read_text("utf-8"))["settings"], str(config))
    with reporter.stage("For whom it fails"):
        told = bias_of(run, settings, by)
    replace_json(run / NAME, told)
    write_report(run)
    return told


def bias_of(run: Path, settings: Settings, by: Sequence[str] = ()) -> dict[str, Any]:
    """The content of bias.json, from a run's snapshots, predictions and model.

    Args:
        run: A folder that holds them.
        settings: Of the run.
        by: As for `bias`.
    """
    fitted, rows = load_fitted(run), read_rows(run, by)
    if not rows.test.any():
        return {"schema": 1, "reason": "no moments"}
    test = _part(rows, rows.test, _probabilities(run, rows))
    how = How(fitted.threshold, settings.seed, settings.judge.replicates, settings.workers)
    k = rows.frame["ordinal"].to_numpy()[rows.test]
    groupings = [one.at(rows.test) for one in rows.groupings]
    return account(test, k, groupings, how, _Calibrate(run, fitted, rows))


def _part(rows: Rows, which: Bools, p: Floats) -> Part:
    frame = rows.frame.filter(pl.Series(which))
    weight, user, visit = (frame[name].to_numpy() for name in ("weight", "user_key", "visit"))
    return Part(frame["label"].to_numpy() > 0, p, weight, user, visit)


def _probabilities(run: Path, rows: Rows) -> Floats:
    """Those of the test rows, as the run told them."""
    try:
        told = pl.read_parquet(run / "predictions.parquet", columns=["position", "probability"])
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise WillbuyError(f"{run}/predictions.parquet cannot be read: {problem}.") from problem
    positions = rows.frame["position"].filter(pl.Series(rows.test))
    if not told["position"].equals(positions):
        raise WillbuyError(f"{run}: predictions.parquet does not belong to the run's snapshots.")
    return told["probability"].to_numpy()


class _Calibrate:
    """The calibrate part, whose probabilities are made when they are first asked for."""

    def __init__(self, run: Path, fitted: Fitted, rows: Rows) -> None:
        self._run, self._fitted, self._rows = run, fitted, rows
        self._part: Part | None = None

    def __call__(self, slice_: Slice) -> tuple[Part, Bools]:
        if self._part is None:
            rows, k = self._rows, self._rows.frame["ordinal"].to_numpy()[~self._rows.test]
            X = read_part(self._run, "calibrate", self._fitted.names).to_numpy(order="c")
            self._part = _part(rows, ~rows.test, self._fitted.probability(X, k))
        named = {one.name: one for one in self._rows.groupings}
        inside = np.ones(len(self._part.y), np.bool_)
        for column, level in zip(slice_.columns, slice_.levels, strict=True):
            inside &= _of(named[column], level)[~self._rows.test]
        return self._part, inside


def _of(grouping: Grouping, level: str) -> Bools:
    return np.asarray(grouping.code == grouping.levels.index(level))
