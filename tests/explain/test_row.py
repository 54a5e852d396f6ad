"""Why a row of a table has its probability: column by column, and adding up."""

import json

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit
from typer.testing import CliRunner

import willbuy
from quick import QUICK
from session_tables import write_table
from willbuy.bundle.table import once
from willbuy.cli.commands import app
from willbuy.errors import WillbuyError
from willbuy.explain.exact import exact
from willbuy.explain.row.columns import Row, explain_row
from willbuy.explain.row.files import FILES
from willbuy.snapshots.session_table import read_table

COLUMNS = {"pages", "minutes", "source", "city", "member"}


@pytest.fixture(scope="module")
def model(table_run):
    return willbuy.load(table_run.folder)


@pytest.fixture(scope="module")
def scores(model, table):
    return model.score(table).frame


def run(*words):
    return CliRunner().invoke(app, ["explain", *map(str, words)], env={"COLUMNS": "300"})


def by_name(told):
    return {one.name: one for one in told.terms}


def test_a_row_is_explained_as_it_is_scored(model, table, scores):
    for place in (0, 1, 1234, 2999):
        line, p = scores["line"][place], scores["probability"][place]
        told = model.explain(table, row=line)
        assert told.probability == p
        assert told.percentile == scores["percentile"][place]
        assert told.decile == scores["decile"][place]
        assert {one.name for one in told.terms} == COLUMNS | {"calibration"}
        total = logit(told.base_probability) + sum(one.log_odds for one in told.terms)
        assert total == pytest.approx(logit(p), abs=1e-9)
        points = sum(one.points for one in told.terms)
        assert points == pytest.approx(p - told.base_probability, abs=1e-9)
        assert told.flagged == (p >= model.bundle.threshold)


def test_the_terms_of_every_row_of_a_real_table_add_up(shoppers, tmp_path):
    """The sum as XGBoost and the calibrator ship it, taken apart from the explanation's own."""
    few = tmp_path / "few.csv"
    pl.read_csv(shoppers, infer_schema=False).head(3000).write_csv(few)
    done = willbuy.run_table(few, "Revenue", out=tmp_path, name="uci", settings=QUICK)
    bundle = willbuy.load(done.folder).bundle
    rows = read_table(few, "Revenue").frame
    X = bundle.features(rows)
    p = bundle.probability(X)
    told = exact(bundle, X, once(len(X)))
    owners = np.array(bundle.owners)
    assert set(owners) == {one.name for one in bundle.inputs}
    columns = np.column_stack([
        told.contributions[:, owners == one.name].sum(axis=1) for one in bundle.inputs
    ])  # fmt: skip
    sums = told.base + columns.sum(axis=1) + told.calibration
    assert np.abs(sums - logit(p)).max() < 1e-4
    for at in range(0, len(rows), 150):
        values = {one.name: str(rows[one.name][at]) for one in bundle.inputs}
        one = explain_row(bundle, rows[at], Row(at + 2, "line", {}, values))
        found = by_name(one)
        adds = [found[it.name].log_odds for it in bundle.inputs]
        assert adds == pytest.approx(columns[at], abs=1e-4)
        total = logit(one.base_probability) + sum(adds) + found["calibration"].log_odds
        assert expit(total) == pytest.approx(p[at], abs=1e-6)


def test_features_of_one_column_are_one_term_in_its_own_words(model, table, scores):
    assert len(model.bundle.owners) > len(COLUMNS)  # words became several features each
    frame = pl.read_csv(table, infer_schema=False)
    place = frame["source"].to_list().index("mail")
    told = model.explain(table, row=int(scores["line"][place]))
    found = by_name(told)
    assert found["source"].value == "mail"
    assert found["member"].value in ("yes", "no")
    assert found["city"].value.startswith("city ")
    assert found["source"].points > 0
    assert any(one.startswith("source: mail, +") for one in told.sentences)
    assert told.row.names["visitor"] == frame["visitor"][place]


def test_what_is_missing_or_no_number_is_not_known(model, tmp_path):
    new = tmp_path / "new.csv"
    places = iter(range(300))

    def change(row):
        at = next(places)
        gone = {"pages": "", "source": "", "minutes": "n/a"} if at == 4 else {}
        return {**row, **gone, **({"minutes": "long"} if at == 5 else {})}

    write_table(new, 300, seed=4, change=change)
    found = by_name(model.explain(new, row=6))
    assert [found[name].value for name in ("pages", "source", "minutes")] == [None] * 3
    told = model.explain(new, row=7)
    assert by_name(told)["minutes"].value is None
    assert any("minutes: 1 values are no number" in note for note in told.notes)


def test_a_word_is_told_whole_to_programs_and_short_to_people(model, table, tmp_path):
    long = "<b>$new$\n" + "x" * 200
    new = tmp_path / "new.parquet"
    frame = pl.read_csv(table, n_rows=50).with_columns(source=pl.lit(long))
    frame.write_parquet(new)
    told = model.explain(new, row=10)
    assert by_name(told)["source"].value == long
    assert all(len(one) < 80 and "\n" not in one for one in told.sentences)
    assert any("new or were rare" in note for note in told.notes)


def test_parquet_is_counted_by_rows(model, table, tmp_path):
    typed = tmp_path / "sessions.parquet"
    frame = pl.read_csv(table, infer_schema_length=None)
    frame.write_parquet(typed)
    told = model.explain(typed, row=1)
    assert told.place == "for row 1"
    assert told.probability == model.explain(table, row=2).probability
    assert by_name(told)["minutes"].value == str(frame["minutes"][0])
    with pytest.raises(WillbuyError, match="rows stand in rows 1 to 3,000"):
        model.explain(typed, row=3001)


def test_a_line_without_a_row_is_told_with_the_range(model, table, tmp_path):
    for line in (-1, 0, 1, 3002):
        with pytest.raises(WillbuyError, match="its rows stand in lines 2 to 3,001"):
            model.explain(table, row=line)
    broken = tmp_path / "broken.csv"
    lines = table.read_text().splitlines()[:200]
    lines.insert(3, "one field")
    broken.write_text("\n".join(lines) + "\n")
    with pytest.raises(WillbuyError, match="no row that can be used begins in line 4"):
        model.explain(broken, row=4)


def test_the_runs_own_table_is_taken_if_it_is_what_it_was(tmp_path):
    table = tmp_path / "own.csv"
    write_table(table, 400)
    done = willbuy.run_table(table, "bought", out=tmp_path, name="own", settings=QUICK)
    model = willbuy.load(done.folder)
    assert model.explain(row=9).probability == model.explain(table, row=9).probability
    table.write_text(table.read_text() + table.read_text().splitlines()[-1] + "\n")
    with pytest.raises(WillbuyError, match=r"has changed since.*own.csv --row N"):
        model.explain(row=9)
    table.unlink()
    with pytest.raises(WillbuyError, match=r"no longer there\. Name the table"):
        model.explain(row=9)


def test_the_command_tells_and_writes(table_run, table, model, tmp_path):
    out = tmp_path / "deep" / "why"
    done = run(table_run.folder, "--row", 20, "--out", out)
    assert done.exit_code == 0, done.output
    told = model.explain(table, row=20)
    assert f"{100 * told.probability:.1f}%" in done.output
    for sentence in told.sentences:
        assert sentence in done.output
    assert sorted(one.name for one in out.iterdir()) == sorted(FILES)
    plain = json.loads((out / "explanation.json").read_text())
    assert plain["line"] == 20
    assert plain["probability"] == told.probability
    values = {one["name"]: one["value"] for one in plain["terms"]}
    assert values["member"] in ("yes", "no")
    for name in ("waterfall.png", "force.png"):
        assert (out / name).read_bytes()[1:4] == b"PNG"
    (out / "timeline.csv").write_text("of a session")
    again = run(table_run.folder, table, "--row", 20, "--out", out)
    assert "timeline.csv, which is no part" in str(again.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name the row: --row N"),
        (("--row", 5, "--session", "x", "--at", 2), "--session and --at cannot be"),
        (("--row", 5, "--counterfactual"), "--counterfactual cannot be"),
        (("--row", 5, "--map", "time=ts"), "--map cannot be"),
        (("one.csv", "two.csv", "--row", 5), "give one table"),
    ],
)
def test_what_a_table_has_not_is_refused(tmp_path, words, said):
    (tmp_path / "bundle.json").write_text(json.dumps({"rows": "table"}))
    done = run(tmp_path, *words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_run_of_events_has_no_rows(tmp_path):
    (tmp_path / "bundle.json").write_text(json.dumps({"rows": "moments"}))
    done = run(tmp_path, "--row", 5)
    assert done.exit_code == 2
    assert "is of a log of events. Name the session" in done.output
