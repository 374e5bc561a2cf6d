"""Keeping the gold set and the certificates fresh: which items are worn or suspect, who is due again and why."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments
from .gold import on_gold

CHECK, REVIEW, REPLACE, KEEP = "check the gold", "talk it over", "replace", "keep"


def gold_items(
    j: Judgments, *, good: float = 0.85, most_shown: int = 200, most_days: int = 180, today: date | str | None = None
) -> pd.DataFrame:
    """What each gold item has been through: how hard, how telling, how often shown, how old.

    A good rater is one who is right on at least ``good`` of the *other* gold
    items, five of them or more, so that an item cannot make its own judges.
    An item that at least half of three or more good raters miss is a suspect
    item, not a sign of bad raters.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold; all rounds.
    good : float
        Accuracy on the other items that makes a rater good.
    most_shown, most_days : int
        An item shown more often, or for longer, is replaced: raters know it
        by now (house rules).
    today : date or ISO text, optional
        For the age; otherwise the last day in the data.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``gold``, ``n`` (judgments), ``missed`` (share of all),
        ``good_n``, ``good_missed`` (share of the good raters' judgments, empty
        without any), ``discrimination`` (correlation of being right here with
        accuracy on the other items; empty where nothing varies), ``days``
        (since first shown; empty without ``rated_at``), ``action``, ``why``.
        Actions in order: ``check the gold``, ``talk it over`` (good raters
        miss it more than the others do), ``replace``, ``keep``.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "y" if i == 0 else "x", "x") for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> gold_items(j)[["item_id", "good_n", "action"]].head(1).to_numpy().tolist()
    [['0', 3, 'check the gold']]
    """
    if not 0 < good <= 1:
        raise HaloError(f"good is an accuracy from 0 to 1; got {good!r}")
    marked = on_gold(j)
    totals = marked.with_columns(
        (pl.col("right").sum().over("rater_id") - pl.col("right").sum().over("rater_id", "item_id")).alias("others"),
        (pl.len().over("rater_id") - pl.len().over("rater_id", "item_id")).alias("of"),
    ).with_columns((pl.col("others") / pl.col("of")).alias("elsewhere"))
    is_good = (pl.col("of") >= 5) & (pl.col("elsewhere") >= good)
    wrong = ~pl.col("right")
    items = (
        totals.with_columns(is_good.alias("is_good"))
        .with_columns((pl.col("is_good") & wrong).alias("good_wrong"))
        .with_columns(pl.when(pl.col("of") > 0).then("elsewhere").alias("elsewhere"))
        .group_by("item_id")
        .agg(
            pl.col("gold").first(),
            pl.len().alias("n"),
            wrong.mean().alias("missed"),
            pl.col("is_good").sum().alias("good_n"),
            pl.col("good_wrong").sum().alias("good_wrong"),
            pl.corr(pl.col("right").cast(pl.Float64), "elsewhere").alias("discrimination"),
        )
        .to_pandas()
    )
    items["discrimination"] = items["discrimination"].astype(float).where(lambda x: np.isfinite(x))
    items["good_missed"] = (items["good_wrong"] / items["good_n"].where(items["good_n"] > 0)).astype(float)
    items["days"] = _days_shown(j, items["item_id"], today)
    others = items["n"] - items["good_n"]
    others_missed = (items["missed"] * items["n"] - items["good_wrong"]) / others.where(others > 0)
    doubtful = (items["good_n"] >= 3) & (others >= 3) & (items["good_missed"] > others_missed + 0.2)
    suspect = (items["good_n"] >= 3) & (items["good_missed"] >= 0.5)
    worn, old = items["n"] > most_shown, items["days"].fillna(0) > most_days
    items["action"] = np.select([suspect, doubtful, worn | old], [CHECK, REVIEW, REPLACE], KEEP)
    items["why"] = np.select(
        [suspect, doubtful, worn, old],
        ["most good raters miss it", "good raters miss it more than the others do",
         f"shown more than {most_shown} times", f"in use for more than {most_days} days"], "",
    )  # fmt: skip
    order = {action: k for k, action in enumerate((CHECK, REVIEW, REPLACE, KEEP))}
    items = items.assign(order=items["action"].map(order)).sort_values(
        ["order", "missed", "item_id"], ascending=[True, False, True], ignore_index=True
    )
    return items[["item_id", "gold", "n", "missed", "good_n", "good_missed", "discrimination", "days", "action", "why"]]


def refresh_list(j: Judgments, **options: Any) -> pd.DataFrame:
    """The gold items that need somebody: `gold_items` without those to keep.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "y" if i == 0 else "x", "x") for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> refresh_list(j)["item_id"].tolist()
    ['0']
    """
    items = gold_items(j, **options)
    kept = items[items["action"] != KEEP].reset_index(drop=True)
    kept.attrs["n_items"] = len(items)
    return kept


def recertification(
    j: Judgments,
    *,
    today: date | str | None = None,
    after_days: int = 90,
    absent_days: int = 30,
    drifted: Iterable[str] | str = (),
) -> pd.DataFrame:
    """Who has to show again that they can: by time, by an amendment, by drift, by absence.

    Certified means here: judged gold on that day. Due are raters without gold
    in the table; whose last gold is more than ``after_days`` old; who judged
    no gold under the latest guideline (the highest version where versions are
    numbers such as 1.10, otherwise the one that came into the table last); who
    were away for more than ``absent_days`` since their last gold; and those
    whom a drift chart names.

    Absence can only be seen in a table that holds the live work too.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with ``rated_at`` and gold; ``guideline``
        where there are versions.
    today : date or ISO text, optional
        The day to decide for; otherwise the last in the data.
    after_days, absent_days : int
        House rules.
    drifted : iterable of str, or text with commas
        Raters for whom the drift report gave a signal.

    Returns
    -------
    pandas.DataFrame
        ``rater_id``, ``last_gold``, ``last_judged`` (dates, empty where
        never), ``guideline`` (of the last gold; empty without the column),
        ``due`` (bool), ``why``; those who are due first.

    Raises
    ------
    NotEstimable
        If the table has no ``rated_at`` or no gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "x", "2026-01-05"), ("b", "r2", "x", "x", "2026-05-04")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "rated_at"]))
    >>> recertification(j)[["rater_id", "due", "why"]].to_numpy().tolist()
    [['r1', True, 'time: last gold 119 days ago; absence: away for 119 days'], ['r2', False, '']]
    """
    frame = _dated(j)
    if "gold" not in frame.columns or frame["gold"].is_null().all():
        raise NotEstimable("no judged item has a gold answer, so nobody can be seen to be certified")
    until: date = _day(today) or frame["day"].max()  # type: ignore[assignment]
    frame = frame.filter(pl.col("day") <= until)
    if frame.is_empty():
        raise NotEstimable(f"no judgment is dated {until} or earlier")
    latest = _latest(frame)
    named = {str(d).strip() for d in (drifted.split(",") if isinstance(drifted, str) else drifted)}
    rows = []
    for (key,), part in sorted(frame.partition_by("rater_id", as_dict=True).items()):
        rater = str(key)
        gold = part.filter(pl.col("gold").is_not_null()).sort("day")
        last_gold: Any = gold["day"].max()
        last_judged: Any = part["day"].max()
        of_gold = gold["guideline"][-1] if latest is not None and len(gold) else None
        why = []
        if last_gold is None:
            why.append("never: no gold in these data")
        else:
            since = (until - last_gold).days
            if since > after_days:
                why.append(f"time: last gold {since} days ago")
            if latest is not None and latest not in set(gold["guideline"].drop_nulls()):
                why.append(f"amendment: no gold under guideline {latest}")
            days = pl.Series([*part.filter(pl.col("day") >= last_gold)["day"], until]).unique().sort()
            away = int(days.diff().dt.total_days().max() or 0)  # type: ignore[arg-type]
            if away > absent_days:
                why.append(f"absence: away for {away} days")
        if rater in named:
            why.append("drift: a chart gave a signal")
        rows.append((rater, last_gold, last_judged, of_gold or "", bool(why), "; ".join(why)))
    table = pd.DataFrame(rows, columns=["rater_id", "last_gold", "last_judged", "guideline", "due", "why"])
    table = table.sort_values(["due", "rater_id"], ascending=[False, True], ignore_index=True)
    table.attrs["today"], table.attrs["latest_guideline"] = until, latest
    return table


def _dated(j: Judgments) -> pl.DataFrame:
    frame = j.one().frame
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        raise NotEstimable("the judgments are not dated; add a `rated_at` column")
    return frame.filter(pl.col("rated_at").is_not_null()).with_columns(pl.col("rated_at").dt.date().alias("day"))


def _latest(frame: pl.DataFrame) -> str | None:
    if "guideline" not in frame.columns or frame["guideline"].is_null().all():
        return None
    first = dict(frame.drop_nulls("guideline").group_by("guideline").agg(pl.col("day").min()).iter_rows())
    if all(re.fullmatch(r"v?\d+(\.\d+)*", version) for version in first):
        return max(first, key=lambda version: [int(part) for part in version.lstrip("v").split(".")])
    return max(first, key=lambda version: (first[version], version))


def _day(today: date | str | None) -> date | None:
    if today is None:
        return None
    if isinstance(today, datetime):
        return today.date()
    try:
        return today if isinstance(today, date) else date.fromisoformat(today)
    except ValueError:
        raise HaloError(f"today is a date such as 2026-05-04; got {today!r}") from None


def _days_shown(j: Judgments, item_ids: pd.Series, today: date | str | None) -> pd.Series:
    try:
        frame = _dated(j)
    except NotEstimable:
        return pd.Series([np.nan] * len(item_ids), dtype=float)
    until: date = _day(today) or frame["day"].max()  # type: ignore[assignment]
    first = frame.filter(pl.col("gold").is_not_null()).group_by("item_id").agg(pl.col("day").min())
    shown = dict(zip(first["item_id"], first["day"], strict=True))
    return pd.Series([(until - shown[i]).days if i in shown else np.nan for i in item_ids], dtype=float)
