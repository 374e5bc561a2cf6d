"""What the agreement report asks of a table first: one criterion, a label that matters, and enough of both."""

from collections.abc import Callable
from typing import Any

from ..errors import NotEstimable
from ..judgments import Judgments
from ..judgments.counts import patterns
from ..results import Estimate
from .measures import krippendorff_alpha


def one_criterion(j: Judgments, criterion: str | None = None) -> Judgments:
    """The judgments of one criterion: the one named, otherwise the one with most judgments.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112"),
    ...                       "criterion": ["tone", "tone", "style"]})
    >>> one_criterion(as_judgments(frame)).n_judgments
    2
    """
    if "criterion" not in j.columns:
        if criterion is not None:
            raise NotEstimable(f"the data has no column criterion, so there is no {criterion!r}")
        return j
    if criterion is not None:
        return j.only(criterion=criterion)
    counted = j.frame["criterion"].value_counts().sort(["count", "criterion"], descending=[True, False])
    if len(counted) < 2:
        return j
    return j.only(criterion=counted["criterion"][0])


def shared_items(j: Judgments) -> Estimate:
    """How many items two raters or more judged: a count, whose ends are itself.

    Raises
    ------
    NotEstimable
        If there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112")})
    >>> shared_items(as_judgments(frame)).value
    1.0
    """
    made = patterns(j.one())
    n = int(made.frequency[made.table.sum(1) > 1].sum())
    if not n:
        raise NotEstimable("no item was judged by two raters")
    return _count(n, "items that two raters or more judged", n, made)


def raters(j: Judgments) -> Estimate:
    """How many raters the judgments come from: a count, whose ends are itself.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112")})
    >>> raters(as_judgments(frame)).value
    2.0
    """
    made = patterns(j.one())
    return _count(made.n_raters, "raters", made.n_items, made)


def _count(n: int, what: str, n_items: int, made: Any) -> Estimate:
    return Estimate(
        value=n,
        low=n,
        high=n,
        confidence=1,
        kind="count",
        n_items=n_items,
        n_raters=made.n_raters,
        n_judgments=made.n_judgments,
        method=f"{what}; a count, without sampling error",
        over="items",
    )


def estimates(
    j: Judgments, column: str, *, measure: Callable[..., Estimate] = krippendorff_alpha, **options: Any
) -> dict[str, Estimate | NotEstimable]:
    """A coefficient for each value of a column, or the reason why there is none, as gates take them.

    Parameters
    ----------
    column, measure, **options
        As `by`.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112"),
    ...                       "slice": list("ssu")})
    >>> {name: str(e)[:20] for name, e in estimates(as_judgments(frame), "slice").items()}
    {'s': "every judgment is '1", 'u': 'there is one rater; '}
    """
    made: dict[str, Estimate | NotEstimable] = {}
    for value, group in j.groups(column):
        try:
            made[str(value)] = measure(group, **options)
        except NotEstimable as reason:
            made[str(value)] = reason
    return made
