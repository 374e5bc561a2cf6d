"""The one visual language: colours, markers, an empty figure, and its words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, PALE = "#1f2933", "#52606d", "#e4e7eb"
BLUE, RUST, AMBER, GREEN = "#1f5f8b", "#b1442b", "#946200", "#2b6e4f"
VERDICT_COLOURS = {"met": GREEN, "not_met": RUST, "undecided": AMBER, "excepted": MUTED}
VERDICT_MARKERS = {"met": "o", "not_met": "X", "undecided": "D", "excepted": "s"}


def blank(height: float, width: float = 6.4) -> "tuple[Figure, Axes]":
    """An empty figure in the handbook's style, its sizes in inches."""
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


def described(figure: "Figure", alt: str) -> "Figure":
    """The figure with its alternative text."""
    figure.alt = alt  # type: ignore[attr-defined]
    return figure


def plain_text(value: object, most: int = 34) -> str:
    """A label of the data as matplotlib shows it: cut, and no formula.

    Examples
    --------
    >>> plain_text("a$b")
    'a\\\\$b'
    """
    return str(value)[:most].replace("$", r"\$")
