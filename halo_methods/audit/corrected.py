"""The error rate corrected for the auditor's own errors, where an expert audited part of the audit again."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .findings import audits, findings
from .weighted import clustered_share, codes, interval, two_way_variance


@dataclass(frozen=True)
class DoubleSampling:
    """What double sampling says about a lot and its auditor.

    Attributes
    ----------
    rate : Estimate
        Error rate corrected for the auditor's errors.
    found : Estimate
        Share the auditor found, uncorrected.
    sensitivity, specificity : Estimate or None
        Chance that the auditor finds an error, and passes what is right; None
        where the re-audited labels hold no error, or nothing right.
    """

    rate: Estimate
    found: Estimate
    sensitivity: Estimate | None
    specificity: Estimate | None


def double_sampling(
    found: ArrayLike,
    truth: ArrayLike,
    raters: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
) -> DoubleSampling:
    r"""An error rate from a fallible auditor, corrected by an expert on a random part of the same labels.

    With W the share of labels the auditor found wrong and :math:`q_1, q_0` the
    share truly wrong among re-audited labels found wrong and found right, the
    rate is :math:`W q_1 + (1 - W) q_0` (Tenenbein). The part re-audited may
    differ between found and not found, but within each it must be drawn at
    random. Because sensitivity and specificity come from the very labels they
    correct, nothing is carried over from another population, which is where
    the correction of Rogan and Gladen goes wrong.

    The variance adds that of q in each part, with shares drawn towards one
    half by half a label of each kind so that a part without errors does not count
    as certain, and that of W; where raters are given, influences are summed by
    rater and the larger variance is taken. The expert is taken as right.

    Parameters
    ----------
    found : array_like of 0 and 1
        What the auditor says: 1 is an error.
    truth : array_like of 0, 1 and nan
        What the expert says; nan where nobody audited again.
    raters : array_like, optional
        Who made the label.
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
    >>> import numpy as np
    >>> found = np.array([1] * 40 + [0] * 360)
    >>> truth = np.full(400, np.nan)
    >>> truth[:20], truth[40:100], truth[40] = [1] * 15 + [0] * 5, 0, 1
    >>> print(double_sampling(found, truth).rate)
    0.09 (95% interval 0.0545 to 0.145 over items; 400 items, 1 rater, 400 judgments)
    """
    y, x = np.asarray(found, int), np.asarray(truth, float)
    again = ~np.isnan(x)
    n, variance, p = y.size, 0.0, 0.0
    share, wrong, m = np.zeros(2), np.zeros(2), np.zeros(2)
    for side in (0, 1):
        here = y == side
        share[side], m[side] = here.sum() / max(n, 1), (here & again).sum()
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
    if n == 0:
        raise NotEstimable("no label was audited")
    p = float(share @ wrong)
    # What an expert on all n labels would leave: their own spread.
    variance += p * (1 - p) / n
    who = None if raters is None else codes(raters)
    n_raters = 1 if who is None else int(who.max()) + 1
    df, over, cautions = None, "items", []
    if who is not None and n_raters >= 3:
        q, part = wrong[y], (m / np.maximum(np.bincount(y, minlength=2), 1))[y]
        influence = (q - p + np.where(again, (np.nan_to_num(x) - q) / np.where(part > 0, part, 1), 0)) / n
        variance = max(variance, two_way_variance(influence, np.arange(n), who))
        df, over = n_raters - 1, "items and raters"
    elif who is not None:
        cautions.append(f"With {counted(n_raters, 'rater')} the interval speaks for the items only.")
    low, high = _ends(p, variance, n, df, confidence)
    rate = Estimate(
        value=p,
        low=low,
        high=high,
        confidence=confidence,
        n_items=n,
        n_raters=n_raters,
        n_judgments=n,
        method=f"error rate corrected for the auditor's errors; double sampling, {int(again.sum())} audited again",
        over=over,
        cautions=tuple(cautions),
    )  # type: ignore[arg-type]
    weight = np.where(again, (np.bincount(y, minlength=2) / np.maximum(m, 1))[y], 0.0)
    uncorrected = clustered_share(y, np.zeros(n) if who is None else who, over="items and raters" if who is not None
                                  else "items", confidence=confidence, quantity="share found wrong")  # fmt: skip
    return DoubleSampling(rate, uncorrected,
                          _conditional(y == 1, x == 1, weight, "sensitivity of the auditor", confidence),
                          _conditional(y == 0, x == 0, weight, "specificity of the auditor", confidence))  # fmt: skip


def _ends(p: float, variance: float, n: int, df: int | None, confidence: float) -> tuple[float, float]:
    if 0 < p < 1:
        low, high = interval(p, variance, n, df, confidence)
    else:
        # Nothing wrong (or nothing right) among the re-audited: a score interval about the smoothed share.
        z = float(stats.norm.ppf((1 + confidence) / 2)) if df is None else float(stats.t.ppf((1 + confidence) / 2, df))
        far = min(z * variance**0.5 * 2, 1.0)
        low, high = (0.0, far) if p == 0 else (1 - far, 1.0)
    return min(low, p), max(high, p)


def _conditional(hit: NDArray, given: NDArray, weight: NDArray, quantity: str, confidence: float) -> Estimate | None:
    kept = given & (weight > 0)
    if not kept.any():
        return None
    w, e = weight[kept], hit[kept].astype(float)
    p = float((w * e).sum() / w.sum())
    size = w.sum() ** 2 / (w**2).sum()
    smooth = (p * size + 1) / (size + 2)
    centred = np.where(e > 0, 1 - smooth, -smooth)
    variance = float(((w * centred) ** 2).sum() / w.sum() ** 2)
    low, high = interval(p, variance, size, None, confidence)
    if 0 < p < 1:
        wide_low, wide_high = interval(p, max(variance, p * (1 - p) / size), size, None, confidence)
        low, high = min(low, wide_low), max(high, wide_high)
    return Estimate(
        value=p,
        low=min(low, p),
        high=max(high, p),
        confidence=confidence,
        n_items=int(kept.sum()),
        n_raters=1,
        n_judgments=int(kept.sum()),
        method=f"{quantity}; weighted by the part audited again",
        over="items",
    )


def pairs(j: Judgments, *, expert: str | None = None) -> pl.DataFrame:
    """Findings with what the second audit says of the same label.

    Returns
    -------
    polars.DataFrame
        The columns of `findings`, and ``second_label`` and ``second_wrong``, empty where
        nobody audited again.

    Raises
    ------
    NotEstimable
        If no audited item was audited again.
    """
    _, second = audits(j, expert=expert)
    if second.is_empty():
        raise NotEstimable(
            "no audited item was audited again: have an expert audit a random part of the audited labels, as stage "
            "'audit' with a later round, or name the expert"
        )
    made = findings(j, expert=expert).join(
        second.select("item_id", pl.col("label").alias("second_label")), on="item_id", how="left"
    )
    return made.with_columns((pl.col("label") != pl.col("second_label")).alias("second_wrong"))


def corrected_rate(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> DoubleSampling:
    """`double_sampling` on a table: audits of the first round, corrected by those of the expert.

    The expert's audits are those of a later round of stage ``audit``, or of the
    rater named by ``expert``. Two auditors of one round are not told apart into
    auditor and expert; for them see `auditor_agreement`. Adjudications are
    left out: items are adjudicated because they are disputed, not at random.

    Parameters
    ----------
    j : Judgments
        One criterion; stages ``label`` and ``audit``.
    expert : str, optional
        The rater whose audits are taken as right.
    confidence : float
        Of the intervals.

    Raises
    ------
    NotEstimable
        If nothing was audited, nothing twice, or the second audits name no expert.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"]))
    >>> corrected_rate(j).rate.value
    0.2
    """
    table = pairs(j, expert=expert)
    if not audits(j, expert=expert)[1]["expert"].all():
        raise NotEstimable(
            "two auditors of one round judged the same items, and nothing says who of them is the expert; name the "
            "expert, or mark the second audit with a later round"
        )
    truth = table["second_wrong"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return double_sampling(table["wrong"].to_numpy(), truth, table["rater_id"].to_numpy(), confidence=confidence)


def auditor_quality(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> dict[str, Estimate]:
    """Sensitivity and specificity of the auditor against the expert, where each can be estimated."""
    made = corrected_rate(j, expert=expert, confidence=confidence)
    both = {"sensitivity": made.sensitivity, "specificity": made.specificity}
    return {name: estimate for name, estimate in both.items() if estimate is not None}


def auditor_agreement(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> Estimate:
    """Share of audited labels on which a second audit comes to the same finding.

    Labels found wrong are often audited again more than others, so each part is weighted
    by how much of it was audited again. High agreement is easy where few
    labels are wrong; read sensitivity beside it.

    Raises
    ------
    NotEstimable
        If nothing was audited twice, or nothing of one kind was.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"]))
    >>> auditor_agreement(j).value
    1.0
    """
    table = pairs(j, expert=expert)
    y = table["wrong"].to_numpy().astype(int)
    again = table["second_wrong"].is_not_null().to_numpy()
    part = np.bincount(y[again], minlength=2) / np.maximum(np.bincount(y, minlength=2), 1)
    if ((part == 0) & (np.bincount(y, minlength=2) > 0)).any():
        raise NotEstimable("labels found wrong or labels found right were never audited again; draw some of each")
    same = (table["second_wrong"].cast(pl.Int8).fill_null(0).to_numpy() == y)[again]
    return clustered_share(same, table["rater_id"].to_numpy()[again], table["item_id"].to_numpy()[again],
                           probability=part[y[again]], over="items", confidence=confidence,
                           quantity="share of labels with the same finding in both audits")  # fmt: skip
