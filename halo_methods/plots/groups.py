"""Groups and people: a funnel around the overall share, shares week by week, minutes a day against a limit."""

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
        ``low998``, ``high998`` and ``funnel``, as `workforce.by_group` has them.
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


def minutes_a_day(
    table: pd.DataFrame, person: str = "rater_id", *, title: str = "Minutes of distressing items a day", most: int = 40
) -> "Figure":
    """One row a person, one dot a day, the limit as a line; a panel for each limit.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``person``, ``class``, ``minutes``, ``limit`` and ``minutes_over``: the table of `exposure.daily_minutes`.
    person : str
        Column with the person's name; pseudonyms, in a report.
    title : str
        Above the picture.
    most : int
        People drawn at most, those with the longest day first.

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"rater_id": ["R-1", "R-1"], "class": ["all", "all"], "minutes": [190.0, 60.0],
    ...     "limit": [180.0, 180.0], "minutes_over": [10.0, -120.0]})
    >>> minutes_a_day(table).alt
    'Minutes of distressing items a day. 1 person; all: limit 180, longest 190, 1 of 2 rater-days over it.'
    """
    if table.empty:
        raise NotEstimable("there is nothing to draw: nobody was exposed to a class with a limit")
    names = table.groupby(person)["minutes"].max().sort_values(ascending=False, kind="stable").index
    shown, classes = list(names[:most])[::-1], list(dict.fromkeys(table["class"]))
    figure, first = blank(1.1 + 0.22 * len(shown), 6.4 if len(classes) < 3 else 2.6 * len(classes))
    first.remove()
    panels = figure.subplots(1, len(classes), sharey=True, squeeze=False)[0]
    said = []
    for axes, name in zip(panels, classes, strict=True):
        part = table[table["class"] == name]
        limit, over = float(part["limit"].iloc[0]), part["minutes_over"] > 0
        drawn = part[part[person].isin(shown)]
        y = np.array([shown.index(p) for p in drawn[person]])
        past = (drawn["minutes_over"] > 0).to_numpy()
        x = drawn["minutes"].to_numpy(float)
        axes.plot(x[~past], y[~past], "o", color=BLUE, markersize=5, alpha=0.7)
        axes.plot(x[past], y[past], "X", color=RUST, markersize=8)
        axes.axvline(limit, color=INK, linestyle="--", linewidth=1)
        axes.annotate(f"limit {readable(limit)}", (limit, 1), xycoords=("data", "axes fraction"), fontsize=9,
                      color=INK, xytext=(4, 2), textcoords="offset points")  # fmt: skip
        axes.set_xlim(left=0)
        axes.set_xlabel("minutes a day" if name == "all" else f"minutes a day, {plain_text(name, 20)}")
        axes.spines[["top", "right"]].set_visible(False)
        said.append(f"{name}: limit {readable(limit)}, longest {readable(part['minutes'].max())}, "
                    f"{over.sum():,} of {counted(len(part), 'rater-day')} over it")  # fmt: skip
    panels[0].set_yticks(range(len(shown)), [plain_text(p) for p in shown])
    left = f" ({len(shown)} of {len(names)} people)" if len(names) > len(shown) else ""
    figure.suptitle(f"{title}{left}", x=0.02, ha="left", fontsize=11)
    people = "1 person" if len(names) == 1 else f"{len(names):,} people"
    return described(figure, f"{title}. {people}; {'; '.join(said)}.")
