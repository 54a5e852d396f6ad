"""Why the model answers as it does, on moments of the test part."""

from __future__ import annotations

from pathlib import Path

from willbuy.explain.contributions import explain
from willbuy.explain.plot import save_summary_plot
from willbuy.explain.summary import summary
from willbuy.job.evaluation import drawn
from willbuy.job.folder import write_json
from willbuy.job.train import Trained
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import TEST

MOST = 5_000
"""At most so many moments are explained: each costs about a hundred scores."""


def write_explanations(snapshots: Snapshots, trained: Trained, folder: Path) -> None:
    """Write explanations.json and outputs/shap_plots/summary.png."""
    X, rows = drawn(snapshots, TEST, MOST)
    told = explain(trained.boosted, X, rows["weight"], snapshots.features)
    write_json(folder / "explanations.json", summary(told))
    save_summary_plot(told, folder / "outputs" / "shap_plots" / "summary.png")
