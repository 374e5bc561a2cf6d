"""Detectors: work too fast or too uniform, mistakes too alike, comments that look written elsewhere."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import special, stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import counted
from ..stats.discovery import adjusted_p_values

ALPHA = 0.05
PEOPLE = ("rater_id", "rater_a", "rater_b")
LEAST_JUDGMENTS, LEAST_RATERS, LEAST_STRATUM, LEAST_OTHERS = 15, 8, 20, 5
FAST, HALF = 1 / 3, 0.5
NO_SECONDS = "speeders need the column `seconds`"
LEAST_SHARED, LEAST_VOTES, PRIOR = 20, 3, 2.0
LEAST_COMMENTS, LEAST_WORDS, LONGEST = 8, 5, 2000
NEAR, COMMON, SHARE, OPENING = 0.7, 200, 0.3, 4
FASTEST = 10.0
FEATURES = ["near_duplicates", "same_opening", "fast_typing"]
NO_COMMENTS = "suspected model-written answers need the column `comment`"


@dataclass(frozen=True)
class Evidence:
    """What one detector found: a reason to look at work, never a verdict on a person.

    Attributes
    ----------
    detector : str
        ``speeders``, ``straight_liners``, ``copied`` or ``model_written``.
    table : pandas.DataFrame
        One row per person (``rater_id``) or per pair (``rater_a``, ``rater_b``)
        tested, with ``listed``, the strongest first.
    rule : str
        When a rater is listed, in one sentence.
    innocent : str
        What else produces the same figures.
    """

    detector: str
    table: pd.DataFrame
    rule: str
    innocent: str

    @property
    def listed(self) -> pd.DataFrame:
        """The rows that the rule lists."""
        return self.table[self.table["listed"]].reset_index(drop=True)

    @property
    def people(self) -> frozenset[str]:
        """Everybody on the list."""
        return people_of(self.listed)


def people_of(table: pd.DataFrame) -> frozenset[str]:
    """Everybody that a table of evidence names."""
    return frozenset(str(person) for column in PEOPLE if column in table for person in table[column])


def speeders(j: Judgments) -> Evidence:
    r"""Find raters whose usual time lies far below the others' on items like theirs.

    The log of ``seconds`` minus its median in the same locale and slice.
    Where the table has a column ``length``, a slope for the length of the item is taken off too. Each rater's median of
    that is set against all raters' medians by a robust score :math:`z = (m_r - med) / (1.4826\,MAD)`.
    Its lower tail is taken under a t distribution with raters - 1 degrees of freedom, adjusted for the number of
    raters. Listed where the adjusted p is at most .05 *and* the rater
    takes at most half the usual time.

    Parameters
    ----------
    j : Judgments
        One criterion, with ``seconds``.

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
    frame = as_judgments(j).people().one().frame
    if "seconds" not in frame.columns:
        raise NotEstimable(NO_SECONDS, public=True)
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
    m = table.pop("m")
    off = m - m.median()
    scale = max(stats.median_abs_deviation(m, scale="normal"), 0.05)
    table.insert(3, "ratio", np.exp(off))
    table["p_value"] = stats.t.cdf(off / scale, len(table) - 1)
    table["adjusted"] = adjusted_p_values(table["p_value"])
    table["listed"] = (table["adjusted"] <= ALPHA) & (table["ratio"] <= HALF)
    return Evidence(
        "speeders",
        table.sort_values(["p_value", "rater_id"], ignore_index=True),
        f"Listed: at most half the usual time on such items, and an adjusted p of at most {ALPHA:g}.",
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


def straight_liners(j: Judgments) -> Evidence:
    r"""Find raters with a run of one label longer than the shares of the labels explain.

    Judgments in the order of ``rated_at``, otherwise of the table. The chance
    :math:`p_k` of label k is a beta variable with the mean and the spread that the *other* raters of the same locales
    show.
    Where these are fewer than five, all others count.
    So no rater is listed for being lenient in a team whose leniency differs.
    The price: where it differs much, a run of 20 in 60 judgments is not listed either.
    Where it does not differ, a rater with one label only is listed. The
    expected number of runs at least as long as the longest,
    :math:`\sum_k \mathrm{E}[p_k^L + (n-L)(1-p_k)p_k^L]`, bounds the p value
    from above; it is adjusted for the number of raters.

    Parameters
    ----------
    j : Judgments
        One criterion.

    Returns
    -------
    Evidence
        ``rater_id``, ``n``, ``run`` (the longest), ``usual_run`` (the longest
        that would be no surprise), ``entropy`` of the rater's labels and
        ``usual_entropy`` in bits, ``p_value``, ``adjusted``, ``listed``.

    Raises
    ------
    NotEstimable
        If fewer than six raters have 15 judgments, or there is one label.

    Examples
    --------
    >>> rows = [(i, f"r{r}", "xyz"[(i * 7 + i // 3 + r) % 3] if r else "x") for r in range(6) for i in range(40)]
    >>> straight_liners(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).people
    frozenset({'r0'})
    """
    frame = as_judgments(j).people().one().frame
    if "rated_at" in frame.columns:
        frame = frame.sort("rated_at", maintain_order=True)
    if frame["label"].n_unique() < 2:
        raise NotEstimable("all raters gave the same label, so a run of it means nothing")
    codes = pl.Series("k", pd.factorize(frame["label"].to_numpy())[0])
    frame = frame.with_columns(_stratum(frame, "locale").alias("s"), codes)
    n_labels = frame["label"].n_unique()
    parts = {rater[0]: part for rater, part in frame.group_by("rater_id", maintain_order=True)}
    parts = {rater: part for rater, part in parts.items() if len(part) >= LEAST_JUDGMENTS}
    if len(parts) < LEAST_OTHERS + 1:
        reason = f"{counted(len(parts), 'rater')} with {LEAST_JUDGMENTS} judgments; what is usual takes six"
        raise NotEstimable(reason)
    given = np.stack([np.bincount(part["k"].to_numpy(), minlength=n_labels) for part in parts.values()])
    places = [set(part["s"].unique()) for part in parts.values()]
    rows = []
    for at, (rater, part) in enumerate(parts.items()):
        labels = part["k"].to_numpy()
        others = np.array([n != at for n in range(len(parts))])
        near = others & np.array([bool(place & places[at]) for place in places])
        a, b = spread_of_shares(given[near if near.sum() >= LEAST_OTHERS else others])
        ends = np.flatnonzero(np.diff(labels)) + 1
        run = int(np.diff([0, *ends, len(labels)]).max())
        expected = expected_runs(a, b, len(labels))
        bits = (float(stats.entropy(shares, base=2)) + 0.0 for shares in (given[at], a / (a + b)))
        rows.append((rater, len(labels), run, int((expected > 0.05).sum()), *bits, min(expected[run - 1], 1.0)))
    table = pd.DataFrame(rows, columns=["rater_id", "n", "run", "usual_run", "entropy", "usual_entropy", "p_value"])
    table["adjusted"] = adjusted_p_values(table["p_value"])
    table["listed"] = table["adjusted"] <= ALPHA
    return Evidence(
        "straight_liners",
        table.sort_values(["p_value", "rater_id"], ignore_index=True),
        f"Listed: a run of one label so long that its adjusted p is at most {ALPHA:g}.",
        "Items sorted by topic or by expected answer, a queue of one kind, a default the tool fills in.",
    )


def spread_of_shares(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the beta variable of each label's share by moments, from counts of raters by labels; chance taken out."""
    n = given.sum(axis=1)
    mean = (given.sum(axis=0) + 0.5) / (n.sum() + 0.5 * given.shape[1])
    chance = mean * (1 - mean)
    between = ((given / n[:, None] - mean) ** 2).sum(axis=0) / (len(n) - 1) - chance * (1 / n).mean()
    worth = chance / np.clip(between, 1e-6 * chance, 0.95 * chance) - 1
    return mean * worth, (1 - mean) * worth


def expected_runs(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """Compute the expected number of runs of length L or more, for L from 1 to n, in n draws whose chances are beta."""
    length, whole = np.arange(1, n + 1)[:, None], special.betaln(a, b)
    power, ended = (np.exp(special.betaln(a + length, b + end) - whole) for end in (0, 1))
    return (power + (n - length) * ended).sum(axis=1)


def _stratum(frame: pl.DataFrame, *columns: str) -> pl.Expr:
    """Locale or slice of a judgment, as far as the table has them."""
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in columns if c in frame.columns]
    return pl.concat_str(parts, separator="\x1f") if parts else pl.lit("")


def copied(j: Judgments) -> Evidence:
    r"""Find pairs whose identical mistakes are too many for raters of their accuracy on these items.

    Two good raters agree because both are right; only shared *mistakes* tell.
    An item's reference is gold, otherwise the label of a strict majority of at
    least three raters. For a pair a, b and an item i the chance of the same wrong label is :math:`e_{ai} e_{bi} \sum_l
    s_{il}^2`.
    It takes each rater's error rate moved by the item's difficulty on the logit scale, and how the wrong answers on
    such an item concentrate.
    Difficulty and concentration come from the *other* raters of the item, drawn towards the average item by two
    pseudo-judgments. Their sum is scaled up where all pairs together share more
    mistakes than expected, and the number seen is set against a Poisson
    distribution with that mean. P values are adjusted for the number of pairs.

    Parameters
    ----------
    j : Judgments
        One criterion.

    Returns
    -------
    Evidence
        ``rater_a``, ``rater_b``, ``n`` (shared items with a reference), ``agreement``,
        ``same_mistakes``, ``expected``, ``p_value``, ``adjusted``, ``listed``.
        Who copied from whom, and whether one person used both accounts, it
        cannot say.

    Raises
    ------
    NotEstimable
        If no pair shares 20 items with a reference, or no rater made a mistake.

    References
    ----------
    Angoff (1974), Journal of the American Statistical Association 69, 44-49,
    for counts of identical wrong answers; Benjamini and Yekutieli (2001). Power
    and false alarms are simulated in ``benchmarks/study_workforce.py``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> labels = {f"r{r}": np.where(rng.random(80) < .75, 0, rng.integers(1, 4, 80)) for r in range(6)}
    >>> labels["r5"] = labels["r4"]
    >>> rows = [(i, r, x, "0") for r, given in labels.items() for i, x in enumerate(given)]
    >>> evidence = copied(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> evidence.listed[["rater_a", "rater_b"]].to_numpy().tolist()
    [['r4', 'r5']]
    """
    raters, label, wrong, key = _matrices(as_judgments(j).people())
    there = (label >= 0).astype(float)
    pairs = np.argwhere(np.triu(there @ there.T >= LEAST_SHARED, 1))
    if not len(pairs):
        raise NotEstimable(f"no two raters share {LEAST_SHARED} items with gold or a majority")
    if not wrong.any():
        raise NotEstimable("no rater made a mistake, and right answers that agree show nothing")
    rows = [(*raters[pair], *figures) for pair, figures in zip(pairs, _alike(label, wrong, key, pairs), strict=True)]
    table = pd.DataFrame(rows, columns=["rater_a", "rater_b", "n", "agreement", "same_mistakes", "expected"])
    table["expected"] *= max(table["same_mistakes"].sum() / max(table["expected"].sum(), 1e-9), 1.0)
    table["p_value"] = stats.poisson.sf(table["same_mistakes"] - 1, table["expected"])
    table["adjusted"] = adjusted_p_values(table["p_value"])
    table["listed"] = table["adjusted"] <= ALPHA
    return Evidence(
        "copied",
        table.sort_values(["p_value", "rater_a", "rater_b"], ignore_index=True),
        f"Listed: so many identical mistakes that the p adjusted for {len(pairs):,} pairs is at most {ALPHA:g}.",
        "The same wrong training note, the same trainer, gold that is wrong, a clause two people read alike.",
    )


def _matrices(j: Judgments) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Raters; raters by units: label codes (-1 is none) and whether wrong; each unit's reference code."""
    frame = j.one().frame
    keys = [c for c in ("item_id", "round") if c in frame.columns]
    unit = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in keys], separator="\x1f").alias("unit")
    text = pl.col("label").cast(pl.String)
    frame = frame.select(unit, "rater_id", text)
    votes = frame.group_by("unit", "label").agg(pl.len().alias("n"))
    total = pl.col("n").sum().over("unit")
    won = votes.filter((pl.col("n") * 2 > total) & (total >= LEAST_VOTES)).select("unit", key="label")
    voted = frame.join(won, on="unit").with_columns(ok=pl.col("label") == pl.col("key"))
    try:
        gold = j.marked("gold").select(unit, "rater_id", text, key="gold", ok="right")
    except NotEstimable:
        gold = voted.clear()
    usable = pl.concat([gold, voted.join(gold, on="unit", how="anti")]).sort("unit", "rater_id")
    if usable.is_empty():
        raise NotEstimable("no item has gold, and none was judged by three raters with a majority")
    columns = ("rater_id", "unit", "label", "key")
    codes = (pd.factorize(usable[column].to_numpy(), sort=True) for column in columns)
    (r, raters), (u, units), (given, _), (right, _) = codes
    label, key = np.full((len(raters), len(units)), -1), np.zeros(len(units), int)
    label[r, u], key[u] = given, right
    wrong = np.zeros(label.shape, bool)
    wrong[r, u] = ~usable["ok"].to_numpy()
    return np.asarray(raters), label, wrong, key


def _alike(label: NDArray, wrong: NDArray, key: NDArray, pairs: NDArray) -> Iterator[tuple[int, float, int, float]]:
    """Of each pair the shared items, the share alike, the identical mistakes and how many of these to expect.

    Expected from the error rates of the two and from the items' other raters.
    """
    there, n_labels = label >= 0, int(label.max()) + 1
    n_item, w_item = there.sum(axis=0), wrong.sum(axis=0)
    overall = np.clip(wrong.sum() / there.sum(), 1e-3, 1 - 1e-3)
    rate = special.logit((wrong.sum(axis=1) + PRIOR * overall) / (there.sum(axis=1) + PRIOR))
    r, u = np.nonzero(wrong)
    by_key, mistakes = np.zeros((key.max() + 1, n_labels)), np.zeros((len(key), n_labels))
    np.add.at(by_key, (key[u], label[r, u]), 1.0)
    np.add.at(mistakes, (u, label[r, u]), 1.0)
    everywhere = (by_key.sum(axis=0) + 1e-9) / (by_key.sum() + 1e-9 * n_labels)
    base = (by_key + PRIOR * everywhere) / (by_key.sum(axis=1, keepdims=True) + PRIOR)
    for pair in pairs:
        both = np.flatnonzero(there[pair].all(axis=0))
        given, slips = label[np.ix_(pair, both)], wrong[np.ix_(pair, both)]
        w = w_item[both] - slips.sum(axis=0)
        shift = special.logit((w + PRIOR * overall) / (n_item[both] - 2 + PRIOR)) - special.logit(overall)
        left = mistakes[both]
        who, item = np.nonzero(slips)
        np.add.at(left, (item, given[who, item]), -1.0)
        share = (left + PRIOR * base[key[both]]) / (left.sum(axis=1, keepdims=True) + PRIOR)
        chance = special.expit(rate[pair][:, None] + shift).prod(axis=0)
        alike = given[0] == given[1]
        same = int((alike & slips.all(axis=0)).sum())
        yield len(both), float(alike.mean()), same, float((chance * (share**2).sum(axis=1)).sum())


def model_written(j: Judgments) -> Evidence:
    """Find raters whose comments repeat others', open alike, and come faster than people type.

    Three features, each a share of the rater's comments of five words or more:

    - ``near_duplicates``: another *rater's* comment holds at least 70% of the
      same three-word sequences (intersection over union), or is the same;
    - ``same_opening``: it opens with the four words with which this rater
      opens most often, where that happens more than once;
    - ``fast_typing``: more than ten characters a second of ``seconds``.

    Listed where two of the three reach 30% on at least eight comments. No feature shows that a model wrote anything,
    and a classifier that claims to is not used here.
    People who write in a second language, by dictation, from a phrase list or with a screen reader have the same marks.

    Parameters
    ----------
    j : Judgments
        One criterion, with ``comment``; ``seconds`` for the third feature.

    Returns
    -------
    Evidence
        ``rater_id``, ``n`` (comments), the three shares, ``features`` (how
        many reach 30%), ``listed``.

    Raises
    ------
    NotEstimable
        Without ``comment``, or if no rater has eight comments of five words.

    Examples
    --------
    >>> said = "The response is accurate and addresses the question about item"
    >>> rows = [(i, r, "x", f"{said} {i}" if r in "pq" else f"{r} wrote line {i} on {i * 7} things that day", 5)
    ...         for r in "pqst" for i in range(10)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "comment", "seconds"])
    >>> sorted(model_written(j).people)
    ['p', 'q']
    """
    frame = as_judgments(j).people().one().frame
    if "comment" not in frame.columns:
        raise NotEstimable(NO_COMMENTS, public=True)
    frame = frame.drop_nulls("comment")
    seconds = frame["seconds"].to_numpy() if "seconds" in frame.columns else np.nan
    said = pd.DataFrame({"rater_id": frame["rater_id"], "text": frame["comment"].str.slice(0, LONGEST)})
    words = [tuple(re.findall(r"\w+", text.lower())) for text in said["text"]]
    said = said.assign(words=pd.Series(words, dtype=object), seconds=seconds)
    said = said[said["words"].str.len() >= LEAST_WORDS].reset_index(drop=True)
    repeated, timed = _near_duplicates(said["words"], said["rater_id"]), said["seconds"] > 0
    fast = (said["text"].str.len() / said["seconds"] > FASTEST).astype(float).where(timed)
    said = said.assign(repeated=said.index.isin(repeated), fast=fast, opening=said["words"].str[:OPENING])
    each = said.groupby("rater_id")
    table = each.agg(n=("words", "size"), near_duplicates=("repeated", "mean"), fast_typing=("fast", "mean"))
    usual = said.groupby(["rater_id", "opening"]).size().groupby("rater_id").max()
    table.insert(2, "same_opening", (usual / table["n"]).where(usual > 1))
    table = table[table["n"] >= LEAST_COMMENTS].fillna(0.0).reset_index()
    if table.empty:
        raise NotEstimable(f"no rater has {LEAST_COMMENTS} comments of {LEAST_WORDS} words or more")
    table["features"] = (table[FEATURES] >= SHARE).sum(axis=1)
    table["listed"] = table["features"] >= 2
    order = ["features", "near_duplicates", "rater_id"]
    return Evidence(
        "model_written",
        table.sort_values(order, ascending=[False, False, True], ignore_index=True),
        f"Listed: two of three features reach {SHARE:.0%} of at least {LEAST_COMMENTS} comments.",
        "A phrase list or template the guideline asks for, dictation, autocorrect, a second language, a screen reader.",
    )


def _near_duplicates(comments: pd.Series, raters: pd.Series) -> set[int]:
    """Positions of the comments that another rater's comment repeats, whole or nearly."""
    by_text: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for n, words in enumerate(comments):
        by_text[words].append(n)
    texts = list(by_text)
    whose = [{raters[n] for n in by_text[t]} for t in texts]
    repeated = {t for t, who in enumerate(whose) if len(who) > 1}
    shingles = [frozenset(zip(t, t[1:], t[2:], strict=False)) for t in texts]
    where: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for t, grams in enumerate(shingles):
        for gram in grams:
            where[gram].append(t)
    for t, grams in enumerate(shingles):
        common = Counter(other for gram in grams if len(where[gram]) <= COMMON for other in where[gram])
        for other, n in common.items():
            alike = n / (len(grams) + len(shingles[other]) - n)
            if other != t and alike >= NEAR and whose[t] != whose[other]:
                repeated.add(t)
    return {n for t in repeated for n in by_text[texts[t]]}
