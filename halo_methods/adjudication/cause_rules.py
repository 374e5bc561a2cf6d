"""What a decision must say for each cause of disagreement, and what the cause proposes for the guideline."""

from dataclasses import dataclass
from typing import Literal

from ..judgments.cause_codes import CAUSES

Needed = Literal["required", "optional", "none"]
Change = Literal["none", "clarification", "amendment"]


@dataclass(frozen=True)
class Asks:
    """What one cause asks of a decision.

    Attributes
    ----------
    decision, clause : {"required", "optional", "none"}
        Whether the decision holds a label, and names a clause.
    change : {"none", "clarification", "amendment"}
        What it proposes for the guideline.
    """

    decision: Needed
    clause: Needed
    change: Change


ASKS = {
    "bad_item": Asks("none", "optional", "none"),
    "wrong_gold": Asks("required", "required", "none"),
    "guideline_conflict": Asks("required", "required", "amendment"),
    "guideline_gap": Asks("required", "required", "amendment"),
    "legitimate_perspective": Asks("none", "optional", "none"),
    "ambiguous_item": Asks("optional", "optional", "clarification"),
    "rater_slip": Asks("required", "required", "none"),
}
"""By code, in the order in which an adjudicator tries them; see `halo_methods.disagreement.CAUSES`."""

AMENDING = tuple(code for code, asks in ASKS.items() if asks.change == "amendment")
SLIPS_TO_CLARIFY = 3
"""So many slips on one clause propose a clarification (a house rule): then the clause is hard to read."""

__all__ = ["AMENDING", "ASKS", "CAUSES", "SLIPS_TO_CLARIFY", "Asks"]
