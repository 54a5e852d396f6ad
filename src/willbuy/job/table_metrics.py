"""What metrics.json and data_health.json say of a table's run."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from willbuy.job.evaluation import Evaluation
from willbuy.job.health import FEW_BUYERS, caution_of_level
from willbuy.job.metrics import SCHEMA, told_models
from willbuy.job.table_rows import TableRows
from willbuy.job.train import BOOSTED, Trained
from willbuy.snapshots.splits import PARTS, TEST
from willbuy.snapshots.table_split import NO_FUTURE

SESSIONS = "sessions"
"""What `rows` in metrics.json says of a table's run; that of a log does not say."""

TOO_GOOD = 0.97
"""No session's purchase is known so well before it happens: from this ROC-AUC on, look for a leak.
The best published figure on whole sessions with a column made from transactions is 0.94."""

HINDSIGHT = (
    "Every column is taken to be known when a session is scored. Totals of a whole session (how "
    "long it was, how many pages it saw) are known only at its end: where they were not taken "
    "before the purchase, the figures are hindsight, however good. `willbuy audit` looks for such "
    "columns."
)
READINGS = {"every_session": "Every session of the table counts once."}


def table_metrics(rows: TableRows, trained: Trained, found: Evaluation) -> dict[str, Any]:
    """Put together what docs/metrics.md describes, as far as it makes sense of whole sessions."""
    table = rows.table
    metrics = {
        "schema": SCHEMA,
        "rows": SESSIONS,
        "question": f"Given the other columns of a session's row, does it buy ({table.label} = "
        f"{table.positive})?",
        "cautions": [
            *cautions(rows, found),
            *map(_in_words, caution_of_level(found.models[BOOSTED])),
        ],
        "totals": {
            "sessions": len(table.y),
            "buying_sessions": int(table.y.sum()),
            "groups": None if table.group is None else len(np.unique(table.group)),
            "rejected_rows": table.rejects.total,
        },
        "splits": rows.split.to_dict(),
        "parts": {name: _counts(rows, part) for part, name in enumerate(PARTS)},
        "features": len(rows.encoder.names),
        "baseline": found.baseline,
        "models": told_models(trained, found),
        "drift": found.drift,
    }
    return {**in_sessions(metrics), "readings": READINGS}


def table_health(rows: TableRows) -> dict[str, Any]:
    """The content of data_health.json."""
    table = rows.table
    return {
        "rows": SESSIONS,
        "table": {
            "rows": len(table.y) + table.rejects.total,
            "used": len(table.y) - rows.split.late,
            "rejected": dict(table.rejects.counts),
            "late": rows.split.late,
            "label": table.label,
            "positive": table.positive,
            "time": table.time_name,
            "group": table.group_name,
            "nested_columns": list(table.nested),
        },
        "columns": [column.to_dict() for column in table.columns],
        "notes": list(table.notes()),
    }


def cautions(rows: TableRows, found: Evaluation) -> list[str]:
    """What stands in the way of trusting the figures; the gravest first."""
    said = []
    auc = found.models[BOOSTED]["headline"]["roc_auc"]["value"]
    if auc is not None and auc >= TOO_GOOD:
        said.append(
            f"A ROC-AUC of {auc:.3f} is too good to be true of a purchase that has not happened "
            "yet: some column most likely knows the answer. Look for it with `willbuy audit`."
        )
    buyers = int(rows.table.y[rows.at(TEST)].sum())
    if buyers < FEW_BUYERS:
        said.append(
            f"Only {buyers} sessions of the test part buy: too few for firm figures. Read the "
            "intervals, not the figures."
        )
    if rows.split.by != "time":
        said.append(NO_FUTURE)
        times = [one.name for one in rows.table.columns if one.kind in ("date", "time")]
        if times:
            said[-1] += f" {times[0]} could be one."
    said.append(HINDSIGHT)
    if rows.split.late:
        said.append(
            f"{rows.split.late:,} rows are in no part: their {rows.table.group_name} belongs to an "
            "earlier one, which had ended."
        )
    return said


def in_sessions(found: Any) -> Any:
    """Figures whose readings and notes speak of sessions: a row is a whole one, not a moment of it.

    Only our own words are changed: names of columns stand nowhere but in lists of features.
    """
    if isinstance(found, dict):
        return {
            name: value if name in ("top", "question", "cautions") else _reworded(name, value)
            for name, value in found.items()
        }
    return [in_sessions(one) for one in found] if isinstance(found, list) else found


def _reworded(name: str, value: Any) -> Any:
    if name == "reading":
        return "every_session"
    if name in ("note", "reason", "meaning") and isinstance(value, str):
        return _in_words(value)
    return in_sessions(value)


def _in_words(text: str) -> str:
    changed = {"moment": "session", "Moment": "Session"}
    return re.sub(r"\b[Mm]oment(?=s?\b)", lambda found: changed[found[0]], text)


def _counts(rows: TableRows, part: int) -> dict[str, Any]:
    at = rows.at(part)
    buying = int(rows.table.y[at].sum())
    return {
        "sessions": len(at),
        "buying_sessions": buying,
        "users": len(np.unique(rows.key[at])),
        "rows": len(at),
        "positive_rows": buying,
    }
