"""What tuning bought: how settings were searched for, and what that changed on test."""

from __future__ import annotations

from typing import Any

from willbuy.report.charts import Axis, Chart, numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    note,
    paragraph,
    section,
    table,
    withheld,
)
from willbuy.report.rows import Row, bars
from willbuy.report.words import count, percent, reason_of, signed, times, told

_FIGURES = {"roc_auc": "ROC-AUC", "average_precision": "average precision", "log_loss": "log loss"}

_HISTORY = 200
"""So many trials are told one by one."""


def tuned(run: Told) -> Html:
    """The search, and the paired differences on test."""
    found = run.metrics["tuning"]
    trees = found["models"][run.model]
    charts = [_progress(trees), _mattered(trees)] if trees["history"] else []
    return section(
        "tuned",
        "What tuning bought",
        *(paragraph(one) for one in what_it_bought(found)),
        paragraph(_how(run, found, trees)),
        paragraph(which_trial(trees)) if trees["history"] else None,
        note(found["note"]),
        grid(*charts) if charts else withheld("The search", trees["note"]),
        *(_settings(name, one) for name, one in found["models"].items() if one["history"]),
        details("The trials", _trials(trees)) if charts else None,
    )


def what_it_bought(found: dict[str, Any]) -> list[str]:
    """A sentence or two for each model, of the entry `tuning` of metrics.json."""
    return [f"{name}: {_bought(one['bought'])}" for name, one in found["models"].items()]


def _bought(gains: dict[str, Any]) -> str:
    if reason := reason_of(gains):
        return f"Tuning bought nothing: {reason}."
    auc = gains["roc_auc"]
    others = "; ".join(f"{_FIGURES[name]} {told(gains[name], _gain)}"
                       for name in _FIGURES if name != "roc_auc")  # fmt: skip
    verdict = auc.get("verdict")
    if verdict is None:
        return f"What tuning bought cannot be told: ROC-AUC {told(auc, _gain)}; {others}."
    if verdict == "no difference":
        return (
            "Tuning bought nothing that can be told from chance: ROC-AUC "
            f"{told(auc, _gain)}; {others}."
        )
    word = "raised" if verdict == "higher" else "lowered"
    return f"Tuning {word} ROC-AUC by {told(auc, _gain)}; {others}."


def _gain(value: float) -> str:
    return signed(value, 4)


def _how(run: Told, found: dict[str, Any], trees: dict[str, Any]) -> str:
    rows, windows = found["rows"], found["windows"]
    searched = count(rows["searched"])
    if rows["searched"] < rows["train"]:
        searched += f" of train's {count(rows['train'])} rows, whole sessions drawn"
    else:
        searched += " rows, all of train"
    other = sum(one["trials"] for name, one in found["models"].items() if name != run.model)
    spent = run.about.get("tune", {}).get("seconds")
    took = f" in {times(spent / 60)} minutes" if spent else ""
    judged = ", ".join(
        f"{began[0][:10]} to {began[1][:10]}"
        for one in windows for began in [one["judged"]["sessions_began"]] if began
    )  # fmt: skip
    return (
        f"{count(trees['trials'])} settings of the trees were tried{took}, "
        f"{count(trees['pruned'])} of them given up early, on {searched}. They are judged on "
        f"sessions that began {judged}, each time by a model that learned from earlier sessions "
        f"only. Of the logistic regression {count(other)} were tried, on the "
        "last of these windows. The models were then fitted on all of train."
    )


def which_trial(trees: dict[str, Any]) -> str:
    """Which trial was taken, and why it need not be the best."""
    choice, history = trees["choice"], trees["history"]
    taken, best, alike = choice["taken"], choice["best"], choice["alike"]
    lowest = f"Trial {count(best + 1)} has the lowest loss. "
    if len(alike) == 1:
        return lowest + "No other comes within one standard error of it over the windows."
    if taken == best == 0:
        others = count(len(alike) - 1)
        return f"{lowest}These are the settings given; {others} more cannot be told from it."
    others = "1 other" if len(alike) == 2 else f"{count(len(alike) - 1)} others"
    within = f"{lowest}{others} cannot be told from it: within one standard error over the windows."
    if taken == 0:
        return f"{within} The settings given are among them, so they are kept."
    leaves = [count(history[at]["leaves"]) for at in (taken, best, 0)]
    if taken == best:
        return (
            f"{within} None of them is smaller and still better than the settings given: "
            f"{leaves[0]} leaves, where the settings given have {leaves[2]}."
        )
    return (
        f"{within} The smallest model of these is taken, trial {count(taken + 1)}: {leaves[0]} "
        f"leaves, where the lowest loss has {leaves[1]} and the settings given {leaves[2]}."
    )


def _progress(trees: dict[str, Any]) -> Html:
    """Each trial's loss, and the best so far."""
    whole = [(one["number"] + 1.0, one["loss"]) for one in trees["history"] if not one["pruned"]]
    best: list[tuple[float, float]] = []
    for number, loss in whole:
        best.append((number, min(loss, best[-1][1] if best else loss)))
    last = float(len(trees["history"]))
    best.append((last, best[-1][1]))
    gained = trees["loss_given"] - trees["history"][trees["choice"]["best"]]["loss"]
    title = (
        f"The best of {count(last)} trials has a log loss {_loss(gained)} below the settings given"
        if gained
        else "No trial is better than the settings given"
    )
    losses = sorted(loss for _, loss in whole)
    top = min(losses[-1], losses[0] + 4 * max(losses[len(losses) // 2] - losses[0], 1e-4))
    ticks = sorted({1, *(round(last * at / 4) or 1 for at in range(1, 5))})
    x = Axis("trial", 0.5, last + 0.5, [(float(at), str(at)) for at in ticks])
    chart = Chart(x, numbers("log loss on the windows", losses[0], top, _loss))
    chart.dots(whole, "faint")
    chart.steps(best, "c1")
    said = "; ".join(f"trial {number:.0f}: {_loss(loss)}" for number, loss in whole)
    return figure(
        title, chart.svg(title, said),
        note("Each dot is a trial that was not given up, the line the best so far. The first "
             "trial is the settings given; losses far above the others lie at the edge."),
    )  # fmt: skip


def _loss(value: float) -> str:
    return f"{value:.4f}"


def _mattered(trees: dict[str, Any]) -> Html:
    """How much each setting explains."""
    found = trees["importance"]
    if reason := reason_of(found):
        return withheld("What mattered", reason)
    title = f"What mattered most: {next(iter(found))}"
    rows = [Row(name, share, percent(share)) for name, share in found.items()]
    axis = numbers("share of the differences between trials", 0, max(found.values()), percent)
    return figure(title, bars(rows, axis, title),
                  note("fANOVA over the trials that were not given up. It says what moved the loss "
                       "in this search, and with few trials it says so roughly."))  # fmt: skip


def _settings(name: str, model: dict[str, Any]) -> Html:
    given, chosen = model["given"], model["chosen"]
    head = [f"{name}: setting", "Given", "Chosen"]
    return table(head, [[one, _said(given[one]), _said(chosen[one])] for one in given])


def _trials(trees: dict[str, Any]) -> Html:
    names = list(trees["given"])
    return table(
        ["Trial", "Log loss", "leaves", *names],
        [[str(one["number"] + 1), "given up" if one["pruned"] else _loss(one["loss"]),
          count(one["leaves"]), *(_said(one["settings"][name]) for name in names)]
         for one in trees["history"][:_HISTORY]],
    )  # fmt: skip


def _said(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, (int, float)) else str(value)
