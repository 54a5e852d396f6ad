"""The Why section: its words agree with the numbers of explanations.json."""

import json
import re
import shutil

import pytest

from pages import read
from willbuy.report.page import write_report
from willbuy.report.words import percent, told

FILES = ("metrics.json", "data_health.json", "run.json", "explanations.json", "audit.json")


@pytest.fixture
def found(small_run):
    return json.loads((small_run.folder / "explanations.json").read_text("utf-8"))


def section(folder):
    text = (folder / "report.html").read_text("utf-8")
    body = re.search(r'<section id="why">(.*?)</section>', text, re.S)[1]
    plain = re.sub(r"<[^>]+>", " ", body).replace("&#x27;", "'")
    return body, " ".join(plain.split())


def test_beliefs_stand_with_their_verdicts_and_numbers(small_run, found):
    body, _ = section(small_run.folder)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    for one in found["insights"]["predictors"]:
        (row,) = (row for row in rows if one["claim"] in row)
        assert f"<b>{one['verdict']}</b>" in row
        assert f"<b>{one['alone']['value']:.3f}</b>" in row
        assert f"{one['rank']['rank']} ({one['rank']['low']} to {one['rank']['high']})" in row
    left = found["insights"]["drop_off"]
    (row,) = (row for row in rows if left["claim"] in row)
    assert f"<b>{left['verdict']}</b>" in row


def test_ranks_over_refits_stand_beside_features_and_families(small_run, found):
    _, text = section(small_run.folder)
    ranks = {one["name"]: one for one in found["stability"]["features"]}
    for one in found["top"]:
        low, high = ranks[one["name"]]["low"], ranks[one["name"]]["high"]
        said = f"rank {low}" if low == high else f"rank {low} to {high}"
        assert f"{one['mean_abs']:.2f}; {one['mean_points']:.1f} points; {said})" in text
    assert f"{found['stability']['refits']} refits" in text


def test_charts_of_plain_rates_say_whether_data_and_model_agree(small_run, found):
    body, _ = section(small_run.folder)
    titles = re.findall(r"<svg[^>]*><title>([^<]*)</title><desc>([^<]*)</desc>", body)
    for one in found["top"][:6]:
        block = one["by_value"]
        begins = f"“{one['label'].replace(chr(39), '&#x27;')}”: data and model"
        ((title, spoken),) = (both for both in titles if both[0].startswith(begins))
        assert spoken.count("model ") == len(block["bins"])
        words = block["agreement"]["words"].partition(":")[0]
        assert words in title
        highest = max(block["bins"], key=lambda bin_: bin_["rate"]["value"])
        assert percent(highest["rate"]["value"]) in spoken


def test_high_intent_is_told_beside_what_was_to_be_expected(small_run, found):
    _, text = section(small_run.folder)
    left = found["insights"]["drop_off"]
    assert f"{left['high_intent']:,} of {left['sessions']:,} sessions reach" in text
    assert f"{told(left['left'], percent)} of them leave without buying" in text
    assert f"{percent(left['expected'])} were to be expected" in text


def test_an_earlier_versions_explanations_still_make_a_section(small_run, found, tmp_path):
    for name in FILES:
        shutil.copy(small_run.folder / name, tmp_path / name)
    for name in ("stability", "calibration", "exact", "insights", "points_note", "by_value_note",
                 "plots"):  # fmt: skip
        del found[name]
    for one in (*found["top"], *found["features"]):
        one.pop("by_value", None)
        del one["mean_points"]
    (tmp_path / "explanations.json").write_text(json.dumps(found | {"schema": 1}))
    write_report(tmp_path)
    assert "The strongest features in words" in read(tmp_path).text


def test_a_table_is_told_why_beliefs_are_not_tested(table_run):
    _, text = section(table_run.folder)
    assert "Beliefs put to the test not shown" in text
    assert "moment" not in text.lower()
