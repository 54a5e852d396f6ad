"""willbuy: will this session buy?

From raw clickstream events to a calibrated purchase probability, with one definition of every
feature for history and for live scoring.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from willbuy.errors import WillbuyError
    from willbuy.features.registry import feature
    from willbuy.job.about import Run, open_run
    from willbuy.job.bias import bias
    from willbuy.job.demo import demo
    from willbuy.job.job import run
    from willbuy.job.table_job import run_table
    from willbuy.leaks.audit import audit
    from willbuy.leaks.finding import Audit
    from willbuy.score.model import Model, load
    from willbuy.settings import Settings
    from willbuy.simulator.simulate import Simulated, simulate

_HOMES = {
    "Audit": "willbuy.leaks.finding",
    "Model": "willbuy.score.model",
    "Run": "willbuy.job.about",
    "Settings": "willbuy.settings",
    "Simulated": "willbuy.simulator.simulate",
    "WillbuyError": "willbuy.errors",
    "audit": "willbuy.leaks.audit",
    "bias": "willbuy.job.bias",
    "demo": "willbuy.job.demo",
    "feature": "willbuy.features.registry",
    "load": "willbuy.score.model",
    "open_run": "willbuy.job.about",
    "run": "willbuy.job.job",
    "run_table": "willbuy.job.table_job",
    "simulate": "willbuy.simulator.simulate",
}

__all__ = [
    "Audit",
    "Model",
    "Run",
    "Settings",
    "Simulated",
    "WillbuyError",
    "audit",
    "bias",
    "demo",
    "feature",
    "load",
    "open_run",
    "run",
    "run_table",
    "simulate",
]


def __getattr__(name: str) -> object:
    # Lazily, so that `willbuy --help` need not import numba and friends.
    if name not in _HOMES:
        raise AttributeError(f"module 'willbuy' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
