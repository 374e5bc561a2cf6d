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
NAMES = ("vendor", "queue", "locale", "slice", "lot", "clause", "criterion", "guideline", "system", "cluster")
KEYS = ("item_id", "rater_id", "criterion", "stage", "round")
Part = Judgments | pl.DataFrame


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
        self._codes, self._threshold = codes, threshold
        self._released = Released(codes, threshold, known)
        self._parts: dict[bytes, tuple[NDArray, Released]] = {}
        self._about: bytes | None = None
        self._decided: dict[tuple[Any, ...], tuple[frozenset[Any], frozenset[Any]]] = {}

    def labellers(self, part: Part) -> int:
        """The people who labelled these judgments."""
        frame = _frame(part)
        frame = frame.filter(pl.col("stage") == "label") if "stage" in frame.columns else frame
        return len(self._people.intersection(map(str, frame["rater_id"].unique().to_list())))

    def about(self, part: Part) -> None:
        """From now on groups must be large enough in this part of the judgments as well, whose totals are known."""
        self._about = self._part(part)

    def _part(self, part: Part) -> bytes:
        """The part's number among those that figures rest on; each has its own totals, and so its own subtractions."""
        all_of_it, frame = self.judgments.frame, _frame(part)
        keys = [c for c in KEYS if c in all_of_it.columns and c in frame.columns]
        there = all_of_it.select(keys).with_row_index("_row")
        there = there.join(frame.select(keys).unique(), on=keys, how="semi", nulls_equal=True)
        mask = np.zeros(all_of_it.height, bool)
        mask[there["_row"].to_numpy()] = True
        number = np.packbits(mask).tobytes()
        if number not in self._parts:
            people = (self._codes >= 0) & mask
            labelled = people & self._labelling
            self._parts[number] = mask, Released(self._codes, self._threshold, [labelled if labelled.any() else people])
        return number

    def shown(
        self, by: Sequence[str], keys: pl.DataFrame | None = None, of: Sequence[Part] = ()
    ) -> frozenset[tuple[str, ...]]:
        """The groups that this audience may see.

        Parameters
        ----------
        by : sequence of str
            Columns of the table, or of ``keys``, that make the groups.
        keys : polars.DataFrame, optional
            Further columns, a row for each row of the table.
        of : sequence of Judgments or polars.DataFrame
            What the figures rest on where that is a part of the data, such as judgments
            with gold: a group must be large enough in each, too, if it is there at all.

        Raises
        ------
        NotEstimable
            If there is no such column.
        """
        frame = self.judgments.frame if keys is None else self.judgments.frame.hstack(keys.get_columns())
        absent = [c for c in by if c not in frame.columns]
        if absent:
            raise NotEstimable(f"the data has no column {absent[0]}; it has {', '.join(frame.columns)}")
        made = self._shown_in(frame, tuple(by), None)[0]
        if self.audience == "operations":
            return made
        for number in dict.fromkeys([*([self._about] if self._about else []), *map(self._part, of)]):
            large, there = self._shown_in(frame, tuple(by), number)
            made = frozenset(cell for cell in made if cell in large or cell not in there)
        return made

    def _shown_in(
        self, frame: pl.DataFrame, by: tuple[str, ...], number: bytes | None
    ) -> tuple[frozenset[Any], frozenset[Any]]:
        """The groups to be seen in one part of the judgments, and those that are there at all."""
        if (by, number) not in self._decided:
            within, released = self._parts[number] if number else (np.ones(frame.height, bool), self._released)
            named = frame.select(_text(c) for c in by).with_row_index("_row")
            masks: dict[Hashable, Any] = {}
            for *cell, rows in named.group_by(list(by)).agg("_row").iter_rows():
                mask = np.zeros(frame.height, bool)
                mask[rows] = True
                mask &= within
                if mask.any():
                    masks[tuple(cell)] = mask & self._labelling if (mask & self._labelling).any() else mask
            self._decided[by, number] = (self._choose(masks, released), frozenset(masks))
        return self._decided[by, number]

    def allows(self, part: Part, of: Sequence[Part] = ()) -> bool:
        """Whether this audience may see a figure about this part, whose totals it then knows; ``of`` as for `shown`."""
        mask = self._parts[self._part(part)][0] & self._labelling
        among = [self._released, *(self._parts[self._part(whole)][1] for whole in of)]
        return all(self._choose({"part": mask}, released) for released in among) if mask.any() else True

    def hidden(self, column: str, of: Sequence[Part] = ()) -> frozenset[str]:
        """The values of a column that this audience may not see."""
        values = self.judgments.frame.select(_text(column)).to_series().unique()
        return frozenset(values) - {cell[0] for cell in self.shown([column], of=of)}

    def few(self, by: Sequence[str]) -> frozenset[tuple[str, ...]]:
        """The groups that at least one and fewer people than the threshold worked for; none to operations."""
        if self.audience == "operations":
            return frozenset()
        labelled = self.judgments.frame.select(_text(c) for c in by).with_columns(pl.Series("_who", self._codes))
        labelled = labelled.filter(pl.Series(self._labelling) & (pl.col("_who") >= 0))
        sizes = labelled.group_by(list(by)).agg(pl.col("_who").n_unique())
        return frozenset(sizes.filter(pl.col("_who") < self._threshold).select(by).iter_rows())

    def small(self) -> frozenset[str]:
        """The names of groups that `few` worked for, whatever column they stand in."""
        there = [c for c in NAMES if c in self.judgments.columns]
        return frozenset(name for c in there for (name,) in self.few([c])) - {MISSING, ""}

    def other_names(self) -> frozenset[str]:
        """What labels and groups are called: where a rater is called so too, a sentence may mean either."""
        frame = self.judgments.frame
        there = [c for c in (*NAMES, "label", "gold") if c in frame.columns]
        names = {name for c in there for name in frame.select(_text(c)).to_series().unique().to_list()}
        return frozenset(names | {name.removesuffix(".0") for name in names})

    def small_labels(self) -> frozenset[str]:
        """The labels that `few` gave."""
        return frozenset(label for (label,) in self.few(["label"]))

    def of_shown(self, j: Judgments, column: str, of: Sequence[Part] = ()) -> Judgments:
        """The judgments of those groups of a column that this audience may see, as when groups are ranked.

        Raises
        ------
        NotEstimable
            If it may see fewer than two of several, or there is no such column.
        """
        if self.audience == "operations" or column not in self.judgments.columns or not self.hidden(column, of):
            return j
        there = self.shown([column], of=of)
        shown = [v for v in j.frame[column].unique() if (MISSING if v is None else str(v),) in there]
        if len(shown) < 2:
            raise NotEstimable("withheld: this audience may see fewer than two of the groups")
        return j.only(**{column: shown})

    def item_sets(self, items: Sequence[Collection[str] | Part]) -> frozenset[Any]:
        """The numbers of those sets of items, or of judgments, whose labels, taken together, this audience may see."""
        named = self.judgments.frame["item_id"].cast(pl.String)

        def mask(some: Collection[str] | Part) -> NDArray:
            if isinstance(some, Part):
                return self._parts[self._part(some)][0]
            return named.is_in([str(i) for i in some]).to_numpy()

        masks: dict[Hashable, Any] = {n: mask(some) & self._labelling for n, some in enumerate(items)}
        return self._choose({n: mask for n, mask in masks.items() if mask.any()}, self._released)

    def _choose(self, masks: dict[Hashable, Any], released: Released) -> frozenset[Any]:
        return frozenset(masks) if self.audience == "operations" else released.choose(masks)


def _frame(part: Part) -> pl.DataFrame:
    return part.frame if isinstance(part, Judgments) else part


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).fill_null(MISSING)
