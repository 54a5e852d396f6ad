"""What people see: progress, summaries, errors."""

from __future__ import annotations

import itertools
import shlex
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import psutil
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Table
from rich.text import Text

from willbuy.progress import Stage

if TYPE_CHECKING:
    from willbuy.events.check import CheckResult
    from willbuy.events.health import ReadHealth
    from willbuy.features.registry import Feature
    from willbuy.job.about import Run
    from willbuy.moments.tables import ShopTables
    from willbuy.score.batch import Scores
    from willbuy.score.table import TableScores
    from willbuy.simulator.simulate import Simulated

_MOST_NOTES = 12
"""So many notes on a table are shown; data_health.json has all."""

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class _Rows(ProgressColumn):
    def render(self, task: Task) -> Text:
        rows, seconds = task.fields["rows"], task.finished_time or task.elapsed
        if not rows or not seconds:
            return Text(task.fields["note"], style="dim")
        return Text(f"{_short(rows)} rows, {_short(rows / seconds)}/s", style="dim")


class _Time(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        spent = task.finished_time if task.finished_time is not None else (task.elapsed or 0)
        if task.finished or task.time_remaining is None:
            return Text(f"{spent:.1f} s")
        return Text(f"{task.time_remaining:.0f} s left")


class _Memory(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.finished:
            return Text("")
        return Text(f"{psutil.Process().memory_info().rss / 1e9:.1f} GB", style="dim")


@dataclass
class _Bar:
    progress: Progress
    task: TaskID
    rows: int = 0

    def advance(self, amount: float, rows: int = 0) -> None:
        """Move the bar."""
        self.rows += rows
        self.progress.update(self.task, advance=amount, rows=self.rows)

    def note(self, text: str) -> None:
        """Show it beside the bar."""
        self.progress.update(self.task, note=text)


@dataclass
class Screen:
    """Shows stages as bars on a terminal, and as one line each where there is none."""

    _progress: Progress = field(
        default_factory=lambda: Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            _Rows(),
            _Time(),
            _Memory(),
            console=errors,
            transient=False,
        )
    )

    def __enter__(self) -> Self:
        if errors.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if errors.is_terminal:
            self._progress.stop()

    @contextmanager
    def stage(self, title: str, total: float | None = None) -> Iterator[Stage]:
        """Show a stage while the block runs."""
        task = self._progress.add_task(title, total=total, rows=0, note="")
        bar = _Bar(self._progress, task)
        begun = time.perf_counter()
        if not errors.is_terminal:
            errors.print(f"{title} ...")
        yield bar
        size = total or 1
        self._progress.update(task, total=size, completed=size)
        if not errors.is_terminal:
            seconds = time.perf_counter() - begun
            rows = f", {bar.rows:,} rows, {_short(bar.rows / seconds)}/s" if bar.rows else ""
            errors.print(f"  done in {seconds:.1f} s{rows}")

    def say(self, text: str) -> None:
        """Print one line."""
        errors.print(text)


def show_error(message: str) -> None:
    """One clear message, in red where there is colour."""
    errors.print(Text("Error: ", style="bold red") + Text(message), soft_wrap=True)


def show_run(done: Run, events: Sequence[Path]) -> None:
    """The summary of a run: one screen, ending with the paths and what to do next."""
    from willbuy.cli.auditing import in_short
    from willbuy.cli.failing import in_one
    from willbuy.report.tuned import what_it_bought

    metrics, totals = done.metrics, done.metrics["totals"]
    console.print()
    console.print(
        f"[bold]{totals['events']:,}[/] events of [bold]{totals['users']:,}[/] shoppers in "
        f"[bold]{totals['sessions']:,}[/] sessions, of which [bold]{totals['buying_sessions']:,}"
        f"[/] ({totals['buying_sessions'] / totals['sessions']:.1%}) buy."
    )
    rejected = sum(done.health["reading"]["rejected"].values())
    console.print(
        f"{rejected:,} rows rejected, {totals['repeats_removed']:,} exact repeats removed, "
        f"{totals['users_left_out_as_bots']:,} likely bots left out.",
        style="dim",
    )
    console.print()
    console.print(_figures(metrics))
    test = metrics["parts"]["test"]
    drawn = "every moment" if test["rows"] == test["moments"] else f"{test['rows']:,} drawn moments"
    console.print(
        f"Judged at {drawn} of {test['sessions']:,} later sessions "
        f"({test['buying_sessions']:,} of them buy after one), 95 % intervals over shoppers.",
        style="dim",
    )
    if "tuning" in metrics:
        console.print(hanging("", " ".join(what_it_bought(metrics["tuning"])), "dim"))
    if "ladder" in metrics:
        _show_ladder(metrics["ladder"])
    if done.audit is not None:
        console.print(hanging("", in_short(done.audit), "dim"))
    if done.bias is not None:
        console.print(hanging("", in_one(done.bias), "dim"))
    for caution in metrics["cautions"]:
        console.print(hanging("! ", caution, "yellow"))
    folder = done.folder
    console.print()
    told = Text(str(folder), "bold") + Text(
        "  metrics.json, model/, predictions.parquet, snapshots/"
    )
    console.print(told, soft_wrap=True)
    own = done.about["features"]
    words = ["willbuy", "score", str(folder), str(events[0]), "--out", "scores.csv"]
    words += ["--features", own["file"]] if own else []
    console.print("Next: look around in it, see what it would do, and score a log (here its own)")
    console.print(Text("  " + shlex.join(["willbuy", "app", str(folder)])), soft_wrap=True)
    next_ = ["willbuy", "segments", str(folder), "--margin", "25%", "--cost", "0.40"]
    console.print(Text("  " + shlex.join(next_)), soft_wrap=True)
    console.print(Text("  " + shlex.join(words)), soft_wrap=True)
    show_report(folder / "report.html")


def show_table_run(done: Run, table: Path) -> None:
    """The summary of a table's run: what was done to it, the figures, and what to do next."""
    metrics, health = done.metrics, done.health
    totals, test = metrics["totals"], metrics["parts"]["test"]
    console.print()
    console.print(
        f"[bold]{totals['sessions']:,}[/] sessions, of which [bold]{totals['buying_sessions']:,}"
        f"[/] ({totals['buying_sessions'] / totals['sessions']:.1%}) buy; "
        f"{metrics['features']:,} features."
    )
    for note in health["notes"][:_MOST_NOTES]:
        console.print(hanging("- ", note, "dim"))
    if (more := len(health["notes"]) - _MOST_NOTES) > 0:
        console.print(f"- and {more} more, in data_health.json", style="dim")
    console.print(hanging("- ", metrics["splits"]["told"], "dim"))
    console.print()
    console.print(_figures(metrics, "sessions"))
    console.print(
        f"Judged on {test['sessions']:,} sessions ({test['buying_sessions']:,} of them buy), "
        "95 % intervals.",
        style="dim",
    )
    for caution in metrics["cautions"]:
        console.print(hanging("! ", caution, "yellow"))
    folder = done.folder
    console.print()
    told = Text(str(folder), "bold") + Text("  metrics.json, model/, predictions.parquet")
    console.print(told, soft_wrap=True)
    words = ["willbuy", "score", str(folder), str(table), "--out", "scores.csv"]
    console.print("Next: score a table with the same columns (this one was trained on)")
    console.print(Text("  " + shlex.join(words)), soft_wrap=True)
    show_report(folder / "report.html")


def show_table_scores(scores: TableScores, out: Path) -> None:
    """How many sessions were scored, what was not as in training, and where they are."""
    console.print()
    console.print(
        f"{scores.sessions:,} sessions scored: probability {scores.mean:.2%} on average, "
        f"{scores.highest:.2%} at most."
    )
    for note in scores.notes:
        console.print(hanging("! ", note, "yellow"))
    console.print(Text("Scores: ") + Text(str(out), "bold"), soft_wrap=True)


def show_report(path: Path) -> None:
    """Where the page is that tells it all."""
    console.print(Text("Report: ") + Text(str(path), "bold"), soft_wrap=True)


def _figures(metrics: dict[str, Any], of: str = "moments") -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("on the test part", no_wrap=True)
    models = metrics["models"]
    for name in models:
        table.add_column(name, justify="right", no_wrap=True)
    told = [model["test"]["headline"] for model in models.values()]
    rows = (
        ("roc_auc", "ROC-AUC"),
        ("average_precision", "average precision"),
        ("base_rate", f"  base rate of {of}"),
        ("log_loss", "log loss"),
        ("brier", "Brier score"),
        ("f1", "F1 at threshold"),
    )
    for key, label in rows:
        table.add_row(label, *(_figure(one[key]) for one in told))
    table.add_row(
        "calibration error",
        *(_figure({**one["calibration_error"], "low": None}) for one in told),
    )
    table.add_row(
        "  by chance, up to",
        *(_number(one["calibration_error_by_chance"]["p95"]) for one in told),
    )
    return table


def _show_ladder(ladder: dict[str, Any]) -> None:
    told = _rungs(ladder, _figure)
    roomy = console.options.update(max_width=1000)
    if console.measure(told, options=roomy).maximum > console.width:
        told = _rungs(ladder, lambda figure: Text(_number(figure["value"])))
    console.print()
    console.print(told)
    console.print(hanging("", _above_the_model(ladder), "dim"))
    rows = ladder["rows"]
    outside = [f"{n:,} {reason.replace('_', ' ')}" for reason, n in rows["outside"].items() if n]
    console.print(
        hanging(
            "",
            f"All at the same {rows['inside']:,} of {rows['test']:,} test moments of this "
            "simulated shop" + (f"; left out: {', '.join(outside)}." if outside else "."),
            "dim",
        )
    )


def _rungs(ladder: dict[str, Any], shown: Callable[[dict[str, Any]], Text]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("beside the best possible", no_wrap=True)
    columns = {"roc_auc": "ROC-AUC", "average_precision": "avg. precision", "log_loss": "log loss"}
    for title in columns.values():
        table.add_column(title, justify="right", no_wrap=True)
    for rung in ladder["rungs"]:
        step = f"({rung['step']}) " if rung["step"] else ""
        label = step + rung["name"].replace("_", " ")
        table.add_row(label, *(shown(rung["headline"][name]) for name in columns))
    return table


def _above_the_model(ladder: dict[str, Any]) -> str:
    """How far the model that scores is from the lowest ceiling, and what the ceilings are."""
    model, ceiling = next(
        (below, rung)
        for below, rung in itertools.pairwise(ladder["rungs"])
        if rung["step"] and not below["step"]
    )
    gap = model["paired"][ceiling["name"]]
    return (
        f"{model['name']} minus ({ceiling['step']}), paired: ROC-AUC {_figure(gap['roc_auc'])}, "
        f"log loss {_figure(gap['log_loss'])}. (3) is the most that a learner can hope for; (1) "
        "knows what no log tells."
    )


def _figure(figure: dict[str, Any]) -> Text:
    if figure.get("low") is None:
        return Text(_number(figure["value"]))
    return Text(f"{_number(figure['value'])} [{_number(figure['low'])}, {_number(figure['high'])}]")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def show_check(result: CheckResult) -> None:
    """What `willbuy check` found."""
    if result.health is not None and result.health.events:
        console.print(_health(result.health))
    for note in result.notes:
        console.print(hanging("- ", note))
    if result.source is not None:
        table = Table(box=None, padding=(0, 2), title="Which column is what", title_justify="left")
        table.add_column("ours", style="bold")
        table.add_column("the log's")
        for ours, theirs in result.source.columns.items():
            table.add_row(ours, Text(theirs))
        console.print()
        console.print(table)
    if result.rows:
        console.print()
        console.print("The first rows")
        console.print(_rows_text(result.rows))
    console.print()
    if result.command:
        console.print("Next:")
        console.print(Text(f"  {result.command}"), soft_wrap=True)


def _health(health: ReadHealth) -> Text:
    told = health.to_dict()
    first, last = (told[name][:19].replace("T", " ") for name in ("first_time", "last_time"))
    missing = ", ".join(
        f"{name} {share:.1%}" for name, share in health.missing_share.items() if share
    )
    return hanging(
        "",
        f"{health.rows:,} rows, {health.events:,} of them events, from {first} to "
        f"{last} UTC. " + (f"Missing: {missing}." if missing else "Nothing is missing."),
    )


def _rows_text(rows: list[dict[str, str]]) -> Text:
    lines = []
    for row in rows:
        told = [row.get("time", ""), row.get("kind", "")]
        told += [f"{name} {value}" for name, value in row.items() if name not in ("time", "kind")]
        lines.append(hanging("  ", "  ".join(told)).plain)
    return Text("\n".join(lines))


def show_scores(scores: Scores, out: Path) -> None:
    """How many sessions were scored, and where they are."""
    console.print()
    console.print(
        f"{scores.sessions:,} sessions: {scores.sessions - scores.bought - scores.bots:,} scored, "
        f"{scores.bought:,} had bought already, {scores.bots:,} are of likely bots."
    )
    if scores.mean is not None:
        console.print(
            f"Probability of a purchase later in the session: {scores.mean:.4f} on average, "
            f"{scores.highest:.4f} at most."
        )
    if scores.shop_days is not None:
        first, last = scores.shop_days
        console.print(f"Counts of the shop as of {first} to {last}.", style="dim")
    if scores.early:
        console.print(hanging("", scores.early, "yellow"))
    console.print(Text(str(out), "bold"), soft_wrap=True)


def show_counts(tables: ShopTables, into: Path) -> None:
    """Which days a model's shop tables cover now."""
    first, last = (np.datetime64(day, "D") for day in (tables.first_day, tables.last_day))
    console.print(f"The shop tables of {into} cover {tables.days:,} days: {first} to {last}.")


def show_simulated(done: Simulated) -> None:
    """What a simulated shop has in it, that it is one, and what to do with it."""
    console.print()
    console.print(
        f"[bold]{done.events:,}[/] events of [bold]{done.users:,}[/] made-up shoppers in "
        f"[bold]{done.sessions:,}[/] sessions, of which [bold]{done.buying_sessions:,}[/] buy."
    )
    told = ", ".join(f"{name.replace('_', ' ')} {v:,.4g}" for name, v in done.marginals.items())
    console.print(hanging("", told, "dim"))
    console.print("Simulated, not real data.", style="yellow")
    console.print()
    command = ["willbuy", "run", str(done.path)]
    console.print(Text(str(done.path), "bold"), soft_wrap=True)
    if done.truth_path is not None:
        command += ["--truth", str(done.truth_path)]
        console.print(Text(str(done.truth_path), "bold"), soft_wrap=True)
    if done.beliefs_path is not None:
        console.print(Text(str(done.beliefs_path), "bold"), soft_wrap=True)
    console.print(Text("Next: ") + Text(shlex.join(command)), soft_wrap=True)


def show_features(features: Sequence[Feature]) -> None:
    """All features, by family."""
    family = ""
    for one in features:
        if one.family != family:
            family = one.family
            console.print(f"\n[bold]{family}[/]")
        console.print(Text(f"  {one.name}", style="cyan") + Text(f"  {one.label} ({one.unit})"))
        console.print(hanging("      ", one.meaning, "dim"))
    console.print(f"\n{len(features)} features")


def hanging(mark: str, text: str, style: str = "") -> Text:
    """Text under a mark, its later lines indented like the first."""
    width = max(min(console.width, 100), 40)
    lines = textwrap.wrap(
        text, width, initial_indent=mark, subsequent_indent=" " * len(mark),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return Text("\n".join(lines), style=style)


def _short(number: float) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"
