"""What both sides of a split share: groups, rows, rows that are nearly the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from willbuy.leaks.derived import numbers_of
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Bools, Floats, Ints
from willbuy.leaks.table import Table

_ASKED, _LEARNED = 1500, 100_000
_NEAR = 0.1
_NEAREST = 6
_SHARE = 0.01
_SURE = -6.0
_RARE = 1e-3
_FEWEST = 20
_COPIED = 0.02
_FEW_POSITIVES, _ALIKE = 10, 0.9


def by_time(table: Table) -> bool:
    """Whether the split is one by time: no test row before a train row, or hardly any."""
    if table.time is None or table.test is None:
        return False
    border = np.quantile(table.time[~table.test], 0.99)
    return bool((table.time[table.test] >= border).mean() >= 0.99)


def groups(table: Table) -> Iterator[Finding]:
    """The same group on both sides, or, with no split given, on both sides of a random one."""
    if table.group is None:
        return
    keys, code, size = np.unique(table.group, return_inverse=True, return_counts=True)
    if len(keys) == table.rows:
        return
    if table.test is None:
        yield from _would_share(table, code, size)
        return
    in_train = np.bincount(code[~table.test], minlength=len(keys)) > 0
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


def repeats(table: Table) -> Iterator[Finding]:
    """Rows that stand in the table several times, and too rich to be alike by chance."""
    names = list(table.features)
    rich = _rich_rows(table)
    if rich.sum() < 2:
        return
    hashes = table.frame.select(names).hash_rows(seed=3).to_numpy()[rich]
    y = table.y[rich]
    # The label is part of a row that was copied.
    _, code, size = np.unique(hashes * np.uint64(2) + y, return_inverse=True, return_counts=True)
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
    if table.test is not None:
        test = table.test[rich]
        train = np.bincount(code[~test], minlength=len(size)) > 0
        crossing = float(train[code[test]].mean()) if test.any() else 0.0
        figures["share_of_test_rows"] = crossing
    evidence = (
        f"{extra:,} rows are copies of others, every value equal, among rows with enough rare "
        f"values to be told apart: {of_positives:.1%} of the positives and {of_others:.1%} of the "
        "others have a copy."
    )
    if table.test is not None and crossing > _SHARE / 2:
        evidence += f" {crossing:.1%} of the test rows stand in train, too."
    if one_sided:
        which = "Positives" if of_positives > of_others else "Negatives"
        crosses = table.test is not None and crossing > _SHARE / 2
        if table.test is not None and not crosses:
            return  # resampled within a side, as it should be
        yield Finding(
            Level.CERTAIN if crosses else Level.LIKELY, "resampled", (),
            f"{which} were duplicated (oversampling)"
            + (" before the split." if crosses else "; a split after that would share them."),
            evidence,
            "Split first; resample train only, inside each fold, and judge at the natural rate.",
            max(of_positives, crossing), figures,
        )  # fmt: skip
    elif table.test is None or crossing > _SHARE / 2:
        yield Finding(
            Level.SUSPICIOUS if table.test is None else Level.CERTAIN, "duplicates", (),
            "Rows stand in the table several times"
            + (", on both sides of the split." if table.test is not None else "."),
            evidence,
            "Remove exact copies before splitting, or keep them on one side.",
            float(copied.mean()), figures,
        )  # fmt: skip


def _rich_rows(table: Table) -> Bools:
    """Rows with at least three values so rare that two rows share all of them by no chance."""
    rare = np.zeros(table.rows, np.int64)
    most = max(_RARE * table.rows, 3)
    for name in table.features:
        codes, size = table.codes(name)
        counts = np.bincount(codes, minlength=size)
        rare += (counts[codes] <= most) & (codes > 0)
    return rare >= min(3, max(len(table.numeric) - 1, 1))


def nearly(table: Table) -> Iterator[Finding]:
    """Test rows whose nearest train row is far nearer than the next ones: jittered copies.

    In a cloud of local dimension d, the distance to the nearest of m neighbours is below r times
    that to the m-th with probability about m r^d. A copy stands out against that (the dimension
    is estimated after Levina and Bickel, 2004). Where most columns are counts, neighbours that
    close are common; but only a copy has its original's label, so positives among these rows must
    have positive originals, far more often than their other neighbours are positive.
    """
    if table.test is None or len(table.numeric) < 2:
        return
    rows = _rich_rows(table)
    asked, learned = _some(rows & table.test, _ASKED), _some(rows & ~table.test, _LEARNED)
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
    kept = float(len(learned) / max((rows & ~table.test).sum(), 1))
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
