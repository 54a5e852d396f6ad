"""The question and the protocol, in four sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from willbuy.report.files import Told
from willbuy.report.markup import Html, paragraph, section, table, tag, together
from willbuy.report.words import count, times


def question(run: Told) -> Html:
    """What is asked, what is known then, and how parts of the data were kept apart."""
    return _of_table(run) if run.table else _of_log(run)


def _of_table(run: Told) -> Html:
    splits, parts = run.metrics["splits"], run.metrics["parts"]
    begins = ["From (UTC)"] if run.of_future else []
    return section(
        "question",
        "The question and the protocol",
        tag(
            "ol",
            tag("li", run.metrics["question"]),
            tag("li", "The model is handed the columns of the session's row, and nothing else. "
                "Whether they were known before the purchase, the table alone cannot tell."),
            tag("li", f"{splits['told']} Encodings, models, calibration and threshold are fitted "
                "on train and calibrate; nothing is fitted or chosen on the part it is judged on."),
            tag("li", f"Figures are of the test part, at its own rate of buyers. "
                f"{run.test['interval_note']}"),
        ),
        table(
            ["Part", *begins, "Sessions", "of which buy"],
            [[name, *([_time(splits[name])] if begins else []), count(part["sessions"]),
              count(part["buying_sessions"])] for name, part in parts.items()],
        ),
    )  # fmt: skip


def _of_log(run: Told) -> Html:
    splits, parts = run.metrics["splits"], run.metrics["parts"]
    return section(
        "question",
        "The question and the protocol",
        tag(
            "ol",
            tag("li", run.metrics["question"]),
            tag("li", "The model is handed this session so far, the shopper's earlier sessions and "
                "the shop's counts of complete past days, and nothing later."),
            tag("li", f"By their first event, sessions fall into parts that follow each other in "
                f"time, {_gap(splits)}; nothing is fitted or chosen on the part it is judged on."),
            tag("li", "Figures are of the test part, at the shop's own rate of buyers; 95 % "
                "intervals come from drawing shoppers anew."),
        ),
        table(
            ["Part", "From (UTC)", "To", "Sessions", "of which buy", "Rows"],
            [_part(name, splits[name], parts[name]) for name in parts],
        ),
        *_audited(run),
    )  # fmt: skip


def _audited(run: Told) -> Iterator[Html]:
    """What came of changing the future, and of looking for leaks in the snapshots."""
    if run.audit is None:
        return
    told, findings = run.audit["counts"], run.audit["findings"]
    counts = ", ".join(f"{n} {level}" for level, n in told.items())
    yield tag("h3", "The audit of these snapshots")
    yield paragraph(
        f"{run.audit['future']['words']} Looking for leaks in {count(run.audit['rows'])} rows that "
        f"the model learns from found: {counts}."
    )
    if findings:
        yield table(
            ["Finding", "Level", "Evidence"],
            [(one["what"], one["level"], one["evidence"]) for one in findings],
        )


def _gap(splits: dict[str, Any]) -> str:
    hours = splits["gap_hours"]
    if hours <= 0:
        return "with no gap between them"
    gap = f"{times(hours)} hours" if hours >= 2 else f"{times(60 * hours)} minutes"
    return f"with a gap of {gap} before each border for sessions still under way"


def _part(name: str, span: list[str], part: dict[str, int]) -> list[str]:
    numbers = (part["sessions"], part["buying_sessions"], part["rows"])
    return [name, *(_time(one) for one in span), *(count(one) for one in numbers)]


def _time(iso: str) -> Html:
    """A time that breaks between date and hour, and nowhere else."""
    day, hour = iso[:10], iso[11:16]
    return together([tag("span", day, class_="whole"), " ", hour])
