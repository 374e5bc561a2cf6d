"""Values and their intervals, one row a line."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import BLUE, INK, VERDICT_COLOURS, VERDICT_MARKERS, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def intervals(
    table: pd.DataFrame,
    label: str,
    value: str,
    *,
    bar: float | None = None,
    marks: Mapping[str, float] | None = None,
    verdict: str | None = None,
    unit: str = "",
    title: str = "",
    most: int = 40,
) -> "Figure":
    """One row a line: a dot for the value, a line for its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``low`` and ``high`` beside the columns named here.
    label, value : str
        Columns that hold each row's name and value.
    bar : float, optional
        A threshold, drawn dashed.
    marks : mapping of str to float, optional
        Several thresholds instead, by name.
    verdict : str, optional
        Column with verdicts; they set colour and marker.
    unit : str
        What the axis shows.
    title : str
        Above the picture.
    most : int
        Rows drawn at most, in the order of the table; the title says how many are not.

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"who": ["a"], "x": [.5], "low": [.4], "high": [.6]})
    >>> intervals(table, "who", "x", unit="share", title="Shares").alt
    'Shares. 1 row; share from 0.5 to 0.5; a: 0.5 (0.4 to 0.6).'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    shown = table.head(most).iloc[::-1].reset_index(drop=True)
    figure, axes = blank(0.9 + 0.28 * len(shown))
    kinds = shown[verdict] if verdict else pd.Series(["plain"] * len(shown))
    for kind in dict.fromkeys(kinds):
        rows = shown[kinds == kind]
        colour = VERDICT_COLOURS.get(kind, BLUE)
        axes.hlines(rows.index, rows["low"], rows["high"], color=colour, linewidth=2)
        axes.plot(rows[value], rows.index, VERDICT_MARKERS.get(kind, "o"), color=colour, markersize=6,
                  linestyle="none", label=str(kind).replace("_", " "))  # fmt: skip
    lines = marks if marks is not None else {} if bar is None else {"bar": bar}
    for name, at in lines.items():
        axes.axvline(at, color=INK, linestyle="--", linewidth=1)
        leftmost = len(lines) > 1 and at == min(lines.values())
        said = "no difference" if name == "bar" and at == 0 else f"{name} {readable(at)}"
        axes.annotate(said, (at, 1), xycoords=("data", "axes fraction"), fontsize=9, color=INK,
                      xytext=(-4 if leftmost else 4, 2), textcoords="offset points",
                      ha="right" if leftmost else "left")  # fmt: skip
    axes.set_yticks(shown.index, [plain_text(x) for x in shown[label]])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlabel(unit)
    hidden = len(table) - len(shown)
    left = f" ({len(shown)} of {len(table)} rows)" if hidden else ""
    axes.set_title(f"{title}{left}", loc="left", fontsize=11, pad=18 if lines else 8)
    if verdict:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    listed = "; ".join(
        f"{row[label]}: {readable(row[value])} ({readable(row['low'])} to {readable(row['high'])})"
        + (f" {str(row[verdict]).replace('_', ' ')}" if verdict else "")
        for _, row in table.head(8).iterrows()
    )
    span = f"{readable(table[value].min())} to {readable(table[value].max())}"
    told = (
        readable(bar)
        if marks is None and bar is not None
        else ", ".join(f"{k} {readable(v)}" for k, v in lines.items())
    )
    against = f" Dashed line{'s' if len(lines) > 1 else ''}: {told}." if lines else ""
    return described(figure, f"{title}. {counted(len(table), 'row')}; {unit} from {span}; {listed}.{against}")
