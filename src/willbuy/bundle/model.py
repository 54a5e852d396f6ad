"""A trained model with all that scoring needs; saved and loaded without pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.files import (
    check_sealed,
    damage_told,
    find_bundle,
    is_table,
    read_told,
    sealed,
    share,
    write_told,
)
from willbuy.bundle.golden import Golden
from willbuy.bundle.percentiles import Percentiles
from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.events.sources import Source
from willbuy.events.times import check_zone
from willbuy.features.registry import Feature, all_features
from willbuy.models.boosted import Boosted
from willbuy.models.calibrator import Calibrator
from willbuy.moments.calendar import Calendar, make_calendar
from willbuy.moments.rules import make_rules
from willbuy.moments.state import Rules
from willbuy.moments.tables import ShopTables
from willbuy.settings import Settings, parse_settings
from willbuy.snapshots.replay import EVERY, Replay

_SEALED = ("booster.ubj", "golden_events.parquet", "golden_moments.parquet")


@dataclass(frozen=True)
class Bundle:
    """Events in, probabilities out.

    Attributes:
        features: The columns, in order.
        booster, calibrator: Features → log-odds → probability.
        threshold: At or above it a moment is flagged.
        percentiles: Against the calibrate part.
        tables: The shop's daily counts.
        settings: Those of the run.
        kinds: The log's own words for kinds of events.
        zone: IANA zone of times that the log writes without one.
        log_start: Where the training log began, microseconds UTC.
        golden: What must replay.
        about: For people: data fingerprint, parts, when, by what.
    """

    features: tuple[Feature, ...]
    booster: Boosted
    calibrator: Calibrator
    threshold: float
    percentiles: Percentiles
    tables: ShopTables
    settings: Settings
    kinds: dict[str, int]
    zone: str
    log_start: int
    golden: Golden
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The column names."""
        return [one.name for one in self.features]

    @property
    def calendar(self) -> Calendar:
        """The shop's local time."""
        return make_calendar(self.settings.timezone)

    def rules(self, log_start: int | None = None) -> Rules:
        """The fold's rules; `log_start` of the log that is scored, else of the training log."""
        return make_rules(self.settings, self.log_start if log_start is None else log_start)

    @property
    def source(self) -> Source:
        """How the raw fields of a live event are read."""
        kinds = {word: Kind(number) for word, number in self.kinds.items()}
        return Source(columns={}, kinds=kinds, zone=self.zone)

    def probability(self, X: NDArray[np.float32], k: NDArray[np.integer]) -> NDArray[np.float64]:
        """Calibrated probability of a later purchase.

        Args:
            X: Features, float32 (n, F).
            k: How many events each session had then (n,).
        """
        return self.calibrator(self.booster.margin(X), k)

    def check(self) -> None:
        """Replay the golden moments.

        Raises:
            WillbuyError: They differ; the message names the first feature that does.
        """
        events, ends = self.golden.clustered()
        replay = Replay(self.features, self.calendar, self.rules(), self.tables, EVERY)
        blocks = replay(events, ends)
        X = np.concatenate([block for block, _ in blocks])
        rows = np.concatenate([rows for _, rows in blocks])
        at = rows["position"]
        order = np.argsort(at)
        place = np.searchsorted(at[order], self.golden.moments)
        if not np.isin(self.golden.moments, at).all():
            raise WillbuyError(
                "The bundle does not replay here: some golden moments are no longer moments "
                "(session borders differ). Train the model again."
            )
        if not len(self.golden.moments):
            raise WillbuyError("The bundle holds no golden moments, so nothing vouches for it.")
        X, k = X[order[place]], rows["ordinal"][order[place]]
        self.golden.compare(self.names, X, self.probability(X, k))

    def save(self, folder: Path) -> str:
        """Write the bundle into an empty folder; its id."""
        folder.mkdir(parents=True, exist_ok=True)
        self.booster.save(folder / "booster.ubj")
        self.tables.save(folder / "shop_tables.npz")
        self.golden.save(folder, self.names)
        told = {
            **sealed(folder, _SEALED),
            "features": [
                {"name": f.name, "label": f.label, "unit": f.unit, "family": f.family}
                for f in self.features
            ],
            "threshold": self.threshold,
            "calibrator": self.calibrator.to_dict(),
            "percentiles": self.percentiles.to_dict(),
            "kinds": self.kinds,
            "zone": self.zone,
            "log_start": self.log_start,
            "settings": self.settings.model_dump(),
            "about": self.about,
        }
        write_told(folder, told)
        return str(told["model_id"])


def load_bundle(folder: Path, features: Path | None = None) -> Bundle:
    """Read a bundle (or the run folder that holds one) and check that it replays.

    Args:
        folder: `runs/<name>` or `runs/<name>/model`.
        features: The Python file with features of one's own, where the model was trained with
            some. Code never comes from a bundle.

    Raises:
        WillbuyError: It is no bundle, of another format, needs a feature that is not there, or
            its golden moments do not replay.
    """
    folder = find_bundle(folder)
    with damage_told(folder):
        told = read_told(folder)
        if is_table(told):
            raise WillbuyError(
                f"The model in {folder} is of a table of sessions, not of a log of events."
            )
        check_sealed(folder, told, _SEALED)
        chosen = _features(told["features"], features, folder)
        names = [one.name for one in chosen]
        bundle = Bundle(
            features=chosen,
            booster=Boosted.load(folder / "booster.ubj", threads=1),
            calibrator=Calibrator.from_dict(told["calibrator"]),
            threshold=share(told["threshold"]),
            percentiles=Percentiles.from_dict(told["percentiles"]),
            tables=ShopTables.load(folder / "shop_tables.npz"),
            settings=parse_settings(told["settings"], str(folder / "bundle.json")),
            kinds=told["kinds"],
            zone=told["zone"],
            log_start=int(told["log_start"]),
            golden=Golden.load(folder, names),
            about={**told["about"], "model_id": told["model_id"]},
        )
        check_zone(bundle.source.zone)
        bundle.check()
    return bundle


def _features(told: list[dict[str, str]], own: Path | None, folder: Path) -> tuple[Feature, ...]:
    known = {one.name: one for one in all_features(own)}
    missing = [one["name"] for one in told if one["name"] not in known]
    if missing:
        raise WillbuyError(
            f"The model in {folder} was trained with features that are not here: "
            f"{', '.join(missing)}. Features are code and never come from a bundle: give the "
            "file that defines them with --features FILE."
        )
    return tuple(known[one["name"]] for one in told)
