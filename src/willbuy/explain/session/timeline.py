"""One session explained: event by event, and at the moment that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.model import Bundle
from willbuy.bundle.percentiles import deciles
from willbuy.events.schema import Kind
from willbuy.explain.answer import CALIBRATION, Answer
from willbuy.explain.exact import Exact, exact, share_out
from willbuy.explain.sentences import Move, Term, sentences, strongest
from willbuy.explain.session.parts import Part
from willbuy.explain.session.shopper import Shopper
from willbuy.features.registry import Feature

if TYPE_CHECKING:
    from willbuy.explain.session.counterfactual import Counterfactual

SCORED, REPEAT, PURCHASE, AFTER, CAPPED = "scored", "repeat", "purchase", "after", "capped"
"""What an event is to the model: a moment; an exact repeat of one before; the first purchase;
after it; past the cap on events."""

TOLD = 12
"""Of so many moments, the latest, it is told what moved them: each costs as much as some hundred
scores."""

Change = tuple[float, tuple[Term, ...]]

_MOVES = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One event of the session.

    Attributes:
        time: UTC.
        kind: view, cart, ...
        product, category, brand: As the log writes them; None where it does not say.
        price: None where it has none.
        status: What it is to the model: scored, repeat, purchase, after or capped.
        k: Its number in the session; None for what is no moment.
        probability: Of a later purchase, after this event; None likewise.
        change: Since the moment before; at the first event, since what the model says before
            anything is known. None where it is not told.
        moved: The features whose terms changed the probability most since then; each a `Move`,
            but at the first event, where there was no value before.
    """

    time: datetime
    kind: str
    product: str | None
    category: str | None
    brand: str | None
    price: float | None
    status: str
    k: int | None = None
    probability: float | None = None
    change: float | None = None
    moved: tuple[Term, ...] = ()


@dataclass(frozen=True, eq=False)
class SessionExplanation(Answer):
    """Why the model answers as it does about one session, at one of its moments.

    Percentile and decile are those of moments at the same length of session.

    Attributes:
        named: The session, for people.
        part, parts: Which of the sessions behind its id this is: silence and length cut them.
        k: The moment that is explained: after so many events.
        steps: The session's events up to there, or to its end where no moment was asked for.
        shop_day: The last complete day whose counts were used; None where none is covered.
        counterfactual: What would have had to be different, where that was asked for.
    """

    outcome: ClassVar[str] = "a purchase later in this session"

    named: str
    part: int
    parts: int
    k: int
    steps: tuple[Step, ...]
    shop_day: date | None
    counterfactual: Counterfactual | None = None

    @property
    def place(self) -> str:
        """The moment, for people."""
        return f"after event {self.k}"


def explain_part(
    bundle: Bundle, shopper: Shopper, part: Part, *, whole: bool = True
) -> SessionExplanation:
    """Explain one session at one of its moments.

    Args:
        bundle: The model.
        shopper: All events of the shopper.
        part: The session and its moment, as `find_part` gives them.
        whole: Tell of the events after the moment, too.
    """
    X, rows, k = part.X, part.rows, part.at
    ordinals = rows["ordinal"]
    p = bundle.probability(X, ordinals)
    first = max(k - TOLD, 0)
    told = exact(bundle, X[first:k], ordinals[first:k])
    changes = _changes(told, bundle.features, X[first:k], first)
    terms = _terms(told, bundle.features, X[k - 1])
    percentile = bundle.percentiles(p[k - 1 : k], ordinals[k - 1 : k])
    day = int(rows["shop_day"][k - 1])
    return SessionExplanation(
        named=shopper.named,
        part=part.number,
        parts=part.of,
        k=k,
        steps=tuple(_steps(bundle, shopper, part, p, changes, whole)),
        probability=float(p[k - 1]),
        base_probability=told.base_probability,
        threshold=bundle.threshold,
        percentile=float(percentile[0]),
        decile=int(deciles(percentile)[0]),
        shop_day=None if day < bundle.tables.first_day else _EPOCH.date() + timedelta(day),
        terms=terms,
        sentences=sentences(terms),
    )


def _terms(
    told: Exact, features: tuple[Feature, ...], values: NDArray[np.float32]
) -> tuple[Term, ...]:
    terms = [
        Term(*column, _known(value), log_odds, change)
        for column, value, log_odds, change in zip(
            _columns(features), [*values.tolist(), np.nan], told.terms[-1].tolist(),
            told.points[-1].tolist(), strict=True,
        )
    ]  # fmt: skip
    return tuple(sorted(terms, key=lambda one: -abs(one.points)))


def _changes(
    told: Exact, features: tuple[Feature, ...], X: NDArray[np.float32], first: int
) -> dict[int, Change]:
    """Row → the change of probability since the moment before, and what moved it.

    Args:
        told: The moments explained, one after another.
        features: The columns.
        X: Their features.
        first: The row of the first of them; where it is not the session's first, the moment
            before it is not explained, and so its change is not.
    """
    terms, log_odds = told.terms, told.log_odds
    changed = np.diff(terms, axis=0, prepend=0)
    points = share_out(changed, np.append(told.base, log_odds[:-1]), log_odds)
    columns, values = _columns(features), np.column_stack([X, np.full(len(X), np.nan)])
    found = {}
    for i in range(1 if first else 0, len(terms)):
        moves: list[Term] = []
        for j in np.argsort(-np.abs(points[i]), kind="stable")[:_MOVES].tolist():
            name, label, unit = columns[j]
            term = Term(
                name, label, unit, _known(values[i, j]), float(changed[i, j]), float(points[i, j])
            )
            moves.append(Move(**vars(term), before=_known(values[i - 1, j])) if i else term)
        found[first + i] = float(points[i].sum()), tuple(strongest(moves, _MOVES))
    return found


def _steps(
    bundle: Bundle,
    shopper: Shopper,
    part: Part,
    p: NDArray[np.float64],
    changes: dict[int, Change],
    whole: bool,
) -> list[Step]:
    events, session = shopper.events, part.session
    mine = events["session"] == shopper.session
    mine &= (events["time"] >= session["start"]) & (events["time"] <= session["last"])
    row_of = {position: i for i, position in enumerate(part.rows["position"].tolist())}
    steps: list[Step] = []
    bought, scored = False, 0
    for at in np.flatnonzero(mine).tolist():
        event, row = events[at], row_of.get(int(events["position"][at]))
        if row is not None:
            change, moved = changes.get(row, (None, ()))
            scored = row + 1
            known: dict[str, Any] = {
                "status": SCORED, "k": scored, "probability": float(p[row]),
                "change": change, "moved": moved,
            }  # fmt: skip
        elif bought:
            known = {"status": AFTER}
        elif event["kind"] == Kind.PURCHASE and event["time"] == session["bought"]:
            known, bought = {"status": PURCHASE}, True
        else:
            capped = scored == bundle.settings.session.max_events
            known = {"status": CAPPED if capped else REPEAT}
        steps.append(_step(event, shopper.raw[at], known))
        if not whole and scored == part.at:
            break
    return steps


def _step(event: Any, raw: Any, known: dict[str, Any]) -> Step:
    return Step(
        time=_EPOCH + timedelta(microseconds=int(event["time"])),
        kind=Kind(int(event["kind"])).name.lower(),
        product=_text(raw.get("product")),
        category=_text(raw.get("path")) or _text(raw.get("category")),
        brand=_text(raw.get("brand")),
        price=_known(event["price"]),
        **known,
    )


def _columns(features: tuple[Feature, ...]) -> list[tuple[str, str, str]]:
    told = [(one.name, one.label, one.unit) for one in features]
    return [*told, CALIBRATION]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _text(raw: object) -> str | None:
    return str(raw) if raw not in (None, "") else None
