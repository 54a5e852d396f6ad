"""Maps from a model's log-odds to calibrated ones: those of the library, and others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from willbuy.models.calibration import fit_calibrator
from willbuy.models.calibrator import KINDS, SURE, Calibrator, Kind, terms


@dataclass(frozen=True)
class Rows:
    """Moments to learn a map from, or to map.

    Attributes:
        margin: The model's log-odds (n,).
        y: Labels (n,).
        weight: Sampling weights (n,).
        user: int64 keys (n,).
        k: Events so far (n,).
        again: Whether the shopper has been here before (n,).
    """

    margin: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    user: np.ndarray
    k: np.ndarray
    again: np.ndarray


Map = Callable[[Rows, Rows], np.ndarray]
"""Learns from the first rows and tells log-odds of the second ones (n,)."""


def of_library(*kinds: Kind) -> Map:
    """Our own calibrators, one kind or the one that is chosen of several."""

    def told(learnt: Rows, rows: Rows) -> np.ndarray:
        return logit(_fitted(learnt, kinds)(rows.margin, rows.k))

    return told


def _fitted(learnt: Rows, kinds: Sequence[Kind]) -> Calibrator:
    given = vars(learnt)
    names = ("margin", "y", "weight", "user", "k")
    return fit_calibrator(
        *(given[name] for name in names), seed=0, kinds=kinds, share=1.0
    ).calibrator


def lowest(learnt: Rows, rows: Rows) -> np.ndarray:
    """The kind with the lowest cross-fitted loss, however little it wins by."""
    losses = _fitted(learnt, KINDS).losses
    return of_library(min(KINDS, key=lambda kind: losses[kind]))(learnt, rows)


def of_terms(design: Callable[[Rows], tuple[np.ndarray, ...]]) -> Map:
    """Maximum likelihood of a weighted sum of terms and an offset."""

    def told(learnt: Rows, rows: Rows) -> np.ndarray:
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8)
        model.fit(np.column_stack(design(learnt)), learnt.y, sample_weight=learnt.weight)
        return model.decision_function(np.column_stack(design(rows)))

    return told


def level(learnt: Rows, rows: Rows) -> np.ndarray:
    """The same offset for all, so that the mean probability is the rate."""
    step = 0.0
    for _ in range(50):
        p = expit(learnt.margin + step)
        step -= np.average(p - learnt.y, weights=learnt.weight) / np.average(
            p * (1 - p), weights=learnt.weight
        )
    return rows.margin + step


def venn_abers(learnt: Rows, rows: Rows) -> np.ndarray:
    """Inductive Venn-Abers (Vovk, Petej & Fedorova 2015), its two probabilities merged."""
    from venn_abers import VennAbers

    if len(np.unique(learnt.weight)) > 1:
        raise ValueError("the Venn-Abers package knows no weights; judge fewer events")
    p, unseen = (np.column_stack([expit(-m), expit(m)]) for m in (learnt.margin, rows.margin))
    model = VennAbers()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of its last step, which has no gradient
        model.fit(p, learnt.y.astype(int))
    return logit(np.clip(model.predict_proba(unseen)[0][:, 1], SURE, 1 - SURE))


def shopper(rows: Rows) -> tuple[np.ndarray, ...]:
    """A slope, and an offset by new or returning."""
    return rows.margin, rows.again


def k_and_shopper(rows: Rows) -> tuple[np.ndarray, ...]:
    """Slope and offset by k, and an offset by new or returning."""
    return *terms("by_k", rows.margin, rows.k), rows.again


def k_by_shopper(rows: Rows) -> tuple[np.ndarray, ...]:
    """Slope and offset by k, and offsets by k for those returning."""
    by_k = terms("by_k", rows.margin, rows.k)
    _, _, _, first, length, *_ = by_k
    return *by_k, rows.again, rows.again * first, rows.again * length


def k_without_bends(rows: Rows) -> tuple[np.ndarray, ...]:
    """Slope and offset by k, the offset a step at the first event and one line of ln k."""
    return terms("by_k", rows.margin, rows.k)[:5]


MAPS: dict[str, Map] = {
    "level": level,
    **{kind: of_library(kind) for kind in KINDS if kind != "none"},
    "venn_abers": venn_abers,
    "shopper": of_terms(shopper),
    "by_k, no bends": of_terms(k_without_bends),
    "by_k + shopper": of_terms(k_and_shopper),
    "by_k x shopper": of_terms(k_by_shopper),
    "lowest": lowest,
    "chosen": of_library(*KINDS),
}
"""Name → map; `chosen` is the library's own choice: a more flexible kind wins by more than its
standard error only."""
