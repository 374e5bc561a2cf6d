"""A programme that finds a gap in its guideline, adjudicates, amends, and looks again."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

ADJUDICATION_SCALE = ("poor", "fair", "good", "excellent")
_CLAUSES = ("2.1", "3.2", "4.1")
_STRICT = ("r01", "r02", "r03", "r04")
_SLIP = 0.10
_REASONS = {
    "2.1": "polite, names the next step",
    "4.1": "the source is named",
    "strict": "no refund date, so at most fair",
    "lenient": "no refund date, but it helps",
    "3.2": "no refund date: at most fair by the new sentence",
}


def adjudication_sample(seed: int = 20266) -> pd.DataFrame:
    """The sample of the adjudication loop; its truth is described in ``data/samples/README.md``.

    Eight raters judge 40 answers on each of three clauses under guideline 1.2
    and 40 others under 1.3, four raters an answer. Everybody slips one step
    once in ten labels. Under 1.2, clause 3.2 leaves a case open: r01 to r04
    read it as *fair*, the others as *good*. Under 1.3 it says *fair*. Between
    the versions an adjudicator decides every item of 1.2 on which raters differ.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``rated_at``, ``stage``,
        ``guideline``, ``comment``, ``clause``, ``cause``.

    Examples
    --------
    >>> made = adjudication_sample()
    >>> made.loc[made["stage"] == "label", "guideline"].value_counts().to_dict()
    {'1.2': 480, '1.3': 480}
    """
    rng = np.random.default_rng(seed)
    raters = [f"r{n:02d}" for n in range(1, 9)]
    rows, item = [], 0
    for version, day in (("1.2", date(2026, 9, 1)), ("1.3", date(2026, 10, 12))):
        for clause in _CLAUSES:
            for n in range(40):
                item += 1
                truth = 1 if clause == "3.2" else int(rng.choice(4, p=[0.15, 0.25, 0.4, 0.2]))
                at = (day + timedelta(days=n // 10)).isoformat()
                for who in rng.choice(raters, 4, replace=False):
                    open_case = clause == "3.2" and version == "1.2"
                    strict = who in _STRICT
                    meant = truth if strict or not open_case else 2
                    step = rng.choice([-1, 1]) if rng.random() < _SLIP else 0
                    said = int(np.clip(meant + step, 0, 3))
                    reason = _REASONS[("strict" if strict else "lenient") if open_case else clause]
                    rows.append((f"a{item:03d}", who, said, at, "label", version, reason, clause, "", truth))
    columns = ["item_id", "rater_id", "label", "rated_at", "stage", "guideline", "comment", "clause", "cause", "truth"]
    made = pd.DataFrame(rows, columns=columns)
    differs = made[made["guideline"] == "1.2"].groupby("item_id").filter(lambda g: len(set(g["label"])) > 1)
    decided = differs.drop_duplicates("item_id").assign(
        rater_id="adjudicator-1",
        stage="adjudication",
        label=lambda t: t["truth"],
        rated_at="2026-09-21",
        cause=lambda t: np.where(t["clause"] == "3.2", "guideline_gap", "rater_slip"),
        comment=lambda t: np.where(t["clause"] == "3.2", "No sentence says what a missing refund date costs.", ""),
    )
    whole = pd.concat([made, decided], ignore_index=True)
    return whole.assign(label=np.array(ADJUDICATION_SCALE)[whole["label"]]).drop(columns="truth")
