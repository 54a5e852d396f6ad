"""A run that is given the truth of its log."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk

import willbuy
import willbuy.cli
from willbuy.evaluate import judge
from willbuy.evaluate.compare import COMPARED
from willbuy.job.job import recorded
from willbuy.job.truth import CEILINGS, check_truth
from willbuy.progress import Silent

QUICK = willbuy.Settings.model_validate({"threads": 2, "explain": {"rows": 0}})
QUICK.model.params = {"rounds": 10, "max_depth": 3}
QUICK.judge.replicates = 100

KEYS = ["user_key", "session_key", "ordinal"]
NOT_IN, WRONG, UNKNOWN = 70, 5, 40


@pytest.fixture(scope="module")
def plain(small_log, tmp_path_factory):
    """The run without a truth."""
    return willbuy.run(small_log, settings=QUICK, out=tmp_path_factory.mktemp("runs"), name="p")


@pytest.fixture(scope="module")
def frame(plain):
    """A truth of this log: some moments are unknown or spoilt, and a few labels are wrong."""
    rows = pl.read_parquet(plain.folder / "predictions.parquet")
    rows = rows.sample(fraction=1, shuffle=True, seed=1).with_row_index("i")
    happens, p = pl.col("label") == 1, pl.col("probability")
    wrong = pl.col("i").is_between(NOT_IN, NOT_IN + WRONG, closed="left")
    known = rows.head(len(rows) - UNKNOWN).select(
        *KEYS,
        label=happens ^ wrong,
        in_ladder=pl.col("i") >= NOT_IN,
        learned_products=(0.9 * p + 0.1 * happens).cast(pl.Float32),
        exact_filter=(0.7 * p + 0.3 * happens).cast(pl.Float32),
        hidden_state=(0.5 * p + 0.5 * happens).cast(pl.Float32),
        more=pl.lit("text"),
    )
    # Of a moment that is not in the ladder nothing need be known; other parts' moments are there.
    nothing = dict.fromkeys(("label", *CEILINGS), None)
    spoilt = known.head(NOT_IN).with_columns(**nothing).cast(dict(known.schema))
    others = known.tail(50).with_columns(pl.col("ordinal") + 400, label=True)
    return pl.concat([others, spoilt, known.tail(-NOT_IN)])


@pytest.fixture(scope="module")
def truth(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("truth") / "truth.parquet"
    frame.write_parquet(path)
    return path


@pytest.fixture(scope="module")
def run(small_log, truth, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return willbuy.run(small_log, settings=QUICK, truth=truth, out=out, name="first")


@pytest.fixture(scope="module")
def joined(plain, frame):
    """What is judged, joined in another way."""
    rows = pl.read_parquet(plain.folder / "predictions.parquet")
    inside = frame.filter("in_ladder").drop("label")
    train = pl.concat(pl.read_parquet(p) for p in plain.folder.glob("snapshots/train-*.parquet"))
    rate = np.average(train["label"], weights=train["weight"])
    return rows.join(inside, on=KEYS, maintain_order="left").select(
        *("label", "weight", "user_key", "visit", "ordinal"),
        base_rate=pl.lit(rate),
        logistic="probability_logistic",
        xgboost="probability",
        **{name: pl.col(name).cast(pl.Float64) for name in CEILINGS},
    )


def test_the_rest_of_the_figures_are_those_of_a_run_without_it(plain, run):
    without = {name: told for name, told in run.metrics.items() if name != "ladder"}
    assert without == plain.metrics
    assert plain.about["truth"] is None


def test_the_rungs_stand_from_the_lowest_to_the_highest(run):
    told = json.loads((run.folder / "metrics.json").read_text())["ladder"]
    assert told == run.metrics["ladder"]
    assert [(rung["name"], rung["step"]) for rung in told["rungs"]] == [
        ("base_rate", None), ("logistic", None), ("xgboost", None),
        ("learned_products", 3), ("exact_filter", 2), ("hidden_state", 1),
    ]  # fmt: skip
    assert all(rung["meaning"] for rung in told["rungs"])
    assert [sorted(rung["paired"]) for rung in told["rungs"]] == [
        *[sorted(CEILINGS)] * 3, ["exact_filter", "hidden_state"], ["hidden_state"], [],
    ]  # fmt: skip


def test_the_figures_are_scikit_learns_on_the_joined_rows(run, joined):
    y = joined["label"].to_numpy()
    for rung in run.metrics["ladder"]["rungs"]:
        p, head = joined[rung["name"]].to_numpy(), rung["headline"]
        assert head["moments"] == len(joined)
        assert head["roc_auc"]["value"] == pytest.approx(sk.roc_auc_score(y, p))
        assert head["average_precision"]["value"] == pytest.approx(sk.average_precision_score(y, p))
        assert head["log_loss"]["value"] == pytest.approx(sk.log_loss(y, p))
        assert head["brier"]["value"] == pytest.approx(sk.brier_score_loss(y, p))
        for row in rung["by_k"]:
            at = joined["ordinal"].to_numpy() == row["k"]
            if row["log_loss"]["value"] is not None:
                assert row["log_loss"]["value"] == pytest.approx(sk.log_loss(y[at], p[at]))


def test_each_rung_is_told_as_judge_tells_it(run, joined):
    rungs = {rung["name"]: rung for rung in run.metrics["ladder"]["rungs"]}
    p = {name: joined[name].to_numpy() for name in rungs}
    rows = [joined[name].to_numpy() for name in ("weight", "user_key", "visit", "ordinal")]
    for name, rung in rungs.items():
        told = judge(
            joined["label"].to_numpy() == 1, p[name], *rows, threshold=0.2, seed=QUICK.seed,
            replicates=QUICK.judge.replicates, others={one: p[one] for one in rung["paired"]},
        )  # fmt: skip
        for metric in COMPARED:
            assert rung["headline"][metric] == pytest.approx(told["headline"][metric])
            for other, gains in rung["paired"].items():
                assert gains[metric] == pytest.approx(told["paired"][other][metric])
        chance = "calibration_error_by_chance"
        assert rung["headline"][chance] == told["headline"][chance]
        assert rung["by_k"] == told["by_k"]
        assert not set(rung["headline"]) & {"precision", "recall", "f1"}


def test_rows_outside_are_counted_by_reason(run, joined):
    told = run.metrics["ladder"]
    assert told["rows"]["test"] == run.metrics["parts"]["test"]["rows"]
    assert told["rows"]["inside"] == len(joined)
    assert told["rows"]["outside"] == {
        "not_in_the_truth": UNKNOWN,
        "not_in_the_ladder": NOT_IN,
        "later_part_of_a_cut_session": 0,
    }
    assert told["rows"]["test"] - told["rows"]["inside"] == UNKNOWN + NOT_IN


def test_labels_that_differ_are_counted_and_many_of_them_are_told(run, small_log, frame, tmp_path):
    assert run.metrics["ladder"]["labels_that_differ"] == WRONG
    assert not any("truth" in caution for caution in run.metrics["cautions"])
    turned = pl.int_range(pl.len()) % 20 == 0
    frame.with_columns(pl.col("label") ^ turned).write_parquet(tmp_path / "t.parquet")
    other = willbuy.run(small_log, settings=QUICK, truth=tmp_path / "t.parquet", out=tmp_path)
    told = other.metrics["ladder"]
    assert told["labels_that_differ"] / told["rows"]["inside"] == pytest.approx(0.05, abs=0.01)
    assert any("does not belong to this log" in caution for caution in other.metrics["cautions"])


@pytest.mark.slow
def test_later_parts_of_a_cut_session_are_left_out(plain, small_log, frame, truth, tmp_path):
    inside = frame.filter("in_ladder").select(KEYS)
    rows = pl.read_parquet(plain.folder / "predictions.parquet").join(inside, on=KEYS, how="semi")
    third = (
        rows.filter(pl.col("ordinal") == 3, pl.col("label") == 0).sort("time").row(0, named=True)
    )
    log = pl.read_csv(small_log, infer_schema=False)
    # The shopper goes on under the same id ten hours later: a session of its own.
    later = pl.concat([log[third["position"]]] * 3).with_columns(
        event_type=pl.lit("view"),
        event_time=pl.lit(third["time"])
        .dt.offset_by("10h" + pl.Series(["", "1s", "2s"]))
        .dt.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )
    pl.concat([log, later]).write_csv(tmp_path / "log.csv")
    run = willbuy.run(tmp_path / "log.csv", settings=QUICK, truth=truth, out=tmp_path / "runs")
    told = run.metrics["ladder"]["rows"]
    assert told["outside"]["later_part_of_a_cut_session"] == 3
    assert told["inside"] == len(inside.join(rows, on=KEYS, how="semi"))


def test_a_run_json_repeats_it_and_tells_a_changed_truth(small_log, run, truth, tmp_path):
    path = run.folder / "run.json"
    assert recorded(path, None, Silent())[:2] == ([small_log], truth)

    said = []

    class Listening(Silent):
        def say(self, text):
            said.append(text)

    told = json.loads(path.read_text())
    told["truth"]["fingerprint"] = "0"
    (tmp_path / "changed.json").write_text(json.dumps(told))
    assert recorded(tmp_path / "changed.json", None, Listening()).truth == truth
    assert "truth has changed" in said[0]
    del told["truth"]
    (tmp_path / "old.json").write_text(json.dumps(told))
    assert recorded(tmp_path / "old.json", None, Silent()).truth is None


def command(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["willbuy", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        willbuy.cli.main()
    said = capsys.readouterr()
    return stop.value.code or 0, " ".join((said.out + said.err).split())


def test_the_command_shows_it_and_repeats_it(monkeypatch, capsys, run, tmp_path):
    code, said = command(
        monkeypatch, capsys, "run", "--config", run.folder / "run.json", "--out", tmp_path
    )
    assert code == 0
    for part in ("(1) hidden state", "(2) exact filter", "(3) learned products", "xgboost minus"):
        assert part in said
    assert f"{UNKNOWN} not in the truth, {NOT_IN} not in the ladder" in said
    assert json.loads((tmp_path / "first-again" / "metrics.json").read_text()) == run.metrics


def test_force_does_not_replace_the_truth_it_reads(small_log, run, truth):
    inside = run.folder / "model" / "truth.parquet"
    inside.write_bytes(truth.read_bytes())
    with pytest.raises(willbuy.WillbuyError, match="lies inside"):
        willbuy.run(
            small_log, truth=inside, out=run.folder.parent, name=run.folder.name, force=True
        )
    inside.unlink()


BAD = {
    "no exact_filter, hidden_state": lambda t: t.drop("hidden_state", "exact_filter"),
    "ordinal is of type Int64, not Int32": lambda t: t.cast({"ordinal": pl.Int64}),
    "label is of type String": lambda t: t.with_columns(label=pl.lit("yes")),
    "1 of its rows have no probability in the column exact_filter": lambda t: t.with_columns(
        exact_filter=pl.when(pl.int_range(pl.len()) == 200).then(1.5).otherwise("exact_filter")
    ).cast({"exact_filter": pl.Float32}),
    "3 of its rows have no probability in the column hidden_state": lambda t: t.with_columns(
        hidden_state=pl.when(pl.int_range(pl.len()) > len(t) - 4)
        .then(float("nan"))
        .otherwise("hidden_state")
    ).cast({"hidden_state": pl.Float32}),
    "have no probability in the column learned_products": lambda t: t.with_columns(
        learned_products=pl.lit(None, pl.Float32)
    ),
    "have nothing in the column label": lambda t: t.with_columns(label=pl.lit(None, pl.Boolean)),
    "have nothing in the column in_ladder": lambda t: t.with_columns(
        in_ladder=pl.lit(None, pl.Boolean)
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_what_is_no_truth_is_refused_before_the_work(frame, tmp_path, message):
    BAD[message](frame).write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(willbuy.WillbuyError, match=message) as refused:
        willbuy.run(tmp_path / "no_log.csv", truth=tmp_path / "bad.parquet", out=tmp_path)
    assert "bad.parquet" in str(refused.value)


def test_files_that_cannot_be_a_truth(small_log, truth, tmp_path):
    with pytest.raises(willbuy.WillbuyError, match=r"no file .*truht\.parquet.*Near it: truth"):
        check_truth(truth.with_name("truht.parquet"))
    with pytest.raises(willbuy.WillbuyError, match="no Parquet file"):
        check_truth(small_log)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(truth.read_bytes()[:5000])
    with pytest.raises(willbuy.WillbuyError, match="damaged or truncated"):
        check_truth(cut)


UNFIT = {
    "same moment twice": lambda t: pl.concat([t, t.tail(1)]),
    "truth of another log": lambda t: t.with_columns(pl.col("user_key") + 1_000_000_000),
    "of none that it can be judged by": lambda t: t.with_columns(in_ladder=pl.lit(False)),
}


@pytest.mark.parametrize("message", UNFIT)
def test_a_truth_that_does_not_fit_stops_the_run(small_log, frame, tmp_path, message):
    UNFIT[message](frame).write_parquet(tmp_path / "unfit.parquet")
    with pytest.raises(willbuy.WillbuyError, match=message):
        willbuy.run(
            small_log, settings=QUICK, truth=tmp_path / "unfit.parquet", out=tmp_path / "runs"
        )
    assert list((tmp_path / "runs").iterdir()) == []
