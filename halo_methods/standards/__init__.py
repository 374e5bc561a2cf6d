"""The standards of the handbook as data: the register, gates, and plans checked against both."""

from .gates import Gate, gate, to_settle, verdict
from .plan import PlanCheck, check_plan
from .portfolio import portfolio
from .register import House, Register, house, load, number, threshold
from .standards_file import Standard

__all__ = [
    "Gate",
    "House",
    "PlanCheck",
    "Register",
    "Standard",
    "check_plan",
    "gate",
    "house",
    "load",
    "number",
    "portfolio",
    "threshold",
    "to_settle",
    "verdict",
]
