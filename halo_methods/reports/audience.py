"""What an audience may see: figures that rest on enough people, alone and in combination, rounded; pseudonyms.

``operations`` sees individuals under pseudonyms. Every other audience sees figures
about at least the privacy threshold of people.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ..results import Basis, Caution, Estimate, around

MOST_BY_ONE = 0.5
ATOMS = {"person": pl.String, "judgment": pl.UInt64, "weight": pl.Int64, "atom": pl.Int64}
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


def one_person(identifier: str) -> str:
    """Return what look-alike identifiers of one person have in common: letters and digits, case and width folded.

    Examples
    --------
    >>> {one_person(name) for name in ("ann", "Ann", "a.nn", "ann_")}
    {'ann'}
    """
    folded = unicodedata.normalize("NFKC", identifier).casefold()
    return "".join(c for c in folded if c.isalnum()) or folded


def judgments_of(basis: Basis, *, models: frozenset[str] = frozenset()) -> pl.DataFrame:
    """List the judgments of people that a figure rests on, look-alikes as one person, models left out.

    Returns
    -------
    polars.DataFrame
        ``person``, ``judgment`` (a number that stands for it), ``times`` (how often it enters).

    Examples
    --------
    >>> judgments_of(Basis("labels", {"ann": 2, "Ann": 2, "judge": 9}), models=frozenset({"judge"})).rows()
    [('ann', 0, 4)]
    """
    people = {rater: judged for rater, judged in basis.judgments.items() if rater not in models}
    opaque = {rater: judged for rater, judged in people.items() if isinstance(judged, int)}
    columns = {
        "person": [one_person(rater) for rater in people],
        "judgment": [np.array(0 if r in opaque else judged, np.uint64, ndmin=1) for r, judged in people.items()],
        "times": [opaque.get(rater, 1) for rater in people],
    }
    rows = pl.DataFrame(columns, schema={"person": pl.String, "judgment": pl.List(pl.UInt64), "times": pl.Int64})
    counts = rows.explode("judgment").group_by("person", "judgment").agg(pl.col("times").sum())
    return counts.filter(pl.col("times") > 0, pl.col("judgment").is_not_null())


def enough(atoms: pl.DataFrame, threshold: int) -> bool:
    """Tell whether each atom is of enough people, none of whom made more than half of its judgments.

    Parameters
    ----------
    atoms : polars.DataFrame
        ``atom``, ``person``, ``weight`` (judgments), several rows per person allowed.
    threshold : int
    """
    by_person = atoms.group_by("atom", "person").agg(pl.col("weight").sum())
    sizes = by_person.group_by("atom").agg(
        pl.len().alias("people"), (pl.col("weight").max() / pl.col("weight").sum()).alias("largest")
    )
    return bool(((sizes["people"] >= threshold) & (sizes["largest"] <= MOST_BY_ONE)).all())


@dataclass
class Shown:
    """The figures of one report that a reader has seen, by measure, and which further ones may join them.

    The figures shown cut the judgments of a measure into atoms: two judgments
    are in one atom if every figure counts both alike. A sum or difference of
    figures gives all judgments of an atom the same weight, so what it rests on
    is a union of atoms. A figure may be shown if every atom is then of enough
    people, none of whom made more than half of it.

    Attributes
    ----------
    threshold : int
        The fewest people.
    models : frozenset of str
        Raters who are no people.
    """

    threshold: int
    models: frozenset[str] = frozenset()
    _atoms: dict[str, pl.DataFrame] = field(default_factory=dict)

    def may_show(self, basis: Basis | None) -> bool:
        """Tell whether one figure may be shown, and count it as shown if so."""
        if basis is None:
            return False
        rows = judgments_of(basis, models=self.models)
        return rows.is_empty() or self._joins(basis.measure, rows.with_columns(part=pl.col("times")))

    def groups(self, bases: Mapping[str, Basis | None]) -> list[str]:
        """Choose the groups of one partition that may be shown together, and count them as shown.

        Groups that are too small are left out, then the smallest of the others as
        long as the rest would follow by subtraction.

        Parameters
        ----------
        bases : mapping of str to Basis
            What the figure of each group rests on.

        Returns
        -------
        list of str
            Their names, in the order given.
        """
        rows = {name: judgments_of(b, models=self.models) for name, b in bases.items() if b is not None}
        sizes = {name: (r["person"].n_unique(), int(r["times"].sum())) for name, r in rows.items()}
        candidates = [name for name in rows if not sizes[name][0] or sizes[name][0] >= self.threshold]
        every = pl.concat([judgments_of(Basis("", {})), *rows.values()])  # the total counts as known, shown or not
        whole = every.group_by("person", "judgment").agg(pl.col("times").sum())
        measure = next((b.measure for b in bases.values() if b is not None), "")
        while candidates:
            chosen = [rows[name].with_columns(group=pl.lit(n, pl.Int64)) for n, name in enumerate(candidates, 1)]
            if self._joins(measure, self._parts(whole, chosen)):
                return candidates
            candidates.remove(min(candidates, key=lambda name: (*sizes[name], name)))
        return []

    def _parts(self, whole: pl.DataFrame, chosen: list[pl.DataFrame]) -> pl.DataFrame:
        """For each judgment one number that says in which of the groups shown it stands, and how often."""
        inside = pl.concat(chosen).with_columns(part=pl.struct("group", "times").hash())
        inside = inside.group_by("person", "judgment").agg(pl.col("part").sum())
        joined = whole.join(inside, on=["person", "judgment"], how="left")
        return joined.with_columns(part=pl.struct(pl.col("part").fill_null(0), "times").hash())

    def _joins(self, measure: str, figure: pl.DataFrame) -> bool:
        """Whether a figure can be shown beside the earlier ones of its measure; if so it is one of them from now on."""
        there = self._atoms.get(measure, pl.DataFrame(schema=ATOMS))
        both = there.join(figure, on=["person", "judgment"], how="full", coalesce=True)
        cut = pl.struct(pl.col("atom").fill_null(-1), pl.col("part").cast(pl.String))
        both = both.with_columns(weight=pl.max_horizontal("weight", "times"), atom=cut.rank("dense").cast(pl.Int64))
        if not enough(both, self.threshold):
            return False
        self._atoms[measure] = both.select("person", "judgment", "weight", "atom")
        return True
