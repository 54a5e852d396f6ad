"""The page of a table's run: whole, without empty sections, and in words of sessions."""

import re

import numpy as np
import polars as pl
import pytest

import willbuy
from pages import SECTIONS, read
from quick import QUICK, quick


def sections(folder):
    text = (folder / "report.html").read_text("utf-8")
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', text, re.S))


def test_the_page_is_whole_and_every_section_says_something(table_run):
    page = read(table_run.folder)
    of_logs = ("early", "todo", "whom")
    assert [one for one in SECTIONS if one not in of_logs] == [
        name for name in page.ids if name in SECTIONS
    ]
    for name, body in sections(table_run.folder).items():
        told = re.sub(r"<h2>.*?</h2>|<[^>]+>", " ", body)
        assert len(told.split()) > 10, name
    links = [value for tag, name, value in page.attributes if tag == "a" and name == "href"]
    assert all(link.removeprefix("#") in page.ids for link in links)


def test_nothing_is_told_of_moments(table_run):
    assert "moment" not in read(table_run.folder).text.lower()


def test_names_of_columns_are_only_text(tmp_path):
    draw = np.random.default_rng(0)
    hostile = ("<script>alert('x')</script>", "a[0] < $m_{x}$", "=cmd()", "moments")
    frame = pl.DataFrame({name: draw.normal(size=900) for name in hostile})
    bought = draw.random(900) < 1 / (1 + np.exp(2 - frame[hostile[0]].to_numpy()))
    path = tmp_path / "hostile.parquet"
    frame.with_columns(pl.Series("bought", bought)).write_parquet(path)
    done = willbuy.run_table(path, "bought", out=tmp_path, settings=quick(explain={"rows": 50}))
    page = read(done.folder)
    assert "script" not in page.tags
    assert hostile[0] in page.text
    header = (done.folder / "sample_session_features.csv").read_text().splitlines()[0]
    assert "'=cmd()" in header


@pytest.fixture(scope="module")
def quick_run(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return willbuy.run_table(table, "bought", out=out, settings=QUICK)


def test_where_nothing_was_to_be_explained_it_says_so(quick_run):
    assert not (quick_run.folder / "explanations.json").exists()
    assert not (quick_run.folder / "outputs").exists()
    assert "the setting explain.rows is 0" in read(quick_run.folder).text


def test_limits_are_told(table_run, quick_run):
    page = read(table_run.folder).text
    assert "willbuy audit" in page
    assert "sessions that come later" in page
    page = read(quick_run.folder).text
    assert "nothing of the future" in page
    assert "Yes, on days" not in page


def test_columns_are_told(table_run):
    page = read(table_run.folder).text
    assert "no feature: constant: always the only one" in page
    assert "of a visitor of an earlier part" in page
