"""A rubric rendered for raters, tools and models: what each of them is told comes from the one file."""

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from pprint import pformat
from textwrap import shorten
from typing import Any
from xml.etree import ElementTree

from ..errors import BadOption
from ..exports.label_studio import fixed
from ..judgments.cells import writable
from .rubric_model import Rubric

NOT_APPLICABLE = "not_applicable"
TURNS = {"conversation", "dialogue", "messages", "steps", "trace", "turns"}
MADE_FROM = "Made from the rubric {name}, version {version}. Change the rubric, not this file."


class Ready(str):
    """Markdown that is escaped already."""


def plain(text: Any) -> str:
    """A text on one line, without signs that no file may hold; spaces that do not break stay."""
    return writable(re.sub(r"[ \t\r\n\f\v\x85\u2028\u2029]+", " ", str(text)).strip(" "))


def escaped(text: Any) -> str:
    r"""A text as one line of Markdown that shows its signs as they are, a term between asterisks apart.

    Examples
    --------
    >>> print(escaped("1. <b> is a *limit* of [a](b)\n# y"))
    1\. \<b\> is a *limit* of \[a\](b) \# y
    """
    if isinstance(text, Ready) or text == "":
        return str(text)
    return re.sub(r"\\\*(\w(?:[^*]*\w)?)\\\*", r"*\1*", _literal(text))


def _literal(text: Any) -> str:
    """Each sign that Markdown reads, with a backslash; an underscore within a word is none."""
    signs = r"[\\`*{}\[\]<>|~$&^#]|(?<![^\W_])_|_(?![^\W_])"
    line = re.sub(signs, r"\\\g<0>", plain(text)) if plain(text).strip() else "—"
    return re.sub(r"^[-+=%:(.]", r"\\\g<0>", re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line))


def _lines(text: str, written: Callable[[str], str] = _literal) -> Ready:
    """What a rater sees, sign by sign and line by line."""
    return Ready("\\\n".join(written(line) for line in text.splitlines() if line.strip()) or "—")


def _prose(text: str) -> Ready:
    """What a rubric says in several lines, its terms apart."""
    return _lines(text, escaped)


@cache
def pages(folder: Path, finalize: Callable[[Any], str]) -> Any:
    """The templates of a folder; every value passes through `finalize`, so that none is written as it came."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(folder), finalize=finalize, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip
    made.filters |= {"lines": _lines, "prose": _prose}
    return made


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


class InMarket:
    """One rubric for one market, or for all of them in English."""

    def __init__(self, rubric: Rubric, market: str | None, *, spoken: bool = False) -> None:
        if market is not None:
            BadOption.unless("market", market, rubric.markets)
        self.rubric, self.market, self._spoken = rubric, market, spoken
        self.variant = rubric.markets[market] if market else None
        self.way_out = [way for way in rubric.exits if way.name != NOT_APPLICABLE]

    def name(self, criterion: str, label: str) -> str:
        """A label as the market's raters see it."""
        return self.variant.labels.get(criterion, {}).get(label, label) if self.variant else label

    def spoken(self) -> "InMarket":
        """The same, whose pages say in HTML in which language a text is."""
        return InMarket(self.rubric, self.market, spoken=True)

    def tongue(self, text: Ready, market: str | None) -> Ready:
        """A text of a market, with its language where that is said."""
        return Ready(f'<span lang="{market}">{text}</span>') if self._spoken and market else text

    def shown(self, criterion: str, label: str) -> str:
        name = self.name(criterion, label)
        if self._spoken and name != label:
            return Ready(f"{self.tongue(Ready(escaped(name)), self.market)} ({escaped(label)})")
        return name if name == label else f"{name} ({label})"

    def own(self, examples: Iterable[Any]) -> list[Any]:
        """The market's examples and those of no market; all of them where it has none."""
        listed = list(examples)
        return [e for e in listed if self.market is None or e.market in (None, self.market)] or listed

    def labels(self, criterion: str) -> list[str]:
        """A criterion's labels, lowest first, then not applicable where the rubric has it."""
        names = self.rubric.criterion(criterion).names
        extra = [way.name for way in self.rubric.exits if way not in self.way_out and way.name not in names]
        return names + extra

    def page(self, template: str, finalize: Callable[[Any], str] = escaped, **more: Any) -> str:
        given = {"r": self.rubric, "market": self.market, "variant": self.variant, "shown": self.shown, "own": self.own,
                 "tongue": self.tongue}  # fmt: skip
        text: str = pages(Path(__file__).parent, finalize).get_template(template).render(**given, **more)
        return text.strip("\n") + "\n"

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a judge's answer: a reason and a label per criterion, or a way out."""
        why = {"type": "string", "minLength": 1}
        judged = {c.name: _exactly(why=why, label=_one_of(self.labels(c.name))) for c in self.rubric.criteria}
        defects = {"type": "array", "items": _one_of(d.name for d in self.rubric.defects)}
        listed = {"defects": defects} if self.rubric.defects else {}
        answers = [_exactly(labels=_exactly(**judged), **listed)]
        if self.way_out:
            answers.append(_exactly(why=why, way_out=_one_of(way.name for way in self.way_out)))
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_exactly(answer={"anyOf": answers})}


def _one_of(names: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


def _exactly(**properties: Any) -> dict[str, Any]:
    """The schema of an object with these keys, all of them and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _judge_prompt(made: InMarket) -> dict[str, str]:
    return {"prompt.md": made.page("prompt.md.j2"), "schema.json": _json(made.schema())}


def _guideline(made: InMarket) -> dict[str, str]:
    return _page(made, "guideline")


def _card(made: InMarket) -> dict[str, str]:
    return _page(made, "card")


def _page(made: InMarket, name: str) -> dict[str, str]:
    """A page as Markdown, and as HTML to read and to print."""
    from .paper import document

    return {f"{name}.md": made.page(f"{name}.md.j2"), f"{name}.html": document(made, f"{name}.md.j2")}


def _label_studio(made: InMarket) -> dict[str, str]:
    """A name of a field or a criterion has no hyphen, so that `item-`, `why-` and the others meet no other name."""
    r, of = made.rubric, f"item-{list(made.rubric.shows)[-1]}"
    view = ElementTree.Element("View")

    def add(tag: str, under: ElementTree.Element | None = None, /, **signs: str) -> ElementTree.Element:
        return ElementTree.SubElement(view if under is None else under, tag, signs)

    add("Style").text = ".htx-text { white-space: pre-wrap }"
    add("Header", value=_fixed(f"{r.title} ({r.name} {r.version})"))
    shown = add("View", style="display: flex; gap: 2em" if r.unit == "pair" else "")
    for field, what in r.shows.items():
        column, name, value = add("View", shown), f"item-{field}", f"${field}"
        add("Header", column, value=_fixed(f"{field}: {what}"), size="5")
        if r.unit in ("conversation", "trajectory") and field in TURNS:
            add("Paragraphs", column, name=name, value=value, layout="dialogue", nameKey="author", textKey="text")
        else:
            add("Text", column, name=name, value=value)

    def ask(name: str, header: str, choices: Iterable[tuple[str, str, str]], **more: str) -> None:
        add("Header", value=_fixed(header), size="4")
        asked = add("Choices", None, name=name, toName=of, showInline="false", **more)
        for label, text, hint in choices:
            add("Choice", asked, value=_fixed(text), alias=writable(label), hint=_fixed(hint))
        if more["choice"] == "single":
            why = {"name": f"why-{name}", "toName": of, "placeholder": "The reason", "rows": "2", "required": "true"}
            add("TextArea", None, **why, visibleWhen="choice-selected", whenTagName=name)

    if made.way_out:
        ways = [(way.name, way.name, way.when) for way in made.way_out]
        ask("way-out", "No label can be given", ways, choice="single", required="false")
    unless = {"visibleWhen": "choice-unselected", "whenTagName": "way-out"} if made.way_out else {}
    for c in r.criteria:
        means = {str(way.name): way.when for way in r.exits if way.name == NOT_APPLICABLE}
        means |= {label.name: f"{label.means} It is not: {label.is_not}" for label in c.labels}
        choices = [(name, made.shown(c.name, name), means[name]) for name in made.labels(c.name)]
        ask(c.name, f"{c.name}: {c.question}", choices, choice="single", required="true", **unless)
    if r.defects:
        defects = [(d.name, d.name, d.definition) for d in r.defects]
        ask("all-defects", "Defects", defects, choice="multiple", required="false", **unless)
    ElementTree.indent(view)
    return {"label-studio.xml": ElementTree.tostring(view, encoding="unicode") + "\n"}


def _fixed(text: str) -> str:
    return fixed(plain(text)) or "—"


def _short(text: str, most: int) -> str:
    return shorten(plain(text), most) or "—"


def _quiz(made: InMarket) -> dict[str, str]:
    """Items without labels, and the answers in a file of their own."""
    r, examples = made.rubric, made.own(made.rubric.examples)
    about = {"rubric": r.name, "version": r.version, "market": made.market}
    asked = [
        {"criterion": c.name, "question": c.question,
         "labels": {label: made.name(c.name, label) for label in made.labels(c.name)}} for c in r.criteria
    ]  # fmt: skip
    gold = [e.model_dump(mode="json", include={"name", "kind", "labels", "defects"}) for e in examples]
    items = [{"name": e.name, "item": e.item} for e in examples]
    return {"quiz.json": _json({**about, "questions": asked, "items": items}),
            "quiz-answers.json": _json({**about, "answers": gold})}  # fmt: skip


def _argilla(made: InMarket) -> dict[str, str]:
    """The arguments of `Settings`; `type` is the class of a field or question. Lengths are those the server takes."""
    r = made.rubric
    fields = [{"type": "TextField", "name": f, "title": _short(what, 500), "use_markdown": False}
              for f, what in r.shows.items()]  # fmt: skip
    ways = {"none": "None: the labels are given"}
    ways |= {str(way.name): _short(f"{way.name}: {way.when}", 500) for way in made.way_out}
    questions: list[dict[str, Any]] = []
    if made.way_out:
        questions.append({"type": "LabelQuestion", "name": "way-out", "title": "Way out", "labels": ways})
    for c in r.criteria:
        labels = {label: made.shown(c.name, label) for label in made.labels(c.name)}
        hint = _short(" ".join(f"{label.name}: {label.means}" for label in c.labels), 1000)
        questions += [
            {"type": "LabelQuestion", "name": c.name, "title": _short(c.question, 500), "description": hint,
             "labels": labels, "required": not made.way_out},
            {"type": "TextQuestion", "name": f"why-{c.name}", "title": f"The reason for {c.name}",
             "required": not made.way_out},
        ]  # fmt: skip
    if len(r.defects) > 1:
        defects = {d.name: _short(f"{d.name}: {d.definition}", 500) for d in r.defects}
        questions.append({"type": "MultiLabelQuestion", "name": "all-defects", "title": "Defects", "labels": defects,
                          "required": False})  # fmt: skip
    guidelines = made.page("card.md.j2")[:10_000]
    return {"argilla.json": _json({"guidelines": guidelines, "fields": fields, "questions": questions})}


def _inspect(made: InMarket) -> dict[str, str]:
    r = made.rubric
    values: dict[str, dict[str, float]] = {}
    for c in r.criteria:
        values[c.name] = {
            name: float(name not in c.failing) if c.passes else round(i / (len(c.names) - 1), 3)
            for i, name in enumerate(c.names)
        }
    more = {"doc": MADE_FROM.format(**dict(r)), "fields": list(r.shows), "values": values,
            "schema": _json(made.schema()), "prompt": made.page("prompt.md.j2"),
            "function": Ready("rubric_" + r.name.replace("-", "_"))}  # fmt: skip
    return {"inspect.py": made.page("inspect.py.j2", _python, **more)}


def _python(value: Any) -> str:
    """A value as it is written in Python, a long text line by line."""
    if isinstance(value, Ready):
        return value
    if isinstance(value, str) and "\n" in value:
        return "".join(["(\n", *(f"    {line!r}\n" for line in value.splitlines(keepends=True)), ")"])
    return pformat(value, width=120, sort_dicts=False)


TARGETS: dict[str, Callable[[InMarket], dict[str, str]]] = {
    "judge-prompt": _judge_prompt, "guideline": _guideline, "card": _card, "label-studio": _label_studio, "quiz": _quiz,
    "argilla": _argilla, "inspect": _inspect,
}  # fmt: skip


def file_stem(rubric: Rubric, market: str | None) -> str:
    """What the files of a rubric begin with, for a market or for all."""
    return f"{rubric.name}.{market}" if market else rubric.name


def render(rubric: Rubric, to: str, *, market: str | None = None) -> dict[str, str]:
    """Write a rubric for raters, an annotation tool or a model.

    Parameters
    ----------
    rubric : Rubric
        As ``read_rubric`` gives it.
    to : str
        The target, one of ``TARGETS``.
    market : str, optional
        Adds the market's guideline, its names of labels and its examples.

    Returns
    -------
    dict of str to str
        File name to text.

    Raises
    ------
    BadOption
        For a target or a market that is not there.

    Examples
    --------
    >>> from halo_methods.rubric import read_rubric
    >>> made = read_rubric(Path("data/rubrics/agent_task.yml"))
    >>> list(render(made, "judge-prompt", market="fr-FR"))
    ['agent-task.fr-FR.prompt.md', 'agent-task.fr-FR.schema.json']
    """
    BadOption.unless("to", to, TARGETS)
    stem = file_stem(rubric, market)
    return {f"{stem}.{ending}": text for ending, text in TARGETS[to](InMarket(rubric, market)).items()}
