"""A run's vectors: learnt once, anew when they must be, never half-written."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from made_sequences import DAY, block_of, browsing, written
from willbuy.progress import Silent
from willbuy.research.session2vec import kept, search
from willbuy.research.session2vec.embedding import Recipe
from willbuy.research.session2vec.kept import vectors_of


class _StoppedError(Exception):
    """The power is gone."""


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    return written(tmp_path_factory.mktemp("sequences"), block_of(browsing(0, 120, 10)))


@pytest.fixture
def run(sequences, tmp_path, monkeypatch):
    """A folder that passes for a run's; recipes of few epochs."""
    monkeypatch.setattr(kept, "sequences_of", lambda run, reporter: sequences)
    monkeypatch.setattr(kept, "border_of", lambda run: 6 * DAY)
    monkeypatch.setattr(kept, "TRIALS", 3)
    (tmp_path / "research").mkdir()
    about = {"data_fingerprint": "a", "finished": "today"}
    (tmp_path / "run.json").write_text(json.dumps(about), "utf-8")
    return tmp_path


def files(run):
    """What lies in the folder of vectors: bytes and times."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (run / "research" / "vectors").iterdir()
    }


def test_they_are_learnt_once(run, monkeypatch):
    first = vectors_of(run, 0, Silent())
    before = files(run)
    assert set(before) == {"about.json", "embedding.json", "embedding.npz"}
    monkeypatch.setattr(kept, "train", None)
    again = vectors_of(run, 0, Silent())
    assert files(run) == before
    assert np.array_equal(again.embedding.product_vectors, first.embedding.product_vectors)
    assert again.tried == first.tried
    assert first.earlier_cpu_s == 0
    assert 0 < again.earlier_cpu_s <= again.cpu_s == first.cpu_s
    assert len(first.tried) == 3
    assert {name: first.tried[0][name] for name in asdict(Recipe())} == asdict(
        first.embedding.recipe
    )


def test_another_seed_run_or_code_learns_them_anew(run, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "TRIALS", 1)
    first = vectors_of(run, 0, Silent()).embedding.product_vectors
    other = vectors_of(run, 1, Silent()).embedding.product_vectors
    assert not np.array_equal(first, other)
    assert np.array_equal(vectors_of(run, 0, Silent()).embedding.product_vectors, first)
    changes = {
        "run": lambda: (run / "run.json").write_text(
            json.dumps({"data_fingerprint": "b", "finished": "today"}), "utf-8"
        ),
        "border": lambda: monkeypatch.setattr(kept, "border_of", lambda run: 5 * DAY),
        "code": lambda: monkeypatch.setattr(kept, "TRIALS", 2),
        "damage": lambda: (run / "research/vectors/embedding.npz").write_bytes(b"no arrays"),
    }
    for change in changes.values():
        before = files(run)
        change()
        vectors_of(run, 0, Silent())
        assert files(run)["about.json"][1] > before["about.json"][1]


def test_an_interrupted_search_goes_on_and_leaves_nothing_half_written(run, monkeypatch):
    whole = vectors_of(run, 0, Silent())
    before = files(run)
    learn, done = search.train, []

    def stops(*given):
        done.append(given)
        if len(done) == 3:
            raise _StoppedError
        return learn(*given)

    monkeypatch.setattr(search, "train", stops)
    with pytest.raises(_StoppedError):
        vectors_of(run, 1, Silent())
    assert files(run) == before  # the old ones are whole
    gone_on = vectors_of(run, 1, Silent())
    assert len(done) == 4  # the third of three recipes was left
    assert gone_on.earlier_cpu_s > 0  # the two trials before it
    assert not [path for path in (run / "research").iterdir() if path.name != "vectors"]
    (run / "research" / "vectors").rename(run / "other")
    monkeypatch.setattr(search, "train", learn)
    at_once = vectors_of(run, 1, Silent())
    assert at_once.tried == gone_on.tried != whole.tried
    for name in ("product_vectors", "outputs"):
        assert np.array_equal(getattr(at_once.embedding, name), getattr(gone_on.embedding, name))


def test_what_a_search_for_other_vectors_left_is_not_taken(run, monkeypatch):
    def stops(*given):
        raise _StoppedError

    learn = kept.train
    monkeypatch.setattr(kept, "TRIALS", 1)
    monkeypatch.setattr(kept, "train", stops)
    with pytest.raises(_StoppedError):
        vectors_of(run, 0, Silent())
    assert not (run / "research" / "vectors").exists()
    monkeypatch.setattr(kept, "train", learn)
    assert vectors_of(run, 1, Silent()).earlier_cpu_s == 0  # seed 0's trial is none of its own
