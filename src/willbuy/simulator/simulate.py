"""`willbuy simulate`: a seed in, a log out, and the truth about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import polars as pl

from willbuy.errors import WillbuyError
from willbuy.progress import Reporter, Silent
from willbuy.simulator.effects import true_conversion
from willbuy.simulator.goods import Catalogue
from willbuy.simulator.marginals import Marginals
from willbuy.simulator.shop import open_shop
from willbuy.simulator.sink import Sink, bytes_of, check_place
from willbuy.simulator.texts import SCHEMA as LOG_COLUMNS
from willbuy.simulator.texts import goods_texts, log_frame
from willbuy.simulator.traps import Traps, trapped
from willbuy.simulator.truth import SCHEMA as TRUTH_COLUMNS
from willbuy.simulator.truth import Ladder, belief_columns
from willbuy.simulator.world import World, load_world

MOST_EVENTS, MOST_DAYS = 2_000_000_000, 3_660
_BYTES = {"--truth": 45, "--beliefs": 75}  # an event
_IS = {"truth": "is", "beliefs": "are"}
_ROWS_AT_A_TIME = 250_000


@dataclass(frozen=True)
class Simulated:
    """A simulated log.

    Attributes:
        path: The log.
        truth_path: The truth, where it was asked for.
        beliefs_path: The beliefs of the third step's filter, where they were asked for.
        events: Rows of the log.
        users, sessions, buying_sessions: Shoppers, visits and visits with a purchase, before
            flaws were put on the log.
        marginals: What the log is like, by name; see `Marginals`.
    """

    path: Path
    truth_path: Path | None
    beliefs_path: Path | None
    events: int
    users: int
    sessions: int
    buying_sessions: int
    marginals: dict[str, float] = field(repr=False)


def simulate(
    out: Path | str,
    *,
    events: int = 1_000_000,
    days: int = 31,
    seed: int = 0,
    world: World | Path | str | None = None,
    clean: bool = False,
    truth: Path | str | None = None,
    beliefs: Path | str | None = None,
    threads: int = 2,
    reporter: Reporter | None = None,
) -> Simulated:
    """Write the log of a simulated shop, in REES46's columns and in the order of time.

    Args:
        out: The file: .csv, .csv.gz or .parquet.
        events: About so many rows: within some percent, in odd worlds within some more.
        days: Length of the log.
        seed: Decides everything.
        world: What the shop is like: a World, or a TOML file (`willbuy simulate --show-world`).
        clean: Leave out the flaws of real logs.
        truth: A .parquet file for what could be known at each moment: the ladder of ceilings.
        beliefs: A .parquet file for what the filter of the ladder's third step believes of the
            shopper at each moment: the chance of each type, need, cart, intent and quality.
        threads: To work with; the log does not depend on it.
        reporter: Told of progress; silent where not given.

    Returns:
        Where it is and what it is like.

    Raises:
        WillbuyError: A setting is wrong, or a file cannot be written; nothing is left then.
    """
    reporter = reporter or Silent()
    out, truth = Path(out), None if truth is None else Path(truth)
    beliefs = None if beliefs is None else Path(beliefs)
    given = Path(world) if isinstance(world, (str, Path)) else None
    _check_numbers(events, days, seed, threads)
    _check_places(out, given, {"--truth": truth, "--beliefs": beliefs}, events)
    if not isinstance(world, World):
        world = World() if given is None else load_world(given)
    if clean:
        world = world.model_copy(update={"traps": Traps.none()})
    shop = open_shop(world, events, days, seed)
    goods = shop.goods
    told = goods_texts(
        goods.category, goods.brand, shop.seen,
        world.goods.brand_missing, world.goods.code_missing, seed,
    )  # fmt: skip
    beside: dict[Path, pl.Schema] = {}  # what is told of each moment
    if truth is not None:
        beside[truth] = TRUTH_COLUMNS
    if beliefs is not None:
        beside[beliefs] = belief_columns(shop)
    ladder = Ladder(shop, believed=beliefs is not None) if beside else None
    marginals = Marginals()
    with ExitStack() as stack:
        log = stack.enter_context(Sink(out, LOG_COLUMNS, cut_last_line=world.traps.cut_last_line))
        about = {"willbuy": json.dumps(about_truth(world, goods, days, seed))} if beside else None
        sinks = [
            (stack.enter_context(Sink(path, columns, metadata=about)), columns.names())
            for path, columns in beside.items()
        ]
        title = "Simulating" if ladder is None else "Simulating, and the ladder of ceilings"
        stage = stack.enter_context(reporter.stage(title, days))
        for day in shop.open(threads, ladder):
            for visits in day.visits:
                marginals.count_visits(visits.events)
                if visits.truth is not None:
                    for sink, names in sinks:
                        sink.write(visits.truth.select(names))
            rows = trapped(day.events, day.number, days, world.traps, seed, day.shelf.price)
            for begin in range(0, len(rows), _ROWS_AT_A_TIME):
                frame = log_frame(rows[begin : begin + _ROWS_AT_A_TIME], told, seed, world.start)
                marginals.count_rows(frame)
                log.write(frame)
            stage.advance(1, rows=len(rows))
        # All are whole before any is put in its place.
        log.finish()
        for sink, _ in sinks:
            sink.finish()
    return Simulated(
        out, truth, beliefs, marginals.rows, marginals.shoppers, marginals.visits, marginals.buying,
        marginals.told(),
    )  # fmt: skip


def about_truth(world: World, goods: Catalogue, days: int, seed: int) -> dict[str, object]:
    """What stands beside the rows of a truth or of beliefs: the world, and its true effects."""
    return {
        "simulated": True,
        "seed": seed,
        "days": days,
        "true_conversion": true_conversion(world, goods, days),
        "world": world.model_dump(mode="json"),
    }


def _check_numbers(events: int, days: int, seed: int, threads: int) -> None:
    for name, value, most in (("events", events, MOST_EVENTS), ("days", days, MOST_DAYS)):
        if not 1 <= value <= most:
            raise WillbuyError(
                f"--{name} is {value:,}; it goes from 1 to {most:,}. For a real month's size: "
                "--events 42_448_764 --days 31"
            )
    if not 0 <= seed < 1 << 32:
        raise WillbuyError(f"--seed is {seed}; it goes from 0 to {(1 << 32) - 1}.")
    if threads < 1:
        raise WillbuyError(f"threads is {threads}; it is 1 or more.")


def _check_places(
    out: Path, world: Path | None, beside: Mapping[str, Path | None], events: int
) -> None:
    """See that no two files are one, and that what is written has a place.

    Args:
        out: The log.
        world: The file that tells of the world.
        beside: What is written beside the log, by option.
        events: How many there will be.
    """
    written = {option: path for option, path in beside.items() if path is not None}
    named = [*([("--world", world)] if world is not None else []), *written.items(), ("--out", out)]
    for (one, path), (other, its) in combinations(named, 2):
        if path.resolve() == its.resolve():
            raise WillbuyError(f"{one} and {other} are the same file, {its}.")
    for option, path in written.items():
        if path.suffix != ".parquet":
            what = option.removeprefix("--")
            raise WillbuyError(
                f"{option} {path}: the {what} {_IS[what]} written as Parquet; end in .parquet"
            )
    needed = [(out, bytes_of(events, out))]
    needed += [(path, _BYTES[option] * events) for option, path in written.items()]
    for path, size in needed:
        check_place(path, size)
    for path, _ in needed:  # those on one disk share its room
        disk = path.parent.stat().st_dev
        check_place(path, sum(size for other, size in needed if other.parent.stat().st_dev == disk))
