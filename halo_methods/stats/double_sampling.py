"""A share that a fallible check found, corrected by a better check of a random part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import NotEstimable
from ..results import Basis, Caution, Estimate, counted
from .checks import check_confidence
from .proportions import share_interval, two_way_share
from .variance import basis_of_arrays, cluster_codes, two_way_variance


@dataclass(frozen=True, kw_only=True)
class DoubleSampling:
    """What double sampling says about a set of labels and about who checked them.

    Attributes
    ----------
    rate : Estimate
        The rate, corrected for the errors of the check.
    found : Estimate
        The share the check found, uncorrected.
    sensitivity, specificity : Estimate or None
        Chance that the check finds an error, and passes what is right; None
        where the labels checked again hold no error, or nothing right.
    """

    rate: Estimate
    found: Estimate
    sensitivity: Estimate | None
    specificity: Estimate | None

    @property
    def estimates(self) -> dict[str, Estimate]:
        """All of them by name, without those that could not be estimated."""
        named = {
            "found by the auditor": self.found,
            "corrected": self.rate,
            "sensitivity of the auditor": self.sensitivity,
            "specificity of the auditor": self.specificity,
        }
        return {name: estimate for name, estimate in named.items() if estimate is not None}


def double_sampling(
    found: ArrayLike,
    truth: ArrayLike,
    raters: ArrayLike | None = None,
    items: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
) -> DoubleSampling:
    r"""Correct an error rate from a fallible auditor by an expert's look at a random part of the same labels.

    With W the share of labels the auditor found wrong and :math:`q_1, q_0` the
    share truly wrong among re-audited labels found wrong and found right, the
    rate is :math:`W q_1 + (1 - W) q_0`. The part re-audited may differ between
    found and not found, but within each it must be drawn at random. Because
    sensitivity and specificity come from the very labels they correct, nothing
    is carried over from another population, which is where the correction of
    Rogan and Gladen goes wrong.

    The variance adds that of q in each part, with shares drawn towards one
    half by half a label of each kind so that a part without errors does not count
    as certain, and that of W; where raters are there, influences are summed by
    rater and the larger variance is taken. The expert is taken as right.

    Parameters
    ----------
    found : array_like of 0 and 1, shape (n,)
        What the auditor says: 1 is an error.
    truth : array_like of 0, 1 and nan, shape (n,)
        What the expert says; nan where nobody audited again.
    raters, items : array_like, shape (n,), optional
        Who made the label, and of what.
    confidence : float
        Of the intervals.

    Raises
    ------
    NotEstimable
        If fewer than two labels found wrong, or found right, were audited again
        (unless all of them were).

    References
    ----------
    Tenenbein (1970), Journal of the American Statistical Association 65, 1350-1361.

    Examples
    --------
    >>> found = np.array([1] * 40 + [0] * 360)
    >>> truth = np.full(400, np.nan)
    >>> truth[:20], truth[40:100], truth[40] = [1] * 15 + [0] * 5, 0, 1
    >>> print(double_sampling(found, truth).rate)
    0.09 (95% interval 0.0545 to 0.145 over items; 400 items, 1 rater, 400 judgments)
    """
    check_confidence(confidence)
    y, x = np.asarray(found, int), np.asarray(truth, float)
    n, again = y.size, ~np.isnan(x)
    if n == 0:
        raise NotEstimable("no label was audited")
    share, wrong, m, variance = np.zeros(2), np.zeros(2), np.zeros(2), 0.0
    for side in (0, 1):
        here = y == side
        share[side], m[side] = here.mean(), (here & again).sum()
        if here.any() and m[side] < min(2, here.sum()):
            kind = "found wrong" if side else "found right"
            raise NotEstimable(
                f"{counted(int(m[side]), 'label')} of {int(here.sum())} {kind} was audited again; it takes two of each "
                "kind, drawn at random, to correct for the auditor's errors"
            )
        if m[side]:
            wrong[side] = x[here & again].mean()
            smooth = (wrong[side] * m[side] + 0.5) / (m[side] + 1)
            left = 1 - m[side] / here.sum()
            variance += share[side] ** 2 * left * smooth * (1 - smooth) / m[side]
    p = float(share @ wrong)
    # What an expert on all n labels would leave: their own spread.
    variance += p * (1 - p) / n
    who = np.zeros(n, int) if raters is None else cluster_codes(raters)
    n_raters = int(who.max()) + 1
    df, over, cautions = None, "items", []
    if n_raters >= 3:
        q, part = wrong[y], (m / np.maximum(np.bincount(y, minlength=2), 1))[y]
        influence = (q - p + np.where(again, (np.nan_to_num(x) - q) / np.where(part > 0, part, 1), 0)) / n
        variance = max(variance, two_way_variance(influence, np.arange(n), who))
        df, over = n_raters - 1, "items and raters"
    elif raters is not None:
        text = f"With {counted(n_raters, 'rater')} the interval speaks for the items only."
        cautions.append(Caution("items_only", text))
    low, high = _ends(p, variance, n, df, confidence)
    basis = Basis("right", {"": n}) if raters is None else basis_of_arrays(raters, items, "right")
    rate = Estimate(
        value=p,
        low=low,
        high=high,
        confidence=confidence,
        n_items=n,
        n_raters=n_raters,
        n_judgments=n,
        method=f"error rate corrected for the auditor's errors; double sampling, {int(again.sum())} audited again",
        over=over,  # type: ignore[arg-type]
        cautions=tuple(cautions),
        basis=basis,
    )
    weight = np.where(again, (np.bincount(y, minlength=2) / np.maximum(m, 1))[y], 0.0)
    uncorrected = two_way_share(
        y,
        who if raters is None else raters,
        items,
        over="items" if raters is None else "items and raters",
        confidence=confidence,
        quantity="share found wrong",
        measure="right",
    )
    return DoubleSampling(
        rate=rate,
        found=uncorrected,
        sensitivity=_conditional(y == 1, x == 1, weight, "sensitivity of the auditor", confidence),
        specificity=_conditional(y == 0, x == 0, weight, "specificity of the auditor", confidence),
    )


def _ends(p: float, variance: float, n: int, df: int | None, confidence: float) -> tuple[float, float]:
    quantile = stats.norm.ppf((1 + confidence) / 2) if df is None else stats.t.ppf((1 + confidence) / 2, df)
    if 0 < p < 1:
        # Over items alone, too, a score interval: n labels are many, and the exact one would count them twice.
        return share_interval(p, variance, n, df=1e9 if df is None else df, confidence=confidence)
    # Nothing wrong (or nothing right) among the re-audited: a score interval about the smoothed share.
    far = min(float(quantile) * variance**0.5 * 2, 1.0)
    return (0.0, far) if p == 0 else (1 - far, 1.0)


def _conditional(hit: NDArray, among: NDArray, weight: NDArray, quantity: str, confidence: float) -> Estimate | None:
    """Share of hits among labels of one kind, weighted by the part audited again."""
    here = among & (weight > 0)
    if not here.any():
        return None
    w, e = weight[here], hit[here].astype(float)
    p, size = float((w * e).sum() / w.sum()), w.sum() ** 2 / (w**2).sum()
    smooth = (p * size + 1) / (size + 2)
    centred = np.where(e > 0, 1 - smooth, -smooth)
    variance = float(((w * centred) ** 2).sum() / w.sum() ** 2)
    if 0 < p < 1:
        variance = max(variance, p * (1 - p) / size)
    low, high = share_interval(p, variance, size, confidence=confidence)
    return Estimate(
        value=p,
        low=low,
        high=high,
        confidence=confidence,
        n_items=int(here.sum()),
        n_raters=1,
        n_judgments=int(here.sum()),
        method=f"{quantity}; weighted by the part audited again",
        over="items",
    )
