"""Who reads a report, and what others than operations see of a figure.

``operations`` sees individuals under pseudonyms. Every other audience sees figures
about at least the privacy threshold of people, rounded.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..errors import BadOption
from ..results import Caution, Estimate, around

AUDIENCES = ("rater", "operations", "partner", "public")
PEOPLE = ("rater_id", "rater_a", "rater_b")
WITHHELD = "Withheld: this audience sees figures about {least} people or more, alone and in any combination."


@dataclass
class Pseudonyms:
    """Names for people that can't be traced back without the key.

    A keyed hash (HMAC-SHA-256) of the identifier; the same key gives the same name in
    every report. Six hexadecimal digits, more where two people would share them.

    Examples
    --------
    >>> names = Pseudonyms(b"sixteen bytes or more")
    >>> names.of("anna") == names.of("anna"), names.of("anna") != names.of("bela")
    (True, True)
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _known: dict[str, str] = field(default_factory=dict)

    def of(self, person: object) -> str:
        """The pseudonym of one person."""
        person = str(person)
        if person not in self._known:
            digest = hmac.new(self.key, person.encode(), hashlib.sha256).hexdigest()
            taken = set(self._known.values())
            self._known[person] = next(n for size in range(6, 65) if (n := f"R-{digest[:size]}") not in taken)
        return self._known[person]

    def learn(self, people: Iterable[object]) -> None:
        """Name these people now, so that names don't depend on who is shown first."""
        for person in sorted({str(p) for p in people}):
            self.of(person)


def check(audience: str) -> str:
    """The audience, or `BadOption` when it is none of them."""
    if audience not in AUDIENCES:
        raise BadOption.of("audience", audience, AUDIENCES)
    return audience


def names_people(column: object) -> bool:
    """Tell whether a column of a result holds identifiers of raters.

    Examples
    --------
    >>> [names_people(c) for c in ("rater_id", "auditor_rater_id", "raters")]
    [True, True, False]
    """
    return isinstance(column, str) and (column in PEOPLE or column.endswith("_rater_id"))


def coarse(x: float) -> float:
    """Round to two significant digits, as figures outside operations are.

    Examples
    --------
    >>> coarse(0.28333), coarse(1234.0), coarse(0.0)
    (0.28, 1200.0, 0.0)
    """
    return float(f"{x:.2g}")


def coarse_count(n: int) -> int:
    """Round a count down to one significant digit.

    Examples
    --------
    >>> coarse_count(17), coarse_count(540), coarse_count(7)
    (10, 500, 7)
    """
    step = 10 ** (len(str(n)) - 1)
    return n // step * step


def for_outsiders(estimate: Estimate, name: str) -> Estimate:
    """Return the estimate as partners and the public see it: rounded, without the words of its method."""
    only = estimate.items_only
    figures = around(coarse(estimate.value), coarse(estimate.low), coarse(estimate.high))
    figures |= {n: coarse_count(getattr(estimate, n)) for n in ("n_items", "n_raters", "n_judgments")}
    return replace(
        estimate,
        **figures,
        items_only=(coarse(only[0]), coarse(only[1])) if only else None,
        method=name.replace("_", " ") or "an estimate",
        cautions=tuple(Caution(c.code, c.code.replace("_", " ").capitalize() + ".") for c in estimate.cautions),
    )
