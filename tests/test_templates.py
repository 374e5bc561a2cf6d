"""Templates: one source makes Markdown, a text document and a spreadsheet, with the standards' numbers in them."""

import io
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import docx
import openpyxl
import pytest
import template_links
from docutils import nodes
from docutils.utils import new_document
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.formula import Tokenizer
from sphinx.addnodes import download_reference

from halo_methods import cli
from halo_methods.errors import BadOption, HaloError
from halo_methods.standards import load, template_files, templates
from halo_methods.standards.templates import KINDS, blocks, folder, source, template, template_names, widths

NAMES = template_names()
SMALL = """# A record for {CAL-001.days} days

- [ ] told **the lead**
1. first
2. second, after
   more than *a line*

| count | of | share | limit |
| --- | --- | --- | --- |
| 3 | 12 | `=A{row}/B{row} %` | {CAL-001.limit:%} |
| | | `=SUM(A{first}:A{above})` | =1+1 |
"""
NUMBERS = {"CAL-001": {"days": 90, "limit": 0.03}}


@pytest.fixture
def small(tmp_path, monkeypatch):
    (tmp_path / "small.md").write_text(SMALL, "utf-8")
    monkeypatch.setattr(templates, "folder", lambda: tmp_path)


def as_docx(content):
    return docx.Document(io.BytesIO(content))


def as_sheet(content):
    return openpyxl.load_workbook(io.BytesIO(content)).active


def texts_of(document):
    """Every text of a document, paragraphs and cells."""
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [text for text in [*(p.text for p in document.paragraphs), *cells] if text]


def test_a_small_template_as_markdown(small):
    text = template("small", ".md", NUMBERS).decode()
    assert text.startswith("# A record for 90 days\n")
    assert "| 3 | 12 |  | 3% |" in text
    assert "`" not in text


def test_a_small_template_as_a_document(small):
    document = as_docx(template("small", ".docx", NUMBERS))
    paragraphs = [(p.style.name, p.text) for p in document.paragraphs if p.text]
    assert paragraphs[0] == ("Heading 1", "A record for 90 days")
    assert [text for _, text in paragraphs[1:]] == [
        "☐\ttold the lead",
        "1.\tfirst",
        "2.\tsecond, after more than a line",
    ]
    told = next(p for p in document.paragraphs if p.text.startswith("☐"))
    assert [run.text for run in told.runs if run.bold] == ["the lead"]
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["count", "of", "share", "limit"], ["3", "12", "", "3%"], ["", "", "", "=1+1"]]  # fmt: skip
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert [column.width for column in table.columns] == [cell.width for cell in table.rows[1].cells]
    assert document.core_properties.title == "A record for 90 days"


def test_a_small_template_as_a_sheet(small):
    sheet = as_sheet(template("small", ".xlsx", NUMBERS))
    rows = [row for row in sheet.iter_rows() if any(cell.value is not None for cell in row)]
    head, first, second = rows[-3:]
    at = first[0].row
    assert [cell.value for cell in head] == ["count", "of", "share", "limit"]
    assert [cell.value for cell in first] == [3, 12, f"=A{at}/B{at}", 0.03]
    assert [cell.number_format for cell in first[2:]] == ["0.0%", "0%"]
    assert [cell.value for cell in second] == [None, None, f"=SUM(A{at}:A{at})", "=1+1"]
    assert [cell.data_type for cell in second[2:]] == ["f", "s"]


def test_a_rule_begins_a_page():
    made = blocks("# A\n\none\n\n---\n\ntwo\n")
    assert 'w:type="page"' in as_docx(template_files.docx(made)).element.xml
    sheet = as_sheet(template_files.xlsx(made))
    assert [(cut.id, sheet.cell(cut.id + 1, 1).value) for cut in sheet.row_breaks.brk] == [(2, "two")]


def test_names_kinds_and_places_that_there_are_not(small):
    with pytest.raises(HaloError, match="no template is called 'smal'; did you mean small"):
        template("smal")
    with pytest.raises(BadOption, match=r"kind is '\.pdf'"):
        template("small", ".pdf")
    with pytest.raises(HaloError, match="the template small asks for a number: CAL-001 has no number days"):
        template("small", ".md", {"CAL-001": {"weeks": 1}})


@pytest.mark.parametrize("part", ["```\ncode\n```", "> said", "![a](b.png)"])
def test_what_templates_do_not_have_is_refused(part):
    with pytest.raises(HaloError, match="a template"):
        blocks(f"# A\n\n{part}\n")


@settings(max_examples=4)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\\`*_[]<>&!|#+-=~:.)("),
                           min_size=1, max_size=60), min_size=1, max_size=6),
)  # fmt: skip
def test_every_word_reaches_every_kind(texts):
    parts = [
        f"# A{texts[0]}",
        *(f"x{text}" for text in texts),
        "| a | b |\n| --- | --- |\n| " + " | ".join("xy") + " |",
    ]
    made = blocks("\n\n".join(parts))
    wanted = [f"A{texts[0]}", *(f"x{text}" for text in texts), "a", "b", "x", "y"]
    assert sorted(texts_of(as_docx(template_files.docx(made)))) == sorted(wanted)
    cells = [c.value for row in as_sheet(template_files.xlsx(made)).iter_rows() for c in row if c.value is not None]
    assert sorted(cells) == sorted(wanted)


@settings(max_examples=50)
@given(st.lists(st.lists(st.text(max_size=80), min_size=3, max_size=3), min_size=1, max_size=4), st.floats(10, 200))
def test_columns_share_the_whole_width(cells, whole):
    rows = tuple([[templates.Run(text)] for text in line] for line in cells)
    found = widths(rows, whole)
    assert sum(found) == pytest.approx(whole)
    assert min(found) > 0


@pytest.mark.parametrize("name", NAMES)
def test_each_template_holds_the_same_words_in_every_kind(name):
    made = blocks(source(name))
    words = sorted(text.strip() for text in [b.text for b in made] + [templates.text_of(c) for b in made for r in b.rows
                   for c in r] if text.strip())  # fmt: skip
    document = [re.sub(r"^(☐|•|\d+\.)\t", "", text).strip() for text in texts_of(as_docx(template(name, ".docx")))]
    assert sorted(text for text in document if text) == words
    filled = [cell for row in as_sheet(template(name, ".xlsx")).iter_rows() for cell in row if cell.value is not None]
    assert len([cell for cell in filled if cell.data_type != "f"]) == len(words)
    assert not re.search(r"\{[A-Z]{3}-\d{3}", template(name).decode())


@pytest.mark.parametrize("name", ["weekly_business_review", "vendor_selection"])
def test_formulas_can_be_read_and_stay_in_their_table(name):
    sheet = as_sheet(template(name, ".xlsx"))
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert cells
    for cell in cells:
        named = [token.value for token in Tokenizer(cell.value).items if token.subtype == "RANGE"]
        for at in (part for text in named for part in text.split(":")):
            assert sheet[at].border.left.style
            assert at != cell.coordinate
        assert cell.value.count("(") == cell.value.count(")")
        assert "{" not in cell.value


DIGITS = re.compile(r"(?<![A-Za-z\d-])\d[\d.,]*%?")
NO_NUMBER = [
    r"\{[A-Z]{3}-\d{3}\.[^}]*\}",  # the place of a standard's number
    r"`=[^`]*`",  # a formula
    r"^ *\d+\. ",  # the number of an entry
    r"\b[A-Z]{3}-\d{3}\b",  # a standard
]


@pytest.mark.parametrize("name", NAMES)
def test_no_template_holds_a_number_that_is_not_a_standards(name):
    text = (folder() / f"{name}.md").read_text("utf-8")
    for allowed in NO_NUMBER:
        text = re.sub(allowed, " ", text, flags=re.MULTILINE)
    assert not DIGITS.findall(text)


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed: no template was opened in it"
)
def test_every_template_opens_in_an_office(tmp_path):
    files = [tmp_path / f"{name}{kind}" for name in NAMES for kind in (".docx", ".xlsx")]
    for file in files:
        file.write_bytes(template(file.stem, file.suffix))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    for kind in (".docx", ".xlsx"):
        only = [file for file in files if file.suffix == kind]
        subprocess.run([*command, *map(str, only)], check=True, capture_output=True, timeout=300)
        for file in only:
            pdf = file.with_suffix(".pdf")
            assert pdf.read_bytes().startswith(b"%PDF")
            pdf.unlink()


def test_the_command(tmp_path, capsys):
    assert cli.main(["standards", "template"]) == cli.FINE
    assert capsys.readouterr().out.split() == NAMES
    for kind in KINDS:
        out = tmp_path / f"record{kind}"
        assert cli.main(["standards", "template", "escalation_record", "--out", str(out)]) == cli.FINE
        assert out.stat().st_size > 500
        assert cli.main(["standards", "template", "intake_form", "--out", str(out)]) == cli.COULD_NOT_RUN
    assert cli.main(["standards", "template", "escalation_record", "--out", str(tmp_path / "a.pdf")]) == cli.USAGE
    assert cli.main(["standards", "template", "escalation", "--out", str(tmp_path / "a.md")]) == cli.COULD_NOT_RUN
    assert "did you mean escalation_record" in capsys.readouterr().err


def test_a_page_offers_three_kinds(tmp_path, monkeypatch):
    record = download_reference("", "", nodes.literal("", "the record"), reftarget="../data/templates/record.md")
    plan = download_reference("", "", nodes.literal("", "the plan"), reftarget="../data/plans/plan.yml")
    page = new_document("page")
    page += nodes.paragraph("", "", nodes.Text("Copy "), record, nodes.Text("; see "), plan)
    (tmp_path / "record.md").write_text(SMALL.replace("CAL-001.days", "DAT-004.items").replace("{CAL-001.limit:%}", ""))
    for room in (templates, template_links):
        monkeypatch.setattr(room, "folder", lambda: tmp_path)
    env = SimpleNamespace(docname="book/page", relfn2path=lambda target, _: ("", tmp_path / Path(target).name))
    builder = SimpleNamespace(get_target_uri=lambda _: "book/page.html", format="html")
    app = SimpleNamespace(env=env, builder=builder, outdir=tmp_path / "html")
    app.outdir.mkdir()
    template_links.offer(app, page)
    assert page.astext() == "Copy the record (Word, Excel, Markdown); see the plan"
    offered = [node["refuri"] for node in page.findall(nodes.reference) if "refuri" in node]
    assert offered == [f"../templates/record{kind}" for kind in (".docx", ".xlsx", ".md")]
    template_links.write(app, None)
    (tmp_path / "record.md").write_text("{DAT-004.pages}")
    warned = []
    monkeypatch.setattr(template_links, "log", SimpleNamespace(warning=lambda text, *parts, **_: warned.append(parts)))
    page += nodes.paragraph("", "", record)
    template_links.offer(app, page)
    assert "DAT-004 has no number pages" in str(warned)
    assert {path.name for path in (app.outdir / "templates").iterdir()} == {Path(name).name for name in offered}


def test_each_place_is_a_number_of_a_standard():
    for name in NAMES:
        for standard, key in re.findall(
            r"\{([A-Z]{3}-\d{3})\.([a-z0-9_]+)", (folder() / f"{name}.md").read_text("utf-8")
        ):
            assert key in load()[standard].numbers, f"{name} asks for {standard}.{key}"
