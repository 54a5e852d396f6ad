"""A loaded model, as a person uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from willbuy.bundle.model import Bundle, load_bundle
from willbuy.events.read import open_log
from willbuy.progress import Reporter, Silent
from willbuy.score.batch import score_log, write_scores
from willbuy.score.live import Scorer

if TYPE_CHECKING:
    import polars as pl

    from willbuy.settings import SourceSettings


@dataclass(frozen=True)
class Model:
    """Scores logs and live events.

    Attributes:
        bundle: What was trained.
    """

    bundle: Bundle

    def score(
        self,
        events: Sequence[Path | str] | Path | str,
        out: Path | str | None = None,
        *,
        source: SourceSettings | None = None,
        threads: int | None = None,
        reporter: Reporter | None = None,
    ) -> pl.DataFrame:
        """The latest moment of each session of a log.

        Args:
            events: A file, several, or a folder.
            out: A .csv or .parquet file to write the scores to, whole or not at all.
            source: The log's mapping where it differs from the training log's.
            threads: As the training run's settings where not given.
            reporter: Told of progress.

        Returns:
            One row a session: user, session, started, time, k, status, probability, percentile,
            decile, shop_day. Percentile and decile are against the calibrate part, sessions of
            the same length so far; decile 1 is the best tenth.

        Raises:
            WillbuyError: The log cannot be read, or `out` not be written.
        """
        paths = [events] if isinstance(events, (str, Path)) else list(events)
        settings = self.bundle.settings
        log = open_log(
            paths, source or settings.source, bad_row_share=settings.bad_row_share
        )
        scratch = Path(out).parent if out else Path()
        scores = score_log(
            self.bundle, log, scratch, threads or settings.workers, reporter or Silent()
        )
        if out is not None:
            write_scores(scores, Path(out))
        return scores

    def scorer(self, since: int | None = None) -> Scorer:
        """A live scorer with its state in this process (see `Scorer`)."""
        return Scorer(self.bundle, since)


def load(folder: Path | str, features: Path | str | None = None) -> Model:
    """Load a run's model; its golden moments are replayed first.

    Args:
        folder: `runs/<name>`, or its `model/`.
        features: The file with features of your own, where the model was trained with some.

    Raises:
        WillbuyError: It is no run, or does not replay here.
    """
    return Model(load_bundle(Path(folder), Path(features) if features else None))
