"""Tables that users bring: every column is understood, or told why not."""

import gzip

import numpy as np
import polars as pl
import pytest

from session_tables import HEADER, write_table
from willbuy.errors import WillbuyError
from willbuy.snapshots.session_table import read_table

BUYS = [1, 0, 0, 1, 0] * 6


def written(tmp_path, columns, separator=","):
    """A CSV of these columns of text, each cell quoted."""
    path = tmp_path / "table.csv"
    lines = [separator.join(f'"{name}"' for name in columns)]
    lines += [separator.join(f'"{cell}"' for cell in row)
              for row in zip(*columns.values(), strict=True)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def column(table, name):
    return next(one for one in table.columns if one.name == name)


def refused(words, *given, **named):
    with pytest.raises(WillbuyError) as problem:
        read_table(*given, **named)
    for word in words:
        assert word in str(problem.value)


def test_a_table_is_understood(table):
    read = read_table(table, "bought", time="started", group="visitor")
    kinds = {one.name: one.kind for one in read.columns}
    assert kinds == {
        "started": "time", "visitor": "text", "session": "text", "pages": "number",
        "minutes": "number", "source": "text", "city": "text", "member": "boolean",
        "shop": "text",
    }  # fmt: skip
    assert read.features == ["pages", "minutes", "source", "city", "member"]
    assert read.positive == "TRUE"
    assert read.y.sum() == sum(line.endswith("TRUE") for line in table.read_text().splitlines())
    assert "an id" in column(read, "session").left_out
    assert "constant" in column(read, "shop").left_out
    assert column(read, "pages").missing == 177
    assert (np.diff(read.time) >= 0).sum() > 2500
    assert read.frame.columns == [name for name in HEADER if name != "bought"]
    assert next(iter(read.notes())) == "bought = TRUE counts as positive"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_separator_gives_the_same_table(table, tmp_path, separator):
    other = tmp_path / "other.csv"
    write_table(other, 3000, separator=separator)
    assert read_table(other, "bought").frame.equals(read_table(table, "bought").frame)


def test_gz_and_parquet_give_the_same_table(table, tmp_path):
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    parquet = tmp_path / "table.parquet"
    pl.read_csv(table, try_parse_dates=True).write_parquet(parquet)
    csv = read_table(table, "bought", time="started", group="visitor")
    for path in (packed, parquet):
        other = read_table(path, "bought", time="started", group="visitor")
        assert other.frame.equals(csv.frame)
        assert (other.y == csv.y).all()
        assert (other.time == csv.time).all()
        assert (other.group == csv.group).all()


@pytest.mark.parametrize(
    ("cells", "separator", "value", "note"),
    [
        (["1,5", "2,25", "-3"], ";", [1.5, 2.25, -3.0], "decimal comma"),
        (["1.234,5", "2,25", "7"], ";", [1234.5, 2.25, 7.0], "decimal comma"),
        (["1,234", "2,250,000", "7"], ",", [1234.0, 2250000.0, 7.0], "thousands"),
        (["1e3", " 2 ", "n/a"], ",", [1000.0, 2.0, None], None),
    ],
)
def test_numbers_are_read_as_they_are_written(tmp_path, cells, separator, value, note):
    path = written(tmp_path, {"x": cells * 10, "buys": BUYS}, separator)
    read = read_table(path, "buys")
    assert read.frame["x"].to_list() == value * 10
    assert column(read, "x").kind == "number"
    assert [note in one for one in column(read, "x").notes] == ([True] if note else [])


@pytest.mark.parametrize(
    ("cells", "first", "kind"),
    [
        (["2020-03-13", "2020-03-14", ""], "2020-03-13 00:00:00", "date"),
        (["13.03.2020 10:05", "01.04.2020 00:00"], "2020-03-13 10:05:00", "time"),
        (["25/12/2020", "01/12/2020"], "2020-12-25 00:00:00", "date"),
        (["12/25/2020", "12/01/2020"], "2020-12-25 00:00:00", "date"),
        (["2019-10-01 00:00:07 UTC", "2019-10-02T01:00:00Z"], "2019-10-01 00:00:07", "time"),
    ],
)
def test_dates_that_are_text_become_dates(tmp_path, cells, first, kind):
    path = written(tmp_path, {"when": (cells * 30)[:30], "buys": BUYS})
    read = read_table(path, "buys")
    assert str(read.frame["when"][0]) == first
    assert column(read, "when").kind == kind
    assert (read_table(path, "buys", time="when").time is not None) if "" not in cells else True


def test_day_and_month_are_not_guessed_for_the_time(tmp_path):
    path = written(tmp_path, {"when": ["01/02/2020", "03/04/2020"] * 15, "buys": BUYS})
    refused(["table.csv", "'when' (--time)", "30 of 30", "line 2", "month"], path, "buys", "when")


@pytest.mark.parametrize("unit", [1, 1000, 1_000_000])
def test_times_may_be_numbers_since_1970(tmp_path, unit):
    path = written(tmp_path, {"t": [(1_600_000_000 + i) * unit for i in range(30)], "buys": BUYS})
    assert read_table(path, "buys", "t").time[0] == 1_600_000_000_000_000


def test_rows_without_a_time_are_left_out_and_told(tmp_path):
    path = written(
        tmp_path,
        {"t": [f"2020-01-{i % 28 + 1:02}" for i in range(99)] + ["soon"], "buys": [1, 0] * 50},
    )
    read = read_table(path, "buys", "t")
    assert len(read.y) == len(read.frame) == 99
    assert dict(read.rejects.counts) == {"unreadable time": 1}
    assert read.rejects.examples["unreadable time"][1] == 101


@pytest.mark.parametrize(
    ("cells", "positive"),
    [
        ((1, 0), "1"), (("TRUE", "FALSE"), "TRUE"), (("yes", "no"), "yes"), (("T", "F"), "T"),
        (("1.0", "0.0"), "1.0"), ((1, -1), "1"),
    ],
)  # fmt: skip
def test_labels_of_two_values(tmp_path, cells, positive):
    path = written(tmp_path, {"x": range(30), "buys": [cells[0] if b else cells[1] for b in BUYS]})
    read = read_table(path, "buys")
    assert read.y.tolist() == [bool(b) for b in BUYS]
    assert read.positive == positive


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1"] * 30, ["every row", "'1'"]),
        (["0", "1", "2"] * 10, ["two values", "has 3", "'0', '1', '2'"]),
        (["a", "b", "c"] * 10, ["text column has 3"]),
        (["buyer", "visitor", "visitor"] * 10, ["nobody says", "Write 1 for bought"]),
        (["1", "2"] * 15, ["nobody says"]),
        (["1", "0", ""] * 10, ["10 of 30", "line 4", "Remove those rows"]),
        ([f"{i}.5" for i in range(30)], ["has 30", "> 0"]),
        (["yes", "true"] * 15, ["mean the same"]),
    ],
)
def test_labels_that_cannot_be(tmp_path, cells, words):
    path = written(tmp_path, {"x": range(30), "buys": cells})
    refused(["table.csv, column 'buys'", *words], path, "buys")


def test_a_label_that_is_nan_is_missing(tmp_path):
    path = tmp_path / "table.parquet"
    labels = [1.0, 0.0, float("nan")] * 10
    pl.DataFrame({"x": range(30), "buys": labels}).write_parquet(path)
    refused(["10 of 30 rows have no label", "row 3"], path, "buys")


def test_text_that_is_not_utf_8_is_told(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"x;y\n1;Jos\xe9\n")
    refused(["not UTF-8", "line 2", "iconv"], path, "y")


def test_one_column_may_be_time_and_group(tmp_path):
    days = [f"2020-01-{i % 28 + 1:02}" for i in range(30)]
    read = read_table(
        written(tmp_path, {"t": days, "x": range(30), "buys": BUYS}), "buys", "t", "t"
    )
    assert column(read, "t").left_out == "the time and the group"


def test_a_missing_column_is_answered_with_the_nearest_names(table):
    refused(["no column 'Bougth' (--label)", "Did you mean bought?"], table, "Bougth")
    refused(["--time", "Did you mean started"], table, "bought", time="start")
    refused(["--group"], table, "bought", group="nobody")
    refused(["cannot be the label"], table, "bought", time="bought")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,a\n1,2,3\n", ["columns 1 and 3 are named 'a'"]),
        ("a,,\n1,2,3\n", ["columns 2 and 3 have no name"]),
        ("a,b\n", ["no rows"]),
        ("a,b\n1,2,3\n1\n1,2\n", ["2 of 3 rows", "too many fields", "too few fields"]),
        ("a\n1\n", ["only one column"]),
    ],
)
def test_files_that_are_no_tables(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    refused(["bad.csv", *words], path, "a")


def test_what_is_no_feature_is_told(tmp_path):
    n = 200
    path = written(
        tmp_path,
        {
            "nothing": [""] * n,
            "same": [7] * n,
            "row": range(n),
            "order": [10**9 + 37 * i for i in range(n)],
            "uuid": [f"{i:x}-{i * i:x}" for i in range(n)],
            "price": [f"{i / 7:.4f}" for i in range(n)],
            "rare": ["new" if i == 5 else "" for i in range(n)],
            "buys": [i % 3 == 0 for i in range(n)],
        },
    )
    read = read_table(path, "buys")
    why = {one.name: one.left_out for one in read.columns}
    assert "missing" in why["nothing"]
    assert "always 7" in why["same"]
    assert "row number" in why["row"]
    assert "long number" in why["order"]
    assert "an id" in why["uuid"]
    assert read.features == ["price", "rare"]


def test_a_few_odd_values_are_missing_and_told(tmp_path):
    cells = [str(i / 3) for i in range(99)] + ["twelve"]
    path = written(tmp_path, {"x": cells, "buys": [1, 0] * 50})
    (note,) = column(read_table(path, "buys"), "x").notes
    assert "1 values are no number" in note
    assert "'twelve' in line 101" in note


def test_rows_without_a_group_stand_alone(tmp_path):
    path = written(tmp_path, {"who": ["a", "a", "", "", "b"] * 6, "x": range(30), "buys": BUYS})
    group = read_table(path, "buys", group="who").group
    assert len(np.unique(group)) == 2 + 12


@pytest.mark.parametrize("word", ["NULL", "n/a", "nan", " - ", ""])
def test_a_group_whose_name_says_that_there_is_none_is_no_group(tmp_path, word):
    path = written(tmp_path, {"g": ["a", word] * 15, "x": list(range(30)), "buys": BUYS})
    group = read_table(path, "buys", group="g").group
    assert len(set(group[::2])) == 1
    assert len(set(group[1::2])) == 15


def test_ids_are_kept_to_the_last_digit(tmp_path):
    ids = [str(9_007_199_254_740_992_000 + i) for i in range(30)]
    codes = [f"{i:05}" for i in range(30)]
    path = written(tmp_path, {"id": ids, "code": codes, "x": [1, 2, 3] * 10, "buys": BUYS})
    read = read_table(path, "buys")
    assert read.features == ["x"]
    assert column(read, "id").is_id
    assert column(read, "code").is_id
    assert read.as_written["id"].to_list() == ids
    assert read.as_written["code"].to_list() == codes
    assert list(read.as_written) == ["id", "code"]


def test_a_column_without_a_name_gets_a_free_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(",column 1,bought\n" + "5,6,0\n7,9,1\n8,1,0\n" * 10)
    assert read_table(path, "bought").frame.columns == ["column 1*", "column 1"]


def test_lists_in_parquet_are_left_out(tmp_path):
    path = tmp_path / "nested.parquet"
    frame = pl.DataFrame({"x": [1, 2, 3] * 10, "many": [[1], [2], [3]] * 10, "buys": BUYS})
    frame.write_parquet(path)
    read = read_table(path, "buys")
    assert read.nested == ("many",)
    assert any("many: left out" in note for note in read.notes())


def test_the_real_table(shoppers):
    read = read_table(shoppers, "Revenue")
    assert len(read.y) == 12_330
    assert read.y.sum() == 1908
    assert len(read.features) == 17
    assert {one.name for one in read.columns if one.kind == "text"} == {"Month", "VisitorType"}
