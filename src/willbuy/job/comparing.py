"""`willbuy compare`: other models on a finished run's moments, beside its own kinds of model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.bundle.files import holds_table
from willbuy.errors import WillbuyError
from willbuy.evaluate.bootstrap import INTERVAL_NOTE
from willbuy.evaluate.judge import CALIBRATION_ERROR_NOTE
from willbuy.events.files import fingerprint
from willbuy.job.about import machine
from willbuy.job.folder import replace_json
from willbuy.job.ladder import NOT_COVERED, RUNGS
from willbuy.job.truth import CEILINGS, check_truth, looked_up
from willbuy.moments.calendar import local_days, make_calendar
from willbuy.progress import Reporter, Silent
from willbuy.report.files import COMPARED
from willbuy.report.page import write_report
from willbuy.research.attention import beside_shap
from willbuy.research.bench import Job, Trained, train_or_load, versions_of
from willbuy.research.blend import Blend
from willbuy.research.compare import BLEND, Calibrated, Figures, calibrate_all, figures
from willbuy.research.learner import LEARNERS, Floats, Moments, learner_class
from willbuy.research.rows import count_moments, read_moments, split_tail
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.kept import Kept, vectors_of
from willbuy.research.session2vec.map import map_of
from willbuy.research.verdict import verdict
from willbuy.settings import Settings, parse_settings

REFERENCE = "xgboost"
"""What the others are held against."""

MODELS = (*LEARNERS, BLEND)
TITLES = {name: entry.title for name, entry in LEARNERS.items()} | {BLEND: "Blend"}
ROWS = 200_000
"""About so many of train's moments are learnt from."""

ASKED = {"calibrate": 100_000, "test": 300_000}
"""At most about so many moments of a part are asked, sessions whole."""

SHARES = (0.1, 0.3)
"""Of the moments to learn from: the earlier points of the learning curve."""

FOLDER = "research"


@dataclass(frozen=True)
class _Bench:
    """What all trainings of one comparison share."""

    run: Path
    settings: Settings
    about: Mapping[str, Any]
    asked: Mapping[str, Moments]
    reporter: Reporter


def compare_run(
    run: Path | str,
    models: Sequence[str] = MODELS,
    *,
    rows: int = ROWS,
    curve: bool = False,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Train models on a run's moments, judge them on its test part, and write compare.json.

    Every model learns from the same moments of train, is calibrated on calibrate by the means of
    every run, and answers test once. Models that were trained before on the same are not trained
    again; a training that was interrupted is gone on with.

    Args:
        run: The folder of a run on a log.
        models: Names of `MODELS`. The boosted trees are always among them: the others are held
            against them.
        rows: About so many of train's moments are learnt from.
        curve: Also train each model on the `SHARES` of them.
        reporter: Told of progress; silent where not given.

    Returns:
        The content of compare.json, described in docs/research.md.

    Raises:
        WillbuyError: There is no such run or model, or what a model needs is not installed;
            this is found out before anything is trained.
    """
    folder, reporter = Path(run), reporter or Silent()
    names = _checked(models, rows)
    about, settings = _read(folder)
    with reporter.stage("Reading the run's moments"):
        asked = {
            part: read_moments(folder, part, most, settings.seed) for part, most in ASKED.items()
        }
        known = _ceilings(about, asked["test"], reporter)
    bench = _Bench(folder, settings, about, asked, reporter)
    train, held, of = _learnt(bench, rows)
    trained = _train(bench, names, train, held, "")
    answers = {name: one.p for name, one in trained.items()}
    calibrated, blend = _calibrated(bench, names, answers)
    judged = _judged(bench, calibrated)
    vectors = _vectors(bench, names)
    shared = 0.0 if vectors is None else vectors.cpu_s
    told = {
        name: _told(name, judged[name], calibrated[name], trained, shared) for name in calibrated
    }
    ceilings = _beside_ceilings(bench, known, calibrated)
    found = {
        "schema": 1,
        "rows": {
            "asked": rows, "train": of, "learnt": len(train), "held": len(held),
            **{part: len(moments) for part, moments in asked.items()},
        },
        "reference": REFERENCE,
        "seed": settings.seed,
        "replicates": settings.judge.replicates,
        "machine": machine(settings),
        "versions": _versions(names),
        "models": told,
        "blend": None if blend is None else blend.to_dict(),
        "best_single": (best := min(answers, key=lambda name: calibrated[name].loss)),
        "ceilings": ceilings,
        "curve": (
            _curve(bench, names, min(rows, of), judged, len(train) + len(held)) if curve else None
        ),
        "map": None if vectors is None else _map(bench, vectors),
        "masks": _masks(bench) if "tabnet" in names else None,
        "interval_note": INTERVAL_NOTE,
        "calibration_error_note": CALIBRATION_ERROR_NOTE,
    }  # fmt: skip
    found["verdict"] = verdict(
        told, REFERENCE, BLEND if blend is not None else None, best, _gap(ceilings),
    )  # fmt: skip
    _write_predictions(bench, calibrated)
    replace_json(folder / COMPARED, found)
    write_report(folder)
    return found


def _checked(models: Sequence[str], rows: int) -> list[str]:
    """The models, in the order of `MODELS`."""
    for name in models:
        if name not in MODELS:
            raise WillbuyError(f"--models: there is no {name!r}; there are {', '.join(MODELS)}.")
    if rows < 1000:
        raise WillbuyError("--rows: with fewer than 1,000 moments there is nothing to compare.")
    names = [name for name in MODELS if name in {*models, REFERENCE}]
    for name in names:
        if name != BLEND:
            try:
                learner_class(name)
            except WillbuyError as problem:
                raise WillbuyError(
                    f"{problem} What works without it: --models logistic,xgboost,blend"
                ) from problem
    if names == [REFERENCE] or (BLEND in names and len(names) < 3):
        raise WillbuyError("--models: name two models or more; xgboost is always one of them.")
    return names


def _read(run: Path) -> tuple[dict[str, Any], Settings]:
    """The run's run.json and its settings."""
    config = run / "run.json"
    if holds_table(run):
        raise WillbuyError(
            f"{run} is of a table of sessions: the bench compares models on a log's moments. Run "
            "the log of events: willbuy run EVENTS"
        )
    if not config.is_file():
        raise WillbuyError(f"{run} is no run: it has no run.json. Name a run's folder.")
    about: dict[str, Any] = json.loads(config.read_text("utf-8"))
    return about, parse_settings(about["settings"], str(config))


def _learnt(bench: _Bench, rows: int) -> tuple[Moments, Moments, int]:
    """To learn from, to stop by, and of how many of train's moments they are drawn."""
    seed, calendar = bench.settings.seed, make_calendar(bench.settings.timezone)
    drawn, of = read_moments(bench.run, "train", rows, seed), count_moments(bench.run, "train")
    return *split_tail(drawn, local_days(calendar, drawn.start)), of


def _train(
    bench: _Bench, names: Sequence[str], train: Moments, held: Moments, suffix: str
) -> dict[str, Trained]:
    job = Job(
        train, held, bench.asked, bench.settings.seed, bench.settings.workers,
        f"{bench.about['finished']} {bench.about['data_fingerprint']}",
        machine(bench.settings),
    )  # fmt: skip
    return {
        name: train_or_load(name, job, bench.run / FOLDER / f"{name}{suffix}", bench.reporter)
        for name in names if name != BLEND
    }  # fmt: skip


def _calibrated(
    bench: _Bench, names: Sequence[str], answers: Mapping[str, Mapping[str, Floats]]
) -> tuple[dict[str, Calibrated], Blend | None]:
    with bench.reporter.stage("Calibrating all models alike"):
        return calibrate_all(
            answers, bench.asked["calibrate"], bench.asked["test"], blended=BLEND in names,
            seed=bench.settings.seed,
        )  # fmt: skip


def _write_predictions(bench: _Bench, calibrated: Mapping[str, Calibrated]) -> None:
    """Write every model's calibrated probability of the test moments, by position."""
    columns = ["position", "user_key", "visit", "ordinal", "label", "weight"]
    path = bench.run / FOLDER / "predictions.parquet"
    partial = path.with_name(f".{path.name}")
    frame = bench.asked["test"].rows.select(columns)
    frame.with_columns(
        pl.Series(f"probability_{name}", one.p) for name, one in calibrated.items()
    ).write_parquet(partial)
    partial.replace(path)


def _judged(
    bench: _Bench,
    calibrated: Mapping[str, Calibrated],
    minus: Mapping[str, Sequence[str]] | None = None,
) -> Figures:
    judge = bench.settings.judge
    with bench.reporter.stage(f"Judging on test ({judge.replicates} bootstrap replicates)"):
        return figures(
            {name: one.p for name, one in calibrated.items()}, bench.asked["test"],
            seed=bench.settings.seed, replicates=judge.replicates,
            threads=bench.settings.workers, minus=minus,
        )  # fmt: skip


def _told(
    name: str,
    judged: dict[str, Any],
    calibrated: Calibrated,
    trained: Mapping[str, Trained],
    vectors: float,
) -> dict[str, Any]:
    """One model's entry in compare.json; `vectors`: the CPU seconds that the vectors took."""
    blended = name == BLEND
    cost = _blend_cost(trained, vectors) if blended else trained[name].cost
    return {
        "title": TITLES[name],
        **judged,
        "calibrator": calibrated.calibrator.kind,
        "loss_on_calibrate": calibrated.loss,
        "cost": dict(cost),
        "fit": {"notes": []} if blended else dict(trained[name].metadata),
        **({} if blended else trained[name].made),
    }


def _blend_cost(trained: Mapping[str, Trained], vectors: float) -> dict[str, float]:
    """What a blend costs: all that its models do, the vectors that they share once.

    Memory is the largest of theirs.
    """
    costs = [one.cost for one in trained.values()]
    total = {name: float(sum(one[name] for one in costs)) for name in costs[0]}
    again = max(sum(LEARNERS[name].vectors for name in trained) - 1, 0)
    return {
        **total,
        "cpu_s": total["cpu_s"] - again * vectors,
        "peak_mb": max(one["peak_mb"] for one in costs),
    }


def _ceilings(
    about: Mapping[str, Any], test: Moments, reporter: Reporter
) -> tuple[NDArray[np.bool_], dict[str, Floats]] | str:
    """Which test moments the run's truth covers, and the ceilings there; or why there are none."""
    if about.get("truth") is None:
        return "only a simulated shop has a truth, and this run was given none"
    path = Path(about["truth"]["file"])
    if not path.is_file() or fingerprint([path]) != about["truth"]["fingerprint"]:
        reporter.say(f"The truth {path} is not what it was: the ceilings are left out.")
        return f"the truth {path.name} is gone or has changed since the run"
    check_truth(path)
    return looked_up(path, test.rows)


def _beside_ceilings(
    bench: _Bench,
    known: tuple[NDArray[np.bool_], dict[str, Floats]] | str,
    calibrated: Mapping[str, Calibrated],
) -> dict[str, Any]:
    """Models and ceilings on the moments that the truth covers."""
    if isinstance(known, str):
        return {"reason": known}
    inside, ceilings = known
    probabilities = {name: one.p[inside] for name, one in calibrated.items()} | ceilings
    with bench.reporter.stage("Judging beside the ceilings"):
        judged = figures(
            probabilities, bench.asked["test"].take(inside), seed=bench.settings.seed,
            replicates=bench.settings.judge.replicates, threads=bench.settings.workers,
            minus={name: [] if name in ceilings else list(ceilings) for name in probabilities},
        )  # fmt: skip
    return {
        "rows": {"test": len(inside), "inside": int(inside.sum())},
        "not_covered": list(NOT_COVERED),
        "steps": [
            {"name": name, "step": CEILINGS[name], "meaning": RUNGS[name]} for name in ceilings
        ],
        "models": {
            name: {"headline": one["headline"], "paired": one["paired"]}
            for name, one in judged.items()
        },
    }  # fmt: skip


def _gap(ceilings: Mapping[str, Any]) -> dict[str, Any] | None:
    """The reference minus the most a learner can hope for, by metric."""
    if "reason" in ceilings:
        return None
    gap: dict[str, Any] = ceilings["models"][REFERENCE]["paired"]["learned_products"]
    return gap


def _masks(bench: _Bench) -> dict[str, Any]:
    with bench.reporter.stage("TabNet's masks"):
        return beside_shap(
            bench.run / FOLDER / "tabnet", bench.run, bench.asked["test"], bench.settings
        )


def _vectors(bench: _Bench, names: Sequence[str]) -> Kept | None:
    """The run's vectors of products, where a model uses them."""
    if not any(LEARNERS[name].vectors for name in names if name != BLEND):
        return None
    return vectors_of(bench.run, bench.settings.seed, bench.reporter)


def _map(bench: _Bench, vectors: Kept) -> dict[str, Any]:
    """The products on a plane."""
    with bench.reporter.stage("A map of the products"):
        return map_of(vectors.embedding, sequences_of(bench.run, bench.reporter).names)


def _curve(
    bench: _Bench, names: Sequence[str], rows: int, whole: Figures, learnt: int
) -> list[dict[str, Any]]:
    """The figures on test by how many moments were learnt from.

    Shares are of `rows`, those that there are; of equal points one is kept.
    """
    points: list[dict[str, Any]] = []
    for share in SHARES:
        train, held, _ = _learnt(bench, max(int(share * rows), 1000))
        size = len(train) + len(held)
        if size in {learnt, *(one["rows"] for one in points)}:
            continue
        bench.reporter.say(f"Learning curve: {share:.0%} of the moments to learn from.")
        trained = _train(bench, names, train, held, f"-{share:.0%}".removesuffix("%"))
        calibrated, _ = _calibrated(bench, names, {name: one.p for name, one in trained.items()})
        judged = _judged(bench, calibrated, {name: [] for name in calibrated})
        points.append({"rows": size, "models": _two(judged)})
    return [*points, {"rows": learnt, "models": _two(whole)}]


def _two(judged: Figures) -> dict[str, dict[str, Any]]:
    return {
        name: {metric: one["headline"][metric] for metric in ("roc_auc", "log_loss")}
        for name, one in judged.items()
    }


def _versions(names: Sequence[str]) -> dict[str, str]:
    found = [versions_of(name) for name in names if name != BLEND]
    return dict(sorted({package: at for one in found for package, at in one.items()}.items()))
