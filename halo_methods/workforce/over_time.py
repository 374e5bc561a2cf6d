"""The same figures by week, and whether vendors agree with each other on the items they share."""

from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..calibration.reference import people
from ..errors import NotEstimable
from ..judgments import Judgments
from .measures import Flag, share_of
from .outcomes import MISSING, grouped, known, outcomes

LEAST_ITEMS = 20


def week_of(frame: pl.DataFrame) -> pl.Series:
    """The Monday of the week (UTC) of each judgment, as text; null where no moment is known."""
    return frame["rated_at"].dt.truncate("1w").dt.strftime("%Y-%m-%d").alias("week")


def by_week(j: Judgments, *, column: str = "vendor", flag: Flag = "right", confidence: float = 0.95) -> pd.DataFrame:
    """One share for each group and week, with its interval.

    A line that wanders inside its intervals is no trend: a change is tested by
    the charts of `drift`, with their run length, not by eye.

    Parameters
    ----------
    j : Judgments
        One criterion, with ``rated_at``.
    column : str
        What makes the groups.
    flag : {"right", "accepted", "reworked", "on_time"}
        See `outcomes`.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``week`` (its Monday), ``people``, ``judgments`` (known),
        ``share``, ``low``, ``high``.

    Raises
    ------
    NotEstimable
        If there are no moments, no such column, or nothing is known.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{w}-{i}", r, "x", "x", "north", f"2026-03-{2 + 7 * w:02d}T09:00:00Z")
    ...         for w in (0, 1) for r in "pqr" for i in range(9)]
    >>> names = ["item_id", "rater_id", "label", "gold", "vendor", "rated_at"]
    >>> by_week(as_judgments(pd.DataFrame(rows, columns=names)))["week"].tolist()
    ['2026-03-02', '2026-03-09']
    """
    frame = outcomes(people(j))
    if "rated_at" not in frame.columns:
        raise NotEstimable("a comparison over time needs the column `rated_at`")
    frame = known(frame.with_columns(week_of(frame)), flag)
    rows = []
    for name, part in grouped(frame, column):
        for week, there in grouped(part, "week"):
            if week == MISSING:
                continue
            made = share_of(there, flag, confidence=confidence)
            rows.append({column: name, "week": week, "people": made.n_raters, "judgments": made.n_judgments,
                         "share": made.value, "low": made.low, "high": made.high})  # fmt: skip
    if not rows:
        raise NotEstimable("no known judgment has a moment in `rated_at`")
    return pd.DataFrame(rows)


def between(j: Judgments, *, column: str = "vendor", confidence: float = 0.95) -> pd.DataFrame:
    """How often judgments of two groups agree on the items both judged.

    Every pair of judgments of an item, one from each group, counts; the
    interval adds the delete-one-item and the delete-one-rater jackknife of the
    share of agreeing pairs, with a t quantile on raters - 2 degrees of freedom.
    ``kappa`` takes off the chance that two labels drawn from the two groups'
    own shares are the same.

    Low agreement says that two vendors read the guideline differently. It does
    not say which of them is right.

    Returns
    -------
    pandas.DataFrame
        ``a``, ``b``, ``n_items``, ``agreement``, ``low``, ``high``, ``kappa``;
        pairs with fewer than 20 shared items are left out and counted in
        ``table.attrs["left_out"]``.

    Raises
    ------
    NotEstimable
        If no two groups share 20 items.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"{v}{r}", "xy"[i % 2], v) for v in ("north", "south") for r in range(3) for i in range(30)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"]))
    >>> between(j)[["n_items", "agreement", "kappa"]].to_numpy().tolist()
    [[30.0, 1.0, 1.0]]
    """
    keep = ["item_id", "rater_id", "label", column]
    frame = people(j).one().frame
    groups = dict(grouped(frame.select(c for c in frame.columns if c in keep), column))
    rows, fewest, left_out = [], [], 0
    for a, b in combinations([g for g in groups if g != MISSING], 2):
        pairs = groups[a].join(groups[b], on="item_id", suffix="_b").with_columns(
            (pl.col("label") == pl.col("label_b")).cast(pl.Float64).alias("same"))  # fmt: skip
        items = pairs["item_id"].n_unique()
        if items < LEAST_ITEMS:
            left_out += 1
            continue
        fewest.append(min(pairs["rater_id"].n_unique(), pairs["rater_id_b"].n_unique()))
        rows.append({"a": a, "b": b, "n_items": items, **_agreement(pairs, confidence)})
    if not rows:
        raise NotEstimable(f"no two groups in {column} judged {LEAST_ITEMS} items in common")
    made = pd.DataFrame(rows)
    made.attrs["left_out"], made.attrs["fewest"] = left_out, fewest
    return made


def _agreement(pairs: pl.DataFrame, confidence: float) -> dict[str, float]:
    total = np.array([pairs["same"].sum(), pairs.height])
    value = total[0] / total[1]
    variance, raters = 0.0, 0
    for units in (("item_id",), ("rater_id", "rater_id_b")):
        parts = np.concatenate([pairs.group_by(u).agg(pl.col("same").sum(), pl.len().cast(pl.Float64).alias("n"))
                                .sort(u).select("same", "n").to_numpy() for u in units])  # fmt: skip
        rest = total - parts
        left = rest[rest[:, 1] > 0]
        estimates = left[:, 0] / left[:, 1]
        m = len(parts)
        variance += (m - 1) / m * ((estimates - estimates.mean()) ** 2).sum() if len(estimates) > 1 else 0.0
        raters = m
    half = stats.t.ppf((1 + confidence) / 2, max(raters - 2, 1)) * variance**0.5
    shares = [dict(pairs.group_by(c).len().with_columns(pl.col("len") / pairs.height).iter_rows())
              for c in ("label", "label_b")]  # fmt: skip
    chance = sum(p * shares[1].get(label, 0.0) for label, p in shares[0].items())
    return {"agreement": value, "low": max(value - half, 0.0), "high": min(value + half, 1.0),
            "kappa": (value - chance) / (1 - chance) if chance < 1 else float("nan")}  # fmt: skip
