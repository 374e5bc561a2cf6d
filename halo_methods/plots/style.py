"""The one visual language: colours, markers, an empty figure, notes on it, its labels and its words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import NotEstimable
from ..results import Figure, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place = tuple[float, float]

INK, MUTED, PALE = "#1f2933", "#52606d", "#e4e7eb"
BLUE, RUST, AMBER, GREEN = "#1f5f8b", "#b1442b", "#946200", "#2b6e4f"
LOOKS = ((BLUE, "o"), (RUST, "X"), (AMBER, "D"), (GREEN, "s"), (MUTED, "^"), (INK, "v"))
VERDICTS = {"met": (GREEN, "o"), "not_met": (RUST, "X"), "undecided": (AMBER, "D"), "excepted": (MUTED, "s")}
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)}


def drawable(table: pd.DataFrame, why: str = "the table has no rows") -> pd.DataFrame:
    """The table, refused with the reason where it has no rows."""
    if table.empty:
        raise NotEstimable(f"there is nothing to draw: {why}")
    return table


def blank(height: float, width: float = 6.4) -> "Axes":
    """The axes of an empty figure in the handbook's style, its sizes in inches."""
    import matplotlib as mpl
    import seaborn as sns

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
        return side_by_side(height, width)[1][0]


def side_by_side(
    height: float, width: float = 6.4, *, down: int = 1, across: int = 1, share: bool = False
) -> "tuple[Figure, list[Axes]]":
    """A figure with panels below or beside each other; the scale along them is shared where asked."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    grid = figure.subplots(down, across, sharex=share and down > 1, sharey=share, squeeze=False)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, list(grid.flat)


def note(
    axes: "Axes", text: str, at: Place, aside: Place, *, within: Any = "data", colour: str = INK, ha: str = "left"
) -> None:
    """Write a few words beside a place, so many points aside."""
    axes.annotate(text, at, aside, xycoords=within, textcoords="offset points", fontsize=9, color=colour, ha=ha)


def upright(axes: "Axes", at: float, text: str, aside: Place = (4, 2), *, colour: str = INK, ha: str = "left") -> None:
    """Draw a dashed line upright, its name above it."""
    axes.axvline(at, color=colour, linestyle="--", linewidth=1)
    note(axes, text, (at, 1), aside, within=("data", "axes fraction"), ha=ha)


def with_whiskers(
    axes: "Axes", rows: pd.DataFrame, x: str, y: str, *, look: tuple[str, str], size: float, label: str = ""
) -> None:
    """Draw a line through values, each with its interval from ``<y>_low`` to ``<y>_high``."""
    spread = [rows[y] - rows[f"{y}_low"], rows[f"{y}_high"] - rows[y]]
    axes.errorbar(
        rows[x], rows[y], yerr=spread, color=look[0], marker=look[1], ms=size, lw=1.5, elinewidth=1.5, label=label
    )


def finished(
    axes: "Axes",
    alt: str,
    title: str,
    *,
    x: str = "",
    y: str = "",
    pad: float = 6,
    legend: Mapping[str, Any] | None = None,
) -> Figure:
    """The figure with title, labels and legend, and in words what it shows."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, loc="left", fontsize=11, pad=pad)
    if legend is not None:
        axes.legend(**legend, frameon=False, fontsize=9)
    return described(axes.get_figure(root=True), f"{title}. {alt}")


def described(figure: Any, alt: str) -> Figure:
    """The figure with its alternative text."""
    figure.alt = alt
    return figure


def plain_text(value: object, most: int = 34) -> str:
    """A label of the data as matplotlib shows it: cut, and no formula.

    Examples
    --------
    >>> plain_text("a$b")
    'a\\\\$b'
    """
    return str(value)[:most].replace("$", r"\$")


def with_interval(value: float, low: float, high: float) -> str:
    """A value and its interval in words.

    Examples
    --------
    >>> with_interval(0.5, 0.4, 0.6)
    '0.5 (0.4 to 0.6)'
    """
    return f"{readable(value)} ({readable(low)} to {readable(high)})"
