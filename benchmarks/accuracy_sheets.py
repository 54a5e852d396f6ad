"""The tables of `accuracy.py`, made of what it found, and which targets are reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from beliefs import ALONE, GIVEN, NONE
from sheets import Sheet, figure
from standings import CEILING, KS, OURS, RECIPE, TUNED
from yardstick import AUC, F1, RATE

NAMES = {
    "recipe_logistic": "common recipe, logistic",
    RECIPE: "common recipe, XGBoost",
    "logistic": "willbuy, logistic",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "autogluon": "AutoGluon",
    "autogluon_refitted": "AutoGluon, refitted",
    "untuned": "willbuy, untuned",
    "tuned": "willbuy, tuned",
    OURS: "willbuy, all rows",
    TUNED: "willbuy, tuned, all rows",
    CEILING: "(3) learned products",
    "exact_filter": "(2) exact filter",
    "hidden_state": "(1) hidden state",
}
MANY = 1_000_000
METRICS = {
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "f1": "best F1",
    "log_loss": "log loss",
}


def sheets(told: dict[str, Any]) -> list[Sheet]:
    """All tables."""
    made = [_figures(told), _differences(told, OURS)]
    for name in ("untuned", "tuned"):
        if told["compared"].get(name, {}).get("paired", {}).keys() - {OURS, CEILING}:
            made.append(_differences(told, name))
    made += [_by_k(told), *([_gaps(told)] if told["gaps"] else [])]
    if told["compared"].keys() >= GIVEN.keys():
        made.append(_lost(told))
    made.append(_calibration(told))
    if "yardstick" in told:
        made.append(_yardstick(told))
    return made if "head" in told["about"] else [*made, _targets(told)]


def _figures(told: dict[str, Any]) -> Sheet:
    found, costs = told["compared"], told["costs"]
    rows = []
    for name in (one for one in NAMES if one in found):
        cost = costs.get(name)
        spent = [f"{cost['rows']:,}", f"{cost['cpu']:.0f}", f"{cost['wall']:.0f}"] if cost else []
        figures = [figure(found[name][metric]) for metric in METRICS]
        rows.append([NAMES[name], *(spent or ["", "", ""]), *figures])
    about = ", ".join(
        f"{key} {value:,}" if isinstance(value, int) else f"{key} {value}"
        for key, value in told["about"].items()
        if key in ("head", "events", "seed", "world")
    )
    counts = found[OURS]
    title = (
        f"{about}: {counts['moments']:,} test moments, "
        f"{counts['positives'] / counts['moments']:.1%} followed by a purchase"
    )
    columns = ["", "train rows", "CPU s", "wall s", *METRICS.values()]
    return Sheet(title, columns, rows, "Best F1: at the best line of these rows, in hindsight.")


def _differences(told: dict[str, Any], ours: str) -> Sheet:
    found = told["compared"]
    if ours == OURS:  # the others were compared with it, so that the sign is theirs
        pairs = {
            name: {metric: _turned(gain) for metric, gain in one["paired"][OURS].items()}
            for name, one in found.items()
            if OURS in one["paired"]
        }
        pairs |= found[OURS]["paired"]
    else:
        pairs = {name: gain for name, gain in found[ours]["paired"].items() if name != OURS}
    rows = [
        [NAMES[name], *(figure(pairs[name][metric], sign="+") for metric in METRICS)]
        for name in NAMES
        if name in pairs
    ]
    return Sheet(f"{NAMES[ours]}, minus ...", ["", *METRICS.values()], rows)


def _turned(gain: dict[str, Any]) -> dict[str, Any]:
    value, low, high = (
        None if gain[one] is None else -gain[one] for one in ("value", "low", "high")
    )
    return {"value": value, "low": high, "high": low}


def _by_k(told: dict[str, Any]) -> Sheet:
    rows = []
    for one in told["by_k"]:
        minus = [(OURS, CEILING), *((ours, RECIPE) for ours in (OURS, TUNED) if ours in one)]
        pairs = [one[ours]["paired"].get(other) for ours, other in minus]
        gains = [figure(pair["roc_auc"], sign="+") if pair else "-" for pair in pairs]
        count, rate = f"{one[OURS]['moments']:,}", f"{one['base_rate']:.1%}"
        rows.append([str(one["k"]), count, rate, figure(one[OURS]["roc_auc"]), *gains])
    columns = ["k", "moments", "rate", "ROC-AUC", "minus (3)", "minus the recipe's XGBoost"]
    if any(TUNED in one for one in told["by_k"]):
        columns.append("the tuned one minus the recipe's XGBoost")
    return Sheet("willbuy, all rows, after the k-th event", columns, rows)


def _gaps(told: dict[str, Any]) -> Sheet:
    rows = []
    for one in told["gaps"]:
        first, last = one["k"]
        k = f"k = {first}" if first == last else f"k = {first} to {last}"
        ours, best = one[OURS], one[CEILING]
        figures = [figure(ours["roc_auc"]), f"{best['roc_auc']['value']:.4f}"]
        gap = figure(ours["paired"][CEILING]["roc_auc"], sign="+")
        rows.append([f"{one['shopper']} shopper, {k}", f"{ours['moments']:,}", *figures, gap])
    columns = ["", "moments", "ROC-AUC", "of (3)", "minus (3)"]
    return Sheet("Where the gap to (3) lies", columns, rows)


def _lost(told: dict[str, Any]) -> Sheet:
    found = told["compared"]
    metrics = ("roc_auc", "average_precision")
    least, most = (found[name]["roc_auc"]["value"] for name in (NONE, CEILING))
    rows = []
    for name, given in GIVEN.items():
        one = found[name]
        gains = (one["paired"].get(other, {}) for other in (NONE, CEILING))
        pairs = [
            figure(gain[metric], sign="+") if gain else "" for gain in gains for metric in metrics
        ]
        share = (one["roc_auc"]["value"] - least) / (most - least)
        told_share = "" if name == NONE else f"{share:.0%}"
        rows.append([given, *(figure(one[metric]) for metric in metrics), *pairs, told_share])
    rows.append(
        [NAMES[CEILING], *(figure(found[CEILING][metric]) for metric in metrics), *[""] * 5]
    )
    titles = [METRICS[metric] for metric in metrics]
    columns = [
        "XGBoost on", *titles, *(f"{title} minus the features alone" for title in titles),
        *(f"{title} minus (3)" for title in titles), "of the gap in ROC-AUC",
    ]  # fmt: skip
    count = told["costs"][ALONE]["rows"]
    note = f"All learn from the same {count:,} rows by the same settings; none is calibrated."
    return Sheet("Where the information is lost", columns, rows, note)


def _calibration(told: dict[str, Any]) -> Sheet:
    one = told["calibration"]
    rows = [
        ["calibration error", figure(one["calibration_error"] | {"low": None})],
        ["... of a perfect model by chance, up to", f"{one['by_chance']['p95']:.4f}"],
        ["slope", figure(one["slope"])],
        ["mean probability", figure(one["mean_prediction"])],
        ["rate", figure(one["base_rate"])],
        *(
            [
                f"{part['slice']}: mean probability minus rate ({part['rate']:.1%})",
                f"{part['gap']:+.4f} +- {part['standard_error']:.4f}"
                + (" outside" if part["outside"] else ""),
            ]
            for part in one["slices"]
        ),
    ]
    note = "Outside: not within what chance allows at 5 % over all slices together (Holm)."
    title = f"Calibration of willbuy, all rows, at {one['moments']:,} test moments"
    return Sheet(title, ["", "value"], rows, note)


def _yardstick(told: dict[str, Any]) -> Sheet:
    rows = [
        [
            one["model"], one["protocol"], one["knows"], f"{one['rate']:.1%}",
            figure(one["roc_auc"]), f"{one['f1']:.3f}", f"{one['f1_at_fitting_rate']:.3f}",
        ]
        for one in told["yardstick"]
    ]  # fmt: skip
    published = ["published", "", "", "", f"{AUC}", f"{F1}", f"{F1}"]
    columns = ["", "protocol", "knows", "rate", "ROC-AUC", "best F1", f"... at {RATE:.1%}"]
    return Sheet("The yardstick", columns, [published, *rows])


def _targets(told: dict[str, Any]) -> Sheet:
    rows = [[*row[:-1], "reached" if row[-1] else "not reached"] for row in _asked(told)]
    few = told["costs"][OURS]["rows"] < MANY
    note = f"Those of the gap and the calibration are meant for {MANY:,} rows and more."
    return Sheet("Targets", ["", "wanted", "found", ""], rows, note if few else "")


def _asked(told: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    found, costs = told["compared"], told["costs"]
    if CEILING in found:
        gap = found[OURS]["paired"][CEILING]["roc_auc"]["value"]
        yield "ROC-AUC below (3)", "at most 0.010", f"{-gap:.4f}", gap >= -0.010
        for metric, least in (("average_precision", 0.95), ("f1", 0.97)):
            share = found[OURS][metric]["value"] / found[CEILING][metric]["value"]
            yield f"{METRICS[metric]}, of (3)'s", f"{least:.0%}", f"{share:.1%}", share >= least
    yield from _beside_autogluon(told)
    for name in (OURS, TUNED):
        gains = {one["k"]: one[name]["paired"].get(RECIPE) for one in told["by_k"] if name in one}
        if not any(gains.values()):
            continue
        behind = [k for k, gain in gains.items() if gain["roc_auc"]["verdict"] != "higher"]
        missing = [k for k in KS if k not in gains]
        said = f"not at k = {', '.join(map(str, behind))}" if behind else "at each"
        said += f"; too few moments at k = {', '.join(map(str, missing))}" if missing else ""
        what = f"{NAMES[name]}, above the recipe's XGBoost"
        yield what, "at each k up to 10", said, not behind + missing
    one = told["calibration"]
    error, most = one["calibration_error"]["value"], max(0.005, one["by_chance"]["p95"])
    yield "calibration error", f"at most {most:.4f}", f"{error:.4f}", error <= most
    slope = one["slope"]["value"]
    yield "slope", "0.95 to 1.05", f"{slope:.3f}", 0.95 <= slope <= 1.05
    level = one["mean_prediction"]["value"] / one["base_rate"]["value"] - 1
    yield "mean probability against the rate", "within 3 %", f"{level:+.1%}", abs(level) <= 0.03
    outside = [part["slice"] for part in one["slices"] if part["outside"]]
    yield (
        f"{len(one['slices'])} slices, outside", "none", ", ".join(outside) or "none", not outside
    )  # fmt: skip
    cost = costs[OURS]
    most, said = 120e-6 * cost["rows"], f"{cost['wall']:.0f} s, {cost['cpu']:.0f} s of CPU"
    wanted = f"at most {most:.0f} s (6 minutes for 3 million)"
    yield f"training on {cost['rows']:,} rows", wanted, said, cost["wall"] <= most


def _beside_autogluon(told: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    costs, rivals = told["costs"], ("autogluon", "autogluon_refitted")
    for ours in ("tuned", "untuned"):
        for rival in rivals:
            if ours not in costs or rival not in costs:
                continue
            gain = told["compared"][ours]["paired"][rival]["roc_auc"]
            spent = costs[ours]["wall"] / costs[rival]["wall"]
            said = f"{figure(gain, sign='+')} in {spent:.0%} of its time"
            wanted = "not below"
            yield f"{NAMES[ours]}, beside {NAMES[rival]}", wanted, said, gain["verdict"] != "lower"


def beside(shops: Sequence[dict[str, Any]]) -> Sheet:
    """One line a simulated shop: ours beside the ceiling and the recipe, and its calibration."""
    rows = []
    for told in shops:
        found, one = told["compared"], told["calibration"]
        ours, best = found[OURS], found[CEILING]
        recipe = _turned(found[RECIPE]["paired"][OURS]["roc_auc"]) if RECIPE in found else None
        shares = [
            f"{ours[metric]['value'] / best[metric]['value']:.1%}"
            for metric in ("average_precision", "f1")
        ]
        level = one["mean_prediction"]["value"] / one["base_rate"]["value"] - 1
        chance = f"{one['calibration_error']['value']:.4f} ({one['by_chance']['p95']:.4f})"
        rows.append(
            [
                f"{told['about']['world']}, {told['about']['seed']}",
                f"{told['about']['events']:,}",
                f"{ours['roc_auc']['value']:.4f}",
                figure(ours["paired"][CEILING]["roc_auc"], sign="+"),
                *shares,
                figure(recipe, sign="+") if recipe else "-",
                chance,
                f"{one['slope']['value']:.3f}",
                f"{level:+.1%}",
            ]
        )
    columns = [
        "world, seed", "events", "ROC-AUC", "minus (3)", "average precision, of (3)'s",
        "best F1, of (3)'s", "ROC-AUC minus the recipe's XGBoost",
        "calibration error (by chance up to)", "slope", "mean probability against the rate",
    ]  # fmt: skip
    return Sheet("willbuy, all rows, in several shops", columns, rows)
