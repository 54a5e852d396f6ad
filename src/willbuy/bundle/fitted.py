"""The trees and the calibrator of a bundle alone: probabilities of features that are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.files import check_sealed, damage_told, find_bundle, read_told, share
from willbuy.models.boosted import Boosted
from willbuy.models.calibrator import Calibrator


@dataclass(frozen=True)
class Fitted:
    """Features in, probabilities out; needs no code of features.

    Attributes:
        names: The F columns, in order.
        booster, calibrator: Features → log-odds → probability.
        threshold: At or above it a moment is flagged.
    """

    names: list[str]
    booster: Boosted
    calibrator: Calibrator
    threshold: float

    def probability(self, X: NDArray[np.float32], k: NDArray[np.integer]) -> NDArray[np.float64]:
        """Calibrated probability of a later purchase.

        Args:
            X: Features, float32 (n, F).
            k: How many events each session had then (n,).
        """
        return self.calibrator(self.booster.margin(X), k)


def load_fitted(run: Path) -> Fitted:
    """Read the model of a run on a log, without its shop tables and golden moments.

    Raises:
        WillbuyError: There is none, it is of another format, or it is damaged.
    """
    folder = find_bundle(run)
    with damage_told(folder):
        told = read_told(folder)
        check_sealed(folder, told, ["booster.ubj"])
        return Fitted(
            [one["name"] for one in told["features"]],
            Boosted.load(folder / "booster.ubj", threads=1),
            Calibrator.from_dict(told["calibrator"]),
            share(told["threshold"]),
        )
