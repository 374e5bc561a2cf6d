"""Points that texts lose by their errors: weights by severity and kind, the score of each system, who read what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from ..errors import BadOption, InvalidData, NotEstimable, Problem
from ..judgments.cells import quoted
from ..judgments.spans import as_spans
from ..judgments.spellings import number
from ..results import Caution, Estimate, Figure, around, for_the_items_only, resting
from ..stats import check_confidence
from ..stats.checks import check_amount
from ..stats.means import t_interval, two_way_variances
from ..stats.variance import basis_of_arrays, cluster_codes

FEW_RATERS, FEW_DOCUMENTS = 3, 20
WEIGHTS: dict[str, dict[str, float]] = {
    "halo": {"neutral": 0, "minor": 1, "major": 5, "critical": 25},
    "freitag2021": {
        "neutral": 0,
        "minor": 1,
        "major": 5,
        "fluency/punctuation: minor": 0.1,
        "non-translation!: major": 25,
    },
}
"""Points by severity, or by kind and severity; ``halo`` is that of the shipped rubrics, the other of Freitag et al."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scores:
    """Points lost by each system; fewer are better.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per system, the best first: ``system``, ``score``, ``low``, ``high``, ``se``, ``errors``, ``readings``,
        ``words`` (None where texts were counted).
    differences : pandas.DataFrame
        One row per two systems: ``better``, ``worse``, ``difference`` (points saved), ``low``, ``high``, ``clear``.
    by_category : pandas.DataFrame
        ``category``, ``severity``, ``errors``, ``points``, ``share`` of all points; what costs most first.
    by_rater : pandas.DataFrame
        ``rater_id``, ``readings``, ``errors``, ``score``; unadjusted, for operations.
    estimates : dict of str to Estimate
        By system.
    crossed : Estimate or NotEstimable
        Share of rater and document for which the rater read every system; refused where there is one system.
    unit : str
        ``points per 100 words``, or ``points per text``.
    by : str
        ``system``.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    by_category: pd.DataFrame
    by_rater: pd.DataFrame
    estimates: dict[str, Estimate]
    crossed: Estimate | NotEstimable
    unit: str
    cautions: tuple[Caution, ...] = ()
    by: str = field(default="system")

    def share_crossed(self) -> Estimate:
        """The same as ``crossed``, raised where it is refused."""
        if isinstance(self.crossed, NotEstimable):
            raise self.crossed
        return self.crossed

    def plot(self) -> Figure:
        """Points with their intervals, the best system first."""
        from ..plots import intervals

        return intervals(self.table, "system", "score", unit=self.unit, title="Points that each system loses")

    def __str__(self) -> str:
        rows = (f"{name}: {self.estimates[name]}" for name in self.table["system"])
        return "\n".join([f"{self.unit}, fewer are better", *rows, *self.cautions])


def mqm_score(
    spans: Any,
    words: float | str | None = None,
    *,
    weights: str | Mapping[str, float] = "halo",
    confidence: float = 0.95,
) -> Scores:
    r"""Estimate how many points each system loses by its marked errors.

    .. math:: R_s = 100 \, \sum_i p_i / \sum_i w_i

    over the readings i of a system, of points p and words w. Its variance sums the influences
    :math:`(p_i - R w_i) / \sum w` by document, plus by rater, less by both, so the interval holds for other documents
    and other raters. Some tools show 100 minus this number.

    Parameters
    ----------
    spans : Spans or frame
        ``item_id``, ``rater_id``, ``start``, ``end``, ``category``, ``severity``; ``cluster`` is the document.
    words : float or str, optional
        The column with the words of each text, or how many words the texts have in all, each counted once. Without it
        the column ``words`` where there is one, otherwise points per text.
    weights : str or mapping
        One of `WEIGHTS`; ``given``, where ``severity`` holds the points; or points by severity, or by kind and
        severity, ``{"minor": 1, "style: minor": 0.5}``. Capitals do not count.
    confidence : float

    Raises
    ------
    NotEstimable
        If readings without an error may have been left out, or there is one document.
    InvalidData
        For a severity without a weight, or a text without its words.

    References
    ----------
    Lommel, Burchardt and Uszkoreit (2014), Tradumàtica 12, 455-463; Freitag et al. (2021), Transactions of the
    Association for Computational Linguistics 9, 1460-1474; Cameron, Gelbach and Miller (2011), Journal of Business &
    Economic Statistics 29, 238-249.

    Examples
    --------
    >>> rows = [(f"s{i}", f"r{i % 3}", 0, 3, "style", "minor") for i in range(9)] + [("s9", "r0", *[None] * 4)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "start", "end", "category", "severity"])
    >>> made = mqm_score(frame, 90)
    >>> made.unit, made.estimates["all"].value
    ('points per 100 words', 10.0)
    """
    check_confidence(confidence)
    given = as_spans(spans)
    readings, points = given.readings, _points(given.marks, weights)
    lost = np.bincount(given.marks["reading"].to_numpy(), points, readings.height)
    size, unit = _sizes(readings, words)
    system = (
        readings["system"] if "system" in readings.columns else pl.repeat("all", readings.height, eager=True)
    ).cast(pl.String)
    names = sorted(set(system.to_list()))
    at = system.replace_strict({name: k for k, name in enumerate(names)}, return_dtype=pl.Int64).to_numpy()
    sums, sizes = np.bincount(at, lost), np.bincount(at, size)
    factor = 1.0 if unit == "points per text" else 100.0
    influence = factor * (lost - (sums / sizes)[at] * size) / sizes[at]
    scores = sparse.csr_array((influence, (np.arange(readings.height), at)), (readings.height, len(names)))
    values, interval, over, cautions = factor * sums / sizes, *_interval(readings, scores, confidence)
    error, low, high = interval(np.eye(len(names)), values)
    counts = {
        "errors": np.bincount(at, readings["label"].to_numpy()).astype(int),
        "readings": np.bincount(at),
        "words": sizes if factor == 100 else None,
    }
    table = pd.DataFrame({"system": names, "score": values, "low": np.maximum(low, 0), "high": high, "se": error})
    table = table.assign(**counts).sort_values("score", kind="stable", ignore_index=True)
    method = f"{unit} lost, weights {weights if isinstance(weights, str) else 'as given'}; t interval, clustered"
    estimates = {}
    for k, name in enumerate(names):
        own = readings.filter(pl.Series(at == k))
        basis = basis_of_arrays(own["rater_id"], own["cluster"], "points")
        rests = resting(own["item_id"].n_unique(), own["rater_id"].n_unique(), own.height, basis)
        place = around(float(values[k]), max(float(low[k]), 0.0), float(high[k]))
        about: dict[str, Any] = {"method": method, "confidence": confidence, "over": over, "cautions": cautions}
        estimates[name] = Estimate(**place, **rests, **about)
    return Scores(
        table=table,
        differences=_differences(names, values, interval),
        by_category=_by_category(given.marks, points),
        by_rater=_by_rater(readings, lost, size, factor),
        estimates=estimates,
        crossed=_crossed(readings, names),
        unit=unit,
        cautions=cautions,
    )


def _points(marks: pl.DataFrame, weights: str | Mapping[str, float]) -> NDArray:
    """The points of each mark."""
    kinds = marks.select(pl.col("category", "severity").str.to_lowercase()).with_row_index("at")
    if weights == "given":
        found = {text: number(text) for text in kinds["severity"].unique()}
        points = [found[text] for text in kinds["severity"]]
    else:
        if isinstance(weights, str):
            BadOption.unless("weights", weights, [*WEIGHTS, "given"])
        named = WEIGHTS[weights] if isinstance(weights, str) else weights
        known = {k.lower(): check_amount(v, option=f"weights of {k}") for k, v in named.items()}
        rows = kinds.select("category", "severity").iter_rows()
        points = [known.get(f"{kind}: {severity}", known.get(severity)) for kind, severity in rows]
    missing = [at for at, value in enumerate(points) if value is None or value < 0]
    if missing:
        severities = sorted({marks["severity"][at] for at in missing})
        fix = "Give its points in `weights`, or read it as another severity (`values`)."
        raise InvalidData([Problem(f"severity {quoted(s)} has no weight", fix, option="weights") for s in severities])
    return np.array(points, float)


def _sizes(readings: pl.DataFrame, words: float | str | None) -> tuple[NDArray, str]:
    """What points are counted against, by reading, and its name."""
    if words is None and "words" not in readings.columns:
        return np.ones(readings.height), "points per text"
    if not (words is None or isinstance(words, str)):
        each = check_amount(words, option="words", above=True) / readings["item_id"].n_unique()
        return np.full(readings.height, each), "points per 100 words"
    name = words or "words"
    if name not in readings.columns:
        raise BadOption.of("words", name, readings.columns)
    size = readings[name].cast(pl.Float64, strict=False)
    if ((size > 0).fill_null(False)).not_().any():
        at = int(((size > 0).fill_null(False)).not_().arg_true()[0])
        what = f"{name} of item {quoted(readings['item_id'][at])} is {quoted(readings[name][at] or '')}"
        raise InvalidData([Problem(what, "Give the number of words of each text, 1 or more.", column=name)])
    return size.to_numpy(), "points per 100 words"


def few_documents(n: int) -> list[Caution]:
    """What to beware of where documents are few."""
    text = f"{n} documents: below {FEW_DOCUMENTS} the interval may be too short."
    return [Caution("few_documents", text)] if n < FEW_DOCUMENTS else []


def _interval(readings: pl.DataFrame, scores: Any, confidence: float) -> tuple[Any, Any, tuple[Caution, ...]]:
    """What makes the intervals of contrasts between systems, whom they cover, and cautions."""
    documents, raters = cluster_codes(readings["cluster"]), cluster_codes(readings["rater_id"])
    n_documents, n_raters = int(documents.max()) + 1, int(raters.max()) + 1
    if n_documents < 2:
        raise NotEstimable("all texts are of one document (`cluster`); an interval takes two or more", public=True)
    over, cautions = "items and raters", []
    if n_raters < FEW_RATERS:
        over, raters = "items", np.zeros_like(raters)
        cautions.append(for_the_items_only(n_raters))
    cautions += few_documents(n_documents)

    def interval(contrasts: NDArray, values: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        variances, df = two_way_variances(scores, documents, raters, contrasts)
        error = np.sqrt(variances)
        return error, *t_interval(values, error, df, confidence=confidence)

    return interval, over, tuple(cautions)


def _differences(names: list[str], values: NDArray, interval: Any) -> pd.DataFrame:
    """Each two systems, the better one first."""
    order = np.argsort(values, kind="stable")
    a, b = (order[side] for side in np.triu_indices(len(names), 1))
    contrasts = np.zeros((len(a), len(names)))
    contrasts[np.arange(len(a)), a], contrasts[np.arange(len(a)), b] = -1, 1
    saved = values[b] - values[a]
    _, low, high = interval(contrasts, saved)
    named = np.array(names, dtype=object)
    table = pd.DataFrame({"better": named[a], "worse": named[b], "difference": saved, "low": low, "high": high})
    return table.assign(clear=low > 0)


def _by_category(marks: pl.DataFrame, points: NDArray) -> pd.DataFrame:
    frame = marks.with_columns(pl.Series("points", points)).group_by("category", "severity")
    table = frame.agg(pl.len().cast(pl.Int64).alias("errors"), pl.col("points").sum()).to_pandas()
    table = table.assign(share=table["points"] / (table["points"].sum() or 1))
    order = ["points", "category", "severity"]
    return table.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _by_rater(readings: pl.DataFrame, lost: NDArray, size: NDArray, factor: float) -> pd.DataFrame:
    frame = readings.select("rater_id", "label", pl.Series("lost", lost), pl.Series("size", size)).group_by("rater_id")
    each = [pl.len().cast(pl.Int64).alias("readings"), pl.col("label").sum().cast(pl.Int64).alias("errors")]
    score = (factor * pl.col("lost").sum() / pl.col("size").sum()).alias("score")
    return frame.agg(*each, score).sort("score", "rater_id", descending=[True, False]).to_pandas()


def _crossed(readings: pl.DataFrame, names: list[str]) -> Estimate | NotEstimable:
    """The share of rater and document for which the rater read every system of the document."""
    if len(names) < 2:
        return NotEstimable("there is one system, so no rater reads several", public=True)
    of_document = pl.col("system").n_unique().over("cluster").alias("all")
    seen = (
        readings.with_columns(of_document)
        .group_by("cluster", "rater_id")
        .agg(pl.col("system").n_unique(), pl.col("all").first())
    )
    if int(seen["all"].max()) < 2:  # type: ignore[arg-type]
        return NotEstimable("no document has texts of two systems; name it in `cluster`", public=True)
    method = "share of rater and document for which the rater read every system; a count, without sampling error"
    basis = basis_of_arrays(readings["rater_id"], readings["cluster"], "documents read")
    rests = resting(readings["item_id"].n_unique(), readings["rater_id"].n_unique(), readings.height, basis)
    return Estimate.count(float((seen["system"] == seen["all"]).mean()), method=method, **rests)  # type: ignore[arg-type]
