"""Intraclass correlations in six forms."""

import warnings
from typing import Any, Literal, get_args

import pandas as pd
import polars as pl
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import as_numbers
from ..judgments.coding import unit_keys
from ..results import Caution, Estimate, Over, around, resting
from ..stats.checks import check_confidence
from .coefficients import Array
from .comparisons import Compared, measured, need_one, row_of
from .estimates import few_items

Form = Literal["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
Incomplete = Literal["refuse", "drop"]
FORMS = {
    "ICC1": ("ICC(1,1)", "one label, if raters differ from item to item"),
    "ICC2": ("ICC(A,1)", "one label of a rater drawn from many; severity counts as error"),
    "ICC3": ("ICC(C,1)", "one label of these raters, severity left out"),
    "ICC1k": ("ICC(1,k)", "the mean of the raters, if they differ from item to item"),
    "ICC2k": ("ICC(A,k)", "the mean of raters drawn from many; severity counts as error"),
    "ICC3k": ("ICC(C,k)", "the mean of these raters, severity left out"),
}


def icc(j: Judgments, *, form: Form = "ICC2", incomplete: Incomplete = "refuse", confidence: float = 0.95) -> Estimate:
    """Intraclass correlation of numeric labels: the share of variance that lies between items.

    Parameters
    ----------
    j : Judgments
        Numeric labels, every item judged by every rater.
    form : {"ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"}
        What it is the reliability of, and whom it speaks for:

        ====== =============================== =================================== ================
        form   reliability of                  raters                              speaks for
        ====== =============================== =================================== ================
        ICC1   one label                       others for each item (one-way)      items
        ICC2   one label                       a sample; severity counts as error  items and raters
        ICC3   one label, severity left out    these and no others                 items
        ICC1k  the mean of the k raters        others for each item (one-way)      items
        ICC2k  the mean of k raters            a sample; severity counts as error  items and raters
        ICC3k  the mean, severity left out     these and no others                 items
        ====== =============================== =================================== ================
    incomplete : {"refuse", "drop"}
        What to do with items that some rater did not judge.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        Point from pingouin; interval from F and its degrees of freedom
        (Shrout and Fleiss 1979; McGraw and Wong 1996). Over items and raters
        for form 2, over items otherwise. The lower end of a k form may lie
        below -1.

    Raises
    ------
    NotEstimable
        If labels are not numbers, items are incomplete (unless dropped), fewer
        than two items or raters remain, or there is no variance to divide.

    Notes
    -----
    ICC3 hides severity: a rater who is always two points stricter does not
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
    ratings, dropped = _complete(one, incomplete)
    refuse_constant(ratings, form)
    (n, k), table, name = ratings.shape, _pingouin(ratings), FORMS[form][0]
    value, f = float(table["ICC"][name]), float(table["F"][name])
    # The F of raters over residual, which pingouin does not print, from the two it does.
    f_raters = n * float(table["F"]["ICC(C,1)"]) / float(table["F"]["ICC(1,1)"]) - (n - 1)
    cautions = {
        "dropped": f"{dropped:,} items that not every rater judged are dropped." if dropped else "",
        "of_a_mean": f"The reliability of a mean of {k} raters, not of a single label." if form.endswith("k") else "",
        "without_severity": "Differences of severity between raters are left out." if "3" in form else "",
        "few_raters": f"{k} raters are few to stand for others." if "2" in form and k < 5 else "",
    }
    notes = (*(Caution(code, text) for code, text in cautions.items() if text), *few_items(n))
    place = {**around(value, *f_interval(form, value, f, f_raters, n, k, confidence)), "confidence": confidence}
    rests = resting(n, k, n * k, one.basis("intraclass correlation"))
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


def _complete(j: Judgments, incomplete: str) -> tuple[Array, int]:
    """Items x raters, and how many items were dropped."""
    if j.n_raters < 2:
        raise NotEstimable("there is one rater; an intraclass correlation needs at least two")
    if as_numbers(j.labels) is None:
        raise NotEstimable("an intraclass correlation needs labels that are numbers")
    rows, keys = j.frame.with_columns(pl.col("label").cast(pl.Float64)), unit_keys(j)
    ratings = rows.pivot("rater_id", index=keys, values="label").drop(keys)  # noqa: PD010
    whole = ratings.drop_nulls().to_numpy()
    missing = len(ratings) - len(whole)
    if missing and incomplete == "refuse":
        raise NotEstimable(
            f"{missing:,} of {len(ratings):,} items were not judged by all {j.n_raters:,} raters; an intraclass "
            'correlation needs every rater on every item: keep raters who judged everything, or say incomplete="drop"'
        )
    if len(whole) < 2:
        raise NotEstimable("fewer than two items were judged by every rater")
    return whole, missing


def refuse_constant(ratings: Array, form: str) -> None:
    """Refuse ratings without a variance to divide, or without an error to divide it by."""
    spread, of_raters = float(ratings.var()), float(ratings.mean(0).var())
    if spread == 0:
        raise NotEstimable(f"every label is {ratings.flat[0]:g}: there is no variance to divide")
    if ratings.var(axis=1).mean() - of_raters * ("1" not in form) <= 1e-12 * spread:
        what = "agree on every item" if of_raters <= 1e-12 * spread else "differ by a constant on every item"
        raise NotEstimable(f"raters {what}: the error variance is zero and F is infinite, so no interval can be given")


def _pingouin(ratings: Array) -> pd.DataFrame:
    """Point and F of each form."""
    import pingouin

    long = pd.DataFrame(ratings).reset_index().melt("index", var_name="rater", value_name="label")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pingouin.intraclass_corr(long, "index", "rater", "label").set_index("Type")
