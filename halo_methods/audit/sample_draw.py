"""How many labels to audit, and a draw of them that can be repeated from the file."""

import csv
import hashlib
import math
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import Reference
from ..judgments.table import need
from ..stats.checks import check_amount, check_count, check_probability
from ..stats.proportions import wilson
from .audit_findings import clustering, error_rate

MOST = 10_000_000


def allocate(
    weights: Sequence[float],
    deviations: Sequence[float],
    n: int,
    *,
    at_least: int = 1,
    at_most: Sequence[int] | None = None,
) -> tuple[int, ...]:
    r"""Neyman's allocation in whole numbers: sizes of strata, in order, that sum to ``n``.

    Minimizes :math:`\sum_h (W_h S_h)^2 / n_h`. Labels are given out one at a time, each to the stratum where it lowers
    the variance most.
    That is exact in whole numbers (Wright's algorithm); without the bounds it is Neyman's
    :math:`n_h \propto W_h S_h` rounded.

    The deviations are guesses from a pilot; a stratum guessed at 0 gets
    ``at_least`` and no more, so guess generously.

    Parameters
    ----------
    weights : sequence of float
        Size of each stratum, in labels or as a share of all.
    deviations : sequence of float
        Standard deviation within each; sqrt(p(1-p)) for an error rate p.
    n : int
        Labels to draw in all.
    at_least : int
        In each stratum.
    at_most : sequence of int, optional
        Labels there are in each stratum.

    Raises
    ------
    BadOption
        If sizes do not fit each other, or ``n`` is less than the strata need
        or more than they hold.

    References
    ----------
    Wright (2012), The equivalence of Neyman optimum allocation for sampling and
    equal proportions for apportioning the U.S. House of Representatives, The
    American Statistician 66, 217-224.

    Examples
    --------
    >>> allocate([0.5, 0.3, 0.2], [1, 2, 3], 100)
    (30, 35, 35)
    >>> allocate([800, 150, 50], [0.1, 0.3, 0.0], 20)
    (12, 7, 1)
    """
    strata = len(weights)
    if strata == 0 or len(deviations) != strata or (at_most is not None and len(at_most) != strata):
        raise BadOption("weights, deviations and at_most need one value a stratum, and there is at least one stratum")
    if any(not math.isfinite(x) or x < 0 for x in (*weights, *deviations)):
        raise BadOption("weights and deviations are finite and not negative")
    n = check_count(n, option="n")
    ceilings = np.full(strata, n) if at_most is None else np.asarray(at_most, int)
    sizes = np.minimum(at_least, ceilings)
    if not sizes.sum() <= n <= ceilings.sum():
        raise BadOption(f"{n} labels cannot be shared: the strata need {sizes.sum()} and hold {ceilings.sum()}")
    products = np.multiply(weights, deviations)
    if not products.any():
        products = np.asarray(weights, float) if any(weights) else np.ones(strata)
    # The gain of a further label in a stratum that has some, for every label that could be given out.
    stratum = np.repeat(np.arange(strata), ceilings - sizes)
    has = np.concatenate([np.arange(size, ceiling) for size, ceiling in zip(sizes, ceilings, strict=True)])
    gain = np.where(has > 0, products[stratum] ** 2 / np.maximum(has * (has + 1), 1), np.inf)
    given = stratum[np.lexsort((stratum, -gain))[: n - sizes.sum()]]
    return tuple((sizes + np.bincount(given, minlength=strata)).tolist())


def sample_size(
    rate: float,
    half_width: float,
    *,
    design_effect: float = 1.0,
    population: int | None = None,
    confidence: float = 0.95,
) -> int:
    """Labels to audit so that the interval of an error rate is about ``rate`` ± ``half_width``.

    The smallest n at which Wilson's interval at the effective size n / design_effect is at most 2 × half_width long.
    With ``population`` the sample is lowered by the finite population correction.

    Parameters
    ----------
    rate : float
        Error rate expected; on doubt take the larger.
    half_width : float
        In shares, for instance .02.
    design_effect : float
        1 where errors are independent; otherwise the one of `clustering`, or 1 + (m - 1) icc with m labels per rater.
    population : int, optional
        Labels in all.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If more than ten million would be needed.

    Examples
    --------
    >>> sample_size(0.05, 0.02), sample_size(0.05, 0.02, design_effect=2.2), sample_size(0.05, 0.02, population=1000)
    (469, 1032, 320)
    """
    check_probability(rate, option="rate")
    if not 0 < half_width < 0.5:
        raise BadOption(f"half_width is {half_width!r}; allowed: above 0 and below 0.5, for instance 0.02")
    check_amount(design_effect, option="design_effect", above=True)

    def short(n: int) -> bool:
        low, high = wilson(rate * n, n, confidence=confidence)
        return bool(high - low <= 2 * half_width)

    n = 1 + bisect_left(range(1, MOST + 1), True, key=short)
    if n > MOST:
        raise NotEstimable("more than ten million labels would be needed; allow a wider interval")
    drawn = n * design_effect
    return math.ceil((drawn if population is None else drawn / (1 + (drawn - 1) / population)) - 1e-9)


def next_sizes(j: Judgments, *, half_width: float = 0.03, reference: Reference | None = None) -> pd.DataFrame:
    """Work out how many labels to audit next for an error rate of a wanted precision, as errors clustered here.

    Returns
    -------
    pandas.DataFrame
        Columns ``supposing``, ``design_effect``, ``labels``. The design effect
        is the one seen with this many labels per rater; with more per rater it is
        larger, so draw from more raters rather than more from each.

    Raises
    ------
    NotEstimable
        If no item has gold or an audit.
    """
    j = as_judgments(j)
    rate, effects = error_rate(j, reference=reference, over="items").value, {"labels independent": 1.0}
    with suppress(NotEstimable):
        seen = clustering(j, reference=reference).design_effect
        effects["errors cluster in raters as seen here"] = max(seen, 1.0)
    rows = [(name, effect, sample_size(rate, half_width, design_effect=effect)) for name, effect in effects.items()]
    return pd.DataFrame(rows, columns=["supposing", "design_effect", "labels"])


KEYS = ("item_id", "rater_id", "criterion", "round")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawn sample and what it takes to draw it again.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per label: what identifies it, ``stratum`` and
        ``inclusion_probability``; no labels, so that the file can go to the
        auditors. In an order of its own, made from the seed.
    facts : dict of str to str or int
        What is written above the table: ``seed``, ``n`` (labels drawn), ``by`` and ``risk`` (columns of strata and of
        risk, empty if none), ``frame_rows`` (labels there were), ``frame_sha256`` (of what identifies the frame's
        labels, sorted, with stratum and risk).
    labels : pandas.Series
        Labels of each rater in the frame, by ``rater_id``.
    """

    table: pd.DataFrame
    facts: dict[str, str | int]
    labels: "pd.Series[int]"

    def by_rater(self) -> pd.DataFrame:
        """Count the labels of each rater and those drawn: ``rater_id``, ``labels``, ``drawn``, ``share``."""
        table = self.labels.rename("labels").rename_axis("rater_id").reset_index()
        table["drawn"] = table["rater_id"].map(self.table["rater_id"].value_counts()).fillna(0).astype(int)
        table["share"] = table["drawn"] / table["labels"]
        return table

    def write(self, path: str | Path) -> Path:
        """Write the sample as CSV: lines of ``# name: value``, then the table.

        The lines hold seed, columns, sizes and the frame's SHA-256, so that
        `redraws` can draw the sample again and compare.
        """
        path = Path(path)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(f"# {name}: {fact}\n" for name, fact in self.facts.items())
            self.table.to_csv(file, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        return path

    def __str__(self) -> str:
        n, rows, by, risk = (self.facts[name] for name in ("n", "frame_rows", "by", "risk"))
        how = f", strata of {by}" if by else f", by {risk}" if risk else ""
        sha = str(self.facts["frame_sha256"])[:12]
        return f"{n:,} of {rows:,} labels drawn{how}; seed {self.facts['seed']}, frame SHA-256 {sha}…"


def draw(j: Judgments, n: int, *, by: str | None = None, risk: str | None = None, seed: int | str) -> Drawn:
    """Draw labels to audit; the same labels whatever the order of the rows.

    Each label gets a number from the SHA-256 of the seed and of what
    identifies it. Without options the n smallest numbers are drawn (a simple
    random sample). With ``by`` each stratum gets labels in proportion to its
    size, one at least, and its smallest numbers are drawn. With ``risk`` the chance of a label is proportional to that
    column (systematic sampling in the order of the numbers).
    A risk of 0 is refused, because what can't be drawn can't be estimated.

    Whoever can choose the seed after seeing the frame can choose the sample:
    fix it first, for instance the number of the lot.

    Parameters
    ----------
    j : Judgments
        One criterion; stage ``label`` is drawn from where there are several.
    n : int
        Labels to draw.
    by : str, optional
        A column that makes strata, for instance ``rater_id``.
    risk : str, optional
        A column of numbers above 0.
    seed : int or str

    Returns
    -------
    Drawn

    Raises
    ------
    HaloError
        If n is more than there are labels, or less than there are strata.
    NotEstimable
        If a column is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> frame = pd.DataFrame([(f"i{i}", f"r{i % 3}", "x") for i in range(90)], columns=["item_id", "rater_id", "label"])
    >>> one, other = (draw(as_judgments(f), 9, by="rater_id", seed=7) for f in (frame, frame.iloc[::-1]))
    >>> one.table.equals(other.table), one.table["rater_id"].value_counts().tolist()
    (True, [3, 3, 3])
    """
    if by is not None and risk is not None:
        raise BadOption("by and risk are two designs; draw with one of them")
    one = as_judgments(j).one()
    for column in (by, risk):
        if column is not None:
            need(one.frame, column)
    n = check_count(n, option="n", least=1, most=one.n_judgments)
    keys = [k for k in KEYS if k in one.columns]
    stratum = pl.col(by).cast(pl.String).fill_null("") if by else pl.lit("")
    table = one.frame.select(*keys, *([risk] if risk else []), stratum=stratum).to_pandas()
    identity = table[keys].astype(object).fillna("").astype(str).agg("\x1f".join, axis=1)
    table["number"] = [hashlib.sha256(f"{seed}\x1f{key}".encode()).hexdigest() for key in identity]
    stated = identity + "\x1f" + table["stratum"] + "\x1f" + (table[risk].astype(str) if risk else "")
    table = table.sort_values("number", ignore_index=True)
    table = _by_risk(table, n, risk) if risk else _by_stratum(table, n)
    columns = [*keys, *(["stratum"] if by else []), "inclusion_probability"]
    facts: dict[str, str | int] = {
        "seed": str(seed),
        "n": n,
        "by": by or "",
        "risk": risk or "",
        "frame_rows": one.n_judgments,
        "frame_sha256": hashlib.sha256("\n".join(sorted(stated)).encode()).hexdigest(),
    }
    labels = one.frame.to_pandas()["rater_id"].value_counts().sort_index()
    return Drawn(table=table[columns].reset_index(drop=True), facts=facts, labels=labels)


def _by_stratum(table: pd.DataFrame, n: int) -> pd.DataFrame:
    held = table["stratum"].value_counts().sort_index()
    sizes = pd.Series(allocate(held.tolist(), [1.0] * len(held), n, at_most=held.tolist()), index=held.index)
    drawn = table.groupby("stratum").cumcount() < table["stratum"].map(sizes)
    return table.assign(inclusion_probability=table["stratum"].map(sizes / held))[drawn]


def _by_risk(table: pd.DataFrame, n: int, risk: str) -> pd.DataFrame:
    scores = pd.to_numeric(table[risk], errors="coerce").to_numpy(float)
    if not (np.isfinite(scores) & (scores > 0)).all():
        raise HaloError(f"every label needs a {risk} above 0: what can't be drawn can't be estimated")
    chance = inclusion_probabilities(scores, n)
    # One start for all, from the first number of the frame, which depends on the seed.
    start = int(hashlib.sha256(str(table["number"].iloc[0]).encode()).hexdigest(), 16) / 2**256
    ends = np.concatenate([[0.0], np.cumsum(chance)])
    ends[-1] = n
    return table.assign(inclusion_probability=chance)[np.diff(np.floor(ends - start)) >= 1]


def inclusion_probabilities(scores: Any, n: int) -> Any:
    """Chances proportional to the scores that sum to n, none above 1.

    Examples
    --------
    >>> inclusion_probabilities([8, 1, 1], 2).tolist()
    [1.0, 0.5, 0.5]
    """
    scores = np.asarray(scores, float)
    sure = np.zeros(scores.size, bool)
    while True:
        rest = scores[~sure].sum()
        chance = np.where(sure, 1.0, (n - sure.sum()) * scores / (rest or 1.0))
        over = ~sure & (chance >= 1)
        if not over.any():
            return chance
        sure |= over


def redraws(path: str | Path, j: Judgments) -> bool:
    """Whether a file written by `Drawn.write` is what its seed draws from these judgments.

    Raises
    ------
    HaloError
        If the file does not state its seed and frame, or these judgments are not the frame it was drawn from.
    """
    with Path(path).open(encoding="utf-8") as file:
        head = [line[2:].rstrip("\n").partition(": ") for line in takewhile(lambda line: line.startswith("# "), file)]
    stated = {name: value.strip() for name, _, value in head}
    if not {"seed", "n", "frame_sha256"} <= stated.keys():
        raise HaloError(f"{path} does not state the seed, the size and the frame it was drawn from")
    again = draw(j, int(stated["n"]), by=stated.get("by") or None, risk=stated.get("risk") or None, seed=stated["seed"])
    if again.facts["frame_sha256"] != stated["frame_sha256"]:
        raise HaloError(f"{path} was drawn from another frame: labels were added, removed or moved since")
    there = pd.read_csv(path, skiprows=len(head), dtype=str, keep_default_na=False)
    return there.equals(again.table.astype(object).where(again.table.notna(), "").astype(str))
