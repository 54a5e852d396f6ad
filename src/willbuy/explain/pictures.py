"""All pictures of a run's explanations, and what each one shows."""

from __future__ import annotations

from pathlib import Path

from willbuy.evaluate.metrics import Bools
from willbuy.explain.contributions import Explained, Floats
from willbuy.explain.plot import save_summary_plot
from willbuy.explain.plot_bars import save_family_bars, save_feature_bars
from willbuy.explain.plot_dependence import dependence_file, save_dependence_plot
from willbuy.explain.plot_moment import save_moment_plot, typical

FOLDER = Path("outputs") / "shap_plots"
"""Of the pictures, in a run's folder."""

DEPENDENCE = 6
"""So many features get a plot of their own."""


def save_pictures(told: Explained, p: Floats, y: Bools, folder: Path) -> list[dict[str, str]]:
    """Draw everything into a folder.

    Args:
        told: The n explained moments.
        p: Their calibrated probabilities (n,).
        y: Whether a purchase follows (n,).
        folder: Made where it is not there.

    Returns:
        For each picture its ``file``, in the folder, and what it ``shows``.
    """
    found: dict[str, str] = {}

    def file(name: str, shows: str) -> Path:
        found[name] = shows
        return folder / name

    save_summary_plot(told, file("summary.png", "what the strongest features add, a dot each time"))
    save_feature_bars(told, file("bar_features.png", "mean size of what each feature adds"))
    save_family_bars(told, file("bar_families.png", "mean size of what each family adds together"))
    for place, i in enumerate(told.strongest(DEPENDENCE).tolist(), 1):
        one = told.features[i]
        name = dependence_file(one.name)
        if name in found:  # two columns whose names differ only by signs
            name = name.replace(".png", f"_{place}.png")
        other = save_dependence_plot(told, i, folder / name)
        found[name] = f"what “{one.label}” adds, by its value"
        if other is not None:
            label = next(it.label for it in told.features if it.name == other)
            found[name] += f"; coloured by “{label}”"
    for kind, among in (("buyer", y), ("non_buyer", ~y)):
        row = typical(p, among)
        if row is not None:
            who = "that a purchase follows" if kind == "buyer" else "that no purchase follows"
            shows = f"a typical case {who}: probability {p[row]:.1%} after calibration"
            path = file(f"waterfall_{kind}.png", shows)
            save_moment_plot(told, row, shows.capitalize(), path)
    return [{"file": name, "shows": shows} for name, shows in found.items()]
