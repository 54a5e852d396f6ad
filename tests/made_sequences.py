"""Sequences that a test makes up."""

from pathlib import Path

import numpy as np

from willbuy.events.batch import Names
from willbuy.events.schema import Kind
from willbuy.research.sequences import SEQUENCE, STEP, Block, Sequences, write_block
from willbuy.snapshots.sampling import visit_id

MINUTE = 60 * 10**6
DAY = 24 * 60 * MINUTE


def block_of(sessions: list[tuple[int, int, list[int]]]) -> Block:
    """A block of (user, start, products), a shopper's in the order in which they began.

    A product's category is its hundreds, its brand its last digit, its section one for all; 0 is
    an event that names none. Events are views, a minute apart.
    """
    heads, events = np.zeros(len(sessions), SEQUENCE), []
    for head, (number, (user, start, products)) in zip(heads, enumerate(sessions), strict=True):
        steps = np.zeros(len(products), STEP)
        product = np.array(products)
        steps["time"] = start + np.arange(len(products)) * MINUTE
        steps["product"] = np.where(product > 0, product, -1)
        steps["category"] = np.where(product > 0, product // 100, -1)
        steps["brand"] = np.where(product > 0, product % 10, -1)
        steps["section"] = 5
        steps["price"] = np.where(product > 0, product, np.nan)
        steps["kind"] = int(Kind.VIEW)
        head["user"], head["session"], head["start"] = user, number, start
        head["visit"] = visit_id(user, number, start)
        head["last"] = steps["time"][-1]
        head["events"] = head["moments"] = len(products)
        events.append(steps)
    steps = np.concatenate(events)
    steps["position"] = np.argsort(np.argsort(steps["time"], kind="stable"))
    return Block(heads, steps)


def written(folder: Path, *blocks: Block) -> Sequences:
    """Blocks as they lie in a run's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, block in enumerate(blocks):
        write_block(folder, number, block)
    return Sequences(folder, Names(section={5: "toys"}))


def browsing(seed: int, users: int, days: int) -> list[tuple[int, int, list[int]]]:
    """Shoppers who keep to a category of ten products, three sessions each."""
    rng = np.random.default_rng(seed)
    made = []
    for user in range(users):
        for start in np.sort(rng.integers(0, days * DAY - 60 * MINUTE, 3)):
            category = int(rng.integers(1, 6))
            made.append((user, int(start), (100 * category + rng.integers(1, 11, 8)).tolist()))
    return made
