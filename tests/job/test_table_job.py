"""The whole job on a table of sessions."""

import json

import numpy as np
import polars as pl
import pytest

import willbuy
from quick import QUICK, UNEXPLAINED
from session_tables import write_table
from willbuy.errors import WillbuyError

LEFT = {
    "run.json", "data_health.json", "rejected_rows.csv", "snapshots",
    "sample_session_features.csv", "model", "metrics.json", "predictions.parquet",
    "explanations.json", "outputs", "report.html",
}  # fmt: skip


def texts(found):
    """Every text in plain data, and every name."""
    if isinstance(found, dict):
        for name, value in found.items():
            yield name
            yield from texts(value)
    elif isinstance(found, list):
        for one in found:
            yield from texts(one)
    elif isinstance(found, str):
        yield found


def test_a_run_leaves_what_every_run_leaves(table_run):
    assert {path.name for path in table_run.folder.iterdir()} == LEFT
    assert not [path for path in table_run.folder.rglob("*") if path.suffix in (".pkl", ".pickle")]


def test_the_figures_are_of_sessions(table_run):
    metrics = table_run.metrics
    assert metrics["rows"] == "sessions"
    assert metrics["splits"]["by"] == "time"
    parts = metrics["parts"]
    assert sum(part["sessions"] for part in parts.values()) == (
        metrics["totals"]["sessions"] - metrics["splits"]["late_rows"]
    )
    for model in metrics["models"].values():
        test = model["test"]
        head = test["headline"]
        assert head["reading"] == "every_session"
        assert head["sessions"] == parts["test"]["sessions"]
        assert head["roc_auc"]["low"] < head["roc_auc"]["value"] < head["roc_auc"]["high"]
        for block in ("calibration", "lift", "curves", "thresholds", "days"):
            assert "reason" not in test[block]
        for block in ("flagged_early", "fixed_cohorts", "shoppers"):
            assert set(test[block]) == {"reason"}
    assert metrics["models"]["xgboost"]["test"]["headline"]["roc_auc"]["value"] > 0.7
    assert "roc_auc" in metrics["drift"]["all_features"]
    words = [text for text in texts(metrics) if "moment" in text and text != "moments"]
    assert words == []


def test_what_was_done_to_the_table_is_told(table_run):
    health = table_run.health
    out = {one["name"]: one["left_out"] for one in health["columns"]}
    assert out["started"] == "the time"
    assert out["visitor"] == "the group"
    assert "constant" in out["shop"]
    assert "an id" in out["session"]
    assert out["pages"] is None
    assert health["table"]["late"] == table_run.metrics["splits"]["late_rows"] > 0


def test_what_stands_in_the_way_is_said(table, tmp_path):
    done = willbuy.run_table(table, "bought", out=tmp_path, settings=QUICK)
    cautions = " ".join(done.metrics["cautions"])
    assert "nothing of the future" in cautions
    assert "started could be one" in cautions
    assert "willbuy audit" in cautions
    assert set(done.metrics["drift"]) == {"reason"}
    assert "not other times" in done.metrics["models"]["xgboost"]["test"]["interval_note"]


def test_a_leak_is_too_good_to_be_true(tmp_path):
    path = tmp_path / "leak.csv"

    def leak(row):
        row["shop"] = str(float(row["pages"] or 1) * (row["bought"] == "TRUE"))
        return row

    write_table(path, 2000, change=leak)
    done = willbuy.run_table(path, "bought", out=tmp_path, settings=QUICK)
    assert any("too good to be true" in one for one in done.metrics["cautions"])


def test_the_same_run_again_gives_the_same(table, table_run, tmp_path):
    named = {"time": "started", "group": "visitor", "settings": UNEXPLAINED}
    again = willbuy.run_table(table, "bought", out=tmp_path, **named)
    assert again.metrics == table_run.metrics
    for name in ("predictions.parquet", "snapshots/table.parquet"):
        one, two = (pl.read_parquet(run.folder / name) for run in (again, table_run))
        assert one.equals(two)


def test_no_row_of_train_is_encoded_with_its_own_label(tmp_path):
    """A word a row and a label at random: encoded in sample, train would be known by heart."""
    draw = np.random.default_rng(0)
    path = tmp_path / "noise.parquet"
    n = 4000
    pl.DataFrame(
        {
            "word": [f"w{i}" for i in draw.integers(0, n // 4, n)],
            "size": draw.random(n),
            "bought": draw.random(n) < 0.3,
        }
    ).write_parquet(path)
    done = willbuy.run_table(path, "bought", out=tmp_path, name="noise", settings=QUICK)
    auc = done.metrics["models"]["xgboost"]["test"]["headline"]["roc_auc"]
    assert auc["low"] < 0.5 < auc["high"]
    seen = pl.read_parquet(done.folder / "snapshots" / "table.parquet")
    train = seen.filter(pl.col(" part") == "train")
    from sklearn.metrics import roc_auc_score

    assert abs(roc_auc_score(train[" label"], train["word: rate"].fill_nan(0)) - 0.5) < 0.05


def test_encoding_alone_does_not_tell_train_from_test(tmp_path):
    table = tmp_path / "table.csv"
    draw = np.random.default_rng(3)
    n = 4_000
    shop = draw.integers(0, 300, n)
    pl.DataFrame(
        {
            "at": np.datetime64("2024-01-01", "ms")
            + np.sort(draw.integers(0, 40 * 86_400, n)) * 1000,
            "shop": [f"shop {one}" for one in shop],
            "bought": draw.random(n) < 0.1 + 0.5 * (shop % 3 == 0),
        }
    ).write_csv(table)
    done = willbuy.run_table(table, "bought", time="at", out=tmp_path, settings=QUICK)
    apart = done.metrics["drift"]["all_features"]["roc_auc"]
    assert apart["low"] < 0.53


def test_two_columns_of_one_name_are_told_apart(tmp_path):
    table = tmp_path / "table.csv"
    lines = [
        f"2024-01-{i % 28 + 1:02} 10:{i % 60:02}:00,{i % 7},{i % 3 == 0:d}" for i in range(300)
    ]
    table.write_text("\n".join(["started,started: hour,bought", *lines]) + "\n")
    with pytest.raises(WillbuyError, match="'started: hour' has the name"):
        willbuy.run_table(table, "bought", out=tmp_path, settings=QUICK)


def test_a_hundred_thousand_words_and_missing_everywhere(tmp_path):
    draw = np.random.default_rng(1)
    n = 120_000
    path = tmp_path / "wide.parquet"
    pages = draw.poisson(5, n)
    pl.DataFrame(
        {
            "query": [f"q{i}" if i % 5 else None for i in draw.integers(0, 100_000, n)],
            "pages": [int(one) if one % 4 else None for one in pages],
            "bought": draw.random(n) < 1 / (1 + np.exp(3 - 0.3 * pages)),
        }
    ).write_parquet(path)
    done = willbuy.run_table(path, "bought", out=tmp_path, name="wide", settings=QUICK)
    assert len([one for one in done.health["columns"] if one["left_out"] is None]) == 2
    assert done.metrics["models"]["xgboost"]["test"]["headline"]["roc_auc"]["low"] > 0.55


def test_settings_can_be_searched_for(table, tmp_path):
    named = {"time": "started", "out": tmp_path, "settings": QUICK}
    done = willbuy.run_table(table, "bought", trials=3, name="tuned", **named)
    plain = willbuy.run_table(table, "bought", name="plain", **named)
    fits = [run.metrics["models"]["xgboost"]["fit"]["settings"] for run in (done, plain)]
    assert done.about["table"]["trials"] == 3
    assert set(fits[0]) == set(fits[1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pages": "", "minutes": "1", "source": "a", "city": "b", "member": ""}, "no column"),
        ({"bought": ""}, "no label"),
    ],
)
def test_a_table_that_cannot_be_used_leaves_nothing(tmp_path, change, words):
    path = tmp_path / "bad.csv"
    write_table(path, 400, change=lambda row: {**row, **change})
    with pytest.raises(WillbuyError, match=words):
        willbuy.run_table(path, "bought", time="started", group="visitor", out=tmp_path / "runs")
    assert not list((tmp_path / "runs").iterdir())


def test_a_small_table_says_that_it_is_one(tmp_path):
    path = tmp_path / "small.csv"
    write_table(path, 200)
    done = willbuy.run_table(path, "bought", out=tmp_path, settings=QUICK)
    assert any("too few for firm figures" in one for one in done.metrics["cautions"])


def test_the_sample_of_a_log_is_such_a_table(small_run, tmp_path):
    sample = small_run.folder / "sample_session_features.csv"
    done = willbuy.run_table(
        sample, "purchase_later", time="time", out=tmp_path, settings=QUICK, name="sample"
    )
    out = {one["name"]: one["left_out"] for one in done.health["columns"]}
    assert out["time"] == "the time"
    assert done.metrics["totals"]["sessions"] == len(pl.read_csv(sample))


def test_the_sample_of_a_table_is_one_again(table_run, tmp_path):
    sample = table_run.folder / "sample_session_features.csv"
    assert "\n'=cmd" not in sample.read_text()
    assert ",=cmd" not in sample.read_text()
    done = willbuy.run_table(sample, "bought", time="started", out=tmp_path, settings=QUICK)
    assert done.metrics["splits"]["by"] == "time"


def test_run_json_records_the_columns(table_run, table):
    about = json.loads((table_run.folder / "run.json").read_text("utf-8"))
    assert about["table"] == {"label": "bought", "time": "started", "group": "visitor",
                              "trials": 0}  # fmt: skip
    assert about["inputs"] == [str(table)]


def test_the_real_table(shoppers, tmp_path):
    done = willbuy.run_table(shoppers, "Revenue", settings=UNEXPLAINED, out=tmp_path, name="uci")
    head = done.metrics["models"]["xgboost"]["test"]["headline"]
    assert head["roc_auc"]["low"] > 0.9
    assert done.metrics["totals"] == {
        "sessions": 12_330, "buying_sessions": 1908, "groups": None, "rejected_rows": 0,
    }  # fmt: skip
    scores = willbuy.load(done.folder).score(shoppers).frame
    predicted = pl.read_parquet(done.folder / "predictions.parquet")
    both = predicted.join(scores, on="line", suffix="_scored", maintain_order="left")
    assert (both["probability"] == both["probability_scored"]).all()
