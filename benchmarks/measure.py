"""What a command costs, told from outside: it runs in a process of its own.

CPU time is user and system time of the process and all it waited for; peak memory is the
kernel's `ru_maxrss`. Whoever asks should be small itself, because the kernel counts a process
from its fork on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOOK = 0.2
_KIB = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, bytes, and why it has no answer, if it has none."""

    cpu: float
    wall: float
    peak: int
    failed: str = ""


def measured(command: Sequence[str], limit: int, folder: Path, threads: int = 2) -> Cost:
    """Run a command and tell what it cost.

    Args:
        command: The program and its arguments.
        limit: Bytes; a process that holds more is killed, before the machine suffers.
        folder: Where it runs, and where Python looks for modules.
        threads: For the libraries that ask the environment.
    """
    told = {name: str(threads) for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS")}
    begun = time.perf_counter()
    process = subprocess.Popen(
        list(command), cwd=folder, env={**os.environ, **told, "PYTHONPATH": str(folder)},
        start_new_session=True,
    )  # fmt: skip
    over, done = threading.Event(), threading.Event()
    guard = threading.Thread(target=_guard, args=(process.pid, limit, over, done))
    guard.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        _kill(process.pid)
        raise
    finally:
        done.set()
        guard.join()
    wall = time.perf_counter() - begun
    code = process.returncode = os.waitstatus_to_exitcode(status)
    failed = f"exit status {code}" if code else ""
    if over.is_set():
        failed = f"killed above {limit / 1e9:.1f} GB"
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * _KIB, failed)


def _guard(pid: int, limit: int, over: threading.Event, done: threading.Event) -> None:
    while not done.wait(_LOOK):
        if _resident(pid) > limit:
            over.set()
            _kill(pid)
            return


def _resident(pid: int) -> int:
    """Bytes that a process and its children hold."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family)
    except psutil.Error:  # one of them has just ended
        return 0


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
