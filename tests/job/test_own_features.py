"""Features that a user writes."""

import json

import polars as pl
import pytest

import willbuy
from quick import QUICK

MINE = '''
import willbuy
from willbuy.events.schema import Kind
from willbuy.features.loops import count


@willbuy.feature("Views, doubled", unit="events")
def doubled_views(session, user, shop):
    """Twice the views of the session up to now."""
    return 2 * count(session.kind, Kind.VIEW)
'''


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_a_users_feature_is_in_the_table_the_model_and_the_scores(small_log, mine, tmp_path):
    run = willbuy.run(small_log, settings=QUICK, features=mine, out=tmp_path / "runs")
    rows = pl.read_parquet(run.folder / "snapshots" / "train-000.parquet")
    assert (rows["doubled_views"] == 2 * rows["views"]).all()
    told = json.loads((run.folder / "model" / "bundle.json").read_text())
    assert told["features"][-1]["label"] == "Views, doubled"
    assert run.about["features"]["sha256"]

    with pytest.raises(willbuy.WillbuyError, match=r"doubled_views.*--features FILE"):
        willbuy.load(run.folder)
    scores = willbuy.load(run.folder, mine).score(small_log).frame
    assert scores["probability"].is_not_null().any()


@pytest.mark.slow  # all features are compiled anew, twice
def test_a_feature_that_was_edited_is_seen(small_log, mine, tmp_path):
    run = willbuy.run(small_log, settings=QUICK, features=mine, out=tmp_path / "runs")
    mine.write_text(MINE.replace("return 2 *", "return 3 *"))
    with pytest.raises(willbuy.WillbuyError, match="doubled_views differs"):
        willbuy.load(run.folder, mine)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("return session.price[-1] / 0", "doubled_views", marks=pytest.mark.slow),
        pytest.param("return session.kind[5]", "doubled_views", marks=pytest.mark.slow),
        pytest.param("return 'text'", "doubled_views", marks=pytest.mark.slow),
        pytest.param(
            "return user.purchasess",
            r"doubled_views .*mine\.py, line .*purchasess",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "return float('inf')", "doubled_views gave an infinite number", marks=pytest.mark.slow
        ),
    ],
)
def test_a_users_mistake_is_named(small_log, mine, tmp_path, body, message):
    mine.write_text(MINE.replace("return 2 * count(session.kind, Kind.VIEW)", body))
    with pytest.raises(willbuy.WillbuyError, match=message):
        willbuy.run(small_log, features=mine, out=tmp_path / "runs")
    assert not list((tmp_path / "runs").iterdir())
