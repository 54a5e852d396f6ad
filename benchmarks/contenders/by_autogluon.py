"""AutoGluon-Tabular, run by the Python of an environment of its own.

    python by_autogluon.py FOLDER --seconds 900 --threads 2

FOLDER has `train.parquet`, `validation.parquet` and `test.parquet`: features, and in the first two
`label` and, where weights differ, `weight`. It gets `autogluon.parquet` (the best model by the
validation rows), `autogluon_refitted.parquet` (the same fitted again on train and validation),
`leaderboard.csv` and `autogluon.json`.

The preset is medium_quality: single models and a weighted ensemble, chosen by the validation rows.
The better presets judge by random folds of rows, several models each, which neither fits
validation rows that lie later in time nor two cores and a quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from autogluon.tabular import TabularPredictor

PRESET = "medium_quality"


def main() -> None:
    """Fit, predict and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    given = parser.parse_args()
    train, validation, test = (
        pd.read_parquet(given.folder / f"{name}.parquet")
        for name in ("train", "validation", "test")
    )
    predictor = TabularPredictor(
        label="label", eval_metric="roc_auc", path=str(given.folder / "models"),
        sample_weight="weight" if "weight" in train else None,
    )  # fmt: skip
    wall, cpu = time.perf_counter(), time.process_time()
    predictor.fit(
        train, tuning_data=validation, time_limit=given.seconds, presets=PRESET,
        num_cpus=given.threads, num_gpus=0,
    )  # fmt: skip
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    predictor.leaderboard().to_csv(given.folder / "leaderboard.csv", index=False)
    best = predictor.model_best
    again = predictor.refit_full(best, num_cpus=given.threads)[best]
    both = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    for name, model in (("autogluon", best), ("autogluon_refitted", again)):
        p = predictor.predict_proba(test, model=model)[True].astype("float64")
        pd.DataFrame({"p": p.to_numpy()}).to_parquet(given.folder / f"{name}.parquet")
    told = {
        "version": version("autogluon.tabular"), "preset": PRESET, "best": best,
        "fit": took, "both": both,
    }  # fmt: skip
    (given.folder / "autogluon.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
