"""The data of a table's run: what each column is, and what was left out."""

from __future__ import annotations

from typing import Any

from willbuy.report.files import Told
from willbuy.report.markup import Html, details, paragraph, section, table, tag
from willbuy.report.words import count, percent

_MOST = 15
"""With more columns than this, they are shown on demand."""

_KINDS = {
    "number": "numbers", "boolean": "yes or no", "text": "words", "date": "dates", "time": "times",
}  # fmt: skip


def columns(run: Told) -> Html:
    """What the table holds."""
    health, totals = run.health, run.metrics["totals"]
    found, rows = health["table"], health["columns"]
    names = ", ".join(one.rsplit("/", 1)[-1] for one in run.about["inputs"])
    sessions, buying = totals["sessions"], totals["buying_sessions"]
    told = _columns(rows)
    return section(
        "data",
        "The data and its health",
        paragraph(
            f"{names}: {count(sessions)} sessions, one a row, of which {count(buying)} buy "
            f"({percent(buying / max(sessions, 1))}): {found['label']} = {found['positive']}."
        ),
        tag("div", tag("h3", "What was used, and what was left out"), _left_out(found, rows)),
        told if len(rows) <= _MOST else details(f"All {count(len(rows))} columns", told),
    )


def _left_out(found: dict[str, Any], rows: list[dict[str, Any]]) -> Html:
    lines: list[tuple[str, str, str]] = [("Rows of the table", tag("b", count(found["rows"])), "")]
    lines += [(f"rejected: {why}", count(n), "rejected_rows.csv")
              for why, n in found["rejected"].items()]  # fmt: skip
    if found["late"]:
        lines.append(
            (f"of a {found['group']} of an earlier part", count(found["late"]), "left out")
        )
    lines.append(("used", count(found["used"]), percent(found["used"] / max(found["rows"], 1))))
    lines.append(("Columns beside the label", tag("b", count(len(rows))), ""))
    lines += [(one["name"], "", f"no feature: {one['left_out']}")
              for one in rows if one["left_out"] is not None]  # fmt: skip
    lines += [(name, "", "no feature: a list or a record") for name in found["nested_columns"]]
    return table(["", "Number", ""], lines)


def _columns(rows: list[dict[str, Any]]) -> Html:
    return table(
        ["Column", "Holds", "Different values", "Missing", "What was done"],
        [[one["name"], _KINDS[one["kind"]], count(one["distinct"]), count(one["missing"]),
          "; ".join([*(["no feature"] if one["left_out"] is not None else []), *one["notes"]])]
         for one in rows],
    )  # fmt: skip
