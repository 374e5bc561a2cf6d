"""Speeders and straight-liners: work faster, or more uniform, than the items explain."""

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..stats.checks import check_probability
from ..stats.discovery import adjusted_p_values
from .evidence import ALPHA, Evidence

LEAST_JUDGMENTS, LEAST_RATERS, LEAST_STRATUM = 15, 8, 20
FAST, HALF = 1 / 3, 0.5
NO_SECONDS = "speeders need the column `seconds`"


def speeders(j: Judgments, *, alpha: float = ALPHA) -> Evidence:
    r"""Find raters whose usual time lies far below the others' on items like theirs.

    The log of ``seconds`` less its median in the same locale and slice, and
    less a slope for the length of the item where the table has a column
    ``length``. Each rater's median of that is set against all raters' medians:
    a robust score :math:`z = (m_r - med) / (1.4826\,MAD)`, its lower tail under
    a t distribution with raters - 1 degrees of freedom, adjusted for the number
    of raters. Listed where the adjusted p is at most ``alpha`` *and* the rater
    takes at most half the usual time.

    Parameters
    ----------
    j : Judgments
        One criterion, with ``seconds``.
    alpha : float
        Bar of the adjusted p value.

    Returns
    -------
    Evidence
        ``rater_id``, ``n``, ``seconds`` (median), ``ratio`` (to the usual time
        on such items), ``fast_share`` (judgments below a third of it),
        ``p_value``, ``adjusted``, ``listed``.

    Raises
    ------
    NotEstimable
        Without ``seconds``, or with fewer than eight raters of 15 timed judgments.

    Examples
    --------
    >>> rows = [(i, f"r{r}", "x", (4 if r == 9 else 20 + r) + i % 5) for r in range(10) for i in range(30)]
    >>> speeders(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds"])).people
    frozenset({'r9'})
    """
    check_probability(alpha, option="alpha", open_ends=True)
    frame = as_judgments(j).people().one().frame
    if "seconds" not in frame.columns:
        raise NotEstimable(NO_SECONDS, public=NO_SECONDS)
    timed = frame.filter(pl.col("seconds") > 0).with_columns(
        pl.col("seconds").log().alias("x"), _stratum(frame, "locale", "slice").alias("s")
    )
    small = pl.len().over("s") < LEAST_STRATUM
    timed = timed.with_columns(pl.when(small).then(pl.lit("\x00")).otherwise(pl.col("s")).alias("s"))
    timed = timed.with_columns(_for_length(timed).alias("x"))
    timed = timed.with_columns((pl.col("x") - pl.col("x").median().over("s")).alias("x"))
    fast = (pl.col("x") < np.log(FAST)).mean().alias("fast_share")
    each = timed.group_by("rater_id").agg(
        pl.len().alias("n"), pl.col("seconds").median(), pl.col("x").median().alias("m"), fast
    )
    table = each.filter(pl.col("n") >= LEAST_JUDGMENTS).to_pandas()
    if len(table) < LEAST_RATERS:
        raise NotEstimable(
            f"{len(table)} raters have {LEAST_JUDGMENTS} timed judgments; what is usual takes {LEAST_RATERS}"
        )
    middle = table["m"].median()
    scale = max(1.4826 * float((table["m"] - middle).abs().median()), 0.05)
    table["ratio"] = np.exp(table["m"] - middle)
    table["p_value"] = stats.t.cdf((table["m"] - middle) / scale, len(table) - 1)
    table["adjusted"] = adjusted_p_values(table["p_value"])
    table["listed"] = (table["adjusted"] <= alpha) & (table["ratio"] <= HALF)
    shown = ["rater_id", "n", "seconds", "ratio", "fast_share", "p_value", "adjusted", "listed"]
    return Evidence(
        "speeders",
        table[shown].sort_values(["p_value", "rater_id"], ignore_index=True),
        f"Listed: at most half the usual time on such items, and an adjusted p of at most {alpha:g}.",
        "Keyboard shortcuts, long experience, items read before the clock starts, a tool that stops the clock.",
    )


def _for_length(timed: pl.DataFrame) -> pl.Series:
    """Log seconds with the part that the length of the item explains taken off."""
    x = timed["x"]
    if "length" not in timed.columns:
        return x
    size = timed["length"].cast(pl.Float64, strict=False).to_numpy()
    log = np.log(np.where(size > 0, size, np.nan))
    there = np.isfinite(log)
    if there.sum() < LEAST_STRATUM or np.nanstd(log) < 1e-9:
        return x
    both = pd.DataFrame({"x": x.to_numpy(), "y": np.where(there, log, np.nanmean(log)), "s": timed["s"].to_numpy()})
    inner = both[["x", "y"]] - both.groupby("s")[["x", "y"]].transform("median")
    spread = float((inner["y"] ** 2).sum())
    slope = float(np.clip((inner["x"] * inner["y"]).sum() / spread, 0, 1)) if spread > 0 else 0.0
    return pl.Series("x", both["x"].to_numpy() - slope * (both["y"] - both["y"].mean()).to_numpy())


def straight_liners(j: Judgments, *, alpha: float = ALPHA) -> Evidence:
    r"""Find raters with a run of one label longer than the shares of the labels explain.

    Judgments in the order of ``rated_at``, otherwise of the table. The chance
    of label k is the mean of the rater's own share and everybody else's in the
    same locale, so that a lenient rater is not listed for being lenient and a
    rater with one label only still is. The expected number of runs at least as
    long as the longest, :math:`\sum_k p_k^L + (n-L)(1-p_k)p_k^L`, bounds the p
    value from above; it is adjusted for the number of raters.

    Parameters
    ----------
    j : Judgments
        One criterion.
    alpha : float
        Bar of the adjusted p value.

    Returns
    -------
    Evidence
        ``rater_id``, ``n``, ``run`` (the longest), ``usual_run`` (the longest
        that would be no surprise), ``entropy`` of the rater's labels and
        ``usual_entropy`` in bits, ``p_value``, ``adjusted``, ``listed``.

    Raises
    ------
    NotEstimable
        If fewer than three raters have 15 judgments, or there is one label.

    Examples
    --------
    >>> rows = [(i, f"r{r}", "xyz"[(i * 7 + i // 3 + r) % 3] if r else "x") for r in range(6) for i in range(40)]
    >>> straight_liners(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).people
    frozenset({'r0'})
    """
    check_probability(alpha, option="alpha", open_ends=True)
    frame = as_judgments(j).people().one().frame
    if "rated_at" in frame.columns:
        frame = frame.sort("rated_at", maintain_order=True)
    if frame["label"].n_unique() < 2:
        raise NotEstimable("everybody gave one and the same label, so a run of it means nothing")
    codes = pl.Series("k", pd.factorize(frame["label"].to_numpy())[0])
    frame = frame.with_columns(_stratum(frame, "locale").alias("s"), codes)
    n_labels = frame["label"].n_unique()
    pooled = {s[0]: np.bincount(part["k"].to_numpy(), minlength=n_labels) for s, part in frame.group_by("s")}
    rows = []
    for (rater,), part in frame.group_by("rater_id", maintain_order=True):
        labels = part["k"].to_numpy()
        if len(labels) < LEAST_JUDGMENTS:
            continue
        own = np.bincount(labels, minlength=n_labels)
        rest = sum(pooled[s] for s in part["s"].unique()) - own
        usual = rest / rest.sum() if rest.sum() else own / own.sum()
        p = (own / own.sum() + usual) / 2
        ends = np.flatnonzero(np.diff(labels)) + 1
        run = int(np.diff([0, *ends, len(labels)]).max())
        expected = expected_runs(p, len(labels))
        bits = _bits(own / own.sum()), _bits(usual)
        rows.append((rater, len(labels), run, int((expected > 0.05).sum()), *bits, min(expected[run - 1], 1.0)))
    if len(rows) < 3:
        raise NotEstimable(f"{len(rows)} raters have {LEAST_JUDGMENTS} judgments; what is usual takes three")
    table = pd.DataFrame(rows, columns=["rater_id", "n", "run", "usual_run", "entropy", "usual_entropy", "p_value"])
    table["adjusted"] = adjusted_p_values(table["p_value"])
    table["listed"] = table["adjusted"] <= alpha
    return Evidence(
        "straight_liners",
        table.sort_values(["p_value", "rater_id"], ignore_index=True),
        f"Listed: a run of one label so long that its adjusted p is at most {alpha:g}.",
        "Items sorted by topic or by expected answer, a queue of one kind, a default the tool fills in.",
    )


def expected_runs(p: np.ndarray, n: int) -> np.ndarray:
    """Compute the expected number of runs of length L or more in n draws with chances p, for L from 1 to n."""
    length = np.arange(1, n + 1)[:, None]
    power = p[None, :] ** length
    return (power + (n - length) * (1 - p) * power).sum(axis=1)


def _stratum(frame: pl.DataFrame, *columns: str) -> pl.Expr:
    """Locale or slice of a judgment, as far as the table has them."""
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in columns if c in frame.columns]
    return pl.concat_str(parts, separator="\x1f") if parts else pl.lit("")


def _bits(p: np.ndarray) -> float:
    there = p[p > 0]
    return float(-(there * np.log2(there)).sum()) + 0.0
