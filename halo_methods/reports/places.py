"""Where chapters, samples, their truth, rubrics and tables of studies are: in a checkout, or in the package."""

import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..documents import nearest
from ..errors import BadOption, HaloError

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = Path(__file__).resolve().parent.parent
BOOK = "HALO_BOOK"
PATTERNS = {"chapters": "*/*.ipynb", "samples": "*.csv", "results": "*.csv", "rubrics": "*.yml", "exercises": "*.ipynb"}
CHECKOUT = {"chapters": "book/chapters", "samples": "data/samples", "results": "benchmarks/results",
            "rubrics": "data/rubrics", "exercises": "data/exercises"}  # fmt: skip


def _folders(kind: str) -> list[Path]:
    """The folders of chapters, samples, rubrics or results that there are; a file in an earlier one is taken."""
    checkout = PACKAGE.parent
    own = [Path(os.environ[BOOK]) / kind] if os.environ.get(BOOK) else []
    here = [checkout / CHECKOUT[kind]] if (checkout / CHECKOUT["chapters"]).is_dir() else []
    return [*own, *here, PACKAGE / "_book" / kind]


def _files(kind: str) -> dict[str, Path]:
    """Every chapter, sample, rubric or result by its name, sorted."""
    found = [p for folder in reversed(_folders(kind)) for p in sorted(folder.glob(PATTERNS[kind]), reverse=True)]
    return dict(sorted({p.stem: p for p in found}.items()))


def meant(name: str, known: Iterable[str]) -> str:
    """The question whether a name like it was meant; empty where there is none."""
    near = nearest(name, known)
    return f" Did you mean {near}?" if near else ""


def _one(name: str, known: Mapping[str, Any], unknown: str) -> Any:
    if name not in known:
        raise HaloError(f"{unknown} {name!r}.{meant(name, known)} There are: {', '.join(known) or 'none'}.")
    return known[name]


def _about(notebook: Path) -> dict[str, Any]:
    """What a notebook's metadata says of it to the handbook."""
    return json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("halo", {})


def _reports() -> dict[str, Path]:
    """A chapter that is a notebook and reads data; a notebook that reads none is a page of the book."""
    return {name: path for name, path in _files("chapters").items() if _about(path).get("input") != "none"}


def names() -> list[str]:
    """The reports there are, sorted; a chapter that is a notebook and reads data is a report."""
    return list(_reports())


def needs() -> dict[str, list[str]]:
    """What each report on judgments needs beside the required columns, as its notebook says; see `supports`."""
    about = {name: _about(path) for name, path in _files("chapters").items()}
    return {name: list(told.get("needs", [])) for name, told in about.items() if told.get("input") == "judgments"}


def find(name: str) -> Path:
    """The notebook of a report.

    Looks in the folder the variable ``HALO_BOOK`` names (``chapters/<part>/<name>.ipynb``),
    then in the checkout, then inside the installed package.

    Raises
    ------
    HaloError
        When no report has that name; the message lists those there are.
    """
    return _one(name, _reports(), "no report is called")


def sample_names() -> list[str]:
    """The samples there are, sorted."""
    return list(_files("samples"))


def sample(name: str) -> Path:
    """The file of a sample, ``data/samples/<name>.csv`` in a checkout.

    Raises
    ------
    HaloError
        When no sample has that name; the message lists those there are.
    """
    return _one(name, _files("samples"), "no sample is called")


def comes_with_the_handbook(file: Path) -> bool:
    """Whether a sample is one of the handbook's own, whose people are invented; one under ``HALO_BOOK`` may not be."""
    book = os.environ.get(BOOK)
    return not book or not file.resolve().is_relative_to(Path(book).resolve())


def sample_of(name: str) -> str:
    """The sample that a chapter uses: the one its notebook's metadata names, otherwise the one of its own name."""
    return str(_told(name).get("sample", name))


def input_of(name: str) -> str:
    """What a chapter reads, as its notebook's metadata says: judgments, where there is no such chapter."""
    return str(_told(name).get("input", "judgments"))


def _told(name: str) -> dict[str, Any]:
    """What the metadata of a chapter's notebook says; nothing where there is no such chapter."""
    chapters = _files("chapters")
    return _about(chapters[name]) if name in chapters else {}


def _beside_samples(file: str) -> list[str]:
    """The texts of this file that folders of samples have, the one that counts first."""
    return [(f / file).read_text(encoding="utf-8") for f in _folders("samples") if (f / file).is_file()]


def sample_reading(name: str) -> dict[str, Any]:
    """How a sample is to be read, such as its scale: its entry in ``data/samples/reading.yml``."""
    import yaml

    texts = _beside_samples("reading.yml")
    return dict(yaml.safe_load(texts[0]).get(name, {})) if texts else {}


def exercise_names() -> list[str]:
    """The exercises there are, sorted."""
    return list(_files("exercises"))


def exercise_file(name: str) -> Path:
    """The author's notebook of an exercise, ``data/exercises/<name>.ipynb`` in a checkout.

    Raises
    ------
    HaloError
        When no exercise has that name; the message lists those there are.
    """
    return _one(name, _files("exercises"), "no exercise is called")


def rubric(name: str) -> Path:
    """The file of a rubric: the one at a path, or ``NAME.yml`` in the working folder, or one that is shipped.

    Raises
    ------
    HaloError
        When no rubric has that name; the message lists those that are shipped.

    Examples
    --------
    >>> rubric("agent_task").name
    'agent_task.yml'
    """
    own = [Path(name), Path(f"{name}.yml")]
    if not re.fullmatch(r"\w[\w-]*", name):
        return own[0]
    there = [file for file in own if file.is_file()]
    return there[0] if there else _one(name, _files("rubrics"), "no rubric is called")


def by_rubric(reading: Mapping[str, Any]) -> dict[str, Any]:
    """How data are read, where the scale names a criterion of a rubric: with its labels in order, and its level.

    The scale is ``"search_relevance#relevance"`` or ``"FILE.yml#relevance"``, the name alone where there is one
    criterion. A level that is given stays; so does every other scale.

    Raises
    ------
    BadOption
        For a criterion that the rubric does not have.
    HaloError
        For a rubric that is not there, see `rubric`.

    Examples
    --------
    >>> by_rubric({"scale": "agent_task#within_limits"})
    {'scale': ['broken', 'kept'], 'level': 'nominal'}
    >>> by_rubric({"scale": "poor,good"})
    {'scale': 'poor,good'}
    """
    scale = reading.get("scale")
    found = re.fullmatch(r"(.+\.ya?ml|\w[\w-]*)(#[^,]*)?", scale) if isinstance(scale, str) else None
    name, criterion = found.groups("") if found else ("", "")
    named = criterion or name.endswith((".yml", ".yaml")) or name in _files("rubrics") or Path(f"{name}.yml").is_file()
    if not found or not named:
        return dict(reading)
    from ..rubric import read_rubric

    try:
        made = read_rubric(rubric(name)).reading(criterion[1:])
    except BadOption as error:
        raise BadOption(f"{error}; write the scale as {name}#CRITERION", option="scale") from error
    return {**reading, **made, "level": reading.get("level") or made["level"]}


def truth(topic: str) -> dict[str, Any]:
    """What is true of the samples of a topic, its section of ``data/samples/truth.json``.

    The generators of the samples work it out from their parameters, without this package.

    Parameters
    ----------
    topic : str
        For instance ``"calibration"``.

    Returns
    -------
    dict
        By quantity; a list of rows is a pandas.DataFrame.

    Raises
    ------
    HaloError
        When the samples of no such topic have a known truth; the message lists those that have.

    Examples
    --------
    >>> truth("planning")["components"]
    {'item': 0.9, 'rater': 0.15, 'residual': 1.0}
    """
    import pandas as pd

    sections: dict[str, dict[str, Any]] = {}
    for text in _beside_samples("truth.json"):
        sections = json.loads(text) | sections
    found = _one(topic, sections, "no truth is known of")
    rows = {name: isinstance(v, list) and v != [] and isinstance(v[0], dict) for name, v in found.items()}
    return {name: pd.DataFrame(v) if rows[name] else v for name, v in found.items()}


def study(name: str) -> "pd.DataFrame":
    """The table that a study left, ``benchmarks/results/<name>.csv`` in a checkout.

    A chapter that names a study in its code is executed again when the table changes.

    Parameters
    ----------
    name : str
        For instance ``"coverage_agreement"``; `benchmarks/README.md` lists them.

    Returns
    -------
    pandas.DataFrame
        Lines that begin with ``#`` are skipped.

    Raises
    ------
    HaloError
        When no study has that name; the message lists those there are.

    Examples
    --------
    >>> sorted(study("coverage_agreement").columns)[:3]
    ['a', 'above', 'b']
    """
    import pandas as pd

    lines = _one(name, _files("results"), "no study is called").read_text(encoding="utf-8").splitlines(keepends=True)
    return pd.read_csv(io.StringIO("".join(line for line in lines if not line.startswith("#"))))
