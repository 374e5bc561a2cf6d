"""How near two labels are: agreement weights (1 on the diagonal) and Krippendorff's distances (0 on the diagonal)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import BadOption, HaloError, NotEstimable

Array = npt.NDArray[np.float64]

WEIGHTS = ("identity", "linear", "quadratic", "ordinal")
LEVELS = ("nominal", "ordinal", "interval", "ratio")


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
            "declare level='interval' if they are numbers, or group them"
        )


def as_numbers(labels: Sequence[object]) -> Array | None:
    """The labels as numbers, or None if any is a word.

    Examples
    --------
    >>> as_numbers(["1", "2", "5"]), as_numbers(["poor", "good"])
    (array([1., 2., 5.]), None)
    """
    try:
        values = np.array([float(str(label)) for label in labels])
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def agreement_weights(kind: str, labels: Sequence[object]) -> Array:
    """Weights of partial agreement between labels.

    Numeric labels are placed at their values, other labels at their positions
    in the scale.

    Parameters
    ----------
    kind : {"identity", "linear", "quadratic", "ordinal"}
        ``linear`` is 1 - |a - b| / range, ``quadratic`` 1 - (a - b)^2 / range^2;
        ``ordinal`` is Gwet's 1 - C(s, 2) / C(q, 2), s the number of labels from
        one to the other, both included. It is not Krippendorff's ordinal metric.
    labels : sequence
        The scale, in order.

    Returns
    -------
    numpy.ndarray
        q x q, 1 on the diagonal.

    Raises
    ------
    BadOption
        For another kind.

    References
    ----------
    Cohen (1968); Gwet (2014), Handbook of Inter-Rater Reliability, chapter 3.

    Examples
    --------
    >>> agreement_weights("linear", ["poor", "fair", "good"])[0]
    array([1. , 0.5, 0. ])
    """
    few_enough(labels)
    q = len(labels)
    if kind not in WEIGHTS:
        raise BadOption.of("weights", kind, WEIGHTS)
    if kind == "identity" or q == 1:
        return np.eye(q)
    numbers = as_numbers(labels)
    at = np.arange(q, dtype=float) if numbers is None else numbers
    apart = np.abs(at[:, None] - at)
    if kind == "linear":
        return 1 - apart / apart.max()
    if kind == "quadratic":
        return 1 - (apart / apart.max()) ** 2
    steps = np.abs(np.subtract.outer(np.arange(q), np.arange(q)))
    return 1 - steps * (steps + 1) / (q * (q - 1))


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
    HaloError
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
    if level not in LEVELS:
        raise BadOption.of("level", level, LEVELS)
    at = as_numbers(labels)
    if at is None:
        raise HaloError(
            f"level {level!r} needs labels that are numbers; {next(x for x in labels if as_numbers([x]) is None)!r}"
            " is not. Use level='ordinal' with a scale in order, or numbers for the labels"
        )
    apart = at[:, None] - at
    if level == "interval":
        return apart**2
    if (at < 0).any():
        raise HaloError("level 'ratio' needs labels of zero or more, measured from a true zero")
    total = at[:, None] + at
    return np.divide(apart, total, out=np.zeros_like(apart), where=total > 0) ** 2
