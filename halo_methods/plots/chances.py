"""Chances against what is true: the curve that says whom a rule lets through."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ..errors import NotEstimable
from ..results import readable
from .style import AMBER, BLUE, GREEN, INK, MUTED, RUST, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES = ((BLUE, "-"), (RUST, "--"), (GREEN, ":"), (AMBER, "-."))


def chances(
    curves: Mapping[str, pd.DataFrame],
    x: str,
    y: str,
    *,
    marks: Mapping[str, float] | None = None,
    unit: str = "",
    chance: str = "chance",
    title: str = "",
) -> "Figure":
    """One curve a rule: the chance of an outcome against the true value; operating characteristics.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        Name of a rule to its columns ``x`` and ``y``; four at most are told apart.
    x, y : str
        Columns.
    marks : mapping of str to float, optional
        Values of x drawn as dashed lines, by name.
    unit, chance : str
        What the axes show.
    title : str
        Above the picture.

    Raises
    ------
    NotEstimable
        If there is no curve.

    Examples
    --------
    >>> line = pd.DataFrame({"ability": [.8, .9], "passes": [.1, .6]})
    >>> chances({"plan": line}, "ability", "passes", marks={"bar": .85}, unit="accuracy", title="Who passes").alt
    'Who passes. plan: 0.1 at 0.8, 0.6 at 0.9. Dashed lines: bar 0.85.'
    """
    if not curves or any(curve.empty for curve in curves.values()):
        raise NotEstimable("there is nothing to draw: no curve")
    figure, axes = blank(3.4)
    for (name, curve), (colour, style) in zip(curves.items(), _STYLES * len(curves), strict=False):
        axes.plot(curve[x], curve[y], color=colour, linestyle=style, linewidth=2, label=plain_text(name))
    for name, value in (marks or {}).items():
        axes.axvline(value, color=MUTED, linestyle="--", linewidth=1)
        axes.annotate(f"{name} {readable(value)}", (value, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                      textcoords="offset points", fontsize=9, color=INK, ha="center")  # fmt: skip
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(unit)
    axes.set_ylabel(chance)
    axes.set_title(title, loc="left", fontsize=11, pad=18 if marks else 8)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    told = "; ".join(f"{name}: {_told(curve, x, y)}" for name, curve in curves.items())
    lines = ", ".join(f"{name} {readable(value)}" for name, value in (marks or {}).items())
    return described(figure, f"{title}. {told}." + (f" Dashed lines: {lines}." if lines else ""))


def _told(curve: pd.DataFrame, x: str, y: str) -> str:
    rows = curve.iloc[sorted({round(k * (len(curve) - 1) / 4) for k in range(5)})]
    return ", ".join(f"{readable(b)} at {readable(a)}" for a, b in zip(rows[x], rows[y], strict=True))
