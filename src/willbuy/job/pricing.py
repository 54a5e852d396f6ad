"""`willbuy price` on a run: its log's product-days in, price.json out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from willbuy.bundle.files import holds_table
from willbuy.bundle.model import load_bundle
from willbuy.decide.price.answer import Question, price
from willbuy.decide.price.panel import goods_of, product_days
from willbuy.decide.price.scenario import scenario
from willbuy.errors import WillbuyError
from willbuy.events.read import open_log
from willbuy.job.folder import replace_json
from willbuy.job.job import recorded
from willbuy.moments.calendar import local_days, make_calendar
from willbuy.progress import Reporter, Silent
from willbuy.report.files import PRICE
from willbuy.report.page import write_report


def price_run(
    run: Path | str,
    question: Question,
    *,
    features: Path | str | None = None,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Tell what a price cut would bring, and put it into the run's folder and report.

    Args:
        run: The folder of a run on a log.
        question: The cut, for which products, and what is known of margin and elasticity.
        features: The file with features of one's own, where the model was trained with some.
        reporter: Told of progress; silent where not given.

    Returns:
        The content of price.json.

    Raises:
        WillbuyError: It is no such run, its log has changed, the scope matches nothing, or the
            log cannot tell the elasticity and none was given. Nothing is written then.
    """
    folder, reporter = Path(run), reporter or Silent()
    own = None if features is None else Path(features)
    if holds_table(folder):
        raise WillbuyError(
            f"{folder} is of a table of sessions, which does not tell what was looked at and "
            "bought at which price. Run the log of events: willbuy run EVENTS"
        )
    if not (folder / "run.json").is_file():
        raise WillbuyError(f"{folder} is no run: it has no run.json. Name a run's folder.")
    with reporter.stage("Loading the model and replaying its golden moments"):
        bundle = load_bundle(folder, own)
    told = recorded(folder / "run.json", own, reporter)
    if not told.same:
        raise WillbuyError(f"The log of {folder} has changed since that run. Run it anew.")
    tables = bundle.tables
    first_test, last = test_days(bundle.about["splits"], bundle.settings.timezone)
    if first_test > min(last, tables.last_day):
        raise WillbuyError(
            f"The test part of {folder} has no complete day, so there is no day to price. Give a "
            "log of more days."
        )
    last = min(last, tables.last_day)
    with reporter.stage("Elasticities and their checks"):
        days = product_days(tables.daily, tables.first_day, last)
        goods = goods_of(folder, days)
        found = price(days, goods, (first_test, last), question)
        chosen = question.scope.products(goods)
    settings = bundle.settings
    log = open_log(told.events, settings.source, bad_row_share=settings.bad_row_share)
    found["scenario"] = scenario(folder, bundle, log, chosen, question.cut, reporter)
    replace_json(folder / PRICE, found)
    write_report(folder)
    return found


def test_days(splits: Mapping[str, Any], timezone: str) -> tuple[int, int]:
    """First local day of the test part, and the last of the log, since 1970-01-01.

    Args:
        splits: As bundle.json tells of them.
        timezone: The shop's.
    """
    told = [datetime.fromisoformat(one) for one in (splits["test"][0], splits["log"][1])]
    times = np.array([int(one.timestamp()) * 1_000_000 for one in told])
    first, last = local_days(make_calendar(timezone), times).tolist()
    return first, last
