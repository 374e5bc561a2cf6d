"""A chapter is executed again when what it runs on changes, and only then."""

import json
import os
import subprocess
import sys
from pathlib import Path

import freshness
import pytest

EXTENSIONS = Path(freshness.__file__).parent


def notebook(*cells: str) -> str:
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for i, source in enumerate(cells)
    ]
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A chapter"}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": [title, *made], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def checkout(tmp_path):
    """A small book whose chapter imports one module that imports another."""
    files = {
        "halo_methods/__init__.py": "",
        "halo_methods/drift.py": "def f():\n    from .results import value\n    return value\n",
        "halo_methods/results.py": "value = 1\n",
        "halo_methods/audit.py": "other = 1\n",
        "halo_methods/standards/__init__.py": "",
        "halo_methods/standards/drift.yml": "a: 1\n",
        "data/samples/drift.csv": "a\n1\n",
        "data/samples/other.csv": "a\n1\n",
        "requirements.lock": "numpy==1\n",
        "book/index.md": "# Book\n",
        "book/chapters/p/drift.ipynb": notebook(
            "from halo_methods import drift", "print(drift.f(), file=open(COUNT, 'a'))"
        ),
        "_toc.yml": "format: jb-book\nroot: book/index\nchapters:\n  - file: book/chapters/p/drift\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("halo_methods/drift.py", True),
        ("halo_methods/results.py", True),
        ("halo_methods/__init__.py", True),
        ("data/samples/drift.csv", True),
        ("requirements.lock", True),
        ("halo_methods/audit.py", False),
        ("data/samples/other.csv", False),
        ("halo_methods/standards/drift.yml", False),
    ],
)
def test_digest_follows_what_the_chapter_uses(checkout, name, stale):
    chapter = checkout / "book/chapters/p/drift.ipynb"
    before = freshness.digest(chapter, checkout)
    assert freshness.digest(chapter, checkout) == before
    with (checkout / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert (freshness.digest(chapter, checkout) != before) is stale


def test_digest_follows_data_beside_a_module_and_samples_named_in_code(checkout):
    chapter = checkout / "book/chapters/p/drift.ipynb"
    chapter.write_text(notebook("from halo_methods import standards", "data = 'other'"), encoding="utf-8")
    names = {path.relative_to(checkout).as_posix() for path in freshness.inputs(chapter, checkout)}
    assert {"halo_methods/standards/drift.yml", "data/samples/other.csv", "data/samples/drift.csv"} <= names
    assert "halo_methods/audit.py" not in names


def test_digest_follows_the_rubric_that_a_sample_is_read_by(checkout):
    chapter = checkout / "book/chapters/p/drift.ipynb"
    reading = checkout / "data/samples/reading.yml"
    for name in ("read_by", "beside"):
        rubric = checkout / f"data/rubrics/{name}.yml"
        rubric.parent.mkdir(parents=True, exist_ok=True)
        rubric.write_text("version: 1\n", encoding="utf-8")
        reading.write_text('drift: {scale: "read_by#goals"}\nother: {scale: "beside#tone"}\n', encoding="utf-8")
        before = freshness.digest(chapter, checkout)
        rubric.write_text("version: 2\n", encoding="utf-8")
        assert (freshness.digest(chapter, checkout) != before) is (name == "read_by")


def test_digest_follows_the_tables_of_studies_named_in_code(checkout):
    chapter = checkout / "book/chapters/p/drift.ipynb"
    chapter.write_text(notebook("from halo_methods import reports", 'reports.study("peers_x")'), encoding="utf-8")
    for name in ("peers_x", "peers_y"):
        table = checkout / f"benchmarks/results/{name}.csv"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("a\n1\n", encoding="utf-8")
        before = freshness.digest(chapter, checkout)
        table.write_text("a\n2\n", encoding="utf-8")
        assert (freshness.digest(chapter, checkout) != before) is (name == "peers_x")


def test_a_chapter_that_imports_the_whole_package_depends_on_all_of_it(checkout):
    chapter = checkout / "book/chapters/p/drift.ipynb"
    chapter.write_text(notebook("import halo_methods as halo"), encoding="utf-8")
    names = {path.relative_to(checkout).as_posix() for path in freshness.inputs(chapter, checkout)}
    assert {"halo_methods/audit.py", "halo_methods/results.py"} <= names


def test_lines_for_ipython_alone_do_not_stop_the_digest(checkout):
    chapter = checkout / "book/chapters/p/drift.ipynb"
    chapter.write_text(notebook("%matplotlib inline\nfrom halo_methods import audit"), encoding="utf-8")
    assert checkout / "halo_methods/audit.py" in freshness.inputs(chapter, checkout)


def test_book_executes_a_chapter_once_and_again_after_a_change(checkout):
    count = checkout / "count.txt"
    chapter = checkout / "book/chapters/p/drift.ipynb"
    chapter.write_text(chapter.read_text(encoding="utf-8").replace("COUNT", repr(str(count))), encoding="utf-8")
    (checkout / "_config.yml").write_text(
        "title: T\nonly_build_toc_files: true\n"
        "execute: {execute_notebooks: cache, raise_on_error: true}\n"
        f"sphinx:\n  local_extensions: {{freshness: '{EXTENSIONS.as_posix()}'}}\n",
        encoding="utf-8",
    )

    def build():
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-q"]
        # The checkout's package has no kernels of its own: the ordinary one runs the chapter.
        environment = {k: v for k, v in os.environ.items() if k != "JUPYTER_PATH"} | {"PYTHONPATH": str(checkout)}
        run = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return count.read_text(encoding="utf-8").split()

    assert build() == ["1"]
    assert build() == ["1"]
    (checkout / "halo_methods/results.py").write_text("value = 2\n", encoding="utf-8")
    assert build() == ["1", "2"]
    assert build() == ["1", "2"]
