"""The samples of the workforce chapter: four vendors whose truth is known, and a baseline of honest work."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .calibration import CALIBRATION_SCALE
from .raters import Rater, label

WEEKS, GOLD_A_WEEK, LIVE_A_WEEK = 4, 10, 4
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ACCURACY = {"north": 0.93, "south": 0.74, "west": 0.92, "east": 0.90}
PRICE = {"north": 0.30, "south": 0.26, "west": 0.28, "east": 0.27}
LATE = {"north": 0.02, "south": 0.03, "west": 0.15, "east": 0.02}
TEAM = {"north": 8, "south": 7, "west": 3, "east": 6}
SPEEDER, COPIES_FROM, COPIES, MODELS = "n04", "s03", "s07", ("e02", "e05")
SLICES = ("billing", "returns")
LIMIT_MINUTES = 3.0
OVER_LIMIT = ("e01", "2026-03-18")
OPTED_OUT = ("n02", "2026-03-16T00Z")
_PACE = {"billing": 28.0, "returns": 41.0}
_OPEN = ("the answer", "this reply", "agent text", "it", "here the reply", "the second part", "my reading: it",
         "the refund line", "closing sentence", "the whole reply")  # fmt: skip
_VERB = ("gives", "leaves out", "gets right", "only half covers", "repeats", "misreads", "names clearly", "forgets",
         "explains well", "mixes up")  # fmt: skip
_WHAT = ("the date", "the form to send", "who pays postage", "the order number", "the deadline", "the amount due",
         "the contact hours", "what was asked", "the second question", "the account step")  # fmt: skip
_TAIL = ("so clause 2 applies", "tone is fine", "rest is ok", "user must ask again", "see clause 3.1", "a bit long",
         "but polite", "no source given", "otherwise complete", "hard to follow")  # fmt: skip


@dataclass(frozen=True)
class Worker:
    """One person of the sample and what is true of them."""

    rater: Rater
    locale: str
    pace: float
    accommodation: str


def workforce_team(seed: int = 20266) -> list[Worker]:
    """Who works in the sample: 24 people of four vendors.

    Examples
    --------
    >>> team = workforce_team()
    >>> len(team), [w.rater.rater_id for w in team if w.pace < 0.3]
    (24, ['n04'])
    """
    rng = np.random.default_rng(seed)
    team = []
    for vendor, size in TEAM.items():
        for number in range(1, size + 1):
            name = f"{vendor[0]}{number:02d}"
            accuracy = float(np.clip(ACCURACY[vendor] + rng.normal(0, 0.02), 0.5, 0.99))
            place = "pt-BR" if vendor == "east" else ("de-DE", "fr-FR")[number % 2]
            pace = float(np.exp(rng.normal(0, 0.12))) * (0.18 if name == SPEEDER else 1.0)
            special = {"n02": "keyboard only", "s02": "keyboard only", "e04": "keyboard only", "w01": "extra time"}
            team.append(Worker(Rater(name, accuracy, vendor=vendor), place, pace, special.get(name, "")))
    return team


def workforce_sample(seed: int = 20266) -> pd.DataFrame:
    """The sample of the workforce chapter; its truth is described in ``data/samples/README.md``.

    In each of four weeks everybody judges the ten gold items of their locale
    and four live items; a quarter of the live items is audited, a fifth reviewed.

    Returns
    -------
    pandas.DataFrame
        One row a judgment, of the stages label, audit and review.

    Examples
    --------
    >>> workforce_sample()["stage"].unique().tolist()
    ['label', 'audit', 'review']
    """
    rng = np.random.default_rng(seed + 1)
    locales = ("de-DE", "fr-FR", "pt-BR")
    gold = {p: rng.choice(4, size=WEEKS * GOLD_A_WEEK, p=[0.15, 0.25, 0.4, 0.2]) for p in locales}
    parts: list[pd.DataFrame] = []
    checks: list[tuple[dict[str, Any], int]] = []
    answers: dict[str, NDArray] = {}
    for worker in workforce_team(seed):
        name = worker.rater.rater_id
        rows: list[dict[str, Any]] = []
        given = label(gold[worker.locale], np.zeros(WEEKS * GOLD_A_WEEK), worker.rater, 4, rng)
        if name == COPIES:
            given = np.where(rng.random(given.size) < 0.95, answers[COPIES_FROM], given)
        answers[name] = given
        live = rng.choice(4, size=WEEKS * LIVE_A_WEEK, p=[0.15, 0.25, 0.4, 0.2])
        said = label(live, np.zeros(live.size), worker.rater, 4, rng)
        for week in range(WEEKS):
            jobs = [(f"{worker.locale[:2]}{i:02d}", gold[worker.locale][i], given[i], True)
                    for i in range(week * GOLD_A_WEEK, (week + 1) * GOLD_A_WEEK)]  # fmt: skip
            jobs += [(f"{name}-{i:02d}", live[i], said[i], False)
                     for i in range(week * LIVE_A_WEEK, (week + 1) * LIVE_A_WEEK)]  # fmt: skip
            rows += _session(worker, week, [jobs[i] for i in rng.permutation(len(jobs))], rng)
        frame = pd.DataFrame(rows)
        frame["comment"] = _comments(len(frame), rng, name in MODELS)
        if name in MODELS:
            frame["seconds"] = frame["seconds"].where(frame["comment"] == "", frame["seconds"].clip(upper=6))
        parts.append(frame)
        for place, row in enumerate(rows):
            if row["gold"] == "" and place % 20 < 9:
                checks.append((row, live[int(row["item_id"][-2:])]))
    made = pd.concat([*parts, _checked(checks, rng)], ignore_index=True)
    made["opt_out"] = np.where(made["rater_id"] == OPTED_OUT[0], OPTED_OUT[1], "")
    return made.fillna({"accommodation": "", "comment": ""})


def workforce_items_sample(seed: int = 20266) -> pd.DataFrame:
    """The items table of the workforce sample: which items distress, and how.

    Gold distresses nobody; of the live items about half do. The queue counts
    each person's minutes and stops at `LIMIT_MINUTES` a day, reviewers and auditors
    included, and routes nothing more to who opted out. It fails twice: on one
    person's day (`OVER_LIMIT`), and with one item after an opt-out (`OPTED_OUT`).

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``harm`` (none, violence, self-harm), a row an item.

    Examples
    --------
    >>> workforce_items_sample()["harm"].value_counts().to_dict()
    {'none': 289, 'violence': 127, 'self-harm': 88}
    """
    rng = np.random.default_rng(seed + 3)
    sample = workforce_sample(seed)
    live = sample[~sample["item_id"].isin(sample.loc[sample["gold"] != "", "item_id"])].assign(
        day=lambda t: t["rated_at"].str[:10]
    )
    names = live["item_id"].unique()
    drawn = rng.choice(["none", "violence", "self-harm"], len(names), p=[0.4, 0.35, 0.25])
    kinds = dict(zip(names, drawn, strict=True))
    labels = live[live["stage"] == "label"].sort_values(["rated_at", "item_id"])
    mine = labels["rater_id"] == OPTED_OUT[0]
    gone = labels.loc[mine & (labels["rated_at"] >= OPTED_OUT[1]), "item_id"].tolist()
    forced = set(labels.loc[(labels["rater_id"] == OVER_LIMIT[0]) & (labels["day"] == OVER_LIMIT[1]), "item_id"])
    kinds |= dict.fromkeys(gone[1:], "none") | dict.fromkeys([*sorted(forced), gone[0]], "violence")
    minutes: dict[tuple[str, str], float] = {}
    seen = {item: rows[["rater_id", "day", "seconds"]].to_numpy().tolist() for item, rows in live.groupby("item_id")}
    for item in [*sorted(forced), gone[0], *(i for i in labels["item_id"] if i not in forced and i != gone[0])]:
        days = {(r, d): minutes.get((r, d), 0.0) + s / 60 for r, d, s in seen[item]}
        if kinds[item] != "none" and (item in forced or max(days.values()) <= LIMIT_MINUTES):
            minutes |= days
        else:
            kinds[item] = "none"
    items = sample["item_id"].drop_duplicates()
    return pd.DataFrame({"item_id": items, "harm": [kinds.get(i, "none") for i in items]})


def _session(
    worker: Worker, week: int, jobs: list[tuple[str, int, int, bool]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    vendor = worker.rater.vendor
    now = START + timedelta(days=7 * week + int(rng.integers(0, 5)), minutes=int(rng.integers(0, 400)))
    rows = []
    for item, truth, given, is_gold in jobs:
        kind = SLICES[int(item[-2:]) % 2]
        seconds = max(round(_PACE[kind] * worker.pace * float(np.exp(rng.normal(0, 0.35)))), 2)
        now += timedelta(seconds=seconds + int(rng.integers(3, 40)))
        late = rng.random() < LATE[vendor]
        due = (now + timedelta(days=-1 if late else 2)).replace(hour=18, minute=0, second=0)
        rows.append({
            "item_id": item, "rater_id": worker.rater.rater_id, "label": CALIBRATION_SCALE[given],
            "gold": CALIBRATION_SCALE[truth] if is_gold else "", "vendor": vendor, "locale": worker.locale,
            "slice": kind, "stage": "label", "rated_at": f"{now:%Y-%m-%dT%H:%MZ}", "due": f"{due:%Y-%m-%dT%HZ}",
            "seconds": seconds, "cost": PRICE[vendor], "accommodation": worker.accommodation})  # fmt: skip
    return rows


def _comments(count: int, rng: np.random.Generator, model: bool) -> list[str]:
    """A comment on every sixth judgment; those of the two who use one model are alike."""
    made = []
    for n in range(count):
        if n % 6:
            made.append("")
        elif model:
            made.append(f"The response is accurate, relevant and fully addresses the question of the user ({n})")
        else:
            made.append(" ".join(str(rng.choice(part)) for part in (_OPEN, _VERB, _WHAT, _TAIL)))
    return made


def _checked(checks: list[tuple[dict[str, Any], int]], rng: np.random.Generator) -> pd.DataFrame:
    """Audits and reviews of live items, by people who are right."""
    rows = []
    for n, (row, truth) in enumerate(checks):
        stage = "audit" if n % 2 else "review"
        rows.append({
            "item_id": row["item_id"], "rater_id": f"q{1 + n % 3}", "label": CALIBRATION_SCALE[truth], "gold": "",
            "vendor": "house", "locale": row["locale"], "slice": row["slice"], "stage": stage,
            "rated_at": row["rated_at"],
            "due": "", "seconds": int(rng.integers(30, 90)), "cost": 0.6})  # fmt: skip
    return pd.DataFrame(rows).sort_values("stage", kind="stable")


def workforce_honest_sample(seed: int = 20267) -> pd.DataFrame:
    """Work known to be honest: 78 people under supervision, 24 gold items a locale.

    Sixteen of them work with the keyboard only and somewhat faster.

    Examples
    --------
    >>> made = workforce_honest_sample()
    >>> made["rater_id"].nunique(), int((made["accommodation"] != "").sum()) // 24
    (78, 16)
    """
    rng = np.random.default_rng(seed)
    locales = ("de-DE", "fr-FR", "pt-BR")
    gold = {p: rng.choice(4, size=24, p=[0.15, 0.25, 0.4, 0.2]) for p in locales}
    rows = []
    for number in range(78):
        place, keyboard = locales[number % 3], number < 16
        accuracy = float(np.clip(0.88 + rng.normal(0, 0.05), 0.5, 0.99))
        pace = float(np.exp(rng.normal(-0.15 if keyboard else 0, 0.15)))
        given = label(gold[place], np.zeros(24), Rater(f"h{number}", accuracy), 4, rng)
        for i in rng.permutation(24):
            kind = SLICES[i % 2]
            seconds = max(round(_PACE[kind] * pace * float(np.exp(rng.normal(0, 0.35)))), 2)
            talk = " ".join(str(rng.choice(part)) for part in (_OPEN, _VERB, _WHAT, _TAIL)) if i % 3 == 0 else ""
            rows.append({
                "item_id": f"{place[:2]}h{i:02d}", "rater_id": f"h{number:02d}", "label": CALIBRATION_SCALE[given[i]],
                "gold": CALIBRATION_SCALE[gold[place][i]], "locale": place, "slice": kind, "seconds": seconds,
                "accommodation": "keyboard only" if keyboard else "", "comment": talk})  # fmt: skip
    return pd.DataFrame(rows)
