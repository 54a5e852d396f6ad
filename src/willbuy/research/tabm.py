"""TabM: many small nets in one, on piecewise-linear embeddings of the features."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from willbuy.research.prepared import Prepared
from willbuy.research.tabular import TabularNet
from willbuy.research.training import Plan

if TYPE_CHECKING:
    import torch

MEMBERS, BLOCKS, WIDTH, DROPOUT = 8, 2, 128, 0.1
BINS, EMBEDDING = 16, 8
"""A quarter of the members and of the width of the package's defaults, for the sake of CPUs."""

_ROWS = 50_000


class TabMLearner(TabularNet):
    """TabM (Gorishniy, Kotelnikov & Babenko 2025), the net of the package `tabm`.

    Numbers go through piecewise-linear embeddings (Gorishniy, Rubachev & Babenko 2022) whose
    bins are quantiles of train; flags of missing values go in as they are.
    """

    name: ClassVar[str] = "tabm"
    plan: ClassVar[Plan] = Plan(epochs=8, batch=1024, rate=2e-3, decay=3e-4)

    def _module(self, prepared: Prepared, shape: Mapping[str, Any]) -> torch.nn.Module:
        import torch
        from rtdl_num_embeddings import PiecewiseLinearEmbeddings
        from tabm import TabM

        values, bins = prepared.values, [torch.tensor(one) for one in shape["bins"]]
        with _one_bin_is_right():
            embedded = PiecewiseLinearEmbeddings(bins, EMBEDDING, activation=False, version="B")
        net = TabM.make(
            n_num_features=values, cat_cardinalities=[2] * prepared.flags, d_out=1,
            num_embeddings=embedded, k=MEMBERS, n_blocks=BLOCKS, d_block=WIDTH, dropout=DROPOUT,
        )  # fmt: skip
        return _split(net, values)

    def _settings(self) -> dict[str, Any]:
        return {
            "members": MEMBERS,
            "blocks": BLOCKS,
            "width": WIDTH,
            "dropout": DROPOUT,
            "bins": BINS,
            "embedding": EMBEDDING,
        }

    def _shape(self, prepared: Prepared, X: NDArray[np.float32]) -> dict[str, Any]:
        return {"bins": _quantiles(X[:, : prepared.values], self._seed)}


def _quantiles(Z: NDArray[np.float32], seed: int) -> list[list[float]]:
    """The bins' borders of each column."""
    import torch
    from rtdl_num_embeddings import compute_bins

    if len(Z) > _ROWS:
        Z = Z[np.random.default_rng(seed).choice(len(Z), _ROWS, replace=False)]
    # A column may vary in few of all rows and in none of those drawn.
    ends = np.stack([Z.min(axis=0), Z.max(axis=0)])
    level = ends[0] == ends[1]
    found: list[list[float]] = [[float(low) - 1, float(low) + 1] for low in ends[0]]
    with _one_bin_is_right():
        varied = compute_bins(torch.from_numpy(Z[:, ~level]), n_bins=min(BINS, len(Z) - 1))
    for at, bins in zip(np.flatnonzero(~level), varied, strict=True):
        found[at] = bins.tolist()
    return found


@contextmanager
def _one_bin_is_right() -> Iterator[None]:
    """A column of two values has one bin: no reason to warn."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*just two bin edges", UserWarning)
        yield


def _split(net: torch.nn.Module, values: int) -> torch.nn.Module:
    """The net on values and flags in one array."""
    import torch

    class Split(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tabm = net

        def forward(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            flags = X[:, values:].long() if X.shape[1] > values else None
            return self.tabm(X[:, :values], flags)[..., 0], X.new_zeros(())

    return Split()
