"""The processes that `explain.py` measures.

python -m explained prepare RUN FOLDER 300 6
python -m explained load|moments|refits RUN FOLDER 20000
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl

from willbuy.bundle.model import load_bundle
from willbuy.explain.contributions import explain
from willbuy.explain.probability import calibration, exactness, mean_points
from willbuy.explain.stability import LEARN, Learned, stability
from willbuy.explain.summary import summary
from willbuy.models.boosted import Boosted, fit_rounds

MODEL = "trees.ubj"


def rows_of(run: Path, part: str, names: list[str], most: int) -> tuple[np.ndarray, pl.DataFrame]:
    """So many rows of a part, the same ones again where it has fewer; and what stands beside."""
    beside = ["label", "weight", "user_key", "ordinal"]
    frame = pl.read_parquet(run / "snapshots" / f"{part}-*.parquet", columns=[*names, *beside])
    frame = frame[np.arange(most) % len(frame)]
    return np.ascontiguousarray(frame.select(names).to_numpy(), np.float32), frame.select(beside)


def main() -> None:
    """Do what is asked, with one thread, and leave the largest gap of the sums."""
    what, run, folder, *numbers = sys.argv[1:]
    bundle = load_bundle(Path(run) / "model", None)
    names = [one.name for one in bundle.features]
    trees = Path(folder) / MODEL
    if what == "prepare":
        X, rows = rows_of(Path(run), "train", names, LEARN)
        y, weight = rows["label"].cast(pl.Boolean).to_numpy(), rows["weight"].to_numpy()
        rounds, depth = map(int, numbers)
        fit_rounds(X, y, weight, names, seed=0, threads=1,
                   params={"rounds": rounds, "max_depth": depth}).save(trees)  # fmt: skip
        return
    model = Boosted.load(trees, threads=1)
    n = int(numbers[0])
    X, rows = rows_of(Path(run), "test", names, n)
    if what == "load":
        return
    told = explain(model, X, rows["weight"].to_numpy(), bundle.features)
    if what == "moments":
        summary(told)
        mean_points(told, bundle.calibrator, rows["ordinal"].to_numpy())
        calibration(told, bundle.calibrator, rows["ordinal"].to_numpy())
        gap = exactness(told, model)["largest_gap"]
        (Path(folder) / f"gap-{n}.json").write_text(json.dumps(gap))
    else:
        X, rows = rows_of(Path(run), "train", names, LEARN)
        y, weight = rows["label"].cast(pl.Boolean).to_numpy(), rows["weight"].to_numpy()
        learned = Learned(X, y, weight, rows["user_key"].to_numpy(), len(y))
        stability(told, model, learned, seed=0, threads=1)


if __name__ == "__main__":
    main()
