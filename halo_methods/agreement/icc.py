"""Intraclass correlations in six forms."""

import warnings
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import distinct_numbers
from ..judgments.coding import numbered
from ..results import Caution, Estimate, Over, around, resting
from ..stats.checks import check_confidence
from .coefficients import Array, moderate
from .comparisons import Compared, measured, need_one, row_of
from .estimates import few_items

Form = Literal["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
Incomplete = Literal["refuse", "drop"]
NO_END = -1e9
AGAIN = "Some items come back in several rounds; the interval counts each item once."
FORMS = {
    "ICC1": ("ICC(1,1)", "one label, if raters differ from item to item"),
    "ICC2": ("ICC(A,1)", "one label of a rater drawn from many; strictness counts as error"),
    "ICC3": ("ICC(C,1)", "one label of these raters, strictness left out"),
    "ICC1k": ("ICC(1,k)", "the mean of the raters, if they differ from item to item"),
    "ICC2k": ("ICC(A,k)", "the mean of raters drawn from many; strictness counts as error"),
    "ICC3k": ("ICC(C,k)", "the mean of these raters, strictness left out"),
}


def icc(j: Judgments, *, form: Form = "ICC2", incomplete: Incomplete = "refuse", confidence: float = 0.95) -> Estimate:
    """Intraclass correlation of numeric labels: the share of variance that lies between items.

    Parameters
    ----------
    j : Judgments
        Numeric labels, every item judged by every rater.
    form : {"ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"}
        What it is the reliability of, and what it covers:

        ===== ============================== ==================================== ================
        form  reliability of                 raters                               holds for
        ===== ============================== ==================================== ================
        ICC1  one label                      others for each item (one-way)       items
        ICC2  one label                      a sample; strictness counts as error items and raters
        ICC3  one label, strictness left out these and no others                  items
        ICC1k the mean of the k raters       others for each item (one-way)       items
        ICC2k the mean of k raters           a sample; strictness counts as error items and raters
        ICC3k the mean, strictness left out  these and no others                  items
        ===== ============================== ==================================== ================
    incomplete : {"refuse", "drop"}
        What to do with items that some rater did not judge.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        Point from pingouin; interval from F and its degrees of freedom
        (Shrout and Fleiss 1979; McGraw and Wong 1996). Over items and raters
        for form 2, over items otherwise; an item of several rounds counts once in it. The lower end of a k form may
        lie below -1.

    Raises
    ------
    NotEstimable
        If labels are not numbers, items are incomplete (unless dropped), or fewer than three items or two raters
        remain.
        The same holds if there is no variance to divide, or raters contradict each other so much that the form leaves
        the range of a correlation.

    Notes
    -----
    ICC3 hides strictness: a rater who is always two points stricter does not
    lower it. A k form says nothing about a single label.

    References
    ----------
    Shrout and Fleiss (1979), Psychological Bulletin 86, 420-428;
    McGraw and Wong (1996), Psychological Methods 1, 30-46.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> rows = [(f"i{i}", f"r{r}", x) for i, row in enumerate(table) for r, x in enumerate(row)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
    >>> round(icc(j, form="ICC2").value, 2)
    0.29
    """
    BadOption.unless("form", form, FORMS)
    BadOption.unless("incomplete", incomplete, get_args(Incomplete))
    check_confidence(confidence)
    one = as_judgments(j).one()
    ratings, dropped, items = _complete(one, incomplete)
    refuse_constant(ratings, form)
    (n, k), table, name = ratings.shape, _pingouin(ratings / ratings.std()), FORMS[form][0]
    value, f = table["ICC"][name], table["F"][name]  # of numpy, where a division by zero is infinite
    # The F of raters over residual, which pingouin does not print, from the two it does.
    f_raters = n * table["F"]["ICC(C,1)"] / table["F"]["ICC(1,1)"] - (n - 1)
    cautions = {
        "dropped": f"{dropped:,} items that not every rater judged are dropped." if dropped else "",
        "of_a_mean": f"The reliability of a mean of {k} raters, not of a single label." if form.endswith("k") else "",
        "without_strictness": "Differences of strictness between raters are left out." if "3" in form else "",
        "few_raters": f"{k} raters are few to stand for others." if "2" in form and k < 5 else "",
        "rounds_as_items": AGAIN if n > items else "",
    }
    notes = (*(Caution(code, text) for code, text in cautions.items() if text), *few_items(items))
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = possible(form, value, f_interval(form, value, f, f_raters, items, k, confidence), k)
    place = {**around(value, *ends), "confidence": confidence}
    rests = resting(items, k, n * k, one.basis("intraclass correlation"))
    method = f"{form} = {name} (F = {f:.4g}); interval from F and its degrees of freedom"
    over: Over = "items and raters" if "2" in form else "items"
    return Estimate(**place, **rests, method=method, over=over, cautions=notes)


def icc_forms(j: Judgments, *, incomplete: Incomplete = "refuse", confidence: float = 0.95) -> Compared:
    """Estimate the six forms side by side, each with what it means.

    Parameters
    ----------
    j, incomplete, confidence
        As in `icc`.

    Returns
    -------
    Compared
        By ``form``, with ``reliability_of``.

    Raises
    ------
    NotEstimable
        As `icc`, if no form can be estimated.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> rows = [(i, r, x) for i, row in enumerate([[1, 2], [3, 3], [5, 4], [2, 2]]) for r, x in enumerate(row)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
    >>> icc_forms(j).table[["form", "value"]].round(2).head(2)
       form  value
    0  ICC1   0.87
    1  ICC2   0.86
    """
    j = as_judgments(j)
    estimates = {form: measured(icc, j, form=form, incomplete=incomplete, confidence=confidence) for form in FORMS}
    need_one(estimates)
    estimates = {form: e for form, e in estimates.items() if isinstance(e, Estimate)}
    rows = [{"form": form, **row_of(e, j), "reliability_of": FORMS[form][1]} for form, e in estimates.items()]
    columns = ["form", "value", "low", "high", "reliability_of", "over", "n_items", "n_raters", "remarks"]
    named: dict[str, Any] = {"by": "form", "unit": "intraclass correlation", "title": "Six forms, six questions"}
    return Compared(table=pd.DataFrame(rows, columns=columns), estimates=estimates, **named)


def f_interval(
    form: str, value: float, f: float, f_raters: float, n: int, k: int, confidence: float
) -> tuple[float, float]:
    """The interval of an ICC from F = items over error, and F of raters over residual (form 2 only).

    Form 2 is McGraw and Wong (1996), table 7, case 2A, in mean squares over the residual one.
    """
    upper, df1, df2 = (1 + confidence) / 2, n - 1, float(n * (k - 1) if "1" in form else (n - 1) * (k - 1))
    if "2" in form:
        single = value if form == "ICC2" else value / (k - (k - 1) * value)
        a, b = k * single * f_raters, n * (1 + (k - 1) * single) - k * single
        df2 = df2 * (a + b) ** 2 / (df1 * a**2 + b**2)
    up, down = stats.f.ppf(upper, df1, df2), stats.f.ppf(upper, df2, df1)
    if "2" in form:
        rest = k * f_raters + (k * n - k - n)
        ends = (n * (f - up) / (up * rest + n * f), n * (down * f - 1) / (rest + n * down * f))
    else:
        ends = ((f / up - 1) / (f / up + k - 1), (f * down - 1) / (f * down + k - 1))
    low, high = (k * x / (1 + (k - 1) * x) if form.endswith("k") else x for x in ends)
    return float(low), float(high)


def _complete(j: Judgments, incomplete: str) -> tuple[Array, int, int]:
    """Units (items by rounds) x raters, how many units were dropped, and how many items are left."""
    if j.n_raters < 2:
        raise NotEstimable("there is one rater; an intraclass correlation needs at least two")
    if distinct_numbers(j.labels) is None:
        raise NotEstimable("an intraclass correlation needs labels that are numbers")
    unit, rater, raters = numbered(j)
    whole = np.bincount(unit) == len(raters)
    missing, kept = int((~whole).sum()), whole[unit]
    if missing and incomplete == "refuse":
        raise NotEstimable(
            f"{missing:,} of {len(whole):,} items were not judged by all {j.n_raters:,} raters; an intraclass "
            'correlation needs every rater on every item: keep raters who judged everything, or say incomplete="drop"'
        )
    rows = j.frame.filter(kept)
    items = rows["item_id"].n_unique()
    if items < 3:
        raise NotEstimable("fewer than three items were judged by every rater: nothing shows how items differ")
    order = np.lexsort((rater[kept], unit[kept]))
    ratings = rows["label"].cast(pl.Float64).to_numpy()[order].reshape(-1, len(raters))
    if ratings.max() == ratings.min():
        raise NotEstimable(f"every label is {ratings.flat[0]:g}: there is no variance to divide")
    ratings = moderate(ratings)
    ratings = ratings - ratings.mean()
    return ratings, missing, items


def refuse_constant(ratings: Array, form: str) -> None:
    """Refuse ratings without a variance between items to divide, or without an error to divide it by."""
    spread, of_raters = float(ratings.var()), float(ratings.mean(0).var())
    if ratings.var(axis=1).mean() - of_raters * ("1" not in form) <= 1e-12 * spread:
        what = "agree on every item" if of_raters <= 1e-12 * spread else "differ by a constant on every item"
        raise NotEstimable(f"raters {what}: the error variance is zero and F is infinite, so no interval can be given")
    if ratings.mean(1).var() <= 1e-12 * spread:
        raise NotEstimable(
            "all items have the same mean, because raters contradict each other on each item. Nothing lies between "
            "items, so no intraclass correlation can be given. See whether a rater uses the scale the other way round"
        )


def possible(form: str, value: float, ends: tuple[float, float], k: int) -> tuple[float, float]:
    """The interval within what the form can be: one label's from -1 / (k - 1) to 1, a mean's up to 1, without a least.

    Form 2 subtracts a variance of raters that may come out below zero, and then leaves that range.
    Such a value is refused, as is an interval of the mean that has no lower end.
    """
    least = NO_END if form.endswith("k") else -1 / (k - 1)
    low, high = ends[0] if form.endswith("k") else max(ends[0], least), min(ends[1], 1.0)
    if not (least <= value <= 1 and least <= low <= high):
        what = "lower end of its interval" if least <= value <= 1 else "value"
        raise NotEstimable(
            f"raters contradict each other on so many items that the {what} of {FORMS[form][0]} lies outside what is "
            "possible. See ICC3, which leaves strictness out, and whether a rater uses the scale the other way round"
        )
    return low, high


def _pingouin(ratings: Array) -> pd.DataFrame:
    """Point and F of each form."""
    import pingouin

    long = pd.DataFrame(ratings).reset_index().melt("index", var_name="rater", value_name="label")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pingouin.intraclass_corr(long, "index", "rater", "label").set_index("Type")
