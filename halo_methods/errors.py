"""The three ways a call can fail, each with its message inside."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

ALIKE = 3
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
UNSEEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def printable(text: str) -> str:
    r"""One line of a terminal: what is no character to see (control, direction, line break) as its escape.

    Examples
    --------
    >>> print(printable("bolt\nCAL-004 met \x1b[2J\u202e 1é"))
    bolt\nCAL-004 met \x1b[2J\u202e 1é
    """
    return UNSEEN.sub(lambda found: repr(found[0])[1:-1], text)


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
        What every audience may be told: no value, count or name out of the data. Given as True it is the reason itself.

    Examples
    --------
    >>> raise NotEstimable("no item has a gold label")
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: no item has a gold label
    """

    def __init__(self, reason: str, *, who: Iterable[str] = (), public: str | bool = ""):
        super().__init__(reason)
        self.who, self.public = tuple(who), reason if public is True else public or ""


class BadOption(HaloError, ValueError):
    """An option outside its list; the message names what is allowed.

    Attributes
    ----------
    option : str or None
        The option's name.
    given : object
        The value that was refused.
    allowed : tuple
        The values it takes; empty where they are not a list.

    Examples
    --------
    >>> error = BadOption.of("level", "cardinal", ("nominal", "ordinal"))
    >>> print(error, error.option, sep="\\n")
    level is 'cardinal'; allowed: 'nominal', 'ordinal'
    level
    """

    def __init__(self, *args: object, option: str | None = None, given: object = None, allowed: Iterable[object] = ()):
        super().__init__(*args)
        self.option, self.given, self.allowed = option, given, tuple(allowed)

    @classmethod
    def of(cls, option: str, given: object, allowed: Iterable[object]) -> "BadOption":
        """The error for a value that is not in a list."""
        listed = tuple(allowed)
        text = f"{option} is {given!r}; allowed: {', '.join(map(repr, listed))}"
        return cls(text, option=option, given=given, allowed=listed)

    @classmethod
    def unless(cls, option: str, given: object, allowed: Iterable[object]) -> None:
        """Refuse a value that is not in a list.

        Examples
        --------
        >>> BadOption.unless("level", "ordinal", ("nominal", "ordinal"))
        """
        if given not in (listed := tuple(allowed)):
            raise cls.of(option, given, listed)


def in_python(option: str, value: Any) -> str:
    """An option as Python spells it.

    Examples
    --------
    >>> print(in_python("columns", {"item_id": "task"}), in_python("scale", ["poor", "fair"]))
    columns={"item_id": "task"} scale=["poor", "fair"]
    """
    return f"{option}={json.dumps(value, ensure_ascii=False)}"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with some data: what, where, and how to fix it.

    Attributes
    ----------
    what : str
        What is wrong, quoting at most 80 characters of the cell.
    fix : str
        What to do about it.
    row : int or None
        Row in the source as a reader counts it: the first row of data is 1,
        the header is not counted.
    column : str or None
        The column's name in the source.
    option : str or None
        The option of the reader that would settle it, where there is one.
    value : str, list or dict, optional
        What to give that option, where it is known.
    """

    what: str
    fix: str
    row: int | None = None
    column: str | None = None
    option: str | None = None
    value: Any = field(default=None, hash=False)

    def text(self, spell: Callable[[str, Any], str] = in_python) -> str:
        """Place, fault and fix in one line.

        Parameters
        ----------
        spell : callable
            Writes an option and its value as the reader of the message types them.

        Examples
        --------
        >>> missing = Problem("the column label is missing", "If it is 'answer', map it.",
        ...                   option="columns", value={"label": "answer"})
        >>> print(missing.text())
        the column label is missing. If it is 'answer', map it: columns={"label": "answer"}
        """
        row, column = (f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else "")
        place = ", ".join(part for part in (row, column) if part)
        fix = self.fix
        if self.option is not None and self.value is not None:
            fix = f"{fix.removesuffix('.')}: {spell(self.option, self.value)}"
        return printable(f"{place + ': ' if place else ''}{self.what}. {fix}")

    def __str__(self) -> str:
        return self.text()


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

    def lines(self, spell: Callable[[str, Any], str] = in_python) -> list[str]:
        """The problems by kind, options as `spell` writes them: of each kind the first three, and how many more.

        Problems are of one kind where they differ in nothing but the row and what the cell holds.

        Examples
        --------
        >>> bad = [Problem(f"'{n}' is below 0", "Correct it.", row=n, column="seconds") for n in range(1, 6)]
        >>> print(*InvalidData(bad).lines(), sep="\\n")
        row 1, column seconds: '1' is below 0. Correct it.
        row 2, column seconds: '2' is below 0. Correct it.
        row 3, column seconds: '3' is below 0. Correct it.
        … and 2 more of this kind, up to row 5
        """
        kinds: dict[Any, list[Problem]] = {}
        for p in self.problems:
            what = _QUOTED.sub("", p.what) if p.row else p.text()
            kinds.setdefault((p.column, what, p.fix, p.option), []).append(p)
        made = []
        for alike in kinds.values():
            made += [p.text(spell) for p in alike[:ALIKE]]
            if len(alike) > ALIKE:
                made.append(f"… and {len(alike) - ALIKE:,} more of this kind, up to row {alike[-1].row or 0:,}")
        return made

    def text(self, spell: Callable[[str, Any], str] = in_python) -> str:
        """The first twenty lines of the problems by kind."""
        lines, n = self.lines(spell), len(self.problems)
        shown = [f"  {line}" for line in lines[:20]]
        if len(lines) > len(shown):
            shown.append(f"  … and {len(lines) - len(shown)} lines more; `halo check` lists them all")
        return "\n".join([f"{n:,} problem{'s' if n != 1 else ''}:", *shown])

    def __str__(self) -> str:
        return self.text()
