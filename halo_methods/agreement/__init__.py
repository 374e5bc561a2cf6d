"""Agreement between raters: coefficients, each with an interval that says what it covers."""

from .coefficients import agreement_weights
from .comparisons import (
    Compared,
    by,
    by_label,
    by_prevalence,
    one_criterion,
    pairs,
    rarest_label,
    side_by_side,
    specific_agreement,
    summary,
)
from .estimates import (
    brennan_prediger,
    bridge_items,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    overlap_share,
    percent_agreement,
    raters,
    reliability,
    scott_pi,
    shared_items,
)
from .icc import icc, icc_forms

__all__ = [
    "Compared",
    "agreement_weights",
    "brennan_prediger",
    "bridge_items",
    "by",
    "by_label",
    "by_prevalence",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "icc_forms",
    "krippendorff_alpha",
    "one_criterion",
    "overlap_share",
    "pairs",
    "percent_agreement",
    "rarest_label",
    "raters",
    "reliability",
    "scott_pi",
    "shared_items",
    "side_by_side",
    "specific_agreement",
    "summary",
]
