"""Live is replay, on random streams: ties, repeats, overlapping sessions, missing fields."""

import functools

import numpy as np
from hypothesis import given, settings

import willbuy
from score_replay import replayed
from streams import logs
from willbuy.score.live import Scorer


@functools.lru_cache(maxsize=1)
def loaded(folder):
    return willbuy.load(folder)


@settings(max_examples=60)
@given(log=logs())
def test_each_arrival_gives_the_bits_of_replay(small_run, log):
    bundle = loaded(small_run.folder).bundle
    events = log.events[np.lexsort((log.events["position"], log.events["time"]))]
    expected = replayed(bundle, events.copy())
    scorer = Scorer(bundle)
    compared = 0
    for event in events:
        score = scorer.take(event)
        if int(event["position"]) in expected:
            X, p, row = expected[int(event["position"])]
            assert (score.status, score.k) == ("open", row["ordinal"])
            assert score.probability == p
            assert scorer.features.tobytes() == X.tobytes()
            compared += 1
    assert compared == len(expected)
