"""Lines over a scale: a control chart, chances, prices and what they buy, people by week."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import Figure, counted, readable
from . import style

_STYLES = ((style.BLUE, "-"), (style.RUST, "--"), (style.GREEN, ":"), (style.AMBER, "-."))


def chart(table: pd.DataFrame, *, changes: Sequence[tuple[Any, str]] = (), unit: str = "", title: str = "") -> Figure:
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
    lines = ["statistic"] if "statistic" in style.drawable(table, "the chart has no periods") else ["upper", "lower"]
    axes = style.blank(3.0, 7.2)
    x = np.arange(len(table))
    axes.fill_between(x, table["low"], table["high"], color=style.BLUE, alpha=0.08, linewidth=0)
    axes.plot(x, table[["low", "high"]], color=style.MUTED, linewidth=1)
    axes.plot(x, table[lines], color=style.BLUE, linewidth=1.4, marker="o", markersize=2.5)
    out = table["signal"].to_numpy(bool)
    for line in lines:
        beyond = out & ~table[line].between(table["low"], table["high"]).to_numpy()
        axes.plot(x[beyond], table[line][beyond], "X", color=style.RUST, markersize=6, linestyle="none")
    names = [str(p) for p in table["period"]]
    place = {p: i for i, p in enumerate(table["period"])}
    shown = [(place[at], version) for at, version in changes if at in place]
    for at, version in shown:
        style.upright(axes, at - 0.5, f"guideline {style.plain_text(version, 12)}")
    ticks = np.unique(np.linspace(0, len(table) - 1, min(len(table), 6)).astype(int))
    axes.set_xticks(ticks, [style.plain_text(names[t], 12) for t in ticks])
    first = f", the first at {names[int(np.flatnonzero(out)[0])]}" if out.any() else ""
    alt = (
        f"{counted(len(table), 'period')} from {names[0]} to {names[-1]}; {counted(int(out.sum()), 'signal')}{first}. "
        f"Limits at the end {readable(table['low'].iloc[-1])} to {readable(table['high'].iloc[-1])}."
    )
    said = "".join(f" Guideline {v} from {names[i]}." for i, v in shown)
    return style.finished(axes, alt + said, title, y=unit, pad=18 if shown else 8)


def band(table: pd.DataFrame, x: str, *, bar: float | None = None, unit: str = "", title: str = "") -> Figure:
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
    last = style.drawable(table, "there was no look").iloc[-1]
    axes = style.blank(2.8, 7.2)
    axes.fill_between(table[x], table["low"], table["high"], color=style.BLUE, alpha=0.18, linewidth=0)
    axes.plot(table[x], table["value"], color=style.BLUE, linewidth=1.4)
    against = ""
    if bar is not None:
        axes.axhline(bar, color=style.INK, linestyle="--", linewidth=1)
        against = f" Dashed line: {readable(bar)}."
    ends = style.with_interval(*last[["value", "low", "high"]])
    alt = f"{counted(len(table), 'look')}; at the last {ends}.{against}"
    return style.finished(axes, alt, title, x="judgments so far" if x == "trials" else x, y=unit)


def allowance(table: pd.DataFrame, *, at: float, title: str = "The verdict turns on the allowance") -> Figure:
    """The winning rate of a judge over the allowance, with the one that was declared.

    Parameters
    ----------
    table : pandas.DataFrame
        ``epsilon``, ``winning_rate`` and ``passes``.
    at : float
        The declared one.

    Examples
    --------
    >>> table = pd.DataFrame({"epsilon": [0.0, 0.1, 0.2], "winning_rate": [0, 0.5, 1], "passes": [False, True, True]})
    >>> allowance(table, at=0.2).alt
    'The verdict turns on the allowance. The judge passes from an allowance of 0.1 on; declared: 0.2.'
    """
    axes = style.blank(2.8, 7.2)
    axes.step(table["epsilon"], table["winning_rate"], where="post", color=style.BLUE, linewidth=1.8)
    axes.axvline(at, color=style.INK, linestyle="--", linewidth=1)
    axes.set_ylim(-0.03, 1.03)
    passes = table.loc[table["passes"], "epsilon"]
    found = "never passes" if passes.empty else f"passes from an allowance of {readable(passes.min())} on"
    alt = f"The judge {found}; declared: {readable(at)}."
    return style.finished(axes, alt, title, x="allowance (epsilon)", y="winning rate")


def prevalence(table: pd.DataFrame, *, title: str = "The same raters, another prevalence") -> Figure:
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
    axes = style.blank(3.2)
    ends = table.iloc[[0, -1]]
    for column, name, colour, dash in (
        ("raw_agreement", "raw agreement", style.INK, "-"),
        ("ac1", "AC1", style.GREEN, "-."),
        ("alpha", "alpha", style.BLUE, "--"),
    ):
        axes.plot(table["prevalence"], table[column], dash, color=colour, linewidth=2)
        style.note(axes, name, (ends["prevalence"].iloc[1], ends[column].iloc[1]), (6, -3), colour=colour)
    axes.set_ylim(0, 1)
    at, raw, alpha, ac1 = (" to ".join(map(readable, ends[c])) for c in ("prevalence", "raw_agreement", "alpha", "ac1"))
    alt = f"From prevalence {at}: raw agreement {raw}, alpha {alpha}, AC1 {ac1}."
    return style.finished(axes, alt, title, x="true share of the common label", y="agreement")


def chances(
    curves: Mapping[str, pd.DataFrame],
    x: str,
    y: str,
    *,
    marks: Mapping[str, float] | None = None,
    unit: str = "",
    chance: str = "chance",
    title: str = "",
) -> Figure:
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
    axes = style.blank(3.4)
    told = []
    for (name, curve), (colour, dash) in zip(curves.items(), _STYLES * len(curves), strict=False):
        axes.plot(curve[x], curve[y], color=colour, linestyle=dash, linewidth=2, label=style.plain_text(name))
        rows = curve.iloc[sorted({round(k * (len(curve) - 1) / 4) for k in range(5)})]
        points = ", ".join(f"{readable(b)} at {readable(a)}" for a, b in zip(rows[x], rows[y], strict=True))
        told.append(f"{name}: {points}")
    named = {f"{name} {readable(value)}": value for name, value in (marks or {}).items()}
    for name, value in named.items():
        style.upright(axes, value, name, (0, 3), colour=style.MUTED, ha="center")
    axes.set_ylim(-0.02, 1.02)
    alt = f"{'; '.join(told)}." + (f" Dashed lines: {', '.join(named)}." if named else "")
    return style.finished(axes, alt, title, x=unit, y=chance, pad=18 if marks else 8, legend=style.BESIDE)


def operating(plan: Any, *, title: str = "Which lots the plan accepts") -> Figure:
    """Chance of acceptance by the lot's error rate, with the buyer's and the producer's point.

    Parameters
    ----------
    plan : Plan or DoublePlan
        Of `halo_methods.audit`.
    title : str
        Above the picture.

    Examples
    --------
    >>> from halo_methods.audit import single_plan
    >>> operating(single_plan(0.03, 0.05, 0.10, 0.10)).alt
    'Which lots the plan accepts. A lot with 10% errors is accepted with chance 0.0948; one with 3% errors with 0.963.'
    """
    most, p = _rates(plan)
    axes = style.blank(3.4)
    axes.plot(100 * p, plan.acceptance(p), color=style.BLUE, linewidth=2)
    producer = 1 - plan.producer_risk
    for x, y, colour, marker, who in (
        (plan.rql, plan.consumer_risk, style.RUST, "X", "buyer"),
        (plan.aql, producer, style.GREEN, "o", "producer"),
    ):
        axes.plot([100 * x], [y], marker, color=colour, markersize=8)
        style.note(axes, f"{who}: {readable(100 * x)}% errors, accepted {readable(100 * y)}%", (100 * x, y), (8, 6))
    axes.set(xlim=(0, 100 * most), ylim=(0, 1.08))
    buyer = f"A lot with {readable(100 * plan.rql)}% errors is accepted with chance {readable(plan.consumer_risk)}"
    alt = f"{buyer}; one with {readable(100 * plan.aql)}% errors with {readable(producer)}."
    return style.finished(axes, alt, title, x="errors in the lot, %", y="chance that it is accepted")


def outgoing(plan: Any, lot: int, *, title: str = "What goes out, rejected lots relabelled") -> Figure:
    """Average error rate after the audit by the error rate before it, and its limit.

    Parameters
    ----------
    plan : Plan or DoublePlan
        Of `halo_methods.audit`.
    lot : int
        Labels in a lot.
    title : str
        Above the picture.

    Examples
    --------
    >>> from halo_methods.audit import single_plan
    >>> outgoing(single_plan(0.03, 0.05, 0.10, 0.10), 1000).alt
    'What goes out, rejected lots relabelled. Whatever comes in, at most 3.3% errors go out on average.'
    """
    (most, p), limit = _rates(plan), plan.outgoing_limit(lot)
    axes = style.blank(3.0)
    axes.plot(100 * p, 100 * plan.outgoing(p, lot), color=style.BLUE, linewidth=2)
    axes.axhline(100 * limit, color=style.INK, linestyle="--", linewidth=1)
    said = f"{readable(100 * limit)}%"
    style.note(axes, f"limit {said}", (100 * most, 100 * limit), (-4, 3), ha="right")
    axes.set(xlim=(0, 100 * most), ylim=(0, max(115 * limit, 0.1)))
    alt = f"Whatever comes in, at most {said} errors go out on average."
    return style.finished(axes, alt, title, x="errors in the lots that come in, %", y="errors that go out, %")


def _rates(plan: Any) -> tuple[float, np.ndarray]:
    """The highest rate drawn, and the rates; a lot of its own has steps, one wrong label each, as far as one sees."""
    most = min(2 * plan.rql, 1.0)
    if plan.lot is None:
        return most, np.linspace(0, most, 201)
    return most, np.unique(np.linspace(0, int(most * plan.lot), 1001).astype(int)) / plan.lot


def dependability(table: pd.DataFrame, *, bar: float | None = None, title: str = "What another rater buys") -> Figure:
    """Reliability and dependability against raters per item, each with its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        ``n_raters``, ``coefficient``, ``value``, ``low``, ``high``, as `VarianceComponents.d_study` makes it.
    bar : float, optional
        A threshold, drawn dashed.
    title : str
        Above the picture.

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"n_raters": [1, 2], "coefficient": "dependability", "value": [.5, .667],
    ...                       "low": [.4, .5], "high": [.6, .8]})
    >>> dependability(table).alt
    'What another rater buys. dependability: 1 rater 0.5 (0.4 to 0.6), 2 raters 0.667 (0.5 to 0.8).'
    """
    style.drawable(table)
    axes = style.blank(3.4)
    lines = []
    looks = ((style.BLUE, "o", -0.06), (style.RUST, "s", 0.06))
    for (name, part), (colour, marker, aside) in zip(table.groupby("coefficient", sort=False), looks, strict=False):
        at = part["n_raters"] + aside
        axes.vlines(at, part["low"], part["high"], color=colour, linewidth=2)
        axes.plot(at, part["value"], marker=marker, color=colour, markersize=6, linewidth=1, label=name)
        numbers = part[["n_raters", "value", "low", "high"]].itertuples(index=False)
        said = ", ".join(f"{counted(int(n), 'rater')} {style.with_interval(*value)}" for n, *value in numbers)
        lines.append(f"{name}: {said}.")
    if bar is not None:
        axes.axhline(bar, color=style.INK, linestyle="--", linewidth=1)
        style.note(axes, f"bar {readable(bar)}", (1, bar), (4, -3), within=("axes fraction", "data"))
        lines.append(f"Dashed line: {readable(bar)}.")
    axes.set_ylim(0, 1.02)
    axes.set_xticks(sorted(table["n_raters"].unique()))
    legend = {"loc": "lower right"}
    return style.finished(axes, " ".join(lines), title, x="raters an item", y="coefficient", legend=legend)


def tradeoff(
    table: pd.DataFrame, x: str, y: str, by: str, *, x_unit: str = "", y_unit: str = "", title: str = ""
) -> Figure:
    """One line for each way: a marker for each value, a bar for its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `x`, `y`, `by`, and ``<y>_low`` and ``<y>_high``.
    x, y, by : str
        Columns: the price, what it buys, and the way of buying.
    x_unit, y_unit : str
        What the axes show.
    title : str

    Raises
    ------
    NotEstimable
        If the table is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"way": ["a"], "cost": [1.0], "error": [.1], "error_low": [.05], "error_high": [.15]})
    >>> tradeoff(table, "cost", "error", "way", x_unit="price", y_unit="error", title="T").alt
    'T. 1 way; price against error; a: 0.1 (0.05 to 0.15) at 1.'
    """
    style.drawable(table)
    axes = style.blank(3.6)
    said = []
    for number, (way, part) in enumerate(table.groupby(by, sort=False)):
        look = style.LOOKS[number % len(style.LOOKS)]
        rows = part.sort_values(x)
        style.with_whiskers(axes, rows, x, y, look=look, size=6, label=style.plain_text(way))
        price, *last = rows[[x, y, f"{y}_low", f"{y}_high"]].iloc[-1]
        said.append(f"{way}: {style.with_interval(*last)} at {readable(price)}")
    axes.set_ylim(bottom=0)
    alt = f"{counted(len(said), 'way')}; {x_unit} against {y_unit}; {'; '.join(said)}."
    return style.finished(axes, alt, title, x=x_unit, y=y_unit, legend=style.BESIDE)


def frontier(table: pd.DataFrame, *, unit: str = "units of the label", title: str = "What a budget buys") -> Figure:
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
    rows = style.drawable(table, "no budget buys a design").to_dict("records")
    axes = style.blank(3.4)
    axes.plot(table["budget"], table["half_width"], color=style.BLUE, marker="o", markersize=5, linewidth=2)
    for row in (row for row in rows if row["budget_share"] == 1.0):
        axes.plot(row["budget"], row["half_width"], color=style.INK, marker="D", markersize=8, linestyle="none")
        each = readable(row["labels_per_item"])
        words = f"asked for: {row['raters']:.0f} raters, {row['items']:,.0f} items, {each} labels each"
        style.note(axes, words, (row["budget"], row["half_width"]), (8, 10), colour="black")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    listed = "; ".join(f"{readable(r['budget'])}: {readable(r['half_width'])}" for r in rows)
    ends = f"{readable(table['half_width'].max())} to {readable(table['half_width'].min())}"
    alt = f"{counted(len(rows), 'budget')}; half the 95% interval falls from {ends}; {listed}."
    return style.finished(axes, alt, title, x="budget", y=f"half the 95% interval,\n{unit}")


def people(table: pd.DataFrame, *, title: str = "People needed by week") -> Figure:
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
    rows = style.drawable(table, "no week was forecast").to_dict("records")
    axes = style.blank(3.4)
    at = range(len(table))
    axes.vlines(at, table["low"], table["high"], color=style.BLUE, linewidth=2)
    axes.plot(at, table["people"], color=style.BLUE, marker="o", linestyle="none", label="needed")
    axes.step(at, table["productive"], where="mid", color=style.MUTED, linewidth=2, label="there, at full speed")
    step = max(1, len(table) // 8)
    axes.set_xticks(at[::step], [style.plain_text(w) for w in table["week"]][::step], rotation=30, ha="right")
    axes.set_ylim(bottom=0)
    listed = "; ".join(
        f"{r['week']}: {style.with_interval(r['people'], r['low'], r['high'])}, {readable(r['productive'])} there"
        for r in rows[:13]
    )
    return style.finished(axes, f"{counted(len(rows), 'week')}; {listed}.", title, y="people", legend={"loc": "best"})
