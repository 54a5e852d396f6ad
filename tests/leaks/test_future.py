"""The future is changed, and nothing moves; and if it did, it would be seen."""

import json

import pytest

import willbuy
from quick import QUICK
from willbuy.leaks import future
from willbuy.report.files import read
from willbuy.report.page import page


def test_a_run_tells_that_nothing_moved(small_run):
    told = json.loads((small_run.folder / "audit.json").read_text())
    assert told == small_run.audit
    assert told["future"]["moved"] == []
    assert told["future"]["moments"] > 1000
    assert told["future"]["labels_changed"] > 100
    assert told["future"]["moments_of_shop"] > 1000
    assert told["counts"]["certain"] == told["counts"]["likely"] == 0
    assert "not one bit of the features moved" in page(read(small_run.folder))


@pytest.mark.parametrize("field", ["moments", pytest.param("label", marks=pytest.mark.slow)])
def test_a_feature_that_looks_ahead_is_seen(small_log, tmp_path, monkeypatch, field):
    honest = future._replayed

    def leaky(*given):
        X, rows = honest(*given)
        X[:, 3] = rows[field]
        return X, rows

    monkeypatch.setattr(future, "_replayed", leaky)
    run = willbuy.run(small_log, settings=QUICK, out=tmp_path)
    (found,) = [one for one in run.audit["findings"] if one["level"] == "certain"]
    assert found["columns"] == run.audit["future"]["moved"]
    assert len(found["columns"]) == 1


def test_a_head_of_three_hours(head_run):
    told = head_run.audit["future"]
    assert told["moved"] == []
    assert told["moments"] > 3000
    assert told["moments_of_shop"] == 0  # the log has no complete day
