"""How many raters, items and labels a decision needs, how many people a volume needs, and what a judgment must pay."""

from .capacity import Capacity, capacity
from .designs import Components, Prices, cost, variance
from .holidays import easter, holidays, working_days
from .piece_rates import piece_rate
from .search import Plan, best_design

__all__ = [
    "Capacity",
    "Components",
    "Plan",
    "Prices",
    "best_design",
    "capacity",
    "cost",
    "easter",
    "holidays",
    "piece_rate",
    "variance",
    "working_days",
]
