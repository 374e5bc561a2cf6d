"""Minutes of distressing items by person and day, held against the daily limit, and opt-outs that were not kept."""

from .exposure_counts import DAYS_OVER, STILL_ROUTED
from .harm_minutes import Exposure, daily_minutes

__all__ = ["DAYS_OVER", "STILL_ROUTED", "Exposure", "daily_minutes"]
