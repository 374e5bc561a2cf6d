"""How near two labels are: agreement weights (1 on the diagonal) and Krippendorff's distances (0 on the diagonal)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from ..errors import BadOption, NotEstimable
from ..judgments import accepted_answers
from ..judgments.cells import as_numbers

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]
Weights = Union[str, Array, "pd.DataFrame"]

WEIGHTS = ("identity", "linear", "quadratic", "ordinal", "radical", "ratio", "circular", "jaccard", "masi")
LEVELS = ("nominal", "ordinal", "interval", "ratio")
SETS = ("jaccard", "masi")
MOST_LABELS, MOST_CATEGORIES = 2000, 64


def few_enough(labels: Sequence[object], most: int = MOST_LABELS) -> None:
    """Refuse labels that take too many values to be categories.

    Examples
    --------
    >>> few_enough(range(5), most=3)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: the labels take 5 distinct values, too many to count as categories; ...
    """
    if len(labels) > most:
        raise NotEstimable(
            f"the labels take {len(labels):,} distinct values, too many to count as categories; "
            "for numbers use level='interval' with alpha or the intraclass correlation, otherwise group the labels"
        )


def weights_name(weights: Weights) -> str:
    """What to call the weights: their kind, or "given".

    Examples
    --------
    >>> weights_name("linear"), weights_name(np.eye(2))
    ('linear', 'given')
    """
    if not isinstance(weights, str):
        return "given"
    BadOption.unless("weights", weights, (*WEIGHTS, "a table of weights"))
    return weights


def with_weights(name: str, weights: Weights) -> str:
    """The name of a coefficient with the kind of its weights, where they are not the identity.

    Examples
    --------
    >>> with_weights("Fleiss' kappa", "linear")
    "Fleiss' kappa (linear weights)"
    """
    kind = weights_name(weights)
    return name if kind == "identity" else f"{name} ({kind} weights)"


def agreement_weights(kind: Weights, labels: Sequence[object], *, period: float | None = None) -> Array:
    """Weights of partial agreement between labels.

    Numeric labels are placed at their values, other labels at their positions
    in the scale.

    Parameters
    ----------
    kind : str, or a table
        With x and y two labels and every kind scaled so that the pair furthest
        apart has 0: ``identity`` 1 if equal; with d their distance, ``linear`` 1 - d; ``quadratic``
        1 - d^2; ``radical`` 1 - sqrt(d); ``ratio`` 1 - (d / (x + y))^2,
        numbers of zero or more only; ``circular`` 1 - sin^2(pi d / period), for
        hours or weekdays; ``ordinal`` 1 - C(s, 2), s the number of labels from one to
        the other, both included, which is not Krippendorff's ordinal metric; ``jaccard``
        and ``masi`` for labels that are sets (`set_distances`).
        A q x q array in the order of the scale, or a DataFrame with the labels as index
        and columns, is taken as it is: symmetric, 1 on the diagonal, from 0 to 1.
    labels : sequence
        The scale, in order.
    period : float, optional
        Of circular weights; by default the largest place less the smallest plus 1, so
        that the last label is next to the first.

    Returns
    -------
    numpy.ndarray
        q x q, 1 on the diagonal.

    Raises
    ------
    BadOption
        For another kind, or a table that is no table of weights.
    NotEstimable
        For ratio weights of labels that are no numbers of zero or more.

    References
    ----------
    Cohen (1968); Gwet (2014), Handbook of Inter-Rater Reliability, chapter 3.

    Examples
    --------
    >>> agreement_weights("linear", ["poor", "fair", "good"])[0]
    array([1. , 0.5, 0. ])
    >>> agreement_weights("circular", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])[0].round(2)
    array([1.  , 0.8 , 0.36, 0.  , 0.  , 0.36, 0.8 ])
    """
    few_enough(labels)
    if not isinstance(kind, str):
        return _given(kind, labels)
    q, name = len(labels), weights_name(kind)
    if name in SETS:
        return 1 - set_distances(name, labels)
    if name == "identity" or q == 1:
        return np.eye(q)
    places, numbers = np.arange(q, dtype=float), as_numbers(labels)
    if name == "ratio" and (numbers is None or (numbers < 0).any()):
        raise NotEstimable("ratio weights need labels that are numbers of zero or more, measured from a true zero")
    at = places if numbers is None else numbers
    apart, steps = np.abs(at[:, None] - at), np.abs(places[:, None] - places)
    if name == "ordinal":
        apart = steps * (steps + 1)
    elif name in ("quadratic", "radical"):
        apart = apart ** (2 if name == "quadratic" else 0.5)
    elif name == "ratio":
        apart = distances("ratio", labels)
    elif name == "circular":
        around = np.ptp(at) + 1 if period is None else float(period)
        if not around > 0:
            raise BadOption(f"period is {period!r}; it is a positive number, for instance 24 for hours")
        apart = np.sin(np.pi * apart / around) ** 2
        if not apart.max() > 1e-12:
            raise BadOption(f"period is {around:g}; all labels fall on one point of the circle")
    return 1 - apart / apart.max()


def _given(table: Any, labels: Sequence[object]) -> Array:
    """A table of weights that somebody wrote, in the order of the labels."""
    q = len(labels)
    if hasattr(table, "columns"):
        names, table = [str(label) for label in labels], table.rename(index=str, columns=str)
        absent = [name for name in names if name not in table.index or name not in table.columns]
        if absent:
            raise BadOption(f"the given weights have no row and column for {', '.join(map(repr, absent[:5]))}")
        if table.index.has_duplicates or table.columns.has_duplicates:
            raise BadOption("the given weights name a label twice")
        table = table.loc[names, names]
    try:
        w = np.asarray(table, dtype=float)
    except (TypeError, ValueError) as error:
        raise BadOption(f"the given weights are not numbers: {error}") from error
    if w.shape != (q, q):
        shape = " x ".join(map(str, w.shape))
        raise BadOption(f"the given weights are {shape}; there are {q} labels, so they are {q} x {q}")
    if not ((w >= 0) & (w <= 1)).all():
        raise BadOption("the given weights are not all from 0 (nothing in common) to 1 (the same)")
    if not (np.diag(w) == 1).all():
        raise BadOption("the given weights are not 1 on the diagonal: a label agrees with itself")
    if not np.allclose(w, w.T, rtol=0, atol=1e-12):
        raise BadOption("the given weights are not symmetric: the order of two raters means nothing")
    return w


def distances(level: str, labels: Sequence[object]) -> Array:
    """Krippendorff's squared distance between labels: nominal, interval or ratio.

    The ordinal distance depends on how often each label was used and lives with
    the coefficient.

    Returns
    -------
    numpy.ndarray
        q x q, 0 on the diagonal. Nominal: 1. Interval: (a - b)^2.
        Ratio: ((a - b) / (a + b))^2.

    Raises
    ------
    BadOption
        If labels are not numbers, or a ratio label is negative.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> distances("interval", ["1", "2", "4"])[0]
    array([0., 1., 9.])
    """
    few_enough(labels)
    if level == "nominal":
        return 1 - np.eye(len(labels))
    BadOption.unless("level", level, LEVELS)
    at = as_numbers(labels)
    if at is None:
        raise BadOption(
            f"level {level!r} needs labels that are numbers; {next(x for x in labels if as_numbers([x]) is None)!r}"
            " is not. Use level='ordinal' with a scale in order, or numbers for the labels"
        )
    apart = at[:, None] - at
    if level == "interval":
        return apart**2
    if (at < 0).any():
        raise BadOption("level 'ratio' needs labels of zero or more, measured from a true zero")
    total = at[:, None] + at
    return np.divide(apart, total, out=np.zeros_like(apart), where=total > 0) ** 2


def set_distances(kind: str, labels: Sequence[object]) -> Array:
    """Distance between labels that are sets of answers separated by ``|``.

    Parameters
    ----------
    kind : {"jaccard", "masi"}
        Jaccard: 1 - J, with J the answers both name over the answers either names.
        MASI: 1 - J M, with M 1 for equal sets, 2/3 where one holds the other, 1/3
        where they overlap otherwise, 0 where they share nothing.
    labels : sequence
        A label without ``|`` is a set of one; the order of answers means nothing.

    Returns
    -------
    numpy.ndarray
        q x q, between 0 (equal sets) and 1 (nothing in common).

    References
    ----------
    Passonneau (2006), Measuring Agreement on Set-valued Items (MASI) for Semantic
    and Pragmatic Annotation, LREC.

    Examples
    --------
    >>> set_distances("masi", ["a", "a|b", "b|c"]).round(3).tolist()
    [[0.0, 0.667, 1.0], [0.667, 0.0, 0.889], [1.0, 0.889, 0.0]]
    """
    few_enough(labels)
    sets = [frozenset(accepted_answers(str(label))) for label in labels]
    answers = sorted(set().union(*sets))
    has = np.array([[answer in one for answer in answers] for one in sets], dtype=float)
    size, both = has.sum(1), has @ has.T
    smaller = np.minimum(size[:, None], size)
    likeness = both / (size[:, None] + size - both)
    if kind == "masi":
        within = np.where(both == smaller, 2 / 3, np.where(both > 0, 1 / 3, 0.0))
        likeness *= np.where(likeness == 1, 1.0, within)
    return 1 - likeness
