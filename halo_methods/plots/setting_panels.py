"""What changes with a setting: one small panel for each figure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ..errors import NotEstimable
from ..results import readable
from .style import BLUE, INK, blank, described

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def panels(table: pd.DataFrame, x: str, figures: Mapping[str, str], *, x_unit: str = "", title: str = "") -> "Figure":
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
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    figure, axes = blank(2.9, 2.7 * len(figures) + 0.4)
    axes.set_axis_off()
    grid = figure.subplots(1, len(figures), squeeze=False)[0]
    said = []
    for panel, (name, unit) in zip(grid, figures.items(), strict=True):
        rows = table.dropna(subset=[name]).sort_values(x)
        if rows.empty:
            raise NotEstimable(f"no row has a value for {unit}")
        spread = [rows[name] - rows[f"{name}_low"], rows[f"{name}_high"] - rows[name]]
        panel.errorbar(rows[x], rows[name], yerr=spread, color=BLUE, marker="o", markersize=5, linewidth=1.5,
                       elinewidth=1.5)  # fmt: skip
        panel.set_ylim(bottom=0)
        panel.set_xlabel(x_unit)
        panel.set_title(unit, loc="left", fontsize=9, color=INK)
        panel.spines[["top", "right"]].set_visible(False)
        ends = [
            f"{readable(r[name])} ({readable(r[f'{name}_low'])} to {readable(r[f'{name}_high'])})"
            for _, r in rows.iloc[[0, -1]].iterrows()
        ]
        said.append(f"{unit} from {ends[0]} to {ends[1]}")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    span = f"{readable(table[x].min())} to {readable(table[x].max())}"
    return described(figure, f"{title}. Over {x_unit} from {span}: {'; '.join(said)}.")
