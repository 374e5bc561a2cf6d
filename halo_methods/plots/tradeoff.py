"""What is bought for what price: one line for each way of buying."""

from typing import TYPE_CHECKING

import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import AMBER, BLUE, GREEN, INK, MUTED, RUST, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WAYS = ((BLUE, "o"), (RUST, "X"), (AMBER, "D"), (GREEN, "s"), (MUTED, "^"), (INK, "v"))


def tradeoff(
    table: pd.DataFrame,
    x: str,
    y: str,
    by: str,
    *,
    x_unit: str = "",
    y_unit: str = "",
    title: str = "",
) -> "Figure":
    """One line for each way: a marker for each value, a bar for its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `x`, `y`, `by`, and ``<y>_low`` and ``<y>_high``.
    x, y, by : str
        Columns: the price, what it buys, and the way of buying.
    x_unit, y_unit : str
        What the axes show.
    title : str

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"way": ["a"], "cost": [1.0], "error": [.1], "error_low": [.05], "error_high": [.15]})
    >>> tradeoff(table, "cost", "error", "way", x_unit="price", y_unit="error", title="T").alt
    'T. 1 way; price against error; a: 0.1 (0.05 to 0.15) at 1.'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    figure, axes = blank(3.6)
    said = []
    for number, (way, part) in enumerate(table.groupby(by, sort=False)):
        colour, marker = _WAYS[number % len(_WAYS)]
        rows = part.sort_values(x)
        spread = [rows[y] - rows[f"{y}_low"], rows[f"{y}_high"] - rows[y]]
        axes.errorbar(rows[x], rows[y], yerr=spread, color=colour, marker=marker, markersize=6, linewidth=1.5,
                      elinewidth=1.5, label=plain_text(way))  # fmt: skip
        last = rows.iloc[-1]
        span = f"{readable(last[f'{y}_low'])} to {readable(last[f'{y}_high'])}"
        said.append(f"{way}: {readable(last[y])} ({span}) at {readable(last[x])}")
    axes.set_xlabel(x_unit)
    axes.set_ylabel(y_unit)
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left", fontsize=11)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    ways = counted(table[by].nunique(), "way")
    return described(figure, f"{title}. {ways}; {x_unit} against {y_unit}; {'; '.join(said)}.")
