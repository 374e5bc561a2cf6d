"""Four vendors whose truth is known, the items they saw, and a baseline of honest work."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .raters import QUALITY, Rater, label

WEEKS, GOLD_A_WEEK, LIVE_A_WEEK = 4, 10, 4
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ACCURACY = {"north": 0.93, "south": 0.74, "west": 0.92, "east": 0.90}
PRICE = {"north": 0.30, "south": 0.26, "west": 0.28, "east": 0.27}
LATE = {"north": 0.02, "south": 0.03, "west": 0.15, "east": 0.02}
TEAM = {"north": 8, "south": 7, "west": 3, "east": 6}
SPEEDER, COPIES_FROM, COPIES, MODELS = "n04", "s03", "s07", ("e02", "e05")
COPY_SHARE = 0.95
BIDDERS = {"arden": 0.95, "birch": 0.83}
TRIAL_TEAM, TRIAL_PRICE = 8, {"arden": 0.30, "birch": 0.26}
SLICES = ("billing", "returns")
LIMIT_MINUTES = 3.0
OVER_LIMIT = ("e01", "2026-03-18")
OPTED_OUT = ("n02", "2026-03-16T00Z")
_PACE = {"billing": 28.0, "returns": 41.0}
_OPEN = [
    "the answer",
    "this reply",
    "agent text",
    "it",
    "here the reply",
    "the second part",
    "my reading: it",
    "the refund line",
    "closing sentence",
    "the whole reply",
]
_VERB = [
    "gives",
    "leaves out",
    "gets right",
    "only half covers",
    "repeats",
    "misreads",
    "names clearly",
    "forgets",
    "explains well",
    "mixes up",
]
_WHAT = [
    "the date",
    "the form to send",
    "who pays postage",
    "the order number",
    "the deadline",
    "the amount due",
    "the contact hours",
    "what was asked",
    "the second question",
    "the account step",
]
_TAIL = [
    "so clause 2 applies",
    "tone is fine",
    "rest is ok",
    "user must ask again",
    "see clause 3.1",
    "a bit long",
    "but polite",
    "no source given",
    "otherwise complete",
    "hard to follow",
]


@dataclass(frozen=True)
class Person:
    """A person of the sample and what is true of them."""

    rater: Rater
    locale: str
    pace: float
    accommodation: str


def team(seed: int = 20266) -> list[Person]:
    """Return who works in the sample: 24 people of four vendors.

    >>> len(team()), [p.rater.rater_id for p in team() if p.pace < 0.3]
    (24, ['n04'])
    """
    rng = np.random.default_rng(seed)
    people = []
    for vendor, size in TEAM.items():
        for number in range(1, size + 1):
            name = f"{vendor[0]}{number:02d}"
            accuracy = float(np.clip(ACCURACY[vendor] + rng.normal(0, 0.02), 0.5, 0.99))
            place = "pt-BR" if vendor == "east" else ("de-DE", "fr-FR")[number % 2]
            pace = float(np.exp(rng.normal(0, 0.12))) * (0.18 if name == SPEEDER else 1.0)
            special = {"n02": "keyboard only", "s02": "keyboard only", "e04": "keyboard only", "w01": "extra time"}
            people.append(Person(Rater(name, accuracy, vendor=vendor), place, pace, special.get(name, "")))
    return people


def sample(seed: int = 20266) -> pd.DataFrame:
    """Draw the log, one row per judgment, of the stages label, audit and review.

    In each of four weeks everybody judges the ten gold items of their locale
    and four live items; a quarter of the live items is audited, a fifth reviewed.

    >>> sample()["stage"].unique().tolist()
    ['label', 'audit', 'review']
    """
    rng = np.random.default_rng(seed + 1)
    locales = ("de-DE", "fr-FR", "pt-BR")
    gold = {p: rng.choice(4, size=WEEKS * GOLD_A_WEEK, p=[0.15, 0.25, 0.4, 0.2]) for p in locales}
    parts: list[pd.DataFrame] = []
    checks: list[tuple[dict[str, Any], int]] = []
    answers: dict[str, NDArray] = {}
    for person in team(seed):
        name = person.rater.rater_id
        rows: list[dict[str, Any]] = []
        given = label(gold[person.locale], np.zeros(WEEKS * GOLD_A_WEEK), person.rater, 4, rng)
        if name == COPIES:
            given = np.where(rng.random(given.size) < COPY_SHARE, answers[COPIES_FROM], given)
        answers[name] = given
        live = rng.choice(4, size=WEEKS * LIVE_A_WEEK, p=[0.15, 0.25, 0.4, 0.2])
        said = label(live, np.zeros(live.size), person.rater, 4, rng)
        for week in range(WEEKS):
            jobs = [
                (f"{person.locale[:2]}{i:02d}", gold[person.locale][i], given[i], True)
                for i in range(week * GOLD_A_WEEK, (week + 1) * GOLD_A_WEEK)
            ]
            jobs += [
                (f"{name}-{i:02d}", live[i], said[i], False)
                for i in range(week * LIVE_A_WEEK, (week + 1) * LIVE_A_WEEK)
            ]
            rows += _session(person, week, [jobs[i] for i in rng.permutation(len(jobs))], rng)
        frame = pd.DataFrame(rows)
        frame["comment"] = _comments(len(frame), rng, name in MODELS)
        if name in MODELS:
            frame["seconds"] = frame["seconds"].where(frame["comment"] == "", frame["seconds"].clip(upper=6))
        parts.append(frame)
        for place, row in enumerate(rows):
            if row["gold"] == "" and place % 20 < 9:
                checks.append((row, live[int(row["item_id"][-2:])]))
    log = pd.concat([*parts, _checked(checks, rng)], ignore_index=True)
    log["opt_out"] = np.where(log["rater_id"] == OPTED_OUT[0], OPTED_OUT[1], "")
    return log.fillna({"accommodation": "", "comment": ""})


def items_sample(seed: int = 20266) -> pd.DataFrame:
    """Draw the items table: which items distress, and how.

    Gold distresses nobody; of the live items about half do. The queue counts
    each person's minutes and stops at `LIMIT_MINUTES` a day, reviewers and auditors
    included, and routes nothing more to who opted out. It fails twice: on one
    person's day (`OVER_LIMIT`), and with one item after an opt-out (`OPTED_OUT`).

    >>> items_sample()["harm"].value_counts().to_dict()
    {'none': 289, 'violence': 127, 'self-harm': 88}
    """
    rng = np.random.default_rng(seed + 3)
    log = sample(seed)
    live = log[~log["item_id"].isin(log.loc[log["gold"] != "", "item_id"])].assign(day=lambda t: t["rated_at"].str[:10])
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
    items = log["item_id"].drop_duplicates()
    return pd.DataFrame({"item_id": items, "harm": [kinds.get(i, "none") for i in items]})


def _session(
    person: Person, week: int, jobs: list[tuple[str, int, int, bool]], rng: np.random.Generator
) -> list[dict[str, Any]]:
    vendor = person.rater.vendor
    now = START + timedelta(days=7 * week + int(rng.integers(0, 5)), minutes=int(rng.integers(0, 400)))
    rows = []
    for item, truth, given, is_gold in jobs:
        kind = SLICES[int(item[-2:]) % 2]
        seconds = max(round(_PACE[kind] * person.pace * float(np.exp(rng.normal(0, 0.35)))), 2)
        now += timedelta(seconds=seconds + int(rng.integers(3, 40)))
        late = rng.random() < LATE[vendor]
        due = (now + timedelta(days=-1 if late else 2)).replace(hour=18, minute=0, second=0)
        rows.append(
            {
                "item_id": item,
                "rater_id": person.rater.rater_id,
                "label": QUALITY[given],
                "gold": QUALITY[truth] if is_gold else "",
                "vendor": vendor,
                "locale": person.locale,
                "slice": kind,
                "stage": "label",
                "rated_at": f"{now:%Y-%m-%dT%H:%MZ}",
                "due": f"{due:%Y-%m-%dT%HZ}",
                "seconds": seconds,
                "cost": PRICE[vendor],
                "accommodation": person.accommodation,
            }
        )
    return rows


def _comments(count: int, rng: np.random.Generator, model: bool) -> list[str]:
    """A comment on every sixth judgment; those of the two who use one model are alike."""
    comments = []
    for n in range(count):
        if n % 6:
            comments.append("")
        elif model:
            comments.append(f"The response is accurate, relevant and fully addresses the question of the user ({n})")
        else:
            comments.append(" ".join(str(rng.choice(part)) for part in (_OPEN, _VERB, _WHAT, _TAIL)))
    return comments


def _checked(checks: list[tuple[dict[str, Any], int]], rng: np.random.Generator) -> pd.DataFrame:
    """Audits and reviews of live items, by people who are right."""
    rows = []
    for n, (row, truth) in enumerate(checks):
        stage = "audit" if n % 2 else "review"
        rows.append(
            {
                "item_id": row["item_id"],
                "rater_id": f"q{1 + n % 3}",
                "label": QUALITY[truth],
                "gold": "",
                "vendor": "house",
                "locale": row["locale"],
                "slice": row["slice"],
                "stage": stage,
                "rated_at": row["rated_at"],
                "due": "",
                "seconds": int(rng.integers(30, 90)),
                "cost": 0.6,
            }
        )
    return pd.DataFrame(rows).sort_values("stage", kind="stable")


def honest_sample(seed: int = 20267) -> pd.DataFrame:
    """Draw work known to be honest: 78 people under supervision, 24 gold items per locale.

    Sixteen of them work with the keyboard only and somewhat faster.

    >>> log = honest_sample()
    >>> log["rater_id"].nunique(), int((log["accommodation"] != "").sum()) // 24
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
            rows.append(
                {
                    "item_id": f"{place[:2]}h{i:02d}",
                    "rater_id": f"h{number:02d}",
                    "label": QUALITY[given[i]],
                    "gold": QUALITY[gold[place][i]],
                    "locale": place,
                    "slice": kind,
                    "seconds": seconds,
                    "accommodation": "keyboard only" if keyboard else "",
                    "comment": talk,
                }
            )
    return pd.DataFrame(rows)


def bidders_sample(seed: int = 20270, means: dict[str, float] | None = None, items: int = 60) -> pd.DataFrame:
    """Draw a paid trial: two bidders with eight raters each, who all judge the same gold items.

    >>> bidders_sample().shape
    (960, 6)
    """
    rng = np.random.default_rng(seed)
    truth, harder = rng.choice(3, items, p=[0.3, 0.3, 0.4]), rng.choice([0.0, 0.15], items, p=[0.8, 0.2])
    scale, rows = ("unsolved", "partly", "solved"), []
    for vendor, mean in (means or BIDDERS).items():
        for number in range(1, TRIAL_TEAM + 1):
            rater = Rater(f"{vendor}-{number}", float(np.clip(rng.normal(mean, 0.02), 0, 1)), vendor=vendor)
            given = label(truth, harder, rater, 3, rng)
            for item, (said, gold) in enumerate(zip(given, truth, strict=True), start=1):
                rows.append((f"t{item:02d}", rater.rater_id, scale[said], scale[gold], vendor, TRIAL_PRICE[vendor]))
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor", "cost"])


def truth() -> dict[str, Any]:
    """Return the people, the mean accuracy of each vendor, and who does what should be found.

    >>> truth()["copies"]
    {'rater': 's07', 'of': 's03', 'share': 0.95}
    """
    people = [
        {"rater_id": p.rater.rater_id, "vendor": p.rater.vendor, "locale": p.locale, "accuracy": p.rater.accuracy}
        for p in team()
    ]
    quality = {v: float(np.mean([p["accuracy"] for p in people if p["vendor"] == v])) for v in sorted(TEAM)}
    return {
        "people": people,
        "quality": quality,
        "late": LATE,
        "copies": {"rater": COPIES, "of": COPIES_FROM, "share": COPY_SHARE},
        "speeder": SPEEDER,
        "model_written": MODELS,
        "limit_minutes": LIMIT_MINUTES,
        "over_limit": OVER_LIMIT,
        "opted_out": OPTED_OUT,
        "bidders": BIDDERS,
    }


SAMPLES = {
    "workforce": sample,
    "workforce_items": items_sample,
    "workforce_honest": honest_sample,
    "workforce_bidders": bidders_sample,
}
