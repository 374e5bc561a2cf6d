"""Values with their intervals, groups around the overall share, and counts in shaded cells."""

from collections.abc import Mapping
from textwrap import wrap

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import Figure, counted, readable
from . import style

LOWEST, HIGHEST = 0.93, 0.98


def intervals(
    table: pd.DataFrame,
    label: str,
    value: str,
    *,
    bar: float | None = None,
    marks: Mapping[str, float] | None = None,
    verdict: str | None = None,
    unit: str = "",
    title: str = "",
    most: int = 40,
) -> Figure:
    """One row a line: a dot for the value, a line for its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``low`` and ``high`` beside the columns named here.
    label, value : str
        Columns that hold each row's name and value.
    bar : float, optional
        A threshold, drawn dashed.
    marks : mapping of str to float, optional
        Several thresholds instead, by name.
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
    shown = style.drawable(table).head(most).iloc[::-1].reset_index(drop=True)
    axes = style.blank(0.9 + 0.28 * len(shown))
    for kind, rows in shown.groupby(verdict or ["plain"] * len(shown), sort=False):
        colour, marker = style.VERDICTS.get(str(kind), style.LOOKS[0])
        axes.hlines(rows.index, rows["low"], rows["high"], color=colour, linewidth=2)
        said = str(kind).replace("_", " ")
        axes.plot(rows[value], rows.index, marker, color=colour, markersize=6, linestyle="none", label=said)
    lines = marks if marks is not None else {} if bar is None else {"bar": bar}
    for name, at in lines.items():
        said = "no difference" if name == "bar" and at == 0 else f"{name} {readable(at)}"
        leftmost = len(lines) > 1 and at == min(lines.values())
        style.upright(axes, at, said, (-4, 2) if leftmost else (4, 2), ha="right" if leftmost else "left")
    axes.set_yticks(shown.index, [style.plain_text(x) for x in shown[label]])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    listed = "; ".join(
        f"{row[label]}: {style.with_interval(row[value], row['low'], row['high'])}"
        + (f" {str(row[verdict]).replace('_', ' ')}" if verdict else "")
        for _, row in table.head(8).iterrows()
    )
    alt = f"{counted(len(table), 'row')}; {unit} from {readable(table[value].min())} to {readable(table[value].max())}"
    told = ", ".join(readable(v) if marks is None else f"{k} {readable(v)}" for k, v in lines.items())
    against = f" Dashed line{'s' if len(lines) > 1 else ''}: {told}." if lines else ""
    left = f" ({len(shown)} of {len(table)} rows)" if len(table) > len(shown) else ""
    figure = style.finished(
        axes, "", f"{title}{left}", x=unit, pad=18 if lines else 8, legend=style.BESIDE if verdict else None
    )
    return style.described(figure, f"{title}. {alt}; {listed}.{against}")


def confidence(table: pd.DataFrame, *, title: str = "Does the confidence hold?") -> Figure:
    """Accuracy of each band of probability beside the probability claimed.

    Parameters
    ----------
    table : pandas.DataFrame
        ``probability`` (mean claimed), ``accuracy``, ``low``, ``high``, ``n``.
    title : str
        Above the picture.

    Examples
    --------
    >>> table = pd.DataFrame({"n": [9], "probability": [.9], "accuracy": [.8], "low": [.6], "high": [.9]})
    >>> confidence(table).alt
    'Does the confidence hold?. On the dashed line both are equal. Claimed 0.9: right 0.8 (0.6 to 0.9) of 9 items.'
    """
    low = style.drawable(table)["low"].min()
    axes = style.blank(3.6, 5.2)
    axes.plot([0, 1], [0, 1], "--", color=style.INK, linewidth=1)
    axes.vlines(table["probability"], table["low"], table["high"], color=style.BLUE, linewidth=2)
    axes.plot(table["probability"], table["accuracy"], "o", color=style.BLUE, markersize=6)
    left = table["probability"].min() - 0.05
    axes.set(xlim=(max(0.0, left), 1.02), ylim=(max(0.0, min(left, low - 0.05)), 1.02))
    said = "; ".join(
        f"Claimed {readable(r['probability'])}: right {style.with_interval(r['accuracy'], r['low'], r['high'])} "
        f"of {counted(int(r['n']), 'item')}"
        for _, r in table.iterrows()
    )
    alt = f"On the dashed line both are equal. {said}."
    return style.finished(axes, alt, title, x="probability claimed", y="share right on gold")


def funnel(table: pd.DataFrame, label: str, *, around: float, title: str = "Share right against its size") -> Figure:
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
    shown = style.drawable(table.dropna(subset=["quality", "effective", "low998"]), "no group has limits")
    shown = shown.sort_values("effective")
    axes = style.blank(3.6)
    x = shown["effective"].to_numpy(float)
    reach = max(0.08 * float(np.ptp(x)), 0.04 * float(x.max()))
    edges = np.concatenate([[max(x[0] - reach, 0)], x, [x[-1] + reach]])
    for name, shade, share in (("998", style.PALE, "99.8%"), ("95", "#c9d6e2", "95%")):
        low, high = (np.pad(shown[f"{end}{name}"].to_numpy(float), 1, mode="edge") for end in ("low", "high"))
        axes.fill_between(edges, low, high, color=shade, linewidth=0, label=share)
    axes.axhline(around, color=style.INK, linestyle="--", linewidth=1)
    for row in shown.to_dict("records"):
        at, outside = (row["effective"], row["quality"]), str(row["funnel"]).endswith("99.8%")
        axes.plot(*at, "X" if outside else "o", color=style.RUST if outside else style.BLUE, markersize=7)
        style.note(axes, style.plain_text(row[label], 20), at, (6, 5))
    said = "; ".join(
        f"{r[label]}: {readable(r['quality'])} on {readable(r['effective'])} effective judgments, {r['funnel']}"
        for r in shown.head(12).to_dict("records")
    )
    alt = f"{counted(len(shown), 'group')} around {readable(around)}; {said}."
    legend = {**style.BESIDE, "title": "by luck alone"}
    return style.finished(axes, alt, title, x="effective number of judgments", y="share right", legend=legend)


def peers(table: pd.DataFrame, *, question: str, title: str = "") -> Figure:
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
        raise NotEstimable(f"no rater answered {question!r} in this table")
    names = [wrap(f"{who}: {what}", 38) for who, what in zip(rows["who"], rows["what"], strict=True)]
    axes = style.blank(1.0 + 0.3 * sum(max(len(lines), 1.5) for lines in names), 7.0)
    place = np.arange(len(rows))[::-1]
    for at, who, seconds in zip(place, rows["who"], rows["seconds"], strict=True):
        marker, colour = ("o", style.BLUE) if who == "halo_methods" else ("s", style.AMBER)
        axes.plot(seconds, at, marker, color=colour, markersize=7)
        style.note(axes, f"{readable(seconds)} s", (seconds, at), (8, -3))
    axes.set_xscale("log")
    axes.set_xlim(rows["seconds"].min() / 3, rows["seconds"].max() * 6)
    axes.set_yticks(place, ["\n".join(lines[:3]) for lines in names], fontsize=9)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", color=style.PALE)
    said = "; ".join(f"{r['who']}, {r['what']} {readable(r['seconds'])}" for r in rows.to_dict("records"))
    return style.finished(axes, f"Seconds: {said}.", title or question, x="seconds, each step ten times as long")


def coverage(table: pd.DataFrame, *, title: str = "How often a 95% interval holds") -> Figure:
    """Coverage of nominal 95% intervals by items and raters of a study: the lowest of the cells that share them.

    Green is within 93 to 98%, amber above, rust below. A star marks settings in some of whose
    cells the code warned in most runs (where the table says).

    Parameters
    ----------
    table : pandas.DataFrame
        With ``items``, ``raters`` and ``coverage``; ``warned``, if there, is the share of runs that warned.
    title : str
        Above the picture.

    Examples
    --------
    >>> table = pd.DataFrame({"items": [20, 50], "raters": [5, 5], "coverage": [.9, .95]})
    >>> coverage(table, title="Held").alt
    'Held. The lowest coverage for items 20, raters 5: 0.9 (below 0.93); items 50, raters 5: 0.95.'
    """
    from matplotlib.patches import Rectangle

    warned = table["warned"].fillna(0) > 0.5 if "warned" in table else False
    cells = style.drawable(table).assign(star=warned).groupby(["items", "raters"])[["coverage", "star"]]
    lowest = cells.agg({"coverage": "min", "star": "any"}).reset_index()
    down, across = (sorted(table[c].unique()) for c in ("items", "raters"))
    axes = style.blank(1.5 + 0.45 * len(down), 1.8 + 1.0 * len(across))
    said = []
    for items, raters, value, star in lowest.itertuples(index=False):
        x, y = across.index(raters), down.index(items)
        colour, side = style.GREEN, ""
        if value < LOWEST:
            colour, side = style.RUST, f" (below {readable(LOWEST)})"
        elif value > HIGHEST:
            colour, side = style.AMBER, f" (above {readable(HIGHEST)})"
        axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=colour, linewidth=0))
        mark = "*" if star else ""
        axes.text(x, y, f"{100 * value:.0f}%{mark}", ha="center", va="center", fontsize=10, color="white")
        said.append(f"items {items:g}, raters {raters:g}: {readable(value)}{side}{' warned' if star else ''}")
    axes.set(xlim=(-0.5, len(across) - 0.5), ylim=(len(down) - 0.5, -0.5))
    axes.set_xticks(range(len(across)), [f"{v:g}" for v in across])
    axes.set_yticks(range(len(down)), [f"{v:g}" for v in down])
    return style.finished(axes, f"The lowest coverage for {'; '.join(said)}.", title, x="raters", y="items")


def confusion(table: pd.DataFrame, *, title: str = "Which gold answer was given which label") -> Figure:
    """A table of gold answers by labels; shade is the share of the row, the number the count.

    Parameters
    ----------
    table : pandas.DataFrame
        Counts, rows gold answers, columns labels; missing where they are withheld.
    title : str
        Above the picture.

    Examples
    --------
    >>> confusion(pd.DataFrame([[9, 1]], index=["x"], columns=["x", "y"])).alt
    'Which gold answer was given which label. Gold x (10 judgments): x 9, y 1.'
    """
    counts = style.drawable(table).astype(object).where(table.notna(), np.nan).to_numpy(float)
    shares = counts / np.maximum(np.nansum(counts, axis=1, keepdims=True), 1)
    axes = style.blank(1.4 + 0.42 * len(table), min(2.4 + 0.9 * table.shape[1], 8))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        text, colour = "–" if np.isnan(count) else f"{count:,.0f}", "white" if shares[row, column] > 0.55 else style.INK
        axes.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)
    axes.set_xticks(range(table.shape[1]), [style.plain_text(x, 18) for x in table.columns])
    axes.set_yticks(range(len(table)), [style.plain_text(x, 18) for x in table.index])
    said = "; ".join(
        f"Gold {gold} ({counted(int(row.sum()), 'judgment')}): "
        + ", ".join(f"{k} {'withheld' if pd.isna(v) else int(v)}" for k, v in row.items())
        for gold, row in table.iterrows()
    )
    return style.finished(axes, f"{said}.", title, x="label given", y="gold")
