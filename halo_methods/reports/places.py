"""Where report chapters and samples are: in a checkout, or inside the installed package."""

import os
from difflib import get_close_matches
from pathlib import Path

from ..errors import HaloError

PACKAGE = Path(__file__).resolve().parent.parent
BOOK = "HALO_BOOK"


def _bases() -> list[tuple[Path, Path]]:
    """Pairs of folders (chapters, samples), the first that has a file wins."""
    bases = []
    if os.environ.get(BOOK):
        given = Path(os.environ[BOOK])
        bases.append((given / "chapters", given / "samples"))
    checkout = PACKAGE.parent
    if (checkout / "book" / "chapters").is_dir():
        bases.append((checkout / "book" / "chapters", checkout / "data" / "samples"))
    bases.append((PACKAGE / "_book" / "chapters", PACKAGE / "_book" / "samples"))
    return bases


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=3)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{meant} There are: {', '.join(known) or 'none'}."


def names() -> list[str]:
    """The reports there are, sorted; a chapter that is a notebook is a report."""
    return sorted({p.stem for chapters, _ in _bases() for p in chapters.glob("*/*.ipynb")})


def find(name: str) -> Path:
    """The notebook of a report.

    Looks in the folder the variable ``HALO_BOOK`` names (``chapters/<part>/<name>.ipynb``),
    then in the checkout, then inside the installed package.

    Raises
    ------
    HaloError
        When no report has that name; the message lists those there are.
    """
    for chapters, _ in _bases():
        for path in sorted(chapters.glob("*/*.ipynb")):
            if path.stem == name:
                return path
    raise HaloError(f"no report is called {name!r}.{_near(name, names())}")


def sample_names() -> list[str]:
    """The samples there are, sorted."""
    return sorted({p.stem for _, samples in _bases() for p in samples.glob("*.csv")})


def sample(name: str) -> Path:
    """The file of a sample, ``data/samples/<name>.csv`` in a checkout.

    Raises
    ------
    HaloError
        When no sample has that name; the message lists those there are.
    """
    for _, samples in _bases():
        for path in sorted(samples.glob("*.csv")):
            if path.stem == name:
                return path
    raise HaloError(f"no sample is called {name!r}.{_near(name, sample_names())}")
