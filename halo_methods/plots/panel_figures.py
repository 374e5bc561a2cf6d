"""Several panels in one picture: week by week, day by day, setting by setting."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import Figure, counted, readable
from . import style

SERIES = (style.INK, style.BLUE, "#6b4c9a", style.GREEN, style.AMBER, style.RUST, style.MUTED)
MARKERS = ("s", "o", "h", "D", "^", "v", "P")


def by_week(
    table: pd.DataFrame,
    group: str,
    *,
    value: str = "share",
    unit: str = "share right",
    title: str = "Week by week",
    most: int = 6,
) -> Figure:
    """One panel a group: a dot a week, a line for its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``group``, ``week``, ``value``, ``low`` and ``high``.
    group, value : str
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
    names = list(dict.fromkeys(style.drawable(table)[group]))
    shown, weeks = names[:most], sorted(set(table["week"]))
    figure, grid = style.side_by_side(1.1 + 1.1 * len(shown), down=len(shown), share=True)
    said = []
    for axes, name in zip(grid, shown, strict=True):
        part = table[table[group] == name]
        x = [weeks.index(w) for w in part["week"]]
        axes.vlines(x, part["low"], part["high"], color=style.BLUE, linewidth=2)
        axes.plot(x, part[value], "o", color=style.BLUE, markersize=5)
        axes.axhline(float(part[value].mean()), color=style.MUTED, linewidth=0.8, linestyle=":")
        axes.set_title(style.plain_text(name), loc="right", fontsize=9)
        first = part[["week", value]].head(12).itertuples(index=False)
        said.append(f"{name}: " + ", ".join(f"{w} {readable(v)}" for w, v in first))
    grid[-1].set_xticks(range(len(weeks)), [style.plain_text(w) for w in weeks], rotation=45 if len(weeks) > 5 else 0)
    figure.supylabel(unit, fontsize=9)
    left = f" ({len(shown)} of {len(names)} groups)" if len(names) > len(shown) else ""
    figure.suptitle(f"{title}{left}", x=0.02, ha="left", fontsize=11)
    return style.described(figure, f"{title}. {'; '.join(said)}.")


def minutes_a_day(table: pd.DataFrame, *, title: str = "Minutes of distressing items a day", most: int = 40) -> Figure:
    """One row per person, one dot per day, the limit as a line; a panel for each limit.

    Parameters
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``class``, ``minutes``, ``limit`` and ``minutes_over``: the table of `exposure.daily_minutes`.
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
    style.drawable(table, "no rater was exposed to a class with a limit")
    names = table.groupby("rater_id")["minutes"].max().sort_values(ascending=False, kind="stable").index
    shown, classes = list(names[:most])[::-1], list(dict.fromkeys(table["class"]))
    width = 6.4 if len(classes) < 3 else 2.6 * len(classes)
    figure, grid = style.side_by_side(1.1 + 0.22 * len(shown), width, across=len(classes), share=True)
    said = []
    for axes, name in zip(grid, classes, strict=True):
        part = table[table["class"] == name].assign(over=lambda t: t["minutes_over"] > 0)
        limit, over = float(part["limit"].iloc[0]), int(part["over"].sum())
        drawn = part[part["rater_id"].isin(shown)]
        within, past = drawn[~drawn["over"]], drawn[drawn["over"]]
        axes.plot(
            within["minutes"], within["rater_id"].map(shown.index), "o", color=style.BLUE, markersize=5, alpha=0.7
        )
        axes.plot(past["minutes"], past["rater_id"].map(shown.index), "X", color=style.RUST, markersize=8)
        style.upright(axes, limit, f"limit {readable(limit)}")
        axes.set_xlim(left=0)
        axes.set_xlabel("minutes a day" if name == "all" else f"minutes a day, {style.plain_text(name, 20)}")
        counts = f"{over:,} of {counted(len(part), 'rater-day')} over it"
        said.append(f"{name}: limit {readable(limit)}, longest {readable(part['minutes'].max())}, {counts}")
    grid[0].set_yticks(range(len(shown)), [style.plain_text(p) for p in shown])
    left = f" ({len(shown)} of {len(names)} people)" if len(names) > len(shown) else ""
    figure.suptitle(f"{title}{left}", x=0.02, ha="left", fontsize=11)
    people = "1 person" if len(names) == 1 else f"{len(names):,} people"
    return style.described(figure, f"{title}. {people}; {'; '.join(said)}.")


def failures(table: pd.DataFrame, *, methods: list[str], title: str = "Accuracy and confidence") -> Figure:
    """Accuracy (filled, with its interval) and confidence (hollow) of methods in settings, one panel a failure.

    Parameters
    ----------
    table : pandas.DataFrame
        ``failure``, ``setting``, ``method``, ``accuracy``, ``accuracy_low``,
        ``accuracy_high``, ``confidence``, ``confidence_low``, ``confidence_high``.
    methods : list of str
        Those drawn, at most seven, in this order.
    title : str
        Above the picture.

    Examples
    --------
    >>> row = {"failure": "few", "setting": "2", "method": "m", "accuracy": .8, "confidence": .9}
    >>> ends = {f"{k}_{e}": v for k, v in (("accuracy", .8), ("confidence", .9)) for e in ("low", "high")}
    >>> failures(pd.DataFrame([row | ends]), methods=["m"], title="T").alt
    'T. few 2: m accuracy 0.8, confidence 0.9.'
    """
    parts = style.drawable(table).groupby("failure", sort=False)
    figure, grid = style.side_by_side(2.6 * len(parts) + 0.6, 7.2, down=len(parts))
    said = []
    for axes, (failure, part) in zip(grid, parts, strict=True):
        settings = list(dict.fromkeys(part["setting"]))
        for m, method in enumerate(methods):
            rows = part[part["method"] == method].set_index("setting").reindex(settings)
            x = np.arange(len(settings)) + (m - (len(methods) - 1) / 2) * 0.11
            for kind, fill in (("accuracy", SERIES[m]), ("confidence", "white")):
                axes.vlines(x, rows[f"{kind}_low"], rows[f"{kind}_high"], color=SERIES[m], linewidth=1.5)
                axes.plot(x, rows[kind], MARKERS[m], color=SERIES[m], markerfacecolor=fill, markersize=6)
            said += [
                f"{failure} {s}: {method} accuracy {readable(accuracy)}, confidence {readable(confidence)}"
                for s, accuracy, confidence in rows[["accuracy", "confidence"]].itertuples()
            ]
        axes.set_xticks(range(len(settings)), [style.plain_text(s) for s in settings])
        axes.set_xlabel(style.plain_text(failure, 60))
        axes.set_ylabel("share of items")
    grid[0].set_title(f"{title} (filled: accuracy; hollow: mean confidence)", loc="left", fontsize=11)
    for name, colour, marker in zip(methods, SERIES, MARKERS, strict=False):
        grid[0].plot([], [], marker, color=colour, label=style.plain_text(name))
    grid[0].legend(**style.BESIDE, frameon=False, fontsize=9)
    return style.described(figure, f"{title}. {'; '.join(said)}.")


def panels(table: pd.DataFrame, x: str, figures: Mapping[str, str], *, x_unit: str = "", title: str = "") -> Figure:
    """Several figures over one setting, side by side, each with its intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `x`, and for each figure its own, ``<figure>_low`` and ``<figure>_high``.
    x : str
        Column with the setting.
    figures : mapping of str to str
        Columns, and what each panel's axis shows.
    x_unit, title : str

    Raises
    ------
    NotEstimable
        If the table is empty or a figure has no values.

    Examples
    --------
    >>> table = pd.DataFrame({"gold": [.1, .2], "days": [9.0, 5.0], "days_low": [8.0, 4.0], "days_high": [10.0, 6.0]})
    >>> panels(table, "gold", {"days": "days to detection"}, x_unit="gold share", title="Gold").alt
    'Gold. Over gold share from 0.1 to 0.2: days to detection from 9 (8 to 10) to 5 (4 to 6).'
    """
    style.drawable(table)
    figure, grid = style.side_by_side(2.9, 2.7 * len(figures) + 0.4, across=len(figures))
    said = []
    for axes, (name, unit) in zip(grid, figures.items(), strict=True):
        rows = table.dropna(subset=[name]).sort_values(x)
        if rows.empty:
            raise NotEstimable(f"no row has a value for {unit}")
        style.with_whiskers(axes, rows, x, name, look=style.LOOKS[0], size=5)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(x_unit)
        axes.set_title(unit, loc="left", fontsize=9, color=style.INK)
        ends = rows[[name, f"{name}_low", f"{name}_high"]].iloc[[0, -1]].itertuples(index=False)
        said.append(f"{unit} from {' to '.join(style.with_interval(*end) for end in ends)}")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    span = f"{readable(table[x].min())} to {readable(table[x].max())}"
    return style.described(figure, f"{title}. Over {x_unit} from {span}: {'; '.join(said)}.")
