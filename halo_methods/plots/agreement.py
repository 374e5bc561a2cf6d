"""Agreement where one label becomes common, and how often intervals hold the truth."""

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import readable
from .style import AMBER, BLUE, GREEN, INK, RUST, blank, described

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

LOWEST, HIGHEST = 0.93, 0.98


def prevalence(table: pd.DataFrame, *, title: str = "The same raters, another prevalence") -> "Figure":
    """Raw agreement, alpha and AC1 by the true share of the common label.

    Parameters
    ----------
    table : pandas.DataFrame
        As `agreement.by_prevalence` makes it.
    title : str
        Above the picture.

    Examples
    --------
    >>> table = pd.DataFrame({"prevalence": [.5, .9], "raw_agreement": .82, "alpha": [.64, .39], "ac1": [.64, .75]})
    >>> prevalence(table, title="Raters").alt
    'Raters. From prevalence 0.5 to 0.9: raw agreement 0.82 to 0.82, alpha 0.64 to 0.39, AC1 0.64 to 0.75.'
    """
    figure, axes = blank(3.2)
    said = []
    lines = (("raw_agreement", "raw agreement", INK, "-"), ("ac1", "AC1", GREEN, "-."), ("alpha", "alpha", BLUE, "--"))
    for column, name, colour, dash in lines:
        axes.plot(table["prevalence"], table[column], dash, color=colour, linewidth=2)
        axes.annotate(name, (table["prevalence"].iloc[-1], table[column].iloc[-1]), xytext=(6, -3),
                      textcoords="offset points", fontsize=9, color=colour)  # fmt: skip
    for column, name in (("raw_agreement", "raw agreement"), ("alpha", "alpha"), ("ac1", "AC1")):
        said.append(f"{name} {readable(table[column].iloc[0])} to {readable(table[column].iloc[-1])}")
    axes.set_ylim(0, 1)
    axes.set_xlabel("true share of the common label")
    axes.set_ylabel("agreement")
    axes.set_title(title, loc="left", fontsize=11)
    ends = f"{readable(table['prevalence'].iloc[0])} to {readable(table['prevalence'].iloc[-1])}"
    return described(figure, f"{title}. From prevalence {ends}: {', '.join(said)}.")


def coverage(
    table: pd.DataFrame, *, rows: str = "items", columns: str = "raters", title: str = "How often a 95% interval holds"
) -> "Figure":
    """Coverage of nominal 95% intervals by two settings of a study: the lowest of the cells that share them.

    Green is within 93 to 98%, amber above, rust below. A star marks settings in some of whose
    cells the code warned in most runs (where the table says).

    Parameters
    ----------
    table : pandas.DataFrame
        With ``coverage`` and the columns named here; ``warned``, if there, is the share of runs that warned.
    rows, columns : str
        Settings of the study.
    title : str
        Above the picture.

    Examples
    --------
    >>> table = pd.DataFrame({"items": [20, 50], "raters": [5, 5], "coverage": [.9, .95]})
    >>> coverage(table, title="Held").alt
    'Held. The lowest coverage for items 20, raters 5: 0.9 (below 0.93); items 50, raters 5: 0.95.'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    down, across = (sorted(table[c].unique()) for c in (rows, columns))
    figure, axes = blank(1.5 + 0.45 * len(down), 1.8 + 1.0 * len(across))
    warns = table["warned"].fillna(0) > 0.5 if "warned" in table else pd.Series(False, index=table.index)
    said = []
    for y, x in np.ndindex(len(down), len(across)):
        cell = table[(table[rows] == down[y]) & (table[columns] == across[x])]
        if cell.empty:
            continue
        value = float(cell["coverage"].min())
        colour = RUST if value < LOWEST else AMBER if value > HIGHEST else GREEN
        star = "*" if warns[cell.index].any() else ""
        axes.add_patch(_square(x, y, colour))
        axes.text(x, y, f"{100 * value:.0f}%{star}", ha="center", va="center", fontsize=10, color="white")
        side = (
            f" (below {readable(LOWEST)})"
            if value < LOWEST
            else f" (above {readable(HIGHEST)})"
            if value > HIGHEST
            else ""
        )
        said.append(f"{rows} {down[y]:g}, {columns} {across[x]:g}: {readable(value)}{side}{' warned' if star else ''}")
    axes.set_xlim(-0.5, len(across) - 0.5)
    axes.set_ylim(len(down) - 0.5, -0.5)
    axes.set_xticks(range(len(across)), [f"{v:g}" for v in across])
    axes.set_yticks(range(len(down)), [f"{v:g}" for v in down])
    axes.set_xlabel(columns)
    axes.set_ylabel(rows)
    axes.set_title(title, loc="left", fontsize=11)
    return described(figure, f"{title}. The lowest coverage for {'; '.join(said)}.")


def _square(x: float, y: float, colour: str) -> "Rectangle":
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=colour, linewidth=0)


def peers(table: pd.DataFrame, *, question: str, title: str = "") -> "Figure":
    """Seconds of this package and its peers for one question, on a scale where each step is ten times.

    Parameters
    ----------
    table : pandas.DataFrame
        A table of ``benchmarks/results/peers_*.csv``: question, who, what, seconds.
    question : str
        Which rows.
    title : str
        Above the picture; the question unless given.

    Examples
    --------
    >>> table = pd.DataFrame({"question": "alpha", "who": ["halo_methods", "peer"], "what": ["a", "b"],
    ...                       "seconds": [.1, 1.]})
    >>> peers(table, question="alpha").alt
    'alpha. Seconds: halo_methods, a 0.1; peer, b 1.'
    """
    rows = table[table["question"] == question].reset_index(drop=True)
    if rows.empty:
        raise NotEstimable(f"nobody answered {question!r} in this table")
    names = [wrap(f"{who}: {what}", 38) for who, what in zip(rows["who"], rows["what"], strict=True)]
    figure, axes = blank(1.0 + 0.3 * sum(max(len(lines), 1.5) for lines in names), 7.0)
    place = np.arange(len(rows))[::-1]
    for at, (_, row) in zip(place, rows.iterrows(), strict=True):
        colour = BLUE if row["who"] == "halo_methods" else AMBER
        axes.plot(row["seconds"], at, "o" if colour == BLUE else "s", color=colour, markersize=7)
        axes.annotate(f"{readable(row['seconds'])} s", (row["seconds"], at), xytext=(8, -3),
                      textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(rows["seconds"].min() / 3, rows["seconds"].max() * 6)
    axes.set_yticks(place, ["\n".join(lines[:3]) for lines in names], fontsize=9)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", color="#e4e7eb")
    axes.set_xlabel("seconds, each step ten times as long")
    axes.set_title(title or question, loc="left", fontsize=11)
    said = "; ".join(f"{r['who']}, {r['what']} {readable(r['seconds'])}" for _, r in rows.iterrows())
    return described(figure, f"{title or question}. Seconds: {said}.")
