"""`willbuy tune`: go on searching for the settings of a run."""

from __future__ import annotations

from pathlib import Path

from willbuy.errors import WillbuyError
from willbuy.job.about import Run
from willbuy.job.job import recorded, run
from willbuy.job.table_job import recorded_table
from willbuy.models.study import Budget
from willbuy.progress import Reporter, Silent
from willbuy.settings import load_settings


def tune_run(
    folder: Path | str,
    budget: Budget | str,
    *,
    features: Path | str | None = None,
    reporter: Reporter | None = None,
) -> Run:
    """Try more settings for a run on a log, and put the run made with the best in its place.

    The run is repeated from its recorded inputs: reading and replay take little beside a search.
    Trials go to the run's own `tuning/study.log` as they are made, so that a search that is
    stopped loses none of them.

    Args:
        folder: Of the run.
        budget: Trials beside those made, like "30", or a time, like "15m".
        features: The file with features of one's own, where the run had some.
        reporter: Told of progress; silent where not given.

    Returns:
        The run in its new state.

    Raises:
        WillbuyError: There is no such run, it is of a table, or its log is not what it was.
    """
    folder, reporter = Path(folder), reporter or Silent()
    config, own = folder / "run.json", None if features is None else Path(features)
    if not config.is_file():
        raise WillbuyError(f"{folder} is no run: it has no run.json. Name a run's folder.")
    if recorded_table(config, reporter) is not None:
        raise WillbuyError(
            f"{folder} is of a table of sessions. Those are tuned by running them anew: "
            "willbuy run TABLE --sessions --label COLUMN --trials 30"
        )
    told = recorded(config, own, reporter)
    if not told.same:
        raise WillbuyError(
            f"The log of {folder} has changed since that run, so trials on it cannot be compared. "
            "Run it anew: willbuy run EVENTS --tune 30"
        )
    return run(
        told.events, settings=load_settings(config), features=own, truth=told.truth, tune=budget,
        study=folder / "tuning" / "study.log", out=folder.parent, name=folder.name, force=True,
        reporter=reporter,
    )  # fmt: skip
