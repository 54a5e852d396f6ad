"""`willbuy run`: a log in, a run folder out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from willbuy.bundle.files import file_sha256
from willbuy.bundle.golden import Keeper
from willbuy.bundle.model import Bundle, load_bundle
from willbuy.bundle.percentiles import Percentiles
from willbuy.engines.local import LocalEngine
from willbuy.errors import WillbuyError
from willbuy.events.files import fingerprint
from willbuy.events.keys import mix_all
from willbuy.events.read import EventLog, open_log
from willbuy.features.registry import all_features
from willbuy.job.about import Run, Timed, about_run, check_params, default_name
from willbuy.job.auditing import audit_snapshots
from willbuy.job.bias import NAME as BIAS
from willbuy.job.bias import bias_of
from willbuy.job.deciding import write_decisions
from willbuy.job.evaluation import evaluate
from willbuy.job.explaining import write_explanations
from willbuy.job.exploring import write_explored, write_goods
from willbuy.job.folder import run_folder, write_json
from willbuy.job.health import caution_of_prices, data_health
from willbuy.job.ladder import ladder
from willbuy.job.metrics import all_metrics
from willbuy.job.train import BOOSTED, LOGISTIC, Floats, Trained, train
from willbuy.job.truth import check_truth, cover
from willbuy.job.tuning import search, told_tuning
from willbuy.leaks.future import changed_future, some_shoppers
from willbuy.models.study import Budget, parse_budget
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.progress import Reporter, Silent
from willbuy.report.page import write_report
from willbuy.settings import Settings, parse_settings
from willbuy.snapshots.from_events import Snapshots, from_events
from willbuy.snapshots.splits import CALIBRATE, TEST
from willbuy.snapshots.store import row_columns

SAMPLE = 1000
"""Rows of sample_session_features.csv."""


def run(
    events: Sequence[Path | str] | Path | str,
    *,
    settings: Settings | None = None,
    features: Path | str | None = None,
    truth: Path | str | None = None,
    tune: Budget | str | None = None,
    study: Path | str | None = None,
    out: Path | str = "runs",
    name: str | None = None,
    force: bool = False,
    memory: int | None = None,
    reporter: Reporter | None = None,
) -> Run:
    """Do the whole job on a log and leave one folder, `out/name`.

    Args:
        events: A file, several, or a folder: CSV, .csv.gz, .zip of one CSV, Parquet.
        settings: All settings; the defaults where not given.
        features: A Python file with features of your own. It is code, and it is run.
        truth: Of a simulated shop: what really was to be expected at each moment. The figures
            then stand beside the best that anyone could reach.
        tune: How long to search for settings, within train: trials, like "30", or a time, like
            "15m". Not searched for where not given.
        study: The `tuning/study.log` of an earlier run on the same log, to go on with; the trials
            are added to it.
        out: The folder of runs.
        name: Of this run; that of the first file where not given.
        force: Replace a run of the same name.
        memory: Bytes that reading and replay should stay within; a log that does not fit goes
            through temporary files. By what is free where not given. It changes no figure.
        reporter: Told of progress; silent where not given.

    Returns:
        The run: its folder and what its JSON files hold.

    Raises:
        WillbuyError: The log, the truth or a setting is unusable; the message says how to mend
            it. No folder is left behind.
    """
    settings = settings or Settings()
    paths = [Path(events)] if isinstance(events, (str, Path)) else [Path(one) for one in events]
    timed = Timed(reporter or Silent())
    check_params(settings)
    budget = parse_budget(tune) if isinstance(tune, str) else tune
    own = Path(features) if features is not None else None
    chosen = tuple(all_features(own))
    true = Path(truth) if truth is not None else None
    if true is not None:
        check_truth(true)
    log = open_log(paths, settings.source, bad_row_share=settings.bad_row_share)
    out = Path(out)
    name = name or default_name(paths)
    inputs = [*log.files, true] if true is not None else log.files
    with run_folder(out, name, force, inputs) as folder:
        keeper, counts = Keeper(), DailyCounts(make_calendar(settings.timezone))
        scratch = folder / ".scratch"
        scratch.mkdir()
        with LocalEngine(log, scratch, settings.workers, memory) as engine:
            engine.load(timed, [keeper.watch, lambda chunk: counts.add(chunk.events)])
            log.rejects.write(folder / "rejected_rows.csv")
            snapshots = from_events(
                engine, counts, chosen, settings, timed, folder / "snapshots", scratch
            )
            shoppers = some_shoppers(engine)
        with timed.stage("Auditing the snapshots"):
            future = changed_future(*shoppers, snapshots, settings.seed)
            audited = audit_snapshots(snapshots, future)
        covered = None
        if true is not None:
            with timed.stage("Looking up the test moments in the truth"):
                covered = cover(true, snapshots)
        searched = None
        if budget is not None:
            kept = folder / "tuning" / "study.log"
            log_of_trials = kept if study is None else Path(study)
            searched = search(snapshots, settings, budget, log_of_trials, timed)
            if study is not None:
                kept.parent.mkdir()
                shutil.copyfile(log_of_trials, kept)
        trained = train(snapshots, settings, timed, searched.better if searched else None)
        found = evaluate(snapshots, trained, settings, timed)
        p = found.probabilities
        climbed = ladder(snapshots, covered, p, settings, timed) if covered is not None else None
        if settings.explain.rows:
            with timed.stage("Explaining the model"):
                write_explanations(snapshots, trained, p[BOOSTED], settings, folder)
        with timed.stage("Writing the run"):
            bundle = make_bundle(snapshots, trained, settings, keeper, log)
            id_ = bundle.save(folder / "model")
            bundle = replace(bundle, about={**bundle.about, "model_id": id_})
            load_bundle(folder / "model", own)  # what cannot be loaded is not handed out
            write_predictions(snapshots, bundle, p, folder)
            write_sample(snapshots, folder / "sample_session_features.csv")
            write_explored(snapshots, p[BOOSTED], folder)
            write_goods(bundle.tables, folder)
        write_decisions(snapshots, bundle, settings, folder, timed)
        with timed.stage("Writing what was found"):
            metrics = all_metrics(snapshots, trained, found, settings)
            if searched is not None:
                metrics["tuning"] = told_tuning(searched, found, settings)
            if covered is not None:
                metrics["ladder"] = climbed
                metrics["cautions"] += covered.cautions()
            metrics["cautions"] += caution_of_prices(log.health)
            health = data_health(log, snapshots)
            write_json(folder / "metrics.json", metrics)
            write_json(folder / "data_health.json", health)
            write_json(folder / "audit.json", audited)
        with timed.stage("For whom it fails"):
            failing = bias_of(folder, settings)
            write_json(folder / BIAS, failing)
        about = about_run(
            name, paths, log.fingerprint, settings, timed, own=own, truth=true,
            tune=None if searched is None else searched.record(),
        )  # fmt: skip
        write_json(folder / "run.json", about)
        write_report(folder)
        shutil.rmtree(scratch)
    return Run(out / name, metrics, health, about, audited, failing)


def make_bundle(
    snapshots: Snapshots, trained: Trained, settings: Settings, keeper: Keeper, log: EventLog
) -> Bundle:
    """Everything that scoring needs."""
    model = trained.by_name[BOOSTED]
    rows = snapshots.rows_of(CALIBRATE)
    percentiles = Percentiles.fit(model.on_calibrate, rows["ordinal"], rows["weight"])
    golden = keeper.golden(
        snapshots.rows_of(TEST), partial(snapshots.features_at, TEST), model.probability
    )
    return Bundle(
        features=snapshots.features,
        booster=trained.boosted,
        calibrator=model.calibrator,
        threshold=model.threshold.value,
        percentiles=percentiles,
        tables=snapshots.tables,
        settings=settings,
        kinds={word: int(kind) for word, kind in log.source.kinds.items()},
        zone=log.source.zone,
        log_start=snapshots.rules.log_start,
        golden=golden,
        about={"data_fingerprint": log.fingerprint, "splits": snapshots.splits.to_dict()},
    )


def write_predictions(
    snapshots: Snapshots, bundle: Bundle, p: dict[str, Floats], folder: Path
) -> None:
    """Write the test part's probabilities, one row a moment."""
    import polars as pl

    rows = snapshots.rows_of(TEST)
    pl.DataFrame(
        [
            *(
                column
                for column in row_columns(
                    rows, "test", snapshots.tables, snapshots.store.event_names
                )
                if isinstance(column, pl.Series)
            ),
            pl.Series("probability", p[BOOSTED]),
            pl.Series("percentile", bundle.percentiles(p[BOOSTED], rows["ordinal"])),
            pl.Series("probability_logistic", p[LOGISTIC]),
        ]
    ).write_parquet(folder / "predictions.parquet")


def write_sample(snapshots: Snapshots, path: Path) -> None:
    """Write one moment, drawn by a hash, of each of up to `SAMPLE` test sessions."""
    import polars as pl

    rows = snapshots.rows_of(TEST)
    draw = mix_all(rows["visit"] ^ rows["ordinal"], 0)
    order = np.argsort(draw)
    _, first = np.unique(rows["visit"][order], return_index=True)
    chosen = np.sort(order[np.sort(first)[:SAMPLE]])
    X = snapshots.features_at(TEST, chosen)
    pl.DataFrame(
        {
            "session": rows["visit"][chosen],
            "time": rows["time"][chosen],
            **{name: X[:, i] for i, name in enumerate(snapshots.names)},
            "purchase_later": rows["label"][chosen],
        }
    ).with_columns(pl.col("time").cast(pl.Datetime("us"))).fill_nan(None).write_csv(path)


class Recorded(NamedTuple):
    """What a run.json records.

    Attributes:
        events: The log.
        truth: Where one was given.
        tune: As many trials as were made, where there was tuning.
        same: Whether the log is still what it was.
    """

    events: list[Path]
    truth: Path | None
    tune: Budget | None
    same: bool


def recorded(config: Path, features: Path | None, reporter: Reporter) -> Recorded:
    """The inputs that a run.json records, to repeat the run.

    Args:
        config: The run.json.
        features: The file with features of one's own, as named now. Features are code: a
            run.json may say which file there was, but only a person has it run.
        reporter: Told where the log or the truth is no longer the same.

    Raises:
        WillbuyError: It records no inputs, or its features are not named or have changed.
    """
    try:
        told = json.loads(config.read_text("utf-8"))
        inputs = [Path(one) for one in told["inputs"]]
        settings = parse_settings(told["settings"], str(config))
        own, printed = told["features"], told["data_fingerprint"]
        given = told.get("truth")  # the first versions record none
        truth = Path(given["file"]) if given is not None else None
        truth_printed = given["fingerprint"] if given is not None else None
        tuned = told.get("tune")
        tune = Budget(trials=int(tuned["trials"])) if tuned is not None else None
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise WillbuyError(f"{config} records no inputs; name the events.") from problem
    if own is not None and features is None:
        raise WillbuyError(
            f"That run had features of its own, from {own['file']}. Features are code, so look at "
            "the file and name it: --features FILE"
        )
    if own is not None and features is not None and file_sha256(features) != own["sha256"]:
        raise WillbuyError(f"{features} is not the file that run had: it has changed since.")
    same = open_log(inputs, settings.source).fingerprint == printed
    if not same:
        reporter.say("The log has changed since that run: its figures will differ.")
    if truth is None:
        return Recorded(inputs, None, tune, same)
    if truth.is_file() and fingerprint([truth]) != truth_printed:
        reporter.say("The truth has changed since that run: its ladder will differ.")
    return Recorded(inputs, truth, tune, same)
