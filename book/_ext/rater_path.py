"""The rater's path: questions after each section, the practice of a rubric's own examples, and what the page keeps.

- ``{check} purpose`` holds two or three questions, each with ``asks``, ``options``, ``right`` (a letter) and ``why``.
- ``{scale} solves`` is the scale of a criterion of the practice, with an anchor for each label.
- ``{practice-guideline}`` is its guideline, folded; ``{practice}`` its examples, with gold and colleagues' labels.
- ``{for-trainers}`` links to the practice as files for other tools; ``{path}`` is where the page's progress stands.

The practice of a language is ``data/practice/<language>.yml``, a rubric. Everything is text with folded answers first;
``practice.js`` turns questions into forms of SurveyJS, whose files ``make practice`` brings to ``_build/practice``.
Without them the text remains, and the build says so. What a trainer loads elsewhere is written to ``practice/``.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from shutil import copyfile
from typing import Annotated, Any

import pandas as pd
from docutils import nodes
from docutils.statemachine import StringList
from page_language import WORDS, interface, language, suffix
from pydantic import Field
from rubric_excerpts import markdown
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from text2qti.config import Config
from text2qti.qti import QTI
from text2qti.quiz import Quiz

from halo_methods.documents import Model, Text, load
from halo_methods.errors import HaloError
from halo_methods.rubric import Rubric, read_rubric, render
from halo_methods.rubric.renders import escaped
from halo_methods.stats import proportion

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
PRACTICE, COLLEAGUES = ROOT / "data" / "practice", ROOT / "data" / "samples" / "practice.csv"
FORMS = ROOT / "_build" / "practice"
CORE, UI = "node_modules/survey-core/", "node_modules/survey-js-ui/"
SCRIPTS = [CORE + "survey.core.min.js", UI + "survey-js-ui.min.js"]
SHEET = CORE + "survey-core.fontless.min.css"
VERSION = "rater-path 1.0"
FOR_TRAINERS = ("label-studio", "quiz")
Form = dict[str, Any]


class Question(Model):
    """One question of a check."""

    asks: Text
    options: Annotated[list[Text], Field(min_length=2, max_length=5)]
    right: Annotated[str, Field(pattern="^[a-e]$")]
    why: Text


class Questions(Model):
    """The questions after a section."""

    questions: Annotated[list[Question], Field(min_length=1, max_length=3)]


def marked(text: str) -> str:
    """A text as HTML, a term between asterisks in italics.

    >>> marked("a *step* < b")
    'a <em>step</em> &lt; b'
    """
    return re.sub(r"\*(\w(?:[^*]*[\w.?!])?)\*", r"<em>\1</em>", escape(text, quote=False))


@cache
def rubric(tag: str) -> Rubric:
    """The practice of a language."""
    return read_rubric(PRACTICE / f"{tag.partition('-')[0]}.yml")


@cache
def colleagues() -> dict[tuple[str, str], Counter[str]]:
    """How many colleagues gave each label, by item and criterion."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for item, criterion, label in pd.read_csv(COLLEAGUES, dtype=str)[["item_id", "criterion", "label"]].to_numpy():
        counted.setdefault((item, criterion), Counter())[label] += 1
    return counted


def intervals(most: int) -> list[list[list[float]]]:
    """Lower and upper end of the interval of k of n, in row n from 1 and column k from 0.

    >>> intervals(1)
    [[[0.0, 0.793], [0.207, 1.0]]]
    """
    found = [[proportion(k, n) for k in range(n + 1)] for n in range(1, most + 1)]
    return [[[round(e.low, 3), round(e.high, 3)] for e in row] for row in found]


def checked(section: str, content: str, words: dict[str, Any]) -> Iterator[Form]:
    """The questions of a check, each with its options by letter and the reason as HTML."""
    for number, one in enumerate(load(Questions, f"questions:\n{content}".encode()).questions, 1):
        options = dict(zip("abcde", one.options, strict=False))
        gold = f"{one.right}. {options[one.right]}"
        yield {
            "name": f"{section}-{number}", "asks": one.asks, "options": {k: f"{k}. {v}" for k, v in options.items()},
            "label": one.right, "criterion": "check", "kind": "check", "before": "", "guideline": VERSION,
            "said": f"<p>{marked(one.why)}</p>", "shown": marked(gold), "gold": one.right, "words": ["right", "wrong"],
        }  # fmt: skip


def named(item: dict[str, str], words: dict[str, Any]) -> list[tuple[str, str]]:
    """The fields of an item with their names in the page's language."""
    names = {"message": words["message"], "answer": words["reply"]}
    return [(names.get(field, field), text) for field, text in item.items()]


def landed(counts: Counter[str], labels: list[str], words: dict[str, Any]) -> str:
    """Where colleagues landed, as a list with a bar a label; nothing where they judged nothing."""
    if not counts:
        return ""
    rows = "".join(
        f'<li><span>{marked(label)}</span> <meter min="0" max="{counts.total()}" value="{counts[label]}" '
        f'aria-label="{escape(label)}"></meter> {counts[label]}</li>'
        for label in labels
    )
    return f'<p>{escape(words["colleagues"].format(n=counts.total()))}</p><ul class="halo-landed">{rows}</ul>'


def practised(r: Rubric, words: dict[str, Any]) -> Iterator[Form]:
    """The examples of a rubric, a question per criterion, the item before the first."""
    for number, example in enumerate(r.examples, 1):
        shown = "".join(f"<dt>{what}</dt><dd>{marked(text)}</dd>" for what, text in named(example.item, words))
        before = f"<p><strong>{words['item']} {number} / {len(r.examples)}</strong></p><dl>{shown}</dl>"
        for criterion, judged in example.labels.items():
            asked, item = r.criterion(criterion), f"{r.name}/{example.name}"
            bars = landed(colleagues().get((item, criterion), Counter()), asked.names, words)
            yield {
                "name": item, "asks": asked.question, "options": {label: label for label in asked.names},
                "label": judged.label, "criterion": criterion, "kind": example.kind, "before": before,
                "said": f"<p>{marked(judged.why)}</p>{bars}", "shown": marked(judged.label),
                "gold": marked(judged.label), "words": ["same", "other"], "guideline": f"{r.name} {r.version}",
            }  # fmt: skip
            before = ""


def text_of(forms: list[Form], words: dict[str, Any]) -> str:
    """Questions as a page shows them without a script: each answer is folded."""
    parts = [
        f'<li>{f["before"]}<p>{marked(f["asks"])}</p><ul class="halo-options">'
        + "".join(f"<li>{marked(option)}</li>" for option in f["options"].values())
        + f'</ul><details class="halo-fold"><summary>{words["answer"]}</summary>'
        f"<p><strong>{f['shown']}</strong></p>{f['said']}</details></li>"
        for f in forms
    ]
    return f'<ol class="halo-questions">{"".join(parts)}</ol>'


def survey(forms: list[Form], *, paged: bool) -> dict[str, Any]:
    """The form as SurveyJS takes it: one page, or a page per item; what is said of an answer comes after it."""
    pages: list[list[dict[str, Any]]] = []
    for number, f in enumerate(forms):
        if not pages or (paged and f["before"]):
            pages.append([])
        if f["before"]:
            pages[-1].append({"type": "html", "name": f"item {number}", "html": f["before"]})
        choices = [{"value": value, "text": text.replace("*", "")} for value, text in f["options"].items()]
        asked = {"type": "radiogroup", "name": f["name"], "title": f["asks"].replace("*", ""), "choices": choices}
        said = {"type": "html", "name": f"said {f['name']}", "html": f["said"], "visible": False}
        pages[-1] += [{**asked, "isRequired": True}, said]
    return {"pages": [{"elements": elements} for elements in pages]}


def held(data: Any) -> str:
    """Data in a page, for its script; no tag can end it."""
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json">{text}</script>'


def block(section: str, forms: list[Form], words: dict[str, Any], *, paged: bool = False) -> str:
    keys = ("name", "label", "criterion", "kind", "guideline", "gold", "words", "said")
    data: dict[str, Any] = {"section": section, "survey": survey(forms, paged=paged)}
    data["asked"] = [{key: f[key] for key in keys} for f in forms]
    if paged:
        data["intervals"] = intervals(len(forms))
    return f'<div class="halo-check" id="check-{section}">{text_of(forms, words)}{held(data)}</div>'


class Part(SphinxDirective):
    """What the directives share: the words of the page's language, and a fault as a warning of the build."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        tag = next(t for t in interface() if self.env.docname.endswith(suffix(t) or "rater_path"))
        for path in (PRACTICE / f"{tag.partition('-')[0]}.yml", COLLEAGUES, WORDS, Path(__file__)):
            self.env.note_dependency(str(path))
        try:
            return self.made(tag, interface()[tag])
        except (HaloError, OSError, LookupError) as wrong:
            log.warning("%s: %s", self.name, wrong, location=self.get_location())
            return []

    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        raise NotImplementedError

    def parsed(self, text: str) -> list[nodes.Node]:
        node = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), "practice"), 0, node)
        return node.children

    @staticmethod
    def html(text: str) -> list[nodes.Node]:
        return [nodes.raw("", text, format="html")]


class Check(Part):
    required_arguments = 1

    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        forms = list(checked(self.arguments[0], "\n".join(self.content), words))
        return self.html(block(self.arguments[0], forms, words))


class Practice(Part):
    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        return self.html(block("practice", list(practised(rubric(tag), words)), words, paged=True))


class Scale(Part):
    required_arguments = 1

    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        labels = rubric(tag).criterion(self.arguments[0]).labels
        heads = [words[key] for key in ("label", "means", "is_not", "anchor")]
        rows = [[f"*{n.name}*", n.means, n.is_not, f"{n.anchors[0].text} ({n.anchors[0].why})"] for n in labels]
        return self.parsed(markdown(heads, rows))


class Guideline(Part):
    """What the practice's raters read, in their language."""

    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        parts = self.parsed("\n".join(guideline(rubric(tag), words)))
        summary = f'<details class="halo-fold"><summary>{escape(words["guideline"])}</summary>'
        return [*self.html(summary), *parts, *self.html("</details>")]


def placed(label: str, not_label: str | None, words: dict[str, Any]) -> str:
    """Where an anchor stands on the scale.

    >>> placed("partly", "solved", {"just_not": "just not {label}"})
    '*partly*, just not *solved*'
    """
    return f"*{label}*" + (f", {words['just_not'].format(label=f'*{not_label}*')}" if not_label else "")


def guideline(r: Rubric, words: dict[str, Any]) -> Iterator[str]:
    """The guideline of a rubric as Markdown, headed by the words of its language."""
    w, ways = words, words["ways"]
    yield markdown([w["guideline"], f"{r.title}, {r.version}"], [
        [w["decision"], r.decision], [w["stands_for"], r.stands_for],
        *([f"{w['question']}", c.question] for c in r.criteria),
        *([w["ties"], c.ties] for c in r.criteria if c.ties),
    ])  # fmt: skip
    for heads, rows in (
        ((w["terms"], w["means"]), [[f"*{term}*", said] for term, said in r.terms.items()]),
        ((w["label"], w["means"], w["is_not"]), [[f"*{n.name}*", n.means, n.is_not] for c in r.criteria
                                                 for n in c.labels]),
        ((w["anchors"], w["label"], ""), [[a.text, placed(n.name, a.not_label, w), a.why] for c in r.criteria
                                          for n in c.labels for a in n.anchors]),
        ((w["out_of_scope"], w["goes_to"]), [[one.what, one.goes_to] for one in r.out_of_scope]),
        ((w["exits"], w["when"], w["then"]), [[ways[x.name], x.when, x.then] for x in r.exits]),
        ((w["sees"], w["presses"], w["meanwhile"]), [[t.sees, ways[t.presses], t.meanwhile] for t in r.escalation]),
    ):  # fmt: skip
        yield "\n" + markdown(list(heads), rows)


class Trainers(Part):
    """Links to the practice as files for other tools."""

    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        ends = {"label-studio.xml": "Label Studio", "quiz.json": words["items"], "quiz-answers.json": words["answers"],
                "qti.zip": "QTI"}  # fmt: skip
        links = [f'<a href="practice/{rubric(tag).name}.{end}">{escape(text)}</a>' for end, text in ends.items()]
        return self.html(f"<p>{escape(words['trainers'])} {', '.join(links)}.</p>")


class Progress(Part):
    """The words that the page's script says, and what is true without it."""

    def made(self, tag: str, words: dict[str, Any]) -> list[nodes.Node]:
        said = {key: text for key, text in words.items() if isinstance(text, str)}
        return self.html(f'<div id="halo-path"><p>{escape(words["without"])}</p>{held(said)}</div>')


def package(r: Rubric, words: dict[str, Any]) -> bytes:
    """The practice of a rubric as a QTI package (1.2), for learning systems that import questions."""
    lines = [f"Quiz title: {r.title}"]
    for example in r.examples:
        shown = [f"{escaped(what)}: {escaped(text)}" for what, text in named(example.item, words)]
        for criterion, judged in example.labels.items():
            asked = r.criterion(criterion)
            question = "\n\n    ".join([*shown, escaped(asked.question)])
            lines += ["", f"Title: {example.name}", f"1.  {question}", f"... {escaped(judged.why)}"]
            lines += [f"{'*' * (name == judged.label)}a) {escaped(name)}" for name in asked.names]
    return QTI(Quiz("\n".join(lines) + "\n", config=Config())).zip_bytes()


def forms_there() -> bool:
    """Whether the form library was fetched."""
    return all((FORMS / name).is_file() for name in [*SCRIPTS, SHEET])


def arrived(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The path's pages, where the form library was fetched or went since they were built."""
    built = Path(app.outdir, "_static", "practice", Path(SCRIPTS[0]).name).is_file()
    pages = [name for name in env.all_docs if "/rater_path" in name]
    return pages if app.builder.format == "html" and built != forms_there() else []


def scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """The path's pages load the form library, its translation and ours; no other page does."""
    if "halo-path" not in context.get("body", ""):
        return
    if forms_there():
        file = interface()[language(app.env, pagename)]["survey_file"]
        translation = [f"{CORE}i18n/{file}.min.js"] if file else []
        app.add_css_file("practice/" + Path(SHEET).name, priority=100)
        for name in [SCRIPTS[0], *translation, SCRIPTS[1]]:
            app.add_js_file("practice/" + Path(name).name, priority=600, loading_method="defer")
    app.add_js_file("practice.js", priority=700, loading_method="defer")


def write(app: Sphinx, problem: Exception | None) -> None:
    """Copy the library with its licence, and write what trainers load into a tool of theirs."""
    if problem is not None or app.builder.format != "html":
        return
    static, ours = Path(app.outdir, "_static", "practice"), Path(app.outdir, "practice")
    static.mkdir(parents=True, exist_ok=True)
    ours.mkdir(exist_ok=True)
    if forms_there():
        files = [words["survey_file"] for words in interface().values() if words["survey_file"]]
        for name in [*SCRIPTS, SHEET, *(f"{CORE}i18n/{file}.min.js" for file in files)]:
            copyfile(FORMS / name, static / Path(name).name)
        copyfile(ROOT / "tools" / "practice" / "LICENSE-surveyjs.txt", static / "LICENSE-surveyjs.txt")
    else:
        for left in static.glob("*.*"):
            left.unlink()
        log.info("practice: the form library is not there, so its questions stay text; `make practice` fetches it")
    for tag, words in interface().items():
        r = rubric(tag)
        (ours / f"{r.name}.qti.zip").write_bytes(package(r, words))
        for target in FOR_TRAINERS:
            for name, text in render(r, target).items():
                (ours / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    for name, directive in (
        ("check", Check),
        ("practice", Practice),
        ("scale", Scale),
        ("practice-guideline", Guideline),
        ("for-trainers", Trainers),
        ("path", Progress),
    ):
        app.add_directive(name, directive)
    app.connect("env-get-outdated", arrived)
    app.connect("html-page-context", scripts, priority=400)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
