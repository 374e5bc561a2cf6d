"""The three ways a call can fail, each with its message inside."""

from collections.abc import Iterable
from dataclasses import dataclass


class HaloError(Exception):
    """Whatever this package refuses; catch it to catch them all."""


class NotEstimable(HaloError):
    """A quantity the data cannot support; the message is the reason, in words.

    A report shows the reason in a box and goes on; the gates that needed the
    quantity read *undecided*. The sentence holds no identifier of a person:
    those go to ``who``, and a report shows them to operations only.

    Attributes
    ----------
    who : tuple of str
        The raters it is about.
    public : str
        What may be told to anyone: no value, count or name out of the data.

    Examples
    --------
    >>> raise NotEstimable("no item has a gold label")
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: no item has a gold label
    """

    def __init__(self, reason: str, *, who: Iterable[str] = (), public: str = ""):
        super().__init__(reason)
        self.who, self.public = tuple(who), public


class BadOption(HaloError, ValueError):
    """An option outside its list; the message names what is allowed.

    Examples
    --------
    >>> print(BadOption.of("level", "cardinal", ("nominal", "ordinal")))
    level is 'cardinal'; allowed: 'nominal', 'ordinal'
    """

    @classmethod
    def of(cls, option: str, given: object, allowed: Iterable[object]) -> "BadOption":
        return cls(f"{option} is {given!r}; allowed: {', '.join(repr(a) for a in allowed)}")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with some data: what, where, and how to mend it.

    Attributes
    ----------
    what : str
        What is wrong, quoting at most 80 characters of the cell.
    mend : str
        What to do about it.
    row : int or None
        Row in the source as a reader counts it: the first row of data is 1,
        the header is not counted.
    column : str or None
        The column's name in the source.
    """

    what: str
    mend: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = ", ".join(
            p for p in (f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else "") if p
        )
        return f"{place + ': ' if place else ''}{self.what}. {self.mend}"


class InvalidData(HaloError, ValueError):
    """Data that cannot be read as what it was said to be.

    Attributes
    ----------
    problems : tuple of Problem
        Every problem found, in the order of the rows.

    Examples
    --------
    >>> problem = Problem("the label is 'goood'", "Use one of poor, fair, good.", row=3, column="label")
    >>> print(InvalidData([problem]))
    1 problem:
      row 3, column label: the label is 'goood'. Use one of poor, fair, good.
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__(*self.problems)

    def __str__(self) -> str:
        shown = [f"  {p}" for p in self.problems[:20]]
        if len(self.problems) > len(shown):
            shown.append(f"  … and {len(self.problems) - len(shown)} more; `halo check` lists them all")
        n = len(self.problems)
        return "\n".join([f"{n} problem{'s' if n != 1 else ''}:", *shown])
