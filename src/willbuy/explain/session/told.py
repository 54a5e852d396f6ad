"""An explanation as plain data, for explanation.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from willbuy.explain.answer import NOTE as ANSWER_NOTE
from willbuy.explain.answer import plain_answer
from willbuy.explain.sentences import moved
from willbuy.explain.session.counterfactual import NOTE, Counterfactual
from willbuy.explain.session.timeline import SessionExplanation, Step

SCHEMA = 1


def plain(told: SessionExplanation) -> dict[str, Any]:
    """Plain numbers and texts, ready for JSON; docs/explain-one.md says what each entry is."""
    return {
        "schema": SCHEMA,
        "note": ANSWER_NOTE,
        "session": told.named,
        "part": told.part,
        "parts": told.parts,
        "k": told.k,
        **plain_answer(told),
        "shop_day": None if told.shop_day is None else told.shop_day.isoformat(),
        "events": [_step(one) for one in told.steps],
        "counterfactual": None if told.counterfactual is None else _ways(told.counterfactual),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        **asdict(step),
        "time": step.time.isoformat(),
        "moved": [{**asdict(one), "words": moved(one)} for one in step.moved],
    }


def _ways(found: Counterfactual) -> dict[str, Any]:
    return {
        "note": NOTE,
        "target": found.target,
        "direction": "up" if found.up else "down",
        "reached": found.reached,
        "tried": found.tried,
        "prices": None if found.prices is None else list(found.prices),
        "prices_seen": found.prices_seen,
        "ways": [
            {
                "probability": way.probability,
                "edits": [{"kind": edit.kind, "words": edit.words} for edit in way.edits],
            }
            for way in found.ways
        ],
    }
