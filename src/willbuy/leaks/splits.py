"""What both sides of a split share: groups, rows, rows that are nearly the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.leaks.derived import numbers_of
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Bools, Floats, Ints
from willbuy.leaks.table import Table

_ASKED, _LEARNED = 1500, 100_000
_NEAR = 0.1
_NEAREST = 6
_SHARE = 0.01
_SURE = -6.0
_RARE, _VALUES = 1e-3, 3
_SHARED, _FOLLOWS, _PAIRS = 0.2, 0.1, 5_000
_FEWEST = 20
_COPIED = 0.02
_FEW_POSITIVES, _ALIKE = 10, 0.9
_MOST_AGREE = 0.8


def by_time(table: Table) -> bool:
    """Whether the split is one by time: no test row before a train row, or hardly any."""
    if table.time is None or table.test is None or table.train is None:
        return False
    border = np.quantile(table.time[table.train], 0.99)
    return bool((table.time[table.test] >= border).mean() >= 0.99)


def groups(table: Table) -> Iterator[Finding]:
    """The same group on both sides, or, with no split given, on both sides of a random one."""
    if table.group is None:
        return
    keys, code, size = np.unique(table.group, return_inverse=True, return_counts=True)
    if len(keys) == table.rows:
        return
    if table.test is None or table.train is None:
        yield from _would_share(table, code, size)
        return
    in_train = np.bincount(code[table.train], minlength=len(keys)) > 0
    in_test = np.bincount(code[table.test], minlength=len(keys)) > 0
    both = in_train & in_test
    if not both.any() or by_time(table):  # later rows of a known shopper are what live meets
        return
    share = float(both[code[table.test]].mean())
    yield Finding(
        Level.CERTAIN, "group", (str(table.group_name),),
        f"The same {table.group_name} stands on both sides of the split.",
        f"{int(both.sum()):,} of {int(in_test.sum()):,} groups of the test rows are in train, too; "
        f"they hold {share:.1%} of the test rows. The split is not one by time.",
        f"Split by whole groups (GroupKFold on {table.group_name}), or by time.",
        share, {"groups_on_both_sides": int(both.sum()), "share_of_test_rows": share},
    )  # fmt: skip


def _would_share(table: Table, code: Ints, size: Ints) -> Iterator[Finding]:
    """Without a split: whether rows of a group agree, so that a random split would leak."""
    agree = _agreement(code, size, table.y)
    if agree < 0.05:
        return
    share = float((size[code] > 1).mean())
    yield Finding(
        Level.SUSPICIOUS, "group", (str(table.group_name),),
        f"A random split would put the same {table.group_name} on both sides.",
        f"{share:.1%} of the rows share their {table.group_name} with others, and labels within "
        f"one agree more than chance (correlation {agree:.2f}). No split was named.",
        f"Split by whole groups (GroupKFold on {table.group_name}), or by time.",
        share * agree, {"share_of_rows": share, "correlation_within": agree},
    )  # fmt: skip


def _agreement(code: Ints, size: Ints, y: Bools) -> float:
    """The correlation of the labels of two rows of one group."""
    pairs = float((size * (size - 1)).sum())
    hits = np.bincount(code, y.astype(np.float64), len(size))
    if pairs == 0:
        return 0.0
    together = float((hits * (hits - 1)).sum()) / pairs
    mean = float((hits * (size - 1)).sum()) / pairs
    return (together - mean**2) / (mean * (1 - mean)) if 0 < mean < 1 else 0.0


def repeats(table: Table, rich: Bools) -> Iterator[Finding]:
    """Rows that stand in the table several times, and are too rich to be alike by chance.

    Args:
        table: The table.
        rich: Of `rich_rows`.
    """
    if rich.sum() < 2:
        return
    hashes = table.hashes[rich]
    y = table.y[rich]
    if not _label_was_copied(hashes, y):
        return
    # The label is part of a row that was copied.
    _, code, size = np.unique(_labelled(hashes, y), return_inverse=True, return_counts=True)
    copied = size[code] > 1
    of_positives = float(copied[y].mean()) if y.any() else 0.0
    of_others = float(copied[~y].mean()) if not y.all() else 0.0
    extra = int(copied.sum()) - int((size > 1).sum())
    if extra < _FEWEST or max(of_positives, of_others) < _COPIED:
        return
    figures = {
        "copies": extra,
        "share_of_positives": of_positives,
        "share_of_others": of_others,
    }
    one_sided = y.any() and not y.all() and max(of_positives, of_others) >= 5 * min(
        of_positives, of_others
    )  # fmt: skip
    crossing = 0.0
    if table.test is not None and table.train is not None:
        test = table.test[rich]
        train = np.bincount(code[table.train[rich]], minlength=len(size)) > 0
        crossing = float(train[code[test]].mean()) if test.any() else 0.0
        figures["share_of_test_rows"] = crossing
    crosses = crossing > _SHARE / 2
    if table.test is not None and not crosses:
        return  # copied within a side, as resampling should be
    evidence = (
        f"{extra:,} rows are copies of others, every value equal, among rows with enough rare "
        f"values to be told apart: {of_positives:.1%} of the positives and {of_others:.1%} of the "
        "others have a copy."
    )
    if crosses:
        evidence += f" {crossing:.1%} of the test rows stand in train, too."
    if one_sided:
        which = "Positives" if of_positives > of_others else "Negatives"
        yield Finding(
            Level.CERTAIN if crosses else Level.LIKELY, "resampled", (),
            f"{which} were duplicated (oversampling)"
            + (" before the split." if crosses else "; a split after that would share them."),
            evidence,
            "Split first; resample train only, inside each fold, and judge at the natural rate.",
            max(of_positives, crossing), figures,
        )  # fmt: skip
    else:
        yield Finding(
            Level.CERTAIN if crosses else Level.SUSPICIOUS, "duplicates", (),
            "Rows stand in the table several times"
            + (", on both sides of the split." if crosses else "."),
            evidence,
            "Remove exact copies before splitting, or keep them on one side.",
            float(copied.mean()), figures,
        )  # fmt: skip


def _labelled(hashes: NDArray[np.uint64], y: Bools) -> NDArray[np.uint64]:
    return hashes * np.uint64(2) + y


def _label_was_copied(hashes: NDArray[np.uint64], y: Bools) -> bool:
    """Whether rows of equal features have equal labels, more than chance would have it.

    A copy has its original's label. Rows that are alike for another reason (two moments of one
    session, two sessions of one product) agree about as often as any two rows. Each row is
    compared with the first one like it. Where the rarer label is among them, it must be in both
    rows; features alone may say that both have the common one.
    """
    _, first, code = np.unique(hashes, return_index=True, return_inverse=True)
    origin = first[code]
    later = origin != np.arange(len(hashes))
    rarer = float(min(y.mean(), 1 - y.mean()))
    mine, theirs = ((one == (y.mean() <= 0.5))[later] for one in (y, y[origin]))
    either, both = int((mine | theirs).sum()), int((mine & theirs).sum())
    if either >= _FEW_POSITIVES:
        by_chance = rarer / (2 - rarer)
        return both >= _MOST_AGREE * either and _log10_tail(both, either, by_chance) <= _SURE
    agree, by_chance = int((mine == theirs).sum()), rarer**2 + (1 - rarer) ** 2
    return _log10_tail(agree, len(mine), by_chance) <= _SURE


def rich_rows(table: Table) -> Bools:
    """Rows with three values so rare that two rows share all of them by no chance.

    A value that follows from another one (the price of a product) is no evidence of its own: the
    finest columns are counted first, then those that do not follow from one of them.
    """
    most = max(_RARE * table.rows, 3)
    finest = table.frame.select(pl.col(table.features).approx_n_unique()).row(0, named=True)
    labelled = _labelled(table.hashes, table.y)
    single = np.zeros(table.rows, bool)
    single[np.unique(labelled, return_index=True)[1]] = True
    rare = np.zeros(table.rows, np.int8)
    twins: list[tuple[Ints, Ints]] = []
    for name in sorted(table.features, key=lambda name: -finest[name]):
        codes, size = table.codes(name)
        counts = np.bincount(codes, minlength=size)
        few = (counts[codes] <= most) & (codes > 0)
        if not few.any() or any(_follows(codes, few, *pair) for pair in twins):
            continue
        rare += few & (rare < _VALUES)
        if (pair := _twins(codes, few & single)) is not None:
            twins.append(pair)
        if (rare == _VALUES).all():
            break
    return np.asarray(rare == _VALUES)


def _twins(codes: Ints, rows: Bools) -> tuple[Ints, Ints] | None:
    """Pairs of rows that share a rare value; None where hardly any do.

    Few share one of a measured number, and these may be near-copies of one another: then nothing
    is learned of what follows from what. Copies themselves were left out.
    """
    places = np.flatnonzero(rows)
    places = places[np.argsort(codes[places], kind="stable")]
    same = codes[places[1:]] == codes[places[:-1]]
    if same.sum() < _SHARED * len(places):
        return None
    chosen = np.flatnonzero(same)
    chosen = chosen[:: max(len(chosen) // _PAIRS, 1)]
    return places[chosen], places[chosen + 1]


def _follows(codes: Ints, few: Bools, one: Ints, other: Ints) -> bool:
    """Whether pairs that share a value of another column share those of this one, too."""
    asked = few[one]
    return bool(asked.sum() >= _FEWEST and (codes[one] == codes[other])[asked].mean() > _FOLLOWS)


def nearly(table: Table, rows: Bools) -> Iterator[Finding]:
    """Test rows whose nearest train row is far nearer than the next ones: jittered copies.

    In a cloud of local dimension d, the distance to the nearest of m neighbours is below r times
    that to the m-th with probability about m r^d. A copy stands out against that (the dimension
    is estimated after Levina and Bickel, 2004). Where most columns are counts, neighbours that
    close are common; but only a copy has its original's label, so positives among these rows must
    have positive originals, far more often than their other neighbours are positive.

    Args:
        table: The table.
        rows: Of `rich_rows`.
    """
    if table.test is None or table.train is None or len(table.numeric) < 2:
        return
    asked, learned = _some(rows & table.test, _ASKED), _some(rows & table.train, _LEARNED)
    if len(asked) < 50 or len(learned) < 100:
        return
    names = table.numeric
    everything = np.concatenate([asked, learned])
    Z = _scaled(numbers_of(table, names, everything))
    near, which = _nearest(Z[: len(asked)], Z[len(asked) :])
    nonzero = near[:, -1] > 0
    near, mine, theirs = near[nonzero], table.y[asked[nonzero]], table.y[learned[which[nonzero]]]
    if len(near) < 50:
        return
    ratio = near[:, 0] / near[:, -1]
    others = near[:, 1:-1] / near[:, -1:]
    spread = -np.log(np.maximum(others, 1e-12)).mean(axis=1)
    dimension = max(float(1 / np.median(np.maximum(spread, 1e-3))), 1.0)
    expected = min(_NEAREST * _NEAR**dimension * 2, 1.0)
    kept = float(len(learned) / max((rows & table.train).sum(), 1))
    close = ratio < _NEAR
    up = close & mine
    if up.sum() < _FEW_POSITIVES:
        return
    alike, others_alike = float(theirs[up, 0].mean()), float(theirs[up, -1].mean())
    if alike < _ALIKE or others_alike > (1 + alike) / 3:
        return
    hits = int(close.sum())
    share = hits / len(asked)
    if share < _SHARE * kept or _log10_tail(hits, len(near), expected) > _SURE:
        return
    exact = float((near[:, 0] == 0).mean())
    if exact > 0.5 * share:  # told as copies
        return
    yield Finding(
        Level.LIKELY, "duplicates", (),
        "Test rows have near-copies in train.",
        f"{hits:,} of {len(asked):,} test rows looked at have one train row more than "
        f"{1 / _NEAR:.0f} times nearer than the {_NEAREST}th nearest; by chance about "
        f"{expected * len(near):.1f} would; of the positives among them, {alike:.0%} have a "
        f"positive one there, and {others_alike:.0%} as their {_NEAREST}th nearest"
        + (f" (only {kept:.0%} of train was searched)." if kept < 1 else "."),
        "Find out where the copies come from (augmentation, SMOTE, the same visit logged twice) "
        "and keep each on one side of the split.",
        share, {"share_of_test_rows": share, "expected_share": expected},
    )  # fmt: skip


def _some(mask: Bools, most: int) -> Ints:
    places = np.flatnonzero(mask)
    if len(places) <= most:
        return places
    chosen: Ints = np.random.default_rng(5).choice(places, most, replace=False)
    return chosen


def _scaled(X: Floats) -> Floats:
    """Ranks by column, 0 to 1, missing at -1: no column's unit counts more."""
    out = np.empty(X.shape, np.float32)
    for i, column in enumerate(X.T):
        missing = np.isnan(column)
        levels, place = np.unique(column[~missing], return_inverse=True)
        out[missing, i] = -1
        out[~missing, i] = place / max(len(levels) - 1, 1)
    return out  # type: ignore[return-value]


def _nearest(A: Floats, B: Floats) -> tuple[Floats, Ints]:
    """Distances (a, k) to the nearest rows of B, ascending, and which these are."""
    from sklearn.neighbors import NearestNeighbors

    k = min(_NEAREST, len(B))
    model = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(B)
    distances, places = model.kneighbors(A)
    return np.asarray(distances, np.float64), np.asarray(places, np.int64)


def _log10_tail(hits: int, trials: int, share: float) -> float:
    from scipy.stats import binom

    return float(binom.logsf(hits - 1, trials, share) / np.log(10))
