"""Tables as users bring them: a sensible answer, or one clear message."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import willbuy
from clean_tables import made_up
from willbuy.leaks.finding import Audit, Finding, Level, ranked
from willbuy.leaks.told import markdown, page, write

WILLBUY = Path(sys.executable).with_name("willbuy")


@pytest.fixture(scope="module")
def frame():
    return made_up(500, 0.3, 1.0, 2, 10)[0].drop("user", "time")


def refused(table, label="bought", **roles):
    with pytest.raises(willbuy.WillbuyError) as told:
        willbuy.audit(table, label, **roles)
    return str(told.value)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (pl.lit(1), ["every row", "bought"]),
        (pl.int_range(pl.len()) % 3, ["two values", "3"]),
        (pl.when(pl.int_range(pl.len()) > 3).then(pl.col("bought")), ["4 of 500", "no label"]),
        (pl.lit("maybe"), ["every row"]),
        (pl.when(pl.col("bought") == 1).then(pl.lit("a")).otherwise(pl.lit("b")), ["nobody says"]),
    ],
)
def test_labels_that_cannot_be(frame, label, words):
    said = refused(frame.with_columns(label.alias("bought")))
    assert all(word in said for word in words), said


@pytest.mark.parametrize("words", [("yes", "no"), ("TRUE", "FALSE"), ("1", "0"), ("Y", "N")])
def test_labels_as_text(frame, words):
    as_text = pl.when(pl.col("bought") == 1).then(pl.lit(words[0])).otherwise(pl.lit(words[1]))
    told = willbuy.audit(frame.with_columns(as_text.alias("bought")), "bought")
    assert told.positives == int(frame["bought"].sum())


def test_a_missing_column_names_the_nearest(frame):
    assert "Did you mean bought" in refused(frame, "bougth")
    assert "duration" in refused(frame, time="duratoin")
    assert "train" in refused(frame, split="views")


def test_odd_columns(frame):
    n = len(frame)
    odd = frame.with_columns(
        constant=pl.lit(5),
        empty=pl.lit(None, pl.Float64),
        nothing=pl.lit(None),
        id=pl.int_range(n) + 10**17,
        date=pl.lit("2024-03-0") + (pl.int_range(n) % 9 + 1).cast(pl.String),
        words=pl.lit("x") + pl.int_range(n).cast(pl.String),
        infinite=pl.lit(float("inf")),
        listed=pl.lit([1, 2]),
        kind=pl.Series(np.random.default_rng(0).choice(["a", "b"], n), dtype=pl.Categorical),
    )
    assert willbuy.audit(odd, "bought").findings == ()


def test_text_of_a_hundred_thousand_values():
    big = made_up(100_000, 0.1, 1.0, 0, 10)[0].drop("user", "time")
    assert big["session_id"].n_unique() == 100_000
    assert willbuy.audit(big, "bought").findings == ()


def test_twenty_rows(frame):
    few = frame.head(20)
    told = willbuy.audit(few.with_columns(copy=pl.col("bought")), "bought")
    assert [one.columns for one in told.findings] == [("copy",)]
    assert told.findings[0].level != Level.CERTAIN
    assert any("Only 20 rows" in note for note in told.notes)
    assert willbuy.audit(few, "bought").findings == ()
    refused(few.head(0))


def test_not_a_table():
    assert "polars or pandas" in refused([1, 2, 3])
    assert "nothing.csv" in refused("nothing.csv")


def test_a_label_that_can_be_none(frame, tmp_path):
    frame.with_columns(many=pl.lit([1, 2])).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(
        willbuy.WillbuyError, match=r"t\.parquet, column 'many' \(--label\): it holds lists"
    ):
        willbuy.audit(tmp_path / "t.parquet", "many")
    with pytest.raises(willbuy.WillbuyError, match="cannot be the label and the split"):
        willbuy.audit(frame, "bought", split="bought")


def test_a_column_name_twice(tmp_path):
    (tmp_path / "twice.csv").write_text("a,a,bought\n1,2,0\n3,4,1\n")
    assert "columns 1 and 2 are named 'a'" in refused(tmp_path / "twice.csv")


def test_files_of_every_kind_tell_the_same(frame, tmp_path):
    leaky = frame.with_columns(spent=pl.col("bought") * pl.col("duration").round(2))
    leaky.write_csv(tmp_path / "a.csv")
    leaky.write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    decimals = leaky.with_columns(
        pl.col(pl.Float64).round(4).cast(pl.String).str.replace(".", ",", literal=True)
    )
    decimals.write_csv(tmp_path / "german.csv", separator=";")
    for name in ("a.csv", "a.parquet", "a.csv.gz", "german.csv"):
        told = willbuy.audit(tmp_path / name, "bought")
        assert [(o.level.word, o.columns) for o in told.findings] == [("certain", ("spent",))], name


def test_a_pandas_frame(frame):
    pandas = pytest.importorskip("pandas")
    leaky = frame.with_columns(spent=pl.col("bought") * pl.col("duration").round(2))
    columns = {name: leaky[name].to_list() for name in leaky.columns}
    told = willbuy.audit(pandas.DataFrame(columns), "bought")
    assert [(o.level.word, o.columns) for o in told.findings] == [("certain", ("spent",))]
    assert told.rows == len(leaky)


def test_columns_that_were_looked_at_are_counted(frame):
    plain = frame.select("views", "duration", "hour", "bought")
    more = plain.with_columns(
        shop=pl.lit("one"), user=pl.int_range(pl.len()), day=pl.lit("2024-03-01").str.to_date(),
        split=pl.Series(["test", "train", "train"] * len(plain)).head(len(plain)),
    )  # fmt: skip
    assert willbuy.audit(plain, "bought").columns == 3
    assert willbuy.audit(more, "bought", time="day", group="user").columns == 3


def test_the_command(frame, tmp_path):
    frame.write_csv(tmp_path / "clean.csv")
    frame.with_columns(spent=pl.col("bought") * 2).write_csv(tmp_path / "leaky.csv")

    def audit(*words):
        return subprocess.run(
            [WILLBUY, "audit", *words], capture_output=True, text=True, cwd=tmp_path
        )

    done = audit("clean.csv", "--label", "bought")
    assert done.returncode == 0
    assert "cannot prove" in done.stdout
    done = audit("leaky.csv", "--label", "bought", "--out", "told.json")
    assert done.returncode == 1
    assert "CERTAIN" in done.stdout
    assert "Traceback" not in done.stderr
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["counts"]["certain"] == 1
    assert told["findings"][0]["columns"] == ["spent"]
    done = audit("leaky.csv", "--label", "bouht")
    assert done.returncode == 2
    assert "Did you mean bought" in done.stderr
    assert audit("leaky.csv", "--label", "bought", "--out", "told.pdf").returncode == 2
    done = audit("leaky.csv", "--label", "bought", "--out", "nowhere/told.json")
    assert done.returncode == 2
    assert "Reading" not in done.stderr + done.stdout


def test_a_page_and_markdown(tmp_path):
    found = Finding(
        Level.LIKELY, "label", ("a<b>",), "a<b> | tells *all*", "=1+1 <script>", "Drop it."
    )
    sure = Finding(Level.CERTAIN, "pair", ("x",), "x tells", "all", "drop")
    told = Audit(ranked([found, sure]), 10, 3, 2, ("a note",), "y", "t.csv")
    assert [one.level for one in told.findings] == [Level.CERTAIN, Level.LIKELY]
    assert told.certain
    html, text = page(told), markdown(told)
    assert "<script>" not in html
    assert "<script>" not in text
    assert "a&lt;b&gt;" in html
    assert "a note" in html
    assert "## Certain" in text
    for name in ("a.html", "a.md", "a.json"):
        write(told, tmp_path / name)
        assert (tmp_path / name).read_text()
    with pytest.raises(willbuy.WillbuyError, match="must end in"):
        write(told, tmp_path / "a.pdf")
    with pytest.raises(willbuy.WillbuyError, match="cannot be written"):
        write(told, tmp_path / "no" / "a.md")
    assert "Nothing was found" in page(Audit((), 10, 3, 2, (), "y"))
