"""`willbuy run TABLE --sessions`: a table of one row a session in, a run folder out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from willbuy.bundle.table import load_table_bundle
from willbuy.errors import WillbuyError
from willbuy.events.files import fingerprint
from willbuy.job.about import Run, Timed, about_run, check_params, default_name
from willbuy.job.folder import run_folder, write_json
from willbuy.job.table_evaluation import evaluate_table
from willbuy.job.table_files import (
    table_bundle,
    write_explanations,
    write_predictions,
    write_sample,
    write_snapshots,
)
from willbuy.job.table_metrics import table_health, table_metrics
from willbuy.job.table_rows import encode
from willbuy.job.table_train import train_table
from willbuy.progress import Reporter, Silent
from willbuy.report.page import write_report
from willbuy.settings import Settings
from willbuy.snapshots.session_table import read_table
from willbuy.snapshots.table_split import split_table


def run_table(
    table: Path | str,
    label: str,
    *,
    time: str | None = None,
    group: str | None = None,
    trials: int = 0,
    settings: Settings | None = None,
    out: Path | str = "runs",
    name: str | None = None,
    force: bool = False,
    reporter: Reporter | None = None,
) -> Run:
    """Do the whole job on a table that has one row a session, and leave one folder, `out/name`.

    Args:
        table: CSV (also .csv.gz or a .zip of one) or Parquet.
        label: The column that says whether the session bought: TRUE / FALSE, yes / no, 1 / 0.
        time: The column that says when. With it the figures are of later sessions than those
            learned from; without it they say nothing of the future.
        group: The column whose equal values stay in one part, such as the shopper.
        trials: Settings of the trees to try, each judged within train; 0 keeps the defaults.
        settings: All settings; the defaults where not given. What they say of events does not
            matter here.
        out: The folder of runs.
        name: Of this run; that of the file where not given.
        force: Replace a run of the same name.
        reporter: Told of progress; silent where not given.

    Returns:
        The run: its folder and what its JSON files hold.

    Raises:
        WillbuyError: The table, its label or a setting is unusable; the message says how to mend
            it. No folder is left behind.
    """
    settings = settings or Settings()
    path, out = Path(table), Path(out)
    timed = Timed(reporter or Silent())
    check_params(settings)
    name = name or default_name([path])
    with run_folder(out, name, force, [path]) as folder:
        with timed.stage("Reading the table"):
            read = read_table(path, label, time, group, bad_row_share=settings.bad_row_share)
            printed = fingerprint([read.path])
            read.rejects.write(folder / "rejected_rows.csv")
        with timed.stage("Splitting and encoding"):
            rows = encode(read, split_table(read, settings.seed), settings.seed)
        trained = train_table(rows, settings, timed, trials)
        found = evaluate_table(rows, trained, settings, timed)
        if settings.explain.rows:
            with timed.stage("Explaining the model"):
                write_explanations(rows, trained, settings, folder)
        with timed.stage("Writing the run"):
            bundle = table_bundle(rows, trained, settings, printed)
            bundle.save(folder / "model")
            load_table_bundle(folder / "model")  # what cannot be loaded is not handed out
            write_snapshots(rows, folder / "snapshots")
            write_predictions(rows, bundle, found.probabilities, folder)
            write_sample(rows, folder / "sample_session_features.csv")
            metrics, health = table_metrics(rows, trained, found), table_health(rows)
            write_json(folder / "metrics.json", metrics)
            write_json(folder / "data_health.json", health)
        columns = {"label": label, "time": time, "group": group, "trials": trials}
        about = about_run(name, [path], printed, settings, timed, table=columns)
        write_json(folder / "run.json", about)
        write_report(folder)
    return Run(out / name, metrics, health, about)


class RecordedTable(NamedTuple):
    """The table that a run.json records."""

    table: Path
    label: str
    time: str | None
    group: str | None
    trials: int


def recorded_table(config: Path, reporter: Reporter) -> RecordedTable | None:
    """The table that a run.json records, to repeat the run; None if it is of a log of events.

    Raises:
        WillbuyError: It cannot be read.
    """
    try:
        told = json.loads(config.read_text("utf-8"))
        if "table" not in told:
            return None
        columns = told["table"]
        found = RecordedTable(
            Path(told["inputs"][0]),
            columns["label"],
            columns["time"],
            columns["group"],
            columns["trials"],
        )
        printed = told["data_fingerprint"]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as problem:
        raise WillbuyError(f"{config} records no table; name it.") from problem
    if found.table.is_file() and fingerprint([found.table]) != printed:
        reporter.say("The table has changed since that run: its figures will differ.")
    return found
