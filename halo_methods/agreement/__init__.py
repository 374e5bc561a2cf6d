"""Agreement between raters: coefficients, each with an interval that says whom it speaks for."""

from .cohen import cohen_kappa
from .icc import icc, icc_forms
from .labels import by_label, rarest_label, specific_agreement
from .measures import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
)
from .sets import set_distances
from .tables import by, pairs, summary
from .weights import agreement_weights

__all__ = [
    "agreement_weights",
    "brennan_prediger",
    "by",
    "by_label",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "icc_forms",
    "krippendorff_alpha",
    "pairs",
    "percent_agreement",
    "rarest_label",
    "scott_pi",
    "set_distances",
    "specific_agreement",
    "summary",
]
