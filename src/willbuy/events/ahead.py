"""Making the next items in a thread while the present one is worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

T = TypeVar("T")


def ahead(items: Iterable[T], most: int = 2) -> Iterator[T]:
    """The same items in the same order, made up to `most` ahead by a thread of their own.

    What making them raises is raised here, in its place. Whoever stops early ends the thread.
    """
    made: queue.Queue[tuple[T | None, BaseException | None] | None] = queue.Queue(most)
    stopped = threading.Event()

    def put(item: tuple[T | None, BaseException | None] | None) -> bool:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
        except BaseException as problem:  # handed over, whatever it is
            put((None, problem))
        else:
            put(None)

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while (one := made.get()) is not None:
            item, problem = one
            if problem is not None:
                raise problem
            yield cast("T", item)
    finally:
        stopped.set()
        thread.join()
