"""Who reads a report: the audiences, the privacy threshold, the pseudonyms.

``operations`` sees individuals under pseudonyms. Every other audience sees figures
about at least the privacy threshold of people.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BadOption
from ..standards.house import CONFIG
from ..standards.house import find as config_file
from ..standards.house import house as house_settings

__all__ = ["AUDIENCES", "CONFIG", "House", "Pseudonyms", "check", "config_file", "house"]

AUDIENCES = ("rater", "operations", "partner", "public")


@dataclass(frozen=True)
class House:
    """What ``halo.toml`` says about people.

    Attributes
    ----------
    privacy_threshold : int
        The smallest group shown to anyone but operations, in people.
    key : bytes or None
        Key of the pseudonyms; None draws a new one for each report.
    """

    privacy_threshold: int = 5
    key: bytes | None = None


def house(path: Path | None = None) -> House:
    """The privacy threshold and the pseudonym key a house has set in its ``halo.toml``.

    Parameters
    ----------
    path : Path, optional
        The file; otherwise the one that applies here, and the defaults without any.

    Raises
    ------
    HaloError
        When the file or the key it names can't be read, or the key has fewer than 16 bytes.
    """
    settings = house_settings(path)
    return House(settings.privacy_threshold, settings.key())


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
