"""A model of tables of sessions, with all that scoring needs; saved and loaded without pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.files import (
    TABLE,
    check_sealed,
    damage_told,
    find_bundle,
    is_table,
    read_told,
    sealed,
    share,
    write_told,
)
from willbuy.bundle.golden import compare
from willbuy.bundle.percentiles import Percentiles
from willbuy.errors import WillbuyError
from willbuy.models.boosted import Boosted
from willbuy.models.calibrator import Calibrator
from willbuy.models.encoding import Encoder
from willbuy.settings import Settings, parse_settings
from willbuy.snapshots.table_features import Input, feature_frame, input_of

if TYPE_CHECKING:
    import polars as pl

_SEALED = ("booster.ubj", "golden_rows.parquet", "golden_features.parquet")
_PROBABILITY = " probability"


@dataclass(frozen=True)
class GoldenRows:
    """Rows of the test part with what they must give.

    Attributes:
        rows: The inputs' columns, in the types of their kinds (m rows).
        X: float32 (m, F).
        probability: float64 (m,).
    """

    rows: pl.DataFrame
    X: NDArray[np.float32]
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class TableBundle:
    """A table in, probabilities out.

    Attributes:
        label, positive: The column that was predicted, and its value that counts as positive.
        names: Columns that name a row (time, group, ids): no features, but told with scores.
        unused: Other columns of the table that are no features.
        inputs: The columns that the model goes by.
        encoder, booster, calibrator: Columns → features → log-odds → probability.
        threshold: At or above it a session is flagged.
        percentiles: Against the calibrate part.
        settings: Those of the run.
        golden: What must come out again.
        about: For people: data fingerprint, split.
    """

    label: str
    positive: str
    names: tuple[str, ...]
    unused: tuple[str, ...]
    inputs: tuple[Input, ...]
    encoder: Encoder
    booster: Boosted
    calibrator: Calibrator
    threshold: float
    percentiles: Percentiles
    settings: Settings
    golden: GoldenRows
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def owners(self) -> tuple[str, ...]:
        """The column of the table that each of the F features was made of."""
        return tuple(
            input_of(one.name, self.inputs) for one in self.encoder.columns for _ in one.names
        )

    def features(self, rows: pl.DataFrame) -> NDArray[np.float32]:
        """Features of rows in the types of their columns' kinds: float32 (n, F)."""
        return self.encoder.transform(feature_frame(rows, self.inputs))

    def probability(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probability that the session buys (n,)."""
        return self.calibrator(self.booster.margin(X), once(len(X)))

    def percentile(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of the calibrate part's sessions at or below each probability, in percent."""
        return self.percentiles(p, once(len(p)))

    def check(self) -> None:
        """Score the golden rows; a WillbuyError names the first feature that differs."""
        if not len(self.golden.rows):
            raise WillbuyError("The bundle holds no golden rows, so nothing vouches for it.")
        X = self.features(self.golden.rows)
        compare(
            self.encoder.names,
            (self.golden.X, X),
            (self.golden.probability, self.probability(X)),
            "rows",
        )

    def save(self, folder: Path) -> None:
        """Write the bundle into an empty folder."""
        import polars as pl

        folder.mkdir(parents=True, exist_ok=True)
        self.booster.save(folder / "booster.ubj")
        self.golden.rows.write_parquet(folder / "golden_rows.parquet")
        columns = {name: self.golden.X[:, i] for i, name in enumerate(self.encoder.names)}
        told = pl.DataFrame({**columns, _PROBABILITY: self.golden.probability})
        told.write_parquet(folder / "golden_features.parquet")
        content = {
            **sealed(folder, _SEALED),
            "rows": TABLE,
            "label": self.label,
            "positive": self.positive,
            "names": list(self.names),
            "unused": list(self.unused),
            "inputs": [list(one) for one in self.inputs],
            "encoder": self.encoder.to_dict(),
            "threshold": self.threshold,
            "calibrator": self.calibrator.to_dict(),
            "percentiles": self.percentiles.to_dict(),
            "settings": self.settings.model_dump(),
            "about": self.about,
        }
        write_told(folder, content)


def once(n: int) -> NDArray[np.int32]:
    """How many events each of n rows stands for, where a row is a whole session: one."""
    return np.ones(n, np.int32)


def load_table_bundle(folder: Path) -> TableBundle:
    """Read the bundle of a table (or the run folder that holds one) and check that it replays.

    Raises:
        WillbuyError: It is no such bundle, of another format, or its golden rows do not give what
            they gave.
    """
    import polars as pl

    folder = find_bundle(folder)
    with damage_told(folder):
        told = read_told(folder)
        if not is_table(told):
            raise WillbuyError(f"The model in {folder} is of a log of events, not of a table.")
        check_sealed(folder, told, _SEALED)
        encoder = Encoder.from_dict(told["encoder"])
        known = pl.read_parquet(folder / "golden_features.parquet")
        X = known.select(encoder.names).to_numpy().reshape(len(known), len(encoder.names))
        bundle = TableBundle(
            label=str(told["label"]),
            positive=str(told["positive"]),
            names=tuple(map(str, told["names"])),
            unused=tuple(map(str, told["unused"])),
            inputs=tuple(Input(*one) for one in told["inputs"]),
            encoder=encoder,
            booster=Boosted.load(folder / "booster.ubj", threads=1),
            calibrator=Calibrator.from_dict(told["calibrator"]),
            threshold=share(told["threshold"]),
            percentiles=Percentiles.from_dict(told["percentiles"]),
            settings=parse_settings(told["settings"], str(folder / "bundle.json")),
            golden=GoldenRows(
                pl.read_parquet(folder / "golden_rows.parquet"), X, known[_PROBABILITY].to_numpy()
            ),
            about={**told["about"], "model_id": told["model_id"]},
        )
        bundle.check()
    return bundle
