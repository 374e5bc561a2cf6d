"""Sentences that methods write, without the people and the small groups they name."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from ..errors import NotEstimable
from ..judgments.cells import quoted
from ..results import Estimate

WITHHELD = "withheld"
FEWEST_WORDS = 4
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class Words:
    """What an audience may read of a sentence that quotes the data, such as the reason of a refusal.

    A person's identifier is replaced wherever it stands in quotes, and outside of them
    where it is no plain word or number; the same holds for what the audience may not see.

    Parameters
    ----------
    people : iterable of str
        Identifiers of people.
    name_of : callable
        What the audience may call one of them.
    hidden : callable
        Gives the values of the data that the audience may not see; asked once, when the
        first sentence is read.
    labels : callable
        Gives the labels it may not see, which are replaced only in quotes: they may be
        plain words.

    Examples
    --------
    >>> words = Words(["Anna Quist"], lambda who: "a person", lambda: {"tiny"})
    >>> words.said("raters 'Anna Quist' and 'bob' judged no item of tiny in common")
    "raters a person and 'bob' judged no item of withheld in common"
    """

    def __init__(
        self,
        people: Iterable[str],
        name_of: Callable[[str], str],
        hidden: Callable[[], Iterable[str]],
        labels: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._people, self._name_of, self._ask = sorted(people, key=lambda p: (-len(p), p)), name_of, (hidden, labels)
        self._hidden: list[str] | None = None
        self._labels: list[str] = []

    def said(self, text: str) -> str:
        """The sentence as this audience may read it."""
        if self._hidden is None:
            self._hidden, self._labels = (sorted(ask(), key=lambda v: (-len(v), v)) for ask in self._ask)
        for person in self._people:
            text = _instead(text, person, self._name_of(person), spared=re.fullmatch(r"[a-z]*", person) is not None)
        for value in self._hidden:
            text = _instead(text, value, WITHHELD, spared=False)
        for label in self._labels:
            text = _instead(text, label, WITHHELD, spared=True)
        return text

    def note(self, text: str) -> str:
        """A note on how the file was read; what it quotes of raters, or beside a hidden value, is left out."""
        told = self.said(QUOTED.sub("a rater", text) if "rater_id" in text else text)
        return QUOTED.sub(WITHHELD, told) if WITHHELD in told and WITHHELD not in text else told

    def of(self, what: Any) -> Any:
        """The same sentence, sentences, estimate, estimates by name, reason or table, in what it says."""
        if isinstance(what, str):
            return self.said(what)
        if isinstance(what, (list, tuple)) and all(isinstance(line, str) for line in what):
            return [self.said(line) for line in what]
        if isinstance(what, Estimate):
            estimate = replace(what, method=self.said(what.method), cautions=tuple(map(self.said, what.cautions)))
            return what if estimate == what else estimate
        if isinstance(what, NotEstimable):
            return NotEstimable(self.said(str(what)))
        if isinstance(what, dict) and all(isinstance(e, Estimate) for e in what.values()):
            return {self.value(k): self.of(e) for k, e in what.items()}
        if isinstance(what, pd.DataFrame):
            made = what.copy()
            for c in [c for c in what if any(map(_sentence, what[c]))]:
                made[c] = [self.said(x) if _sentence(x) else x for x in what[c]]
            return made
        return what

    def value(self, what: Any) -> Any:
        """The name of a thing, unless it is one that this audience may not see."""
        if self._hidden is None:
            self.said("")
        return WITHHELD if str(what) in (self._hidden or ()) else what


def _sentence(cell: Any) -> bool:
    return isinstance(cell, str) and cell.count(" ") >= FEWEST_WORDS - 1


def _instead(text: str, name: str, by: str, *, spared: bool) -> str:
    """The text with another name instead of one; ``spared``: only where it stands in quotes."""
    for form in (quoted(name), repr(name), f"'{name}'", f'"{name}"'):
        text = text.replace(form, by)
    plain = len(name) < 3 or re.fullmatch(r"[\d.,:-]*", name) is not None
    if spared or plain or name not in text:
        return text
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _: by, text)
