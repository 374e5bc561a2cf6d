"""Comments that look written elsewhere: three plain features, each explained."""

import re
from collections import Counter, defaultdict

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from .evidence import Evidence

LEAST_COMMENTS, LEAST_WORDS, LONGEST = 8, 5, 2000
NEAR, COMMON, SHARE, OPENING = 0.7, 200, 0.3, 4
FASTEST = 10.0
FEATURES = ["near_duplicates", "same_opening", "fast_typing"]
NO_COMMENTS = "suspected model-written answers need the column `comment`"


def model_written(j: Judgments) -> Evidence:
    """Find raters whose comments repeat others', open alike, and come faster than people type.

    Three features, each a share of the rater's comments of five words or more:

    - ``near_duplicates``: another *rater's* comment holds at least 70% of the
      same three-word sequences (intersection over union), or is the same;
    - ``same_opening``: it opens with the four words with which this rater
      opens most often, where that happens more than once;
    - ``fast_typing``: more than ten characters a second of ``seconds``.

    Listed where two of the three reach 30% on at least eight comments. No
    feature shows that a model wrote anything, and a classifier that claims to
    is not used here: people who write in a second language, by dictation, from
    a phrase list or with a screen reader have the same marks.

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
        raise NotEstimable(NO_COMMENTS, public=NO_COMMENTS)
    frame = frame.filter(pl.col("comment").is_not_null())
    words = [tuple(re.findall(r"\w+", text[:LONGEST].lower())) for text in frame["comment"]]
    long = [n for n, w in enumerate(words) if len(w) >= LEAST_WORDS]
    raters = frame["rater_id"].to_list()
    if not long or max(Counter(raters[n] for n in long).values()) < LEAST_COMMENTS:
        raise NotEstimable(f"no rater has {LEAST_COMMENTS} comments of {LEAST_WORDS} words or more")
    seconds = frame["seconds"].to_list() if "seconds" in frame.columns else [None] * frame.height
    repeated = _near_duplicates({n: words[n] for n in long}, raters)
    openings: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for n in long:
        openings[raters[n]][words[n][:OPENING]] += 1
    rows = []
    for rater in sorted({raters[n] for n in long}):
        mine = [n for n in long if raters[n] == rater]
        if len(mine) < LEAST_COMMENTS:
            continue
        usual = openings[rater].most_common(1)[0][1]
        timed = [(len(frame["comment"][n][:LONGEST]), s) for n in mine if (s := seconds[n])]
        fast = sum(size / s > FASTEST for size, s in timed)
        shares = (
            sum(n in repeated for n in mine) / len(mine),
            usual / len(mine) if usual > 1 else 0.0,
            fast / len(timed) if timed else 0.0,
        )
        rows.append((rater, len(mine), *shares))
    table = pd.DataFrame(rows, columns=["rater_id", "n", *FEATURES])
    table["features"] = (table[FEATURES] >= SHARE).sum(axis=1)
    table["listed"] = table["features"] >= 2
    order = ["features", "near_duplicates", "rater_id"]
    return Evidence(
        "model_written",
        table.sort_values(order, ascending=[False, False, True], ignore_index=True),
        f"Listed: two of three features reach {SHARE:.0%} of at least {LEAST_COMMENTS} comments.",
        "A phrase list or template the guideline asks for, dictation, autocorrect, a second language, a screen reader.",
    )


def _near_duplicates(words: dict[int, tuple[str, ...]], raters: list[str]) -> set[int]:
    """Comments that another rater's comment repeats, whole or nearly."""
    by_text: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for n, w in words.items():
        by_text[w].append(n)
    texts = list(by_text)
    whose = [{raters[n] for n in by_text[t]} for t in texts]
    repeated = {t for t, who in enumerate(whose) if len(who) > 1}
    shingles = [frozenset(zip(t, t[1:], t[2:], strict=False)) for t in texts]
    where: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for t, grams in enumerate(shingles):
        for gram in grams:
            where[gram].append(t)
    for t, grams in enumerate(shingles):
        common: Counter[int] = Counter()
        for gram in grams:
            if len(where[gram]) <= COMMON:
                common.update(where[gram])
        for other, n in common.items():
            alike = n / (len(grams) + len(shingles[other]) - n)
            if other != t and alike >= NEAR and (whose[t] | whose[other]) != (whose[t] & whose[other]):
                repeated.add(t)
    return {n for t in repeated for n in by_text[texts[t]]}
