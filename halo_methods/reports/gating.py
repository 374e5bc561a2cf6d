"""Gates, as far as the audience may see what they are about."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import NotEstimable
from ..results import Estimate
from .showing import Showing

if TYPE_CHECKING:
    from .report import Report


class Gating(Showing):
    """Holds estimates against standards; the verdicts on people wait until all of a section's are there."""

    def __init__(self, report: "Report", title: str):
        super().__init__(title)
        self._report = report
        self.given: set[str] = set()
        self._about_people: list[Any] = []

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

        people = {s for s in estimates if str(s) in self._report.raters}
        told = {s: self._said(e if s in people else self._enough(e)) for s, e in estimates.items()}
        names = {s: str(s) if s in people else str(self._report.words.value(s)) for s in estimates}
        made = {s: gate(standard, e, subject=names[s], threshold=threshold) for s, e in told.items()}
        self.given.add(standard)
        about_people = {s: g for s, g in made.items() if s in people}
        others = [g for s, g in made.items() if s not in about_people]
        if len(others) == 1:
            self._gate(others[0], name)
        elif others:
            self._gate_table([self._gate_payload(g) for g in others])
        self._about_people += about_people.values()
        return made

    def not_estimated(self, reason: str) -> None:
        """Show why a section stops here."""
        super().not_estimated(self._said(reason))

    def _said(self, what: Any) -> Any:
        return self._report.words.of(what)

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
