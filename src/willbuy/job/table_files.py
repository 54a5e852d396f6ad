"""The files of a table's run: its bundle, rows, predictions and a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.bundle.golden import MOMENTS
from willbuy.bundle.percentiles import Percentiles
from willbuy.bundle.table import GoldenRows, TableBundle, once
from willbuy.events.keys import mix_all
from willbuy.explain.contributions import explain
from willbuy.explain.plot import save_summary_plot
from willbuy.explain.summary import summary
from willbuy.job.explaining import MOST
from willbuy.job.folder import write_json
from willbuy.job.table_metrics import in_sessions
from willbuy.job.table_rows import TableRows
from willbuy.job.train import BOOSTED, LOGISTIC, Floats, Trained
from willbuy.score.sheet import safe_sheet
from willbuy.settings import Settings
from willbuy.snapshots.splits import PARTS, TEST

SAMPLE = 1000
"""Rows of sample_session_features.csv."""


def table_bundle(
    rows: TableRows, trained: Trained, settings: Settings, printed: str
) -> TableBundle:
    """Everything that scoring needs; `printed` is the fingerprint of the data."""
    model = trained.by_name[BOOSTED]
    n = len(model.on_calibrate)
    at = drawn(rows, TEST, MOMENTS)
    X = rows.X[at]
    features = [one.name for one in rows.inputs]
    return TableBundle(
        label=rows.table.label,
        positive=rows.table.positive,
        names=names_of(rows),
        unused=tuple(
            one.name
            for one in rows.table.columns
            if one.left_out is not None and one.name not in names_of(rows)
        ),
        inputs=rows.inputs,
        encoder=rows.encoder,
        booster=trained.boosted,
        calibrator=model.calibrator,
        threshold=model.threshold.value,
        percentiles=Percentiles.fit(model.on_calibrate, once(n), np.ones(n)),
        settings=settings,
        golden=GoldenRows(rows.table.frame[at].select(features), X,
                          model.probability(X, once(len(X)))),
        about={"data_fingerprint": printed, "splits": rows.split.to_dict()},
    )  # fmt: skip


def names_of(rows: TableRows) -> tuple[str, ...]:
    """Columns that name a row: the time, the group, and ids."""
    roles = (rows.table.time_name, rows.table.group_name)
    return tuple(one.name for one in rows.table.columns if one.name in roles or one.is_id)


def drawn(rows: TableRows, part: int, most: int) -> NDArray[np.int64]:
    """Places of up to so many rows of a part, drawn by a hash, ascending."""
    at = rows.at(part)
    return np.sort(at[np.argsort(mix_all(at, 0), kind="stable")[:most]])


def write_snapshots(rows: TableRows, folder: Path) -> None:
    """Write every row as the models see it: its line, part and label, and the features."""
    folder.mkdir()
    parts = np.array([*PARTS, None], dtype=object)[rows.split.part]
    pl.DataFrame(
        {
            " line": rows.table.line,
            " part": pl.Series(parts.tolist(), dtype=pl.String),
            " label": rows.table.y,
            **{name: rows.X[:, i] for i, name in enumerate(rows.encoder.names)},
        }
    ).write_parquet(folder / "table.parquet")


def write_predictions(
    rows: TableRows, bundle: TableBundle, p: dict[str, Floats], folder: Path
) -> None:
    """Write the test part's probabilities, one row a session."""
    at = rows.at(TEST)
    written = rows.table.as_written
    pl.DataFrame(
        [
            pl.Series("line", rows.table.line[at]),
            *(written[name][at].alias(f"table.{name}") for name in names_of(rows)),
            pl.Series("label", rows.table.y[at]),
            pl.Series("probability", p[BOOSTED]),
            pl.Series("percentile", bundle.percentile(p[BOOSTED])),
            pl.Series("probability_logistic", p[LOGISTIC]),
        ]
    ).write_parquet(folder / "predictions.parquet")


def write_sample(rows: TableRows, path: Path) -> None:
    """Write up to `SAMPLE` test sessions as the table has them, with their label."""
    at = drawn(rows, TEST, SAMPLE)
    label = pl.Series(rows.table.label, rows.table.y[at])
    written = [one[at] for one in rows.table.as_written.values()]
    safe_sheet(rows.table.frame[at].with_columns(*written, label)).write_csv(path)


def write_explanations(rows: TableRows, trained: Trained, folder: Path) -> None:
    """Write explanations.json and outputs/shap_plots/summary.png."""
    X = rows.X[drawn(rows, TEST, MOST)]
    told = explain(trained.boosted, X, np.ones(len(X)), rows.features)
    write_json(folder / "explanations.json", in_sessions(summary(told)))
    save_summary_plot(told, folder / "outputs" / "shap_plots" / "summary.png")
