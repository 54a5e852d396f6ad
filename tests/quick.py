"""Settings for runs whose figures and pictures a test does not look at: a third of the time."""

from pathlib import Path
from typing import Any

import willbuy
from willbuy.settings import as_toml

_SPARED: dict[str, Any] = {
    "explain": {"rows": 0},
    "judge": {"replicates": 100},
    "model": {"params": {"rounds": 40}},
}


def quick(**more: Any) -> willbuy.Settings:
    """Few rounds, few replicates, nothing explained; `more` replaces whole groups of settings."""
    return willbuy.Settings.model_validate({**_SPARED, **more})


QUICK = quick()
UNEXPLAINED = willbuy.Settings.model_validate({"explain": {"rows": 0}})
"""The figures of the defaults."""


def as_file(settings: willbuy.Settings, folder: Path) -> Path:
    """Settings for a command line's `--config`."""
    path = folder / "settings.toml"
    path.write_text(as_toml(settings), "utf-8")
    return path
