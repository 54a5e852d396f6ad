"""Scoring tables of sessions: as predicted, and told where they are not as in training."""

import polars as pl
import pytest

import willbuy
from quick import QUICK
from session_tables import write_table
from willbuy.errors import WillbuyError
from willbuy.events.rejects import safe_cell
from willbuy.score.sheet import safe_sheet


@pytest.fixture(scope="session")
def model(table_run):
    return willbuy.load(table_run.folder)


def changed(tmp_path, change, n=300):
    path = tmp_path / "new.csv"
    write_table(path, n, seed=9, change=change)
    return path


def test_a_batch_gives_what_the_run_predicted(model, table, table_run):
    scores = model.score(table)
    predicted = pl.read_parquet(table_run.folder / "predictions.parquet")
    both = predicted.join(scores.frame, on="line", suffix="_scored", maintain_order="left")
    assert len(both) == len(predicted) > 400
    assert (both["probability"] == both["probability_scored"]).all()
    assert (both["percentile"] == both["percentile_scored"]).all()
    assert scores.notes == ()
    assert scores.frame.columns == ["line", "started", "visitor", "session", "probability",
                                    "percentile", "decile"]  # fmt: skip
    assert set(scores.frame["decile"]) == set(range(1, 11))


def test_the_order_of_rows_and_columns_does_not_matter(model, table, tmp_path):
    frame = pl.read_csv(table, infer_schema=False)
    other = tmp_path / "other.csv"
    frame.reverse().select(reversed(frame.columns)).write_csv(other)
    one, two = model.score(table).frame, model.score(other).frame
    assert (one["probability"].reverse() == two["probability"]).all()


def test_csv_and_parquet_come_out(model, table, tmp_path):
    for name in ("scores.csv", "scores.parquet"):
        told = model.score(table, tmp_path / name)
        assert told.frame is None
    csv, parquet = pl.read_csv(tmp_path / "scores.csv"), pl.read_parquet(
        tmp_path / "scores.parquet"
    )  # fmt: skip
    assert csv["probability"].to_list() == parquet["probability"].to_list()
    assert len(csv) == told.sessions == 3000


def test_no_cell_is_a_formula(model, tmp_path):
    def change(row):
        row["visitor"] = "=HYPERLINK(1)"
        return row

    model.score(changed(tmp_path, change), tmp_path / "scores.csv")
    text = (tmp_path / "scores.csv").read_text()
    assert ",=HYPERLINK" not in text
    assert ",'=HYPERLINK" in text


@pytest.mark.parametrize(
    "cell", ["=1", " =1", "  @x", "-5", "\t=1", "\r=1", "a=1", " a", "", "é\n=1"]
)
def test_a_cell_and_a_column_are_made_safe_alike(cell):
    sheet = safe_sheet(pl.DataFrame({"x": [cell, None]}))
    assert sheet["x"].to_list() == [safe_cell(cell), None]
    assert safe_cell(cell) == ("" if cell in ("a=1", " a", "", "é\n=1") else "'") + cell


def test_missing_columns_are_named_with_what_is_near(model, tmp_path):
    path = tmp_path / "less.csv"
    frame_path = changed(tmp_path, None)
    pl.read_csv(frame_path).rename({"pages": "page", "city": "x"}).write_csv(path)
    with pytest.raises(WillbuyError, match="lacks 2 of the columns") as problem:
        model.score(path)
    assert "'pages' (near it: 'page')" in str(problem.value)


def test_extra_columns_and_no_label_are_fine(model, tmp_path):
    path = tmp_path / "more.csv"
    frame = pl.read_csv(changed(tmp_path, None)).drop("bought")
    frame.with_columns(pl.lit(1).alias("weather")).write_csv(path)
    scores = model.score(path)
    assert scores.sessions == 300
    assert any("weather" in note for note in scores.notes)


def test_new_words_are_counted(model, tmp_path):
    def change(row):
        if row["bought"] == "TRUE":
            row["source"] = "a new one"
        return row

    (note,) = model.score(changed(tmp_path, change)).notes
    assert note.startswith("source: ")
    assert "'a new one'" in note


def test_a_few_odd_values_are_missing_and_counted(model, tmp_path):
    count = iter(range(1000))

    def change(row):
        row["minutes"] = "long" if next(count) % 10 == 4 else row["minutes"]
        return row

    (note,) = model.score(changed(tmp_path, change)).notes
    assert "minutes: 30 values are no number" in note
    assert "line 6: 'long'" in note


def test_a_column_of_another_type_is_refused(model, tmp_path):
    path = changed(tmp_path, lambda row: {**row, "minutes": "long"})
    with pytest.raises(WillbuyError, match="'minutes': it held a number") as problem:
        model.score(path)
    assert "line 2: 'long'" in str(problem.value)


def test_a_column_without_any_value_is_told(model, tmp_path):
    scores = model.score(changed(tmp_path, lambda row: {**row, "pages": ""}))
    assert "pages: every value is missing." in scores.notes


def test_the_table_itself_is_never_written_over(model, table, tmp_path):
    with pytest.raises(WillbuyError, match="is the table itself"):
        model.score(table, table)
    with pytest.raises(WillbuyError, match="not a folder"):
        model.score(table, tmp_path / "nowhere" / "scores.csv")


def test_a_table_in_another_dress_scores_alike(model, tmp_path):
    plain, german = tmp_path / "plain.csv", tmp_path / "german.csv"
    write_table(plain, 300, seed=9)

    def german_numbers(row):
        return {**row, "minutes": row["minutes"].replace(".", ",")}

    write_table(german, 300, seed=9, separator=";", change=german_numbers)
    one, two = model.score(plain).frame, model.score(german).frame
    assert (one["probability"] == two["probability"]).all()


def test_a_few_rows_are_read_as_the_table_of_training_was(tmp_path):
    lines = ["when;price;line;bought"]
    lines += [f"{i % 28 + 1:02}/{i % 12 + 1:02}/2024;{i % 9 + 1}.000,5;{i};{i * 7 % 3 == 0:d}"
              for i in range(400)]  # fmt: skip
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines) + "\n")
    done = willbuy.run_table(table, "bought", settings=QUICK, out=tmp_path, name="run")
    assert [one.written for one in willbuy.load(done.folder).bundle.inputs] == [
        "%d/%m/%Y", "decimal comma"
    ]  # fmt: skip
    few = tmp_path / "few.csv"
    few.write_text("when;price;line\n03/04/2024;7.000;5\n")
    model = willbuy.load(done.folder)
    scores = model.score(few)
    many = tmp_path / "many.csv"
    many.write_text("when;price;line\n03/04/2024;7.000,0;5\n28/04/2024;1.000,5;6\n")
    assert scores.frame["probability"][0] == model.score(many).frame["probability"][0]
    assert scores.notes == ()
    assert scores.frame.columns[:2] == ["line", "table.line"]
    few.write_text("when;price;line\n2024-04-03;7000.5;5\n")
    notes = " ".join(model.score(few).notes)
    assert "dates written as ISO here, dates written as %d/%m/%Y in training" in notes
    assert "price: plain numbers here, numbers with a decimal comma in training" in notes
