"""Every setting of willbuy, with its default and its meaning, in one place."""

from __future__ import annotations

import difflib
import json
import math
import os
import textwrap
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from willbuy.errors import WillbuyError


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)


class SourceSettings(_Group):
    """Which column of the log is what. Empty means: recognise or guess it."""

    columns: Annotated[
        dict[str, str],
        Field(
            description="Our field = the log's column. Fields: time, kind, user, session, product, "
            "category (an id), path (like electronics.smartphone), brand, price."
        ),
    ] = {}
    kinds: Annotated[
        dict[str, str],
        Field(
            description="The log's word = our kind: view, cart, remove, wishlist, checkout, "
            "purchase or other."
        ),
    ] = {}
    separator: Annotated[
        str | None, Field(description="The character between CSV columns; found if empty.")
    ] = None
    time_format: Annotated[
        str | None,
        Field(
            description="strptime format of the time column, or s, ms or us for numbers since "
            "1970; found if empty."
        ),
    ] = None
    zone: Annotated[str, Field(description="IANA zone of times that are written without one.")] = (
        "UTC"
    )


class SessionSettings(_Group):
    """Where a session ends, and how much of it is scored."""

    silence_minutes: Annotated[
        float, Field(gt=0, description="A session without an id ends after this much silence.")
    ] = 30.0
    id_silence_hours: Annotated[
        float, Field(gt=0, description="A session id silent for this long starts a new session.")
    ] = 6.0
    max_hours: Annotated[
        float, Field(gt=0, description="A session is cut this long after its first event.")
    ] = 24.0
    max_events: Annotated[
        int, Field(ge=1, description="No moment after this many events is sampled or scored.")
    ] = 500
    daily_event_cap: Annotated[
        int,
        Field(ge=1, description="Shoppers above this many events a day are left out as bots."),
    ] = 1000


class HistorySettings(_Group):
    """What is remembered of a shopper."""

    half_life_days: Annotated[
        float, Field(gt=0, description="Counts of the past are worth half after so many days.")
    ] = 14.0


class ShopSettings(_Group):
    """The shop's daily counts."""

    lag_hours: Annotated[
        float,
        Field(ge=0, le=24, description="A day's counts become visible so long after midnight."),
    ] = 3.0


class SamplingSettings(_Group):
    """Which moments become rows. In train, moment k is drawn at rate min(1, c / k)."""

    c: Annotated[
        float, Field(gt=0, description="The c of the train part; 500 is every moment.")
    ] = 500.0
    max_train_rows: Annotated[
        int, Field(ge=1, description="c is lowered until train has no more rows than this.")
    ] = 3_000_000
    max_judge_rows: Annotated[
        int,
        Field(
            ge=1,
            description="Calibrate and test have every moment, up to so many rows each; above "
            "it whole sessions are drawn, and weighted.",
        ),
    ] = 1_000_000


class SplitSettings(_Group):
    """How the log is split by time."""

    calibrate_days: Annotated[
        int, Field(ge=1, description="Length of the calibrate part, in logs of 28 days or more.")
    ] = 7
    test_days: Annotated[
        int, Field(ge=1, description="Length of the test part, in logs of 28 days or more.")
    ] = 7
    warm_up_days: Annotated[
        int, Field(ge=1, description="First days that give no rows, in logs of 28 days or more.")
    ] = 7
    min_buyers: Annotated[
        int,
        Field(
            ge=1,
            description="The gap before a border shrinks where it would leave fewer buying "
            "sessions in a part.",
        ),
    ] = 20


class ModelSettings(_Group):
    """The boosted trees. Other parameters are XGBoost's own names."""

    params: Annotated[
        dict[str, float],
        Field(description="Overrides, such as max_depth, learning_rate, rounds, patience."),
    ] = {}

    @field_validator("params")
    @classmethod
    def _sane(cls, params: dict[str, float]) -> dict[str, float]:
        for name, value in params.items():
            if not math.isfinite(value) or (name in ("rounds", "patience") and value < 1):
                raise ValueError(f"{name} = {value} cannot be")
        return params


class JudgeSettings(_Group):
    """How figures are judged."""

    replicates: Annotated[
        int, Field(ge=100, description="Replicates of the bootstrap over shoppers.")
    ] = 500


class ExplainSettings(_Group):
    """How much of the test part is explained."""

    rows: Annotated[
        int,
        Field(
            ge=0,
            description="So many rows of test are explained, with pictures; each costs about a "
            "hundred scores. 0 explains none, and the run is done sooner.",
        ),
    ] = 20_000


class DecideSettings(_Group):
    """The shop's own numbers, which no log tells. Those not given are placeholders."""

    margin: Annotated[
        float | None,
        Field(gt=0, le=1, description="Of a sale, the share of the price that is earned."),
    ] = None
    cost: Annotated[
        float | None,
        Field(
            ge=0,
            allow_inf_nan=False,
            description="Of acting on one session, in the log's currency.",
        ),
    ] = None
    offer: Annotated[
        float,
        Field(ge=0, lt=1, description="Share of the price that acting gives away."),
    ] = 0.0


class Settings(_Group):
    """Everything that decides a run's outcome.

    A TOML file may hold any part of it; `run.json` records all of it.
    """

    timezone: Annotated[
        str, Field(description="The shop's own zone (IANA): decides hours, days and midnights.")
    ] = "UTC"
    seed: Annotated[int, Field(ge=0, description="Decides every draw.")] = 0
    threads: Annotated[
        int, Field(ge=0, description="Worker threads; 0 for as many as the machine has cores.")
    ] = 0
    bad_row_share: Annotated[
        float,
        Field(gt=0, le=1, description="A log with a larger share of unreadable rows is refused."),
    ] = 0.05
    source: Annotated[SourceSettings, Field(description="What the log's columns mean.")] = (
        SourceSettings()
    )
    session: Annotated[SessionSettings, Field(description="Where sessions end.")] = (
        SessionSettings()
    )
    history: Annotated[HistorySettings, Field(description="What is remembered of a shopper.")] = (
        HistorySettings()
    )
    shop: Annotated[ShopSettings, Field(description="The shop's daily counts.")] = ShopSettings()
    sampling: Annotated[SamplingSettings, Field(description="Which moments become rows.")] = (
        SamplingSettings()
    )
    split: Annotated[SplitSettings, Field(description="How the log is split by time.")] = (
        SplitSettings()
    )
    model: Annotated[ModelSettings, Field(description="The boosted trees.")] = ModelSettings()
    judge: Annotated[JudgeSettings, Field(description="How figures are judged.")] = JudgeSettings()
    explain: Annotated[
        ExplainSettings, Field(description="How much of the test part is explained.")
    ] = ExplainSettings()
    decide: Annotated[DecideSettings, Field(description="What acting costs and earns.")] = (
        DecideSettings()
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError) as problem:
            raise ValueError(
                f"{zone!r} is not a known time zone; use an IANA name such as Europe/Berlin"
            ) from problem
        return zone

    @property
    def workers(self) -> int:
        """How many threads to use."""
        if self.threads:
            return self.threads
        if hasattr(os, "sched_getaffinity"):  # what this process may use, where that is known
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1


def load_settings(path: Path) -> Settings:
    """Read a TOML file, or the settings that a `run.json` records.

    Raises:
        WillbuyError: The file is not there, cannot be read, or holds an unknown or wrong
            setting; the message names it.
    """
    try:
        if path.suffix == ".json":
            plain = json.loads(path.read_text("utf-8"))
            if not isinstance(plain, dict) or "settings" not in plain:
                raise WillbuyError(f"{path} holds no settings; give a run.json or a TOML file.")
            plain = plain["settings"]
        else:
            plain = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as problem:
        raise WillbuyError(f"There is no settings file {path}.") from problem
    except (OSError, ValueError) as problem:
        raise WillbuyError(f"The settings file {path} cannot be read: {problem}") from problem
    return parse_settings(plain, str(path))


def parse_settings(plain: object, where: str) -> Settings:
    """Settings from plain data; a WillbuyError names the first wrong one and `where` it stands."""
    try:
        return Settings.model_validate(plain)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ""
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, setting_names(), n=1, cutoff=0.5)
            known = f" Did you mean {near[0]}?" if near else " `willbuy settings` lists all."
        raise WillbuyError(
            f"{where}: the setting {name} is wrong: {first['msg']}.{known}"
        ) from problem


def setting_names() -> list[str]:
    """The dotted names of all settings."""
    names = []
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, _Group):
            names += [f"{name}.{inner}" for inner in group.model_fields]
        else:
            names.append(name)
    return names


def as_toml(settings: Settings) -> str:
    """All settings as TOML, each under its meaning; those that are empty are commented out."""
    lines: list[str] = []
    groups: list[str] = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, _Group):
            groups += ["", f"[{name}]  # {field.description}"]
            for inner, one in type(value).model_fields.items():
                groups += toml_lines(inner, getattr(value, inner), one.description)
        else:
            lines += toml_lines(name, value, field.description)
    return "\n".join([*lines, *groups]) + "\n"


def toml_lines(name: str, value: object, description: str | None) -> list[str]:
    """One setting as TOML, under its meaning; commented out where it is empty."""
    meaning = [f"# {line}" for line in textwrap.wrap(description or "", 86)]
    if value is None:
        return [*meaning, f'# {name} = ""']
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
        return [*meaning, f"{name} = {{ {inside} }}" if inside else f"{name} = {{}}"]
    return [*meaning, f"{name} = {json.dumps(value)}"]
