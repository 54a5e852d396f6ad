"""What a benchmark was run on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine(*libraries: str) -> str:
    """Name the machine, the cores that are ours, Python and the libraries that matter."""
    name = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        models = [line for line in cpu.read_text().splitlines() if line.startswith("model name")]
        name = models[0].split(":")[1].strip() if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"Python {platform.python_version()}"
    versions = " ".join(f"{one} {version(one)}" for one in libraries)
    return f"{name}, {cores} cores, {platform.system()}, {python}, {versions}"
