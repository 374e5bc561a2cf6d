"""A page of the handbook that reads no data and yet shows tables and pictures."""

from dataclasses import dataclass, field
from typing import Any, cast

from .show import Show
from .words import Words


@dataclass(frozen=True)
class NoReport:
    """What a page stands on that speaks of nobody: nothing on it is withheld."""

    audience: str = "operations"
    too_few: bool = False
    words: Words = field(default_factory=lambda: Words((), str, tuple))


def page(title: str) -> Show:
    """Shows tables, pictures and sentences on a page that is no report.

    Parameters
    ----------
    title : str
        What a figure or a table is called where nothing else is said.

    Examples
    --------
    >>> import pandas as pd
    >>> shown = page("How fast")(pd.DataFrame({"seconds": [1]}))
       seconds
    0        1
    """
    return Show(cast(Any, NoReport()), title)
