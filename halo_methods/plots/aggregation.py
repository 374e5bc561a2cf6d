"""Confidence beside accuracy: on gold, and in simulated settings."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import counted, readable
from .style import AMBER, BLUE, GREEN, INK, MUTED, RUST, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERIES = (INK, BLUE, "#6b4c9a", GREEN, AMBER, RUST, MUTED)
MARKERS = ("s", "o", "h", "D", "^", "v", "P")


def confidence(table: pd.DataFrame, *, title: str = "Does the confidence hold?") -> "Figure":
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
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    figure, axes = blank(3.6, 5.2)
    axes.plot([0, 1], [0, 1], "--", color=INK, linewidth=1)
    axes.vlines(table["probability"], table["low"], table["high"], color=BLUE, linewidth=2)
    axes.plot(table["probability"], table["accuracy"], "o", color=BLUE, markersize=6)
    low = max(0.0, min(float(table["probability"].min()), float(table["low"].min())) - 0.05)
    axes.set_xlim(max(0.0, float(table["probability"].min()) - 0.05), 1.02)
    axes.set_ylim(low, 1.02)
    axes.set_xlabel("probability claimed")
    axes.set_ylabel("share right on gold")
    axes.set_title(title, loc="left", fontsize=11)
    said = "; ".join(
        f"Claimed {readable(r['probability'])}: right {readable(r['accuracy'])} ({readable(r['low'])} to "
        f"{readable(r['high'])}) of {counted(int(r['n']), 'item')}"
        for _, r in table.iterrows()
    )
    return described(figure, f"{title}. On the dashed line both are equal. {said}.")


def failures(table: pd.DataFrame, *, methods: list[str], title: str = "Accuracy and confidence") -> "Figure":
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
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    from matplotlib.lines import Line2D

    panels = list(dict.fromkeys(table["failure"]))
    figure, first = blank(2.6 * len(panels) + 0.6, 7.2)
    grid = first.get_gridspec()
    first.remove()
    grid = figure.add_gridspec(len(panels), 1)
    said = []
    for n, failure in enumerate(panels):
        axes = figure.add_subplot(grid[n])
        axes.spines[["top", "right"]].set_visible(False)
        part = table[table["failure"] == failure]
        settings = list(dict.fromkeys(part["setting"]))
        for m, method in enumerate(methods):
            rows = part[part["method"] == method].set_index("setting").reindex(settings)
            x = np.arange(len(settings)) + (m - (len(methods) - 1) / 2) * 0.11
            for kind, fill in (("accuracy", SERIES[m]), ("confidence", "white")):
                axes.vlines(x, rows[f"{kind}_low"], rows[f"{kind}_high"], color=SERIES[m], linewidth=1.5)
                axes.plot(x, rows[kind], MARKERS[m], color=SERIES[m], markerfacecolor=fill, markersize=6)
            said += [f"{failure} {s}: {method} accuracy {readable(r.accuracy)}, confidence {readable(r.confidence)}"
                     for s, r in zip(settings, rows.itertuples(), strict=True)]  # fmt: skip
        axes.set_xticks(range(len(settings)), [plain_text(s) for s in settings])
        axes.set_xlabel(plain_text(failure, 60))
        axes.set_ylabel("share of items")
        if n == 0:
            axes.set_title(f"{title} (filled: accuracy; hollow: mean confidence)", loc="left", fontsize=11)
            handles = [Line2D([], [], color=SERIES[m], marker=MARKERS[m], linestyle="none", label=plain_text(name))
                       for m, name in enumerate(methods)]  # fmt: skip
            axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    return described(figure, f"{title}. {'; '.join(said)}.")
