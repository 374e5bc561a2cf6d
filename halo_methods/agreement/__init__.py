"""Agreement between raters: coefficients, each with an interval that says whom it speaks for."""

from .asked import estimates, one_criterion, raters, shared_items
from .cohen import cohen_kappa
from .icc import icc, icc_forms
from .labels import by_label, rarest_label, rows_with, specific_agreement
from .measures import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
)
from .paradoxes import by_prevalence, side_by_side
from .sets import set_distances
from .tables import by, pairs, summary
from .weights import agreement_weights

__all__ = [
    "agreement_weights",
    "brennan_prediger",
    "by",
    "by_label",
    "by_prevalence",
    "cohen_kappa",
    "estimates",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "icc_forms",
    "krippendorff_alpha",
    "one_criterion",
    "pairs",
    "percent_agreement",
    "rarest_label",
    "raters",
    "rows_with",
    "scott_pi",
    "set_distances",
    "shared_items",
    "side_by_side",
    "specific_agreement",
    "summary",
]
