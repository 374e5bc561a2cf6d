"""A control chart: what was watched, its limits, signals, and changes of the guideline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import BLUE, INK, MUTED, RUST, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def chart(table: pd.DataFrame, *, changes: Sequence[tuple[Any, str]] = (), unit: str = "", title: str = "") -> "Figure":
    """A line over periods between its limits; signals are crosses, changes of the guideline dashed lines.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``period``, ``low``, ``high``, ``signal`` and either ``statistic`` or ``upper`` and ``lower``.
    changes : sequence of (period, version)
        Drawn dashed.
    unit : str
        What the axis shows.
    title : str
        Above the picture.

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"period": ["d1", "d2"], "statistic": [.1, .5], "low": 0.0, "high": .4,
    ...                       "signal": [False, True]})
    >>> chart(table, title="Share").alt
    'Share. 2 periods from d1 to d2; 1 signal, the first at d2. Limits at the end 0 to 0.4.'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the chart has no periods")
    lines = ["statistic"] if "statistic" in table else ["upper", "lower"]
    figure, axes = blank(3.0, 7.2)
    x = np.arange(len(table))
    axes.fill_between(x, table["low"], table["high"], color=BLUE, alpha=0.08, linewidth=0)
    for end in ("low", "high"):
        axes.plot(x, table[end], color=MUTED, linewidth=1)
    for line in lines:
        axes.plot(x, table[line], color=BLUE, linewidth=1.4, marker="o", markersize=2.5)
    out = table["signal"].to_numpy(bool)
    for line in lines:
        beyond = out & ((table[line] > table["high"]) | (table[line] < table["low"])).to_numpy()
        axes.plot(x[beyond], table[line][beyond], "X", color=RUST, markersize=6, linestyle="none")
    names = [str(p) for p in table["period"]]
    place = {p: i for i, p in enumerate(table["period"])}
    shown = [(place[at], version) for at, version in changes if at in place]
    for at, version in shown:
        axes.axvline(at - 0.5, color=INK, linestyle="--", linewidth=1)
        axes.annotate(f"guideline {plain_text(version, 12)}", (at - 0.5, 1), xycoords=("data", "axes fraction"),
                      xytext=(4, 2), textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    ticks = np.unique(np.linspace(0, len(table) - 1, min(len(table), 6)).astype(int))
    axes.set_xticks(ticks, [plain_text(names[t], 12) for t in ticks])
    axes.set_ylabel(unit)
    axes.set_title(title, loc="left", fontsize=11, pad=18 if shown else 8)
    first = f", the first at {names[int(np.flatnonzero(out)[0])]}" if out.any() else ""
    ends = f"{readable(float(table['low'].iloc[-1]))} to {readable(float(table['high'].iloc[-1]))}"
    said = "".join(f" Guideline {v} from {names[i]}." for i, v in shown)
    return described(figure, f"{title}. {counted(len(table), 'period')} from {names[0]} to {names[-1]}; "
                     f"{counted(int(out.sum()), 'signal')}{first}. Limits at the end {ends}.{said}")  # fmt: skip


def band(table: pd.DataFrame, x: str, *, bar: float | None = None, unit: str = "", title: str = "") -> "Figure":
    """A value and its interval as they narrow from look to look.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``value``, ``low``, ``high`` and the one named by `x`.
    bar : float, optional
        A rate to hold against it, drawn dashed.

    Examples
    --------
    >>> table = pd.DataFrame({"trials": [10, 20], "value": [.5, .5], "low": [.1, .2], "high": [.9, .8]})
    >>> band(table, "trials", title="Errors").alt
    'Errors. 2 looks; at the last 0.5 (0.2 to 0.8).'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: there was no look")
    figure, axes = blank(2.8, 7.2)
    axes.fill_between(table[x], table["low"], table["high"], color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(table[x], table["value"], color=BLUE, linewidth=1.4)
    if bar is not None:
        axes.axhline(bar, color=INK, linestyle="--", linewidth=1)
    axes.set_xlabel("judgments so far" if x == "trials" else x)
    axes.set_ylabel(unit)
    axes.set_title(title, loc="left", fontsize=11)
    last = table.iloc[-1]
    against = f" Dashed line: {readable(bar)}." if bar is not None else ""
    return described(figure, f"{title}. {counted(len(table), 'look')}; at the last {readable(last['value'])} "
                     f"({readable(last['low'])} to {readable(last['high'])}).{against}")  # fmt: skip
