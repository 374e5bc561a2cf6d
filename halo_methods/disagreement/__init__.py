"""Where raters disagree, why, and what is changed for it.

Functions take one criterion and one stage of a `Judgments` table.
"""

from .causes import CAUSES, Cause, causes
from .changes import changes, confused_labels, retraining
from .components import VarianceComponents, labels_an_item, variance_components
from .prepare import perspective_groups, repeats_of_enough
from .routes import KEEP, adjudicate, route_counts, settled_share
from .soft import between_groups, most_divided, soft_labels
from .sources import Split, split
from .worksheet import cause_shares, worksheet

__all__ = [
    "CAUSES",
    "KEEP",
    "Cause",
    "Split",
    "VarianceComponents",
    "adjudicate",
    "between_groups",
    "cause_shares",
    "causes",
    "changes",
    "confused_labels",
    "labels_an_item",
    "most_divided",
    "perspective_groups",
    "repeats_of_enough",
    "retraining",
    "route_counts",
    "settled_share",
    "soft_labels",
    "split",
    "variance_components",
    "worksheet",
]
