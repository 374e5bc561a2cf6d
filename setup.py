"""Puts report chapters, data and tables of studies into the wheel; everything else is in pyproject.toml.

`halo_methods/_book/` exists only in what is built: a checkout reads `book/`, `data/samples/` and
`benchmarks/results/` themselves.
"""

import json
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SAMPLE_SUFFIXES = {".yml", ".json", ".csv", ".tsv", ".jsonl", ".parquet", ".md"}


def is_report(notebook: Path) -> bool:
    return "halo" in json.loads(notebook.read_text(encoding="utf-8"))["metadata"]


class BuildWithBook(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "halo_methods" / "_book"
        shutil.rmtree(target, ignore_errors=True)
        for notebook in sorted((ROOT / "book" / "chapters").glob("*/*.ipynb")):
            if is_report(notebook):
                self.copy(notebook, target / "chapters" / notebook.parent.name / notebook.name)
        for sample in sorted((ROOT / "data" / "samples").iterdir()):
            if sample.suffix in SAMPLE_SUFFIXES:
                self.copy(sample, target / "samples" / sample.name)
        for table in sorted((ROOT / "benchmarks" / "results").glob("*.csv")):
            self.copy(table, target / "results" / table.name)
        for plan in sorted((ROOT / "data" / "plans").glob("*.yml")):
            self.copy(plan, target / "plans" / plan.name)
        for rubric in sorted((ROOT / "data" / "rubrics").glob("*.yml")):
            self.copy(rubric, target / "rubrics" / rubric.name)
        for exercise in sorted((ROOT / "data" / "exercises").glob("*.ipynb")):
            self.copy(exercise, target / "exercises" / exercise.name)
        for template in sorted((ROOT / "data" / "templates").glob("*.md")):
            self.copy(template, target / "templates" / template.name)

    def copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


setup(cmdclass={"build_py": BuildWithBook})
