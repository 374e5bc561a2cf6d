"""What a result says about itself: raw agreement beside it, and when not to trust it."""

import numpy as np

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments
from ..judgments.counts import patterns
from . import coefficients as formulas
from .weights import Array, Weights, as_numbers, weights_name

FEW_ITEMS = 44


def raw_and_shares(j: Judgments) -> tuple[float, Array]:
    """Raw agreement, and the share of judgments that each label has."""
    made = patterns(j)
    raw = formulas.percent_agreement(made.labels)
    total = made.frequency @ raw.sums(made.table.astype(float))
    shares = made.frequency @ made.table
    return float(raw.value(total)), shares / shares.sum()


def beside_coefficient(j: Judgments, raw: float, shares: Array) -> tuple[str, tuple[str, ...]]:
    """Raw agreement and prevalence as text, and the cautions they call for."""
    top = int(np.argmax(shares))
    text = f"raw agreement {raw:.3f}, most common label {j.labels[top]!r} {shares[top]:.3f}"
    if shares[top] <= 0.9:
        return text, ()
    caution = (f"{100 * shares[top]:.3g}% of judgments are {j.labels[top]!r}: chance-corrected agreement is low and "
               "unsteady at such prevalence; read it beside raw agreement.")  # fmt: skip
    return text, (caution,)


def few_items(n: int) -> tuple[str, ...]:
    """A caution below 44 items that two raters judged: of 50 items so many are left where judgments are missing."""
    if n >= FEW_ITEMS:
        return ()
    return (f"{n:,} shared item{'' if n == 1 else 's'}: below {FEW_ITEMS} the interval may be too short.",)


def order_caution(j: Judgments, stated: bool) -> tuple[str, ...]:
    """A caution if nobody said what differences between labels mean."""
    if j.level_given or stated:
        return ()
    return ("Labels are taken as nominal; give level= if their order or distance matters.",)


NEED_NO_ORDER = ("identity", "given", "jaccard", "masi")


def check_weights(j: Judgments, weights: Weights) -> str:
    """The name of the weights; refuses those that need an order where none is known."""
    name = weights_name(weights)
    if name not in NEED_NO_ORDER:
        need_order(j)
    return name


def need_order(j: Judgments) -> None:
    """Refuses labels that are words without a scale."""
    if j.scale is None and as_numbers(j.labels) is None:
        raise NotEstimable("labels are words and their order is not known: give scale=[...] from lowest to highest")


def all_alike(label: object) -> str:
    """Why a coefficient is undefined where one label is all there is."""
    return f"every judgment is {label!r}: chance-corrected agreement is undefined; raw agreement is 1"


def why_undefined(j: Judgments) -> str:
    """The reason in words."""
    made = patterns(j)
    used = np.flatnonzero(made.table[made.table.sum(1) > 1].sum(0))
    if len(used) > 1:
        raise HaloError("the coefficient is undefined for these judgments")
    where = "" if len(np.flatnonzero(made.table.sum(0))) == 1 else " on items that two raters judged"
    return all_alike(made.labels[int(used[0])]).replace("every judgment", f"every judgment{where}")
