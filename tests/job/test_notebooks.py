"""The notebooks as they are kept: pairs that agree, run from top to bottom, small enough to read.

That they run is checked by `make notebooks`, which needs the demo.
"""

import json
from pathlib import Path

import jupytext
import pytest

BOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MOST = 200_000
"""Bytes: what a page on the web shows without waiting."""

of_each = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)


def cells(notebook):
    return [(one["cell_type"], one["source"]) for one in notebook.cells]


def test_the_story_is_whole():
    stems = [book.stem for book in BOOKS]
    assert [stem[:2] for stem in stems] == [f"{place:02}" for place in range(1, len(stems) + 1)]
    assert [one.stem for one in sorted(BOOKS[0].parent.glob("*.py"))] == stems


@of_each
def test_text_and_notebook_are_the_same(book):
    """After an edit of either: `make books`."""
    assert cells(jupytext.read(book)) == cells(jupytext.read(book.with_suffix(".py")))


@of_each
def test_outputs_are_of_one_clean_run(book):
    """Every cell, in order, without a warning, and with nothing of the machine in it."""
    assert book.stat().st_size < MOST
    code = [one for one in json.loads(book.read_text("utf-8"))["cells"] if "outputs" in one]
    assert [one["execution_count"] for one in code] == list(range(1, len(code) + 1))
    outputs = [output for one in code for output in one["outputs"]]
    assert {one["output_type"] for one in outputs} <= {"stream", "display_data", "execute_result"}
    assert all(one.get("name") != "stderr" for one in outputs)
    told = json.dumps([one.get("text", one.get("data", {}).get("text/plain")) for one in outputs])
    here = str(Path(__file__).parents[2])
    assert not any(place in told for place in (here, "/home/", "/tmp/", "site-packages"))
