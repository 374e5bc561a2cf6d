"""Where raters disagree, why, and what is changed for it.

Functions take one criterion and one stage of a `Judgments` table.
"""

from ..judgments.cause_codes import CAUSES, causes
from .components import VarianceComponents, labels_an_item, repeats, variance_components
from .design import perspective_groups
from .soft import Routes, SoftLabels, adjudicate, between_groups, cause_shares, soft_labels, worksheet
from .sources import Distances, Split, changes, confused_labels, retraining, split

__all__ = [
    "CAUSES",
    "Distances",
    "Routes",
    "SoftLabels",
    "Split",
    "VarianceComponents",
    "adjudicate",
    "between_groups",
    "cause_shares",
    "causes",
    "changes",
    "confused_labels",
    "labels_an_item",
    "perspective_groups",
    "repeats",
    "retraining",
    "soft_labels",
    "split",
    "variance_components",
    "worksheet",
]
