"""The prose of pages, standards, templates, plans, docstrings and messages keeps the rules of words.yml."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
HOUSE = yaml.safe_load((ROOT / "tests" / "words.yml").read_text("utf-8"))
LONGEST, LAW, RULES = HOUSE["longest"], re.compile(HOUSE["law"]), HOUSE["rules"]
WHERE = "*.md book/**/*.md book/*.ipynb book/chapters/*/*.ipynb data/templates/*.md data/plans/*.yml \
data/rubrics/*.yml data/practice/*.yml data/samples/*.md data/exercises/*.ipynb benchmarks/*.md \
halo_methods/**/*.py book/_ext/*.py halo_methods/standards/*.yml"
FILES = sorted({file for where in WHERE.split() for file in ROOT.glob(where)})
NEVER = "(?!)"
FENCE = re.compile(r"`{3,}(?!\{(?:glossary|admonition|note|tip|warning|dropdown))|~{3,}|>>> ")
LISTED = re.compile(r"[-*+] |\d+\. ")
APART = re.compile(LISTED.pattern + r"|[|#>%]|:::|`{3}|\.\. |:[a-z-]+:|\([\w-]+\)=|-{3}|[\w, *]+ : ")
NO_PROSE = re.compile(r">|\.\.|:::|```|---|===|%|:class:|\([\w-]+\)=$|.*\S {3,}\S")
ENDS = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bArt\.)(?<=[.!?])[\"')*_”’»]*\s+")
MANY_CODES = 5
FEWEST_WORDS = 4


def plain(text: str) -> str:
    """Prose as a reader counts it: links and roles are what they show, code is X, quotations in italics are Q.

    >>> plain("See {std}`CAL-001` and [the page](x.md), `a b c` or {doc}`text <a/b>`. *A quotation of some words.*")
    'See CAL-001 and the page, X or text. "Q."'
    """
    text = re.sub(r"\{cite:\w\}`[^`]*`", "", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)[^*\n]{19,}?([^*\s])\*(?![\w*])", r'"Q\1"', text)
    text = re.sub(r"\{(?:term|doc|ref)\}`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", text)
    text = re.sub(r"\{[\w:]+\}`([^`]*)`|:[\w:]+:`~?([^`]*)`", lambda m: (m[1] or m[2] or "X").split()[0], text)
    text = re.sub(r"\{[^}]*\}", "9", re.sub(r"``[^`]+``|`[^`]+`", "X", text))
    return " ".join(re.sub(r"\]\([^)]*\)|<[^ >][^>]*>|\$[^$]+\$|[\[\]|*\\]", " ", text).replace(" ,", ",").split())


def blocks(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Paragraphs, list items, headings and table cells of a Markdown text or docstring, without code and quotations.

    >>> list(blocks("- one\\n  two\\n- three\\n\\n> quoted\\n\\n| a | b |"))
    [(1, '- one two'), (3, '- three'), (7, ''), (7, ' a '), (7, ' b '), (7, '')]
    """
    fence, lines, start, indent = "", [], first, 0
    for number, line in enumerate([*text.split("\n"), ""], first):
        words, was, indent = line.strip(), indent, len(line) - len(line.lstrip())
        mark = FENCE.match(words)
        if fence:
            fence = "" if words == fence or (fence == ">>> " and not words) else fence
            continue
        deeper = indent > was and lines and not LISTED.match(lines[0])
        if lines and (not words or mark or deeper or APART.match(words)):
            yield start, " ".join(lines)
            lines = []
        if mark:
            fence = mark[0]
        elif words.startswith("|"):
            yield from ((number, cell) for cell in re.split(r"(?<!\\)\|", words))
        elif words and not NO_PROSE.match(words):
            start = start if lines else number
            lines.append(words)


def python(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Docstrings without their references, and every other text of four words or more."""
    nodes, inner = list(ast.walk(tree)), set()
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "9" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            text = re.split(r"\n *References\n", node.value)[0]
        else:
            continue
        if len(text.split()) >= FEWEST_WORDS:
            yield from blocks(text, node.lineno)


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The texts of a YAML file, without the sources that it names."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        yield from (found for part in node.value for found in scalars(part))
    else:
        yield from (found for key, part in node.value if key.value != "source" for found in scalars(part))


def passages(file: Path) -> Iterator[tuple[int, str]]:
    """The prose of one file, each piece with its line (of a notebook: with its cell)."""
    text = file.read_text("utf-8")
    if file.suffix == ".py":
        yield from python(ast.parse(text))
    elif file.suffix == ".yml":
        for node in scalars(yaml.compose(text, Loader=yaml.CSafeLoader)):
            yield from blocks(node.value, node.start_mark.line + 1)
    elif file.suffix == ".ipynb":
        for number, cell in enumerate(json.loads(text)["cells"]):
            source = "".join(cell["source"])
            found = blocks(source) if cell["cell_type"] == "markdown" else python(ast.parse(source))
            yield from ((number, part) for _, part in found)
    else:
        yield from blocks(text)


def findings(name: str, pieces: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Each broken rule with its place, its sentence and the fix."""
    rules = [
        (re.compile(rule["pattern"], re.IGNORECASE), re.compile(rule.get("unless", NEVER), re.IGNORECASE), rule)
        for rule in RULES
        if re.search(rule.get("files", ""), name)
    ]
    for line, text in pieces:
        for sentence in ENDS.split(plain(text)):
            words = len(sentence.split())
            if words > LONGEST and not LAW.search(sentence) and sentence.count("X") < MANY_CODES:
                yield f"{name}:{line}: length: {words} words; write at most {LONGEST}: {sentence}"
            for pattern, unless, rule in rules:
                if (hit := pattern.search(sentence)) and not unless.search(sentence):
                    yield f"{name}:{line}: {rule['name']}: {hit[0]!r}; write {rule['write']}: {sentence}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_a_rule_finds_its_bad_sentence_and_no_other(rule):
    found = list(findings(rule.get("files", "page.md"), [(1, f"A good one. {rule['bad']}")]))
    assert [line.split(": ")[1] for line in found] == [rule["name"]]


def test_a_long_sentence_is_found_in_a_page_a_cell_a_docstring_a_message_and_a_standard(tmp_path):
    long = "a plain word " * 11 + "ends it."
    written = {
        "page.md": f"# Short\n\n{long}\n\n> {long}\n\n```\n{long}\n```\n",
        "cell.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": [long]}]}),
        "module.py": f'def f():\n    """Short.\n\n    {long}\n    """\n',
        "message.py": f"raise ValueError(f'{{x}} {long}')",
        "standard.yml": f"why: >-\n  {long}\nsource: {long}",
    }
    for name, text in written.items():
        (tmp_path / name).write_text(text, "utf-8")
        found = list(findings(name, passages(tmp_path / name)))
        assert [line.split(": ")[1] for line in found] == ["length"], name


def test_prose_keeps_the_rules():
    found = [line for file in FILES for line in findings(str(file.relative_to(ROOT)), passages(file))]
    assert not found, f"{len(found)} sentences break a rule of tests/words.yml:\n" + "\n".join(found)
