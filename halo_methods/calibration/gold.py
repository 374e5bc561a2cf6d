"""Raters against gold: right or wrong, and where."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl

from ..stats import clopper_pearson, proportion
from ..errors import NotEstimable
from ..judgments import Judgments, accepted_answers
from ..judgments.cells import NUMBERS
from ..results import Estimate, Over
from .shares import share_estimate, sums


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
    joined = frame.join(marked, on=["gold", "label"], how="left", maintain_order="left")
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
    made = share_estimate(by_item, by_rater, "accuracy against gold", over=over, confidence=confidence)
    return made.with_cautions(NUMBERS) if j.numeric else made


def by_rater(j: Judgments, *, bar: float = 0.80, confidence: float = 0.95) -> pd.DataFrame:
    """Each rater's accuracy against gold, and whether it clears a bar.

    With many raters some intervals miss their true value by luck alone: of
    raters whose true accuracy is the bar itself, up to one in forty falls
    short of it and up to one in forty clears it.

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


def rows_on_gold(j: Judgments) -> list[pl.DataFrame]:
    """`on_gold` as a report's ``groups(of=...)`` takes it: no part where no judged item has gold.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows_on_gold(as_judgments(pd.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"]})))
    []
    """
    try:
        return [on_gold(j)]
    except NotEstimable:
        return []


def confusion(j: Judgments, *, least: int = 1) -> pd.DataFrame:
    """How often each gold answer was given each label, all raters together.

    A label accepted as a second gold answer counts as that answer.

    Parameters
    ----------
    j : Judgments
        With gold.
    least : int
        Counts to which fewer raters contributed are missing, and with them the next
        smallest where fewer raters stand behind all the missing ones together.

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
    cells = marked.group_by(truth.alias("gold"), "label").agg(pl.len().alias("n"), pl.col("rater_id").unique())
    counts = cells.to_pandas()
    table = counts.pivot_table(index="gold", columns="label", values="n", fill_value=0).astype(int)
    behind: set[str] = set()
    for cell in cells.sort(pl.col("rater_id").list.len(), "gold", "label").iter_rows(named=True) if least > 1 else ():
        if len(cell["rater_id"]) >= least and (not behind or len(behind) >= least):
            break
        behind |= set(cell["rater_id"])
        table = table.astype("Int64")
        table.loc[cell["gold"], cell["label"]] = pd.NA
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
