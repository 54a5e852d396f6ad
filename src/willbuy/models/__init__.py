"""From features to a probability: models, calibration, the threshold."""

from willbuy.models.boosted import Boosted, fit_boosted, fit_rounds
from willbuy.models.calibration import Calibration, fit_calibrator
from willbuy.models.calibrator import Calibrator
from willbuy.models.encoding import Encoder, Encoding, fit_encoder
from willbuy.models.logistic import Logistic, fit_logistic
from willbuy.models.threshold import Threshold, choose_threshold
from willbuy.models.tuning import Tuned, View, held_margin, table_views, tune

__all__ = [
    "Boosted",
    "Calibration",
    "Calibrator",
    "Encoder",
    "Encoding",
    "Logistic",
    "Threshold",
    "Tuned",
    "View",
    "choose_threshold",
    "fit_boosted",
    "fit_calibrator",
    "fit_encoder",
    "fit_logistic",
    "fit_rounds",
    "held_margin",
    "table_views",
    "tune",
]
