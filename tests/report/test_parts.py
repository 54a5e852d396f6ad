"""The small parts that the page is made of."""

import doctest

import pytest

import willbuy.report.markup
import willbuy.report.why
import willbuy.report.why_values
import willbuy.report.words
from willbuy.explain.families import family
from willbuy.features.registry import FAMILIES
from willbuy.report.charts import Chart, days, events, numbers
from willbuy.report.findings import right_words
from willbuy.report.markup import Html, tag, withheld
from willbuy.report.rows import LONGEST, Row, Swarm, bars, swarms
from willbuy.report.tuned import which_trial
from willbuy.report.words import apart, cell, percent, told


@pytest.mark.parametrize(
    "module",
    [
        willbuy.report.markup,
        willbuy.report.why,
        willbuy.report.why_values,
        willbuy.report.words,
    ],
)
def test_examples(module):
    assert doctest.testmod(module).failed == 0


def test_every_family_has_plain_words():
    named = [family(one) for one in FAMILIES]
    assert not any("(" in one for one in named)
    assert len(set(named)) == len(FAMILIES)


def test_only_markup_is_not_escaped():
    assert tag("p", "<b>", Html("<b>"), None, title='"<') == (
        '<p title="&quot;&lt;">&lt;b&gt;<b></p>'
    )


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0.5, 0.76, ["0.5", "0.6", "0.7", "0.8"]),
        (0, 967_665, ["0", "200000", "400000", "600000", "800000", "1000000"]),
    ],
)
def test_axes_have_round_numbers(low, high, ticks):
    axis = numbers("", low, high, lambda value: f"{value:.7g}")
    assert [name for _, name in axis.ticks] == ticks
    assert axis.low <= low < high <= axis.high


@pytest.mark.parametrize(("low", "high"), [(0, 0), (1, 1), (-0.3, -0.3), (0, 1e-12)])
def test_axes_of_one_value_are_no_trouble(low, high):
    axis = numbers("", low, high, str)
    assert axis.low < axis.high
    assert axis.low <= low <= axis.high


def test_labels_leave_each_other_room():
    assert [name for _, name in events("", [1, 2, 3, 5, 10, 20]).ticks] == [
        "1", "2", "3", "5", "10", "20",
    ]  # fmt: skip
    assert "9" not in [name for _, name in events("", range(1, 11)).ticks]
    assert len(days("", [f"2024-01-{day:02}" for day in range(1, 32)]).ticks) <= 6


def test_marks_stay_inside():
    chart = Chart(numbers("x", 0, 1, str), numbers("y", 0, 1, str))
    assert chart.at(5, -3) == chart.at(1, 0)


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_its_description():
    name = "x" * (LONGEST + 10)
    chart = bars([Row(name, 1.0, "1")], numbers("", 0, 1, str), "A title")
    assert f"<desc>{name}: 1</desc>" in chart
    assert f">{'x' * (LONGEST - 1)}…</text>" in chart


def test_moments_that_lie_together_are_piled_up():
    row = Row("a", 1.0, "1")
    chart = swarms([Swarm(row, [0.5, 0.5, 0.5], [0.0, 1.0, None])], numbers("", 0, 1, str), "t")
    assert 'class="point q0"' in chart
    assert 'class="point q4"' in chart
    assert 'class="point qnone"' in chart


def test_a_figure_says_its_interval_or_its_reason():
    figure = {"value": 0.0976, "low": 0.092, "high": 0.1027}
    assert told(figure, percent) == "9.8% [9.2%, 10.3%]"
    assert cell(figure, percent) == (
        '<b>9.8%</b> <small class="whole">9.2%\N{EN DASH}10.3%</small>'
    )
    none = {"value": None, "low": None, "high": None, "reason": "no <moments>"}
    assert told(none) == "not told (no <moments>)"
    assert cell(none) == "<small>no &lt;moments&gt;</small>"
    assert told({"value": 0.5, "low": 0.5, "high": 0.5}) == "0.500"
    assert "because.</p>" in withheld("It", "because")


def test_a_difference_is_told_only_where_intervals_leave_a_gap():
    low, high = {"low": 0.1, "high": 0.2}, {"low": 0.3, "high": 0.4}
    assert apart(low, high)
    assert apart(high, low)
    assert not apart(low, {"low": 0.15, "high": 0.4})
    assert not apart(low, {"low": None, "high": None})


def test_flags_that_are_right_are_counted_among_all_flags():
    flagged = {
        "sessions": {"buying": 100, "not_buying": 1000},
        "buyers_flagged": {"value": 0.38},
        "false_positive_rate": {"value": 0.05},
    }
    said = "Of 100 flagged sessions 43 buy; of 100 buyers 62 are never flagged in time."
    assert right_words(flagged) == said
    nobody = flagged | {"buyers_flagged": {"value": 0.0}}
    assert right_words(nobody) == "No buyer is flagged."


@pytest.mark.parametrize(
    ("taken", "best", "alike", "said"),
    [
        (2, 2, (2,), "Trial 3 has the lowest loss. No other comes within one standard error"),
        (0, 0, (0, 1), "Trial 1 has the lowest loss. These are the settings given; 1 more"),
        (0, 2, (0, 2), "1 other cannot be told from it: within one standard error over the "
         "windows. The settings given are among them, so they are kept."),
        (1, 2, (1, 2, 3), "2 others cannot be told from it: within one standard error over the "
         "windows. The smallest model of these is taken, trial 2: 800 leaves, where the lowest "
         "loss has 50,000 and the settings given 900."),
        (2, 2, (2, 3), "smaller and still better than the settings given: 50,000 leaves"),
    ],
)  # fmt: skip
def test_the_trial_that_was_taken_is_told_with_its_reason(taken, best, alike, said):
    history = [{"leaves": leaves} for leaves in (900, 800, 50_000, 70_000)]
    choice = {"taken": taken, "best": best, "alike": list(alike)}
    assert said in which_trial({"choice": choice, "history": history})
