"""What a comparison says, in words that follow from its paired intervals and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from willbuy.report.words import signed, told

_BETTER = {"roc_auc": "higher", "log_loss": "lower"}
_NAMES = {"roc_auc": "ROC-AUC", "log_loss": "log loss"}


def verdict(
    models: Mapping[str, Mapping[str, Any]],
    reference: str,
    blend: str | None,
    best_single: str,
    ceiling: Mapping[str, Any] | None,
) -> list[str]:
    """Sentences, the most important first.

    Args:
        models: By name: ``title``, and ``paired`` as `compare` tells it.
        reference: The model that the others are held against: the boosted trees.
        blend: The blend's name; None where there is none.
        best_single: The best of the others by cross-fitted log loss on calibrate.
        ceiling: Of the reference minus the most a learner can hope for, by metric; None where
            the log has no truth.
    """
    found = [_beside(models, reference, blend, metric) for metric in _BETTER]
    found += _worse(models, reference)
    if blend is not None:
        found.append(_blended(models, blend, best_single))
    if ceiling is not None:
        found.append(_left(models[reference]["title"], ceiling["roc_auc"]))
    others = len(models) - 1
    if others > 1:
        found.append(
            f"{others} models are held against {models[reference]['title']}: of so many intervals "
            "of 95 % one in twenty leaves 0 outside by chance alone. They cover which shoppers "
            "came, not what training again with another seed would change."
        )
    return found


def _others(
    models: Mapping[str, Mapping[str, Any]], reference: str, metric: str, wanted: Sequence[str]
) -> list[str]:
    return [
        name for name, one in models.items()
        if name != reference and one["paired"][reference][metric]["verdict"] in wanted
    ]  # fmt: skip


def _beside(
    models: Mapping[str, Mapping[str, Any]], reference: str, blend: str | None, metric: str
) -> str:
    """Which are better than the reference by one metric."""
    title = models[reference]["title"]
    better = _others(models, reference, metric, [_BETTER[metric]])
    if not better:
        return f"By {_NAMES[metric]} no model is better than {title} beyond its interval."
    said = "; ".join(_difference(models, name, reference, metric) for name in better)
    alone = " No single model is." if better == [blend] else ""
    return f"Better than {title} by {_NAMES[metric]}: {said}.{alone}"


def _worse(models: Mapping[str, Mapping[str, Any]], reference: str) -> list[str]:
    """Which are worse than the reference by both metrics, and which cannot be told from it."""
    title, worse = models[reference]["title"], {"roc_auc": "lower", "log_loss": "higher"}
    behind = [name for name in models if name != reference and all(
        models[name]["paired"][reference][metric]["verdict"] == word
        for metric, word in worse.items())]  # fmt: skip
    alike = [name for name in models if name != reference and all(
        models[name]["paired"][reference][metric]["verdict"] == "no difference"
        for metric in _BETTER)]  # fmt: skip
    found = []
    if behind:
        said = "; ".join(_difference(models, name, reference, "roc_auc") for name in behind)
        found.append(f"Worse than {title} by both, here by ROC-AUC: {said}.")
    if alike:
        said = ", ".join(models[name]["title"] for name in alike)
        found.append(f"Not to be told from {title} by either: {said}.")
    return found


def _blended(models: Mapping[str, Mapping[str, Any]], blend: str, single: str) -> str:
    """The blend beside the best single model."""
    gain = models[blend]["paired"][single]
    words = {
        metric: "better" if gain[metric]["verdict"] == good
        else "not to be told apart" if gain[metric]["verdict"] == "no difference"
        else "worse" if gain[metric]["verdict"] else "not told"
        for metric, good in _BETTER.items()
    }  # fmt: skip
    said = "; ".join(
        f"by {_NAMES[metric]} {word}, {told(gain[metric], _four)}" for metric, word in words.items()
    )
    return (
        f"The blend beside {models[single]['title']}, the best single model as calibrate has it: "
        f"{said}."
    )


def _left(title: str, gap: Mapping[str, Any]) -> str:
    if gap["value"] is None:
        return f"What is left to the most a learner can hope for is not told: {gap['reason']}."
    said = told(dict(gap), _four)
    if gap["verdict"] != "lower":
        return f"{title} cannot be told from the most a learner can hope for: ROC-AUC {said}."
    return f"To the most a learner can hope for, {title} lacks in ROC-AUC {said}."


def _difference(
    models: Mapping[str, Mapping[str, Any]], name: str, reference: str, metric: str
) -> str:
    gain = models[name]["paired"][reference][metric]
    return f"{models[name]['title']} {told(gain, _four)}"


def _four(value: float) -> str:
    return signed(value, 4)
