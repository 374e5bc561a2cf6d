"""Who may see what about people.

``operations`` sees individuals under pseudonyms. Every other audience sees groups of
at least the privacy threshold of people, and the count of what is withheld.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import BadOption, HaloError
from ..results import Estimate
from ..standards.house import CONFIG
from ..standards.house import find as config_file
from ..standards.house import house as house_settings

__all__ = ["AUDIENCES", "CONFIG", "House", "Pseudonyms", "check", "config_file", "groups_shown", "house"]

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
    if settings.key_path is None:
        return House(settings.privacy_threshold)
    try:
        key = settings.key_path.read_bytes().strip()
    except OSError as problem:
        raise HaloError(f"the pseudonym key that halo.toml names can't be read: {problem.strerror}") from problem
    if len(key) < 16:
        raise HaloError(f"the pseudonym key that halo.toml names has {len(key)} bytes; it needs at least 16")
    return House(settings.privacy_threshold, key)


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
        people of each number; and a sentence that counts what is withheld. Where fewer
        people than the threshold would be withheld, the smallest shown groups are
        withheld with them, so that they can't be had by subtraction.
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
    while len(kept) and 0 < sizes.drop(kept.index).sum() < threshold:
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


def without_names(table: pd.DataFrame, hidden: frozenset[str], spared: list[str]) -> pd.DataFrame:
    """The table with hidden groups replaced by ``withheld`` wherever a cell lists names, commas between.

    Examples
    --------
    >>> table = pd.DataFrame({"vendor": ["a"], "worse_than": ["b, c"]})
    >>> without_names(table, frozenset("c"), ["vendor"])["worse_than"].tolist()
    ['b, withheld']
    """
    made = table.copy()
    for column in [c for c in made.columns if c not in spared and not pd.api.types.is_numeric_dtype(made[c])]:
        made[column] = [
            ", ".join("withheld" if part in hidden else part for part in cell.split(", "))
            if isinstance(cell, str) else cell for cell in made[column]
        ]  # fmt: skip
    return made


def without_few(table: pd.DataFrame, column: str, few: frozenset[tuple[str, ...]]) -> pd.DataFrame:
    """The table without those names, in a column that lists them, that few people stand behind.

    Figures named after the column, such as ``locale_shared``, are left out beside a withheld name.

    Examples
    --------
    >>> table = pd.DataFrame({"vendor": ["a"], "locale": ["de, is"], "locale_shared": [0.9]})
    >>> without_few(table, "locale", frozenset({("is",)})).values.tolist()
    [['a', 'de, withheld', None]]
    """
    told = [
        ", ".join("withheld" if (part,) in few else part for part in str(cell).split(", ")) for cell in table[column]
    ]
    changed = [new != str(old) for new, old in zip(told, table[column], strict=True)]
    if not any(changed):
        return table
    made = table.copy()
    made[column] = told
    for c in [c for c in table.columns if str(c).startswith(f"{column}_")]:
        made[c] = [None if new else x for x, new in zip(made[c], changed, strict=True)]
    return made


def rows_of_enough_people(table: pd.DataFrame, least: int) -> "pd.Series[bool]":
    """Which rows do not say that they are about at least one and fewer people than this.

    They say it in a column ``n_raters``, or, where two groups are set side by side, by the smaller of the two in
    ``table.attrs["fewest"]``.
    """
    fewest = pd.Series(table.attrs.get("fewest", least), index=table.index)
    if "n_raters" not in table or not pd.api.types.is_numeric_dtype(table["n_raters"]):
        return fewest >= least
    return (fewest >= least) & ~table["n_raters"].between(1, least - 1)


def of_enough_people(what: Any, least: int) -> tuple[Any, str]:
    """What is left of an estimate, several by name, or a table, without what is about too few people; and a sentence.

    Nothing, that is None, is left of an estimate about at least one and fewer people than ``least``.

    Examples
    --------
    >>> left, said = of_enough_people(pd.DataFrame({"of": ["a", "b"], "n_raters": [2, 9]}), 5)
    >>> left["of"].tolist(), said
    (['b'], 'Withheld: 1 figure or row about fewer than 5 people.')
    """

    def few(x: Any) -> bool:
        return isinstance(x, Estimate) and 0 < x.n_raters < least

    left, hidden = what, 0
    if few(what):
        left, hidden = None, 1
    elif isinstance(what, Mapping):
        left = {k: v for k, v in what.items() if not few(v)}
        hidden = len(what) - len(left)
    elif isinstance(what, pd.DataFrame):
        keep = rows_of_enough_people(what, least)
        hidden = int((~keep).sum())
        left = what[keep] if hidden else what
        told = left.map(few) if least and len(left) else None
        if told is not None and told.to_numpy().any():
            left, hidden = left.mask(told, "withheld"), hidden + int(told.to_numpy().sum())
    if hidden and isinstance(left, (Mapping, pd.DataFrame)) and not len(left):
        left = None
    text = f"Withheld: {hidden} figure{'s' * (hidden > 1)} or row{'s' * (hidden > 1)} about fewer than {least} people."
    return left, text if hidden else ""
