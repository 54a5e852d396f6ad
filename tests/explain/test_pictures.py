"""The pictures of a run: whole, named after what they show, and without a trace outside."""

import json

import matplotlib
import numpy as np
import pytest
from matplotlib import image

from willbuy.explain.contributions import Explained
from willbuy.explain.pictures import DEPENDENCE, FOLDER, save_pictures
from willbuy.explain.plot_dependence import strongest_interaction
from willbuy.explain.plot_moment import typical
from willbuy.features.registry import Feature


def feature(name, label="Of x in $ and $", unit="events"):
    return Feature(name, label, unit, "Made up.", "session.counts", lambda *_: 0.0)


def inked_border(path):
    """Whether anything but white touches the edge of a picture: then it may be cut off."""
    pixels = image.imread(path)[..., :3]
    edge = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    return any((one < 0.99).any() for one in edge)


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3)).astype(np.float32)
    X[:50, 0] = np.nan
    other = np.where(X[:, 1] > 0, 1.0, -1.0)  # decides which way the first feature works
    added = np.column_stack([np.nan_to_num(X[:, 0]) * other, 0.1 * X[:, 1], 0.01 * X[:, 2]])
    features = [feature("a: b/c"), feature("other"), feature("third", unit="seconds")]
    return Explained(features, X, np.ones(500), added.astype(np.float32), -2.0)


def test_every_picture_is_told_and_whole(made, tmp_path):
    before = np.random.get_state()[1].copy()
    y = np.arange(500) % 10 == 0
    plots = save_pictures(made, 1 / (1 + np.exp(-made.margin)), y, tmp_path / "deep" / "er")
    files = {one["file"] for one in plots}
    assert files == {path.name for path in (tmp_path / "deep" / "er").iterdir()}
    assert {"summary.png", "bar_features.png", "bar_families.png", "waterfall_buyer.png",
            "waterfall_non_buyer.png", "dependence_a_b_c.png"} <= files  # fmt: skip
    for one in plots:
        assert not inked_border(tmp_path / "deep" / "er" / one["file"]), one["file"]
    assert (np.random.get_state()[1] == before).all()
    assert not matplotlib.pyplot.get_fignums()  # no figure is left open


def test_names_that_differ_only_by_signs_keep_their_own_files(made, tmp_path):
    features = [feature("a b"), feature("a/b"), feature("a-b")]
    told = Explained(features, made.X, made.weight, made.contributions, made.base)
    plots = save_pictures(told, np.full(500, 0.5), np.zeros(500, bool), tmp_path)
    assert len({one["file"] for one in plots}) == len(plots)
    assert sum(one["file"].startswith("dependence_a_b") for one in plots) == 3
    assert "waterfall_buyer.png" not in {one["file"] for one in plots}  # nobody buys


def test_the_interaction_that_is_there_is_found(made):
    assert strongest_interaction(made, 0) == 1


def test_the_typical_case_is_the_median():
    p = np.array([0.9, 0.1, 0.5, 0.3, 0.2])
    assert p[typical(p, np.array([True, True, True, False, False]))] == 0.5
    assert typical(p, np.zeros(5, bool)) is None


@pytest.mark.parametrize("name", ["small_run", "table_run"])
def test_a_run_has_them(name, request):
    folder = request.getfixturevalue(name).folder
    found = json.loads((folder / "explanations.json").read_text())
    files = {one["file"] for one in found["plots"]}
    assert files == {path.name for path in (folder / FOLDER).iterdir()}
    assert sum(one.startswith("dependence_") for one in files) == DEPENDENCE
    assert not any(inked_border(folder / FOLDER / one) for one in files)
