"""What the pages draw: charts that Vega-Lite takes, each with its title for screen readers."""

import json

import altair as alt
import pytest

from app.drive_pages import calm, opened


def drawn(at):
    """The charts of a page."""
    return [one.proto for one in at.get("vega_lite_chart")]


@pytest.mark.parametrize("page", ["overview", "explore", "who", "simulate"])
def test_every_chart_is_of_the_language_and_named(page, small_run):
    charts = drawn(opened(page, small_run.folder))
    assert charts
    for one in charts:
        assert one.alt
        alt.Chart.from_dict(json.loads(one.spec))  # by the schema of Vega-Lite, which raises


def test_every_chart_of_a_view_is_of_the_language(small_run):
    at = opened("explore", small_run.folder)
    found = []
    for view in ("How sessions go on", "Single features"):
        calm(at.button_group(key="explore-view").set_value(view).run())
        found += drawn(at)
    at = opened("model", small_run.folder)
    for view in ("Ranking", "Calibration", "How early"):
        calm(at.button_group(key="view").set_value(view).run())
        found += drawn(at)
    at = opened("simulate", small_run.folder)
    calm(at.button_group(key="simulate-way").set_value("Acting on shoppers").run())
    calm(at.number_input(key=f"acting-cost-{small_run.folder}").set_value(0.05).run())
    calm(at.toggle(key=f"acting-known-{small_run.folder}").set_value(True).run())
    found += drawn(at)
    assert len(found) == 1 + 2 + 4 + 2 + 2 + 2
    for one in found:
        alt.Chart.from_dict(json.loads(one.spec))
