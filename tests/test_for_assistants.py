"""Pages as Markdown, llms.txt, standards.json with its schema, and skills whose commands run."""

import glob
import io
import json
import re
import shlex
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import for_assistants
import pytest
import yaml
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from markdown_pages import markdown
from sphinx.errors import ExtensionError
from standards import published_schema

from halo_methods.cli import main
from halo_methods.reports.places import sample, sample_of
from halo_methods.standards import load
from halo_methods.standards.numbers import written

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
READ = MarkdownIt("commonmark", {"html": True}).enable("table")
ASKED = yaml.safe_load((ROOT / "book" / "skills.yml").read_text("utf-8"))
HERE = {"plan.yml": "plans/calibration_programme.yml", "search_relevance.yml": "rubrics/search_relevance.yml"}

built = pytest.mark.skipif(not (SITE / "llms.txt").is_file(), reason="the book is not built: make book")
PAGES = {  # HTML, Markdown
    "a standard in a chapter": (
        '<section><p class="halo-standard-title" role="heading" aria-level="3"><a href="s/CAL-004/index.html"><span>'
        "CAL-004 <span>must</span></span></a> Right on gold</p></section>",
        "### [CAL-004 must](s/CAL-004/index.md) Right on gold",
    ),
    "a table": (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1|2</td><td><p>x</p><p>y</p></td></tr>"
        "</tbody></table>",
        "| a | b |\n| --- | --- |\n| 1\\|2 | x<br>y |",
    ),
    "code and a fold": (
        '<details><summary>How</summary><div class="highlight-console"><pre>$ halo check a.csv\n</pre></div></details>',
        "**How**\n\n```console\n$ halo check a.csv\n```",
    ),
    "the code of a cell": ('<details class="hide above-input"><summary>Code</summary><pre>x</pre></details>', ""),
    "a list in a list": ("<ul><li><p>a</p><ul><li>b</li></ul></li></ul>", "- a\n\n  - b"),
    "a formula": ('<p>So <span class="math">\\(x_1\\)</span>.</p>', "So $x_1$."),
    "a picture": ('<img alt="Shares [%]" src="_images/a.png">', "![Shares \\[%\\]](_images/a.png)"),
    "a box": (
        '<div class="admonition tip"><p class="admonition-title">Rule</p><p>Do.</p></div>',
        "> **Rule**\n>\n> Do.",
    ),
    "a link within the page": ('<p><a href="#x">here</a></p>', "here"),
    "a task": ('<ul><li><label><input type="checkbox"> <span>Do it</span></label></li></ul>', "- [ ] Do it"),
}


def letters(html):
    return re.sub(r"\s", "", BeautifulSoup(html, "html.parser").get_text())


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_reads_as_markdown(kind):
    html, text = PAGES[kind]
    assert markdown(html).strip() == text


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("a1*_`[]<>#-+.)&;|\\~ !", min_size=1, max_size=12), min_size=1, max_size=3))
def test_no_sign_of_a_text_is_lost_or_becomes_markdown(texts):
    paragraphs = [BeautifulSoup("<p></p>", "html.parser").p for _ in texts]
    for paragraph, text in zip(paragraphs, texts, strict=True):
        paragraph.string = text
    html = "".join(map(str, paragraphs))
    shown = BeautifulSoup(READ.render(markdown(html)), "html.parser")
    assert letters(str(shown)) == letters(html)
    assert not shown.find_all(["em", "strong", "a", "h1", "li", "table", "code", "blockquote"])


@pytest.fixture
def pages():
    """Pages that the skill of the tests below takes sections from."""
    held = {
        "audit": "# Audit\n\n**The rule:** draw ([QUA-006](s/QUA-006/index.md)).\n\n## Run it\n\n```console\n"
        "$ halo report audit --data a.csv \\\n    --audience operations\n```\n\n## Else\n\nno\n",
        "how_to_read": "# How\n\n## Five verdicts\n\nmet\n",
        "reading_scores": "# Read\n\n## Say this, not that\n\nthat\n",
    }
    return held.__getitem__


TOLD = {"title": "Audit a lot", "use": "For lots.", "pages": {"audit": ["Run it"]}}


def test_a_skill_is_made_of_sections_commands_and_standards(pages):
    text = for_assistants.skill("audit", TOLD, pages)
    front, body = text.removeprefix("---\n").split("---\n", 1)
    assert yaml.safe_load(front)["name"] == "audit"
    assert "$ halo check a.csv\n$ halo report audit --data a.csv\n" in body
    rule = load()["QUA-006"]
    assert rule.statement in body
    assert written(rule.numbers["rejectable"]) in body
    assert "](" not in body
    assert "Else" not in body


def test_a_section_that_is_gone_stops_the_build(pages):
    with pytest.raises(ExtensionError, match="no section 'Run it again'"):
        for_assistants.skill("audit", {**TOLD, "pages": {"audit": ["Run it again"]}}, pages)


def test_the_archive_is_the_same_each_time():
    files = {"b/SKILL.md": "b", "a/SKILL.md": "a"}
    assert for_assistants.packed(files) == for_assistants.packed(dict(reversed(files.items())))
    assert zipfile.ZipFile(io.BytesIO(for_assistants.packed(files))).namelist() == ["a/SKILL.md", "b/SKILL.md"]


def test_standards_json_fits_its_schema():
    whole = [{**s.to_dict(), "address": f"s/{s.id}/index.html"} for s in load().values()]
    check = Draft202012Validator(published_schema())
    assert list(check.iter_errors(json.loads(json.dumps(whole)))) == []
    assert not check.is_valid([{**whole[0], "level": "may"}])
    assert not check.is_valid([{k: v for k, v in whole[0].items() if k != "address"}])


@built
def test_llms_txt_has_a_title_a_summary_and_links_that_lead_somewhere():
    text = (SITE / "llms.txt").read_text("utf-8")
    assert re.match(r"# The HALO handbook\n\n> .+\n", text)
    links = re.findall(r"(?m)^- \[.+?\]\(([^)]+)\)", text)
    assert len(links) > 60
    assert not [link for link in links if "://" in link or not (SITE / link).is_file()]
    listed = {f"{f.rpartition('/')[2]}.md" for f in re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text("utf-8"))}
    assert listed <= set(links)


@built
def test_each_page_has_its_text_beside_it_with_links_that_lead_somewhere():
    pages = [page for page in SITE.rglob("*.html") if page.with_suffix(".md").is_file()]
    assert len(pages) > 200
    assert all((SITE / f"{name}.md").is_file() for name in ("index", "audit", "s/CAL-004/index"))
    lost = []
    for page in pages:
        text = page.with_suffix(".md").read_text("utf-8")
        assert text.startswith("# ")
        assert not re.search(r"\{(std|number|doc|answer|term)\}`", text), page
        code = re.sub(r"(?s)```.*?```|`[^`]*`", "", text)
        links = re.findall(r"(?<!\\)\]\(([^)#\s]+)\)", code)
        lost += [(page.name, a) for a in links if "://" not in a and not (page.parent / unquote(a)).is_file()]
    assert not [one for one in lost if not one[1].startswith("mailto:")]


@built
def test_numbers_of_standards_stand_in_the_text():
    held = (SITE / "calibration_round.md").read_text("utf-8")
    assert f"{load()['CAL-002'].numbers['items']} items per label" in held
    assert load()["CAL-001"].statement in held


@built
@pytest.mark.parametrize("name", ASKED)
def test_a_skill_has_the_form_of_agent_skills(name):
    text = (SITE / "skills" / name / "SKILL.md").read_text("utf-8")
    with zipfile.ZipFile(SITE / "skills.zip") as archive:
        assert archive.read(f"{name}/SKILL.md").decode() == text
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["name"] == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert 20 < len(front["description"]) <= 1024
    assert len(front["compatibility"]) <= 500
    assert text.count("\n") < 500
    assert len(re.findall(r"(?m)^- \*\*[A-Z]{3}-\d{3}\*\* \(", text)) >= 2
    for part in ("## How to read the result", "## What to say, and what not to claim", "## How to answer"):
        assert part in text


@built
def test_each_command_of_each_skill_runs_on_the_samples(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    texts = {name: (SITE / "skills" / name / "SKILL.md").read_text("utf-8") for name in ASKED}
    shown = {name: for_assistants.commands(text) for name, text in texts.items()}
    assert all(shown.values())
    for file, source in HERE.items():
        shutil.copyfile(ROOT / "data" / source, file)
    (tmp_path / "plans").mkdir()
    shutil.copyfile("plan.yml", "plans/plan.yml")
    lines = list(dict.fromkeys(line for name in ASKED for line in shown[name]))
    for line in lines:
        if found := re.match(r"halo report (\w+) .*--data (\S+)", line):
            shutil.copyfile(sample(sample_of(found[1])), found[2])
    failed = {}
    for line in lines:
        parts = [at for part in shlex.split(line)[1:] for at in (glob.glob(part) if "*" in part else [part])]
        status = main(parts)
        said = capsys.readouterr()
        if status not in (0, 1) or (status == 1 and parts[0] == "check"):
            failed[line] = (status, said.err)
    assert not failed
    assert len(list(tmp_path.glob("reports/*.json"))) >= 4
