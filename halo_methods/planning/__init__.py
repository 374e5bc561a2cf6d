"""How many raters, items and labels a decision needs, how many people a volume needs, and what a judgment must pay."""

from .capacity import Capacity, capacity, monday, needed, public_holidays, working_days
from .designs import Components, Prices, cost, variance
from .piece_rates import floor_share, piece_rate, working_times
from .pools import pools
from .search import BudgetPlan, best_design

__all__ = [
    "BudgetPlan",
    "Capacity",
    "Components",
    "Prices",
    "best_design",
    "capacity",
    "cost",
    "floor_share",
    "monday",
    "needed",
    "piece_rate",
    "pools",
    "public_holidays",
    "variance",
    "working_days",
    "working_times",
]
