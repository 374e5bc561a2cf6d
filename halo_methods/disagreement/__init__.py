"""Where raters disagree, why, and what is changed for it.

Functions take one criterion and one stage of a `Judgments` table.
"""

from .causes import CAUSES, Cause, causes
from .changes import changes, confused_labels, retraining
from .components import VarianceComponents, variance_components
from .prepare import perspective_groups
from .soft import adjudicate, between_groups, settled_share, soft_labels
from .sources import Split, split
from .worksheet import cause_shares, worksheet

__all__ = [
    "CAUSES",
    "Cause",
    "Split",
    "VarianceComponents",
    "adjudicate",
    "between_groups",
    "cause_shares",
    "causes",
    "changes",
    "confused_labels",
    "perspective_groups",
    "retraining",
    "settled_share",
    "soft_labels",
    "split",
    "variance_components",
    "worksheet",
]
