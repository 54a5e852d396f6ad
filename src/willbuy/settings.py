"""Every setting of willbuy, with its default and its meaning, in one place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True)


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
    zone: Annotated[
        str, Field(description="IANA zone of times that are written without one.")
    ] = "UTC"


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
