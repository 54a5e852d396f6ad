"""Small logs for the tests of this room."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import polars as pl

from willbuy.events.read import EventLog, open_log
from willbuy.settings import SourceSettings

COLUMNS = (
    *("event_time", "event_type", "product_id", "category_id", "category_code", "brand"),
    *("price", "user_id", "user_session"),
)
HEADER = ",".join(COLUMNS)


def row(second: int = 0, **fields: str) -> str:
    """One good REES46 row, but for the fields given."""
    values = {
        "event_time": f"2019-10-01 {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} UTC",
        "event_type": "view",
        "product_id": "1004856",
        "category_id": "2053013555631882655",
        "category_code": "electronics.smartphone",
        "brand": "samsung",
        "price": "130.76",
        "user_id": "541312140",
        "user_session": "72d76fde-8bb3-4e00-8c23-a032dfed738c",
    } | fields
    return ",".join(values[name] for name in COLUMNS)


def good_rows(count: int) -> list[str]:
    return [row(i, user_id=str(i + 1)) for i in range(count)]


def write(path: Path, lines: list[str], *, header: str = HEADER, end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in [header, *lines]).encode())
    return path


def events(log: EventLog) -> np.ndarray:
    return np.concatenate([chunk.events for chunk in log.chunks()])


def read(*paths: Path | str, share: float = 0.05, **settings) -> tuple[EventLog, np.ndarray]:
    log = open_log(paths, SourceSettings(**settings), bad_row_share=share)
    return log, events(log)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays of events are equal bit for bit, field by field."""
    return all(one[name].tobytes() == other[name].tobytes() for name in one.dtype.names)


def gz(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data))
    return path


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return path


def parquet(path: Path, data: bytes, **types: pl.DataType) -> Path:
    pl.read_csv(io.BytesIO(data), infer_schema=False).cast(types).write_parquet(path)
    return path
