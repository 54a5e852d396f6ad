"""A run that learners of the bench may write into."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bench_run(small_run, tmp_path_factory) -> Path:
    """A copy of the small run's folder."""
    folder = tmp_path_factory.mktemp("bench") / "small"
    shutil.copytree(small_run.folder, folder)
    return folder
