"""The files of a table's run: its bundle, rows, predictions and a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.bundle.golden import MOMENTS
from willbuy.bundle.percentiles import Percentiles
from willbuy.bundle.table import GoldenRows, TableBundle, once
from willbuy.evaluate.figures import How
from willbuy.events.keys import mix_all
from willbuy.explain.contributions import explain
from willbuy.explain.pictures import FOLDER, save_pictures
from willbuy.explain.stability import LEARN, Learned, whole_shoppers
from willbuy.explain.told import Followed, explanations
from willbuy.job.folder import write_json
from willbuy.job.table_metrics import in_sessions
from willbuy.job.table_rows import TableRows
from willbuy.job.train import BOOSTED, LOGISTIC, Floats, Trained
from willbuy.score.sheet import safe_sheet
from willbuy.settings import Settings
from willbuy.snapshots.splits import PARTS, TEST, TRAIN

SAMPLE = 1000
"""Rows of sample_session_features.csv."""

NO_MOMENTS = (
    "each row of a table is a whole session, and what a column holds is known to its owner alone"
)


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


def write_explanations(rows: TableRows, trained: Trained, settings: Settings, folder: Path) -> None:
    """Write explanations.json and the pictures in outputs/shap_plots."""
    at, train = drawn(rows, TEST, settings.explain.rows), rows.at(TRAIN)
    n = len(at)
    told = explain(trained.boosted, rows.X[at], np.ones(n), rows.features)
    y, calibrator = rows.table.y[at], trained.by_name[BOOSTED].calibrator
    some = train[
        whole_shoppers(rows.key[train], mix_all(rows.key[train], settings.seed + 1), LEARN)
    ]
    learned = Learned(
        rows.X[some], rows.table.y[some], np.ones(len(some)), rows.key[some], len(train)
    )
    how = How(0.5, settings.seed, settings.judge.replicates, settings.workers)
    found = explanations(
        told, Followed(y, rows.key[at], once(n)), trained.boosted, calibrator, learned, how
    )
    found["insights"] = {"reason": NO_MOMENTS}
    found["plots"] = save_pictures(told, calibrator(told.margin, once(n)), y, folder / FOLDER)
    write_json(folder / "explanations.json", in_sessions(found))
