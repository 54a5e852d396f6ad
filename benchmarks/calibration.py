"""Which map from scores to probabilities holds in the week to come, over simulated shops.

    python benchmarks/calibration.py --events 300_000 --seeds 6
    python benchmarks/calibration.py --events 1_000_000 --seeds 4

Each seed is a shop of the default world and one of bargains. The trees are fitted as a run fits
them; each map learns from the calibrate part, and all or half of what it asks for is done. Test
judges. Told is the mean over the shops, with its standard error; and, shop by shop, what a map has
more or less than what the library does (`chosen`, half): where that mean is not beyond two of its
standard errors, it is no difference. A shop's figures stand in its folder, and are not made again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from machine import machine
from maps import MAPS, Rows
from sheets import Sheet
from shops import Shop, shops
from standings import Standings
from willbuy.evaluate.figures import How, Part
from willbuy.evaluate.metrics import equal_mass_bins, error_by_chance
from willbuy.models.calibration import SHARE
from willbuy.models.calibrator import SURE, blend
from willbuy.snapshots.splits import CALIBRATE, TEST

SHARES = (SHARE, 1.0)
NOW = f"chosen, {SHARE:g}"
FIGURES = ("log loss", "error", "slope off 1", "mean off rate", "outside")
REPLICATES = 200


def rows_of(shop: Shop, part: int, margin: np.ndarray) -> Rows:
    """The rows of a part with what maps may know."""
    rows = shop.kept.rows_of(part)
    return Rows(margin, rows["label"].astype(bool), rows["weight"], rows["user"],
                rows["ordinal"], shop.returning(part))  # fmt: skip


def mapped(shop: Shop) -> dict[str, np.ndarray]:
    """Map and share → probabilities of test."""
    learnt, test = (
        rows_of(shop, part, margin)
        for part, margin in zip((CALIBRATE, TEST), shop.margins(), strict=True)
    )
    odds = {"none": test.margin}
    for name, fit in MAPS.items():
        whole = fit(learnt, test)
        odds |= {f"{name}, {share:g}": blend(test.margin, whole, share) for share in SHARES}
    return {name: np.clip(expit(one), SURE, 1 - SURE) for name, one in odds.items()}


def judged(standings: Standings, name: str) -> list[float]:
    """The `FIGURES` of one map."""
    part = standings.part(name, np.ones(len(standings.moments), dtype=bool))
    y, p, weight = part.y, part.p, part.weight
    odds = np.log(p / (1 - p))[:, None]
    line = LogisticRegression(C=np.inf, solver="newton-cholesky").fit(odds, y, sample_weight=weight)
    mean, rate = np.average(p, weights=weight), np.average(y, weights=weight)
    slices = standings.slices(part, How(0.5, 0, REPLICATES, standings.threads))
    return [
        log_loss(y, p, sample_weight=weight),
        equal_mass_bins(p, weight).error(y, p, weight),
        abs(float(line.coef_[0, 0]) - 1),
        abs(mean / rate - 1),
        sum(one["outside"] for one in slices),
    ]


def by_chance(part: Part) -> float:
    """What a perfect model would show, in 19 of 20 draws at most."""
    return error_by_chance(part.p, part.weight, part.session, seed=0, redraws=100)["p95"]


def told_of(shop: Shop) -> dict[str, Any]:
    """One shop: the figures of each map, its test moments, and the error by chance."""
    file = shop.folder / "calibration.json"
    if not file.exists():
        standings = Standings(shop.moments, mapped(shop), REPLICATES, 2)
        now = standings.part(NOW, np.ones(len(shop.moments), dtype=bool))
        maps = {name: judged(standings, name) for name in standings.p}
        told = {"maps": maps, "moments": len(now.y), "by_chance": by_chance(now)}
        file.write_text(json.dumps(told, default=float))
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def level(shop: Shop, part: int) -> tuple[float, float]:
    """The model's own mean probability over the rate, minus 1, and its standard error.

    The error covers which shoppers came.
    """
    rows, margin = shop.kept.rows_of(part), shop.margins()[(CALIBRATE, TEST).index(part)]
    values = rows["weight"][:, None] * np.column_stack([expit(margin), rows["label"]])
    drawn = How(0.5, 0, REPLICATES, 2).sums(rows["user"], np.zeros(len(rows), int), values, 1)
    mean, rate = values.sum(axis=0)
    return mean / rate - 1, float((drawn[:, 0, 0] / drawn[:, 0, 1]).std())


def levels(names: list[str], found: np.ndarray) -> Sheet:
    """What calibrate says of the level of the week after it; found is (shops, 2, 2)."""
    gaps, errors = found[:, :, 0], found[:, :, 1]
    follows = np.corrcoef(gaps.T)[0, 1]
    rows = [
        [name, *(f"{gap:+.1%} ± {error:.1%}" for gap, error in one)]
        for name, one in zip(names, found, strict=True)
    ]
    size, chance = np.sqrt((gaps**2).mean(axis=0)), np.sqrt((errors**2).mean(axis=0))
    rows += [["root mean square", *(f"{one:.1%}" for one in size)],
             ["... by chance alone", *(f"{one:.1%}" for one in chance)]]  # fmt: skip
    note = f"Correlation of the two weeks over the shops: {follows:+.2f}."
    title = "The model's own mean probability over the rate, minus 1"
    return Sheet(title, ("shop", "calibrate", "test"), rows, note)


def spread(values: np.ndarray, digits: int, sign: str = "") -> str:
    """A mean over shops and its standard error."""
    error = values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():{sign}.{digits}f} ± {error:.{digits}f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--out", type=Path, default=Path("runs/shops"), help="the shops' rows")
    given = parser.parse_args()
    console = Console(width=150)
    told, found, names = [], [], []
    for shop in shops(given.out, given.events, given.seeds, ("default", "bargains")):
        told.append(told_of(shop))
        found.append([level(shop, part) for part in (CALIBRATE, TEST)])
        names.append(shop.name)
        now = zip(FIGURES, told[-1]["maps"][NOW], strict=True)
        said = ", ".join(f"{figure} {value:.4f}" for figure, value in now)
        console.print(f"{shop.name}: {NOW}: {said}, by chance {told[-1]['by_chance']:.4f}")
    figures = {name: np.array([one["maps"][name] for one in told]) for name in told[0]["maps"]}
    moments, chance = ([one[what] for one in told] for what in ("moments", "by_chance"))
    sheet = Sheet(
        f"{len(chance)} shops of {given.events:,} events; test has {min(moments):,} to "
        f"{max(moments):,} moments",
        ("map, share", *FIGURES, "log loss minus now, 1e-5", "error minus now"),
        [
            [name, *(spread(rows[:, at], digits) for at, digits in enumerate((4, 4, 3, 3, 1))),
             spread(1e5 * (rows - figures[NOW])[:, 0], 1, "+"),
             spread((rows - figures[NOW])[:, 1], 4, "+")]
            for name, rows in figures.items()
        ],
        f"By chance the error is up to {np.mean(chance):.4f} (95th percentile, mean over shops). "
        f"Now: {NOW}. Mean ± its standard error over the shops.",
    )  # fmt: skip
    console.print(machine("willbuy", "xgboost-cpu", "scikit-learn", "venn-abers"))
    for one in (sheet, levels(names, np.array(found))):
        print(one.markdown())


if __name__ == "__main__":
    main()
