"""What a section shows, and as far as the audience may see it."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import NotEstimable
from ..results import Estimate
from . import audience as audiences
from .showing import Showing

if TYPE_CHECKING:
    from .report import Report


class Show(Showing):
    """Shows what a section finds; made by `Report.section`."""

    def __init__(self, report: "Report", title: str):
        super().__init__(title)
        self._report = report
        self.given: set[str] = set()
        self._about_people: list[Any] = []

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
            self._publish(what, name, alt, caption)
        return told

    def gate(
        self, standard: str, estimate: Any, *, name: str = "", subject: str = "", threshold: float | None = None
    ) -> Any:
        """Hold an estimate against a standard and show the verdict.

        A gate about one rater (`subject` is a rater's identifier) shows a pseudonym to
        operations. To other audiences its verdict alone is shown, without the person or
        the numbers, and only when enough people share each verdict.

        Parameters
        ----------
        standard : str
            The standard's identifier, for instance ``"CAL-002"``.
        estimate : Estimate, NotEstimable or None
            `NotEstimable` and None give the verdict ``undecided``.
        name : str
            Puts the estimate under this name into ``NAME.json``.
        subject : str
            What the estimate is about, when the standard is applied to several things.
        threshold : float, optional
            Instead of the standard's own.

        Returns
        -------
        Gate
        """
        return self._gates(standard, {subject: estimate}, threshold, name)[subject]

    def gates(
        self,
        standard: str,
        estimates: Mapping[str, Any],
        *,
        threshold: float | None = None,
        by: str = "",
        of: Sequence[Any] = (),
    ) -> dict[str, Any]:
        """Hold several estimates, by what they are about, against one standard; otherwise as `gate`.

        Parameters
        ----------
        standard, threshold
            As for `gate`.
        estimates : mapping of str to Estimate
        by : str
            The column whose values the estimates are about. Outside operations a
            value that `groups` would not show reads ``undecided``, without its name or figures.
        of : sequence of Judgments or polars.DataFrame
            As for `groups`.

        Returns
        -------
        dict of str to Gate
        """
        if not by:
            return self._gates(standard, estimates, threshold, "")
        shown = self._report.cells.shown([by], of=of)
        made = self._gates(standard, {s: e for s, e in estimates.items() if (str(s),) in shown}, threshold, "")
        hidden = len(estimates) - len(made)
        if hidden:
            least = self._report.house.privacy_threshold
            what = f"{hidden} group{'s' if hidden > 1 else ''} withheld"
            self.gate(standard, NotEstimable(f"groups of fewer than {least} people, or that would give one away, "
                                             "are not shown to this audience"), subject=what)  # fmt: skip
        self.given.add(standard)
        return made

    def _gates(self, standard: str, estimates: Mapping[str, Any], threshold: float | None, name: str) -> dict[str, Any]:
        from ..standards import gate

        told = {s: self._enough(e) if str(s) not in self._report.raters else e for s, e in estimates.items()}
        made = {s: gate(standard, e, subject=str(s), threshold=threshold) for s, e in told.items()}
        self.given.add(standard)
        about_people = {s: g for s, g in made.items() if str(s) in self._report.raters}
        others = [g for s, g in made.items() if s not in about_people]
        if len(others) == 1:
            self._gate(others[0], name)
        elif others:
            self._gate_table([self._gate_payload(g) for g in others])
        self._about_people += about_people.values()
        return made

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
            cells = table[columns].astype(str).itertuples(index=False, name=None)
            keep = [cell in shown for cell in cells]
        else:
            keep = [all((str(g),) in shown for g in row) for row in table[named_in].itertuples(index=False, name=None)]
        enough = audiences.rows_of_enough_people(table, self._least)
        kept = table[pd.Series(keep, index=table.index, dtype=bool) & enough].reset_index(drop=True)
        if isinstance(by, str) and self._report.audience != "operations":
            kept = audiences.without_names(kept, self._report.cells.hidden(by, of), [by, *(named_in or [])])
        if figure is not None and len(kept):
            self(figure(kept))
        if len(kept):
            self._table(kept, caption)
        self._rows_withheld(len(table) - len(kept))
        return kept

    def item_sets(
        self,
        table: pd.DataFrame,
        items: Sequence[Collection[str]],
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
        items : sequence of collections of item_id
            For each row the items it is about.
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

    @property
    def _least(self) -> int:
        return 0 if self._report.audience == "operations" else self._report.house.privacy_threshold

    def _enough(self, estimate: Any) -> Any:
        few = isinstance(estimate, Estimate) and 0 < estimate.n_raters < self._least
        if few or (self._report.too_few and isinstance(estimate, Estimate)):
            return NotEstimable(
                f"withheld: figures about fewer than {self._least} people are not shown to this audience"
            )
        return estimate

    def close(self) -> None:
        """Show the gates about people that were held back until all of them were there."""
        gates, self._about_people = self._about_people, []
        if not gates:
            return
        report, least = self._report, self._report.house.privacy_threshold
        for standard in dict.fromkeys(g.standard for g in gates):
            of = [g for g in gates if g.standard == standard]
            n = len({g.subject for g in of})
            if report.audience == "operations":
                self._gate_table([self._gate_payload(g, subject=report.name_of(g.subject)) for g in of])
            elif min(Counter(g.verdict for g in of).values()) >= least:
                hidden = {"subject": "one person", "estimate": None, "reason": "", "to_settle": ""}
                self._gate_table([self._gate_payload(g, **hidden) for g in sorted(of, key=lambda g: g.verdict)])
            else:
                text = (f"Verdicts on {n} people are withheld: this audience sees none that fewer than {least} people "
                        "share.")  # fmt: skip
                self.withheld(text)
