"""Localization files as tables of items: XLIFF 1.2 and 2, PO, and a termbase as CSV.

A unit becomes an item that people can judge; nothing here is a judgment. XLIFF and PO are read by the translate
toolkit (extra ``localization``), which fetches nothing and expands no entity; what it is given is bounded before.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import BadOption, HaloError, InvalidData, Problem
from ..judgments import bounds
from ..judgments.cells import quoted, raw_table
from .opened_files import ExportFile, Options, Record
from .reading_exports import Export

KINDS = {"xliff": "XLIFF", "po": "PO", "termbase": "a termbase"}
_COLUMNS = ("item_id", "cluster", "source", "target", "locale", "state", "comment")
_NAMES = {
    "source": ("source", "term", "source term", "source_term"),
    "target": ("target", "translation", "target term", "target_term"),
    "locale": ("locale", "language", "target language", "lang"),
    "state": ("state", "status"),
    "comment": ("comment", "note", "notes", "definition"),
    "cluster": ("id", "term_id", "concept", "concept_id"),
}
_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_APART = "\x04"  # what the toolkit writes between the parts of an identifier


def kind_of(file: str | os.PathLike[str] | ExportFile) -> str | None:
    """Whether a file is XLIFF or PO, by its content; a termbase is a table like others, so it must be named.

    Examples
    --------
    >>> kind_of(ExportFile("a.xlf", b'<?xml version="1.0"?><xliff version="2.0">'))
    'xliff'
    >>> kind_of(ExportFile("a.po", b'msgid ""\\nmsgstr ""')), kind_of(ExportFile("a.csv", b"term,translation"))
    ('po', None)
    """
    opened = file if isinstance(file, ExportFile) else ExportFile.at(file, xml=True)
    head = opened.content[:20_000].replace(b"\0", b"")
    if re.search(rb"<xliff[\s>]", head):
        return "xliff"
    return "po" if re.search(rb'^msgid "', head, re.MULTILINE) and b'\nmsgstr "' in head.replace(b"\r", b"") else None


def read_units(
    paths: Sequence[str | os.PathLike[str]],
    kind: str,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    delimiter: str | None = None,
) -> Export:
    """The units of localization files as items: one row per unit and locale.

    ``item_id`` names unit and locale, ``cluster`` the unit in all locales. A row has ``source``, ``target``,
    ``locale``, ``state`` and ``comment`` (the notes). What need not be translated and what is obsolete is counted.

    Parameters
    ----------
    paths : list of path
        The files, for instance one per locale.
    kind : {"xliff", "po", "termbase"}
        What they are.
    columns : mapping, optional
        Of a termbase: name here to name in the file, ``{"source": "en", "state": "approved"}``.
    encoding, sheet, delimiter : str, optional
        Of a termbase, as for `read_judgments`.

    Returns
    -------
    Export

    Raises
    ------
    InvalidData
        If a file is damaged, or larger than `bounds` allows.
    HaloError
        If a file cannot be opened, there is no unit, or the extra is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "terms.csv")
    >>> _ = file.write_text("id,en,fr-FR\\n7,cart,panier\\n")
    >>> read_units([file], "termbase").table.select("item_id", "source", "target", "locale").rows()
    [('7@fr-FR', 'cart', 'panier', 'fr-FR')]
    """
    BadOption.unless("kind", kind, KINDS)
    read = {"xliff": _xliff_rows, "po": _po_rows, "termbase": _term_rows}[kind]
    options, tally = Options(columns or {}, encoding=encoding, sheet=sheet, delimiter=delimiter), Counter[str]()
    rows = [row for path in paths for row in read(ExportFile.at(path, options, xml=True), tally)]
    if not rows:
        raise HaloError(f"there is no unit in {', '.join(os.path.basename(path) for path in paths)}")
    seen: Counter[str] = Counter()
    for row in rows:
        row["item_id"] = f"{row['cluster']}@{row['locale']}" if row.get("locale") else row["cluster"]
        seen[row["item_id"]] += 1
        row["item_id"] += f" ({seen[row['item_id']]})" if seen[row["item_id"]] > 1 else ""
    repeated = len(rows) - len(seen)
    notes = ["these are items and no judgments: import them where people judge, and keep item_id"]
    notes += [f"{repeated:,} units repeat an identifier; they got a number"] if repeated else []
    names = [name for name in _COLUMNS if any(row.get(name) for row in rows)]
    table = raw_table(names, [[row.get(name) or None for row in rows] for name in names], "the units").frame
    locales = len({row.get("locale") for row in rows})
    counts = {"items": len(rows), "locales": locales, "without a target": sum(not row.get("target") for row in rows)}
    return Export(table, counts | {name: n for name, n in tally.items() if n}, tuple(notes))


def _parsed(file: ExportFile, kind: str, unit: bytes) -> Any:
    """The toolkit's store of a file whose size was looked at first."""
    try:
        from translate.storage import pypo, xliff, xliff2
    except ImportError as error:
        raise HaloError(
            f"{KINDS[kind]} needs the translate toolkit: pip install 'halo-methods[localization]'"
        ) from error
    if kind_of(file) != kind:
        raise InvalidData([Problem(f"{file.name} is no {KINDS[kind]} file", "Say what it is: --from.")])
    plain = file.content.replace(b"\0", b"")
    bounds.within(file.name, "MOST_UNITS", plain.count(unit), "units")
    bounds.within(file.name, "MOST_OBJECTS", plain.count(b"<"), "elements")
    bounds.within(file.name, "LONGEST_LINE", max(map(len, plain.split(unit))), "bytes in one unit")
    if kind == "xliff" and b"<!ENTITY" in plain:
        raise InvalidData([Problem(f"{file.name} defines entities", "Export it again; XLIFF needs none.")])
    second = kind == "xliff" and re.search(rb"<xliff[^>]*\sversion=[\"']2", plain) is not None
    store = pypo.pofile if kind == "po" else xliff2.Xliff2File if second else xliff.Xliff1File
    try:
        return store.parsestring(file.content)
    except Exception as error:  # each format has its own family of errors
        said = quoted(f"{type(error).__name__}: {error}")
        raise InvalidData([Problem(f"{file.name} is no {KINDS[kind]} file ({said})", "Export it again.")]) from error


def _attribute(element: Any, *names: str) -> str | None:
    """The nearest of these attributes on an element or around it."""
    for node in (element, *element.iterancestors()):
        for name in names:
            if node.get(name):
                return str(node.get(name))
    return None


def _xliff_rows(file: ExportFile, tally: Counter[str]) -> Iterator[Record]:
    for unit in _parsed(file, "xliff", b"<source").units:
        if not unit.istranslatable():
            tally["not to be translated"] += 1
            continue
        element, target = unit.xmlelement, unit.target
        held = element.find("{*}target")
        state = None if held is None else held.get("state")
        approved = "approved" if element.get("approved") == "yes" else "translated" if target else "untranslated"
        yield {
            "cluster": _short(unit.getid()),
            "source": str(unit.source or ""),
            "target": None if target is None else str(target),
            "locale": _attribute(element, "target-language", "trgLang"),
            "state": state or element.get("state") or approved,
            "comment": unit.getnotes() or " ".join(note.text or "" for note in element.iterfind("../{*}notes/{*}note")),
        }


def _po_rows(file: ExportFile, tally: Counter[str]) -> Iterator[Record]:
    store = _parsed(file, "po", b'msgid "')
    locale = store.gettargetlanguage()
    for unit in store.units:
        if unit.isheader() or unit.isobsolete():
            tally["obsolete"] += unit.isobsolete()
            continue
        sources, targets = (getattr(text, "strings", [text]) for text in (unit.source, unit.target))
        for at, target in enumerate(targets):
            state = "fuzzy" if unit.isfuzzy() else "translated" if target else "untranslated"
            yield {
                "cluster": _short(unit.getid()) + (f"[{at}]" if len(targets) > 1 else ""),
                "source": str(sources[min(at, len(sources) - 1)]),
                "target": str(target or ""),
                "locale": locale and locale.replace("_", "-"),
                "state": state,
                "comment": unit.getnotes(),
            }


def _short(identifier: str | None) -> str:
    """An identifier for a cell: PO's is the whole text, of which the beginning and a sum of the rest are enough."""
    import hashlib

    text = (identifier or "").strip(_APART).replace(_APART, "/")
    return text if len(text) <= 80 else f"{text[:60]}…{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _term_rows(file: ExportFile, tally: Counter[str]) -> Iterator[Record]:
    """A row per term and locale: of a column for the target, or of a column per locale."""
    records = file.records()
    there = {name.strip().casefold(): name for name in file.table.frame.columns}
    named = {name: next((there[w] for w in words if w in there), None) for name, words in _NAMES.items()}
    named |= {name: column for name, column in file.options.columns.items() if name in _NAMES}
    locales = [column for column in there.values() if _LOCALE.fullmatch(column) and column not in named.values()]
    named["source"] = named["source"] or (locales.pop(0) if len(locales) > 1 else None)
    if absent := [column for column in named.values() if column and column not in there.values()]:
        raise HaloError(f"{file.name} has no column {quoted(absent[0])}; it has {', '.join(there.values())}")
    if not named["source"] or not (named["target"] or locales):
        columns = ", ".join(map(quoted, list(there.values())[:20]))
        text = f"{file.name} does not say which columns are source and target; columns are {columns}"
        raise HaloError(f"{text}; name them: --columns source=COLUMN,target=COLUMN, or call a column by its locale")
    for at, record in enumerate(records, start=1):
        row = {name: record[column] for name, column in named.items() if column}
        row["cluster"] = row.get("cluster") or f"term {at}"
        for locale in [None] if named["target"] else locales:
            yield {**row, **({} if locale is None else {"target": record[locale], "locale": locale.replace("_", "-")})}
