"""Which column of a log is what: recognised, given by the user, or guessed to be shown."""

from __future__ import annotations

import difflib
import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.events.words import (
    COLUMNS,
    FIELDS,
    KIND_NAMES,
    KINDS,
    REES46,
    REQUIRED,
    fold,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from willbuy.settings import SourceSettings

_SCALARS = ("separator", "time_format", "zone")


@dataclass(frozen=True)
class Source:
    """How one log is read: its columns, its words for kinds, its way to write times."""

    columns: dict[str, str]
    kinds: dict[str, Kind] = field(default_factory=dict)
    separator: str | None = None
    time_format: str = "iso"
    zone: str = "UTC"
    how: Literal["recognised", "given", "guessed"] = "given"
    name: str = "your mapping"

    def kind(self, word: str | None) -> Kind | None:
        """The kind that a word of the log stands for; None if nobody said."""
        if word is None:
            return None
        if word in self.kinds:
            return self.kinds[word]
        folded = fold(word)
        for known, kind in self.kinds.items():
            if fold(known) == folded:
                return kind
        return KINDS.get(folded)


@dataclass(frozen=True)
class Guess:
    """What an unknown log's columns may be, to be shown and pasted, never silently used."""

    header: list[str]
    columns: dict[str, str]
    kinds: dict[str, Kind]
    unknown_words: list[str]
    time_format: str | None = None

    @property
    def missing(self) -> list[str]:
        """Required fields for which no column was found."""
        return [name for name in REQUIRED if name not in self.columns]

    @property
    def words(self) -> str:
        """The guess as words for the command line."""
        maps = [f"{name}={self.columns[name]}" for name in FIELDS if name in self.columns]
        maps += [f"{name}=YOUR_COLUMN" for name in self.missing]
        maps += [
            f"kind.{word}={kind.name.lower()}"
            for word, kind in self.kinds.items()
            if word != kind.name.lower()
        ]
        return " ".join(f"--map {shlex.quote(word)}" for word in maps)

    @property
    def toml(self) -> str:
        """The guess as a part of a settings file."""
        lines = ["[source.columns]"]
        lines += [f"{n} = {_quoted(self.columns[n])}" for n in FIELDS if n in self.columns]
        lines += [f'{name} = "YOUR_COLUMN"' for name in self.missing]
        if self.kinds:
            lines += ["", "[source.kinds]"]
            lines += [f"{_quoted(w)} = {_quoted(k.name.lower())}" for w, k in self.kinds.items()]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def recognise(
    header: Sequence[str], sample: pl.DataFrame | None, settings: SourceSettings
) -> Source | None:
    """The source whose header this is (REES46, in any order of columns), or None.

    What the settings say holds over what is recognised.
    """
    if not set(REES46.values()) <= set(header):
        return None
    return _source(header, sample, REES46 | settings.columns, settings, "recognised")


def resolve(header: Sequence[str], sample: pl.DataFrame, settings: SourceSettings) -> Source | None:
    """The source of a log that is recognised or fully mapped by the user; None otherwise."""
    check_mapping(header, settings)
    if (found := recognise(header, sample, settings)) is not None:
        return found
    if not set(REQUIRED) <= set(settings.columns):
        return None
    return _source(header, sample, settings.columns, settings, "given")


def guessed(guess: Guess, sample: pl.DataFrame, settings: SourceSettings) -> Source:
    """A guess made into a source, for ``check`` to try out."""
    return _source(guess.header, sample, guess.columns, settings, "guessed")


def _source(
    header: Sequence[str],
    sample: pl.DataFrame | None,
    columns: Mapping[str, str],
    settings: SourceSettings,
    how: Literal["recognised", "given", "guessed"],
) -> Source:
    from willbuy.events.times import check_zone, find_format

    ordered = {name: columns[name] for name in FIELDS if name in columns}
    for column in ordered.values():
        if list(header).count(column) > 1:
            raise WillbuyError(f"The log has two columns named {column!r}. Rename one of them.")
    check_zone(settings.zone)
    form = settings.time_format
    if form is None and sample is not None:
        times = sample[ordered["time"]]
        form = find_format(times)
        if form is None:
            shown = times.drop_nulls().head(1).to_list()
            raise WillbuyError(
                f"The times in column {ordered['time']!r} cannot be read"
                + (f", for example {shown[0]!r}" if shown else ": they are all empty")
                + ". Say how they are written: --map time_format='%d.%m.%Y %H:%M:%S' (strptime), "
                'or s, ms or us for numbers since 1970; or in TOML [source] time_format = "...".'
            )
    return Source(
        columns=ordered,
        kinds={word: _kind(name, word) for word, name in settings.kinds.items()},
        separator=settings.separator,
        time_format=form or "iso",
        zone=settings.zone,
        how=how,
        name="REES46" if how == "recognised" else "your mapping" if how == "given" else "a guess",
    )


def check_mapping(header: Sequence[str], settings: SourceSettings) -> None:
    """Refuse fields that do not exist and columns that the log does not have."""
    for name, column in settings.columns.items():
        if name not in FIELDS:
            raise WillbuyError(_unknown("field", name, FIELDS))
        if column not in header:
            raise WillbuyError(
                f"The mapping {name}={column} names a column that the log does not have. "
                f"Its columns are: {', '.join(header)}.{_nearest(column, header)}"
            )
    for word, name in settings.kinds.items():
        _kind(name, word)


def guess(header: Sequence[str], sample: pl.DataFrame, settings: SourceSettings) -> Guess:
    """What the columns of an unknown log may be, by their names and by their values."""
    from willbuy.events.times import find_format

    columns = {n: c for n, c in settings.columns.items() if n in FIELDS and c in header}
    free = [c for c in header if c not in columns.values()]
    for name in FIELDS:
        if name in columns:
            continue
        column = next((c for w in COLUMNS[name] for c in free if fold(c) == fold(w)), None)
        if name == "time" and (column is None or find_format(sample[column]) is None):
            column = next((c for c in free if find_format(sample[c]) is not None), column)
        if name == "kind" and (column is None or not _kind_share(sample[column])):
            column = max(free, key=lambda c: _kind_share(sample[c]), default=None)
            if column is not None and _kind_share(sample[column]) < 0.5:
                column = None
        if column is not None:
            columns[name] = column
            free.remove(column)
    words = sample[columns["kind"]].drop_nulls().unique().to_list() if "kind" in columns else []
    given = {word: _kind(kind, word) for word, kind in settings.kinds.items()}
    kinds = {w: k for w in sorted(words) if (k := given.get(w, KINDS.get(fold(w)))) is not None}
    return Guess(
        header=list(header),
        columns=columns,
        kinds=given | kinds,
        unknown_words=[w for w in sorted(words) if w not in kinds][:20],
        time_format=find_format(sample[columns["time"]]) if "time" in columns else None,
    )


def _kind_share(values: pl.Series) -> float:
    words = values.drop_nulls()
    return sum(fold(w) in KINDS for w in words) / len(words) if len(words) else 0.0


def unmapped(path: object, found: Guess) -> WillbuyError:
    """What to say of a log that is neither recognised nor mapped."""
    lines = [f"{path}: which column is what? This log is not one that willbuy knows."]
    lines.append(f"Columns found: {', '.join(found.header)}.")
    if found.missing:
        lines.append(f"Missing, and required: {', '.join(found.missing)}.")
    lines.append("If this guess is right, add it to the command; else correct it first:")
    lines.append(f"  {found.words}")
    if found.unknown_words:
        lines.append(
            f"Words of the kind column that nobody knows: {', '.join(found.unknown_words)}. "
            "Map them with --map kind.WORD=KIND, or they count as other."
        )
    lines.append("`willbuy check` shows what it makes of the rows.")
    if found.missing:
        lines.append(
            "If each row is a whole session already: --sessions --label COLUMN, where COLUMN says "
            "whether it bought."
        )
    return WillbuyError("\n".join(lines))


def parse_map(words: Sequence[str], base: SourceSettings) -> SourceSettings:
    """Settings with the words of ``--map`` added: ``field=column`` or ``kind.WORD=KIND``.

    ``separator=``, ``time_format=`` and ``zone=`` are understood as well.
    """
    columns, kinds = dict(base.columns), dict(base.kinds)
    scalars: dict[str, str] = {}
    for word in words:
        left, equals, right = word.partition("=")
        if word.startswith("kind."):
            left, equals, right = word.rpartition("=")
        if not equals or not left or not right:
            raise WillbuyError(
                f"--map {word!r} is not of the form field=column or kind.WORD=KIND, "
                "for example --map time=ts --map kind.addtocart=cart."
            )
        if left.startswith("kind."):
            kinds[left.removeprefix("kind.")] = _kind(right, word).name.lower()
        elif left in FIELDS:
            columns[left] = right
        elif left in _SCALARS:
            scalars[left] = right
        else:
            raise WillbuyError(_unknown("field", left, (*FIELDS, *_SCALARS)))
    return base.model_copy(update={"columns": columns, "kinds": kinds, **scalars})


def _kind(name: str, word: str) -> Kind:
    if name not in KIND_NAMES:
        raise WillbuyError(f"In the mapping of {word!r}: " + _unknown("kind", name, KIND_NAMES))
    return KIND_NAMES[name]


def _unknown(what: str, name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    return f"There is no {what} {name!r}.{_nearest(name, known)} There are: {', '.join(known)}."


def _nearest(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""
