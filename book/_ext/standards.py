"""Standards in the book: a role, a directive, and tables, all read from the register.

``{std}`CAL-004` `` becomes a badge that leads to the standard, ``{number}`CAL-013.days` `` its number,
``{answer}`CAL-003` `` the badge with what the standard asks for, ``{also}`CAL-003` `` with what its owner does.
``{standard} CAL-004`` shows its sentence and its reason, with the rest folded; a second time is an error. Each standard
has a page of its own, ``s/CAL-004/``, where it stands whole. ``{standards}``, ``{checklist}``, ``{traceability}`` and
``{standards-changelog}`` are tables; they take the filters ``:topic:``, ``:family:``,
``:owner:``, ``:stage:``, ``:report:``, ``:kind:``, ``:level:``, ``:tier:`` and
``:moment:``.
"""

import hashlib
import json
import shutil
import zlib
from datetime import date
from html import escape
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from standards_words import evidence, scope, words

from halo_methods.documents import schema
from halo_methods.errors import HaloError, InvalidData
from halo_methods.standards import Register, Standard, house
from halo_methods.standards.numbers import look_up, written
from halo_methods.standards.register import gates_and_standards, trace

log = logging.getLogger(__name__)
MANY = 40  # rows from which a table can be filtered
FILTERS = dict.fromkeys(
    ("topic", "family", "owner", "stage", "report", "kind", "level", "tier", "moment"), directives.unchanged_required
)


class badge(nodes.inline):
    """A standard's identifier, turned into a link when all homes are known."""


class home(nodes.General, nodes.Element):
    """A standard shown whole."""


class cells(nodes.General, nodes.Element):
    """A table whose first column holds badges."""


class Std(SphinxRole):
    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text not in REGISTER:
            log.warning("no standard is called %s", self.text, location=(self.env.docname, self.lineno))
            return [nodes.literal(text=self.text)], []
        _depends(self.env)
        return [badge(self.text, self.text, standard=self.text)], []


class Answer(Std):
    """``{answer}`CAL-003` ``: the badge and what the standard asks for, in a row of questions."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        made, problems = super().run()
        if self.text in REGISTER:
            said = self.said(REGISTER[self.text])
            made.append(nodes.inline(said, f" {said} ", classes=["halo-answer"]))
        return made, problems

    def said(self, s: Standard) -> str:
        asked = s.statement.removeprefix("Verify that ")
        return f"{asked[:1].upper()}{asked[1:]}"


class Also(Answer):
    """``{also}`CAL-003` ``: the badge and what its owner does, for what a row names beside its answer."""

    def said(self, s: Standard) -> str:
        return s.do


class Number(SphinxRole):
    """``{number}`CAL-013.days` ``, or ``{number}`CAL-004.bar:%` ``: a standard's number as the register has it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        name, _, style = self.text.partition(":")
        standard, _, key = name.partition(".")
        try:
            text = written(look_up(standard, key, REGISTER.numbers), style)
        except HaloError as unknown:
            log.warning("%s", unknown, location=(self.env.docname, self.lineno))
            return [nodes.literal(text=self.text)], []
        _depends(self.env)
        return [nodes.inline(text, text, classes=["halo-number"])], []


def _depends(env: Any) -> None:
    """This page shows standards: it is read again when they change, written again when a home moves."""
    env.halo_users.add(env.docname)


class Shown(SphinxDirective):
    """``{standard} CAL-004``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in REGISTER:
            log.warning("no standard is called %s", name, location=self.get_location())
            return []
        _depends(self.env)
        homes = self.env.halo_homes
        if name in homes:
            log.warning("%s is shown in %s already; name it here with {std}`%s`", name, homes[name], name,
                        location=self.get_location())  # fmt: skip
            return []
        homes[name] = self.env.docname
        return [home(standard=name)]


class Table(SphinxDirective):
    """``{standards}`` and ``{checklist}``."""

    option_spec = FILTERS  # type: ignore[assignment]

    def run(self) -> list[nodes.Node]:
        _depends(self.env)
        chosen = REGISTER.filter(**self.options)
        if not chosen:
            asked = ", ".join(f"{k} {v}" for k, v in self.options.items())
            log.warning("no standard matches %s", asked, location=self.get_location())
        label = " ".join(["Standards", *self.options.values()])  # two tables of a page have two names
        return [cells(kind=self.name, standards=list(chosen), label=label)]


def _rest(app: Sphinx, s: Standard, docname: str) -> str:
    """What stands behind a standard's sentence and reason: check, numbers, examples, small print."""
    e = words
    changes = "".join(
        f"<li>{a.effective}: {a.type}. {e(a.note)} {'Raters calibrate again. ' if a.recalibrate else ''}"
        f"Earlier judgments: {e(a.earlier)}</li>"
        for a in s.amendments
    )
    source = "House rule." if s.source == "house rule" else f"Source: {e(s.source)}."
    held = ", ".join(f"{key.replace('_', ' ')} {written(value)}" for key, value in s.numbers.items())
    return (
        f"<p><strong>How it is checked.</strong> {e(s.how)}</p>"
        f"{f'<p><strong>Numbers.</strong> {e(held)}.</p>' if held else ''}"
        f"{f'<p><strong>If it is not met.</strong> {e(s.fix)}</p>' if s.fix else ''}"
        f'<div class="halo-pair"><div class="halo-complies"><p><strong>Complies</strong></p>'
        f'<p class="halo-example">{e(s.complies.example)}</p><p>{e(s.complies.because)}</p></div>'
        f'<div class="halo-violates"><p><strong>Doesn’t</strong></p>'
        f'<p class="halo-example">{e(s.violates.example)}</p><p>{e(s.violates.because)}</p></div></div>'
        f'<p class="halo-small">{e(scope(s))} {e(evidence(s))} Owner: {e(s.owner)}. '
        f"Life cycle: {e(', '.join(s.applies.stage))}. Since {e(s.since)}, review by {s.review_by}. {source}"
        f"{_proof(app, s, docname)}</p>"
        f"{f'<ul class=halo-changes>{changes}</ul>' if changes else ''}"
    )


def _head(s: Standard) -> str:
    state = "retired" if s.retired else s.level
    own = ' <span class="halo-house">house</span>' if s.house else ""
    return f'<span class="halo-badge halo-badge--{s.level}">{s.id} <span class="halo-level">{state}</span></span>{own}'


def _folded(app: Sphinx, s: Standard, docname: str, level: int) -> str:
    """A standard in a chapter: badge, sentence and reason; the rest is folded."""
    return (
        f'<section class="halo-standard halo-standard--{s.level}" id="{s.id}" aria-labelledby="{s.id}-title">'
        f'<p class="halo-standard-title" id="{s.id}-title" role="heading" aria-level="{level}">'
        f'<a href="{escape(_place(app, s.id, docname))}">{_head(s)}</a> {words(s.title)}</p>'
        f'<p class="halo-statement">{words(s.statement)}</p><p><strong>Why.</strong> {words(s.why)}</p>'
        f"<details><summary>How, examples, owner</summary>{_rest(app, s, docname)}</details></section>"
    )


def _page(app: Sphinx, s: Standard) -> tuple[str, dict[str, Any], str]:
    """The page of a standard: its address, title and text."""
    docname = page_of(s.id)
    home = app.env.halo_homes.get(s.id)  # type: ignore[attr-defined]
    shown = _anchor(app.builder.get_relative_uri(docname, home), escape(app.env.titles[home].astext())) if home else ""
    body = (
        f'<section class="halo-standard-page"><h1>{_head(s)} {words(s.title)}</h1>'
        f'<p class="halo-statement">{words(s.statement)}</p><p><strong>Why.</strong> {words(s.why)}</p>'
        f"{_rest(app, s, docname)}{f'<p>It stands in the chapter {shown}.</p>' if shown else ''}</section>"
    )
    return docname, {"title": f"{s.id} {s.title}", "body": body}, "page.html"


def _pages(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """The page of each standard; those of standards that are gone are taken away."""
    for folder in Path(app.outdir, "s").glob("*"):
        if folder.name not in REGISTER:
            shutil.rmtree(folder)
    return [_page(app, s) for s in REGISTER.values()]


def page_of(name: str) -> str:
    """The page of a standard, as the builder names it.

    >>> page_of("CAL-004")
    's/CAL-004/index'
    """
    return f"s/{name}/index"


def _place(app: Sphinx, name: str, docname: str) -> str:
    """Address of a standard's page, from a page."""
    return str(app.builder.get_relative_uri(docname, page_of(name)))


def _link(app: Sphinx, name: str, docname: str, *, whole: bool = False) -> str:
    s = REGISTER[name]
    level = f' <span class="halo-level">{"retired" if s.retired else s.level}</span>' if whole else ""
    address = escape(_place(app, name, docname))
    return f'<a class="halo-badge halo-badge--{s.level}" href="{address}" title="{escape(s.title)}">{name}{level}</a>'


def _grid(head: tuple[str, ...], rows: list[tuple[str, ...]], label: str, *, sift: bool = False) -> str:
    top = "".join(f'<th scope="col">{h}</th>' for h in head)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    kind = "halo-table halo-sift" if sift else "halo-table"
    return (
        f'<div class="halo-scroll" role="region" aria-label="{escape(label)}" tabindex="0"><table class="{kind}">'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _html(app: Sphinx, kind: str, names: list[str], docname: str, label: str) -> str:
    chosen = [REGISTER[name] for name in names]

    def link(s: Standard) -> str:
        return _link(app, s.id, docname, whole=True)

    if kind == "standards":
        rows = [
            (link(s), escape(s.title), s.family, s.tier.replace("_", " "), s.evidence.kind, escape(s.owner))
            for s in chosen
        ]
        head = ("standard", "says", "family", "tier", "evidence", "owner")
        return _grid(head, rows, label, sift=len(rows) > MANY)
    if kind == "checklist":
        items = "".join(
            f'<li data-owner="{escape(s.owner)}" data-tier="{s.tier.replace("_", " ")}">'
            f'<label><input type="checkbox"> <span>{words(s.do)}</span></label> '
            f"{_link(app, s.id, docname, whole=s.level == 'should')} "
            f'<span class="halo-small">{escape(s.owner)}</span></li>'
            for s in chosen
        )
        return f'<ul class="halo-checklist">{items}</ul>'
    if kind == "traceability":
        folds = []
        for responsibility, traced in groupby(trace(REGISTER, ROOT), key=itemgetter("responsibility")):
            rows = [
                (_link(app, r["standard"], docname, whole=True), escape(r["title"]),
                 f"{r['kind']}: {_where(app, r, docname)}<br>{_test(app, r['test'], docname) or 'no test yet'}")
                for r in traced
            ]  # fmt: skip
            grid = _grid(("standard", "says", "evidence and its test"), rows, f"Traceability of {responsibility}")
            folds.append(
                f'<details class="halo-fold halo-trace"><summary>{responsibility}: {len(rows)} standards</summary>'
                f"{grid}</details>"
            )
        return "".join(folds)
    if kind == "standards-changelog":
        changes = sorted(
            ((a, s) for s in REGISTER.values() for a in s.amendments), key=lambda c: c[0].effective, reverse=True
        )
        if not changes:
            return "<p>No standard has been amended since the first edition.</p>"
        rows = [(str(a.effective), str(a.date), link(s), a.type, escape(a.note), "yes" if a.recalibrate else "no",
                 escape(a.earlier)) for a, s in changes]  # fmt: skip
        head = (
            "effective",
            "decided",
            "standard",
            "type",
            "what a team does differently",
            "recalibrate",
            "earlier judgments",
        )
        return _grid(head, rows, "Changes of standards")
    raise ValueError(kind)


def _chapter(app: Sphinx, report: str, docname: str) -> str:
    """Address of a report's chapter, empty where there is none."""
    found = [d for d in sorted(app.env.found_docs) if report and d.endswith(f"/{report}")]
    return app.builder.get_relative_uri(docname, found[0]) if found else ""


def _anchor(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{text}</a>' if address else text


def _where(app: Sphinx, row: dict[str, str], docname: str) -> str:
    return _anchor(_chapter(app, row["report"], docname), escape(row["where"]))


def _test(app: Sphinx, name: str, docname: str) -> str:
    """A link to a test's source, which is published beside the pages."""
    up = "../" * app.builder.get_target_uri(docname).count("/")
    return _anchor(f"{up}_{name}.txt", f"<code>{escape(name)}</code>") if name else ""


def _proof(app: Sphinx, s: Standard, docname: str) -> str:
    """From a standard to the report with its code, the method, and the test."""
    e: Any = s.evidence
    links = []
    if e.kind == "measured" and (chapter := _chapter(app, e.report, docname)):
        links.append(f"report {_anchor(chapter, escape(e.report))}")
    if e.kind == "measured" and (made := app.env.get_domain("py").objects.get(f"halo_methods.{e.method}")):  # type: ignore[attr-defined]
        address = f"{app.builder.get_relative_uri(docname, made.docname)}#{made.node_id}"
        links.append(f"method {_anchor(address, f'<code>{escape(e.method)}</code>')}")
    if test := _test(app, TESTS.get(s.id, ""), docname):
        links.append(f"test {test}")
    return f" See {', '.join(links)}." if links else ""


def _depth(node: nodes.Node | None) -> int:
    """How many sections a node is in."""
    return 0 if node is None else isinstance(node, nodes.section) + _depth(node.parent)


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill in links and tables once every home is known."""

    def raw(html: str) -> nodes.raw:
        return nodes.raw("", html, format="html")

    for node in list(doctree.findall(badge)):
        node.replace_self(raw(_link(app, node["standard"], docname)))
    for node in list(doctree.findall(home)):
        node.replace_self(raw(_folded(app, REGISTER[node["standard"]], docname, _depth(node) + 1)))
    for node in list(doctree.findall(cells)):
        node.replace_self(raw(_html(app, node["kind"], node["standards"], docname, node["label"])))


def _prepare(env: Any) -> None:
    for name, empty in (("halo_homes", {}), ("halo_users", set()), ("halo_seen", ((), ()))):
        if not hasattr(env, name):
            setattr(env, name, empty)


def _start(app: Sphinx, env: Any, docnames: list[str]) -> None:
    _prepare(env)
    chapters = Path(app.srcdir, "book", "chapters")
    for problem in [*REGISTER.expired(date.today()), *gates_and_standards(REGISTER, chapters)]:
        log.warning("%s", problem)


def _purge(app: Sphinx, env: Any, docname: str) -> None:
    _prepare(env)
    env.halo_homes = {k: v for k, v in env.halo_homes.items() if v != docname}
    env.halo_users.discard(docname)


def _merge(app: Sphinx, env: Any, docnames: list[str], other: Any) -> None:
    env.halo_homes |= {k: v for k, v in other.halo_homes.items() if v in docnames}
    env.halo_users |= other.halo_users & set(docnames)


def _stale(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Pages that show standards are read again when any standard, threshold or test has changed."""
    _prepare(env)
    held = json.dumps([*(s.to_dict() for s in REGISTER.values()), TESTS, dict(house().thresholds)], default=str)
    digest = hashlib.sha256(held.encode()).hexdigest()
    before, env.halo_standards = getattr(env, "halo_standards", ""), digest
    return [d for d in env.halo_users if d in env.found_docs] if before != digest else []


def _moved(app: Sphinx, env: Any) -> list[str]:
    """When a home or a page has come, gone or moved, every page that links to a standard is written again."""
    now = (sorted(env.halo_homes.items()), sorted(env.found_docs))
    before, env.halo_seen = env.halo_seen, now
    return [d for d in sorted(env.halo_users) if d in env.found_docs] if before != now else []


def published_schema() -> dict[str, Any]:
    """The JSON Schema of ``standards.json``: a list of standards, each with the address of its page.

    >>> published_schema()["type"], published_schema()["items"]["properties"]["address"]["type"]
    ('array', 'string')
    """
    one = schema(Standard)
    about = {key: one[key] for key in ("$schema", "$defs")}
    fields = {**one["properties"], "address": {"type": "string", "description": "Its page, from the site's root."}}
    items = {**one, "properties": fields, "required": [*one["required"], "address"]}
    return {**about, "type": "array", "items": {k: v for k, v in items.items() if k not in about}}


def _publish(app: Sphinx, problem: Exception | None) -> None:
    """``standards.json`` and its schema beside the pages, for other programs, and the tests that the pages name."""
    if problem is None and app.builder.format == "html":
        made = [{**s.to_dict(), "address": _place(app, s.id, app.config.root_doc)} for s in REGISTER.values()]
        Path(app.outdir, "standards.json").write_text(json.dumps(made, indent=1, default=str), "utf-8")
        Path(app.outdir, "standards.schema.json").write_text(json.dumps(published_schema(), indent=1), "utf-8")
        for name in set(TESTS.values()):
            target = Path(app.outdir, f"_{name}.txt")
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(ROOT / name, target)


ROOT = Path(__file__).resolve().parents[2]
REGISTER: Register
TESTS: dict[str, str] = {}


def setup(app: Sphinx) -> dict[str, Any]:
    global REGISTER, TESTS
    try:
        REGISTER = house().register()
        TESTS = {row["standard"]: row["test"] for row in trace(REGISTER, ROOT) if row["test"]}
    except (InvalidData, HaloError) as problem:
        from sphinx.errors import ExtensionError

        raise ExtensionError(f"the standards can't be read: {problem}") from None
    for node in (badge, home, cells):
        app.add_node(node)
    app.add_role("std", Std())
    app.add_role("answer", Answer())
    app.add_role("also", Also())
    app.add_role("number", Number())
    app.add_directive("standard", Shown)
    for name in ("standards", "checklist", "traceability", "standards-changelog"):
        app.add_directive(name, Table)
    app.connect("env-before-read-docs", _start)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("env-get-outdated", _stale)
    app.connect("env-updated", _moved)
    app.connect("doctree-resolved", resolve)
    app.connect("html-collect-pages", _pages)
    app.connect("build-finished", _publish)
    written = zlib.crc32(Path(__file__).read_bytes())  # pages are read again when this file has changed
    return {"version": "1", "env_version": written, "parallel_read_safe": True, "parallel_write_safe": True}
