"""How it was made: settings, versions, time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from willbuy.report.files import Told
from willbuy.report.markup import Html, details, paragraph, section, table
from willbuy.report.words import count, percent, times


def made(run: Told) -> Html:
    """All that is needed to know how the figures came about."""
    about = run.about
    return section(
        "made",
        "Settings and versions",
        paragraph(drawn(run.metrics)) if "sampling" in run.metrics else None,
        paragraph(f"{made_by(about)} Data fingerprint {about['data_fingerprint'][:16]}."),
        details("The models", *(_model(name, one) for name, one in run.metrics["models"].items())),
        details("Settings", table(["Setting", "Value"], list(_flat(about["settings"])))),
        details(
            "Versions and stages",
            table(["Library", "Version"], [*about["versions"].items(), ("Python", about["python"]),
                                           ("Machine", about["machine"])]),
            table(["Stage", "Seconds"],
                  [(one["stage"], times(one["wall_s"])) for one in about["stages"]]),
        ),
    )  # fmt: skip


def made_by(about: dict[str, Any]) -> str:
    """With what, when, and how fast."""
    seconds = sum(stage["wall_s"] for stage in about["stages"])
    return (
        f"Made by willbuy {about['versions'].get('willbuy', '?')} on "
        f"{about['finished'][:16].replace('T', ' ')} UTC in {times(seconds)} seconds, with "
        f"{count(about['peak_memory_mb'])} MB of memory at most."
    )


def drawn(metrics: dict[str, Any]) -> str:
    """Which of the moments were used, where not all of them."""
    parts, shares = metrics["parts"], metrics["sampling"]["session_share"]
    train, said = parts["train"], []
    if train["rows"] < train["moments"]:
        said.append(
            f"Of train's {count(train['moments'])} moments {count(train['rows'])} "
            f"({percent(train['rows'] / train['moments'])}) were drawn, those late in a session "
            "more rarely, and weighted by 1 / their rate."
        )
    judged = [(name, shares[name]) for name in ("calibrate", "test") if shares[name] < 1]
    if judged:
        told = " and ".join(f"{percent(share)} of the sessions of {name}" for name, share in judged)
        said.append(f"Drawn, each with all its moments: {told}.")
    if not said:
        said.append("Every moment of train, calibrate and test was kept.")
    said += [
        f"Of train's rows {name} learned from {count(fit['rows'])}, drawn."
        for name, model in metrics["models"].items() for fit in [model["fit"]]
        if fit.get("rows", 0) < fit.get("rows_given", 0)
    ]  # fmt: skip
    return " ".join(said)


def _model(name: str, model: dict[str, Any]) -> Html:
    rows = [
        ("Calibrator", model["calibrator"]["kind"]),
        ("Threshold with the best F1 on calibrate", percent(model["test"]["threshold"])),
    ]
    fit = {key: value for key, value in model["fit"].items() if not isinstance(value, list)}
    return table([name, ""], [*rows, *_flat(fit)])


def _flat(found: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", _said(value)


def _said(value: Any) -> str:
    if value is None or value in ("", {}):
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)
