"""Whether raters mark the same places: exact and partial matches, characters, and agreement on kind and severity."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..errors import InvalidData, NotEstimable, Problem
from ..judgments.cells import quoted
from ..judgments.spans import as_spans
from ..results import Caution, Estimate, Figure, Over, around, for_the_items_only, resting
from ..stats import check_confidence
from ..stats.totals import Totals, over_both, over_items, ratio_contrast
from ..stats.variance import basis_of_arrays, cluster_codes
from .penalty_points import few_documents

WHAT = {
    "exact": "share of marks with the same first and last character (F1 of two raters)",
    "partial": "share of marks that meet one of the other rater (F1 of two raters)",
    "characters": "share of marked characters that both marked (F1 of two raters)",
    "category": "share of marks that meet with the same category",
    "severity": "share of marks that meet with the same severity",
}
NO_LENGTH = "no column `length` says how many characters each text has; alpha counts those without a mark too"


@dataclass(frozen=True, eq=False, kw_only=True)
class Overlap:
    """How far raters who read the same text mark the same.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per measure: ``measure``, ``value``, ``low``, ``high``.
    estimates : dict of str to Estimate
        ``exact``, ``partial``, ``characters``, ``category``, ``severity``, and ``alpha`` of characters, marked or not.
    cautions : tuple of Caution
        Which of them cannot be estimated, and why.
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    cautions: tuple[Caution, ...] = ()

    def plot(self) -> Figure:
        """The measures with their intervals."""
        from ..plots import intervals

        return intervals(self.table, "measure", "value", unit="agreement", title="Do raters mark the same places?")

    def __str__(self) -> str:
        return "\n".join([*(f"{name}: {made}" for name, made in self.estimates.items()), *self.cautions])


def overlap(spans: Any, *, confidence: float = 0.95) -> Overlap:
    r"""Estimate whether two raters who read the same text mark the same.

    Each F1 is :math:`2 m / (n_a + n_b)`, summed over texts and pairs of raters: m marks match one to one, of
    :math:`n_a` and :math:`n_b`. A mark without length stands for the place of one character. Texts that neither rater
    marked do not count in it. Alpha is Krippendorff's nominal alpha with each character of a text as a unit that is
    marked or not, so they count there.

    Intervals hold for other documents and other raters: leave-one-out by document, by rater and by reading.

    Parameters
    ----------
    spans : Spans or frame
        As for `mqm_score`; the column ``length`` (characters of the text) for alpha.
    confidence : float

    Raises
    ------
    NotEstimable
        If no text was read by two raters, if readings without an error may have been left out, or if no text that
        two read has a mark.
    InvalidData
        If a mark ends after its text.

    Notes
    -----
    Unitizing coefficients that weigh near misses, Krippendorff's uα and Mathet's γ, have one maintained library,
    which needs a solver and a compiler (pygamma-agreement: CVXPY, CVXOPT, Numba). These measures need neither. Alpha
    here is close to :math:`_{|u}\alpha` of Krippendorff and others (2016), which also weighs marks against gaps.

    References
    ----------
    Hripcsak and Rothschild (2005), Journal of the American Medical Informatics Association 12, 296-298;
    Krippendorff, Mathet, Bouvry and Widlöcher (2016), Quality & Quantity 50, 2347-2364.

    Examples
    --------
    >>> rows = [("s1", "ann", 0, 4, "style", "minor"), ("s1", "ben", 2, 6, "style", "major"),
    ...         ("s2", "ann", *[None] * 4), ("s2", "ben", *[None] * 4)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "start", "end", "category", "severity"])
    >>> {name: made.value for name, made in overlap(frame).estimates.items()}
    {'exact': 0.0, 'partial': 1.0, 'characters': 0.5, 'category': 1.0, 'severity': 0.0}
    """
    check_confidence(confidence)
    given = as_spans(spans)
    readings = given.readings.with_row_index("reading").with_columns(pl.col("reading").cast(pl.Int64))
    marked = _marks(given.marks, readings.height)
    unit = [name for name in ("item_id", "round", "criterion") if name in readings.columns]
    texts = [
        group for group in readings.group_by(unit, maintain_order=True).agg("reading")["reading"] if len(group) > 1
    ]
    if not texts:
        raise NotEstimable("no text was read by two raters", public=True)
    pairs = np.array([pair for text in texts for pair in combinations(sorted(text), 2)])
    counts = np.array([_compared(marked[a], marked[b]) for a, b in pairs])
    documents, raters = cluster_codes(readings["cluster"]), cluster_codes(readings["rater_id"])
    shared = readings.filter(pl.col("reading").is_in(np.unique(pairs).tolist()))
    made: dict[str, Estimate | NotEstimable] = {}
    for k, (name, quantity) in enumerate(WHAT.items()):
        made[name] = _share(counts[:, k], pairs, documents, raters, shared, quantity, confidence)
    made["alpha"] = _alpha(marked, texts, readings, documents, raters, shared, confidence)
    if isinstance(made["partial"], NotEstimable):
        raise made["partial"]
    estimates = {name: one for name, one in made.items() if isinstance(one, Estimate)}
    refused = {name: str(one) for name, one in made.items() if isinstance(one, NotEstimable)}
    cautions = tuple(Caution("not_estimated", f"{name.capitalize()}: {why}.") for name, why in refused.items())
    rows = [(name, one.value, one.low, one.high) for name, one in estimates.items()]
    table = pd.DataFrame(rows, columns=["measure", "value", "low", "high"])
    return Overlap(table=table, estimates=estimates, cautions=cautions)


def _marks(marks: pl.DataFrame, n: int) -> list[list[tuple[int, int, str, str]]]:
    """The marks of each reading; one without length is that of a character."""
    found: list[list[tuple[int, int, str, str]]] = [[] for _ in range(n)]
    for reading, start, end, category, severity in marks.iter_rows():
        found[reading].append((start, max(end, start + 1), category, severity))
    return found


def _covered(marks: list[tuple[int, int, str, str]], size: int) -> NDArray:
    on = np.zeros(size, bool)
    for start, end, *_ in marks:
        on[start:end] = True
    return on


def _compared(a: list[Any], b: list[Any]) -> list[tuple[int, int]]:
    """For each measure what two readings share, and out of how much."""
    size = max((mark[1] for mark in [*a, *b]), default=0)
    one, other = _covered(a, size), _covered(b, size)
    of = len(a) + len(b)
    exact = len({mark[:2] for mark in a} & {mark[:2] for mark in b})
    met = list(_matched(a, b))
    alike = [sum(x[k] == y[k] for x, y in met) for k in (2, 3)]
    shared = int((one & other).sum()), int(one.sum() + other.sum())
    return [(2 * exact, of), (2 * len(met), of), (2 * shared[0], shared[1]), *((n, len(met)) for n in alike)]


def _matched(a: list[Any], b: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Marks that overlap, one to one, so that they share most characters."""
    if not (a and b):
        return
    x, y = np.array([m[:2] for m in a]), np.array([m[:2] for m in b])
    common = np.minimum(x[:, None, 1], y[None, :, 1]) - np.maximum(x[:, None, 0], y[None, :, 0])
    common = np.maximum(common, 0)
    rows, columns = linear_sum_assignment(common, maximize=True)
    yield from ((a[i], b[j]) for i, j in zip(rows, columns, strict=True) if common[i, j] > 0)


def _share(
    counts: NDArray,
    pairs: NDArray,
    documents: NDArray,
    raters: NDArray,
    shared: pl.DataFrame,
    quantity: str,
    confidence: float,
) -> Estimate | NotEstimable:
    """One ratio over pairs of readings; a pair counts for each of its two readings."""
    if not counts[:, 1].sum():
        return NotEstimable(f"{quantity}: there is none in the texts that two raters read", public=True)
    members, each = pairs.T.ravel(), np.concatenate([counts, counts]).astype(float)

    def sums(key: NDArray, part: float) -> NDArray:
        totals = np.zeros((key.max() + 1, 1, 2))
        np.add.at(totals[:, 0], key, each * part)
        return totals

    single = sums(members, 1.0)
    by_document, by_rater = sums(documents[members], 0.5), sums(raters[members], 1.0)
    contrast = ratio_contrast(by_document, by_rater, single, np.ones(len(single)), [1], confidence=confidence)
    cautions = []
    if contrast.over == "items":
        cautions.append(for_the_items_only(contrast.n_raters))
    cautions += few_documents(contrast.fewest)
    place = around(contrast.value, contrast.low, contrast.high) | {"over": contrast.over}
    method = f"{quantity}; leave-one-out variances over {contrast.over}"
    about: dict[str, Any] = {"confidence": confidence, "method": method, "cautions": tuple(cautions)}
    return Estimate(**place, **about, **_rests(shared))


def _rests(shared: pl.DataFrame) -> dict[str, Any]:
    basis = basis_of_arrays(shared["rater_id"], shared["cluster"], "marks compared")
    return resting(shared["item_id"].n_unique(), shared["rater_id"].n_unique(), shared.height, basis)


def _alpha(
    marked: list[Any],
    texts: list[Any],
    readings: pl.DataFrame,
    documents: NDArray,
    raters: NDArray,
    shared: pl.DataFrame,
    confidence: float,
) -> Estimate | NotEstimable:
    """Nominal alpha of characters, a document at a time."""
    if "length" not in readings.columns:
        return NotEstimable(NO_LENGTH, public=True)
    lengths = readings["length"].cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    terms, change = np.zeros((documents.max() + 1, 3)), np.zeros((readings.height, 3))
    for text in texts:
        on = [_covered(marked[r], int(lengths[r])) for r in text]
        for r in text:
            if max((end for _, end, *_ in marked[r]), default=0) > lengths[r] or lengths[r] != lengths[text[0]]:
                item, fix = quoted(readings["item_id"][r]), "Give in `length` how many characters the text has."
                what = f"a mark of item {item} ends after the text, or the text has two lengths"
                raise InvalidData([Problem(what, fix, column="length")])
        seen, m = np.sum(on, axis=0), len(text)
        whole = _terms(seen, m)
        terms[documents[text[0]]] += whole
        for r, own in zip(text, on, strict=True):
            change[r] = _terms(seen - own, m - 1) - whole

    def value(totals: NDArray) -> NDArray:
        apart, yes, no = np.moveaxis(totals, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where((yes > 0) & (no > 0), 1 - apart * (yes + no - 1) / (2 * yes * no), np.nan)

    kept = terms[terms[:, 1:].sum(1) > 0]
    used = np.flatnonzero((change != 0).any(1))
    whole, typical = kept.sum(0), kept.mean(0)
    most = kept[np.argmax(kept[:, 1])] * [0, 1, 1]

    def without() -> NDArray:
        lost = np.zeros((raters.max() + 1, 3))
        np.add.at(lost, raters[used], change[used])
        return whole + lost[np.unique(raters[used])]

    worst, best = np.array([typical[1:].sum(), *np.repeat(typical[1:].sum() / 2, 2)]), typical * [0, 1, 1]
    ones = np.ones(len(kept))
    totals = Totals(kept, ones, value, without, change[used], np.ones(len(used)), best, worst, -1.0, most)
    if not np.isfinite(totals.estimate):
        return NotEstimable("no text that two raters read has a mark", public=True)
    both = shared["rater_id"].n_unique() > 2
    ends = over_both(totals, confidence) if both else over_items(totals, confidence, 1000, 1)
    method = f"Krippendorff's alpha of characters, marked or not; {ends.how}"
    over: Over = "items and raters" if both else "items"
    about: dict[str, Any] = {"confidence": confidence, "over": over, "method": method, "cautions": ends.cautions}
    return Estimate(**around(totals.estimate, ends.low, ends.high), **_rests(shared), **about)


def _terms(seen: NDArray, m: int) -> NDArray:
    """Pairable disagreement, and the values of marked and unmarked characters, where m raters read the text."""
    if m < 2:
        return np.zeros(3)
    return np.array([(2 * seen * (m - seen)).sum() / (m - 1), seen.sum(), m * len(seen) - seen.sum()], float)
