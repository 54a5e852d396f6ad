"""A comparison of models (compare.json) as rows of texts, for the terminal, the report, the app."""

from __future__ import annotations

from typing import Any

from willbuy.report.ceilings import RUNGS
from willbuy.report.words import Figure, count, decimal, signed

Rows = tuple[list[str], list[list[str]]]

_COMPARED = ("roc_auc", "average_precision", "log_loss")


def has_map(found: dict[str, Any]) -> bool:
    """Whether there is a map of products: some model has learnt vectors of enough of them."""
    return bool((found.get("map") or {}).get("points"))


def model_rows(found: dict[str, Any]) -> Rows:
    """Each model's figures on test."""
    head = ["Model", "ROC-AUC", "Average precision", "Log loss", "Calibration error"]
    return head, [
        [
            model["title"],
            spanned(figures["roc_auc"]),
            spanned(figures["average_precision"]),
            spanned(figures["log_loss"], 4),
            _error(figures),
        ]
        for model in found["models"].values()
        for figures in [model["headline"]]
    ]


def difference_rows(found: dict[str, Any]) -> Rows:
    """Each model minus the reference, the same shoppers in both."""
    reference = found["reference"]
    head = [f"minus {found['models'][reference]['title']}", "ROC-AUC", "Average precision",
            "Log loss"]  # fmt: skip
    return head, [
        [model["title"], *(_gain(model["paired"][reference][one]) for one in _COMPARED)]
        for name, model in found["models"].items()
        if name != reference
    ]


def fit_notes(found: dict[str, Any]) -> list[str]:
    """What the models tell of their fits, each with its title."""
    return [
        f"{model['title']}: {one}"
        for model in found["models"].values()
        for one in model["fit"].get("notes", [])
    ]


def cost_rows(found: dict[str, Any]) -> Rows:
    """What each model costs to train, to keep and to ask."""
    head = ["Cost", "CPU minutes", "memory, MB", "size, MB", "ms an event"]
    return head, [
        [
            model["title"],
            f"{cost['cpu_s'] / 60:.1f}",
            count(cost["peak_mb"]),
            f"{cost['size_bytes'] / 1e6:.2f}",
            f"{cost['latency_ms']:.2f}",
        ]
        for model in found["models"].values()
        for cost in [model["cost"]]
    ]


def by_k_rows(found: dict[str, Any], metric: str = "roc_auc") -> Rows:
    """One figure by how many events the session has so far."""
    ks = [one["k"] for one in found["models"][found["reference"]]["by_k"]]
    rows = [
        [model["title"], *(spanned(one[metric]) for one in model["by_k"])]
        for model in found["models"].values()
    ]
    return ["After event", *(str(k) for k in ks)], rows


def ceiling_rows(found: dict[str, Any]) -> Rows | None:
    """Models beside the ceilings on the moments that the truth covers; None without a truth."""
    if "reason" in found["ceilings"]:
        return None
    inside = found["ceilings"]["rows"]["inside"]
    head = [f"On {count(inside)} moments", "ROC-AUC", "Log loss", "to (3) in ROC-AUC"]
    rows = [
        [
            found["models"][name]["title"] if name in found["models"] else RUNGS[name],
            spanned(one["headline"]["roc_auc"]),
            spanned(one["headline"]["log_loss"], 4),
            _gain(one["paired"].get("learned_products", {}).get("roc_auc")),
        ]
        for name, one in found["ceilings"]["models"].items()
    ]
    return head, rows


def curve_rows(found: dict[str, Any]) -> Rows | None:
    """ROC-AUC by how many moments were learnt from; None where that was not asked for."""
    if not found["curve"]:
        return None
    head = ["Learnt from", *(count(one["rows"]) for one in found["curve"])]
    rows = [
        [model["title"], *(spanned(one["models"][name]["roc_auc"]) for one in found["curve"])]
        for name, model in found["models"].items()
    ]
    return head, rows


def spanned(figure: Figure | None, places: int = 3) -> str:
    """A value and its interval, short."""
    if figure is None or figure["value"] is None:
        return "-"
    said = f"{figure['value']:.{places}f}"
    if figure.get("low") is None:
        return said
    return f"{said} ({figure['low']:.{places}f}\N{EN DASH}{figure['high']:.{places}f})"


def _gain(gain: Figure | None) -> str:
    """A difference with its interval; a star where 0 lies outside."""
    if gain is None or gain["value"] is None:
        return ""
    star = "" if gain["verdict"] in (None, "no difference") else " *"
    low, high = (signed(gain[end], 4) for end in ("low", "high"))
    return f"{signed(gain['value'], 4)} ({low} to {high}){star}"


def _error(figures: dict[str, Any]) -> str:
    """The calibration error, and what chance makes of a perfect model."""
    error, chance = figures["calibration_error"]["value"], figures["calibration_error_by_chance"]
    if error is None or chance is None:
        return "-"
    return f"{decimal(error)} (chance {decimal(chance['p95'])})"


def mask_rows(found: dict[str, Any], most: int = 15) -> Rows:
    """The features that TabNet looks at most, and their place among the trees' SHAP values."""
    features = found["masks"]["features"]
    sizes = sorted((one["shap"] for one in features if one["shap"] is not None), reverse=True)
    return ["Feature", "TabNet's mask", "mean |SHAP| of the trees", "rank by SHAP"], [
        [
            one["name"],
            f"{one['mask']:.1%}",
            "-" if one["shap"] is None else decimal(one["shap"]),
            "-" if one["shap"] is None else str(1 + sizes.index(one["shap"])),
        ]
        for one in features[:most]
    ]


def leading(found: dict[str, Any]) -> list[str]:
    """Three models to draw: the reference, the best other one as calibrate has it, the blend."""
    single = {
        name: model["loss_on_calibrate"]
        for name, model in found["models"].items()
        if name not in (found["reference"], "blend")
    }
    names = [found["reference"], *sorted(single, key=lambda name: single[name])[:1]]
    return [*names, *(name for name in ("blend",) if name in found["models"])]
