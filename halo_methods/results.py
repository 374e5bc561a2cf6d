"""What a method returns: a value that says how it was made and when not to trust it."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal, get_args

from .errors import BadOption, HaloError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:  # named in annotations alone: matplotlib is loaded where a picture is drawn
    Figure = "matplotlib.figure.Figure"

Over = Literal["items", "raters", "items and raters"]
Kind = Literal["sampled", "p_value", "count", "bounds"]
Verdict = Literal["met", "not_met", "undecided", "excepted", "stated"]

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


def counted(n: int, noun: str) -> str:
    """A count and its noun, in the right number.

    Examples
    --------
    >>> counted(1, "rater"), counted(1200, "item")
    ('1 rater', '1,200 items')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def said_once(sentences: Iterable[str], tag: Literal["p", "li"] = "p") -> str:
    """Sentences as HTML that a report says once, however many results they stand on.

    Examples
    --------
    >>> said_once(["Few raters."])
    '<p class="halo-said">Few raters.</p>'
    """
    return "".join(f'<{tag} class="halo-said">{escape(sentence)}</{tag}>' for sentence in sentences)


def around(value: float, low: float, high: float) -> dict[str, Any]:
    """The keywords of an `Estimate` that place it: a value, and an interval stretched where it misses the value.

    Examples
    --------
    >>> around(0.0, 0.01, 0.2)
    {'value': 0.0, 'low': 0.0, 'high': 0.2}
    """
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def resting(n_items: int, n_raters: int, n_judgments: int, basis: "Basis | None" = None) -> dict[str, Any]:
    """The keywords of an `Estimate` that say what it rests on.

    Examples
    --------
    >>> resting(12, 4, 40)
    {'n_items': 12, 'n_raters': 4, 'n_judgments': 40, 'basis': None}
    """
    return {"n_items": n_items, "n_raters": n_raters, "n_judgments": n_judgments, "basis": basis}


class Caution(str):
    """A sentence that says when not to trust a result, with a code that programs decide by.

    Parameters
    ----------
    code : str
        Lower case, words joined by underscores, the same for every result it stands on.
    text : str
        The sentence. It holds no identifier of a person.

    Examples
    --------
    >>> caution = Caution("few_raters", "With 2 raters the interval holds for the items only.")
    >>> caution.code, caution.startswith("With 2 raters")
    ('few_raters', True)
    """

    code: str

    def __new__(cls, code: str, text: str) -> "Caution":
        caution = super().__new__(cls, text)
        caution.code = code
        return caution

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return self.code, str(self)


def for_the_items_only(n_raters: int) -> Caution:
    """The caution of an interval over items and raters that has too few raters for the second half.

    Examples
    --------
    >>> for_the_items_only(2).code, str(for_the_items_only(1))
    ('items_only', 'With 1 rater the interval holds for the items only.')
    """
    return Caution("items_only", f"With {counted(n_raters, 'rater')} the interval holds for the items only.")


class Basis:
    """Whose judgments a figure rests on: what decides who may see it.

    Parameters
    ----------
    measure : str
        What is counted. Figures of one measure can be added and subtracted; those of two can't.
    judgments : mapping of str to int or array of numbers, or a function that returns one
        By rater the judgments, one number for each item; or only how many they are. It is made on request, and never
        leaves the process: no printed form, no JSON.
    raters : function that returns strings, optional
        The raters alone, where they are found sooner than their judgments.

    Examples
    --------
    >>> Basis("right", {"anna": 12, "bela": 3})
    Basis(right)
    """

    def __init__(
        self,
        measure: str,
        judgments: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        raters: Callable[[], Iterable[str]] | None = None,
    ):
        self.measure = measure
        self._judgments = judgments
        self._raters = raters

    @cached_property
    def judgments(self) -> Mapping[str, Any]:
        """By rater the judgments."""
        return self._judgments() if callable(self._judgments) else self._judgments

    @property
    def raters(self) -> set[str]:
        """Whose judgments they are."""
        return set(self._raters() if self._raters else self.judgments)

    def __repr__(self) -> str:
        return f"Basis({self.measure})"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A quantity, its interval, and what both rest on.

    Attributes
    ----------
    value : float
        The point estimate, in the unit of the method that made it.
    low, high : float
        Ends of the interval; the value lies between them.
    confidence : float
        Long-run share of such intervals that hold the true value, for instance .95;
        1 for what is counted or computed and not estimated.
    items_only : tuple of float or None
        ``(low, high)`` if the raters were the only raters there will ever be,
        shown beside the interval when raters are few; otherwise None.
    n_items, n_raters, n_judgments : int
        What the estimate rests on, after anything dropped: a rater none of whose
        labels entered it is not counted.
    method : str
        The quantity and how its interval was made.
    over : {"items", "raters", "items and raters"}
        What the interval covers: which of the two would be drawn anew.
    kind : {"sampled", "p_value", "count", "bounds"}
        ``sampled``: an interval of a quantity that more data would make narrower.
        ``p_value``: of a test. ``count``: counted or computed, exact.
        ``bounds``: the ends are the least and the most that what is unknown allows.
    cautions : tuple of Caution
        When not to trust it.
    basis : Basis or None
        Whose judgments it rests on; without it, only operations sees the estimate.

    Examples
    --------
    >>> print(Estimate(value=0.74342, low=0.419, high=1, n_items=12, n_raters=4, n_judgments=40,
    ...                method="Krippendorff's alpha (nominal)", over="items and raters"))
    0.743 (95% interval 0.419 to 1 over items and raters; 12 items, 4 raters, 40 judgments)
    """

    value: float
    low: float
    high: float
    confidence: float = 0.95
    items_only: tuple[float, float] | None = None
    n_items: int
    n_raters: int
    n_judgments: int
    method: str
    over: Over
    kind: Kind = "sampled"
    cautions: tuple[Caution, ...] = ()
    basis: Basis | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = float(getattr(self, name))
            if not math.isfinite(number):
                raise HaloError(f"{name} of {self.method!r} is {number}; raise NotEstimable with the reason instead")
            object.__setattr__(self, name, number)
        for option, allowed in (("over", get_args(Over)), ("kind", get_args(Kind))):
            BadOption.unless(option, getattr(self, option), allowed)
        if not (self.confidence == 1 or 0 < self.confidence < 1):
            raise BadOption(f"confidence is {self.confidence!r}; it is a share above 0 and below 1, for instance 0.95")
        dust = 1e-9 * max(1.0, abs(self.value))
        if not self.low - dust <= self.value <= self.high + dust:
            raise HaloError(f"{self.method!r}: {self.value} lies outside its interval {self.low} to {self.high}")
        object.__setattr__(self, "low", min(self.low, self.value))
        object.__setattr__(self, "high", max(self.high, self.value))
        for name in ("n_items", "n_raters", "n_judgments"):
            object.__setattr__(self, name, int(getattr(self, name)))
        if bare := [text for text in self.cautions if not isinstance(text, Caution)]:
            raise HaloError(f"{self.method!r}: the caution {bare[0]!r} has no code; make it a Caution")
        object.__setattr__(self, "cautions", tuple(self.cautions))

    @classmethod
    def count(
        cls,
        value: float,
        *,
        method: str,
        n_items: int = 0,
        n_raters: int = 0,
        n_judgments: int = 0,
        over: Over = "items",
        cautions: tuple[Caution, ...] = (),
        basis: Basis | None = None,
    ) -> "Estimate":
        """Something counted or computed, which has no sampling error.

        Examples
        --------
        >>> print(Estimate.count(12, method="items that two raters share", n_items=12, n_raters=3))
        12 (counted or computed, so without an interval; 12 items, 3 raters)
        """
        exact = {**around(value, value, value), "confidence": 1, "kind": "count"}
        rests = resting(n_items, n_raters, n_judgments, basis)
        return cls(**exact, **rests, method=method, over=over, cautions=cautions)

    @property
    def exact(self) -> bool:
        """Whether the value is counted or computed and has no sampling error."""
        return self.kind == "count" or (self.confidence == 1 and self.low == self.value == self.high)

    @property
    def interval(self) -> str:
        """The interval as text, with its confidence and what it covers.

        Examples
        --------
        >>> Estimate(value=.5, low=.4, high=.6, n_items=96, n_raters=1, n_judgments=96, method="a share",
        ...          over="items").interval
        '95% interval 0.4 to 0.6 over items'
        """
        if self.exact:
            return "counted or computed, so without an interval"
        ends = f"{readable(self.low)} to {readable(self.high)}"
        return f"{100 * self.confidence:.3g}% interval {ends} over {self.over}"

    @property
    def found(self) -> str:
        """Value and interval as text.

        Examples
        --------
        >>> Estimate(value=.5, low=.4, high=.6, n_items=96, n_raters=1, n_judgments=96, method="a share",
        ...          over="items").found
        '0.5 (95% interval 0.4 to 0.6 over items)'
        """
        return f"{readable(self.value)} ({self.interval})"

    @property
    def rests_on(self) -> str:
        """How many items, raters and judgments the estimate used, as text; what is 0 is not named."""
        counts = ((self.n_items, "item"), (self.n_raters, "rater"), (self.n_judgments, "judgment"))
        return ", ".join(counted(n, noun) for n, noun in counts if n)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its cautions."""
        return tuple(caution.code for caution in self.cautions)

    def with_cautions(self, *more: Caution) -> "Estimate":
        """The same estimate with further cautions.

        Examples
        --------
        >>> share = Estimate(value=.5, low=.4, high=.6, n_items=96, n_raters=1, n_judgments=96, method="a share",
        ...                  over="items")
        >>> share.with_cautions(Caution("one_rater", "One rater.")).codes
        ('one_rater',)
        """
        return replace(self, cautions=(*self.cautions, *(c for c in more if c not in self.cautions)))

    def resting_on(self, basis: Basis) -> "Estimate":
        """The same estimate, resting on other people than those who judged: auditors, those who opted out.

        Examples
        --------
        >>> Estimate.count(1, method="a count").resting_on(Basis("same finding", {"auditor": 3})).n_raters
        1
        """
        return replace(self, basis=basis, n_raters=len(basis.judgments))

    def to_dict(self) -> dict[str, Any]:
        """Everything above but the basis, ready for JSON.

        Examples
        --------
        >>> Estimate.count(12, method="items", n_items=12).to_dict()["kind"]
        'count'
        """
        entries = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "basis"}
        entries["items_only"] = list(self.items_only) if self.items_only else None
        entries["cautions"] = [{"code": c.code, "text": str(c)} for c in self.cautions]
        return entries

    def __str__(self) -> str:
        return f"{readable(self.value)} ({'; '.join(filter(None, (self.interval, self.rests_on)))})"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, called: str = "") -> str:
        """The estimate as HTML, under a name."""
        first = f"<p>{escape(f'{called}: ' if called else '')}{self.shown()}</p>"
        return f'<div class="halo-estimate">{first}{said_once(self.cautions)}{self.behind()}</div>'

    def shown(self) -> str:
        """Value and intervals, as HTML."""
        alone = (
            f" If these raters were the only ones: {' to '.join(map(readable, self.items_only))}."
            if self.items_only
            else ""
        )
        return f"<strong>{readable(self.value)}</strong>, {escape(self.interval)}.{alone}"

    def behind(self) -> str:
        """What the figure rests on and how it was made, as HTML, folded."""
        lines = "".join(
            f"<p>{escape(f'{name}: {text}.')}</p>"
            for name, text in (("Rests on", self.rests_on), ("Method", self.method))
            if text
        )
        return f"<details><summary>How it was made</summary>{lines}</details>"
