"""Agreement between raters: coefficients, each with an interval that says whom it speaks for."""

from .cohen import cohen_kappa
from .icc import icc
from .measures import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
)
from .tables import by, pairs, summary

__all__ = [
    "brennan_prediger",
    "by",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "krippendorff_alpha",
    "pairs",
    "percent_agreement",
    "scott_pi",
    "summary",
]
