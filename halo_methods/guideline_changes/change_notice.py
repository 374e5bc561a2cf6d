"""The notice of a change for raters in five languages with its check, and its answers in a file of their own."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ..documents import Model, Text, load, read
from ..rubric.renders import InMarket, Ready, escaped, pages
from ..standards import number
from .change_rules import KINDS, RULES, normal
from .rubric_versions import RubricChange, RubricComparison, unlike

HERE = Path(__file__).parent
ITEMS, SHOWN = 5, 2
NAMES_LABELS = ("criteria.*.labels", "criteria.*.labels.*", "criteria.*.passes")
TEXT = ("text",)
NAMED_BY_TEXT = ("escalation", "out_of_scope", "steps")


class _Wording(Model):
    languages: dict[Text, dict[Text, Text | list[Text] | dict[Text, Text]]]


WORDING: dict[str, dict[str, Any]] = load(_Wording, {"languages": read(HERE / "notice_wording.yml").content}).languages


class _Case(NamedTuple):
    """One criterion of one example, as the raters of a market see it."""

    criterion: str
    question: str
    shown: str
    label: str
    before: str
    why: str
    choices: list[str]
    changed: bool
    edge: bool


def change_notices(comparison: RubricComparison, *, effective: datetime | None = None) -> dict[str, str]:
    """Write the notice of a change for each market and in five languages, and the answers to its check.

    The notice follows ``data/templates/amendment_notice.md``. What only a person knows (hours, channel, day of the
    check) stands as a blank. Rubric texts appear in the market's language where the rubric has them.

    Parameters
    ----------
    comparison : RubricComparison
        As `compare_rubrics` gives it.
    effective : datetime, optional
        The moment from which the version binds; its clock time and offset are a blank otherwise.

    Returns
    -------
    dict of str to str
        File name to Markdown: a notice for raters, and answers for the linguist lead alone.

    Examples
    --------
    >>> from halo_methods.guideline_changes import compare_rubrics
    >>> from halo_methods.rubric import read_rubric
    >>> old = read_rubric(Path("data/rubrics/search_relevance.yml"))
    >>> files = change_notices(compare_rubrics(old, old.model_copy(update={"version": "1.1", "unit": "conversation"})))
    >>> [name for name in files if "fr" in name]
    ['search-relevance-1.1.fr-FR.notice.md', 'search-relevance-1.1.fr-FR.answers.md']
    """
    new, files = comparison.new, {}
    targets: list[tuple[str, str | None]] = [(_language(market), market) for market in new.markets]
    targets += [(language, None) for language in WORDING if language not in [one for one, market in targets]]
    for language, market in targets:
        given = _given(comparison, language, market, effective)
        for kind in ("notice", "answers") if given["check"] else ("notice",):
            text = pages(HERE, escaped).get_template(f"{kind}.md.j2").render(given)
            text = re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"
            files[f"{new.name}-{new.version}.{market or language}.{kind}.md"] = text
    return files


def _language(market: str) -> str:
    """The wording for a market; English where there is none in its language.

    >>> _language("de-AT"), _language("ja-JP")
    ('de', 'en')
    """
    return next((one for one in WORDING if one.split("-")[0] == market.split("-")[0]), "en")


def _given(of: RubricComparison, language: str, market: str | None, effective: datetime | None) -> dict[str, Any]:
    """What the templates say for one market."""
    t, new = WORDING[language], InMarket(of.new, market)
    seen = [c for c in of.changes if c.kind != "editorial" and (market is None or market in c.markets)]
    kind = max((c.kind for c in seen), key=KINDS.index, default=None)
    if kind and of.kind not in {c.kind for c in of.changes}:  # a change note declares more than the files show
        kind = of.kind
    listed = [c for c in seen if RULES[c.rule].called]
    touched = {name for c in seen for name in c.criteria}
    otherwise, as_before, check = _chosen(_cases(of, new), touched) if kind else ([], [], [])
    notes = [one for one in of.notes if kind]
    told = [one.markets.get(market or "", one) for one in notes]
    where = [m for m in of.new.markets if any(m in c.markets for c in seen)]
    rests = [one.name for one in of.new.criteria if one.name not in touched]
    numbers = {f: f"{number(f'RUB-031.{kind}_{f}'):g}" for f in ("items", "right")} if kind in KINDS[1:3] else {}
    day = effective.date() if effective else of.new.effective
    names = {"weekday": t["weekdays"][day.weekday()], "month": t["months"][day.month - 1], "year": day.year}
    names["day"] = t["first"] if day.day == 1 else day.day
    return {
        "t": {key: Ready(said) if isinstance(said, str) else said for key, said in t.items()},
        "r": of.new, "market": market, "day": t["date"].format(**names),
        "versions": t["versions"].format(old=of.old.version, new=of.new.version),
        "clock": f"{effective:%H:%M} (UTC{effective.isoformat()[-6:]})" if effective else Ready(t["clock"]),
        "markets": market or (t["every"] if len(where) == len(of.new.markets) else ", ".join(where)),
        "kind": kind and t["kinds"][kind], "note": " ".join(one.note for one in told) or Ready(t["blank"]),
        "why": " ".join(one.why for one in told if one.why) or Ready(t["blank"]),
        "rows": [_row(c, new, of, t) for c in listed],
        "examples": t["examples"].format(n=len(seen) - len(listed)) if len(seen) > len(listed) else "",
        "stays": t["stays_criteria"].format(names=", ".join(rests)) if rests else t["stays_all"],
        "todo": Ready(t["todo"][kind].format(**numbers)) if kind else "",
        "otherwise": otherwise, "as_before": as_before, "check": check,
        "items_here": t["items_here" if numbers else "exam_here"].format(
            here=len(check), fresh=sum(case.changed for case in check), **numbers
        ),
        "no_example": not any(case.before for case in otherwise),
        "english": language != "en" and any(market not in one.markets for one in notes),
    }  # fmt: skip


def _row(c: RubricChange, new: InMarket, of: RubricComparison, t: dict[str, Any]) -> tuple[str, str, str]:
    """Where a change is, what stood there and what stands there, in the words of the market."""
    names = [part for part, star in zip(c.place, c.rule.split("."), strict=True) if star == "*" and part != new.market]
    names = [] if c.place[0] in NAMED_BY_TEXT else names
    inside = c.place[0] == "criteria" and len(c.place) > 2
    if inside:
        names[1:] = [new.shown(names[0], name) for name in names[1:]]
    where = [*names[:inside], t["called"][RULES[c.rule].called], *names[inside:]]
    sides = [c.before, c.after]
    if c.rule in NAMES_LABELS and c.change not in ("added", "removed"):
        old = InMarket(of.old, new.market if new.market in of.old.markets else None)
        join = " < " if c.change == "reordered" else ", "
        for n, side in enumerate((old, new) if c.change in ("renamed", "merged", "split") else (new, new)):
            sides[n] = join.join(side.shown(c.place[1], name) for name in sides[n].split(join))
    before, after = unlike(*sides)
    return ", ".join(where), before, after


def _judged(side: InMarket) -> Iterator[tuple[str, str, str, str, bool, bool]]:
    """Each label of an anchor or a worked example: criterion, label, what is judged, why, edge, of another market."""
    for criterion in side.rubric.criteria:
        for label in criterion.labels:
            for anchor in side.own(label.anchors):
                foreign, edge = anchor.market not in (None, side.market), anchor.not_label is not None
                yield criterion.name, label.name, normal(anchor.text, TEXT), anchor.why, edge, foreign
    for example in side.own(side.rubric.examples):
        shown = " · ".join(f"{field}: {normal(text, TEXT)}" for field, text in example.item.items())
        for name, judged in example.labels.items():
            foreign, edge = example.market not in (None, side.market), example.kind != "easy"
            yield name, judged.label, shown, judged.why, edge, foreign


def _cases(of: RubricComparison, new: InMarket) -> Iterator[_Case]:
    """The labels of the new version's examples with those that they had; of other markets only where there are few."""
    old = InMarket(of.old, new.market if new.market in of.old.markets else None)
    was = {(name, shown): label for name, label, shown, *_ in _judged(old)}
    judged = list(_judged(new))
    own = [one for one in judged if not one[-1]]
    for name, label, shown, why, edge, _ in own if len(own) > ITEMS else judged:
        before = was.get((name, shown))
        changed = before is None or of.labels.get(name, {}).get(before) != label
        choices = [new.shown(name, one) for one in new.labels(name)]
        said = old.shown(name, before) if before and changed else ""
        question = new.rubric.criterion(name).question
        yield _Case(name, question, shown, new.shown(name, label), said, why, choices, changed, edge)


def _chosen(cases: Iterable[_Case], touched: set[str]) -> tuple[list[_Case], list[_Case], list[_Case]]:
    """What the notice shows with its label, and what the check asks: no text in both, one in five untouched."""
    fresh, near, far = list[_Case](), list[_Case](), list[_Case]()
    for case in sorted(cases, key=lambda case: (not case.before, not case.edge)):
        (fresh if case.changed else near if case.criterion in touched else far).append(case)
    used = set[str]()

    def take(pool: list[_Case], n: int) -> list[_Case]:
        new = list({case.shown: case for case in reversed(pool) if case.shown not in used}.values())[::-1][:n]
        used.update(case.shown for case in new)
        return new

    otherwise, as_before = take(fresh, SHOWN if len(fresh) > ITEMS else 1), take(near + far, 1)
    check = take(fresh, ITEMS - 1)
    check += take(near, ITEMS - 1 - len(check))
    check += take(far + near, ITEMS - len(check))
    return otherwise, as_before, sorted(check, key=lambda case: case.shown)
