"""The error rate corrected for the auditor's own errors, where an expert audited part of the audit again."""

import numpy as np
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import Estimate
from ..stats.checks import check_confidence
from ..stats.double_sampling import DoubleSampling, double_sampling
from ..stats.proportions import two_way_share
from .audit_findings import audited_twice


def corrected_rate(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> DoubleSampling:
    """Correct the error rate found by an auditor by the audits of an expert; see `stats.double_sampling`.

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

    Returns
    -------
    DoubleSampling
        ``.rate .found .sensitivity .specificity``, and all in ``.estimates``.

    Raises
    ------
    NotEstimable
        If nothing was audited, nothing twice, or the second audits name no expert.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> corrected_rate(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"])).rate.value
    0.2
    """
    check_confidence(confidence)
    j = as_judgments(j)
    rows = audited_twice(j, expert=expert)
    if not rows["by_expert"].drop_nulls().all():
        raise NotEstimable(
            "two auditors of one round judged the same items, and nothing says who of them is the expert; name the "
            "expert, or mark the second audit with a later round"
        )
    truth = rows["second_wrong"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    wrong, raters, items = rows["wrong"].to_numpy(), rows["rater_id"].to_numpy(), rows["item_id"].to_numpy()
    return double_sampling(wrong, truth, raters, items, confidence=confidence)


def auditor_agreement(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> Estimate:
    """Estimate the share of audited labels on which a second audit comes to the same finding.

    Labels found wrong are often audited again more than others, so each part is weighted
    by how much of it was audited again. High agreement is easy where few
    labels are wrong; read sensitivity beside it. The figure is about the
    auditors: its ``basis`` counts them and not the raters.

    Raises
    ------
    NotEstimable
        If nothing was audited twice, or nothing of one kind was.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> auditor_agreement(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"])).value
    1.0
    """
    check_confidence(confidence)
    j = as_judgments(j)
    rows = audited_twice(j, expert=expert)
    y = rows["wrong"].to_numpy().astype(int)
    again = rows["second_wrong"].is_not_null().to_numpy()
    part = np.bincount(y[again], minlength=2) / np.maximum(np.bincount(y, minlength=2), 1)
    if ((part == 0) & (np.bincount(y, minlength=2) > 0)).any():
        raise NotEstimable("labels found wrong or labels found right were never audited again; draw some of each")
    same = (rows["second_wrong"].cast(pl.Int8).fill_null(0).to_numpy() == y)[again]
    auditors = j.only(stage="audit").basis("same finding")
    share = two_way_share(
        same,
        rows["rater_id"].to_numpy()[again],
        rows["item_id"].to_numpy()[again],
        weights=1 / part[y[again]],
        over="items",
        confidence=confidence,
        quantity="share of labels with the same finding in both audits",
    )
    return share.resting_on(auditors)
