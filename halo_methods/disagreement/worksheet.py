"""The worksheet on which people code why two of them labelled one item differently."""

import numpy as np
import pandas as pd

from ..errors import InvalidData, NotEstimable, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.cause_codes import CAUSES, causes
from ..stats.checks import check_confidence, check_count
from ..stats.proportions import wilson
from ..stats.variance import Array
from .design import of_items
from .soft import item_counts


def worksheet(
    j: Judgments, *, n: int = 40, by: str | None = None, clause: str = "clause", seed: int = 1
) -> pd.DataFrame:
    """The most disputed items, drawn by stratum, for two coders who see no names.

    Every stratum gets places in proportion to its disputed items (by Webster's
    rule), at least one; within it the most disputed items are taken (the share of pairs of
    raters that differ), ties by a draw from ``seed``. Rows are shuffled, so
    that a coder cannot read the rank. Write it with ``.to_csv(path,
    index=False)``; the same data, options and seed give the same file.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    n : int
        Items at most.
    by : str, optional
        Column of the strata, constant within an item (the first value counts); by default one stratum.
    clause : str
        Column of the guideline clause, shown where it is there.
    seed : int
        Of ties and of the order of rows.

    Returns
    -------
    pandas.DataFrame
        ``row``, ``item_id``, ``stratum``, ``clause``, ``labels`` (each label
        and how often, no raters), ``disputed`` (share of pairs that differ),
        and, empty for the coder, ``cause``, ``cited_clause``, ``note``.

    Raises
    ------
    NotEstimable
        If no item is disputed or the column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if r < i % 4 else "y") for i in range(12) for r in range(4)]
    >>> sheet = worksheet(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])), n=3)
    >>> sheet["labels"].tolist()
    ['x: 2, y: 2', 'x: 2, y: 2', 'x: 2, y: 2']
    """
    n, j = check_count(n, option="n", least=1), as_judgments(j).one()
    if by is not None and by not in j.columns:
        raise NotEstimable(f"the data has no column {by}; it has {', '.join(j.columns)}")
    items, labels, counts = item_counts(j)
    pairs = np.maximum(counts.sum(axis=1) * (counts.sum(axis=1) - 1), 1)
    frame = pd.DataFrame({"item_id": items, "stratum": of_items(j, by, "").to_list() if by else "all"})
    frame["clause"] = of_items(j, clause, "").to_list() if clause in j.columns else ""
    frame["labels"] = [said(labels, row) for row in counts]
    frame["disputed"] = (counts.sum(axis=1) ** 2 - (counts**2).sum(axis=1)) / pairs
    frame = frame[frame["disputed"] > 0]
    if frame.empty:
        raise NotEstimable("no two raters differ on any item: there is nothing to code")
    rng = np.random.default_rng(seed)
    frame = frame.assign(luck=rng.random(len(frame))).sort_values(["disputed", "luck"], ascending=[False, True])
    # Webster's apportionment: of each stratum the first item, then the item furthest behind its stratum's share.
    held, place = frame["stratum"].map(frame["stratum"].value_counts()), frame.groupby("stratum").cumcount()
    behind = ((place + 0.5) / held).where(place > 0, -held.astype(float))
    drawn = frame[frame.index.isin(behind.nsmallest(n).index)].sort_values("stratum", kind="stable")
    drawn = drawn.iloc[rng.permutation(len(drawn))].reset_index(drop=True)
    drawn.insert(0, "row", np.arange(1, len(drawn) + 1))
    return drawn.drop(columns="luck").assign(cause="", cited_clause="", note="")


def cause_shares(sheet: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """What the coders found: each cause's share of the coded items.

    The worksheet holds the most disputed items, so the shares speak for those,
    not for all items.

    Parameters
    ----------
    sheet : pandas.DataFrame
        A filled worksheet: ``item_id`` and ``cause`` (a code of `CAUSES`; empty
        rows are left out).
    confidence : float
        Of each interval (Wilson's, over items).

    Returns
    -------
    pandas.DataFrame
        ``cause``, ``name``, ``items``, ``share``, ``low``, ``high``,
        ``change``, ``route``; most frequent first.

    Raises
    ------
    InvalidData
        If a cause is none of the codes; every row is listed.
    NotEstimable
        If nothing is coded.

    Examples
    --------
    >>> sheet = pd.DataFrame({"item_id": ["a", "b", "c"], "cause": ["rater_slip", "guideline_gap", "guideline_gap"]})
    >>> cause_shares(sheet)[["cause", "items"]].values.tolist()
    [['guideline_gap', 2], ['rater_slip', 1]]
    """
    check_confidence(confidence)
    for column in ("item_id", "cause"):
        if column not in sheet.columns:
            raise NotEstimable(f"the worksheet has no column {column}")
    codes = sheet["cause"].fillna("").astype(str).str.strip()
    problems = [
        Problem(f"the cause is {cause[:60]!r}", f"Use one of {', '.join(CAUSES)}.", row=k, column="cause")
        for k, cause in enumerate(codes, start=1)
        if cause and cause not in CAUSES
    ]
    if problems:
        raise InvalidData(problems)
    counts = codes[codes != ""].value_counts()
    if counts.empty:
        raise NotEstimable("no row of the worksheet has a cause yet")
    table = causes().rename(columns={"code": "cause"}).merge(counts.rename("items"), left_on="cause", right_index=True)
    table = table.sort_values("items", ascending=False, kind="stable", ignore_index=True)
    table["share"] = table["items"] / counts.sum()
    table["low"], table["high"] = wilson(table["items"], counts.sum(), confidence=confidence)
    return table[["cause", "name", "items", "share", "low", "high", "change", "route"]]


def said(labels: tuple[object, ...], counts: Array) -> str:
    """Each label and how often it was given, in words."""
    return ", ".join(f"{label}: {int(c)}" for label, c in zip(labels, counts, strict=True) if c)
