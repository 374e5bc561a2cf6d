"""Runs of agents: whether they succeed each time, where they first go wrong, and what success cost.

Takes `Steps`, or a frame with the same columns.
"""

from .repeated_runs import Reliability, pass_hat_k, reliability, verifier_against_people
from .step_labels import Process, first_error, process

__all__ = [
    "Process",
    "Reliability",
    "first_error",
    "pass_hat_k",
    "process",
    "reliability",
    "verifier_against_people",
]
