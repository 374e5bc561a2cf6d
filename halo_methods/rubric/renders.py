"""A rubric rendered for raters, tools and models: what each of them is told comes from the one file."""

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import BadOption
from .rubric_model import Rubric

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
NOT_APPLICABLE = "not_applicable"


class Ready(str):
    """Markdown that is escaped already."""


def plain(text: Any) -> str:
    """A text on one line, without signs that no file may hold; spaces that do not break stay."""
    return UNWRITABLE.sub("\ufffd", re.sub(r"[ \t\r\n\f\v\x85\u2028\u2029]+", " ", str(text)).strip(" "))


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


def _lines(text: str) -> Ready:
    """What a rater sees, sign by sign and line by line."""
    return Ready("\\\n".join(_literal(line) for line in text.splitlines() if line.strip()) or "—")


@cache
def _pages(finalize: Callable[[Any], str]) -> Any:
    """The templates; every value passes through `finalize`, so that none is written as it came."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), finalize=finalize, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip
    pages.filters["lines"] = _lines
    return pages


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


class _Render:
    """One rubric for one market, or for all of them in English."""

    def __init__(self, rubric: Rubric, market: str | None) -> None:
        if market is not None:
            BadOption.unless("market", market, rubric.markets)
        self.rubric, self.market = rubric, market
        self.variant = rubric.markets[market] if market else None
        self.way_out = [way for way in rubric.exits if way.name != NOT_APPLICABLE]

    def name(self, criterion: str, label: str) -> str:
        """A label as the market's raters see it."""
        return self.variant.labels.get(criterion, {}).get(label, label) if self.variant else label

    def shown(self, criterion: str, label: str) -> str:
        name = self.name(criterion, label)
        return name if name == label else f"{name} ({label})"

    def own(self, examples: Iterable[Any]) -> list[Any]:
        """The market's examples and those of no market; all of them where it has none."""
        listed = list(examples)
        return [e for e in listed if self.market is None or e.market in (None, self.market)] or listed

    def labels(self, criterion: str) -> list[str]:
        """A criterion's labels, lowest first, then not applicable where the rubric has it."""
        names = [label.name for label in self.rubric.criterion(criterion).labels]
        extra = [way.name for way in self.rubric.exits if way not in self.way_out and way.name not in names]
        return names + extra

    def page(self, template: str, finalize: Callable[[Any], str] = escaped, **more: Any) -> str:
        given = {"r": self.rubric, "market": self.market, "variant": self.variant, "shown": self.shown, "own": self.own}
        text: str = _pages(finalize).get_template(template).render(**given, **more)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a judge's answer: a reason and a label per criterion, or a way out."""
        why = {"type": "string", "minLength": 1}
        judged = {c.name: _exactly(why=why, label={"enum": self.labels(c.name)}) for c in self.rubric.criteria}
        defects = {"type": "array", "items": {"enum": [d.name for d in self.rubric.defects]}}
        listed = {"defects": defects} if self.rubric.defects else {}
        answers = [_exactly(labels=_exactly(**judged), **listed)]
        if self.way_out:
            answers.append(_exactly(why=why, way_out={"enum": [way.name for way in self.way_out]}))
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_exactly(answer={"anyOf": answers})}


def _exactly(**properties: Any) -> dict[str, Any]:
    """The schema of an object with these keys, all of them and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _judge_prompt(made: _Render) -> dict[str, str]:
    return {"prompt.md": made.page("prompt.md.j2"), "schema.json": _json(made.schema())}


def _guideline(made: _Render) -> dict[str, str]:
    return {"guideline.md": made.page("guideline.md.j2")}


def _card(made: _Render) -> dict[str, str]:
    return {"card.md": made.page("card.md.j2")}


TARGETS: dict[str, Callable[[_Render], dict[str, str]]] = {
    "judge-prompt": _judge_prompt, "guideline": _guideline, "card": _card,
}  # fmt: skip


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
    stem = f"{rubric.name}.{market}" if market else rubric.name
    return {f"{stem}.{ending}": text for ending, text in TARGETS[to](_Render(rubric, market)).items()}
