"""What a budget buys, and people by week."""

from typing import TYPE_CHECKING

import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import BLUE, INK, MUTED, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def frontier(table: pd.DataFrame, *, unit: str = "units of the label", title: str = "What a budget buys") -> "Figure":
    """Half the 95% interval of the best design, by budget; the budget asked for is marked.

    Parameters
    ----------
    table : pandas.DataFrame
        The ``frontier`` of a plan.
    unit : str
        Of the vertical axis.
    title : str
        Above the picture.

    Examples
    --------
    >>> from halo_methods.planning import Limits, Prices, best_design
    >>> plan = best_design({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600, limits=Limits(pool=20))
    >>> frontier(plan.frontier).alt.split(";")[0]
    'What a budget buys. 9 budgets'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: no budget buys a design")
    figure, axes = blank(3.4)
    axes.plot(table["budget"], table["half_width"], color=BLUE, marker="o", markersize=5, linewidth=2)
    asked = table[table["budget_share"] == 1.0]
    axes.plot(asked["budget"], asked["half_width"], color=INK, marker="D", markersize=8, linestyle="none")
    for row in asked.to_dict("records"):
        each = readable(row["labels_per_item"])
        words = f"asked for: {row['raters']:.0f} raters, {row['items']:,.0f} items, {each} labels each"
        axes.annotate(words, (row["budget"], row["half_width"]), xytext=(8, 10), textcoords="offset points", fontsize=9)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_xlabel("budget")
    axes.set_ylabel(f"half the 95% interval,\n{unit}")
    axes.set_title(title, loc="left", fontsize=11)
    listed = "; ".join(f"{readable(r['budget'])}: {readable(r['half_width'])}" for r in table.to_dict("records"))
    ends = f"{readable(table['half_width'].max())} to {readable(table['half_width'].min())}"
    return described(
        figure, f"{title}. {counted(len(table), 'budget')}; half the 95% interval falls from {ends}; {listed}."
    )


def people(table: pd.DataFrame, *, title: str = "People needed by week") -> "Figure":
    """People needed in each week with their interval, and the people there are.

    Parameters
    ----------
    table : pandas.DataFrame
        The ``table`` of `planning.capacity`.
    title : str
        Above the picture.

    Examples
    --------
    >>> from halo_methods.planning import Staffing, capacity
    >>> two = Staffing(start="2026-05-25", market="de-DE", volume_error=0, staff=2)
    >>> made = capacity([2000] * 4, [60.0] * 50, two)
    >>> people(made.table).alt.split(";")[0]
    'People needed by week. 4 weeks'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: no week was forecast")
    figure, axes = blank(3.4)
    at = range(len(table))
    axes.vlines(at, table["low"], table["high"], color=BLUE, linewidth=2)
    axes.plot(at, table["people"], color=BLUE, marker="o", linestyle="none", label="needed")
    axes.step(at, table["productive"], where="mid", color=MUTED, linewidth=2, label="there, at full speed")
    step = max(1, len(table) // 8)
    axes.set_xticks(list(at)[::step], [plain_text(w) for w in table["week"]][::step], rotation=30, ha="right")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("people")
    axes.legend(frameon=False, fontsize=9)
    axes.set_title(title, loc="left", fontsize=11)
    rows = table.to_dict("records")
    listed = "; ".join(
        f"{r['week']}: {readable(r['people'])} ({readable(r['low'])} to {readable(r['high'])}), "
        f"{readable(r['productive'])} there" for r in rows[:13]
    )  # fmt: skip
    return described(figure, f"{title}. {counted(len(table), 'week')}; {listed}.")
