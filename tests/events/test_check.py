from events.logs import good_rows, row, write
from willbuy.events.check import check
from willbuy.events.sources import parse_map
from willbuy.settings import SourceSettings

EMPTY = SourceSettings()


def said(result) -> str:
    return " ".join(result.notes)


def test_the_real_head(head):
    result = check([head], EMPTY)
    assert result.guess is None
    assert result.source is not None
    assert result.source.name == "REES46"
    assert result.command == f"willbuy run {head}"
    assert len(result.rows) == 5
    assert result.rows[0] == {
        "time": "2019-10-01 00:00:00 UTC",
        "kind": "view",
        "user": "541312140",
        "session": "72d76fde-8bb3-4e00-8c23-a032dfed738c",
        "product": "44600062",
        "category": "2103807459595387724",
        "brand": "shiseido",
        "price": "35.79",
    }
    assert result.health is not None
    assert result.health.events == 17_434
    assert result.unused == []
    assert "1 of 17,435 rows cannot be used: 1 cut off." in result.notes


def test_an_unknown_log_is_tried_with_the_guess(tmp_path):
    path = tmp_path / "my shop.csv"
    path.write_text("ts,visitor,action,note\n1569888000,7,Product Added,x\n1569887000,7,wave,y\n")
    result = check([path], EMPTY)
    assert result.source is not None
    assert result.source.how == "guessed"
    assert [r["kind"] for r in result.rows] == ["cart", "other"]
    assert result.command == (
        f"willbuy run '{path}' --map time=ts --map kind=action --map user=visitor "
        "--map 'kind.Product Added=cart'"
    )
    assert result.unused == ["note"]
    for told in ("guessed", "wave", "no session id", "no product", "earlier", "no purchase"):
        assert told in said(result)


def test_a_log_of_which_nothing_is_known(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    result = check([path], EMPTY)
    assert result.source is None
    assert result.rows == []
    assert result.guess is not None
    assert result.guess.missing == ["time", "kind", "user"]
    assert "No column was found for: time, kind, user" in said(result)


def test_a_mapping_of_ones_own_is_in_the_command(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("t;u;k\n01.10.2019;1;kauf\n")
    words = ["time=t", "user=u", "kind=k", "kind.kauf=purchase", "time_format=%d.%m.%Y"]
    result = check([path], parse_map([*words, "zone=Europe/Berlin", "separator=;"], EMPTY))
    assert result.rows == [{"time": "2019-09-30 22:00:00 UTC", "kind": "purchase", "user": "1"}]
    assert result.command == (
        f"willbuy run {path} --map time=t --map user=u --map kind=k --map kind.kauf=purchase "
        "--map 'separator=;' --map time_format=%d.%m.%Y --map zone=Europe/Berlin"
    )


def test_a_log_with_many_faults_is_shown_all_the_same(tmp_path):
    lines = [*good_rows(50), *["x,y"] * 50, row(category_id="1.0E+18"), row(price="free")]
    lines.append(row(price="-3"))
    result = check([write(tmp_path / "x.csv", lines)], EMPTY)
    assert result.health is not None
    assert result.health.rejected == {"too few fields": 50}
    assert result.rejects is not None
    assert result.rejects.total == 50
    for told in (
        "50 of 103 rows",
        "more than a run lets pass",
        "spreadsheet",
        "is no number ('free')",
        "Prices of 0 or below, which count as missing: 1.",
    ):
        assert told in said(result)


def test_words_that_nobody_knows_do_not_stop_a_check(tmp_path):
    result = check([write(tmp_path / "x.csv", [row(event_type="hover")] * 3)], EMPTY)
    assert result.health is not None
    assert result.health.unknown_words == {"hover": 3}
    assert "'hover'" in said(result)
