"""Other models on the same moments, where `willbuy compare` has held them against the trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from willbuy.report.bench import (
    by_k_rows,
    ceiling_rows,
    cost_rows,
    curve_rows,
    difference_rows,
    fit_notes,
    has_map,
    leading,
    mask_rows,
    model_rows,
)
from willbuy.report.charts import Axis, Chart, numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    legend,
    note,
    paragraph,
    section,
    table,
    tag,
)
from willbuy.report.product_map import product_map
from willbuy.report.rows import Row, dots
from willbuy.report.words import count, told

_LOOKS = ("c1", "c2", "c3")


def rivals(run: Told) -> Html:
    """The verdict, every model's figures and differences, what they cost, and the curve."""
    found = run.compared
    assert found is not None
    ceilings, curve = ceiling_rows(found), curve_rows(found)
    return section(
        "rivals",
        "Other models",
        tag("ul", *(tag("li", one) for one in found["verdict"])),
        paragraph(how(found)),
        grid(_ranked(found), _learning(found) if curve else None),
        table(*model_rows(found)),
        table(*difference_rows(found)),
        note("A star marks a difference whose interval leaves 0 outside. ", found["interval_note"]),
        table(*cost_rows(found)),
        note(COSTS),
        details("By how many events the session has", table(*by_k_rows(found))),
        details("Beside the ceilings", table(*ceilings)) if ceilings else None,
        details("The learning curve in numbers", table(*curve)) if curve else None,
        _masks(found),
        product_map(found["map"]) if has_map(found) else None,
        *(paragraph(one) for one in fit_notes(found)),
    )


COSTS = (
    "CPU minutes of all threads; by how many megabytes memory rose in training; the model on disk; "
    "milliseconds for one answer when the features are there."
)


def how(found: dict[str, Any]) -> str:
    """What was learnt from, and what was judged."""
    rows = found["rows"]
    # Only learners that use vectors of products tell a recipe.
    searched = any("recipe" in model["fit"] for model in found["models"].values())
    recipe = ", but for the recipe of the products' vectors, searched for on each run"
    return (
        f"Each learnt from the same {count(rows['learnt'] + rows['held'])} of train's "
        f"{count(rows['train'])} moments, whole sessions drawn; the last days of them, "
        f"{count(rows['held'])}, say when to stop. Calibrated on {count(rows['calibrate'])}, "
        f"judged on {count(rows['test'])}. The settings of the models were fixed beforehand, not "
        f"tuned{recipe if searched else ''}. Machine: {found['machine']}."
    )


def _ranked(found: dict[str, Any]) -> Html:
    rows = [
        Row(model["title"], auc["value"], told(auc), auc["low"], auc["high"],
            "c1" if name == found["reference"] else "c2")
        for name, model in found["models"].items()
        for auc in [model["headline"]["roc_auc"]]
    ]  # fmt: skip
    ends = [end for row in rows for end in (row.low, row.high, row.value) if end is not None]
    axis = numbers("ROC-AUC", min(ends), max(ends), lambda value: f"{value:.2f}")
    title = "ROC-AUC of each model on test"
    return figure(title, dots(rows, axis, title),
                  note("The intervals of two models may overlap although one is better: read the "
                       "differences, which are of the same shoppers."))  # fmt: skip


def _learning(found: dict[str, Any]) -> Html:
    names = leading(found)
    points = {name: _points(found, name) for name in names}
    values = [y for line in points.values() for _, y in line]
    sizes = [one["rows"] for one in found["curve"]]
    x = Axis("moments learnt from", 0, 1.05 * sizes[-1], _marks(sizes))
    chart = Chart(x, numbers("ROC-AUC", min(values), max(values), lambda value: f"{value:.3f}"))
    for name, look in zip(names, _LOOKS, strict=False):
        chart.line(points[name], look)
        chart.dots(points[name], look)
    title = "What more moments to learn from bring"
    said = "; ".join(
        f"{found['models'][name]['title']}: "
        + ", ".join(f"{y:.3f} from {count(x)}" for x, y in points[name])
        for name in names
    )
    named = [(look, found["models"][name]["title"])
             for name, look in zip(names, _LOOKS, strict=False)]  # fmt: skip
    return figure(title, chart.svg(title, said), legend(named))


def _points(found: dict[str, Any], name: str) -> list[tuple[float, float]]:
    return [
        (float(one["rows"]), auc["value"])
        for one in found["curve"]
        for auc in [one["models"][name]["roc_auc"]]
        if auc["value"] is not None
    ]


def _marks(sizes: Sequence[int]) -> list[tuple[float, str]]:
    return [(float(one), f"{one / 1000:,.0f}k") for one in sizes]


def _masks(found: dict[str, Any]) -> Html | None:
    if found["masks"] is None:
        return None
    return details(
        "What TabNet looks at, beside SHAP", table(*mask_rows(found)), note(found["masks"]["note"])
    )
