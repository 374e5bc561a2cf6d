"""What a method returns: a value that says how it was made and when not to trust it."""

import math
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any, Literal

from .errors import HaloError

Over = Literal["items", "raters", "items and raters"]
Verdict = Literal["met", "not_met", "undecided", "excepted"]

SMALLEST = 1e-6
MIME = "application/vnd.halo+json"


def readable(x: float) -> str:
    """A number with at most three significant digits and no exponent; more of them where it would read 1 and is less.

    Examples
    --------
    >>> [readable(x) for x in (0.74342, 0.0291666, 12345.6, 3, -0.00004, 3e-90, 0.99991)]
    ['0.743', '0.0292', '12,300', '3', '-0.00004', 'under 0.000001', '0.99991']
    """
    if 0 < abs(x) < SMALLEST:
        return "under 0.000001" if x > 0 else "above -0.000001"
    if x == 0 or not math.isfinite(x):
        return "0" if x == 0 else str(x)
    places = 2 - math.floor(math.log10(abs(x)))
    if SMALLEST < 1 - abs(x) < 0.0005:  # short of 1 is not 1
        places = -math.floor(math.log10(1 - abs(x)))
    text = f"{round(x, places):,.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact(value: float, low: float, high: float, confidence: float) -> bool:
    """Whether a value is counted or computed and has no sampling error.

    Examples
    --------
    >>> exact(12, 12, 12, 1), exact(1, 1, 1, .95)
    (True, False)
    """
    return confidence == 1 and low == value == high


def counted(n: int, noun: str) -> str:
    """A count and its noun, in the right number.

    Examples
    --------
    >>> counted(1, "rater"), counted(1200, "item")
    ('1 rater', '1,200 items')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


@dataclass(frozen=True)
class Estimate:
    """A quantity, its interval, and what both rest on.

    Attributes
    ----------
    value : float
        The point estimate, in the unit of the method that made it.
    low, high : float
        Ends of the interval.
    confidence : float
        Long-run share of such intervals that hold the true value, for instance .95;
        1 with ends equal to the value for what is counted or computed and not estimated.
    items_only : tuple of float or None
        ``(low, high)`` if the raters were the only raters there will ever be,
        shown beside the interval when raters are few; otherwise None.
    n_items, n_raters, n_judgments : int
        What the estimate used, after anything dropped.
    method : str
        The quantity and how its interval was made.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for: which of the two would be drawn anew.
    cautions : tuple of str
        When not to trust it, one sentence each.

    Examples
    --------
    >>> print(Estimate(0.74342, 0.419, 1.0, 0.95, None, 12, 4, 40, "Krippendorff's alpha (nominal)",
    ...                "items and raters", ()))
    0.743 (95% interval 0.419 to 1 over items and raters; 12 items, 4 raters, 40 judgments)
    """

    value: float
    low: float
    high: float
    confidence: float
    items_only: tuple[float, float] | None
    n_items: int
    n_raters: int
    n_judgments: int
    method: str
    over: Over
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("value", "low", "high"):
            number = float(getattr(self, field))
            if not math.isfinite(number):
                raise HaloError(f"{field} of {self.method!r} is {number}; raise NotEstimable with the reason instead")
            object.__setattr__(self, field, number)
        object.__setattr__(self, "cautions", tuple(self.cautions))

    @property
    def interval(self) -> str:
        """The interval as text, with its confidence and whom it speaks for.

        Examples
        --------
        >>> Estimate(.5, .4, .6, .95, None, 96, 1, 96, "a share", "items").interval
        '95% interval 0.4 to 0.6 over items'
        >>> Estimate(12, 12, 12, 1, None, 96, 3, 288, "a count", "items").interval
        'counted or computed, so without an interval'
        """
        if exact(self.value, self.low, self.high, self.confidence):
            return "counted or computed, so without an interval"
        ends = f"{readable(self.low)} to {readable(self.high)}"
        return f"{100 * self.confidence:.3g}% interval {ends} over {self.over}"

    @property
    def found(self) -> str:
        """Value and interval as text.

        Examples
        --------
        >>> Estimate(.5, .4, .6, .95, None, 96, 1, 96, "a share", "items").found
        '0.5 (95% interval 0.4 to 0.6 over items)'
        """
        return f"{readable(self.value)} ({self.interval})"

    @property
    def rests_on(self) -> str:
        """How many items, raters and judgments the estimate used, as text; what is 0 is not named.

        Examples
        --------
        >>> Estimate(.5, .4, .6, .95, None, 96, 1, 96, "a share", "items").rests_on
        '96 items, 1 rater, 96 judgments'
        """
        counts = ((self.n_items, "item"), (self.n_raters, "rater"), (self.n_judgments, "judgment"))
        return ", ".join(counted(n, noun) for n, noun in counts if n)

    def with_cautions(self, *more: str) -> "Estimate":
        """The same estimate with further cautions.

        Examples
        --------
        >>> Estimate(.5, .4, .6, .95, None, 96, 1, 96, "a share", "items").with_cautions("One rater.").cautions
        ('One rater.',)
        """
        return replace(self, cautions=(*self.cautions, *(m for m in more if m not in self.cautions)))

    def to_dict(self) -> dict[str, Any]:
        """Everything above, ready for JSON.

        Examples
        --------
        >>> Estimate(.5, .4, .6, .95, (.41, .59), 96, 1, 96, "a share", "items").to_dict()["items_only"]
        [0.41, 0.59]
        """
        made = asdict(self)
        made["items_only"] = list(self.items_only) if self.items_only else None
        made["cautions"] = list(self.cautions)
        return made

    def __str__(self) -> str:
        return f"{readable(self.value)} ({'; '.join(filter(None, (self.interval, self.rests_on)))})"

    def _repr_html_(self) -> str:
        rows = [
            ("Quantity and method", self.method),
            ("Value", readable(self.value)),
            ("Interval", self.interval),
        ]
        rows += [("Rests on", self.rests_on)] if self.rests_on else []
        if self.items_only:
            low, high = self.items_only
            rows.insert(3, ("If these raters were the only ones", f"{readable(low)} to {readable(high)}"))
        rows += [("Caution", c) for c in self.cautions]
        body = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in rows)
        return f'<table class="halo-estimate"><tbody>{body}</tbody></table>'
