"""A loaded model, as a person uses it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from willbuy.bundle.files import holds_table
from willbuy.bundle.model import Bundle, load_bundle
from willbuy.bundle.table import load_table_bundle
from willbuy.errors import WillbuyError, check_target
from willbuy.events.read import open_log
from willbuy.explain.own_inputs import own_log
from willbuy.explain.session.counterfactual import counterfactual as search
from willbuy.explain.session.parts import find_part
from willbuy.explain.session.shopper import find_in_log, from_fields
from willbuy.explain.session.timeline import SessionExplanation, explain_part
from willbuy.progress import Reporter, Silent
from willbuy.score.batch import Scores, score_log, summed_up, with_ids
from willbuy.score.live import Scorer
from willbuy.score.sheet import write_scores
from willbuy.score.table import TableModel

if TYPE_CHECKING:
    from willbuy.settings import SourceSettings

EventsGiven = Sequence[Path | str] | Path | str | Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Model:
    """Scores logs and live events.

    Attributes:
        bundle: What was trained.
        folder: Where it was loaded from: the run, or its `model/`.
    """

    bundle: Bundle = field(repr=False)
    folder: Path = field(repr=False)

    def __repr__(self) -> str:
        about = self.bundle.about
        return f"<Model {about.get('model_id')}: {len(self.bundle.features)} features>"

    def score(
        self,
        events: Sequence[Path | str] | Path | str,
        out: Path | str | None = None,
        *,
        source: SourceSettings | None = None,
        threads: int | None = None,
        beside: Sequence[str] = (),
        reporter: Reporter | None = None,
    ) -> Scores:
        """The latest moment of each session of a log.

        Args:
            events: A file, several, or a folder.
            out: A .csv or .parquet file to write the scores to, whole or not at all.
            source: The log's mapping where it differs from the training log's.
            threads: As the training run's settings where not given.
            beside: Names of features to tell beside the scores, as of the same moment.
            reporter: Told of progress.

        Returns:
            How many sessions and what came of them. Where `out` is not given, its `frame` has
            one row a session: user, session, started, time, k, status, probability,
            percentile, decile, shop_day, and the features asked for. Percentile and decile are
            against the calibrate part, sessions of the same length so far; decile 1 is the best
            tenth.

        Raises:
            WillbuyError: The log cannot be read, or `out` not be written.
        """
        import polars as pl

        paths = [events] if isinstance(events, (str, Path)) else list(events)
        settings, reporter = self.bundle.settings, reporter or Silent()
        target = Path(out) if out is not None else None
        if target is not None:
            check_target(target, "The scores")
        log = open_log(paths, source or settings.source, bad_row_share=settings.bad_row_share)
        if target is not None and target.resolve() in [file.resolve() for file in log.files]:
            raise WillbuyError(f"{target} is the log itself; give --out another name.")
        scratch = target.parent if target is not None else Path(tempfile.gettempdir())
        scores = score_log(self.bundle, log, scratch, threads or settings.workers, reporter, beside)
        with reporter.stage("Looking up ids", len(scores)):
            pieces = with_ids(scores, log)
            if target is None:
                return summed_up(self.bundle, scores, pl.concat(pieces))
            write_scores(pieces, target)
        return summed_up(self.bundle, scores, None)

    def explain(
        self,
        events: EventsGiven | None = None,
        *,
        session: str | int | None = None,
        user: str | int | None = None,
        at: int | None = None,
        counterfactual: bool = False,
        target: float | None = None,
        source: SourceSettings | None = None,
        reporter: Reporter | None = None,
    ) -> SessionExplanation:
        """Why the model answers as it does about one session, event by event.

        Args:
            events: A file, several, or a folder, which is read for this shopper alone; or events
                as `Scorer.update` takes them, one mapping each. The run's own log where not given.
            session: The log's session id; None for events of `user` that have none.
            user: The shopper's id, where the session id is not one shopper's alone.
            at: Explain the moment after this event, from 1; the last one before a purchase where
                not given.
            counterfactual: Search for what would have had to be different, too.
            target: The probability that this is to cross; the model's threshold where not given.
            source: The log's mapping where it differs from the training log's.
            reporter: Told of progress.

        Raises:
            WillbuyError: The log cannot be read, or there is no such session or moment.
        """
        bundle, reporter = self.bundle, reporter or Silent()
        if isinstance(events, Sequence) and events and isinstance(events[0], Mapping):
            fields = cast("Sequence[Mapping[str, object]]", events)
            shopper = from_fields(fields, bundle.source, session, user, bundle.log_start)
        else:
            named = cast("Sequence[Path | str] | Path | str | None", events)
            paths = [named] if isinstance(named, (str, Path)) else named or own_log(self.folder)
            settings = bundle.settings
            log = open_log(paths, source or settings.source, bad_row_share=settings.bad_row_share)
            shopper = find_in_log(log, session, user, reporter)
        part = find_part(bundle, shopper, at)
        told = explain_part(bundle, shopper, part, whole=at is None)
        if not counterfactual and target is None:
            return told
        with reporter.stage("Searching for what would have to be different"):
            found = search(bundle, shopper, part, target)
        return replace(told, counterfactual=found)

    def scorer(self, since: int | None = None) -> Scorer:
        """A live scorer with its state in this process (see `Scorer`)."""
        return Scorer(self.bundle, since)


def load(folder: Path | str, features: Path | str | None = None) -> Model | TableModel:
    """Load a run's model; its golden moments, or rows, are replayed first.

    Args:
        folder: `runs/<name>`, or its `model/`.
        features: The file with features of your own, where the model was trained with some.

    Returns:
        A `Model`, which scores logs of events, or a `TableModel`, where the run was of a table of
        sessions.

    Raises:
        WillbuyError: It is no run, or does not replay here.
    """
    if holds_table(Path(folder)):
        return load_table(folder)
    return Model(load_bundle(Path(folder), Path(features) if features else None), Path(folder))


def load_table(folder: Path | str) -> TableModel:
    """Load the model of a table's run.

    Raises:
        WillbuyError: It is no such run, or its golden rows do not give what they gave.
    """
    return TableModel(load_table_bundle(Path(folder)), Path(folder))
