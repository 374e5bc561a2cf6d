"""The kinds of change of a rubric as a table, and where two rubrics differ by it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ..documents import Model, Text, load, read
from ..rubric.rubric_model import ChangeType

Kind = Literal["editorial", ChangeType]
Place = tuple[str, ...]
KINDS: tuple[Kind, ...] = ("editorial", *get_args(ChangeType))
YES, BOTH, NO = COMPARABLE = ("yes", "over items judged under both", "no")
IDENTITY = ("name", "version", "defect", "what", "sees", "text")


class Rule(Model):
    """What a change at one place of a rubric is; ``change_rules.yml`` explains its columns."""

    called: Text | None = None
    added: Kind | None = None
    removed: Kind | None = None
    changed: Kind | None = None
    touches: Literal["own", "all", "example", "term", "none"] = "own"
    compare: Literal["yes", "anew", "both", "no"] | None = None

    def kind(self, change: str) -> Kind:
        """The kind of a change; what is neither added nor removed is changed."""
        kind = {"added": self.added, "removed": self.removed}.get(change, self.changed)
        assert kind is not None, f"{self} says nothing of what is {change}"
        return kind

    def comparable(self, change: str) -> str:
        """Whether earlier judgments compare with later ones."""
        by_kind = {"editorial": YES, "clarification": BOTH}.get(self.kind(change), NO)
        return {"yes": YES, "anew": YES, "both": BOTH, "no": NO}.get(self.compare or "", by_kind)


class _Rules(Model):
    rules: dict[Text, Rule]


RULES = load(_Rules, {"rules": read(Path(__file__).with_name("change_rules.yml")).content}).rules
FIELDS = {".".join(rule.split(".")[: n + 1]) for rule in RULES for n in range(rule.count(".") + 1)}


class Difference(NamedTuple):
    """A place where two rubrics differ; `rule` is the place as ``change_rules.yml`` writes it."""

    place: Place
    rule: str
    change: str
    before: Any
    after: Any


def normal(value: Any, place: Place = ()) -> Any:
    """A value as it is compared: no difference by blanks, and in prose none by the form of quotation marks.

    Material that is judged keeps its signs, since they may be what is judged.

    Examples
    --------
    >>> normal("« a »  b’s") == normal('"a" b\\'s'), normal("« a »", ("item", "answer"))
    (True, '« a »')
    """
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", value)
    if place[-1:] == ("text",) or place[-2:-1] == ("item",):
        return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")
    text = re.sub("«\\s*|\\s*»|[“”„]", '"', text)
    return " ".join(re.sub("[‘’‚ʼ]", "'", text).split())


def tree(node: Any, place: Place = ()) -> Any:
    """What a rubric holds, each entry of a list under its name or its text; nothing for what is empty.

    Examples
    --------
    >>> tree({"anchors": [{"text": "a  b", "why": "c", "market": None}], "order": ["x", "y"]})
    {'anchors': {'a b': {'text': 'a  b', 'why': 'c'}}, 'order': 'x, y'}
    """
    if isinstance(node, list) and place[-1] == "irreversible":
        return {normal(one): one for one in node}
    if isinstance(node, list) and not all(isinstance(one, dict) for one in node):
        return ", ".join(node if place[-1] == "order" else sorted(node))
    if isinstance(node, list):
        named: dict[str, Any] = {}
        times: Counter[str] = Counter()
        for one in node:
            field = next(key for key in IDENTITY if key in one)
            name = normal(one[field], (field,))
            named[name + " again" * times[name]] = one
            times[name] += 1
        node = named
    if isinstance(node, dict):
        parts = {key: tree(held, (*place, key)) for key, held in node.items()}
        return {key: part for key, part in parts.items() if part not in (None, "", {})}
    return node


def differences(old: Any, new: Any, place: Place = (), rule: str = "") -> Iterator[Difference]:
    """Each place where two trees differ.

    Examples
    --------
    >>> [tuple(one) for one in differences({"terms": {"a": "b"}, "unit": "text"}, {"unit": "text"})]
    [(('terms', 'a'), 'terms.*', 'removed', 'b', None)]
    """
    known = RULES.get(rule)
    if (old is None or new is None) and known and (known.removed if new is None else known.added):
        yield Difference(place, rule, "removed" if new is None else "added", old, new)
    elif isinstance(old, dict) or isinstance(new, dict):
        before, after = old or {}, new or {}
        for key in dict.fromkeys([*before, *after]):
            below = f"{rule}.{key}".lstrip(".")
            below = below if below in FIELDS else f"{rule}.*"
            yield from differences(before.get(key), after.get(key), (*place, key), below)
        was, now = [key for key in before if key in after], [key for key in after if key in before]
        if rule == "criteria.*.labels" and was != now:
            yield Difference(place, rule, "reordered", " < ".join(was), " < ".join(now))
    elif normal(old, place) != normal(new, place):
        yield Difference(place, rule, "changed", old, new)
