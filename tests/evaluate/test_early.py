import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from willbuy.evaluate.cohort import fixed_cohorts
from willbuy.evaluate.days import days
from willbuy.evaluate.early import Moments, flagged_early, line_for, medians
from willbuy.evaluate.figures import How, Part
from willbuy.evaluate.judge import LANDMARKS


def moments(made, first=()):
    """Each buying session buys one event and two minutes after its last moment."""
    left = made.moments - made.k + 1.0
    return Moments(made.part, made.k, left, 2 * left, np.array(first, np.int64))


def plain(made, line, without):
    """What is flagged, session by session."""
    part, found = made.part, []
    for one in np.unique(part.session):
        rows = np.flatnonzero(part.session == one)
        rows = rows[np.argsort(made.k[rows])]
        at = next((made.k[row] for row in rows if part.p[row] >= line), None)
        found.append((bool(part.y[rows[0]]), at, len(rows)))
    buyers = [one for one in found if one[0]]
    others = [one for one in found if not one[0]]
    return {
        "by_event": [
            sum(at is not None and at <= k for _, at, _ in buyers) / (len(buyers) + without)
            for k in LANDMARKS
        ],
        "ever": sum(at is not None for _, at, _ in buyers) / (len(buyers) + without),
        "false": sum(at is not None for _, at, _ in others) / len(others),
        "events": np.median([n - at + 1 for _, at, n in buyers if at is not None]),
    }


def test_equals_a_plain_walk_over_the_sessions(made, how, check_whole):
    first = [3, 5, 5]
    told = flagged_early(made.part, moments(made, first), how)
    assert np.mean(check_whole(told)) == 1
    expected = plain(made, told["threshold"], len(first))
    shares = [row["share"]["value"] for row in told["by_event"]]
    assert [row["k"] for row in told["by_event"]] == list(LANDMARKS)
    assert shares == pytest.approx(expected["by_event"])
    assert told["buyers_flagged"]["value"] == pytest.approx(expected["ever"])
    assert told["false_positive_rate"]["value"] == pytest.approx(expected["false"])
    assert told["lead"]["events"]["value"] == expected["events"]
    assert told["lead"]["minutes"]["value"] == 2 * expected["events"]
    assert told["sessions"]["first_event_is_the_purchase"] == 3
    assert told["sessions"]["buying"] + told["sessions"]["not_buying"] == 2_003


def test_the_line_is_kept_on_the_part_it_was_chosen_on(made, how):
    """On calibrate itself, as close below the allowed share as can be."""
    told = flagged_early(made.part, moments(made), how)
    others = told["sessions"]["not_buying"]
    assert told["false_positive_rate"]["value"] * others == int(0.05 * others)


def test_buyers_that_buy_at_once_lower_every_share(made, how):
    none, some = (flagged_early(made.part, moments(made, ids), how) for ids in ([], range(500)))
    buying = none["sessions"]["buying"]
    for a, b in zip(none["by_event"], some["by_event"], strict=True):
        assert b["share"]["value"] == pytest.approx(a["share"]["value"] * buying / (buying + 500))
    assert some["false_positive_rate"] == none["false_positive_rate"]
    assert some["lead"] == none["lead"]


def test_the_order_of_rows_does_not_matter(made, how):
    told = flagged_early(made.part, moments(made), how)
    other = np.random.default_rng(0).permutation(len(made.k))
    one = moments(made)
    turned = Moments(
        Part(*(column[other] for column in vars(one.part).values())),
        one.k[other], one.events_left[other], one.minutes_left[other], one.bought_first,
    )  # fmt: skip
    assert flagged_early(turned.part, turned, how) == told


@pytest.mark.parametrize(
    ("highest", "allowed", "line"),
    [
        (np.arange(20.0), 0.05, 19.0),
        (np.arange(20.0), 0.1, 18.0),
        (np.arange(39.0), 0.05, 38.0),
        (np.array([*np.zeros(38), 1, 1]), 0.05, 1.0),
        (np.array([*np.zeros(37), 1, 1, 1]), 0.05, np.nextafter(1.0, 2)),
        (np.array([*np.zeros(38), 1, 2]), 0.05, 1.0),
        (np.zeros(40), 0.05, np.nextafter(0.0, 1)),
        (np.arange(19.0), 0.05, None),
    ],
)
def test_the_lowest_line_that_few_enough_reach(highest, allowed, line):
    found = line_for(np.random.default_rng(0).permutation(highest), allowed)
    assert found == line
    if line is not None:
        assert (highest >= line).mean() <= allowed


def test_medians_are_numpys_of_repeated_values():
    rng = np.random.default_rng(0)
    values, counts = rng.integers(0, 9, 11).astype(float), rng.poisson(1, (50, 11)).astype(np.uint8)
    counts[7] = 0
    for found, count in zip(medians(values, counts), counts, strict=True):
        if count.any():
            assert found == np.median(np.repeat(values, count))
        else:
            assert np.isnan(found)


def test_a_drawn_session_stands_for_several(made, how):
    """Every fourth session drawn: as if each stood there four times; purchases at once are all."""
    part = made.part
    drawn = Part(part.y, part.p, np.full(len(part.y), 4.0), part.user, part.session)
    test = Moments(drawn, *list(vars(moments(made, range(500))).values())[1:])
    whole, told = (flagged_early(made.part, one, how) for one in (moments(made), test))
    assert told["sessions"]["not_buying"] == 4 * whole["sessions"]["not_buying"]
    assert told["sessions"]["buying"] == 4 * whole["sessions"]["buying"] + 500
    assert told["false_positive_rate"]["value"] == whole["false_positive_rate"]["value"]
    flagged = whole["buyers_flagged"]["value"] * 4 * whole["sessions"]["buying"]
    assert told["buyers_flagged"]["value"] == pytest.approx(flagged / told["sessions"]["buying"])


def test_few_sessions_cannot_tell(made, how):
    few = made.part.at(np.isin(made.part.session, np.unique(made.part.session)[:15]))
    assert "20 are needed" in flagged_early(few, moments(made), how)["reason"]


def test_nobody_flagged_and_nobody_buying(made, how, check_whole):
    part = made.part
    sure = Part(part.y, np.full(len(part.y), 0.9), part.weight, part.user, part.session)
    test = Moments(sure, *list(vars(moments(made)).values())[1:])
    told = flagged_early(sure, test, how)
    check_whole(told)
    assert told["buyers_flagged"]["value"] == 0
    assert told["lead"]["events"]["reason"] == "no buyer is flagged"
    nobody = Part(np.zeros(len(part.y), bool), *list(vars(part).values())[1:])
    test = Moments(nobody, *list(vars(moments(made)).values())[1:])
    told = flagged_early(part, test, how)
    check_whole(told)
    assert told["buyers_flagged"]["reason"] == "no session buys"


def test_a_fixed_cohort_has_the_same_sessions_at_every_k(made, how, check_whole):
    told = fixed_cohorts(made.part, made.k, made.moments, how)
    assert all(check_whole(told))
    assert told["hindsight"] is True
    assert "Hindsight" in told["note"]
    for cohort, least in zip(told["cohorts"], (5, 10), strict=True):
        assert cohort["least_moments"] == least
        assert [row["k"] for row in cohort["by_k"]] == list(range(1, least + 1))
        long = made.moments >= least
        for row in cohort["by_k"]:
            at = long & (made.k == row["k"])
            assert row["sessions"] == len(np.unique(made.part.session[long]))
            assert row["base_rate"]["value"] == pytest.approx(made.part.y[at].mean())
            area = roc_auc_score(made.part.y[at], made.part.p[at])
            assert row["roc_auc"]["value"] == pytest.approx(area)


def test_a_small_cohort_is_withheld(made, how, check_whole):
    few = made.part.session < np.quantile(made.part.session, 0.02)
    told = fixed_cohorts(made.part.at(few), made.k[few], made.moments[few], how)
    check_whole(told)
    assert "10 of each are needed" in told["cohorts"][1]["by_k"][0]["roc_auc"]["reason"]


def test_days_are_slices(made, how, check_whole):
    told = days(made.part, made.start + 19_000, how)["days"]
    assert np.mean(check_whole(told)) > 0.9
    assert [row["day"] for row in told] == [
        "2022-01-08", "2022-01-09", "2022-01-10", "2022-01-11", "2022-01-12",
    ]  # fmt: skip
    assert sum(row["moments"] for row in told) == len(made.k)
    for day, row in enumerate(told):
        at = made.start == day
        assert row["base_rate"]["value"] == pytest.approx(made.part.y[at].mean())
        assert row["mean_prediction"]["value"] == pytest.approx(made.part.p[at].mean())
        area = roc_auc_score(made.part.y[at], made.part.p[at])
        assert row["roc_auc"]["value"] == pytest.approx(area)


def test_degenerate_parts_have_reasons(poor, check_whole):
    how, n = How(0.3, 1, 20, 1), len(poor.y)
    k = np.ones(n, np.int32)
    check_whole(days(poor, np.zeros(n, np.int64), how))
    check_whole(fixed_cohorts(poor, k, k, how))
    left = np.ones(n)
    check_whole(flagged_early(poor, Moments(poor, k, left, left, np.zeros(0, np.int64)), how))
