"""A page of the handbook that reads no data and yet shows tables and pictures."""

from dataclasses import dataclass
from typing import Any, cast

from .section import Section


@dataclass(frozen=True)
class NoReport:
    """What a page stands on that speaks of nobody: nothing on it is withheld."""

    audience: str = "operations"


def page(title: str) -> Section:
    """Show tables, pictures and sentences on a page that is no report.

    Parameters
    ----------
    title : str
        What a figure or a table is called where nothing else is said.

    Examples
    --------
    >>> import pandas as pd
    >>> page("How fast")(pd.DataFrame({"seconds": [1]}))
       seconds
    0        1
    """
    return Section(cast(Any, NoReport()), title)
