"""What an audit left out: raters of a lot without an audited label, and labels that no expert audited again."""

import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import Reference
from ..judgments.table import rests_on
from ..results import Estimate, counted
from .audit_findings import audited_twice, in_lots

FINDINGS = {"found wrong": True, "found right": False}


def raters_missed(j: Judgments, *, by: str | None = None, reference: Reference | None = None) -> Estimate:
    """Count the raters of audited lots who have no audited label there.

    A rater counts once for each lot. Lots of which nothing was audited are left out; `Lots.worst_consumer_risk`
    speaks of them.

    Parameters
    ----------
    j : Judgments or frame
        One criterion; stages ``label`` and ``audit``, or ``gold``.
    by : str, optional
        Column that names the lot; ``lot`` where there is one, otherwise all labels are one lot.
    reference : {"gold", "audit"}, optional
        As in `error_rate`.

    Raises
    ------
    NotEstimable
        If the column is not there, or no label was audited.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, f"r{i % 3}", "x", "label") for i in range(6)] + [(i, "aud", "x", "audit") for i in (0, 1)]
    >>> raters_missed(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage"])).value
    1.0
    """
    labels, audited, lot = in_lots(as_judgments(j), by, reference)
    there, drawn = (t.select(lot, "rater_id").unique() for t in (labels, audited))
    missed = there.join(drawn, on=lot, how="semi").join(drawn, on=[lot, "rater_id"], how="anti").height
    method = f"raters without an audited label, in {counted(drawn[lot].n_unique(), 'audited lot')}; a count"
    return Estimate.count(missed, method=method, **rests_on(audited, "audited labels"))


def audited_again(j: Judgments, *, expert: str | None = None) -> dict[str, Estimate]:
    """Count what share of the audited labels an expert audited again, by the first finding.

    Parameters
    ----------
    j : Judgments or frame
        One criterion; stages ``label`` and ``audit``.
    expert : str, optional
        As in `corrected_rate`.

    Returns
    -------
    dict of str to Estimate
        ``found wrong`` and ``found right``, as far as there are such labels.

    Raises
    ------
    NotEstimable
        If nothing was audited, or nothing twice.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"])
    >>> {name: share.value for name, share in audited_again(frame).items()}
    {'found wrong': 0.5, 'found right': 0.5}
    """
    j = as_judgments(j)
    rows, auditors = audited_twice(j, expert=expert), j.only(stage="audit").basis("audits")
    shares = {}
    for name, wrong in FINDINGS.items():
        part = rows.filter(pl.col("wrong") == wrong)
        if part.height:
            again = part["second_wrong"].count() / part.height
            rests = rests_on(part, "audits") | {"basis": auditors}
            shares[name] = Estimate.count(again, method=f"share of labels {name} that were audited again", **rests)
    if not shares:
        raise NotEstimable("no audited label is left")
    return shares
