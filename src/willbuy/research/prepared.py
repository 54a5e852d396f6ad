"""Features as a net can use them: nothing missing, of one scale, learnt from train alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.models.columns import learn, transform

Floats = NDArray[np.float64]

ROWS = 100_000
"""What a column needs is learnt from at most so many moments, drawn."""

_CHUNK = 65_536


@dataclass(frozen=True, eq=False)
class Prepared:
    """What each column needs before a net, as before the logistic regression.

    Missing → ``fill``; signed log1p where ``logged``; clipped to [``low``, ``high``], the range
    seen; minus ``mean``, over ``scale``. Constant columns are left out. After the V columns that
    vary come M flags, 1 where values are missing; columns that are always missing together share
    one.

    Attributes:
        fill, logged, low, high, mean, scale: One each of the F columns (F,).
        varies: Which are kept (F,).
        flag: For each of the F columns the number of its flag, -1 where it is never missing.
    """

    fill: Floats
    logged: NDArray[np.bool_]
    low: Floats
    high: Floats
    mean: Floats
    scale: Floats
    varies: NDArray[np.bool_]
    flag: NDArray[np.int64]

    @classmethod
    def learn(cls, X: NDArray[np.float32], *, seed: int) -> Prepared:
        """Learn it from the moments to learn from.

        Args:
            X: float32 (n, F), nan where missing.
            seed: Draws `ROWS` of them where there are more.
        """
        if len(X) > ROWS:
            X = X[np.sort(np.random.default_rng(seed).choice(len(X), ROWS, replace=False))]
        missing = np.isnan(X)
        fill, logged = learn(X, missing)
        Z = transform(X, missing, fill, logged)
        low, high = Z.min(axis=0), Z.max(axis=0)
        spread = Z.std(axis=0)
        varies = (high > low) & (spread > 0)
        return cls(
            fill, logged, low, high, Z.mean(axis=0), np.where(varies, spread, 1.0), varies,
            _flags(missing),
        )  # fmt: skip

    @property
    def values(self) -> int:
        """V, how many columns vary."""
        return int(self.varies.sum())

    @property
    def flags(self) -> int:
        """M, how many flags there are."""
        return int(self.flag.max(initial=-1)) + 1

    def __call__(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Prepare moments.

        Args:
            X: float32 (n, F), nan where missing.

        Returns:
            float32 (n, V + M).
        """
        made = np.empty((len(X), self.values + self.flags), np.float32)
        flagged = [int(np.flatnonzero(self.flag == at)[0]) for at in range(self.flags)]
        for begin in range(0, len(X), _CHUNK):
            part = X[begin : begin + _CHUNK]
            missing = np.isnan(part)
            Z = transform(part, missing, self.fill, self.logged)
            Z = (np.clip(Z, self.low, self.high) - self.mean) / self.scale
            rows = slice(begin, begin + len(part))
            made[rows, : self.values] = Z[:, self.varies]
            made[rows, self.values :] = missing[:, flagged]
        return made

    def by_column(self, share: Floats) -> Floats:
        """What belongs to the F columns, of what belongs to what is made of them.

        Args:
            share: Of the V values and M flags (V + M,).

        Returns:
            (F,); the share of a flag is dealt evenly to the columns that have it.
        """
        found = np.zeros(len(self.fill))
        found[self.varies] = share[: self.values]
        for at, one in enumerate(share[self.values :]):
            mine = self.flag == at
            found[mine] += one / mine.sum()
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists; JSON keeps every bit of them."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Prepared:
        """Rebuild what `to_dict` gave."""
        kinds: dict[str, Any] = {"logged": np.bool_, "varies": np.bool_, "flag": np.int64}
        return cls(
            **{name: np.array(one, kinds.get(name, np.float64)) for name, one in plain.items()}
        )


def _flags(missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    flag = np.full(missing.shape[1], -1)
    sometimes = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
    if len(sometimes):
        packed = np.packbits(missing[:, sometimes], axis=0)
        flag[sometimes] = np.unique(packed, axis=1, return_inverse=True)[1].ravel()
    return flag
