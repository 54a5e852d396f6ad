"""How long whole sessions lasted, as the survey saw them to their end."""

import numpy as np

from willbuy.job.sessions import lasted
from willbuy.moments.sessions import SESSION
from willbuy.snapshots.replay import ROW


def test_what_came_after_the_moment_is_counted_in_session_by_session():
    sessions = np.zeros(2, SESSION)
    sessions["user"], sessions["key"], sessions["start"] = (1, 1), (7, 7), (0, 5_000_000)
    sessions["last"] = (3_000_000, 6_500_000)
    rows = np.zeros(4, ROW)
    rows["user"], rows["session"] = (1, 1, 1, 2), 7
    rows["start"] = (5_000_000, 0, 5_000_000, 0)
    rows["time"] = rows["start"]
    np.testing.assert_array_equal(lasted(rows, sessions), np.float32([1.5, 3.0, 1.5, np.nan]))
