"""From columns of raw text to canonical events, many at a time.

Cleaning is the functions of ``clean``, applied to each distinct text once and remembered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from willbuy.events import rejects as why
from willbuy.events.clean import HIGHEST_PRICE, clean_id, clean_path, clean_text, id_key, read_price
from willbuy.events.keys import key, keys_by
from willbuy.events.prices import Unread
from willbuy.events.schema import EVENT, MISSING, Kind
from willbuy.events.times import is_possible, to_micros
from willbuy.events.words import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from willbuy.events.sources import Source

    Ints = npt.NDArray[np.int64]

REASONS = ("", why.UNREADABLE_TIME, why.IMPOSSIBLE_TIME, why.NO_USER, why.MANGLED_ID)
"""Why a row of the right shape is no event; the first that holds is given."""


@dataclass
class Names:
    """What keys stand for, for people to read."""

    brand: dict[int, str] = field(default_factory=dict)
    category: dict[int, str] = field(default_factory=dict)
    section: dict[int, str] = field(default_factory=dict)


@dataclass
class Counts:
    """What was seen in the rows that became events, beyond the events themselves."""

    words: dict[str | None, int] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    unread_prices: Unread = field(default_factory=Unread)
    price_not_positive: int = 0
    mangled_categories: int = 0
    path_missing: int = 0


class _Texts:
    """A text column as small numbers that stay the same from block to block.

    Number 0 is a missing text. What belongs to a text is worked out once, when it is new.
    """

    def __init__(self, describe: Callable[[str], tuple[int, ...]]) -> None:
        self._describe = describe
        self._numbers: dict[str, int] = {}
        width = len(describe(""))
        self.texts: list[str | None] = [None]
        self.table = np.full((width, 1), MISSING, dtype=np.int64)

    def codes(self, series: pl.Series) -> npt.NDArray[np.uint32]:
        """The number of each row's text."""
        # Polars' own numbers are good for this block only: what it keeps between blocks is its
        # business. Ours come from the texts, each looked up once a block.
        numbers = series.cast(pl.Categorical(pl.Categories.random())).to_physical() + 1
        here: npt.NDArray[np.uint32] = numbers.fill_null(0).to_numpy()
        rows = np.full(int(here.max(initial=0)) + 1, -1, dtype=np.int64)
        rows[here] = np.arange(len(here))
        rows[0] = -1
        used = np.flatnonzero(rows >= 0)
        ours = np.zeros(len(rows), dtype=np.uint32)
        texts = series.gather(rows[used]).to_list()
        self._learn([text for text in texts if text not in self._numbers])
        ours[used] = [self._numbers[text] for text in texts]
        return ours.take(here)

    def _learn(self, texts: list[str]) -> None:
        if not texts:
            return
        self._numbers |= {text: len(self.texts) + i for i, text in enumerate(texts)}
        self.texts += texts
        described = np.array([self._describe(text) for text in texts], dtype=np.int64)
        self.table = np.concatenate([self.table, described.T], axis=1)


class Batch:
    """Makes events of raw rows; remembers every text that it has cleaned."""

    def __init__(self, source: Source, names: Names) -> None:
        self.source = source
        self.names = names
        self.counts = Counts()
        self._kinds = _Texts(self._kind)
        self._brands = _Texts(self._brand)
        self._paths = _Texts(self._path)
        self._categories = _Texts(self._category)
        self._unnamed = np.zeros(0, dtype=np.bool_)

    def events(
        self, raw: pl.DataFrame, positions: Ints
    ) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int8] | None]:
        """The events of all rows, and for each row the number of its fault in ``REASONS``.

        Without any fault the second is None. ``raw`` has the columns of ``FIELDS``.
        """
        events = np.zeros(raw.height, dtype=EVENT)
        faults = np.zeros(raw.height, dtype=np.int8)
        for entity in ("user", "session", "product"):
            events[entity], mangled = self._ids(raw[entity])
            if mangled is not None:
                faults[mangled] = 4
        faults[(events["user"] == MISSING) & (faults == 0)] = 3
        time = to_micros(raw["time"], self.source.time_format, self.source.zone)
        events["time"] = micros = time.fill_null(0).to_numpy()
        faults[~is_possible(micros)] = 2
        if time.null_count():
            faults[time.is_null().to_numpy()] = 1
        good = None if not faults.any() else faults == 0
        events["position"] = positions
        events["kind"] = self._kind_column(raw["kind"], good)
        events["price"] = self._price_column(raw["price"], good)
        events["brand"] = MISSING
        if self._has("brand"):
            brands = self._brands
            events["brand"] = _looked_up(brands, brands.codes(raw["brand"]))
        self._category_columns(events, raw, good)
        return events, faults if good is not None else None

    def _has(self, name: str) -> bool:
        return name in self.source.columns

    @staticmethod
    def _ids(series: pl.Series) -> tuple[Ints, npt.NDArray[np.bool_] | None]:
        if series.null_count() == len(series):
            return np.full(len(series), MISSING, dtype=np.int64), None
        return keys_by(series, id_key)

    def _kind_column(self, series: pl.Series, good: npt.NDArray[np.bool_] | None) -> Ints:
        codes = self._kinds.codes(series)
        seen = np.bincount(codes if good is None else codes[good], minlength=1)
        for code in np.flatnonzero(seen):
            word = self._kinds.texts[code]
            self.counts.words[word] = self.counts.words.get(word, 0) + int(seen[code])
            known = self.source.kind(word)
            if word is not None and known is not None:
                self.counts.kinds[word] = known
        return np.maximum(_looked_up(self._kinds, codes), Kind.OTHER)

    def _price_column(
        self, series: pl.Series, good: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[np.float64]:
        numbers = series.cast(pl.Float64, strict=False)
        odd = numbers.is_null() & series.is_not_null()
        if odd.any():
            found = {text: read_price(text) for text in series.filter(odd).unique()}
            patch = pl.Series([found[t] for t in series.filter(odd)], dtype=pl.Float64)
            numbers = numbers.scatter(odd.arg_true(), patch)
        prices = numbers.fill_null(np.nan).to_numpy(writable=True)
        prices[np.abs(prices) > HIGHEST_PRICE] = np.nan
        bad = ~(prices > 0)
        if bad.any():
            kept = bad if good is None else bad & good
            read = np.isfinite(prices)
            unread = kept & ~read & series.is_not_null().to_numpy()
            self.counts.price_not_positive += int(np.count_nonzero(kept & read))
            if unread.any():
                self.counts.unread_prices.add(series.filter(pl.Series(unread)))
            prices[bad] = np.nan
        return prices

    def _category_columns(
        self,
        events: npt.NDArray[np.void],
        raw: pl.DataFrame,
        good: npt.NDArray[np.bool_] | None,
    ) -> None:
        paths, categories = self._paths, self._categories
        path_codes = paths.codes(raw["path"]) if self._has("path") else None
        path_keys: Ints = np.full(raw.height, MISSING, dtype=np.int64)
        events["section"] = MISSING
        if path_codes is not None:
            path_keys = _looked_up(paths, path_codes)
            events["section"] = paths.table[1].take(path_codes)
        missing = path_keys == MISSING
        self.counts.path_missing += int(
            np.count_nonzero(missing if good is None else missing[good])
        )
        if not self._has("category"):
            events["category"] = path_keys
            return
        codes = categories.codes(raw["category"])
        keys = _looked_up(categories, codes)
        mangled = categories.table[1].take(codes) == 1
        if mangled.any():
            self.counts.mangled_categories += int(
                np.count_nonzero(mangled if good is None else mangled & good)
            )
        events["category"] = np.where(keys == MISSING, path_keys, keys)
        if path_codes is not None:
            self._name_categories(codes, path_codes, ~missing)

    def _name_categories(
        self,
        codes: npt.NDArray[np.uint32],
        path_codes: npt.NDArray[np.uint32],
        has_path: npt.NDArray[np.bool_],
    ) -> None:
        """A category id is called by the first path that comes with it."""
        table = self._categories.table
        fresh = np.ones(table.shape[1], dtype=np.bool_)
        fresh[: len(self._unnamed)] = self._unnamed
        self._unnamed = fresh
        fresh[0] = False
        rows = np.flatnonzero(fresh[codes] & has_path)
        for code, first in zip(*np.unique(codes[rows], return_index=True), strict=True):
            fresh[code] = False
            if (id_ := int(table[0, code])) != MISSING:
                path = self._paths.texts[path_codes[rows[first]]]
                self.names.category[id_] = ".".join(clean_path(path))

    def _kind(self, word: str) -> tuple[int]:
        kind = self.source.kind(word)
        return (Kind.OTHER if kind is None else kind,)

    def _brand(self, text: str) -> tuple[int]:
        cleaned = clean_text(text)
        found = key(cleaned)
        if cleaned is not None:
            self.names.brand[found] = cleaned
        return (found,)

    def _path(self, text: str) -> tuple[int, int]:
        found, section = path_keys(text)
        if found != MISSING:
            levels = clean_path(text)
            self.names.category.setdefault(found, ".".join(levels))
            self.names.section[section] = levels[0]
        return found, section

    def _category(self, text: str) -> tuple[int, int]:
        found = id_key(text)
        if found is None:
            return MISSING, 1
        if found != MISSING:
            self.names.category.setdefault(found, str(clean_id(text)))
        return found, 0


def path_keys(path: str | None) -> tuple[int, int]:
    """The keys of a category path and of its first level."""
    levels = clean_path(path)
    return (key(".".join(levels)), key(levels[0])) if levels else (MISSING, MISSING)


def _looked_up(texts: _Texts, codes: npt.NDArray[np.uint32]) -> Ints:
    found: Ints = texts.table[0].take(codes)
    return found


def raw_columns(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The columns of a file under our names; those it does not have are empty."""
    return frame.select(
        pl.col(source.columns[name]).alias(name)
        if name in source.columns
        else pl.lit(None, dtype=pl.String).alias(name)
        for name in FIELDS
    )
