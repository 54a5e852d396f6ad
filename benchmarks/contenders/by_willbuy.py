"""willbuy: its reader, its clustering by shopper, and one compiled loop (`fold`).

The reader does all that it does for a run: every column is read, cleaned and checked, and rows
that are no events are kept aside with their reason.
"""

from __future__ import annotations

import polars as pl

from contenders import COLUMNS, given
from contenders.fold import fold
from willbuy.engines.local import LocalEngine
from willbuy.engines.memory import parse_memory
from willbuy.events.read import open_log
from willbuy.progress import Silent
from willbuy.settings import SourceSettings


def main() -> None:
    """Read and cluster, fold, write."""
    told = given(__doc__)
    log = open_log([told.file], SourceSettings())
    with LocalEngine(log, told.out.parent, told.threads, parse_memory(told.memory)) as engine:
        engine.load(Silent())
        frames = [
            pl.DataFrame({name: rows[name] for name in COLUMNS}) for rows in engine.map_users(fold)
        ]
    pl.concat(frames).write_parquet(told.out)


if __name__ == "__main__":
    main()
