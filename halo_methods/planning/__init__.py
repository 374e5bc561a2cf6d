"""How many raters, items and labels a decision needs, how many people a volume needs, and what a judgment must pay."""

from .designs import BudgetPlan, Components, Limits, Prices, best_design, pilot_items, pools, variance
from .pay_and_capacity import (
    Capacity,
    Staffing,
    capacity,
    floor_share,
    needed,
    piece_rate,
    public_holidays,
    working_days,
    working_times,
)

__all__ = [
    "BudgetPlan",
    "Capacity",
    "Components",
    "Limits",
    "Prices",
    "Staffing",
    "best_design",
    "capacity",
    "floor_share",
    "needed",
    "piece_rate",
    "pilot_items",
    "pools",
    "public_holidays",
    "variance",
    "working_days",
    "working_times",
]
