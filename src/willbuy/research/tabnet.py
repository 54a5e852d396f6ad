"""TabNet: a net that chooses, moment by moment and step by step, which features it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from willbuy.research.learner import Floats, Moments
from willbuy.research.prepared import Prepared
from willbuy.research.tabular import TabularNet
from willbuy.research.training import Plan, device

if TYPE_CHECKING:
    import torch

WIDTH, STEPS, REUSE, SPARSE, GHOST = 16, 4, 1.5, 1e-4, 256
"""n_d = n_a, n_steps, gamma, lambda_sparse and the virtual batch of Arik & Pfister (2021)."""


class TabNetLearner(TabularNet):
    """TabNet (Arik & Pfister 2021), the net of pytorch-tabnet, trained on weighted moments.

    pytorch-tabnet's own training knows weights only as rates of drawing; here they weigh the
    loss, as for every other model.
    """

    name: ClassVar[str] = "tabnet"
    plan: ClassVar[Plan] = Plan(epochs=12, batch=2048, rate=2e-2, decay=1e-5)

    def _module(self, prepared: Prepared, shape: Mapping[str, Any]) -> torch.nn.Module:
        import torch
        from pytorch_tabnet.tab_network import TabNet

        width = prepared.values + prepared.flags
        net = TabNet(
            width, 1, n_d=WIDTH, n_a=WIDTH, n_steps=STEPS, gamma=REUSE, virtual_batch_size=GHOST,
            mask_type="entmax", group_attention_matrix=torch.eye(width).to(device()),
        )  # fmt: skip
        return _sparse(net)

    def _settings(self) -> dict[str, Any]:
        return {
            "n_d": WIDTH,
            "n_a": WIDTH,
            "n_steps": STEPS,
            "gamma": REUSE,
            "lambda_sparse": SPARSE,
            "virtual_batch_size": GHOST,
            "mask_type": "entmax",
        }

    def masks(self, moments: Moments) -> Floats:
        """How much the net looks at each feature: its masks over steps and moments.

        Each step's mask counts as much as the step adds to the answer (Arik & Pfister 2021,
        section "Interpretability"), a moment's masks add up to 1.

        Args:
            moments: Whose masks.

        Returns:
            Of the F features (F,), adding up to 1.
        """
        import torch

        assert self._net is not None
        assert self._prepared is not None
        table, total = self._source(moments), np.zeros(self._prepared.values + self._prepared.flags)
        on, net = next(self._net.parameters()).device, cast(Any, self._net).tabnet
        with torch.inference_mode():
            for begin in range(0, len(moments), self.at_a_time):
                places = np.arange(begin, min(begin + self.at_a_time, len(moments)))
                (X,) = table.inputs(places)
                looked = net.forward_masks(X.to(on))[0].double().cpu().numpy()
                total += (looked / np.maximum(looked.sum(axis=1, keepdims=True), 1e-12)).sum(axis=0)
        return self._prepared.by_column(total / max(total.sum(), 1e-12))


def _sparse(net: torch.nn.Module) -> torch.nn.Module:
    """The net with the penalty on masks that look at many features."""
    import torch

    class WithSparsity(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tabnet = net

        def forward(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            # The second is the mean of m ln m: minus the masks' entropy.
            odds, concentrated = self.tabnet(X)
            return odds[:, 0], -SPARSE * concentrated

    return WithSparsity()
