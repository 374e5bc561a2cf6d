"""What a section of a report shows, and as far as the audience may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..errors import NotEstimable
from ..results import Estimate
from .audience import WITHHELD, for_outsiders, names_people
from .rendering import bundle, estimate_payload, figure_bundle, gate_table, publish, rendered

Only = Literal["table", "plot", "estimates"]

if TYPE_CHECKING:
    from ..standards.gates import Gate


class Section:
    """Shows what a section of a report finds; made by `Report.section`.

    Operations sees everything, people under pseudonyms. Every other audience sees
    estimates, gates and groups of the report's one column, each only where enough
    people stand behind it. A page that is no report is about no person: it shows everything.
    """

    def __init__(self, report: Any, title: str):
        self._report = report
        self._inside = report is None or report.audience == "operations"
        self.title, self._hidden = title, 0
        self.given: set[str] = set()

    def __call__(
        self, what: Any, *, name: str = "", caption: str = "", only: Only | None = None, fold: bool = False
    ) -> None:
        """Show a result, an estimate, several by name, a table, a figure or a sentence.

        Parameters
        ----------
        what : object
            A result shows its picture, its table and its cautions. Outside operations
            only estimates are shown; groups where ``what.by`` is the report's column.
        name : str
            Name of an estimate in ``NAME.json``; otherwise its method's.
        caption : str
            A table's caption.
        only : {"table", "plot", "estimates"}, optional
            One part of a result.
        fold : bool
            Close the table; one under its own picture is closed by itself.
        """
        if self._inside:
            self.computed(what, name=name, caption=caption, only=only, fold=fold)
        else:
            self._outside(what, name)

    def computed(
        self, what: Any, *, name: str = "", caption: str = "", only: Only | None = None, fold: bool = False
    ) -> None:
        """Show what is computed from options alone, such as a plan: it is about no person, so all audiences see it."""
        table = getattr(what, "table", None)
        if isinstance(what, pd.DataFrame):
            what = self._pseudonymous(what)
        elif isinstance(table, pd.DataFrame) and is_dataclass(what) and any(map(names_people, table.columns)):
            what = replace(what, table=self._pseudonymous(table))  # type: ignore[type-var]
        if isinstance(what, Estimate | Mapping | str | list | tuple | pd.DataFrame):
            publish(rendered(what, name, caption, self.title, fold=fold))
            return
        if hasattr(what, "savefig") or hasattr(getattr(what, "figure", None), "savefig"):
            self._figure(what)
            return
        pictured = only in (None, "plot") and hasattr(what, "plot") and (table is None or len(table) > 0)
        tabled = only in (None, "table") and isinstance(table, pd.DataFrame)
        open_picture = pictured and self._figure(what.plot(), beside_table=tabled and not fold)
        estimates = getattr(what, "estimates", None)
        if tabled:
            publish(rendered(what.table, name, caption, self.title, fold=fold or open_picture))
        elif only in (None, "estimates") and isinstance(estimates, Mapping):
            publish(rendered(estimates, name, caption, self.title))
        elif only is None and not hasattr(what, "plot"):
            publish(rendered(what, name, caption, self.title))
        if only is None and getattr(what, "cautions", None):
            publish(rendered(list(what.cautions), "", "", self.title))

    def gate(self, standard: str, estimate: Any, *, name: str = "", subject: str = "") -> "Gate":
        """Hold an estimate against a standard and show the verdict.

        Parameters
        ----------
        standard : str
            The standard's identifier, for instance ``"CAL-002"``.
        estimate : Estimate, NotEstimable or None
            `NotEstimable` and None give the verdict ``undecided``.
        name : str
            Puts the estimate under this name into ``NAME.json``.
        subject : str
            What the estimate is about, when the standard is applied to several things. No person.

        Returns
        -------
        Gate
        """
        if isinstance(estimate, Estimate) and not (self._inside or self._report.shown.may_show(estimate.basis)):
            estimate = self._report.withheld()
        gate = self._gate(standard, estimate, subject, name)
        payload = self._payload(gate)
        if name and gate.estimate is not None:
            payload["estimates"] = [estimate_payload(gate.estimate, name, self.title)]
        publish(bundle(gate._repr_html_(), str(gate), payload))
        return gate

    def gates(self, standard: str, result: Any) -> dict[str, "Gate"]:
        """Hold several estimates, such as one for each value of a result's column ``by``, against one standard.

        Parameters
        ----------
        standard : str
            As for `gate`.
        result : object with ``by`` and ``estimates``, or mapping of str to Estimate
            Where ``by`` names raters, they are shown under pseudonyms; the keys of a mapping name no rater.

        Returns
        -------
        dict of str to Gate
            Those shown.
        """
        self.given.add(standard)
        by, estimates = getattr(result, "by", ""), getattr(result, "estimates", result)
        shown = estimates if self._inside else self._groups(estimates, by)
        subjects = {s: self._report.name_of(s) if names_people(by) else str(s) for s in shown}
        gates = {s: self._gate(standard, e, subjects[s], "") for s, e in shown.items()}
        payloads = [self._payload(g) for g in gates.values()]
        if hidden := len(estimates) - len(shown):
            payloads.append(self._payload(self._gate(standard, self._report.withheld(), f"{hidden} withheld", "")))
        if payloads:
            html, text = gate_table(payloads)
            publish(bundle(html, text, {"shows": "gates", "gates": payloads}))
        return gates

    def not_estimated(self, reason: NotEstimable, gates: Iterable[str] = ()) -> None:
        """Show why a section stops here; outside operations only what may be told to every audience."""
        self._stop("Not estimated", reason, gates)

    def stopped(self, error: Exception, gates: Iterable[str] = ()) -> None:
        """Show that an error of the handbook's own ended the section; what it says stays with operations."""
        kind = type(error).__name__
        text = f"an error of the handbook's own, {kind}; the rest of the report stands"
        reason = NotEstimable(f"{text} ({str(error)[:200]})" if str(error) else text, public=text)
        self._stop("Stopped", reason, gates, {"shows": "error", "section": self.title, "error": kind})

    def _stop(
        self, word: str, reason: NotEstimable, gates: Iterable[str], payload: dict[str, Any] | None = None
    ) -> None:
        text = self._reason(reason)
        undecided = [standard for standard in gates if standard not in self.given]
        if payload or not undecided:  # otherwise the gates say why
            why = f'<span class="halo-why">{escape(text)}</span>'
            html = f'<div class="halo-box"><p><strong>{word}.</strong> {why}</p></div>'
            publish(bundle(html, f"{word}: {text}", payload))
        for standard in undecided:
            self.gate(standard, reason)

    def close(self) -> None:
        """Say once what was not shown."""
        if self._hidden:
            text = WITHHELD.format(least=self._report.privacy_threshold)
            publish(bundle(f'<p class="halo-withheld">{text}</p>', text))

    def _reason(self, reason: NotEstimable) -> str:
        if not self._inside:
            return reason.public or "Operations sees the reason: make the report for that audience."
        who = ", ".join(self._report.name_of(rater) for rater in reason.who)
        return f"{reason}{f' ({who})' if who else ''}"

    def _gate(self, standard: str, estimate: Any, subject: str, name: str) -> "Gate":
        from ..standards import gate

        self.given.add(standard)
        if isinstance(estimate, NotEstimable):
            estimate = NotEstimable(self._reason(estimate))
        held = gate(standard, estimate, subject=subject)
        if self._inside or held.estimate is None:
            return held
        return held.rounded(for_outsiders(held.estimate, name or held.title))

    def _payload(self, gate: "Gate") -> dict[str, Any]:
        return {"shows": "gate", "section": self.title, **gate.to_dict()}

    def _groups(self, estimates: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The groups that may be shown outside operations."""
        if by != self._report.by_or_none:
            self._hidden += len(estimates)
            return {}
        names = self._report.shown.groups({n: getattr(e, "basis", None) for n, e in estimates.items()})
        self._hidden += len(estimates) - len(names)
        return {n: estimates[n] for n in names}

    def _outside(self, what: Any, name: str) -> None:
        """Show estimates, and groups of the report's column; count the rest as withheld."""
        estimates = {name or what.method: what} if isinstance(what, Estimate) else getattr(what, "estimates", what)
        if not isinstance(estimates, Mapping):
            self._hidden += 1
            return
        if by := getattr(what, "by", ""):
            visible = self._groups(estimates, by)
        else:
            visible = {k: e for k, e in estimates.items() if self._report.shown.may_show(getattr(e, "basis", None))}
            self._hidden += len(estimates) - len(visible)
        rounded = {k: for_outsiders(e, str(k)) for k, e in visible.items() if isinstance(e, Estimate)}
        if by and len(rounded) > 1:
            from .. import plots

            rows = [{by: k, "value": e.value, "low": e.low, "high": e.high} for k, e in rounded.items()]
            self._figure(plots.intervals(pd.DataFrame(rows), by, "value", title=self.title))
        if rounded:
            publish(rendered(rounded, "", "", self.title))

    def _figure(self, figure: Any, *, beside_table: bool = False) -> bool:
        """Show a figure; False where it is so tall that a report folds it."""
        figure = figure if hasattr(figure, "savefig") else figure.figure
        data, about = figure_bundle(figure, getattr(figure, "alt", self.title), beside_table=beside_table)
        publish(data, about)
        return "fold" not in about["image/png"]

    def _pseudonymous(self, table: pd.DataFrame) -> pd.DataFrame:
        columns = [c for c in table.columns if names_people(c)]
        return table.assign(**{c: [self._report.name_of(person) for person in table[c]] for c in columns})


def page(title: str) -> Section:
    """Show tables, pictures and sentences on a page that is no report.

    Parameters
    ----------
    title : str
        What a figure or a table is called where nothing else is said.

    Examples
    --------
    >>> import pandas as pd
    >>> page("How fast")(pd.DataFrame({"seconds": [1]}))
       seconds
    0        1
    """
    return Section(None, title)
