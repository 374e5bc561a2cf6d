"""Groups of people: a funnel around the overall share, and shares week by week."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import BLUE, INK, MUTED, PALE, RUST, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def funnel(table: pd.DataFrame, label: str, *, around: float, title: str = "Share right against its size") -> "Figure":
    """Each group's share over its effective number of judgments, inside or outside the lines that luck draws.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``label``, ``effective``, ``quality``, ``low95``, ``high95``,
        ``low998``, ``high998`` and ``funnel``, as `workforce.by_group` makes them.
    label : str
        Column with the group's name.
    around : float
        The overall share, drawn dashed.
    title : str
        Above the picture.

    Examples
    --------
    >>> table = pd.DataFrame({"vendor": ["north"], "effective": [90.0], "quality": [.9], "low95": [.8],
    ...     "high95": [.96], "low998": [.75], "high998": [.99], "funnel": ["inside"]})
    >>> funnel(table, "vendor", around=.9).alt
    'Share right against its size. 1 group around 0.9; north: 0.9 on 90 effective judgments, inside.'
    """
    shown = table.dropna(subset=["quality", "effective", "low998"]).sort_values("effective")
    if shown.empty:
        raise NotEstimable("there is nothing to draw: no group has limits")
    figure, axes = blank(3.6)
    x = shown["effective"].to_numpy(float)
    reach = max(0.08 * float(np.ptp(x)), 0.04 * float(x.max()))
    edges = np.concatenate([[max(x[0] - reach, 0)], x, [x[-1] + reach]])
    for name, shade in (("998", PALE), ("95", "#c9d6e2")):
        low, high = (np.concatenate([[v[0]], v, [v[-1]]]) for v in
                     (shown[f"low{name}"].to_numpy(float), shown[f"high{name}"].to_numpy(float)))  # fmt: skip
        axes.fill_between(edges, low, high, color=shade, linewidth=0, label="99.8%" if name == "998" else "95%")
    axes.axhline(around, color=INK, linestyle="--", linewidth=1)
    for _, row in shown.iterrows():
        at, outside = (float(row["effective"]), float(row["quality"])), str(row["funnel"]).endswith("99.8%")
        axes.plot(*at, "X" if outside else "o", color=RUST if outside else BLUE, markersize=7)
        axes.annotate(plain_text(row[label], 20), at, xytext=(6, 5), textcoords="offset points", fontsize=9, color=INK)
    axes.set_xlabel("effective number of judgments")
    axes.set_ylabel("share right")
    axes.set_title(title, loc="left", fontsize=11)
    axes.legend(title="by luck alone", loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    said = "; ".join(f"{r[label]}: {readable(r['quality'])} on {readable(r['effective'])} effective judgments, "
                     f"{r['funnel']}" for _, r in shown.head(12).iterrows())  # fmt: skip
    return described(figure, f"{title}. {counted(len(shown), 'group')} around {readable(around)}; {said}.")


def by_week(
    table: pd.DataFrame, group: str, *, value: str = "share", week: str = "week", unit: str = "share right",
    title: str = "Week by week", most: int = 6,
) -> "Figure":  # fmt: skip
    """One panel a group: a dot a week, a line for its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``group``, ``week``, ``value``, ``low`` and ``high``.
    group, value, week : str
        Columns.
    unit : str
        What the axis shows.
    title : str
        Above the picture.
    most : int
        Groups drawn at most, in the order of the table.

    Examples
    --------
    >>> table = pd.DataFrame({"vendor": ["north"], "week": ["2026-03-02"], "share": [.9], "low": [.8], "high": [.95]})
    >>> by_week(table, "vendor").alt
    'Week by week. north: 2026-03-02 0.9.'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    names = list(dict.fromkeys(table[group]))
    shown, weeks = names[:most], sorted(set(table[week]))
    figure, first = blank(1.1 + 1.1 * len(shown))
    first.remove()
    panels = figure.subplots(len(shown), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, shown, strict=True):
        part = table[table[group] == name]
        x = [weeks.index(w) for w in part[week]]
        axes.vlines(x, part["low"], part["high"], color=BLUE, linewidth=2)
        axes.plot(x, part[value], "o", color=BLUE, markersize=5)
        axes.axhline(float(part[value].mean()), color=MUTED, linewidth=0.8, linestyle=":")
        axes.set_title(plain_text(name), loc="right", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xticks(range(len(weeks)), [plain_text(w) for w in weeks], rotation=45 if len(weeks) > 5 else 0)
    figure.supylabel(unit, fontsize=9)
    left = f" ({len(shown)} of {len(names)} groups)" if len(names) > len(shown) else ""
    figure.suptitle(f"{title}{left}", x=0.02, ha="left", fontsize=11)
    said = "; ".join(
        f"{name}: " + ", ".join(f"{w} {readable(v)}" for w, v in
                                table.loc[table[group] == name, [week, value]].head(12).itertuples(index=False))
        for name in shown)  # fmt: skip
    return described(figure, f"{title}. {said}.")
