"""What was once got wrong on purpose."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import willbuy
from quick import quick as unexplained
from willbuy.job.folder import run_folder
from willbuy.job.job import recorded
from willbuy.progress import Silent

QUICK = unexplained(threads=1, model={"params": {"rounds": 10, "max_depth": 3}})


def quick(log, out, **more):
    return willbuy.run(log, settings=QUICK, out=out, **more)


@pytest.fixture(scope="module")
def quick_run(small_log, tmp_path_factory):
    return quick(small_log, tmp_path_factory.mktemp("runs"), name="quick")


@pytest.fixture
def frame(small_log):
    return pl.read_csv(small_log, infer_schema=False)


def test_ids_that_clean_to_one_key_still_make_a_bundle_that_loads(frame, tmp_path):
    none = pl.col("user_session").str.slice(0, 1).is_in(list("01234567"))
    blank = pl.int_range(pl.len()) % 2 == 0
    frame.with_columns(
        user_session=pl.when(none).then(pl.lit("null")).otherwise("user_session"),
        user_id=pl.when(blank).then(pl.col("user_id") + " ").otherwise("user_id"),
    ).write_csv(tmp_path / "log.csv")
    run = quick(tmp_path / "log.csv", tmp_path / "runs")
    assert willbuy.load(run.folder).score(tmp_path / "log.csv").sessions > 1000


def test_a_run_json_never_names_code_to_run(quick_run, tmp_path):
    payload = tmp_path / "payload.py"
    payload.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    path = shutil.copytree(quick_run.folder, tmp_path / "first") / "run.json"
    told = json.loads(path.read_text())
    told["features"] = {"file": str(payload), "sha256": "0" * 64}
    path.write_text(json.dumps(told))
    with pytest.raises(willbuy.WillbuyError, match="--features FILE"):
        recorded(path, None, Silent())
    with pytest.raises(willbuy.WillbuyError, match="has changed since"):
        recorded(path, payload, Silent())
    told["settings"]["features"] = str(payload)
    path.write_text(json.dumps(told))
    with pytest.raises(willbuy.WillbuyError, match="features"):
        recorded(path, payload, Silent())
    assert not (tmp_path / "ran").exists()


def test_a_run_json_whose_log_has_changed_says_so(frame, small_log, quick_run, tmp_path):
    told = json.loads((quick_run.folder / "run.json").read_text())
    log = shutil.copytree(small_log.parent, tmp_path / "logs") / small_log.name
    (tmp_path / "run.json").write_text(json.dumps({**told, "inputs": [str(log)]}))
    said = []

    class Listening(Silent):
        def say(self, text):
            said.append(text)

    assert recorded(tmp_path / "run.json", None, Listening()).events == [log]
    assert said == []
    frame.head(20_000).write_csv(log)
    recorded(tmp_path / "run.json", None, Listening())
    assert "has changed" in said[0]


def test_what_a_bot_does_on_the_last_day_changes_no_earlier_day(frame, quick_run, tmp_path):
    user = frame["user_id"].mode()[0]
    burst = frame.tail(1).with_columns(pl.lit(user).alias("user_id"))
    burst = pl.concat([burst] * 1_200).with_columns(
        (pl.int_range(1_200) + 1).cast(pl.String).alias("product_id")
    )
    pl.concat([frame, burst]).write_csv(tmp_path / "b.csv")
    rows, run = [], quick(tmp_path / "b.csv", tmp_path / "runs")
    for folder in (quick_run.folder, run.folder):
        found = pl.concat(pl.read_parquet(p) for p in folder.glob("snapshots/*.parquet"))
        found = found.filter(pl.col("user_key") != int(user)).drop("position")
        rows.append(found.sort("visit", "ordinal"))
    assert run.metrics["totals"]["users_left_out_as_bots"] == 1
    assert len(rows[0]) > 10_000
    # Without the bot's earlier sessions the gap before a border is a little shorter.
    for split in ("train", "calibrate", "test"):
        one, two = (found.filter(split=split) for found in rows)
        last = min(one["start"].max(), two["start"].max())
        one, two = (found.filter(pl.col("start") <= last) for found in (one, two))
        assert len(one) > 1_000
        assert one.equals(two, null_equal=True)


def test_bots_are_in_the_scores_by_name(frame, small_run, tmp_path):
    one = pl.concat([frame.head(1)] * 1_001).with_columns(
        pl.int_range(1_001).cast(pl.String).alias("product_id")
    )
    one.write_csv(tmp_path / "bot.csv")
    scores = willbuy.load(small_run.folder).score(tmp_path / "bot.csv")
    assert (scores.sessions, scores.bots, scores.mean) == (1, 1, None)
    assert scores.frame["status"].to_list() == ["bot"]
    with pytest.raises(willbuy.WillbuyError, match="daily_event_cap"):
        quick(tmp_path / "bot.csv", tmp_path / "runs")


def test_force_replaces_runs_only(small_log, quick_run, tmp_path):
    folder = shutil.copytree(quick_run.folder, tmp_path / "x")
    (folder / "thesis.txt").write_text("precious")
    with pytest.raises(willbuy.WillbuyError, match=r"thesis\.txt"):
        quick(small_log, tmp_path, name="x", force=True)
    (folder / "thesis.txt").rename(tmp_path / "thesis.txt")
    moved = folder / "model" / "log.csv"
    moved.write_bytes(small_log.read_bytes())
    with pytest.raises(willbuy.WillbuyError, match="lies inside"):
        quick(moved, tmp_path, name="x", force=True)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(willbuy.WillbuyError, match="is no folder"):
        quick(small_log, tmp_path, name="link", force=True)
    moved.unlink()
    assert quick(small_log, tmp_path, name="x", force=True).folder == folder


@pytest.mark.slow
def test_of_two_runs_of_one_name_one_is_kept_whole(small_log, tmp_path):
    script = (
        "import sys, willbuy\n"
        "s = willbuy.Settings(threads=1, seed=int(sys.argv[1]))\n"
        "s.judge.replicates, s.explain.rows = 100, 0\n"
        f"willbuy.run({str(small_log)!r}, settings=s, out={str(tmp_path)!r}, name='same')\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(seed)], stderr=subprocess.PIPE)
        for seed in (1, 2)
    ]
    errors = [one.communicate()[1].decode() for one in both]
    codes = [one.returncode for one in both]
    assert sorted(codes) == [0, 1]
    assert "is there already" in errors[codes.index(1)]
    assert [path.name for path in tmp_path.iterdir()] == ["same"]
    told = json.loads((tmp_path / "same" / "run.json").read_text())
    assert told["settings"]["seed"] == 1 + codes.index(0)
    willbuy.load(tmp_path / "same")


def test_scores_never_replace_the_log(small_log, small_run, tmp_path):
    log = tmp_path / "log.csv"
    log.write_bytes(small_log.read_bytes())
    with pytest.raises(willbuy.WillbuyError, match="is the log itself"):
        willbuy.load(small_run.folder).score(log, log)
    assert log.read_bytes() == small_log.read_bytes()


def test_a_test_part_that_is_all_outage_is_one_clear_message(frame, tmp_path):
    late = pl.col("event_time") >= "2024-03-29"
    many = pl.concat(
        frame.with_columns(pl.col("user_id") + str(i), pl.col("user_session") + str(i))
        for i in range(4)
    ).sort("event_time")
    many.filter(~(late & (pl.col("event_type") == "purchase"))).write_csv(tmp_path / "log.csv")
    with pytest.raises(willbuy.WillbuyError, match="test: 0 with a later purchase"):
        quick(tmp_path / "log.csv", tmp_path / "runs")


@pytest.mark.parametrize("year", ["2001", "2099"])
def test_a_stray_time_is_named(frame, tmp_path, year):
    stray = frame.head(1).with_columns(pl.col("event_time").str.replace("2024", year))
    pl.concat([frame, stray]).write_csv(tmp_path / "log.csv")
    with pytest.raises(willbuy.WillbuyError, match=year):
        quick(tmp_path / "log.csv", tmp_path / "runs")


@pytest.mark.parametrize(
    "price", ["1e15", *(pytest.param(one, marks=pytest.mark.slow) for one in ("1e200", "-1e300"))]
)
def test_an_absurd_price_is_no_price(frame, small_run, tmp_path, price):
    odd = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 5000 == 0)
        .then(pl.lit(price))
        .otherwise("price")
        .alias("price")
    )
    odd.write_csv(tmp_path / "log.csv")
    run = quick(tmp_path / "log.csv", tmp_path / "runs")
    assert run.health["reading"]["price_unreadable"] > 5
    assert (willbuy.load(run.folder).bundle.tables.daily["price_sum"] >= 0).all()


def test_how_the_log_was_read_changes_no_figure(small_log, quick_run, tmp_path, monkeypatch):
    monkeypatch.setattr("willbuy.engines.local.MOST_PART", 3_000)
    spilled = quick(small_log, tmp_path, name="spilled")
    assert spilled.metrics == quick_run.metrics
    assert [path.name for path in tmp_path.iterdir()] == ["spilled"]


def test_counts_of_shops_that_close_at_night_and_of_logs_with_holes(frame, small_run, tmp_path):
    from willbuy.job.counts import extend_counts

    shutil.copytree(small_run.folder, tmp_path / "run")
    day = frame.filter(pl.col("event_time").str.starts_with("2024-04-03"))
    day = day.with_columns(pl.col("event_time").str.replace("2024-04-03", "2024-04-05"))
    open_hours = pl.col("event_time").str.slice(11, 2).is_in([f"{h:02}" for h in range(9, 20)])
    day.filter(open_hours).write_csv(tmp_path / "day.csv")
    with pytest.raises(willbuy.WillbuyError, match="--whole-days"):
        extend_counts(tmp_path / "day.csv", tmp_path / "run")
    days = extend_counts(tmp_path / "day.csv", tmp_path / "run", whole_days=True).days
    assert days == willbuy.load(small_run.folder).bundle.tables.days + 1

    later = day.with_columns(pl.col("event_time").str.replace("04-05", "04-08"))
    first = day.with_columns(pl.col("event_time").str.replace("04-05", "04-06"))
    pl.concat([first, later]).write_csv(tmp_path / "holes.csv")
    said = []

    class Listening(Silent):
        def say(self, text):
            said.append(text)

    extend_counts(tmp_path / "holes.csv", tmp_path / "run", whole_days=True, reporter=Listening())
    assert "No event on 2024-04-07" in said[0]


def test_a_killed_run_leaves_nothing_after_the_next(tmp_path):
    killed = tmp_path / ".x.999999999.abc"
    killed.mkdir()
    (killed / "rows").touch()
    with run_folder(tmp_path, "x", force=False) as folder:
        (folder / "metrics.json").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_sigterm_leaves_nothing(small_log, tmp_path):
    import time

    willbuy_command = Path(sys.executable).with_name("willbuy")
    running = subprocess.Popen([willbuy_command, "run", small_log, "--name", "x"], cwd=tmp_path)
    for _ in range(1200):
        if list(tmp_path.glob("runs/.x.*")):
            break
        time.sleep(0.05)
    running.terminate()
    assert running.wait(60) == 143
    assert list((tmp_path / "runs").iterdir()) == []
