"""Where chapters, samples, their truth and tables of studies are: in a checkout, or in the installed package."""

import io
import json
import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import HaloError

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = Path(__file__).resolve().parent.parent
BOOK = "HALO_BOOK"


def _bases() -> list[tuple[Path, Path, Path]]:
    """Folders of chapters, samples and studies; the first that has a file wins."""
    bases = []
    if os.environ.get(BOOK):
        given = Path(os.environ[BOOK])
        bases.append((given / "chapters", given / "samples", given / "results"))
    checkout = PACKAGE.parent
    if (checkout / "book" / "chapters").is_dir():
        bases.append(
            (checkout / "book" / "chapters", checkout / "data" / "samples", checkout / "benchmarks" / "results")
        )
    inside = PACKAGE / "_book"
    bases.append((inside / "chapters", inside / "samples", inside / "results"))
    return bases


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=3)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{meant} There are: {', '.join(known) or 'none'}."


def _is_report(notebook: Path) -> bool:
    """A notebook that reads no data is a page of the book and no report."""
    kind = json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("halo", {})
    return kind.get("input") != "none"


def names() -> list[str]:
    """The reports there are, sorted; a chapter that is a notebook and reads data is a report."""
    return sorted({p.stem for chapters, *_ in _bases() for p in chapters.glob("*/*.ipynb") if _is_report(p)})


def find(name: str) -> Path:
    """The notebook of a report.

    Looks in the folder the variable ``HALO_BOOK`` names (``chapters/<part>/<name>.ipynb``),
    then in the checkout, then inside the installed package.

    Raises
    ------
    HaloError
        When no report has that name; the message lists those there are.
    """
    for chapters, *_ in _bases():
        for path in sorted(chapters.glob("*/*.ipynb")):
            if path.stem == name and _is_report(path):
                return path
    raise HaloError(f"no report is called {name!r}.{_near(name, names())}")


def sample_names() -> list[str]:
    """The samples there are, sorted."""
    return sorted({p.stem for _, samples, _ in _bases() for p in samples.glob("*.csv")})


def sample(name: str) -> Path:
    """The file of a sample, ``data/samples/<name>.csv`` in a checkout.

    Raises
    ------
    HaloError
        When no sample has that name; the message lists those there are.
    """
    for _, samples, _ in _bases():
        for path in sorted(samples.glob("*.csv")):
            if path.stem == name:
                return path
    raise HaloError(f"no sample is called {name!r}.{_near(name, sample_names())}")


def sample_of(name: str) -> str:
    """The sample that a chapter uses: the one its notebook's metadata names, otherwise the one of its own name."""
    for chapters, *_ in _bases():
        for path in chapters.glob(f"*/{name}.ipynb"):
            halo = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("halo", {})
            return str(halo.get("sample", name))
    return name


def sample_reading(name: str) -> dict[str, Any]:
    """How a sample is to be read, such as its scale: its entry in ``data/samples/reading.yml``."""
    import yaml

    for _, samples, _ in _bases():
        if (path := samples / "reading.yml").is_file():
            return dict(yaml.safe_load(path.read_text(encoding="utf-8")).get(name, {}))
    return {}


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
    for _, samples, _ in _bases():
        if (path := samples / "truth.json").is_file():
            sections = json.loads(path.read_text(encoding="utf-8")) | sections
    if topic not in sections:
        raise HaloError(f"no truth is known of {topic!r}.{_near(topic, sorted(sections))}")
    rows = {name: isinstance(v, list) and v != [] and isinstance(v[0], dict) for name, v in sections[topic].items()}
    return {name: pd.DataFrame(v) if rows[name] else v for name, v in sections[topic].items()}


def study_names() -> list[str]:
    """The tables of studies there are, sorted."""
    return sorted({p.stem for *_, studies in _bases() for p in studies.glob("*.csv")})


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

    for *_, studies in _bases():
        path = studies / f"{name}.csv"
        if path.parent.is_dir() and path in set(studies.glob("*.csv")):
            with path.open(encoding="utf-8") as file:
                return pd.read_csv(io.StringIO("".join(line for line in file if not line.startswith("#"))))
    raise HaloError(f"no study is called {name!r}.{_near(name, study_names())}")
