"""What a section shows, and as far as the audience may see it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from . import audience as audiences
from .gating import Gating


class Show(Gating):
    """Shows what a section finds; made by `Report.section`."""

    def __call__(
        self,
        what: Any,
        *,
        name: str = "",
        alt: str = "",
        caption: str = "",
        figure: Callable[[pd.DataFrame], Any] | None = None,
    ) -> Any:
        """Show an estimate, several by name, a gate, a table, a figure or a sentence, and return it.

        Parameters
        ----------
        what : object
            A DataFrame that names people belongs in `people` instead, one about groups of
            people in `groups`. Outside operations estimates, and rows with a column
            ``n_raters``, that rest on fewer people than the privacy threshold are withheld.
        name : str
            Name of an estimate in ``NAME.json``; otherwise its method's.
        alt : str
            What a figure shows, for who can't see it; otherwise the section's title.
        caption : str
            A table's caption.
        figure : callable, optional
            Draws a table's rows that are shown, above them.
        """
        if self._report.too_few:
            return what
        told = what
        what, hidden = audiences.of_enough_people(what, self._least)
        if hidden:
            self.withheld(hidden)
        if figure is not None and what is not None:
            self._publish(figure(what))
        if what is not None:
            self._publish(self._said(what), name, self._said(alt), caption)
        return told

    def people(
        self,
        table: pd.DataFrame,
        id_column: str | list[str] = "rater_id",
        *,
        by: str | None = None,
        caption: str = "",
        figure: Callable[[pd.DataFrame], Any] | None = None,
        operations_only: bool = False,
    ) -> pd.DataFrame:
        """Show a table about people, as far as the audience may see it.

        Operations sees each person under a pseudonym, and the figure. Every other
        audience sees the number of people and medians of groups that are large enough,
        and how many people are withheld.

        Parameters
        ----------
        table : DataFrame
            One row or more for each person.
        id_column : str or list of str
            The column that names the person, or the columns of a table of pairs.
        by : str, optional
            For audiences that see groups only: the column that makes them.
        caption : str
            The table's caption.
        figure : callable, optional
            Draws the table with pseudonyms in it; called for operations only.
        operations_only : bool
            Show nobody else anything, not even medians: for evidence about people.

        Returns
        -------
        DataFrame
            The table with pseudonyms; for other audiences no rows, so that nothing drawn
            or printed from it can show a person.
        """
        report = self._report
        columns = [id_column] if isinstance(id_column, str) else list(id_column)
        if report.audience == "operations":
            named = table.assign(**{c: [report.name_of(p) for p in table[c]] for c in columns})
            if figure is not None and len(named):
                self(figure(named))
            self._table(named, caption)
            return named
        if operations_only:
            self.withheld("Shown to operations only.")
            return table.iloc[:0]
        shown, withheld = audiences.groups_shown(table, columns, by=by, threshold=report.house.privacy_threshold)
        if shown is not None:
            self._table(shown, caption)
        if withheld:
            self.withheld(withheld)
        return table.iloc[:0]

    def groups(
        self,
        table: pd.DataFrame,
        by: str | list[str],
        *,
        named_in: list[str] | None = None,
        keys: Any = None,
        of: Sequence[Any] = (),
        caption: str = "",
        figure: Callable[[pd.DataFrame], Any] | None = None,
    ) -> pd.DataFrame:
        """Show a table about groups of people, such as vendors, as far as the audience may see it.

        Operations sees every row. Every other audience sees rows of groups of at least the
        privacy threshold of people, less those from which, with everything the report has
        shown by `groups` and its totals, a smaller group could be had by subtraction. Where
        another column lists groups, those not shown read ``withheld``.

        Parameters
        ----------
        table : DataFrame
            One row a group or, with ``named_in``, a row about several groups.
        by : str or list of str
            The column, or columns, of the judgments that make the groups.
        named_in : list of str, optional
            Columns of the table that hold the groups' names, where they are not called as
            ``by``: for pairs ``["a", "b"]``. A row is shown if all its groups are.
        keys : polars.DataFrame, optional
            Further columns beside the judgments, a row each, such as the week.
        of : sequence of Judgments or polars.DataFrame
            What the figures rest on where that is a part of the data, such as judgments
            with gold: outside operations a group must be large enough in each of them.
        caption : str
            The table's caption.
        figure : callable, optional
            Draws the rows shown.

        Returns
        -------
        DataFrame
            The rows shown.
        """
        columns = [by] if isinstance(by, str) else list(by)
        if isinstance(by, str) and len(table) == 1 and by not in self._report.judgments.frame.columns:
            return self._whole(table, caption, figure)
        shown = self._report.cells.shown(columns, keys, of)
        if named_in is None:
            cells = list(self._as_cells(table[columns]))
            others = self._not_in_the_data(by, cells)
            keep = [cell in shown or cell in others for cell in cells]
        else:
            named = {n: list(self._as_cells(table[[n]], columns)) for n in named_in}
            keep = [all(cell in shown for cell in row) for row in zip(*named.values(), strict=True)]
        enough = audiences.rows_of_enough_people(table, self._least)
        kept = table[pd.Series(keep, index=table.index, dtype=bool) & enough].reset_index(drop=True)
        if isinstance(by, str) and self._report.audience != "operations":
            kept = audiences.without_names(kept, self._report.cells.hidden(by, of), [by, *(named_in or [])])
            for column in [c for c in kept.columns if c != by and c in self._report.judgments.columns]:
                kept = audiences.without_few(kept, column, self._report.cells.few([column]))
        if figure is not None and len(kept):
            self(figure(kept))
        if len(kept):
            self._table(kept, caption)
        self._rows_withheld(len(table) - len(kept))
        return kept

    def _as_cells(self, table: pd.DataFrame, columns: list[str] | None = None) -> Iterator[tuple[str, ...]]:
        """The groups that rows are about, written as the judgments write them: numbers as numbers."""
        frame = self._report.judgments.frame
        made = table.set_axis(columns or list(table.columns), axis=1)
        for c in [c for c in made.columns if c in frame.columns and frame.schema[c].is_float()]:
            made = made.assign(**{c: pd.to_numeric(made[c], errors="coerce").astype(float)})
        return made.astype(str).itertuples(index=False, name=None)

    def _not_in_the_data(self, by: str | list[str], cells: list[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
        """Of a table by label: rows about no label of the data, such as items without a single one."""
        if by != "label":
            return frozenset()
        return frozenset(cells) - {(str(label),) for label in self._report.judgments.frame["label"].unique()}

    def item_sets(
        self,
        table: pd.DataFrame,
        items: Sequence[Any],
        *,
        caption: str = "",
        figure: Callable[[pd.DataFrame], Any] | None = None,
    ) -> pd.DataFrame:
        """Show a table each row of which is about the labels of some items, as far as the audience may see it.

        Operations sees every row; every other audience those about items that at least the
        privacy threshold of people labelled, less those that would give fewer people away by
        subtraction, as in `groups`.

        Parameters
        ----------
        table : DataFrame
        items : sequence of collections of item_id, of Judgments or of polars.DataFrame
            For each row the items, or the judgments, it is about.
        caption : str
            The table's caption.
        figure : callable, optional
            Draws the rows shown.

        Returns
        -------
        DataFrame
            The rows shown.
        """
        shown = self._report.cells.item_sets(items)
        everything = self._report.audience == "operations"
        kept = table[[everything or n in shown for n in range(len(table))]].reset_index(drop=True)
        if len(kept):
            self(kept, caption=caption, figure=figure)
        self._rows_withheld(len(table) - len(kept))
        return kept

    def items(self, table: pd.DataFrame, *, caption: str = "") -> None:
        """Show a table with one row an item to operations; to others say how many rows it has.

        An item is labelled by a handful of people, so that its row is about fewer than the
        privacy threshold of them.
        """
        if self._report.audience == "operations":
            self(table, caption=caption)
        elif len(table):
            rows = "1 item is" if len(table) == 1 else f"{len(table):,} items are"
            self.withheld(f"{rows} listed for operations only: few people judged each.")

    def _rows_withheld(self, hidden: int) -> None:
        if hidden:
            least = self._report.house.privacy_threshold
            rows = "1 row is" if hidden == 1 else f"{hidden} rows are"
            text = (f"{rows} withheld: groups of fewer than {least} people, and groups that would give one away by "
                    "subtraction, are not shown to this audience.")  # fmt: skip
            self.withheld(text)

    def _whole(self, table: pd.DataFrame, caption: str, figure: Callable[[pd.DataFrame], Any] | None) -> pd.DataFrame:
        """A table whose one row is about all the data."""
        if figure is not None:
            self(figure(table))
        self(table, caption=caption)
        return table
