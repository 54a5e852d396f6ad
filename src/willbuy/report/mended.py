"""What mending a slice would do and cost."""

from __future__ import annotations

from typing import Any

from willbuy.report.compared import difference
from willbuy.report.markup import Html, note, table, tag
from willbuy.report.words import OLDER, percent, signed, told

_COSTS = {"log_loss": "log loss", "f1": "F1"}


def mended(found: dict[str, Any]) -> list[Html]:
    """For each slice with a finding: an offset, a line of its own, and a reweighed map."""
    rows, seen = [], set()
    for one in found["findings"]:
        if one["mitigation"] is None or one["slice"] in seen:
            continue
        seen.add(one["slice"])
        rows += _rows(one["slice"], one["mitigation"])
    if not rows:
        return []
    head = ["Slice", "Mended by", "Before", "After", "All of test changes by"]
    return [tag("h3", "What mending it would cost"), table(head, rows),
            note(found["mitigation_note"])]  # fmt: skip


def _rows(name: str, mitigation: dict[str, Any]) -> list[list[str]]:
    if "reason" in mitigation:
        return [[name, f"nothing was tried: {mitigation['reason']}", "", "", ""]]
    offset, line = mitigation["offset"], mitigation["threshold"]
    rows = []
    if "reason" in offset:
        rows.append([name, f"no offset: {offset['reason']}", "", "", ""])
    else:
        rows.append(
            [name, f"an offset of {signed(offset['log_odds'], 2)} in log-odds",
             f"probability minus rate {told(offset['gap_before'], signed)}",
             told(offset["gap_after"], signed), _costs(offset["costs"])]
        )  # fmt: skip
    if "reason" in line:
        rows.append([name, f"no line of its own: {line['reason']}", "", "", ""])
    else:
        rates = ("true_positive_rate", "false_positive_rate")
        before, after = (
            " / ".join(told(line[when][rate], percent) for rate in rates)
            for when in ("before", "after")
        )
        rows.append(
            [name, f"a line of its own at {percent(line['value'])}",
             f"buyers / others flagged {before}", after, _costs(line["costs"])]
        )  # fmt: skip
    reweighed = mitigation.get("reweighed", {"reason": OLDER})
    if "reason" in reweighed:
        rows.append([name, f"not reweighed: {reweighed['reason']}", "", "", ""])
    else:
        rows.append(
            [name, "all log-odds moved as calibrate says when the slice's own rate is weighed out",
             f"probability minus rate {told(reweighed['gap_before'], signed)}",
             told(reweighed["gap_after"], signed), _costs(reweighed["costs"])]
        )  # fmt: skip
    return rows


def _costs(costs: dict[str, Any]) -> str:
    return "; ".join(
        f"{name} {difference(costs[key])}" for key, name in _COSTS.items() if key in costs
    )
