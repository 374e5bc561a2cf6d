"""How many raters, items and labels a decision needs, how many people a volume needs, and what a judgment must pay."""

from .capacity import Capacity, capacity, monday, needed
from .designs import Components, Prices, cost, variance
from .holidays import easter, holidays, working_days
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
    "easter",
    "floor_share",
    "holidays",
    "monday",
    "needed",
    "piece_rate",
    "pools",
    "variance",
    "working_days",
    "working_times",
]
