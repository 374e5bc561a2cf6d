"""What another rater an item buys."""

from typing import TYPE_CHECKING

import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import BLUE, INK, RUST, blank, described

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def dependability(table: pd.DataFrame, *, bar: float | None = None, title: str = "What another rater buys") -> "Figure":
    """Reliability and dependability against raters an item, each with its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        ``n_raters``, ``coefficient``, ``value``, ``low``, ``high``, as `VarianceComponents.d_study` makes it.
    bar : float, optional
        A threshold, drawn dashed.
    title : str
        Above the picture.

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"n_raters": [1, 2], "coefficient": "dependability", "value": [.5, .667],
    ...                       "low": [.4, .5], "high": [.6, .8]})
    >>> dependability(table).alt
    'What another rater buys. dependability: 1 rater 0.5 (0.4 to 0.6), 2 raters 0.667 (0.5 to 0.8).'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    figure, axes = blank(3.4)
    lines = []
    looks = zip(table.groupby("coefficient", sort=False), ((BLUE, "o", -0.06), (RUST, "s", 0.06)), strict=False)
    for (name, part), (colour, marker, aside) in looks:
        at = part["n_raters"] + aside
        axes.vlines(at, part["low"], part["high"], color=colour, linewidth=2)
        axes.plot(at, part["value"], marker=marker, color=colour, markersize=6, linewidth=1, label=name)
        numbers = part[["n_raters", "value", "low", "high"]].to_numpy(float)
        said = ", ".join(
            f"{counted(int(n), 'rater')} {readable(x)} ({readable(low)} to {readable(high)})"
            for n, x, low, high in numbers
        )
        lines.append(f"{name}: {said}.")
    if bar is not None:
        axes.axhline(bar, color=INK, linestyle="--", linewidth=1)
        axes.annotate(f"bar {readable(bar)}", (1, bar), xycoords=("axes fraction", "data"), xytext=(4, -3),
                      textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
        lines.append(f"Dashed line: {readable(bar)}.")
    axes.set_ylim(0, 1.02)
    axes.set_xticks(sorted(table["n_raters"].unique()))
    axes.set_xlabel("raters an item")
    axes.set_ylabel("coefficient")
    axes.set_title(title, loc="left", fontsize=11)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return described(figure, f"{title}. {' '.join(lines)}")
