"""Score: from an upload, or a click, to a probability and its reasons."""

import polars as pl
import pytest

from app import files
from app.drive_pages import button, calm, opened, texts
from willbuy.app.models import explained, shopper_of
from willbuy.app.scoring import as_csv, read_scores, score_events, score_sessions
from willbuy.app.uploads import Room, receive
from willbuy.app.views.score_file import example
from willbuy.decide.files import read_strategy
from willbuy.errors import WillbuyError
from willbuy.score.model import load, load_table
from willbuy.settings import SourceSettings


@pytest.fixture
def room():
    made = Room()
    yield made
    made.close()


def given(at, data, name="events.csv"):
    """The page after an upload."""
    return calm(at.file_uploader(key="score-file").upload(name, data, "text/csv").run())


def test_an_upload_is_scored_and_a_session_explained(small_run):
    at = given(opened("score", small_run.folder), example(small_run.folder))
    assert not at.error
    said = texts(at)
    assert "One session" in said
    assert "strongest reasons" in said
    assert "What would have had to be different" in said
    first = next(one.value for one in at.metric if one.label.startswith("Will buy"))
    calm(at.select_slider[0].set_value(at.select_slider[0].options[0]).run())
    calm(at.selectbox[-1].select_index(2).run())
    assert next(one.value for one in at.metric if one.label.startswith("Will buy")) != first


def test_sessions_of_the_same_id_are_explained_each_by_its_own(small_run, room):
    again = [row.replace("2024-05-01", "2024-05-02") for row in files.ROWS[:2]]
    upload = receive("events.csv", (files.TEXT + "\n".join(again) + "\n").encode(), room)
    model, source = load(small_run.folder), SourceSettings()
    frame = score_events(model, upload, source, None).frame.filter(pl.col("session") == "s-1")
    assert len(frame) == 2
    shopper = shopper_of(model, upload, source, "s-1", "7")
    for started, p in zip(frame["started"].dt.epoch("us"), frame["probability"], strict=True):
        assert explained(model, shopper, started).probability == pytest.approx(p)


@pytest.mark.parametrize(
    ("data", "word"),
    [(files.PDF, "PDF"), (b"", "empty"), (files.bomb(), "unpack to far more"),
     (files.workbook(), "Excel workbook"), (files.HTML, "web page")],
    ids=["pdf", "empty", "bomb", "excel", "html"],
)  # fmt: skip
def test_a_bad_file_is_one_message_and_the_page_lives_on(small_run, data, word):
    at = given(opened("score", small_run.folder), data)
    assert len(at.error) == 1
    assert word in at.error[0].value
    given(at, example(small_run.folder))
    assert not at.error


def test_a_guess_is_shown_and_waits_for_a_yes(small_run):
    text = files.TEXT.replace(files.HEADER, "ts,action,item,cat,path,make,cost,visitor,visit_no")
    at = given(opened("score", small_run.folder), text.encode())
    assert "Which column is what?" in texts(at)
    assert "sessions" not in [one.value for one in at.subheader]
    calm(button(at, "Score with").click().run())
    assert "2 sessions" in [one.value for one in at.subheader]


def test_a_required_column_can_be_chosen(small_run):
    text = files.TEXT.replace("user_id", "who")
    at = given(opened("score", small_run.folder), text.encode())
    assert "Choose the column for user" in at.error[0].value
    box = next(one for one in at.selectbox if one.label.startswith("Shopper"))
    calm(box.select("who").run())
    assert not at.error
    calm(button(at, "Score with").click().run())
    assert "2 sessions" in [one.value for one in at.subheader]


def test_html_in_a_brand_is_text_and_nothing_else(small_run):
    text = files.TEXT.replace("acme", "<img src=x onerror=alert(1)>")
    at = given(opened("score", small_run.folder), text.encode())
    assert not at.error
    assert "<img" not in texts(at).replace("\\<img", "")
    # Streamlit renders HTML only where it is asked to.
    assert not any(getattr(one.proto, "allow_html", False) for one in at.markdown)


def test_a_table_for_a_run_on_events_says_what_is_needed(small_run, table):
    at = given(opened("score", small_run.folder), table.read_bytes())
    assert "--sessions" in texts(at)


def test_a_table_run_scores_tables_and_names_what_a_log_lacks(table_run, table):
    at = opened("score", table_run.folder)
    assert "little shop" not in texts(at)
    given(at, table.read_bytes())
    assert not at.error
    assert "sessions" in at.subheader[0].value
    given(at, files.TEXT.encode())
    assert "lacks" in at.error[0].value


def test_a_row_of_a_table_is_explained(table_run, table):
    at = given(opened("score", table_run.folder), table.read_bytes())
    said = texts(at)
    assert "One session" in said
    assert "strongest reasons" in said
    assert "reason by reason" in said
    first = next(one.value for one in at.metric if one.label == "Will buy")
    assert at.selectbox[-1].options[0].startswith(f"{first}, line ")
    assert "visitor v" in at.selectbox[-1].options[0]
    calm(at.selectbox[-1].select_index(400).run())
    then = next(one.value for one in at.metric if one.label == "Will buy")
    assert at.selectbox[-1].options[400].startswith(f"{then}, line ")
    assert then != first


def test_the_output_of_the_command_is_read(small_run, small_log, tmp_path):
    path = tmp_path / "scores.csv"
    load(small_run.folder).score(small_log, path)
    at = given(opened("score", small_run.folder), path.read_bytes())
    assert not at.error
    assert "upload its events" in texts(at).replace("\n", " ")


def test_scores_that_are_none_are_refused(room):
    for row, word in (("1,x,90,1", "no number"), ("1,7,90,1", "between 0 and 1")):
        data = f"user,probability,percentile,decile\n{row}\n".encode()
        with pytest.raises(WillbuyError, match=word):
            read_scores(receive("scores.csv", data, room))


def test_sessions_have_the_segment_and_the_action_of_the_runs_strategy(small_run, room):
    model, strategy = load(small_run.folder), read_strategy(small_run.folder)
    upload = receive("events.csv", example(small_run.folder), room)
    found = score_events(model, upload, SourceSettings(), strategy).frame
    known = found.filter(pl.col("probability").is_not_null())
    assert known["probability"].is_sorted(descending=True)
    actions = {one.segment: one.action for one in strategy.segments}
    for row in known.iter_rows(named=True):
        assert actions.get(row["segment"], row["action"]) == row["action"]
        assert (row["segment"].split(" / ")[0] == "high") == (
            row["probability"] >= strategy.rules["intent"]["high_from"]
        )
    rest = found.filter(pl.col("probability").is_null())
    assert rest["segment"].null_count() == len(rest)


def test_the_download_is_safe_in_a_spreadsheet(table_run, table, room):
    found = score_sessions(load_table(table_run.folder), receive("t.csv", table.read_bytes(), room))
    frame = found.frame.with_columns(note=pl.lit("=HYPERLINK(1)"))
    assert b"'=HYPERLINK" in as_csv(frame)
    assert len(as_csv(found.frame).splitlines()) == len(found.frame) + 1


def test_clicks_move_the_probability(small_run):
    at = opened("score", small_run.folder)
    calm(at.button_group(key="score-way").set_value("Click through a little shop").run())
    assert "Look at a product below" in at.info[0].value
    seen = []
    for key in ("view-0", "view-1", "cart-1", "cart-1", "wait-1 minute", "view-0"):
        calm(at.button(key=key).click().run())
        seen.append(next(one.value for one in at.metric if one.label.startswith("Will buy")))
    assert seen[3] == seen[4]  # waiting is no event
    assert len(set(seen)) > 2
    calm(at.button_group(key="shop-past").set_value("bought").run())
    assert not at.metric  # somebody else: a new visit
