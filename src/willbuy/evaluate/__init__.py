"""How good, how early, how sure."""

from willbuy.evaluate.bootstrap import INTERVAL_NOTE
from willbuy.evaluate.compare import compare
from willbuy.evaluate.judge import LANDMARKS, judge
from willbuy.evaluate.metrics import METRICS

__all__ = ["INTERVAL_NOTE", "LANDMARKS", "METRICS", "compare", "judge"]
