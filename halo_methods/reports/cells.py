"""Which groups of the judgments an audience may see, with everything one report shows taken together."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..judgments import Judgments
from .disclosure import Released

MISSING = "(missing)"


class Cells:
    """The groups of one report's judgments and which of them have been shown.

    The people of a group are those who label: an auditor makes a small lot no larger.

    Parameters
    ----------
    judgments : Judgments
    people : collection of str
        The raters who are no models.
    audience : {"rater", "operations", "partner", "public"}
    threshold : int
        The smallest group shown to anyone but operations, in people.
    """

    def __init__(self, judgments: Judgments, people: Collection[str], audience: str, threshold: int):
        self.judgments, self.audience, self._people = judgments, audience, frozenset(people)
        frame = judgments.frame
        who = {r: n for n, r in enumerate(sorted(people))}
        codes = np.array([who.get(str(r), -1) for r in frame["rater_id"].to_list()], dtype=int)
        self._labelling: NDArray = np.ones(len(codes), bool)
        known = [codes >= 0]
        if "stage" in frame.columns:
            self._labelling = (frame["stage"] == "label").fill_null(False).to_numpy()
            known.append((codes >= 0) & self._labelling)
        self._released = Released(codes, threshold, known)
        self._decided: dict[tuple[str, ...], frozenset[Any]] = {}

    def labellers(self, j: Judgments) -> int:
        """The people who labelled these judgments."""
        frame = j.frame.filter(pl.col("stage") == "label") if "stage" in j.columns else j.frame
        return len(self._people.intersection(map(str, frame["rater_id"].unique().to_list())))

    def shown(self, by: Sequence[str], keys: pl.DataFrame | None = None) -> frozenset[tuple[str, ...]]:
        """The groups that this audience may see.

        Parameters
        ----------
        by : sequence of str
            Columns of the table, or of ``keys``, that make the groups.
        keys : polars.DataFrame, optional
            Further columns, a row for each row of the table.

        Raises
        ------
        NotEstimable
            If there is no such column.
        """
        frame = self.judgments.frame if keys is None else self.judgments.frame.hstack(keys.get_columns())
        absent = [c for c in by if c not in frame.columns]
        if absent:
            raise NotEstimable(f"the data has no column {absent[0]}; it has {', '.join(frame.columns)}")
        if tuple(by) not in self._decided:
            named = frame.select(_text(c) for c in by).with_row_index("_row")
            masks: dict[Hashable, Any] = {}
            for *cell, rows in named.group_by(list(by)).agg("_row").iter_rows():
                mask = np.zeros(frame.height, bool)
                mask[rows] = True
                masks[tuple(cell)] = mask & self._labelling if (mask & self._labelling).any() else mask
            self._decided[tuple(by)] = self._choose(masks)
        return self._decided[tuple(by)]

    def hidden(self, column: str) -> frozenset[str]:
        """The values of a column that this audience may not see."""
        values = self.judgments.frame.select(_text(column)).to_series().unique()
        return frozenset(values) - {cell[0] for cell in self.shown([column])}

    def of_shown(self, j: Judgments, column: str) -> Judgments:
        """The judgments of those groups of a column that this audience may see, as when groups are ranked.

        Raises
        ------
        NotEstimable
            If it may see fewer than two of several, or there is no such column.
        """
        if self.audience == "operations" or column not in self.judgments.columns or not self.hidden(column):
            return j
        shown = [v for v in j.frame[column].unique() if (MISSING if v is None else str(v),) in self.shown([column])]
        if len(shown) < 2:
            raise NotEstimable("withheld: this audience may see fewer than two of the groups")
        return j.only(**{column: shown})

    def item_sets(self, items: Sequence[Collection[str]]) -> frozenset[Any]:
        """The numbers of those sets of items whose labels, taken together, this audience may see."""
        named = self.judgments.frame["item_id"].cast(pl.String)
        masks: dict[Hashable, Any] = {
            n: named.is_in([str(i) for i in some]).to_numpy() & self._labelling for n, some in enumerate(items)
        }
        return self._choose({n: mask for n, mask in masks.items() if mask.any()})

    def _choose(self, masks: dict[Hashable, Any]) -> frozenset[Any]:
        return frozenset(masks) if self.audience == "operations" else self._released.choose(masks)


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).fill_null(MISSING)
