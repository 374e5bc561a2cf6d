"""A cohort of 24 new raters: questions and practice in two rounds, then an exam; three are not ready."""

from typing import Any

import numpy as np
import pandas as pd

SEED = 20269
LABELS = ("unsolved", "partly", "solved")
SECTIONS = ("purpose", "guideline", "scale", "hard", "escalation", "care", "integrity", "certification")
QUESTIONS = 2
BAD_SECTION, BAD_ITEM = "escalation", "support-answer-en/P8"
KINDS = {"easy": 0.95, "edge": 0.85, "trap": 0.75}
FIRST, AFTER = 0.9, 0.97  # of a question, before and after its rationale
UNREADY = {"R-05": 0.76, "R-13": 0.8, "R-21": 0.66}  # accuracy in the exam, or after the rationale where there is none
READY = 0.985
NO_EXAM = ("R-06", "R-12", "R-18", "R-21", "R-24")
EXAM_ITEMS, PASS_MARK, POOL = 56, 53, 120


def chances() -> pd.DataFrame:
    """Return each item of the practice with its chance of a right answer, first and after its rationale.

    >>> chances().query("item_id == 'escalation-1'")[["first", "after"]].to_numpy().tolist()
    [[0.4, 0.97]]
    """
    rows = [
        (f"{section}-{n}", "check", section, "check", 0.4 if section == BAD_SECTION else FIRST, AFTER)
        for section in SECTIONS
        for n in range(1, QUESTIONS + 1)
    ]
    for n in range(12):
        item, kind = f"support-answer-en/P{n + 1}", tuple(KINDS)[n // 4]
        after = 0.35 if item == BAD_ITEM else AFTER
        rows.append((item, "solves", "practice", kind, 0.4 if item == BAD_ITEM else KINDS[kind], after))
    return pd.DataFrame(rows, columns=["item_id", "criterion", "section", "kind", "first", "after"])


def sample(seed: int = SEED) -> pd.DataFrame:
    """Draw the sample: 16 questions and 12 practice items in two rounds, and up to two exams of 56 items.

    >>> sample().shape
    (2520, 10)
    """
    rng = np.random.default_rng(seed)
    practice = chances()
    practice["gold"] = [*rng.choice(["a", "b", "c"], len(SECTIONS) * QUESTIONS), *(LABELS * 4)]
    parts = []
    for number in range(1, 25):
        rater = f"R-{number:02d}"
        for round_number, when in ((1, "first"), (2, "after")):
            chance = practice[when].to_numpy()
            if round_number == 2 and rater in UNREADY and rater in NO_EXAM:
                chance = chance * UNREADY[rater]
            parts.append(_answers(practice, chance, rater, round_number, f"2027-03-0{round_number}", rng))
        parts += [] if rater in NO_EXAM else _exams(rater, UNREADY.get(rater, READY), rng)
    frame = pd.concat(parts, ignore_index=True)
    columns = ["rater_id", "item_id", "criterion", "label", "gold", "section", "kind", "seconds", "rated_at", "round"]
    return frame[columns]


def truth() -> dict[str, Any]:
    """Return what was planted: the item whose rationale does not teach, the section, and who is not ready.

    >>> truth()["bad_section"]
    'escalation'
    """
    return {"bad_item": BAD_ITEM, "bad_section": BAD_SECTION, "unready": list(UNREADY), "no_exam": list(NO_EXAM)}


def _answers(
    items: pd.DataFrame, chance: Any, rater: str, round_number: int, day: str, rng: np.random.Generator
) -> pd.DataFrame:
    """One rater's answers; a wrong one to the bad item is the label below its gold, any other is at random."""
    right = rng.random(len(items)) < chance
    labels = []
    for item, gold, correct in zip(items["item_id"], items["gold"], right, strict=True):
        scale = LABELS if gold in LABELS else ("a", "b", "c")
        other = scale[scale.index(gold) - 1] if item == BAD_ITEM else rng.choice([x for x in scale if x != gold])
        labels.append(gold if correct else other)
    seconds = np.exp(rng.normal(3.2, 0.4, len(items))).round().astype(int)
    return items.assign(rater_id=rater, label=labels, seconds=seconds, rated_at=f"{day}T09:00:00Z", round=round_number)


def _exams(rater: str, accuracy: float, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Attempts at the exam on items that do not return, a second one only after a failed first; R-13 has sat one."""
    drawn = rng.permutation(POOL) + 1
    made = []
    for attempt in (1, 2):
        ids = [f"exam-{n:03d}" for n in drawn[(attempt - 1) * EXAM_ITEMS : attempt * EXAM_ITEMS]]
        items = pd.DataFrame({"item_id": ids, "criterion": "solves", "section": "exam", "kind": "exam"})
        items["gold"] = [LABELS[int(name[-3:]) % 3] for name in ids]
        made.append(_answers(items, accuracy, rater, attempt, f"2027-03-1{attempt}", rng))
        if rater == "R-13" or (made[-1]["label"] == made[-1]["gold"]).sum() >= PASS_MARK:
            break
    return made


SAMPLES = {"onboarding": sample}
