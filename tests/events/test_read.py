"""Reading whole logs: the same data in any wrapping, every trap, every row accounted for."""

import csv

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.logs import (
    HEADER,
    events,
    good_rows,
    gz,
    parquet,
    read,
    row,
    same,
    write,
    zipped,
)
from willbuy.errors import WillbuyError
from willbuy.events import read as reading
from willbuy.events import streams
from willbuy.events.keys import key
from willbuy.events.parquet import SLICE
from willbuy.events.read import open_log
from willbuy.events.rejects import Rejects, safe_cell
from willbuy.events.schema import MISSING, Kind
from willbuy.events.words import FIELDS
from willbuy.settings import SourceSettings


def test_the_real_head(head):
    log, seen = read(head)
    assert (log.health.rows, log.health.events, len(seen)) == (17_435, 17_434, 17_434)
    assert log.rejects.counts == {"cut off": 1}
    assert log.rejects.examples["cut off"][1] == 17_436
    assert log.rejects.examples["cut off"][2].endswith(",52040330")
    assert (len(np.unique(seen["user"])), len(np.unique(seen["session"]))) == (4_504, 5_066)
    kinds = dict(zip(*np.unique(seen["kind"], return_counts=True), strict=True))
    assert kinds == {Kind.VIEW: 17_055, Kind.CART: 165, Kind.PURCHASE: 214}
    assert seen["position"].tolist() == list(range(17_434))
    assert log.health.in_time_order
    assert log.health.price_not_positive == log.health.price_missing == 19
    assert log.names.brand[key("samsung")] == "samsung"
    assert log.names.category[2053013555631882655] == "electronics.smartphone"
    assert log.names.section[key("electronics")] == "electronics"
    assert np.isnan(seen["price"]).sum() == 19


def test_the_same_data_in_any_wrapping(head, tmp_path):
    data = head.read_bytes()
    data = data[: data.rindex(b"\n") + 1]
    plain = tmp_path / "plain.csv"
    plain.write_bytes(data)
    frame = pl.read_csv(plain, infer_schema=False)
    frame[frame.columns[::-1]].write_csv(tmp_path / "turned.csv", separator="\t")
    frame.with_columns(pl.lit("x,y").alias("more")).write_csv(tmp_path / "more.csv")
    frame.write_csv(tmp_path / "quoted.csv", quote_style="always")
    (tmp_path / "crlf.csv").write_bytes(data.replace(b"\n", b"\r\n"))
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + data)
    (tmp_path / "open.csv").write_bytes(data.removesuffix(b"\n"))
    typed = frame.with_columns(
        pl.col("event_time").str.to_datetime("%Y-%m-%d %H:%M:%S UTC", time_zone="UTC"),
        pl.col("product_id", "category_id", "user_id").cast(pl.Int64),
        pl.col("price").cast(pl.Float64),
        pl.col("brand").cast(pl.Categorical),
    )
    typed.write_parquet(tmp_path / "typed.parquet", row_group_size=5_000)
    expected = read(plain)[1]
    for path in (
        gz(tmp_path / "plain.csv.gz", data),
        zipped(tmp_path / "plain.zip", plain__csv=data),
        parquet(tmp_path / "plain.parquet", data),
        *(tmp_path / f"{n}.csv" for n in ("turned", "more", "quoted", "crlf", "bom", "open")),
        tmp_path / "typed.parquet",
    ):
        log, seen = read(path)
        assert same(seen, expected), path
        assert log.health.rows == 17_434
        assert log.rejects.total == 0


@pytest.mark.parametrize("size", [200, 1_000, 65_536])
def test_the_size_of_blocks_does_not_matter(head, tmp_path, monkeypatch, size):
    lines = head.read_text().splitlines()[:600]
    lines[200] = "too,few"
    lines[300] = lines[300].replace("UTC", "yesterday")
    path = write(tmp_path / "log.csv", lines[1:])
    whole, expected = read(path)
    monkeypatch.setattr(streams, "BLOCK", size)
    log, seen = read(path)
    assert same(seen, expected)
    assert log.rejects.examples == whole.rejects.examples
    assert [e[1] for e in log.rejects.examples.values()] == [201, 301]
    assert log.health == whole.health
    assert log.names == whole.names


def test_slices_of_parquet_do_not_matter(head, tmp_path, monkeypatch):
    path = parquet(tmp_path / "log.parquet", head.read_bytes().rsplit(b"\n", 1)[0])
    expected = read(path)[1]
    monkeypatch.setattr("willbuy.events.parquet.SLICE", 1_000)
    assert SLICE > 1_000
    assert same(read(path)[1], expected)


def test_chunks_keep_raw_beside_events(head, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 300_000)
    log = open_log([head], SourceSettings())
    done = 0
    for chunk in log.chunks():
        assert chunk.raw.columns == list(FIELDS)
        assert len(chunk.events) == chunk.raw.height
        assert [key(u) for u in chunk.raw["user"][:50]] == chunk.events["user"][:50].tolist()
        assert done < chunk.bytes_read <= log.bytes_total
        done = chunk.bytes_read
    assert done == log.bytes_total


def test_reading_twice_gives_the_same(head):
    log = open_log([head], SourceSettings())
    first, health = events(log), log.health.to_dict()
    assert same(events(log), first)
    assert log.health.to_dict() == health
    assert log.rejects.total == 1


def test_raw_rows_can_be_asked_for_again(head, tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 300_000)
    lines = good_rows(100)
    lines[10] = "bad"
    path = write(tmp_path / "log.csv", lines)
    log, seen = read(path, head)
    positions = np.array([0, 9, 11, 99, 100, 5_000, 17_533])
    raw = pl.concat(log.raw_at(positions))
    assert raw["position"].to_list() == positions.tolist()
    users = dict(zip(seen["position"], seen["user"], strict=True))
    assert [int(u) for u in raw["user"]] == [users[p] for p in positions]
    assert list(log.raw_at(np.array([], dtype=np.int64))) == []
    assert list(log.raw_at(np.array([10]))) == []  # a rejected row has nothing to show


def test_positions_count_rows_over_all_files_rejected_ones_too(tmp_path):
    lines = good_rows(30)
    write(tmp_path / "b.csv", lines[15:])
    write(tmp_path / "a.csv", [*lines[:5], "x,y", "", *lines[5:15]])
    log, seen = read(tmp_path)
    assert seen["position"].tolist() == [*range(5), *range(6, 31)]
    assert seen["user"].tolist() == list(range(1, 31))
    assert log.health.rows == 31
    assert log.rejects.examples["too few fields"][:2] == (str(tmp_path / "a.csv"), 7)


def test_every_fault_has_its_reason_and_line(tmp_path):
    faults = {
        "too few fields": "2019-10-01 00:00:00 UTC,view,1",
        "too many fields": row() + ",more",
        "unreadable time": row(event_time="yesterday"),
        "impossible time": row(event_time="1970-01-01 00:00:00 UTC"),
        "no user": row(user_id=""),
        "mangled id": row(product_id="1.00E+09"),
        "line break in quotes": row(brand='"a'),
        "cut off": row()[:60],
    }
    lines = good_rows(200)
    for i, line in enumerate(faults.values()):
        lines.insert(20 * i + 10, line)
    lines.remove(faults["cut off"])
    path = write(tmp_path / "log.csv", lines)
    path.write_bytes(path.read_bytes() + faults["cut off"].encode())
    log, seen = read(path)
    assert log.rejects.counts == dict.fromkeys(faults, 1)
    assert {why: text for why, (_, _, text) in log.rejects.examples.items()} == faults
    lines = path.read_text().splitlines()
    for _, line, text in log.rejects.examples.values():
        assert lines[line - 1] == text
    assert len(seen) == 200
    assert log.health.rows == 208
    log.rejects.write(tmp_path / "rejected_rows.csv")
    with (tmp_path / "rejected_rows.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert {r["reason"]: r["text"] for r in written} == faults
    assert {r["file"] for r in written} == {str(path)}


@pytest.mark.parametrize("field", ["user_id", "product_id", "user_session"])
@pytest.mark.parametrize("bad", ["2.05E+18", "2053013559792632471.0"])
def test_a_mangled_id_is_rejected(tmp_path, field, bad):
    log, seen = read(write(tmp_path / "log.csv", [*good_rows(40), row(**{field: bad})]))
    assert log.rejects.counts == {"mangled id": 1}
    assert len(seen) == 40


def test_a_mangled_category_falls_back_on_the_path(tmp_path):
    log, seen = read(write(tmp_path / "log.csv", [row(category_id="2.05E+18"), row()]))
    assert seen["category"].tolist() == [key("electronics.smartphone"), 2053013555631882655]
    assert log.health.mangled_categories == 1
    assert log.rejects.total == 0


def test_missing_values_are_missing(tmp_path):
    empty = dict.fromkeys(["product_id", "category_id", "category_code", "brand"], "")
    log, seen = read(
        write(tmp_path / "log.csv", [row(**empty, price="", user_session=""), row(price="free")])
    )
    for name in ("session", "product", "brand", "category", "section"):
        assert seen[name][0] == MISSING
        assert log.health.missing[name] == 1
    assert np.isnan(seen["price"]).all()
    assert (log.health.price_missing, log.health.price_unreadable) == (2, 1)
    assert log.health.missing_share["brand"] == 0.5


def test_quoted_fields(tmp_path):
    brands = ['"Dolce, Gabbana"', '"15"" wide"', '15" wide', '"plain"', '""', "l'oreal"]
    log, seen = read(
        write(
            tmp_path / "log.csv",
            [row(i, brand=brand) for i, brand in enumerate(brands)],
        )
    )
    named = [log.names.brand.get(k) for k in seen["brand"]]
    assert named == ["dolce, gabbana", '15" wide', '15" wide', "plain", None, "l'oreal"]


def test_a_line_break_in_quotes_is_rejected_and_said_so(tmp_path):
    path = write(tmp_path / "log.csv", [*good_rows(60), row(brand='"two\nlines"'), row()])
    log, seen = read(path)
    assert log.rejects.counts == {"line break in quotes": 1, "too few fields": 1}
    assert len(seen) == 61
    assert "not supported" in log.rejects.explain()


def test_files_out_of_time_order_are_noticed(tmp_path):
    log, _ = read(write(tmp_path / "log.csv", [row(5), row(3), row(9), row(1)]))
    assert not log.health.in_time_order
    assert log.health.rows_out_of_order == 2
    assert log.health.to_dict()["first_time"] == "2019-10-01T00:00:01+00:00"


def test_unknown_words_count_as_other(tmp_path):
    lines = [*good_rows(5), row(event_type="hover"), row(event_type="")]
    log, seen = read(write(tmp_path / "log.csv", lines))
    assert seen["kind"].tolist() == [Kind.VIEW] * 5 + [Kind.OTHER] * 2
    assert log.health.unknown_words == {"hover": 1, "": 1}
    assert log.health.unknown_events == 2


def test_mostly_unknown_words_are_an_error(tmp_path):
    path = write(tmp_path / "log.csv", [row(event_type="hover"), row(event_type="x"), row()])
    with pytest.raises(WillbuyError, match=r"log\.csv.*'hover'.*--map kind\.WORD=KIND"):
        read(path)
    _, seen = read(path, kinds={"hover": "wishlist", "x": "checkout"})
    assert seen["kind"].tolist() == [Kind.WISHLIST, Kind.CHECKOUT, Kind.VIEW]


def test_a_log_of_another_shape(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "timestamp;visitorid;event;itemid;department;cost\n"
        "1433221332117;257597;view;355908;Home > Garden;12,50\n"
        "1433224214164;992329;addtocart;248676;Home;1.5\n"
    )
    columns = {"time": "timestamp", "user": "visitorid", "kind": "event", "product": "itemid"}
    log, seen = read(path, columns=columns | {"path": "department", "price": "cost"})
    assert log.source.time_format == "ms"
    assert seen["time"][0] == 1433221332117000
    assert seen["kind"].tolist() == [Kind.VIEW, Kind.CART]
    assert seen["category"].tolist() == [key("home.garden"), key("home")]
    assert seen["section"].tolist() == [key("home")] * 2
    assert seen["price"].tolist() == [12.5, 1.5]
    assert (seen["session"] == MISSING).all()
    assert log.health.kinds_read == {"view": "view", "addtocart": "cart"}


def test_one_column_may_be_two_fields(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("t,u,k,c\n2020-01-01,1,view,a.b\n")
    columns = {"time": "t", "user": "u", "kind": "k", "path": "c", "product": "c"}
    _, seen = read(path, columns=columns)
    assert (seen["product"][0], seen["category"][0]) == (key("a.b"), key("a.b"))


def test_parquet_ids_that_became_floats(tmp_path):
    data = "\n".join([HEADER, *good_rows(50)]).encode()
    path = parquet(tmp_path / "floats.parquet", data, user_id=pl.Float64, price=pl.Float32)
    assert read(path)[1]["user"].tolist() == list(range(1, 51))
    lines = good_rows(50)
    lines[3] = row(user_id="2053013559792632471")
    path = parquet(
        tmp_path / "big.parquet", "\n".join([HEADER, *lines]).encode(), user_id=pl.Float64
    )
    log, _ = read(path)
    assert log.rejects.counts == {"mangled id": 1}
    assert log.rejects.examples["mangled id"][1] == 4


def test_parquet_columns_that_are_no_values(tmp_path):
    frame = pl.DataFrame({"t": ["2020-01-01"], "u": ["1"], "k": ["view"], "items": [[1, 2]]})
    frame.write_parquet(tmp_path / "nested.parquet")
    columns = {"time": "t", "user": "u", "kind": "k"}
    assert len(read(tmp_path / "nested.parquet", columns=columns)[1]) == 1
    with pytest.raises(WillbuyError, match="items"):
        read(tmp_path / "nested.parquet", columns=columns | {"product": "items"})


def test_too_many_bad_rows_stop_the_reading(tmp_path):
    lines = good_rows(100)
    lines[10:50] = ["x,y"] * 40
    path = write(tmp_path / "log.csv", lines)
    with pytest.raises(WillbuyError) as stop:
        read(path)
    for told in ("40 of 100", "log.csv", "40 too few fields", "line 12: x,y", "5%"):
        assert told in str(stop.value)
    log, seen = read(path, share=0.5)
    assert (len(seen), log.rejects.total) == (60, 40)


def test_a_hopeless_log_is_given_up_early(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_EARLY_ROWS", 100)
    monkeypatch.setattr(streams, "BLOCK", 10_000)
    path = write(tmp_path / "log.csv", [row(event_time="x"), *good_rows(20)] + ["x,y"] * 9_000)
    log = open_log([path], SourceSettings())
    with pytest.raises(WillbuyError):
        events(log)
    assert log.health.rows < 4_000


def test_one_bad_row_never_stops_a_small_log(tmp_path):
    log, seen = read(write(tmp_path / "log.csv", [row(), "x"]))
    assert (len(seen), log.rejects.total) == (1, 1)


def test_a_log_without_any_event(tmp_path):
    with pytest.raises(WillbuyError, match="no user"):
        read(write(tmp_path / "log.csv", [row(user_id="")]))


def test_the_fingerprint_knows_names_sizes_and_ends(tmp_path):
    path = write(tmp_path / "a.csv", good_rows(3))
    other = tmp_path / "elsewhere"
    other.mkdir()
    twin = write(other / "a.csv", good_rows(3))
    first = open_log([path], SourceSettings()).fingerprint
    assert open_log([twin], SourceSettings()).fingerprint == first
    write(twin, good_rows(4))
    assert open_log([twin], SourceSettings()).fingerprint != first
    write(tmp_path / "b.csv", good_rows(3))
    assert open_log([tmp_path / "b.csv"], SourceSettings()).fingerprint != first


def test_rejects_are_safe_to_open_in_a_spreadsheet(tmp_path):
    rejects = Rejects()
    texts = ["=1+1", "+a", "-a", "@a", "\ta", "plain, 'text'", 'a "b"', "\ud800"]
    for i, text in enumerate(texts):
        rejects.add("log.csv", i, "cut off", text)
    rejects.write(tmp_path / "r.csv")
    rejects.write(tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        kept = [r["text"] for r in csv.DictReader(file)]
    assert kept == [*(f"'{t}" for t in texts[:5]), *texts[5:7], "?"]
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    assert safe_cell("\r=1") == "'\r=1"


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=6)


@given(st.lists(st.lists(FIELD | st.sampled_from(['"', ",", '""', ""]), min_size=1, max_size=11)))
def test_rows_are_what_the_csv_module_makes_of_them(tmp_path_factory, rows):
    """Whatever lies in the fields, written as CSV: every row is an event or a reject, none lost."""
    path = tmp_path_factory.mktemp("rows") / "log.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER + "\n" + row() + "\n")
        writer = csv.writer(file, lineterminator="\n")
        for fields in rows:
            values = row().split(",")
            writer.writerow(values[:5] + fields[:1] + values[6:] if len(fields) == 9 else fields)
    log, seen = read(path, share=1.0)
    whole = [fields for fields in rows if len(fields) == 9]
    assert len(seen) == 1 + len(whole)
    raw = pl.concat(log.raw_at(seen["position"]))
    assert [b or "" for b in raw["brand"][1:]] == [fields[0] for fields in whole]
    blank = sum(len(f) == 1 and not f[0].strip(" \t") for f in rows)
    assert log.rejects.total >= len(rows) - len(whole) - blank
