"""Checks of the numbers every method takes, in one place."""

from itertools import pairwise
from math import isfinite
from numbers import Integral, Real

from ..errors import BadOption


def check_confidence(confidence: float, *, option: str = "confidence") -> float:
    """Return a confidence level, or refuse what is none.

    Raises
    ------
    BadOption
        Unless it is a number above 0 and below 1.

    Examples
    --------
    >>> check_confidence(95)
    Traceback (most recent call last):
    ...
    halo_methods.errors.BadOption: confidence is 95; allowed: a number above 0 and below 1, for instance 0.95
    """
    return check_probability(confidence, option=option, open_ends=True, example="0.95")


def check_probability(p: float, *, option: str, open_ends: bool = False, example: str = "0.1") -> float:
    """Return a probability, or refuse what is none.

    Parameters
    ----------
    p : float
    option : str
        Its name, for the message.
    open_ends : bool
        Whether 0 and 1 themselves are refused.
    example : str
        A value that would do.

    Raises
    ------
    BadOption
        Unless it is a number from 0 to 1.

    Examples
    --------
    >>> check_probability(0.2, option="alpha"), check_probability(1, option="share")
    (0.2, 1.0)
    """
    number = isinstance(p, Real) and not isinstance(p, bool)
    if number and (0 < p < 1 if open_ends else 0 <= p <= 1):
        return float(p)
    ends = "above 0 and below 1" if open_ends else "from 0 to 1"
    raise BadOption(f"{option} is {p!r}; allowed: a number {ends}, for instance {example}")


def check_count(n: int, *, option: str, least: int = 0, most: int | None = None) -> int:
    """Return a whole number, or refuse what is none.

    Raises
    ------
    BadOption
        Unless it is a whole number from ``least`` to ``most``.

    Examples
    --------
    >>> check_count(12.0, option="n"), check_count(0, option="accept")
    (12, 0)
    """
    whole = isinstance(n, (Integral, Real)) and not isinstance(n, bool) and n == n and float(n).is_integer()
    if whole and n >= least and (most is None or n <= most):
        return int(n)
    to = f" to {most:,}" if most is not None else " or more"
    raise BadOption(f"{option} is {n!r}; allowed: a whole number, {least}{to}")


def check_amount(x: float, *, option: str, above: bool = False) -> float:
    """Return an amount, such as a price, or refuse what is none.

    Parameters
    ----------
    x : float
    option : str
        Its name, for the message.
    above : bool
        Whether 0 itself is refused.

    Raises
    ------
    BadOption
        Unless it is a finite number of 0 or more.

    Examples
    --------
    >>> check_amount(2, option="budget"), check_amount(0.0, option="price")
    (2.0, 0.0)
    """
    if isinstance(x, Real) and not isinstance(x, bool) and isfinite(x) and (x > 0 if above else x >= 0):
        return float(x)
    raise BadOption(f"{option} is {x!r}; allowed: a number {'above 0' if above else 'of 0 or more'}")


def check_ascending(**shares: float) -> None:
    """Refuse shares that are none, or not each below the next.

    Examples
    --------
    >>> check_ascending(aql=0.03, rql=0.1)
    >>> check_ascending(unacceptable=0.9, good=0.8)
    Traceback (most recent call last):
    ...
    halo_methods.errors.BadOption: unacceptable is 0.9; allowed: a share below good, which is 0.8
    """
    for option, share in shares.items():
        check_probability(share, option=option, open_ends=True)
    for (low, share), (high, limit) in pairwise(shares.items()):
        if share >= limit:
            raise BadOption(f"{low} is {share!r}; allowed: a share below {high}, which is {limit!r}")
