"""All of it put together: the content of bias.json."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.bootstrap import INTERVAL_NOTE
from willbuy.evaluate.figures import How, Part
from willbuy.evaluate.metrics import Bools
from willbuy.fairness.figures import described
from willbuy.fairness.groups import Grouping
from willbuy.fairness.mitigation import NOTE as MENDING
from willbuy.fairness.mitigation import mitigations
from willbuy.fairness.parity import NOTE as PARITY
from willbuy.fairness.parity import parity
from willbuy.fairness.search import (
    LEAST_BUYERS,
    LEAST_SESSIONS,
    LEVEL,
    Look,
    Search,
    Slice,
    search,
)
from willbuy.fairness.words import TITLES, called, told

SCHEMA = 1

MOST_MENDED, MOST_WORST = 5, 10
"""So many slices with a finding are mended, and so many pairs told."""

NOTE = (
    "Rates, shares flagged and figures of slices are described: slices differ in them under a "
    "perfect model, too. A finding is a gap between what happened in a slice and what the model "
    "expects there that chance does not explain, all looks accounted for (Holm). The model is "
    "first put right on the whole, by a straight line in log-odds with a step at the threshold, so "
    "that a gap is one of the slice and not of everybody. Chance is what labels that follow the "
    "model's own probabilities would show, each session buying or not once, or what differs "
    "between shoppers: the larger."
)

Mend = Callable[[Slice], tuple[Part, Bools]]
"""The rows of calibrate, and which of them are of a slice."""


def account(
    part: Part,
    k: NDArray[np.int32],
    groupings: Sequence[Grouping],
    how: How,
    calibrate: Mend,
) -> dict[str, Any]:
    """For whom the model fails, as docs/bias.md describes it.

    Args:
        part: The test part (n,).
        k: The ordinal of each moment in its session (n,).
        groupings: Its columns, cut.
        how: The line, and the bootstrap.
        calibrate: Asked only for slices with a finding.

    Returns:
        Plain numbers and texts, ready for JSON.
    """
    found = search(part, k, how.threshold, groupings)
    findings = found.findings
    mended = _mended(findings, part, how, calibrate)
    return {
        "schema": SCHEMA,
        "note": NOTE,
        "interval_note": INTERVAL_NOTE,
        "parity_note": PARITY,
        "mitigation_note": MENDING,
        "threshold": how.threshold,
        "replicates": how.replicates,
        "least": {"sessions": LEAST_SESSIONS, "buyers": LEAST_BUYERS},
        "level": LEVEL,
        "looks": len(found.looks),
        "words": _verdict(found),
        "findings": [
            {**_look(one), "mitigation": mended.get((one.of.columns, one.of.levels))}
            for one in findings
        ],
        "columns": [_column(one, found, part, how) for one in groupings],
        "pairs": {
            "slices": found.pairs,
            "too_small": found.pairs_too_small,
            "worst": [_look(one) for one in found.worst(MOST_WORST)],
        },
    }


def _mended(
    findings: Sequence[Look], part: Part, how: How, calibrate: Mend
) -> dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, Any]]:
    slices = {(one.of.columns, one.of.levels): one.of for one in findings}
    return {
        key: mitigations(*calibrate(one), part, one.rows, how)
        for key, one in list(slices.items())[:MOST_MENDED]
    }


def _verdict(found: Search) -> str:
    told_of = [one for one in found.slices if one.size.enough]
    small = len(found.slices) - len(told_of)
    where = (
        f"{len(told_of)} slices of one column and {found.pairs - found.pairs_too_small} of two "
        f"were looked at; {small} and {found.pairs_too_small} are too small to tell"
    )
    n = len(found.findings)
    if not told_of:
        return f"No slice is large enough to tell whether the model is off there. {where}."
    if not n:
        return f"No slice is off by more than chance explains. {where}."
    return f"{n} gap{'s' if n > 1 else ''} beyond chance. {where}."


def _look(one: Look) -> dict[str, Any]:
    size = one.of.size
    return {
        "columns": list(one.of.columns),
        "levels": list(one.of.levels),
        "slice": called(one.of),
        "kind": one.kind,
        "observed": one.observed,
        "expected": one.expected,
        "gap": one.gap,
        "chance": one.chance,
        "p_value": one.p_value,
        "p_adjusted": one.adjusted,
        "moments": size.moments,
        "sessions": size.sessions,
        "shoppers": size.shoppers,
        "buyers": size.buyers,
        "concerned": one.shoppers,
        "harm": one.harm,
        "finding": one.found,
        "words": told(one),
    }


def _column(grouping: Grouping, found: Search, part: Part, how: How) -> dict[str, Any]:
    mine = [one for one in found.slices if one.columns == (grouping.name,)]
    gaps: dict[str, dict[str, Any]] = {}
    for one in found.looks:
        if one.of.columns == (grouping.name,):
            gaps.setdefault(one.of.levels[0], {})[one.kind] = {
                name: getattr(one, name) for name in ("observed", "expected", "gap", "chance")
            } | {"p_value": one.p_value, "p_adjusted": one.adjusted, "finding": one.found}
    return {
        "name": grouping.name,
        "title": TITLES.get(grouping.name, grouping.name),
        "note": grouping.note,
        "parity": parity(part, how.threshold, grouping, mine),
        "slices": [
            {**described(part, one, how), "gaps": gaps.get(one.levels[0], {})} for one in mine
        ],
    }
