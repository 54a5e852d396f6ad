"""What willbuy should answer, worked out slowly from the meaning of the words.

Nothing here calls or copies the code under test. Events are plain dicts with None for what is
missing; every number is computed from scratch, from the raw log, for each moment.
"""

from oracle.features import ORACLE
from oracle.moments import moments_of, read_log

__all__ = ["ORACLE", "moments_of", "read_log"]
