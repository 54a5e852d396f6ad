import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from willbuy.models import choose_threshold


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([0.01, 0.1, 0.2, 0.5, 0.9]),
            st.booleans(),
            st.sampled_from([1.0, 2.5, 7.0]),
        ),
        min_size=2,
        max_size=30,
    )
)
def test_no_other_line_is_better(rows):
    p, y, weight = (np.array(column) for column in zip(*rows, strict=True))
    found = choose_threshold(p, y, weight)
    if y.all() or not y.any():
        assert (found.value, found.expected_f1) == (0.5, None)
        return
    scores = [f1_score(y, p >= line, sample_weight=weight) for line in np.unique(p)]
    assert found.expected_f1 == pytest.approx(max(scores))
    assert f1_score(y, p >= found.value, sample_weight=weight) == pytest.approx(max(scores))
    assert 0 < found.value < 1
