"""How good the predictions are: beside the common recipe, other learners and the ceilings.

    python benchmarks/accuracy.py --events 1_000_000 --seed 0 --world default --out DIR
    python benchmarks/accuracy.py --head --out DIR
    python benchmarks/accuracy.py --tables DIR DIR ...

A month of a simulated shop, or the real head (the first rows of REES46's October 2019, looked for
in the folder that WILLBUY_DATA names, and in ../shared/data). All learn from the same rows and are
judged at the same test moments; docs/accuracy.md says how to read what comes out.

The work goes in stages; what a stage leaves stands in DIR, and a stage whose output stands is
skipped. `--tables` puts the shops of several such folders side by side. AutoGluon lives in an
environment of its own, made where it is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil
from rich.console import Console

import willbuy
from accuracy_sheets import beside, sheets
from beliefs import GIVEN, NONE, Beliefs, contenders
from contenders import learners
from kept import MOMENTS, Kept, keep
from machine import machine
from measure import measured
from staged import Laps
from standings import CEILING, OURS, RECIPE, TUNED, Standings
from willbuy.job.train import BOOSTED, LOGISTIC
from willbuy.job.truth import CEILINGS
from willbuy.models.boosted import latest
from willbuy.progress import Silent
from willbuy.settings import SamplingSettings, Settings
from willbuy.snapshots.splits import TEST, TRAIN
from yardstick import ours as ours_by_protocol
from yardstick import recipes

HEAD = "rees46_oct2019_head.csv"
WORLDS = Path(__file__).parent / "worlds"
AUTOGLUON = "autogluon.tabular[lightgbm,catboost,xgboost,fastai]==1.6.3"
LIBRARIES = ("willbuy", "xgboost-cpu", "scikit-learn", "lightgbm", "catboost")
MOST_JUDGED = 1_500_000
REPLICATES = 500
FIGURES = "accuracy.json"


@dataclass(frozen=True)
class Bench:
    """What is measured, and where its results are kept.

    Attributes:
        out: The folder.
        events, seed, world: Of the simulated shop.
        head: The real head, where it is judged instead.
        rows: How many train rows those have that share a budget.
        seconds: The budget of those that search.
        environment: AutoGluon's.
    """

    out: Path
    events: int
    seed: int
    world: str
    head: Path | None
    rows: int
    seconds: int
    environment: Path

    @property
    def settings(self) -> Settings:
        """A run's, with more moments judged."""
        return Settings(sampling=SamplingSettings(max_judge_rows=MOST_JUDGED))

    @property
    def log(self) -> Path:
        """The events."""
        return self.head or self.out / "log.parquet"

    @property
    def truth(self) -> Path | None:
        """What could be known at each moment."""
        return None if self.head else self.out / "truth.parquet"

    @property
    def beliefs(self) -> Path:
        """What the filter of the ladder's third step believes at each moment."""
        return self.out / "beliefs.parquet"

    def kept(self, most: int | None = None) -> Kept:
        """The rows of the log."""
        return Kept(self.out / "rows", most)

    def file(self, name: str) -> Path:
        """Where a contender's probabilities are."""
        return self.out / "predictions" / f"{name}.parquet"

    def write(self, name: str, p: np.ndarray, **told: Any) -> None:
        """Keep a contender's probabilities of the test moments, and what it cost."""
        self.file(name).parent.mkdir(exist_ok=True)
        self.file(name).with_suffix(".json").write_text(json.dumps(told))
        pl.DataFrame({"p": p}).write_parquet(self.file(name))

    def about(self) -> dict[str, Any]:
        """What must be the same in each call with this folder."""
        log = {"head": HEAD} if self.head else {"events": self.events, "seed": self.seed}
        world = {} if self.head else {"world": self.world}
        return {**log, **world, "rows": self.rows, "seconds": self.seconds}


def simulate(bench: Bench) -> None:
    """The log, its truth and the beliefs; nothing for the real head."""
    if bench.truth is not None:
        world = None if bench.world == "default" else WORLDS / f"{bench.world}.toml"
        willbuy.simulate(
            bench.log, events=bench.events, seed=bench.seed, world=world, truth=bench.truth,
            beliefs=bench.beliefs,
        )  # fmt: skip


def rows(bench: Bench) -> None:
    """The rows of the log, and what is to be known of the test moments."""
    keep(bench.log, bench.truth, bench.out / "rows", bench.settings, Silent())


def recipe(bench: Bench) -> None:
    """The common recipe at honest moments, by all train rows."""
    for name in ("recipe_logistic", RECIPE):
        timed(bench, name, partial(getattr(learners, name), bench.kept(), bench.settings))


def ours(bench: Bench) -> None:
    """Ours untuned, by all train rows and by some."""
    for name, most in ((OURS, None), ("untuned", bench.rows)):
        laps, kept = Laps(), bench.kept(most)
        answers = learners.ours(kept, bench.settings, laps)
        (logistic,) = (one for one in laps.stages if one["stage"] == "Logistic regression")
        others = [one for one in laps.stages if one is not logistic]
        cost = {unit: sum(one[unit] for one in others) for unit in ("cpu", "wall")}
        bench.write(name, answers[BOOSTED], rows=len(kept.rows_of(TRAIN)), **cost)
        if most is None:
            cost = {unit: logistic[unit] for unit in ("cpu", "wall")}
            bench.write("logistic", answers[LOGISTIC], rows=len(kept.rows_of(TRAIN)), **cost)


def tuned(bench: Bench) -> None:
    """Ours with settings searched for."""
    wall, cpu, kept = time.perf_counter(), time.process_time(), bench.kept(bench.rows)
    p, told = learners.tuned(kept, bench.settings, bench.seconds)
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    bench.write("tuned", p, rows=len(kept.rows_of(TRAIN)), **cost, **told)


def tuned_all(bench: Bench) -> None:
    """Ours by all train rows, with the settings that `tuned` found; the search's time is not its.

    Raises:
        SystemExit: Nothing was searched for yet.
    """
    found = bench.file("tuned").with_suffix(".json")
    if not found.exists():
        raise SystemExit("The stage tuned_all takes what the stage tuned finds: do that one first.")
    params = json.loads(found.read_text("utf-8"))["settings"]
    timed(bench, TUNED, partial(learners.by_settings, bench.kept(), bench.settings, params))


def defaults(bench: Bench) -> None:
    """LightGBM and CatBoost with the settings they come with."""
    kept = bench.kept(bench.rows)
    for name in ("LightGBM", "CatBoost"):
        timed(bench, name.lower(), partial(learners.defaults, name, kept, bench.settings), kept)


def with_beliefs(bench: Bench) -> None:
    """Trees that are given the filter's beliefs, part by part; nothing for the real head."""
    if bench.truth is None:
        return
    wall, cpu = time.perf_counter(), time.process_time()
    beliefs = Beliefs(bench.kept(bench.rows), bench.beliefs)
    missing = [name for name in GIVEN if not bench.file(name).exists()]
    for name, p, count in contenders(beliefs, missing, bench.settings):
        cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        bench.write(name, p, rows=count, **cost)
        wall, cpu = time.perf_counter(), time.process_time()


def timed(
    bench: Bench, name: str, work: Callable[[], np.ndarray], kept: Kept | None = None
) -> None:
    """Keep what a contender says and what it takes, reading its rows and judging included."""
    wall, cpu = time.perf_counter(), time.process_time()
    p = work()
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    bench.write(name, p, rows=len((kept or bench.kept()).rows_of(TRAIN)), **cost)


def autogluon(bench: Bench) -> None:
    """AutoGluon-Tabular, with its own Python."""
    python = bench.environment / "bin" / "python"
    if not python.exists():
        venv.create(bench.environment, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", AUTOGLUON], check=True)
    folder, kept = bench.out / "autogluon", bench.kept(bench.rows)
    folder.mkdir(exist_ok=True)
    train = kept.rows_of(TRAIN)
    held, weight = latest(train["start"]), train["weight"]
    told = [pl.Series("label", train["label"].astype(bool))]
    told += [] if (weight == weight[0]).all() else [pl.Series("weight", weight)]
    frame = pl.DataFrame(kept.array(TRAIN), schema=kept.names).with_columns(told)
    frame.filter(~held).write_parquet(folder / "train.parquet")
    frame.filter(held).write_parquet(folder / "validation.parquet")
    pl.DataFrame(kept.array(TEST), schema=kept.names).write_parquet(folder / "test.parquet")
    script = Path(__file__).parent / "contenders" / "by_autogluon.py"
    asked = (f"--seconds={bench.seconds}", f"--threads={bench.settings.workers}")
    cost = measured(
        [str(python), str(script), str(folder.resolve()), *asked],
        psutil.virtual_memory().available, folder, bench.settings.workers,
    )  # fmt: skip
    if cost.failed:
        raise SystemExit(f"AutoGluon gave no answer: {cost.failed}")
    said = json.loads((folder / "autogluon.json").read_text("utf-8"))
    costs = {"autogluon": said["fit"], "autogluon_refitted": said["both"]}
    for name, took in costs.items():
        p = pl.read_parquet(folder / f"{name}.parquet")["p"].to_numpy()
        bench.write(name, p, rows=len(train), **took, whole_process=cost.cpu, best=said["best"])


def yardstick(bench: Bench) -> None:
    """ROC-AUC and F1 under the protocols in which such figures are told."""
    moments = pl.read_parquet(bench.out / "rows" / MOMENTS)
    p = pl.read_parquet(bench.file(OURS))["p"].to_numpy()
    how = REPLICATES, bench.settings.workers
    told = [*recipes(bench.log, *how), *ours_by_protocol(moments, p, *how)]
    (bench.out / "yardstick.json").write_text(json.dumps(told))


def table(bench: Bench) -> None:
    """All figures, made of the probabilities that stand in the folder."""
    moments = pl.read_parquet(bench.out / "rows" / MOMENTS)
    p, costs = {}, {}
    for file in sorted((bench.out / "predictions").glob("*.parquet")):
        p[file.stem] = pl.read_parquet(file)["p"].to_numpy()
        costs[file.stem] = json.loads(file.with_suffix(".json").read_text("utf-8"))
    for name in CEILINGS:
        if name in moments.columns:
            p[name] = moments[name].fill_null(np.nan).to_numpy()
    standings = Standings(moments, p, REPLICATES, bench.settings.workers)
    minus = {name: [one for one in (CEILING, OURS) if one in p and one != name] for name in p}
    minus |= {name: [CEILING, NONE] if name != NONE else [CEILING] for name in GIVEN if name in p}
    for name in minus.keys() & {"untuned", "tuned"}:
        minus[name] = [one for one in p if one.startswith(("autogluon", "lightgbm", "catboost"))]
        minus[name] += ["untuned"] if name == "tuned" and "untuned" in p else []
        minus[name] += [OURS]  # whose differences from all others are told
    minus |= {TUNED: [*minus[TUNED], RECIPE]} if {TUNED, RECIPE} <= p.keys() else {}
    told = {
        "about": bench.about() | {"machine": machine(*LIBRARIES)},
        "costs": costs,
        "moments": {"test": len(moments), "judged": int(standings.inside.sum())},
        "compared": standings.compared(standings.inside, minus),
        "by_k": standings.by_k(),
        "gaps": standings.gaps(),
        "calibration": standings.calibration(),
    }
    if (bench.out / "yardstick.json").exists():
        told["yardstick"] = json.loads((bench.out / "yardstick.json").read_text("utf-8"))
    (bench.out / FIGURES).write_text(json.dumps(told, default=float))
    console, found = Console(width=160), sheets(told)
    console.print(told["about"]["machine"])
    for sheet in found:
        console.print(sheet.rich())
    page = "\n".join(sheet.markdown() for sheet in found)
    (bench.out / "accuracy.md").write_text(f"{told['about']['machine']}\n\n{page}")


def shop_of(bench: Bench) -> list[Path]:
    """What is simulated."""
    return [] if bench.truth is None else [bench.log, bench.truth, bench.beliefs]


STAGES: dict[str, tuple[Callable[[Bench], None], Callable[[Bench], list[Path]]]] = {
    "simulate": (simulate, shop_of),
    "rows": (rows, lambda bench: [bench.out / "rows" / MOMENTS]),
    "recipe": (recipe, lambda bench: [bench.file(RECIPE)]),
    "ours": (ours, lambda bench: [bench.file(OURS), bench.file("untuned")]),
    "defaults": (defaults, lambda bench: [bench.file("lightgbm"), bench.file("catboost")]),
    "beliefs": (with_beliefs, lambda bench: [bench.file(one) for one in GIVEN]),
    "tuned": (tuned, lambda bench: [bench.file("tuned")]),
    "tuned_all": (tuned_all, lambda bench: [bench.file(TUNED)]),
    "autogluon": (autogluon, lambda bench: [bench.file("autogluon_refitted")]),
    "yardstick": (yardstick, lambda bench: [bench.out / "yardstick.json"]),
    "table": (table, lambda bench: []),
}
"""Name → the work, and what it leaves."""


def tables(folders: list[Path]) -> None:
    """The shops of several folders side by side; their figures are made by the stage `table`."""
    told = [json.loads((one / FIGURES).read_text("utf-8")) for one in folders]
    sheet = beside([one for one in told if "head" not in one["about"]])
    Console(width=160).print(sheet.rich())
    print(sheet.markdown())


def find_head() -> Path | None:
    """The real head, where it is."""
    folders = [os.environ.get("WILLBUY_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    files = [Path(one) / HEAD for one in folders if one]
    return next((file for file in files if file.is_file()), None)


def main() -> None:
    """Do the stages that are asked for and not done yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    worlds = ("default", *sorted(one.stem for one in WORLDS.glob("*.toml")))
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--out", type=Path, help="the folder of the results")
    asked.add_argument("--tables", type=Path, nargs="+", help="folders of results, side by side")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--world", choices=worlds, default="default")
    parser.add_argument("--head", action="store_true", help="the real head, no simulated shop")
    parser.add_argument("--rows", type=int, default=200_000, help="of those with a budget")
    parser.add_argument("--seconds", type=int, default=900, help="of those that search")
    parser.add_argument("--environment", type=Path, default=Path("runs/autogluon"))
    parser.add_argument("--only", default=",".join(STAGES), help="stages, with commas between")
    given = parser.parse_args()
    if given.tables:
        if missing := [str(one) for one in given.tables if not (one / FIGURES).is_file()]:
            parser.error(f"no {FIGURES} in {', '.join(missing)}: run them with --only table")
        tables(given.tables)
        return
    if unknown := set(given.only.split(",")) - set(STAGES):
        parser.error(f"there is no stage {', '.join(unknown)}; there are {', '.join(STAGES)}")
    head = find_head() if given.head else None
    if given.head and head is None:
        print(f"{HEAD} is neither in WILLBUY_DATA nor in ../shared/data: skipped.")
        return
    bench = Bench(
        given.out, given.events, given.seed, given.world, head, given.rows, given.seconds,
        given.environment.absolute(),
    )  # fmt: skip
    bench.out.mkdir(parents=True, exist_ok=True)
    about = bench.out / "about.json"
    if about.exists() and json.loads(about.read_text("utf-8")) != bench.about():
        raise SystemExit(f"{bench.out} holds results of {about.read_text('utf-8')}")
    about.write_text(json.dumps(bench.about()))
    for name, (work, leaves) in STAGES.items():
        files = leaves(bench)
        if name in given.only.split(",") and not (files and all(one.exists() for one in files)):
            begin = time.perf_counter()
            work(bench)
            print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
