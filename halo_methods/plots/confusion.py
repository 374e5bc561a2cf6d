"""What is taken for what, as a shaded table."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from ..results import counted
from .style import INK, blank, described, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion(table: pd.DataFrame, *, title: str = "Which gold answer was given which label") -> "Figure":
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
    if table.empty:
        raise NotEstimable("there is nothing to draw: the table has no rows")
    counts = table.astype(object).where(table.notna(), np.nan).to_numpy(float)
    shares = counts / np.maximum(np.nansum(counts, axis=1, keepdims=True), 1)
    figure, axes = blank(1.4 + 0.42 * len(table), min(2.4 + 0.9 * table.shape[1], 8))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, "–" if np.isnan(count) else f"{count:,.0f}", ha="center", va="center", fontsize=9,
                  color="white" if shares[row, column] > 0.55 else INK)  # fmt: skip
    axes.set_xticks(range(table.shape[1]), [plain_text(x, 18) for x in table.columns])
    axes.set_yticks(range(len(table)), [plain_text(x, 18) for x in table.index])
    axes.set_xlabel("label given")
    axes.set_ylabel("gold")
    axes.set_title(title, loc="left", fontsize=11)
    rows = "; ".join(
        f"Gold {gold} ({counted(int(row.sum()), 'judgment')}): "
        + ", ".join(f"{k} {'withheld' if pd.isna(v) else int(v)}" for k, v in row.items())
        for gold, row in table.iterrows()
    )
    return described(figure, f"{title}. {rows}.")
