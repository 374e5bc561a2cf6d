"""Who may see what about people.

``operations`` sees individuals under pseudonyms. Every other audience sees groups of
at least the privacy threshold of people, and the count of what is withheld.
"""

import hashlib
import hmac
import os
import secrets
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..errors import BadOption, HaloError

AUDIENCES = ("rater", "operations", "partner", "public")
CONFIG = "HALO_CONFIG"


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


def config_file() -> Path | None:
    """The ``halo.toml`` that applies: named by ``HALO_CONFIG``, or in this folder or one above it."""
    if os.environ.get(CONFIG):
        return Path(os.environ[CONFIG])
    here = Path.cwd()
    return next((p / "halo.toml" for p in (here, *here.parents) if (p / "halo.toml").is_file()), None)


def house(path: Path | None = None) -> House:
    """Read the privacy threshold and the pseudonym key a house has set.

    Parameters
    ----------
    path : Path, optional
        The file; otherwise the one that applies here, and the defaults without any.
        In it: ``[privacy]`` with ``threshold = 5`` and ``key = "pseudonyms.key"``, a
        path from the file's own folder.

    Raises
    ------
    HaloError
        When the file or the key it names can't be read, or the threshold is below 2.
    """
    path = path or config_file()
    if path is None:
        return House()
    try:
        privacy = tomllib.loads(path.read_text(encoding="utf-8")).get("privacy", {})
    except (OSError, ValueError) as problem:
        raise HaloError(f"{path.name} can't be read: {problem}") from problem
    threshold = privacy.get("threshold", 5)
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 2:
        raise BadOption(f"privacy.threshold in {path.name} is {threshold!r}; it must be a whole number of at least 2")
    if "key" not in privacy:
        return House(threshold)
    try:
        key = (path.parent / privacy["key"]).read_bytes().strip()
    except OSError as problem:
        raise HaloError(f"the pseudonym key that {path.name} names can't be read: {problem.strerror}") from problem
    if len(key) < 16:
        raise HaloError(f"the pseudonym key that {path.name} names has {len(key)} bytes; it needs at least 16")
    return House(threshold, key)


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


def groups_shown(
    table: pd.DataFrame, id_columns: list[str], *, by: str | None, threshold: int
) -> tuple[pd.DataFrame | None, str]:
    """What may be shown of a table about people to someone outside operations.

    Parameters
    ----------
    table : DataFrame
        A row or more for each person.
    id_columns : list of str
        The column that names the person; several for a table of pairs.
    by : str, optional
        A column to group by; otherwise everyone is one group.
    threshold : int
        The smallest group shown, in people.

    Returns
    -------
    (DataFrame or None, str)
        For each group that is large enough the number of people and the median over
        people of each number; and a sentence that counts what is withheld. A lone small
        group is withheld together with the smallest shown one, so that it can't be
        had by subtraction.
    """
    numbers = [c for c in table.select_dtypes("number").columns if c not in (*id_columns, by)]
    groups = table[by].astype(str) if by else pd.Series("everyone", index=table.index)
    medians, sizes = {}, {}
    for group, rows in table.groupby(groups.to_numpy(), sort=True):
        sizes[group] = len(set(rows[id_columns].astype(str).to_numpy().ravel()))
        one_each = rows[numbers].groupby([rows[c].astype(str).to_numpy() for c in id_columns]).median()
        medians[group] = one_each.median()
    return _large_enough(pd.DataFrame(medians).T, pd.Series(sizes, dtype="int64"), by, threshold)


def _large_enough(
    medians: pd.DataFrame, sizes: "pd.Series[int]", by: str | None, threshold: int
) -> tuple[pd.DataFrame | None, str]:
    kept = sizes[sizes >= threshold].sort_values(kind="stable")
    if len(sizes) - len(kept) == 1 and len(kept):
        kept = kept.iloc[1:]
    withheld = sizes.drop(kept.index)
    sentence = ""
    if len(withheld):
        n, groups = int(withheld.sum()), len(withheld)
        what = f"{groups} group{'s' if groups != 1 else ''} with {n} people in all" if by else f"Results of {n} people"
        verb = "are" if groups != 1 or not by else "is"
        sentence = f"{what} {verb} withheld: groups of fewer than {threshold} people are not shown to this audience."
    if not len(kept):
        return None, sentence
    shown = medians.loc[sorted(kept.index)].add_suffix(" (median)")
    shown.insert(0, "people", sizes.loc[shown.index].to_numpy())
    shown.index.name = by or "group"
    return shown.reset_index(), sentence
