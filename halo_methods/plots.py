"""Pictures in one visual language: a dot for a value, a line for its interval, a dashed line for a bar.

Every function returns a matplotlib figure whose ``alt`` attribute says in
words what the picture shows.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .errors import NotEstimable
from .results import counted, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, PALE = "#1f2933", "#52606d", "#e4e7eb"
BLUE, RUST, AMBER, GREEN = "#1f5f8b", "#b1442b", "#946200", "#2b6e4f"
VERDICT_COLOURS = {"met": GREEN, "not_met": RUST, "undecided": AMBER, "excepted": MUTED}
VERDICT_MARKERS = {"met": "o", "not_met": "X", "undecided": "D", "excepted": "s"}


def _figure(height: float, width: float = 6.4) -> "tuple[Figure, Axes]":
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    style = {
        **sns.axes_style("ticks"),
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": INK,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
        axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _described(figure: "Figure", alt: str) -> "Figure":
    figure.alt = alt  # type: ignore[attr-defined]
    return figure


def intervals(
    table: pd.DataFrame,
    label: str,
    value: str,
    *,
    bar: float | None = None,
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
    figure, axes = _figure(0.9 + 0.28 * len(shown))
    kinds = shown[verdict] if verdict else pd.Series(["plain"] * len(shown))
    for kind in dict.fromkeys(kinds):
        rows = shown[kinds == kind]
        colour = VERDICT_COLOURS.get(kind, BLUE)
        axes.hlines(rows.index, rows["low"], rows["high"], color=colour, linewidth=2)
        axes.plot(rows[value], rows.index, VERDICT_MARKERS.get(kind, "o"), color=colour, markersize=6,
                  linestyle="none", label=str(kind).replace("_", " "))  # fmt: skip
    if bar is not None:
        axes.axvline(bar, color=INK, linestyle="--", linewidth=1)
        axes.annotate(f"bar {readable(bar)}", (bar, 1), xycoords=("data", "axes fraction"), xytext=(4, 2),
                      textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    axes.set_yticks(shown.index, [str(x)[:34].replace("$", r"\$") for x in shown[label]])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlabel(unit)
    hidden = len(table) - len(shown)
    left = f" ({len(shown)} of {len(table)} rows)" if hidden else ""
    axes.set_title(f"{title}{left}", loc="left", fontsize=11, pad=18 if bar is not None else 8)
    if verdict:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    listed = "; ".join(
        f"{row[label]}: {readable(row[value])} ({readable(row['low'])} to {readable(row['high'])})"
        + (f" {str(row[verdict]).replace('_', ' ')}" if verdict else "")
        for _, row in table.head(8).iterrows()
    )
    span = f"{readable(table[value].min())} to {readable(table[value].max())}"
    against = f" Dashed line: {readable(bar)}." if bar is not None else ""
    return _described(figure, f"{title}. {counted(len(table), 'row')}; {unit} from {span}; {listed}.{against}")


def confusion(table: pd.DataFrame, *, title: str = "Which gold answer was given which label") -> "Figure":
    """A table of gold answers by labels; shade is the share of the row, the number the count.

    Parameters
    ----------
    table : pandas.DataFrame
        Counts, rows gold answers, columns labels.
    title : str
        Above the picture.

    Examples
    --------
    >>> confusion(pd.DataFrame([[9, 1]], index=["x"], columns=["x", "y"])).alt
    'Which gold answer was given which label. Gold x (10 judgments): x 9, y 1.'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    counts = table.to_numpy(float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure(1.4 + 0.42 * len(table), min(2.4 + 0.9 * table.shape[1], 8))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, f"{count:,.0f}", ha="center", va="center", fontsize=9,
                  color="white" if shares[row, column] > 0.55 else INK)  # fmt: skip
    axes.set_xticks(range(table.shape[1]), [str(x)[:18].replace("$", r"\$") for x in table.columns])
    axes.set_yticks(range(len(table)), [str(x)[:18].replace("$", r"\$") for x in table.index])
    axes.set_xlabel("label given")
    axes.set_ylabel("gold")
    axes.set_title(title, loc="left", fontsize=11)
    rows = "; ".join(
        f"Gold {gold} ({counted(int(row.sum()), 'judgment')}): " + ", ".join(f"{k} {int(v)}" for k, v in row.items())
        for gold, row in table.iterrows()
    )
    return _described(figure, f"{title}. {rows}.")
