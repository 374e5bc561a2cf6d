"""Minutes of distressing items by person and day, held against the daily limit, and opt-outs that were not kept."""

from .harm_minutes import DAYS_OVER, STILL_ROUTED, Exposure, daily_minutes

__all__ = ["DAYS_OVER", "STILL_ROUTED", "Exposure", "daily_minutes"]
