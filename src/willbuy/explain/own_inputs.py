"""The log or the table that a run was made from, as its run.json names it."""

from __future__ import annotations

import json
from pathlib import Path

from willbuy.bundle.files import find_bundle
from willbuy.errors import WillbuyError
from willbuy.events.files import find_files, fingerprint


def own_log(folder: Path, mend: str | None = None) -> list[Path]:
    """The files of the log that a run was made from, if they are what they were.

    Args:
        folder: `runs/<name>`, or its `model/`.
        mend: What to do where they are not, in a sentence without its stop; to name the events
            to `willbuy explain` where not given.

    Raises:
        WillbuyError: The run does not say, or its log is gone or has changed.
    """
    return _own(folder, "log", mend, "the events", "EVENTS --session ID")


def own_table(folder: Path) -> Path:
    """The table that a run was made from, if it is what it was; see `own_log`."""
    return _own(folder, "table", None, "the table", "TABLE --row N")[0]


def _own(folder: Path, what: str, mend: str | None, named: str, words: str) -> list[Path]:
    bundle = find_bundle(folder)
    path = (bundle.parent if bundle.name == "model" else folder) / "run.json"
    name_it = mend or f"Name {named}: willbuy explain RUN {words}"
    try:
        about = json.loads(path.read_text("utf-8"))
        inputs, printed = [Path(one) for one in about["inputs"]], about["data_fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise WillbuyError(
            f"{path} does not say which {what} the run was made from. {name_it}."
        ) from problem
    for one in inputs:
        if not one.exists():
            raise WillbuyError(f"The {what} of this run, {one}, is no longer there. {name_it}.")
    files = find_files(inputs)
    if fingerprint(files) != printed:
        now = f"willbuy explain {folder} {inputs[0]} {words.partition(' ')[2]}"
        now = f"To explain it as it is now, name it: {now}"
        raise WillbuyError(
            f"The {what} of this run, {', '.join(map(str, inputs))}, has changed since. "
            f"{mend or now}."
        )
    return files
