"""For whom it fails: slices of the test moments, and what mending them would cost."""

from __future__ import annotations

from typing import Any

from willbuy.report.charts import numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    note,
    paragraph,
    section,
    table,
    tag,
    together,
    withheld,
)
from willbuy.report.mended import mended
from willbuy.report.rows import Row, dots
from willbuy.report.words import OLDER, cell, count, decimal, percent, signed

_KINDS = {
    "calibration": "expected minus observed rate",
    "true_positive_rate": "buyers flagged minus expected",
    "false_positive_rate": "others flagged minus expected",
}


LONG = 14
"""A column with more slices is shown on demand where nothing in it is off."""


def whom(run: Told) -> Html:
    """Findings, then every slice of every column, then pairs and parity."""
    return section("whom", "For whom it fails", *_parts(run.bias))


def _parts(found: dict[str, Any] | None) -> list[Html | None]:
    if found is None:
        return [withheld("Slices", f"{OLDER}, or ask for it alone: willbuy bias RUN")]
    if "reason" in found:
        return [withheld("Slices", found["reason"])]
    findings = [tag("li", one["words"]) for one in found["findings"]]
    return [
        paragraph(found["words"]),
        tag("ul", *findings, class_="cautions") if findings else None,
        note(found["note"]),
        *mended(found),
        grid(*(_column(one) for one in found["columns"] if not _aside(one))),
        *(details(_title(one), _column(one)) for one in found["columns"] if _aside(one)),
        details("Pairs of columns with the most harm", _pairs(found)),
        details("Parity between groups", _parity(found), note(found["parity_note"])),
        note(found["interval_note"]),
    ]


def _aside(column: dict[str, Any]) -> bool:
    """Whether a column is shown on demand: it is long, and nothing in it is off."""
    gaps = [one["gaps"].get("calibration") for one in column["slices"] if "gaps" in one]
    return len(gaps) > LONG and not any(gap["finding"] for gap in gaps if gap)


def _title(column: dict[str, Any]) -> str:
    return f"{column['title']}: no level is off beyond chance"


def gaps_of(column: dict[str, Any]) -> tuple[str, list[Row]]:
    """What a column's slices say of the level: a title, and a row for each that is large enough.

    Args:
        column: One of bias.json's columns.
    """
    known = [one for one in column["slices"] if "calibration" in one.get("gaps", {})]
    off = [one["level"] for one in known if one["gaps"]["calibration"]["finding"]]
    title = _title(column)
    if off:
        title = f"{column['title']}: off beyond chance for {', '.join(off)}"
    rows = []
    for one in known:
        gap = one["gaps"]["calibration"]
        rows.append(
            Row(f"{one['level']} ({count(one['shoppers'])} shoppers)", gap["gap"],
                _points(gap["gap"]), gap["gap"] - gap["chance"], gap["gap"] + gap["chance"],
                "c2" if gap["finding"] else "c1")
        )  # fmt: skip
    return title, rows


GAP = "expected minus observed rate of purchases"
"""What is drawn of a slice."""
CHANCE = "Lines: what chance explains, all looks accounted for."
TOO_FEW = "no slice is large enough"


def _column(column: dict[str, Any]) -> Html:
    """The gap of the level of each slice, with what chance explains around it."""
    slices = column["slices"]
    small = sum("reason" in one for one in slices)
    left_out = f" Too small to tell: {small}." if small else ""
    title, rows = gaps_of(column)
    if not rows:
        return withheld(column["title"], f"{TOO_FEW}.{left_out}")
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    axis = numbers(GAP, min(ends), max(ends), percent)
    return figure(
        title,
        dots(rows, axis, title),
        note(f"{CHANCE} {column['note']}{left_out}"),
        details("The numbers", _numbers(slices)),
    )


def _points(gap: float) -> str:
    return f"{signed(100 * gap, 1)} points"


def _numbers(slices: list[dict[str, Any]]) -> Html:
    head = [
        "Slice", "Shoppers", "Buyers", "Rate", "Mean probability", "Calibration error", "ROC-AUC",
        "Average precision", "Flagged", "Of buyers", "Of others",
    ]  # fmt: skip
    shares = ("base_rate", "mean_prediction", "calibration_error")
    rates = ("selection_rate", "true_positive_rate", "false_positive_rate")
    rows: list[list[str]] = []
    for one in slices:
        row: list[str] = [one["level"], count(one["shoppers"]), count(one["buyers"])]
        if "reason" in one:
            rows.append([*row, tag("small", "too small to tell"), *[""] * (len(head) - 4)])
            continue
        row += [cell(one[name], percent) for name in shares]
        row += [cell(one[name], decimal) for name in ("roc_auc", "average_precision")]
        rows.append([*row, *(cell(one[name], percent) for name in rates)])
    return table(head, rows)


def _pairs(found: dict[str, Any]) -> Html:
    pairs = found["pairs"]
    rows = [
        [one["slice"], f"{_KINDS[one['kind']]} {_points(one['gap'])}",
         f"{100 * one['chance']:.1f} points", count(one["concerned"]),
         "finding" if one["finding"] else "within chance"]
        for one in pairs["worst"]
    ]  # fmt: skip
    told = note(
        f"Of {count(pairs['slices'])} pairs {count(pairs['too_small'])} are too small to tell. "
        "Ranked by the size of the gap times the shoppers it concerns; the largest of so many "
        "look large by chance."
    )
    head = ["Slice", "Gap", "Chance explains", "Shoppers concerned", ""]
    return together([table(head, rows) if rows else None, told])


def _parity(found: dict[str, Any]) -> Html:
    reasons = {one["parity"].get("reason") for one in found["columns"]}
    if len(reasons) == 1 and (reason := reasons.pop()):
        return withheld("Parity", reason)
    rows = []
    for one in found["columns"]:
        parity = one["parity"]
        if "reason" in parity:
            rows.append([one["title"], "", tag("small", parity["reason"]), ""])
            continue
        names = ("demographic_parity_difference", "equalized_odds_difference")
        rows.append(
            [one["title"], count(parity["groups"]), *(decimal(parity[name]) for name in names)]
        )
    return table(["Column", "Groups", "Demographic parity", "Equalised odds"], rows)
