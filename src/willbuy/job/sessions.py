"""What the sessions of a log tell about the moments that are judged. Never a feature."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.moments.calendar import MINUTE, SECOND
from willbuy.moments.state import Records

Floats = NDArray[np.float64]


def until_purchase(rows: Records, sessions: Records) -> tuple[Floats, Floats]:
    """How far the purchase is from each moment.

    Args:
        rows: Array of ROW (n,).
        sessions: Array of SESSION; those of the rows among them.

    Returns:
        Events and minutes (n,); nan where the session does not buy.
    """
    buyers = sessions[sessions["purchase"] > 0]
    ids = ["user", "key", "start"]
    purchases = pl.DataFrame({name: buyers[name] for name in (*ids, "purchase", "bought")})
    moments = pl.DataFrame({"user": rows["user"], "key": rows["session"], "start": rows["start"]})
    found = moments.join(purchases, on=ids, how="left", maintain_order="left")
    ordinal = found["purchase"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    time = found["bought"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return ordinal - rows["ordinal"], (time - rows["time"]) / MINUTE


def lasted(rows: Records, sessions: Records) -> NDArray[np.float32]:
    """How long the whole session of each moment lasted, what came after the purchase included.

    Args:
        rows: Array of ROW (n,).
        sessions: Array of SESSION; those of the rows among them.

    Returns:
        Seconds (n,); nan where the session is not there.
    """
    ids = ["user", "key", "start"]
    known = pl.DataFrame({name: sessions[name] for name in (*ids, "last")})
    moments = pl.DataFrame({"user": rows["user"], "key": rows["session"], "start": rows["start"]})
    found = moments.join(known, on=ids, how="left", maintain_order="left")
    seconds = (found["last"] - found["start"]).cast(pl.Float64) / SECOND
    return seconds.fill_null(np.nan).to_numpy().astype(np.float32)


def returning(rows: Records, sessions: Records) -> NDArray[np.bool_]:
    """Whether the log shows a session of the shopper that began before the moment's.

    Args:
        rows: Array of ROW (n,).
        sessions: Array of SESSION, all of the log.
    """
    users, of_session = np.unique(sessions["user"], return_inverse=True)
    first = np.full(len(users), np.iinfo(np.int64).max)
    np.minimum.at(first, of_session, sessions["start"])
    return np.asarray(first[np.searchsorted(users, rows["user"])] < rows["start"])
