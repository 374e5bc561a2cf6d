"""The standards for rubric design, executable: what of them a rubric's own file can show."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..documents import Document, check, read
from ..documents.bounded_yaml import Place, holds
from ..errors import InvalidData
from ..results import counted
from ..standards import number
from .questions import content_words, foreign, two_questions
from .rubric_model import Criterion, Rubric, words

HOUSE = "house rule"
DRAFT = "TODO"
EXITS = ("not_applicable", "cannot_judge", "invalid_task")
LARGEST_SHARE, LONGEST_SENTENCE = 0.6, 25
PROSE = {
    "consequence", "decision", "definition", "difference", "first_error", "goes_to", "guideline", "irreversible",
    "is_not", "meanwhile", "means", "needs", "note", "partial_credit", "question", "score", "sees", "stands_for",
    "test", "then", "ties", "verdict", "what", "when", "why",
}  # fmt: skip
Said = tuple[str, Place, str, str]


@dataclass(frozen=True)
class Finding:
    """What a rubric lacks by a standard.

    Attributes
    ----------
    standard : str
        The standard's identifier, or ``house rule``.
    place : str
        The key, as ``criteria[relevance].labels[exact]``.
    line : int or None
        Line in the file, from 1; none without a file.
    what, fix : str
        What is wrong, and what to do about it.
    """

    standard: str
    place: str
    line: int | None
    what: str
    fix: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.standard}: `{self.place}` {self.what}. {self.fix}"

    def to_dict(self) -> dict[str, Any]:
        """What `halo rubric lint --format json` prints for it."""
        return asdict(self)


def lint(rubric: Rubric | str | Path | bytes | dict[str, Any]) -> list[Finding]:
    """Hold a rubric against the standards of rubric design.

    Parameters
    ----------
    rubric : Rubric, path, bytes or dict
        A rubric, its file, the file's bytes or what it holds.

    Returns
    -------
    list of Finding
        In the order of lines; empty for a clean rubric.

    Raises
    ------
    InvalidData
        When it is no rubric at all, with every fault.

    Notes
    -----
    A clean rubric is complete on paper. Whether raters read it alike is for the walk-through (RUB-017) and the
    pilot (RUB-015) to show. Words are English, except those that join two questions.

    Examples
    --------
    >>> from pathlib import Path
    >>> lint(Path("data/rubrics/search_relevance.yml"))
    []
    """
    made: Rubric | None
    if isinstance(rubric, Rubric):
        made, document = rubric, Document(content=rubric.model_dump(mode="json", exclude_unset=True))
    else:
        document = read(rubric)
        made, faults = check(Rubric, document)
        if made is None:
            raise InvalidData(faults)
    found = [said for rule in RULES for said in rule(made)]
    found += _written(made, document.content)
    findings = [Finding(s, _named(document, place), document.line(place), *said) for s, place, *said in found]
    return sorted(findings, key=lambda f: (f.line or 0, f.place, f.standard, f.what))


def _named(document: Document, place: Place) -> str:
    """A place as text, an entry of a list by its name."""
    path, node = "", document.content
    for part in place:
        node = node[part] if holds(node, part) else None
        name = node.get("name", part) if isinstance(part, int) and isinstance(node, dict) else part
        path += f"[{name}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _criteria(rubric: Rubric) -> Iterator[tuple[Place, Criterion]]:
    for i, criterion in enumerate(rubric.criteria):
        yield ("criteria", i), criterion


def _anchored(rubric: Rubric) -> Iterator[Said]:
    """Each label has its anchors, each pair of neighbours an edge; labels without an order have an edge each."""
    clear, edge = int(number("RUB-005.anchors")), int(number("RUB-006.anchors"))
    for place, criterion in _criteria(rubric):
        edges = Counter(frozenset((n.name, a.not_label)) for n in criterion.labels for a in n.anchors if a.not_label)
        unordered = criterion.level == "nominal" and len(criterion.labels) > 2
        for j, label in enumerate(criterion.labels):
            at, has = (*place, "labels", j), sum(anchor.not_label is None for anchor in label.anchors)
            if has < clear:
                said = f"has {counted(has, 'anchor')} without `not_label`; {clear} are asked for"
                yield "RUB-005", at, said, "Add a real answer with its reason under `anchors`."
            if unordered:
                count = sum(n for pair, n in edges.items() if label.name in pair)
                other = "another label"
            elif j:
                count = edges[frozenset((criterion.labels[j - 1].name, label.name))]
                other = repr(criterion.labels[j - 1].name)
            else:
                continue
            if count < edge:
                said = f"has {counted(count, 'edge anchor')} against {other}; {edge} is asked for"
                yield "RUB-006", at, said, "Add an anchor with `not_label` and the reason that decides."


def _distinguishable(rubric: Rubric) -> Iterator[Said]:
    for place, criterion in _criteria(rubric):
        for j, (below, label) in enumerate(pairwise(criterion.labels), 1):
            if content_words(below.means) == content_words(label.means):
                said = f"differs from {below.name!r} by a degree only"
                yield HOUSE, (*place, "labels", j, "means"), said, "Name what an item has that the other lacks."
        for j, label in enumerate(criterion.labels):
            if content_words(label.is_not) == content_words(label.means):
                said = "says what `means` says"
                yield HOUSE, (*place, "labels", j, "is_not"), said, "Name what the label is taken for and is not."


def _one_question(rubric: Rubric) -> Iterator[Said]:
    for place, criterion in _criteria(rubric):
        joined = two_questions(criterion.question, criterion.names)
        if joined:
            said = f"asks two things, joined by {joined!r}"
            fix = "Make two criteria, or show in the split test that no item is high on one and low on the other."
            yield "RUB-002", (*place, "question"), said, fix


def _level_fits(rubric: Rubric) -> Iterator[Said]:
    for place, criterion in _criteria(rubric):
        numbers = [float(n.name) for n in criterion.labels if re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", n.name)]
        steps = {round(b - a, 9) for a, b in pairwise(numbers)}
        said, fix = "", "Write `ordinal`, or numbers evenly spaced as labels."
        if len(numbers) < len(criterion.labels):
            said = "and its labels are no numbers" if criterion.level in ("interval", "ratio") else ""
        elif any(step <= 0 for step in steps):
            said, fix = "and its labels do not rise", "List the labels lowest first."
        elif criterion.level == "nominal" and len(numbers) > 2:
            said = "and its labels are numbers, which have an order"
        elif criterion.level in ("interval", "ratio") and len(steps) > 1:
            said = "and its labels are not equally far apart"
        if said:
            yield "RUB-004", (*place, "level"), f"is {criterion.level}, {said}", fix


def _present(rubric: Rubric) -> Iterator[Said]:
    """Ways out, what is out of scope, and an order of criteria."""
    for name in EXITS:
        if name not in {way.name for way in rubric.exits}:
            yield "RUB-008", ("exits",), f"has no {name}", "Say when it is used and what becomes of the score."
    if not rubric.out_of_scope:
        yield "RUB-003", ("out_of_scope",), "is empty", "List what raters leave out of account, and where it goes."
    names = [criterion.name for criterion in rubric.criteria]
    left = [name for name in names if name not in rubric.order]
    if left and len(names) > 1:
        yield "ALN-005", ("order",), f"leaves out {', '.join(left)}", "Name each criterion, the one that wins first."
    elif rubric.order and any(map(_about_safety, names)) and not _about_safety(rubric.order[0]):
        yield "ALN-005", ("order", 0), "comes before safety", "Put the safety criterion first."


def _about_safety(name: str) -> bool:
    return re.search(r"(^|_)(safe|safety|harm)", name) is not None


def _balanced(rubric: Rubric) -> Iterator[Said]:
    at: Place = ("examples",)
    for kind in ("easy", "edge", "trap"):
        if kind not in {example.kind for example in rubric.examples}:
            yield HOUSE, at, f"has no {kind} one", f"Add an item of the kind `{kind}` with its labels and reasons."
    for criterion in rubric.criteria:
        given = Counter(e.labels[criterion.name].label for e in rubric.examples if criterion.name in e.labels)
        del given["not_applicable"]
        for label in criterion.labels:
            if not given[label.name]:
                said = f"has none with {label.name!r} on {criterion.name}"
                yield HOUSE, at, said, "Add an item with this label and its reason."
            elif given[label.name] > LARGEST_SHARE * given.total():
                said = f"has {label.name!r} on {criterion.name} in {given[label.name]} of {given.total()}"
                yield HOUSE, at, said, f"Add items with other labels, until it has at most {LARGEST_SHARE:.0%}."


def _markets(rubric: Rubric) -> Iterator[Said]:
    """Each market has every label in its language, and anchors of its own where a criterion depends on language."""
    for market, variant in rubric.markets.items():
        if foreign(variant.guideline, market.partition("-")[0]):
            said = "is not in the language of the market"
            yield "RUB-033", ("markets", market, "guideline"), said, "Let its linguist lead write it there."
        for criterion in rubric.criteria:
            given = variant.labels.get(criterion.name, {})
            missing = [name for name in criterion.names if name not in given]
            if missing:
                said = f"has no name for {', '.join(missing)} of {criterion.name}"
                place: Place = ("markets", market, "labels", criterion.name)
                yield "RUB-033", place, said, "Give each label its name in the language of the market."
    for at, criterion in _criteria(rubric):
        used = {anchor.market for label in criterion.labels for anchor in label.anchors} - {None}
        for market in sorted(set(rubric.markets) - used) if used else ():
            said = f"has anchors of other markets and none of {market}"
            yield "RUB-007", at, said, "Let a linguist of the market choose one from text of the market."


def _severity(rubric: Rubric) -> Iterator[Said]:
    """A label below pass names a defect of a versioned taxonomy, whose severities are consequences."""
    below = {}
    for at, criterion in _criteria(rubric):
        below[criterion.name] = criterion.failing
        for j in range(len(criterion.failing)):
            if not criterion.labels[j].needs:
                said = f"is below {criterion.passes!r}, which passes, and asks for nothing more"
                yield "RUB-010", (*at, "labels", j), said, "Say under `needs` which defect the rater names with it."
    if any(below.values()):
        for key in ("defects", "severities", "taxonomy"):
            if not getattr(rubric, key):
                fix = "Define the types of defect, their severities by consequence, and the taxonomy's version."
                yield "RUB-010", (key,), "is missing, and a label below pass is possible", fix
    for i, example in enumerate(rubric.examples):
        low = [judged.label for name, judged in example.labels.items() if judged.label in below[name]]
        if low and rubric.defects and not example.defects:
            yield "RUB-010", ("examples", i), f"has {low[0]!r}, below pass, and no defect", "Name it under `defects`."
    for i, severity in enumerate(rubric.severities):
        happens = content_words(severity.consequence)
        if not happens or any(happens == content_words(other.consequence) for other in rubric.severities[:i]):
            fix = "Say what happens to the user, so that it can be checked against the case."
            yield "RUB-010", ("severities", i, "consequence"), "names a degree and no consequence", fix


def _escalation(rubric: Rubric) -> Iterator[Said]:
    if not rubric.escalation:
        fix = "Write what a rater sees, the urgency, what is pressed and what the rater does meanwhile."
        yield "RUB-021", ("escalation",), "has no trigger", fix
    for i, trigger in enumerate(rubric.escalation):
        if trigger.urgency in ("S0", "S1") and trigger.presses != "stop":
            said = f"is {trigger.presses}, and the urgency is {trigger.urgency}"
            yield "RUB-021", ("escalation", i, "presses"), said, "Write `stop`, or correct the urgency."


def _versions(rubric: Rubric) -> Iterator[Said]:
    days = int(number("RUB-031.notice_days"))
    notes = [change for change in rubric.changes if change.version == rubric.version]
    if not notes:
        said = f"is {rubric.version}, and no change note has it"
        yield "RUB-013", ("version",), said, "Add its note under `changes`: what raters do differently."
    elif notes[0].effective != rubric.effective:
        said = f"is {rubric.effective}, and its change note says {notes[0].effective}"
        yield "RUB-013", ("effective",), said, "Correct one of the two days."
    for i, change in enumerate(rubric.changes):
        notice = int(np.busday_count(change.decided, change.effective))
        if notice < days:
            said = f"gives {counted(max(notice, 0), 'working day')} of notice; {days} are asked for"
            yield "RUB-031", ("changes", i, "effective"), said, "Let it take effect later."
        if change.type != "clarification" and not change.recalibrate:
            said = f"is false for a change of the type {change.type}"
            yield "RUB-031", ("changes", i, "recalibrate"), said, "Write `true`: raters pass its check first."


RULES = (
    _anchored, _distinguishable, _one_question, _level_fits, _present, _balanced, _markets, _severity, _escalation,
    _versions,
)  # fmt: skip


def _texts(node: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text of a rubric's file and its place."""
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, dict | list):
        for part, held in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _texts(held, (*place, part))


def _written(rubric: Rubric, content: Any) -> Iterator[Said]:
    """What raters read has short sentences and defined terms; what names a market names one of the rubric's."""
    known = _known(rubric)
    for place, text in _texts(content):
        if text.startswith(DRAFT):
            yield HOUSE, place, "is still a draft", f"Write what is asked for in place of {DRAFT}."
        if text.startswith(DRAFT) or place[2:3] == ("item",) or (place[0], place[2:3]) == ("markets", ("labels",)):
            continue
        key = [part for part in place if isinstance(part, str)][-1]
        if key == "market" and rubric.markets and text not in rubric.markets:
            fix = f"Write the variant under `markets`, or take one of {', '.join(sorted(rubric.markets))}."
            yield "RUB-033", place, f"is {text}, for which there is no variant", fix
        if key not in PROSE and place[0] not in ("terms", "shows"):
            continue
        for term in dict.fromkeys(re.findall(r"(?<![\w*])\*([^*\n]{1,60})\*(?![\w*])|`([^`\n]{1,60})`", text)):
            name = "".join(term)
            if _plain(name) not in known:
                said = f"uses {name!r}, which is no term, label, criterion or defect"
                yield HOUSE, place, said, "Define it under `terms`, or write it without a mark."
        longest = max(map(words, re.split(r"(?<=[.!?])[\"”’»“)]*\s+", text)))
        if longest > LONGEST_SENTENCE:
            fix = f"Make it two, each of at most {LONGEST_SENTENCE}."
            yield HOUSE, place, f"has a sentence of {longest} words", fix


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().casefold().removesuffix("s")


def _known(rubric: Rubric) -> set[str]:
    """Every name that a text may set in italics."""
    names = [*rubric.terms, *rubric.shows, *EXITS]
    for named in (rubric.criteria, rubric.defects, rubric.severities):
        names += [one.name for one in named]
    names += [name for criterion in rubric.criteria for name in criterion.names]
    names += [name for v in rubric.markets.values() for labels in v.labels.values() for name in labels.values()]
    return set(map(_plain, names))
