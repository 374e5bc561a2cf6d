"""Raters against gold: right or wrong, and where."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..audit import clopper_pearson, proportion, score_interval
from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, accepted_answers
from ..results import Estimate, Over, counted

FEW_RATERS = 5


def on_gold(j: Judgments) -> pl.DataFrame:
    """Judgments of items that have gold, each marked right or wrong.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.

    Returns
    -------
    polars.DataFrame
        Columns ``item_id``, ``rater_id``, ``label``, ``gold`` (the first of
        the accepted answers) and ``right`` (the label is one of them).

    Raises
    ------
    NotEstimable
        If no judged item has a gold answer.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "good", "good|fair"), ("a", "r2", "poor", "good|fair")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> on_gold(j)["right"].to_list()
    [True, False]
    """
    frame = j.one().frame
    if "gold" not in frame.columns or frame["gold"].is_null().all():
        raise NotEstimable("no judged item has a gold answer; add a `gold` column, at least for the calibration items")
    frame = frame.filter(pl.col("gold").is_not_null())
    pairs = frame.select("gold", "label").unique()
    accepted = [accepted_answers(gold) for gold in pairs["gold"]]
    if pairs["label"].dtype.is_numeric():
        numbers = [tuple(float(answer) for answer in answers) for answers in accepted]
        right = [label in answers for label, answers in zip(pairs["label"], numbers, strict=True)]
    else:
        right = [label in answers for label, answers in zip(pairs["label"], accepted, strict=True)]
    marked = pairs.with_columns(pl.Series("right", right), pl.Series("first", [a[0] for a in accepted]))
    joined = frame.join(marked, on=["gold", "label"], how="left")
    return joined.select("item_id", "rater_id", "label", pl.col("first").alias("gold"), "right")


def accuracy(j: Judgments, *, over: Over = "items and raters", confidence: float = 0.95) -> Estimate:
    r"""Share of judgments that give an accepted gold answer, all raters together.

    The variance is the sum of the delete-one-item and delete-one-rater
    jackknife variances :math:`V`; the interval is Wilson's score interval at
    the effective size :math:`p(1-p)/V` with a t quantile on raters - 1
    degrees of freedom, so that it stays between 0 and 1. Over items only it is
    the exact interval at the effective size of the items.

    Do not read it as the quality of live work: gold items are chosen, and
    raters may know them.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    References
    ----------
    Owen (2007), Annals of Applied Statistics 1, 386-411, for resampling items
    and raters at once; Korn and Graubard (1998), Survey Methodology 24,
    193-201, for the effective size. Coverage is simulated in the tests.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if (i + r) % 5 else "y", "x") for i in range(40) for r in range(6)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> accuracy(j).value
    0.8
    """
    marked = on_gold(j)
    by_item, by_rater = sums(marked, "item_id"), sums(marked, "rater_id")
    return share_estimate(by_item, by_rater, "accuracy against gold", over=over, confidence=confidence)


def sums(marked: pl.DataFrame, key: str) -> NDArray:
    """Right answers and judgments for each value of ``key``: one row each, two columns.

    Examples
    --------
    >>> marked = pl.DataFrame({"rater_id": ["a", "a", "b"], "right": [True, False, True]})
    >>> sums(marked, "rater_id").tolist()
    [[1.0, 2.0], [1.0, 1.0]]
    """
    counts = marked.group_by(key).agg(pl.col("right").sum().cast(pl.Float64), pl.len().cast(pl.Float64).alias("n"))
    return counts.sort(key).select("right", "n").to_numpy()


def share_estimate(
    by_item: NDArray, by_rater: NDArray, quantity: str, *, over: Over = "items and raters", confidence: float = 0.95
) -> Estimate:
    """A share of judgments from its sums by item and by rater; see `accuracy` for the method.

    Parameters
    ----------
    by_item, by_rater : ndarray, one row an item or a rater
        Successes and judgments.
    quantity : str
        Its name, for the result.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for.
    confidence : float
        Of the interval.

    Examples
    --------
    >>> import numpy as np
    >>> by_item, by_rater = np.array([[3.0, 4.0]] * 50), np.array([[37.5, 50.0]] * 4)
    >>> share_estimate(by_item, by_rater, "share").value
    0.75
    """
    if over not in ("items", "raters", "items and raters"):
        raise BadOption.of("over", over, ("items", "raters", "items and raters"))
    n_items, n_raters = len(by_item), len(by_rater)
    cautions = []
    if over != "items" and n_raters < 3:
        if over == "raters":
            raise NotEstimable(f"an interval over raters needs at least three; there are {n_raters}")
        over = "items"
        cautions.append(f"With {counted(n_raters, 'rater')} the interval speaks for the items only.")
    right, n = by_item.sum(axis=0)
    items = jackknife_variance(by_item, share)
    items_only = effective_interval(right / n, items, n_items, None, confidence)
    if over == "items":
        low, high = items_only
        how = "exact interval at the effective size"
    else:
        spread = jackknife_variance(by_rater, share) + (items if over == "items and raters" else 0.0)
        size = n_raters if over == "raters" else n_items
        low, high = effective_interval(right / n, spread, size, n_raters - 1, confidence)
        how = f"jackknife over {over}, Wilson's interval at the effective size"
    few = over != "items" and n_raters < FEW_RATERS
    if few:
        cautions.append(f"{n_raters} raters say little about raters in general; the items-only interval is beside it.")
    shown = items_only if few else None
    return Estimate(
        right / n, low, high, confidence, shown, n_items, n_raters, int(n), f"{quantity}; {how}", over, tuple(cautions)
    )


def share(totals: NDArray) -> NDArray:
    return totals[..., 0] / totals[..., 1]


def jackknife_variance(parts: NDArray, statistic: Callable[[NDArray], NDArray]) -> float:
    """Delete-one jackknife variance of a statistic of the column totals of ``parts``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 4.0, 7.0])
    >>> parts = np.column_stack([x, np.ones(3)])
    >>> bool(np.isclose(jackknife_variance(parts, share), x.var(ddof=1) / 3))
    True
    """
    m = len(parts)
    if m < 2:
        return 0.0
    left_out = statistic(parts.sum(axis=0) - parts)
    return float((m - 1) / m * ((left_out - left_out.mean()) ** 2).sum())


def effective_interval(p: float, variance: float, most: int, df: int | None, confidence: float) -> tuple[float, float]:
    """Interval of a share at the effective size p(1-p) / variance, at most ``most`` where nothing varies.

    With degrees of freedom a score interval with a t quantile; without, or
    where nothing varies, the exact interval, which a handful of items cannot
    make too short.

    Examples
    --------
    >>> [round(end, 3) for end in effective_interval(0.0, 0.0, 1, None, 0.95)]
    [0.0, 0.975]
    """
    size = p * (1 - p) / variance if variance > 0 else float(most)
    if df is None or variance == 0:
        low, high = clopper_pearson(p * size, size, confidence=confidence)
    else:
        low, high = score_interval(np.asarray(p * size), np.asarray(size), stats.t.ppf((1 + confidence) / 2, df))
    return float(low), float(high)


def by_rater(j: Judgments, *, bar: float = 0.80, confidence: float = 0.95) -> pd.DataFrame:
    """Each rater's accuracy against gold, and whether it clears a bar.

    With many raters some intervals miss their true value by luck alone: expect
    about one in forty to fall short of, and one in forty to exceed, a bar that
    equals the true accuracy.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    bar : float
        Accuracy to clear.
    confidence : float
        Of each interval (exact, over items: a verdict on a person errs at most
        as often as it says, however few the items).

    Returns
    -------
    pandas.DataFrame
        Columns ``rater_id``, ``n`` (gold judgments), ``right``, ``accuracy``,
        ``low``, ``high``, ``verdict``; lowest accuracy first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x" if i < 27 else "y", "x") for i in range(30)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> by_rater(j)[["n", "right", "verdict"]].to_string(index=False).split()
    ['n', 'right', 'verdict', '30', '27', 'undecided']
    """
    sums = on_gold(j).group_by("rater_id").agg(pl.len().alias("n"), pl.col("right").sum().cast(pl.Int64))
    table = sums.to_pandas()
    table["accuracy"] = table["right"] / table["n"]
    table["low"], table["high"] = clopper_pearson(table["right"], table["n"], confidence=confidence)
    table["verdict"] = np.select([table["low"] >= bar, table["high"] < bar], ["met", "not_met"], "undecided")
    return table.sort_values(["accuracy", "rater_id"], ignore_index=True)


def rater_estimates(j: Judgments, *, confidence: float = 0.95) -> dict[str, Estimate]:
    """Each rater's accuracy against gold as an `Estimate` over items, by rater.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x" if i < 27 else "y", "x") for i in range(30)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> rater_estimates(j)["r1"].value
    0.9
    """
    table = by_rater(j, confidence=confidence).sort_values("rater_id")
    return {
        str(rater): replace(
            proportion(int(right), int(n), method="exact", confidence=confidence),
            method="a rater's accuracy against gold; exact interval",
        )
        for rater, right, n in zip(table["rater_id"], table["right"], table["n"], strict=True)
    }


def confusion(j: Judgments) -> pd.DataFrame:
    """How often each gold answer was given each label, all raters together.

    A label accepted as a second gold answer counts as that answer.

    Returns
    -------
    pandas.DataFrame
        Rows gold answers, columns labels, in the order of the scale; counts.

    Raises
    ------
    NotEstimable
        If no judged item has gold, or labels are numbers (use `severity`).

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "y", "y")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> confusion(j).loc["x"].to_dict()
    {'x': 1, 'y': 1}
    """
    marked = on_gold(j)
    if marked["label"].dtype.is_numeric():
        raise NotEstimable("labels are numbers, so there is no table of confusions; see the severity of each rater")
    truth = pl.when("right").then(pl.col("label")).otherwise(pl.col("gold"))
    counts = marked.group_by(truth.alias("gold"), "label").agg(pl.len().alias("n")).to_pandas()
    table = counts.pivot_table(index="gold", columns="label", values="n", fill_value=0).astype(int)
    order = [str(label) for label in j.labels]
    extra = sorted(set(table.index) - set(order))
    return table.reindex(
        index=[g for g in [*order, *extra] if g in table.index],
        columns=[label for label in order if label in table.columns],
        fill_value=0,
    )


def missed_items(j: Judgments, *, share_wrong: float = 0.5) -> pd.DataFrame:
    """Gold items that at least this share of their raters answered wrongly.

    An item that most raters miss with one and the same answer is a suspect
    item: look at its gold and its guideline clause before you look at people.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    share_wrong : float
        From this share of wrong answers on, an item is listed.

    Returns
    -------
    pandas.DataFrame
        Columns ``item_id``, ``gold``, ``n`` (judgments), ``wrong``,
        ``share_wrong``, ``usual_answer`` (the wrong label given most often;
        ties in alphabetical order) and ``usual`` (how often); most missed
        first. ``table.attrs["n_items"]`` is the number of gold items judged.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "y", "x"), ("a", "r2", "y", "x"), ("b", "r1", "x", "x")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> missed_items(j)["item_id"].tolist()
    ['a']
    """
    marked = on_gold(j)
    wrong = marked.filter(~pl.col("right")).group_by("item_id", "label").agg(pl.len().alias("usual"))
    usual = wrong.sort(["usual", "label"], descending=[True, False]).group_by("item_id", maintain_order=True).first()
    items = marked.group_by("item_id").agg(
        pl.col("gold").first(), pl.len().alias("n"), (~pl.col("right")).sum().cast(pl.Int64).alias("wrong")
    )
    missed = (
        items.with_columns((pl.col("wrong") / pl.col("n")).alias("share_wrong"))
        .filter((pl.col("wrong") > 0) & (pl.col("share_wrong") >= share_wrong))
        .join(usual.rename({"label": "usual_answer"}), on="item_id")
        .sort(["share_wrong", "n", "item_id"], descending=[True, True, False])
    )
    table = missed.to_pandas()
    table.attrs["n_items"] = items.height
    return table


def missed_share(j: Judgments, *, share_wrong: float = 0.5, confidence: float = 0.95) -> Estimate:
    """Share of gold items, judged by three raters or more, that at least this share of them miss.

    Raises
    ------
    NotEstimable
        If no gold item was judged by three raters.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if i else "y", "x") for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> missed_share(j).value
    0.1
    """
    marked = on_gold(j)
    items = marked.group_by("item_id").agg(pl.len().alias("n"), (~pl.col("right")).mean().alias("wrong"))
    judged = items.filter(pl.col("n") >= 3)
    if judged.is_empty():
        raise NotEstimable("no gold item was judged by three raters or more, so no item can be called suspect")
    missed = int((judged["wrong"] >= share_wrong).sum())
    made = proportion(missed, judged.height, method="exact", confidence=confidence)
    kept = marked.join(judged.select("item_id"), on="item_id")
    return replace(
        made,
        n_raters=kept["rater_id"].n_unique(),
        n_judgments=kept.height,
        method="share of gold items that most of their raters miss; exact interval",
    )
