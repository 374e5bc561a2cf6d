"""The worksheet on which people code why an item is disputed, and what they found."""

import numpy as np
import pandas as pd

from ..errors import InvalidData, NotEstimable, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.cause_codes import CAUSES
from ..stats.checks import check_confidence, check_count
from ..stats.proportions import proportion
from .soft import item_counts


def worksheet(
    j: Judgments, *, n: int = 40, by: str | None = None, clause: str = "clause", seed: int = 1
) -> pd.DataFrame:
    """The most disputed items, drawn by stratum, for two coders who see no names.

    Every stratum gets places in proportion to its disputed items, at least
    one; within it the most disputed items are taken (the share of pairs of
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
    n, j = check_count(n, option="n", least=1), as_judgments(j)
    items, labels, counts = item_counts(j)
    size = counts.sum(axis=1)
    disputed = np.where(size > 1, 1 - (counts * (counts - 1)).sum(1) / np.maximum(size * (size - 1), 1), 0.0)
    frame = pd.DataFrame({"item_id": items, "disputed": disputed})
    said = [", ".join(f"{label}: {int(c)}" for label, c in zip(labels, row, strict=True) if c) for row in counts]
    frame["labels"] = said
    frame["clause"] = _of_item(j, clause, items) if clause in j.columns else ""
    if by is not None and by not in j.columns:
        raise NotEstimable(f"the data has no column {by}; it has {', '.join(j.columns)}")
    frame["stratum"] = _of_item(j, by, items) if by else "all"
    frame = frame[frame["disputed"] > 0]
    if frame.empty:
        raise NotEstimable("no two raters differ on any item: there is nothing to code")
    rng = np.random.default_rng(seed)
    frame["luck"] = rng.random(len(frame))
    frame = frame.sort_values(["disputed", "luck"], ascending=[False, True])
    places = _places(frame["stratum"].value_counts().sort_index(), n)
    drawn = pd.concat([part.head(places[str(name)]) for name, part in frame.groupby("stratum", sort=True)])
    drawn = drawn.iloc[rng.permutation(len(drawn))].reset_index(drop=True)
    drawn.insert(0, "row", np.arange(1, len(drawn) + 1))
    return drawn.assign(cause="", cited_clause="", note="")[
        ["row", "item_id", "stratum", "clause", "labels", "disputed", "cause", "cited_clause", "note"]
    ]


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
    given = sheet["cause"].fillna("").astype(str).str.strip()
    problems = [
        Problem(f"the cause is {cause[:60]!r}", f"Use one of {', '.join(CAUSES)}.", row=k, column="cause")
        for k, cause in enumerate(given, start=1)
        if cause and cause not in CAUSES
    ]
    if problems:
        raise InvalidData(problems)
    counts = given[given != ""].value_counts()
    if counts.empty:
        raise NotEstimable("no row of the worksheet has a cause yet")
    rows = []
    for code, k in sorted(counts.items(), key=lambda pair: (-pair[1], list(CAUSES).index(str(pair[0])))):
        cause, e = CAUSES[str(code)], proportion(int(k), int(counts.sum()), confidence=confidence)
        rows.append((cause.code, cause.name, int(k), e.value, e.low, e.high, cause.change, cause.route))
    return pd.DataFrame(rows, columns=["cause", "name", "items", "share", "low", "high", "change", "route"])


def _of_item(j: Judgments, column: str, items: list[str]) -> list[str]:
    import polars as pl

    values = j.frame.group_by("item_id").agg(pl.col(column).cast(pl.String).drop_nulls().mode().sort().first())
    at = dict(values.iter_rows())
    return [at.get(item) or "" for item in items]


def _places(disputed: pd.Series, n: int) -> dict[str, int]:
    """Places of each stratum: at least one, the rest in proportion, largest remainders first."""
    if len(disputed) >= n:
        kept = disputed.sort_values(ascending=False, kind="stable").index[:n]
        return {str(name): int(name in set(kept)) for name in disputed.index}
    share = disputed / disputed.sum() * n
    places = np.maximum(np.floor(share), 1).astype(int)
    order = (share - np.floor(share)).sort_values(ascending=False, kind="stable").index
    for name in order:
        if places.sum() >= n:
            break
        places[name] += 1
    while places.sum() > n:
        places[places.idxmax()] -= 1
    return {str(name): int(k) for name, k in places.items()}
