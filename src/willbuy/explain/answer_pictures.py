"""The reasons of one answer as pictures, drawn by shap itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from willbuy.explain.answer import Answer
from willbuy.explain.sentences import Term, percent, valued

SHOWN = 12
"""At most so many terms; the rest is one bar."""

FORCED = 6
"""The strongest terms that the force plot names; the rest is a bar to each side."""


def save_waterfall(told: Answer, path: Path) -> None:
    """Draw how the terms lead from the base to the probability, in points, into a PNG file."""
    _save(told, path, _waterfall)


def save_force(told: Answer, path: Path) -> None:
    """Draw what pushes the probability up and what down, in points, into a PNG file."""
    _save(told, path, _force)


def _save(told: Answer, path: Path, draw: Callable[[Answer, Any], None]) -> None:
    import matplotlib
    import matplotlib.pyplot as plt  # shap's plots draw into its current figure
    import shap

    interactive, opened = matplotlib.is_interactive(), set(plt.get_fignums())
    explanation = shap.Explanation(
        values=np.array([100 * one.points for one in told.terms]),
        base_values=100 * told.base_probability,
        feature_names=[_label(one) for one in told.terms],
    )
    with warnings.catch_warnings():
        # Of libraries newer than shap, and of letters that the font does not have.
        warnings.simplefilter("ignore")
        try:
            draw(told, explanation)
            plt.gcf().savefig(path, dpi=110, bbox_inches="tight")
        finally:
            for number in set(plt.get_fignums()) - opened:
                plt.close(number)
            matplotlib.interactive(interactive)


def _label(term: Term) -> str:
    told = (
        f"{term.label}: {valued(term.value, term.unit)}"
        if term.unit
        else f"{term.label}, the closing term"
    )
    return told.replace("$", r"\$")  # a dollar would begin a formula


def _waterfall(told: Answer, explanation: Any) -> None:
    import matplotlib.pyplot as plt
    import shap

    plt.figure()
    shap.plots.waterfall(explanation, max_display=SHOWN, show=False)
    axes, *marks = plt.gcf().axes
    for mark in marks:  # shap's E[f(X)] and f(x): the title says them in words
        mark.set_xticks([])
    axes.set_title(_title(told), fontsize=13, pad=12)
    axes.set_xlabel(f"probability of {told.outcome}, in percent", fontsize=12)


def _force(told: Answer, explanation: Any) -> None:
    import matplotlib.pyplot as plt
    import shap

    values, names = explanation.values[:FORCED].tolist(), explanation.feature_names[:FORCED]
    rest = explanation.values[FORCED:]
    for side, way in ((rest[rest > 0], "upwards"), (rest[rest < 0], "downwards")):
        values.append(float(side.sum()))
        names.append(f"{len(side)} others {way}")
    shap.plots.force(
        explanation.base_values,
        np.round(values, 2),
        feature_names=names,
        out_names=f"percent {told.place}",
        matplotlib=True,
        show=False,
        figsize=(18, 5),
        text_rotation=30,
        contribution_threshold=0.02,
    )
    axes = plt.gca()
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= 100])


def _title(told: Answer) -> str:
    return (
        f"From {percent(told.base_probability)} before anything is known "
        f"to {percent(told.probability)} {told.place}"
    )
