"""`willbuy report`: a run folder's JSON files as one page that opens offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from willbuy.errors import WillbuyError
from willbuy.report.alike import alike
from willbuy.report.answer import answer
from willbuy.report.calibrated import calibrated
from willbuy.report.columns import columns
from willbuy.report.data import data
from willbuy.report.early import early
from willbuy.report.files import Told, read
from willbuy.report.limits import REMINDER
from willbuy.report.made import made
from willbuy.report.markup import Html, paragraph, reminded, tag
from willbuy.report.priced import priced
from willbuy.report.question import question
from willbuy.report.ranking import ranking
from willbuy.report.rivals import rivals
from willbuy.report.todo import todo
from willbuy.report.tuned import tuned
from willbuy.report.whom import whom
from willbuy.report.why import why

NAME = "report.html"

_PARTS = (
    answer, todo, data, question, ranking, early, calibrated, whom, alike, tuned, rivals, why,
    priced, made,
)  # fmt: skip
_TABLE_PARTS = (answer, columns, question, ranking, calibrated, alike, why, made)

_LINKS: Mapping[Callable[[Told], Html], tuple[str, str]] = {
    answer: ("answer", "Answer"),
    todo: ("todo", "What to do"),
    data: ("data", "Data"),
    columns: ("data", "Data"),
    question: ("question", "Protocol"),
    ranking: ("good", "How good"),
    early: ("early", "How early"),
    calibrated: ("calibrated", "Calibration"),
    whom: ("whom", "For whom"),
    alike: ("alike", "Train and test"),
    tuned: ("tuned", "Tuning"),
    rivals: ("rivals", "Other models"),
    why: ("why", "Why"),
    priced: ("priced", "Prices"),
    made: ("made", "Settings"),
}
"""Where each part is on the page, and its name there."""

_NO_REQUESTS = "default-src 'none'; style-src 'unsafe-inline'"


def write_report(run: Path) -> Path:
    """Build the report of a run from its JSON files, and put it beside them.

    Args:
        run: The run folder.

    Returns:
        The path of the page.

    Raises:
        WillbuyError: There is no run, a file is missing or broken, or it is of another version;
            or the page cannot be written.
    """
    path = run / NAME
    told = page(read(run))
    try:
        path.write_text(told, "utf-8")
    except OSError as problem:
        raise WillbuyError(f"{path} cannot be written: {problem.strerror}.") from problem
    return path


def page(run: Told) -> str:
    """The whole page: no script, and nothing that is loaded from anywhere."""
    style = Html(files("willbuy.report").joinpath("page.css").read_text("utf-8"))
    title = f"Will this session buy? {run.about['name']}"
    title += " (simulated)" if run.simulated else ""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_NO_REQUESTS),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", style),
    )
    parts = _parts(run)
    of_what = ", of a simulated shop" if run.simulated else None
    body = tag(
        "body",
        tag("header", tag("h1", "Will this session buy?"),
            paragraph(f"Run {run.about['name']}", of_what),
            tag("nav", *(tag("a", name, href=f"#{at}")
                         for at, name in (_LINKS[part] for part in parts)))),
        tag("main", *(_part(part, run) for part in parts)),
    )  # fmt: skip
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _parts(run: Told) -> tuple[Callable[[Told], Html], ...]:
    """The sections that there is something for."""
    parts = _TABLE_PARTS if run.table else _PARTS
    there = {
        tuned: "tuning" in run.metrics,
        todo: run.strategy is not None,
        priced: run.price is not None,
        rivals: run.compared is not None,
    }
    return tuple(part for part in parts if there.get(part, True))


def _part(part: Callable[[Told], Html], run: Told) -> Html:
    """One section; of a log that is too short, every chart of the model says so."""
    made_of = part(run)
    return reminded(made_of, REMINDER) if run.smoke and part is not data else made_of
