"""The standards of the handbook as data: the register, gates, and plans checked against both."""

from .gates import Gate, gate, to_settle, verdict
from .house import House, house, threshold
from .model import Standard
from .register import Register, load

__all__ = ["Gate", "House", "Register", "Standard", "gate", "house", "load", "threshold", "to_settle", "verdict"]
