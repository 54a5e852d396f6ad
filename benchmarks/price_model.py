"""What the model answers at lower prices, beside what lower prices do: shops whose truth is known.

    python benchmarks/price_model.py --seeds 5

For each seed and world: a shop of benchmarks/price.py, `willbuy run` on it, and `willbuy price
--cut 10%`. The effect is that of one product's price, which is also what the model is asked.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import willbuy
from machine import machine
from price import WORLDS, true_elasticity, world_of
from willbuy.decide.price.answer import Question
from willbuy.decide.price.bound import own_of
from willbuy.errors import WillbuyError
from willbuy.job.pricing import price_run

CUT = 0.1

SETTINGS = {"explain": {"rows": 0}, "judge": {"replicates": 100}}
"""The model's are the defaults; pictures and intervals that nobody looks at here are spared."""


def one_shop(name: str, seed: int, events: int) -> dict[str, Any]:
    """The change of conversion by the estimate, None where withheld, and by the model."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "shop.csv"
        willbuy.simulate(log, events=events, seed=1000 + seed, world=world_of(name))
        settings = willbuy.Settings.model_validate(SETTINGS)
        run = willbuy.run(log, settings=settings, out=folder, name="run").folder
        try:
            answer = price_run(run, Question(CUT))
            own = own_of(answer["elasticity"])
            effect = {end: (1 - CUT) ** own[of] - 1 for end, of in
                      (("value", "value"), ("low", "high"), ("high", "low"))}  # fmt: skip
        except WillbuyError:  # a check failed by chance; the model answers all the same
            answer, effect = price_run(run, Question(CUT, given=(-1.0, -1.0))), None
        return {"effect": effect, "model": answer["scenario"]["change"]}


def said(figure: dict[str, float] | None) -> str:
    """A change with its interval."""
    if figure is None:
        return "withheld"
    return f"{figure['value']:+.1%} [{figure['low']:+.1%}, {figure['high']:+.1%}]"


def main() -> None:
    """Print a line for each shop, and how often the truth is covered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--truth-events", type=int, default=5_000_000)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS),
                        default=["no effect", "confounded"])  # fmt: skip
    told = parser.parse_args()
    print(machine("pyfixest", "xgboost-cpu"), "\n")
    elasticity = true_elasticity(told.truth_events)[0]
    print("| world | shop | true change | estimate | model | CPU s |\n|" + "---|" * 6)
    for name in told.worlds:
        true = 0.0 if name == "no effect" else (1 - CUT) ** elasticity - 1
        shops = []
        for seed in range(told.seeds):
            begun = time.process_time()
            shops.append(one_shop(name, seed, told.events))
            print(
                f"| {name} | {seed} | {true:+.1%} | {said(shops[-1]['effect'])} "
                f"| {said(shops[-1]['model'])} | {time.process_time() - begun:.0f} |",
                flush=True,
            )
        for kind in ("effect", "model"):
            given = [one[kind] for one in shops if one[kind] is not None]
            inside = sum(one["low"] <= true <= one["high"] for one in given)
            mean = np.mean([one["value"] for one in given])
            print(f"{name}: {kind} covers the truth in {inside} of {len(given)}, mean {mean:+.1%}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    main()
