"""What `willbuy check` shows: what is made of a log, before anything is run on it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from willbuy.errors import WillbuyError
from willbuy.events.files import find_files
from willbuy.events.head import head_of
from willbuy.events.read import EventLog, check_alike, source_of
from willbuy.events.schema import Kind
from willbuy.events.sources import Guess, Source, guess, guessed
from willbuy.events.words import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from willbuy.events.health import ReadHealth
    from willbuy.events.rejects import Rejects
    from willbuy.settings import SourceSettings

SHOWN = 5


@dataclass
class CheckResult:
    """What was found out about a log, for a person to read."""

    files: list[Path]
    header: list[str]
    source: Source | None
    """None where not even a guess names a time, a kind and a user."""
    guess: Guess | None
    """The guess, where the log was neither recognised nor mapped."""
    rows: list[dict[str, str]] = field(default_factory=list)
    """Some mapped rows: the raw text of each field, and what ``kind`` and ``time`` mean."""
    health: ReadHealth | None = None
    rejects: Rejects | None = None
    command: str = ""
    """The command to go on with."""
    on_mapping: list[str] = field(default_factory=list)
    """What to know of the mapping, in plain sentences for the command line."""
    on_health: list[str] = field(default_factory=list)
    """What to know of the rows."""

    @property
    def notes(self) -> list[str]:
        """What a person should know, in plain sentences."""
        return self.on_mapping + self.on_health

    @property
    def unused(self) -> list[str]:
        """Columns that nothing is made of."""
        used = set(self.source.columns.values()) if self.source else set()
        return [name for name in self.header if name not in used]


def check(paths: Sequence[Path | str], settings: SourceSettings) -> CheckResult:
    """Look at a log: the mapping, some rows, and the health of all of it.

    Raises:
        WillbuyError: if a file is missing or is no log at all.
    """
    files = find_files(paths)
    heads = [head_of(path, settings.separator) for path in files]
    check_alike(heads)
    head = heads[0]
    source = source_of(head, settings)
    found = None
    if source is None:
        found = guess(head.names, head.sample, settings)
        if not found.missing and (found.time_format or settings.time_format):
            source = guessed(found, head.sample, settings)
    result = CheckResult(files=files, header=head.names, source=source, guess=found)
    _say_mapping(result)
    result.command = _command(paths, settings, found)
    if source is not None:
        _read(result, EventLog(files, source, bad_row_share=1.0))
    return result


def _read(result: CheckResult, log: EventLog) -> None:
    try:
        for chunk in log.chunks():
            if len(result.rows) < SHOWN:
                for event, row in zip(
                    chunk.events, chunk.raw.head(SHOWN - len(result.rows)).to_dicts(), strict=False
                ):
                    shown = {n: str(row[n]) for n in FIELDS if row[n] is not None}
                    when = datetime.fromtimestamp(int(event["time"]) // 1_000_000, UTC)
                    shown["time"] = when.strftime("%Y-%m-%d %H:%M:%S UTC")
                    shown["kind"] = Kind(int(event["kind"])).name.lower()
                    result.rows.append(shown)
    except WillbuyError as error:
        result.on_health.append(str(error))
        result.command = ""
    result.health, result.rejects = log.health, log.rejects
    _say_health(result, log.health)


def _command(paths: Sequence[Path | str], settings: SourceSettings, found: Guess | None) -> str:
    words = ["willbuy run", *(shlex.quote(str(path)) for path in paths)]
    if found is not None:
        words.append(found.words)
    else:
        maps = [f"{name}={column}" for name, column in settings.columns.items()]
        maps += [f"kind.{word}={kind}" for word, kind in settings.kinds.items()]
        words += [f"--map {shlex.quote(word)}" for word in maps]
    given = {
        "separator": settings.separator,
        "time_format": settings.time_format,
        "zone": settings.zone if settings.zone != "UTC" else None,
    }
    words += [f"--map {shlex.quote(f'{n}={v}')}" for n, v in given.items() if v is not None]
    return " ".join(words)


def _say_mapping(result: CheckResult) -> None:
    say = result.on_mapping.append
    if result.guess is not None:
        say("The columns were guessed by their names and values. Check them before you run.")
        if result.guess.missing:
            say(f"No column was found for: {', '.join(result.guess.missing)}. Map it with --map.")
        if "time" in result.guess.columns and result.source is None:
            say(
                f"The times in column {result.guess.columns['time']!r} could not be read. Say how "
                "they are written: --map time_format='%d/%m/%Y %H:%M', or s, ms or us for numbers "
                "since 1970."
            )
        if result.guess.unknown_words:
            say(
                "Words of the kind column that nobody knows count as other: "
                f"{', '.join(result.guess.unknown_words)}."
            )
    if result.source is None:
        return
    columns = result.source.columns
    if "session" not in columns:
        say("There is no session id: a session will end after a time of silence.")
    if "product" not in columns:
        say("There is no product: features of products will be missing.")
    if "price" not in columns:
        say("There is no price: features of prices will be missing.")
    if result.source.zone == "UTC" and result.source.time_format not in ("iso", "s", "ms", "us"):
        say("Times that name no zone are taken as UTC; --map zone=Europe/Berlin says otherwise.")


def _say_health(result: CheckResult, health: ReadHealth) -> None:
    say = result.on_health.append
    bad = sum(health.rejected.values())
    if bad:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in health.rejected.items())
        say(f"{bad:,} of {health.rows:,} rows cannot be used: {reasons}.")
    if bad > max(0.05 * health.rows, 1):
        say("That is more than a run lets pass (5 % by default).")
    if health.unknown_events:
        words = ", ".join(repr(word) for word in list(health.unknown_words)[:8])
        say(
            f"{health.unknown_events:,} events have a word for their kind that nobody mapped "
            f"({words}); they count as other."
        )
    if not health.in_time_order:
        say(f"{health.rows_out_of_order:,} rows are earlier than the row before; they are sorted.")
    if health.mangled_categories:
        say(
            f"{health.mangled_categories:,} category ids lost their digits in a spreadsheet; "
            "the category path is used instead."
        )
    for sentence in health.unread_prices.words():
        say(sentence)
    if health.price_not_positive:
        say(f"Prices of 0 or below, which count as missing: {health.price_not_positive:,}.")
    if "purchase" not in health.kinds_read.values() and health.events:
        say("There is no purchase in this log, so nothing can be learned from it about buying.")
