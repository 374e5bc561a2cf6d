"""Two versions of a rubric compared by what they mean: the kind of each change, and which judgments stay comparable."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import pandas as pd

from ..errors import BadOption
from ..results import Caution, counted
from ..rubric import Finding, Rubric, read_rubric
from ..rubric.renders import InMarket
from ..rubric.rubric_model import Change, Criterion
from ..standards import number
from .change_rules import BOTH, COMPARABLE, KINDS, NO, RULES, YES, Difference, Kind, Place, differences, normal, tree

ANEW = "work out earlier results anew from the labels"
MAIN = ("text", "question", "means", "definition", "sees", "consequence", "difference", "when", "what", "item",
        "guideline", "label", "note")  # fmt: skip
REWORDED = ("question", "means", "is_not", "definition", "test", "when", "difference")


class RubricChange(NamedTuple):
    """One change between two versions of a rubric.

    Attributes
    ----------
    place : tuple of str
        Where, from the file's first key on; an entry of a list by its name or text.
    rule : str
        The place as ``change_rules.yml`` writes it.
    change : str
        added, removed, changed, reordered, renamed, merged or split.
    before, after : str
        What stood there, and what stands there; empty where nothing does.
    kind, comparable, first : str
        Its kind, whether earlier judgments compare with later ones, and what is done to them first.
    criteria, markets : tuple of str
        Whose labels it may move, and whose raters see it.
    """

    place: Place
    rule: str
    change: str
    before: str
    after: str
    kind: Kind
    comparable: str
    first: str
    criteria: tuple[str, ...]
    markets: tuple[str, ...]


class _Example(NamedTuple):
    name: str
    market: str | None


def _moves(old: Criterion, new: Criterion) -> dict[str, list[str]]:
    """For each old label those that took its place: it, the one of the same meaning, or those that hold its anchors."""

    def texts(label: Any) -> set[str]:
        return {normal(anchor.text, ("text",)) for anchor in label.anchors}

    made = {}
    for label in old.labels:
        fresh = [one for one in new.labels if one.name not in old.names]
        holds = [one.name for one in (fresh if label.name in new.names else new.labels) if texts(one) & texts(label)]
        same = [one.name for one in fresh if normal(one.means) == normal(label.means)]
        made[label.name] = [label.name, *holds] if label.name in new.names else same[:1] or holds
    return made


def _renamed(held: dict[str, Any], labels: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What a rubric holds with other names of labels, wherever they stand."""
    for one in held["criteria"]:
        to = labels.get(one["name"], {})
        one["passes"] = to.get(one["passes"], one["passes"])
        for label in one["labels"]:
            label["name"] = to.get(label["name"], label["name"])
            for anchor in label["anchors"]:
                anchor["not_label"] = to.get(anchor["not_label"], anchor["not_label"])
    for example in held["examples"]:
        for name, judged in example["labels"].items():
            judged["label"] = labels.get(name, {}).get(judged["label"], judged["label"])
    for variant in held["markets"].values():
        for name, shown in variant["labels"].items():
            variant["labels"][name] = {labels.get(name, {}).get(label, label): said for label, said in shown.items()}
    return held


class _Pair:
    """Two versions of a rubric, the labels of the old one brought to the names of the new."""

    def __init__(self, old: Rubric, new: Rubric) -> None:
        self.old, self.new = old, new
        self.labels: dict[str, dict[str, str]] = {}
        self.settled: list[tuple[str, str]] = []
        self.shown: dict[Place, dict[str, tuple[str, ...]]] = {}
        self.special = list(self._relabelled())
        known = {change.version for change in old.changes}
        self.sides = []
        for held in (_renamed(old.model_dump(mode="json"), self.labels), new.model_dump(mode="json")):
            earlier = [note for note in held["changes"] if note["version"] in known or not _later(note["version"], old)]
            held["changes"] = {note["version"]: _whole(note) for note in earlier}
            for key in ("name", "version", *["effective"] * (old.version != new.version)):
                del held[key]
            self.sides.append(tree(held))
            for criterion, label in self.settled:
                self.sides[-1]["criteria"].get(criterion, {}).get("labels", {}).pop(label, None)

    def _relabelled(self) -> Iterator[Difference]:
        """Labels that were renamed, merged or split."""
        rule, now = "criteria.*.labels.*", {one.name: one for one in self.new.criteria}
        for one in (one for one in self.old.criteria if one.name in now):
            moves, mapped = _moves(one, now[one.name]), self.labels.setdefault(one.name, {})
            at = ("criteria", one.name, "labels")
            for label, targets in moves.items():
                if len(targets) > 1:
                    own = [to for to in dict.fromkeys([label, *targets]) if to == label or to not in one.names]
                    self.settled += [(one.name, to) for to in own]
                    yield Difference((*at, label), rule, "split", label, ", ".join(targets))
            for target in dict.fromkeys(targets[0] for targets in moves.values() if len(targets) == 1):
                sources = [label for label, targets in moves.items() if targets == [target]]
                mapped |= dict.fromkeys(sources, target)
                if len(sources) > 1:
                    self.settled.append((one.name, target))
                if sources != [target]:
                    change = "merged" if len(sources) > 1 else "renamed"
                    yield Difference((*at, target), rule, change, ", ".join(sources), target)

    def changes(self) -> Iterator[RubricChange]:
        """Each difference with what the rules say of it."""
        for found in (*self.special, *differences(*self.sides)):
            rule, (before, after) = RULES[found.rule], map(_text, found[3:])
            comparable, first = rule.comparable(found.change), ""
            if found.change in ("renamed", "merged"):
                comparable, first = YES, f"read {before} as {after}"
            elif rule.compare == "anew":
                first = ANEW
            touched, seen = self._touched(rule.touches, found.place), self._seen(found.place)
            kind = rule.kind(found.change)
            yield RubricChange(*found[:3], before, after, kind, comparable, first, touched, seen)

    def _touched(self, touches: str, place: Place) -> tuple[str, ...]:
        """The criteria whose labels a change may move."""
        names = [one.name for one in self.new.criteria]
        if touches == "own":
            return (place[1] if place[0] == "criteria" else place[3],)
        if touches == "example":
            sides = [side.get("examples", {}).get(place[1], {}).get("labels", {}) for side in self.sides]
            return tuple(name for name in names if any(name in side for side in sides))
        if touches == "term":
            texts = {name: str(self.sides[1]["criteria"][name]).casefold() for name in names}
            used = [name for name in names if place[1].casefold() in texts[name]]
            return tuple(used or names)
        return tuple(names) if touches == "all" else ()

    def _seen(self, place: Place) -> tuple[str, ...]:
        """The markets whose raters see a place: an example is shown in its market, and where there is no other."""
        if place[0] == "markets":
            return place[1:2]
        n = next((n + 1 for n in range(0, len(place) - 1, 2) if place[n] in ("anchors", "examples")), 0)
        return self._shown(place[:n]).get(place[n], ()) if n else tuple(self.new.markets)

    def _shown(self, place: Place) -> dict[str, tuple[str, ...]]:
        """For each of some examples the markets that show it, in either version."""
        if place not in self.shown:
            shown: dict[str, set[str]] = {}
            for side in self.sides:
                for part in place:
                    side = side.get(part, {})
                listed = [_Example(name, one.get("market")) for name, one in side.items()]
                for market in self.new.markets:
                    for one in InMarket(self.new, market).own(listed):
                        shown.setdefault(one.name, set()).add(market)
            self.shown[place] = {name: tuple(m for m in self.new.markets if m in own) for name, own in shown.items()}
        return self.shown[place]


def _text(node: Any) -> str:
    """What an entry mainly says.

    >>> _text({"text": "A.", "why": "B."}), _text({"kind": "easy", "item": {"a": "C", "b": "D"}}), _text(None)
    ('A.', 'C · D', '')
    """
    if isinstance(node, dict):
        main = next((key for key in MAIN if key in node), None)
        return _text(node[main]) if main else " · ".join(map(_text, node.values()))
    return "" if node is None else str(node)


def unlike(before: str, after: str) -> tuple[str, str]:
    """Of two texts the sentences that the other one lacks.

    >>> unlike("A dog. A cat.", "A dog. A red cat."), unlike("A dog.", "A dog. A cat."), unlike("A. B.", "B. A.")
    (('A cat.', 'A red cat.'), ('', 'A cat.'), ('A. B.', 'B. A.'))
    """
    old, new = (re.split(r"(?<=[.!?])\s+", text) for text in (before, after))
    sides = [" ".join(one for one in side if one not in other) for side, other in ((old, new), (new, old))]
    return (sides[0], sides[1]) if any(sides) else (before, after)


def _whole(node: Any) -> str:
    """All that an entry says.

    >>> _whole({"note": "A.", "markets": {"fr-FR": {"note": "B."}}})
    'A. B.'
    """
    return " ".join(map(_whole, node.values())) if isinstance(node, dict) else str(node)


def version_number(version: str) -> tuple[int, ...]:
    """A version as three numbers.

    >>> version_number("1.3"), version_number("1.2.1")
    ((1, 3, 0), (1, 2, 1))
    """
    return (*map(int, version.split(".")), 0, 0)[:3]


def _later(version: str, rubric: Rubric) -> bool:
    return version_number(version) > version_number(rubric.version)


def _notes(old: Rubric, new: Rubric) -> list[Change]:
    return [note for note in new.changes if _later(note.version, old) and not _later(note.version, new)]


@dataclass(frozen=True, kw_only=True)
class RubricComparison:
    """What a new version of a rubric changes, for whom, and what it leaves comparable.

    Attributes
    ----------
    old, new : Rubric
        The two versions.
    changes : tuple of RubricChange
        In the order of the file, renamed, merged and split labels first.
    kind : str or None
        The greatest kind, by the changes or by the change notes; None where nothing changed.
    labels : dict of str to dict
        By criterion each old label and the new one that took its place.
    findings : tuple of Finding
        A version number, a day or a change note that does not fit the changes.
    cautions : tuple of Caution
        What a comparison of files cannot tell.
    """

    old: Rubric
    new: Rubric
    changes: tuple[RubricChange, ...]
    kind: Kind | None
    labels: dict[str, dict[str, str]]
    findings: tuple[Finding, ...]
    cautions: tuple[Caution, ...]

    @property
    def notes(self) -> list[Change]:
        """The change notes since the old version, the latest first as in the file."""
        return _notes(self.old, self.new)

    @property
    def table(self) -> pd.DataFrame:
        """Each change with its place, kind and comparability, and which raters do what before they go on."""
        rows = []
        for c in self.changes:
            place = " / ".join(shorten(part, 40, placeholder="…") for part in c.place[2 * (c.place[0] == "criteria") :])
            criteria = _named(c.criteria, [one.name for one in self.new.criteria]) or "none"
            rows.append((criteria, place or "criterion", *c[2:8], self._who(c)))
        columns = ["criterion", "place", "change", "until now", "from then", "kind", "comparable", "first", "raters"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def comparability(self) -> pd.DataFrame:
        """Whether earlier judgments of each criterion compare, and how; market by market where these differ."""
        rows = []
        whole = {c.place[1]: c.change for c in self.changes if c.rule == "criteria.*"}
        for name in (one.name for one in self.new.criteria):
            by_market = {}
            for market in self.new.markets or ("",):
                own = [c for c in self.changes if name in c.criteria and (market in c.markets or not market)]
                worst = max([c.comparable for c in own] + [BOTH] * bool(whole), key=COMPARABLE.index, default=YES)
                todo = dict.fromkeys(c.first for c in own if c.first) if worst != NO else {}
                by_market[market] = (worst, "there are no earlier judgments" if name in whole else "; ".join(todo))
            same = len(set(by_market.values())) == 1
            rows += [(name, "all" if same else market, *one) for market, one in by_market.items()][
                : 1 if same else None
            ]
        return pd.DataFrame(rows, columns=["criterion", "market", "comparable", "first"])

    def _who(self, c: RubricChange) -> str:
        """Which raters do what before they label under the new version."""
        if c.kind == "editorial" or (c.markets and not {*c.markets} & {*self.new.markets}):
            return "none"
        what = {"clarification": "check of {:g} items", "amendment": "practice of {:g} items and a round (CAL-013)"}
        items = number(f"RUB-031.{c.kind}_items") if c.kind in what else 0
        return f"{_named(c.markets, self.new.markets) or 'all'}: {what.get(c.kind, 'pilot and exam').format(items)}"

    def to_dict(self) -> dict[str, Any]:
        """Everything above, ready for JSON."""
        return {
            "rubric": self.new.name, "old": self.old.version, "new": self.new.version, "kind": self.kind,
            "effective": self.new.effective.isoformat(), "changes": self.table.to_dict(orient="records"),
            "comparability": self.comparability.to_dict(orient="records"), "labels": self.labels,
            "findings": [one.to_dict() for one in self.findings],
            "cautions": [{"code": one.code, "text": str(one)} for one in self.cautions],
        }  # fmt: skip

    def __str__(self) -> str:
        what = f"{self.kind}, " if self.kind else ""
        lines = [
            f"{self.new.name} {self.old.version} to {self.new.version}: {what}{counted(len(self.changes), 'change')}"
        ]
        for c, row in zip(self.changes, self.table.itertuples(index=False), strict=True):
            lines.append(f"  {row.criterion}: {row.place} {c.change} ({c.kind})".replace("  none: ", "  "))
            for when, text in zip(("until now", "from then"), unlike(c.before, c.after), strict=True):
                lines += [f"    {when}: {shorten(text, 70, placeholder=' …')}"] * bool(text)
            lines += [f"    earlier judgments compare: {_then(row)}", f"    raters: {row.raters}"]
        lines.append("Do judgments from before compare with later ones?")
        for row in self.comparability.itertuples(index=False):
            market = "" if row.market == "all" else f" in {row.market}"
            lines.append(f"  {row.criterion}{market}: {_then(row)}")
        return "\n".join([*lines, *self.cautions, *map(str, self.findings)])


def _then(row: Any) -> str:
    """Whether judgments compare, and what is done first."""
    over = f"over {number('RUB-034.items'):g} items judged under both versions"
    return "; ".join(filter(None, (over if row.comparable == BOTH else row.comparable, row.first)))


def _named(names: Iterable[str], whole: Iterable[str]) -> str:
    listed = list(names)
    return "all" if len(listed) > 1 and set(listed) >= {*whole} else ", ".join(listed)


def compare_rubrics(
    old: Rubric | str | Path | bytes | dict[str, Any], new: Rubric | str | Path | bytes | dict[str, Any]
) -> RubricComparison:
    """Compare two versions of a rubric by what they mean.

    Blanks, the form of quotation marks and the order of keys and criteria are no change. Each other change has a
    kind by ``change_rules.yml``; the version number must have moved as that kind asks for (RUB-013).

    Parameters
    ----------
    old, new : Rubric, path, bytes or dict
        Two versions of one rubric.

    Returns
    -------
    RubricComparison

    Raises
    ------
    InvalidData
        For a rubric that cannot be read, with every fault.
    BadOption
        For two rubrics of different names.

    Notes
    -----
    A label counts as renamed if one new label has its meaning or holds its anchors. It is merged if two old labels
    lead to one, and split if one leads to two. Whether new words mean the same is for raters to show: 30 old items,
    edges first, are read under the new text. A label that becomes wrong makes the change an amendment.

    Examples
    --------
    >>> from halo_methods.rubric import read_rubric
    >>> old = read_rubric(Path("data/rubrics/search_relevance.yml"))
    >>> found = compare_rubrics(old, old.model_copy(update={"version": "1.1", "order": ["relevance", "page_language"]}))
    >>> found.kind, found.table["comparable"].to_list(), found.table["first"].to_list()
    ('amendment', ['yes'], ['work out earlier results anew from the labels'])
    >>> print(found.findings[0])
    RUB-013: `changes` has no note of version 1.1. Write what raters do differently, and its kind: amendment.
    """
    was, now = (one if isinstance(one, Rubric) else read_rubric(one) for one in (old, new))
    if was.name != now.name:
        raise BadOption(f"old is the rubric {was.name!r} and new is {now.name!r}; give two versions of one rubric")
    pair = _Pair(was, now)
    changes = tuple(pair.changes())
    found = max((c.kind for c in changes), key=KINDS.index, default=None)
    kinds = [*(note.type for note in _notes(was, now)), *[found] * bool(found)]
    kind = max(kinds, key=KINDS.index, default=None)
    cautions = []
    if n := sum(c.change == "merged" or c.rule.rpartition(".")[2] in REWORDED for c in changes):
        said = f"{counted(n, 'definition')} in other words: read 30 old items under both versions, edges first. "
        cautions.append(
            Caution("reworded", said + "If a label that was right becomes wrong, it is an amendment (RUB-013).")
        )
    findings = tuple(_version_step(was, now, found, kind))
    return RubricComparison(old=was, new=now, changes=changes, kind=kind, labels=pair.labels, findings=findings,
                            cautions=tuple(cautions))  # fmt: skip


def _version_step(old: Rubric, new: Rubric, found: Kind | None, kind: Kind | None) -> Iterator[Finding]:
    """What does not fit in the number, the day and the notes of a new version."""
    a, b = version_number(old.version), version_number(new.version)
    step = next((KINDS[3 - n] for n in range(3) if a[n] != b[n]), "editorial")
    right = {"new criterion": f"{a[0] + 1}.0", "amendment": f"{a[0]}.{a[1] + 1}"}.get(
        kind or "", f"{a[0]}.{a[1]}.{a[2] + 1}"
    )
    said, fix = f"goes from {old.version} to {new.version}", f"Number it {right}."
    if b < a:
        yield Finding("RUB-013", "version", None, f"{said}, which is back", "Give the older file first.")
        return
    if kind is None and a != b:
        yield Finding("RUB-013", "version", None, f"{said}, and nothing changed", "Keep the number.")
    elif kind and KINDS.index(step) < KINDS.index(kind):
        yield Finding("RUB-013", "version", None, f"{said}, and the change is of the kind {kind}", fix)
    elif kind and KINDS.index(step) > max(KINDS.index(kind), 1):
        fix = f"Number it {right}, or say {step} in its note."
        yield Finding("RUB-013", "version", None, f"{said}, and no change is of the kind {step}", fix)
    if a == b or found in (None, "editorial"):
        return
    note = next((one for one in new.changes if one.version == new.version), None)
    if note is None:
        fix = f"Write what raters do differently, and its kind: {kind}."
        yield Finding("RUB-013", "changes", None, f"has no note of version {new.version}", fix)
    elif KINDS.index(note.type) < KINDS.index(found):
        said = f"is {note.type}, and the change is of the kind {found}"
        yield Finding("RUB-013", f"changes[{new.version}].type", None, said, f"Write {found}.")
    if new.effective <= old.effective:
        said = f"is {new.effective}, and version {old.version} took effect on {old.effective}"
        yield Finding("RUB-031", "effective", None, said, "Let the new version take effect later.")
