"""`willbuy simulate`: a seed in, a log out, and the truth about it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

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
from willbuy.simulator.truth import Ladder
from willbuy.simulator.world import World, load_world

MOST_EVENTS, MOST_DAYS = 2_000_000_000, 3_660
_TRUTH_BYTES = 45  # an event
_ROWS_AT_A_TIME = 250_000


@dataclass(frozen=True)
class Simulated:
    """A simulated log.

    Attributes:
        path: The log.
        truth_path: The truth, where it was asked for.
        events: Rows of the log.
        users, sessions, buying_sessions: Shoppers, visits and visits with a purchase, before
            flaws were put on the log.
        marginals: What the log is like, by name; see `Marginals`.
    """

    path: Path
    truth_path: Path | None
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
        threads: To work with; the log does not depend on it.
        reporter: Told of progress; silent where not given.

    Returns:
        Where it is and what it is like.

    Raises:
        WillbuyError: A setting is wrong, or a file cannot be written; nothing is left then.
    """
    reporter = reporter or Silent()
    out, truth = Path(out), None if truth is None else Path(truth)
    given = Path(world) if isinstance(world, (str, Path)) else None
    _check(out, truth, given, events, days, seed, threads)
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
    ladder = Ladder(shop) if truth is not None else None
    marginals = Marginals()
    with ExitStack() as stack:
        log = stack.enter_context(Sink(out, LOG_COLUMNS, cut_last_line=world.traps.cut_last_line))
        truths = None
        if truth is not None:
            about = {"willbuy": json.dumps(about_truth(world, goods, days, seed))}
            truths = stack.enter_context(Sink(truth, TRUTH_COLUMNS, metadata=about))
        stage = stack.enter_context(reporter.stage(_title(truth), days))
        for day in shop.open(threads, ladder):
            for visits in day.visits:
                marginals.count_visits(visits.events)
                if truths is not None and visits.truth is not None:
                    truths.write(visits.truth)
            rows = trapped(day.events, day.number, days, world.traps, seed, day.shelf.price)
            for begin in range(0, len(rows), _ROWS_AT_A_TIME):
                frame = log_frame(rows[begin : begin + _ROWS_AT_A_TIME], told, seed, world.start)
                marginals.count_rows(frame)
                log.write(frame)
            stage.advance(1, rows=len(rows))
        # Both are whole before either is put in its place.
        log.finish()
        if truths is not None:
            truths.finish()
    return Simulated(
        out, truth, marginals.rows, marginals.shoppers, marginals.visits, marginals.buying,
        marginals.told(),
    )  # fmt: skip


def about_truth(world: World, goods: Catalogue, days: int, seed: int) -> dict[str, object]:
    """What stands in a truth file beside its rows: the world, and its true effects."""
    return {
        "simulated": True,
        "seed": seed,
        "days": days,
        "true_conversion": true_conversion(world, goods, days),
        "world": world.model_dump(mode="json"),
    }


def _title(truth: Path | None) -> str:
    return "Simulating" if truth is None else "Simulating, and the ladder of ceilings"


def _check(
    out: Path,
    truth: Path | None,
    world: Path | None,
    events: int,
    days: int,
    seed: int,
    threads: int,
) -> None:
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
    named = {"--world": world, "--truth": truth}
    for option, path in named.items():
        if path is not None and path.resolve() == out.resolve():
            raise WillbuyError(f"{option} and --out are the same file, {out}.")
    if truth is not None:
        if truth.suffix != ".parquet":
            raise WillbuyError(f"--truth {truth}: the truth is written as Parquet; end in .parquet")
        if world is not None and truth.resolve() == world.resolve():
            raise WillbuyError(f"--world and --truth are the same file, {truth}.")
    check_place(out, bytes_of(events, out))
    if truth is not None:
        check_place(truth, _TRUTH_BYTES * events)
        if out.parent.stat().st_dev == truth.parent.stat().st_dev:
            check_place(out, bytes_of(events, out) + _TRUTH_BYTES * events)
