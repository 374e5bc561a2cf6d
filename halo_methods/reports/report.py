"""What a report chapter calls: ``start``, then one section a cell."""

import base64
import io
import os
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from .. import __version__
from ..errors import BadOption, HaloError, NotEstimable
from ..results import MIME, Estimate
from . import audience as audiences
from . import tables
from .places import sample, sample_names

if TYPE_CHECKING:
    from ..judgments import Judgments

MIMEBundle = dict[str, Any]


def bundle(html: str, text: str, payload: dict[str, Any] | None = None) -> MIMEBundle:
    """One output in the forms a page, a terminal and a program read."""
    made: MIMEBundle = {"text/html": html, "text/plain": text}
    if payload is not None:
        made[MIME] = tables.plain(payload)
    return made


def publish(data: MIMEBundle, metadata: dict[str, Any] | None = None) -> None:
    """Show an output in a notebook; outside of one print its text."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(data["text/plain"])
    else:
        shell.display_pub.publish(data, metadata or {})


def scale_from(given: Any) -> Any:
    """A scale as a notebook's parameter says it: a list, or ``"low..high"`` for numbers.

    Examples
    --------
    >>> scale_from("0..100"), scale_from(["poor", "good"]), scale_from(None)
    ((0.0, 100.0), ['poor', 'good'], None)
    """
    if isinstance(given, str):
        low, dots, high = given.partition("..")
        try:
            return (float(low), float(high)) if dots else [part.strip() for part in given.split(",")]
        except ValueError:
            raise BadOption(f"scale is {given!r}; write its labels in order, or low..high for numbers") from None
    return given if given is None or isinstance(given, tuple) else [str(label) for label in given]


class Show:
    """Shows what a section finds; made by `Report.section`."""

    def __init__(self, report: "Report", title: str):
        self._report, self.title = report, title
        self.given: set[str] = set()
        self._about_people: list[Any] = []

    def __call__(self, what: Any, *, name: str = "", alt: str = "", caption: str = "") -> Any:
        """Show an estimate, several by name, a gate, a table, a figure or a sentence, and return it.

        Parameters
        ----------
        what : object
            A DataFrame that names people belongs in `people` instead.
        name : str
            Name of an estimate in ``NAME.json``; otherwise its method's.
        alt : str
            What a figure shows, for who can't see it; otherwise the section's title.
        caption : str
            A table's caption.
        """
        label = caption or self.title
        if isinstance(what, Estimate):
            html = tables.scrolling(what._repr_html_(), name or what.method)
            publish(bundle(html, str(what), self._estimate(what, name)))
        elif isinstance(what, Mapping) and what and all(isinstance(e, Estimate) for e in what.values()):
            named = {str(k): e for k, e in what.items()}
            text = "\n".join(f"{k}: {e}" for k, e in named.items())
            entries = [self._estimate(e, k) for k, e in named.items()]
            payload = {"kind": "estimates", "estimates": entries}
            publish(bundle(tables.estimates(named, caption=caption, label=label), text, payload))
        elif hasattr(what, "verdict") and hasattr(what, "to_dict") and hasattr(what, "standard"):
            self._gate(what)
        elif isinstance(what, pd.DataFrame):
            publish(bundle(tables.frame(what, caption=caption, label=label), what.to_string(max_rows=40)))
        elif hasattr(what, "savefig") or hasattr(getattr(what, "figure", None), "savefig"):
            figure = what if hasattr(what, "savefig") else what.figure
            self._figure(figure, alt or getattr(what, "alt", "") or getattr(figure, "alt", "") or self.title)
        elif isinstance(what, str):
            publish(bundle(f"<p>{escape(what)}</p>", what))
        elif isinstance(what, (list, tuple)) and all(isinstance(line, str) for line in what):
            lines = "".join(f"<li>{escape(line)}</li>" for line in what)
            publish(bundle(f"<ul>{lines}</ul>", "\n".join(f"- {line}" for line in what)))
        elif hasattr(what, "_repr_html_"):
            publish(bundle(what._repr_html_(), str(what)))
        else:
            publish(bundle(f"<pre>{escape(str(what))}</pre>", str(what)))
        return what

    def gate(self, standard: str, estimate: Any, *, subject: str = "", threshold: float | None = None) -> Any:
        """Hold an estimate against a standard and show the verdict.

        A gate about one rater (`subject` is a rater's identifier) shows a pseudonym to
        operations. To other audiences its verdict alone is shown, without the person or
        the numbers, and only when enough people have one.

        Parameters
        ----------
        standard : str
            The standard's identifier, for instance ``"CAL-002"``.
        estimate : Estimate, NotEstimable or None
            `NotEstimable` and None give the verdict ``undecided``.
        subject : str
            What the estimate is about, when the standard is applied to several things.
        threshold : float, optional
            Instead of the standard's own.

        Returns
        -------
        Gate
        """
        return self.gates(standard, {subject: estimate}, threshold=threshold)[subject]

    def gates(self, standard: str, estimates: Mapping[str, Any], *, threshold: float | None = None) -> dict[str, Any]:
        """Hold several estimates, by what they are about, against one standard; otherwise as `gate`.

        Returns
        -------
        dict of str to Gate
        """
        from ..standards import gate

        options: dict[str, Any] = {} if threshold is None else {"threshold": threshold}
        made = {s: gate(standard, e, subject=str(s), **options) for s, e in estimates.items()}
        self.given.add(standard)
        about_people = {s: g for s, g in made.items() if str(s) in self._report.raters}
        others = [g for s, g in made.items() if s not in about_people]
        if len(others) == 1:
            self._gate(others[0])
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

        Returns
        -------
        DataFrame
            The table with pseudonyms; for other audiences no rows, so that nothing drawn
            or printed from it can show a person.
        """
        report, label = self._report, caption or self.title
        columns = [id_column] if isinstance(id_column, str) else list(id_column)
        if report.audience == "operations":
            named = table.assign(**{c: [report.name_of(p) for p in table[c]] for c in columns})
            publish(bundle(tables.frame(named, caption=caption, label=label), named.to_string(max_rows=40)))
            if figure is not None and len(named):
                self(figure(named))
            return named
        shown, withheld = audiences.groups_shown(table, columns, by=by, threshold=report.house.privacy_threshold)
        if shown is not None:
            publish(bundle(tables.frame(shown, caption=caption, label=label), shown.to_string()))
        if withheld:
            publish(bundle(f'<p class="halo-withheld">{escape(withheld)}</p>', withheld))
        return table.iloc[:0]

    def _estimate(self, estimate: Estimate, name: str) -> dict[str, Any]:
        return {"kind": "estimate", "name": name or estimate.method, "section": self.title, **estimate.to_dict()}

    def _gate_payload(self, gate: Any, **changes: Any) -> dict[str, Any]:
        return {"kind": "gate", "section": self.title, **gate.to_dict(), **changes}

    def _gate(self, gate: Any) -> None:
        html = tables.scrolling(gate._repr_html_(), f"Gate {gate.standard} {gate.subject}".strip())
        publish(bundle(html, str(gate), self._gate_payload(gate)))

    def _gate_table(self, gates: list[dict[str, Any]]) -> None:
        rows, lines = [], []
        for g in gates:
            estimate = g.get("estimate")
            ends = (
                [tables.cell(estimate.get(k)) for k in ("value", "low", "high")] if isinstance(estimate, dict) else []
            )
            shown = "{} ({} to {})".format(*ends) if ends else "–"
            verdict = str(g["verdict"]).replace("_", " ")
            rows.append((g["subject"], verdict, shown, str(g.get("to_settle") or g.get("reason") or "")))
            lines.append(f"{g['standard']} {g['subject']}: {verdict} {shown}")
        counts = Counter(row[1] for row in rows)
        summary = ", ".join(f"{counts[v]} {v}" for v in sorted(counts))
        caption = f"{gates[0]['standard']} {gates[0].get('title') or ''}: {summary}".replace(" :", ":")
        html = tables.grid(("about", "verdict", "estimate", "what would settle it"), rows, caption=caption)
        publish(bundle(html, "\n".join([caption, *lines]), {"kind": "gates", "gates": gates}))

    def _figure(self, figure: Any, alt: str) -> None:
        from matplotlib import pyplot as plt

        written = io.BytesIO()
        figure.savefig(written, format="png", dpi=144, bbox_inches="tight", facecolor="white")
        plt.close(getattr(figure, "figure", figure))
        width, height = struct.unpack(">II", written.getvalue()[16:24])
        image = {"alt": alt, "width": round(width / 1.5), "height": round(height / 1.5)}
        png = base64.b64encode(written.getvalue()).decode()
        publish({"image/png": png, "text/plain": f"Figure: {alt}"}, {"image/png": image})

    def not_estimated(self, reason: str) -> None:
        """Show why a section stops here."""
        html = f'<div class="halo-box"><p><strong>Not estimated.</strong> {escape(reason)}</p></div>'
        publish(bundle(html, f"Not estimated: {reason}"))

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
            elif n >= least:
                hidden = {"subject": "one person", "estimate": None, "reason": "", "to_settle": ""}
                self._gate_table([self._gate_payload(g, **hidden) for g in sorted(of, key=lambda g: g.verdict)])
            else:
                text = f"Verdicts on {n} people are withheld: fewer than {least} are not shown to this audience."
                publish(bundle(f'<p class="halo-withheld">{escape(text)}</p>', text))


class Report:
    """One report being made: its data, its audience, its sections.

    Attributes
    ----------
    name : str
        The chapter's name.
    judgments : Judgments
        What was read.
    audience : {"rater", "operations", "partner", "public"}
        Who will read it.
    house : House
        The privacy threshold and the pseudonym key in force.
    """

    def __init__(self, name: str, judgments: "Judgments", audience: str, house: audiences.House, key: bytes | None):
        self.name, self.judgments, self.audience, self.house = name, judgments, audience, house
        self._pseudonyms = audiences.Pseudonyms(key) if key else audiences.Pseudonyms()
        self.raters = frozenset(str(r) for r in judgments.frame["rater_id"].unique().to_list())
        self._pseudonyms.learn(self.raters)

    def name_of(self, person: object) -> str:
        """What this audience may call a person: a pseudonym, or ``"a person"`` outside operations."""
        return self._pseudonyms.of(person) if self.audience == "operations" else "a person"

    @contextmanager
    def section(self, title: str, *, gates: Iterable[str] = ()) -> Iterator[Show]:
        """Run one section; what can't be estimated shows its reason and the report goes on.

        Parameters
        ----------
        title : str
            Names the section in messages and in ``NAME.json``; the heading itself is
            Markdown, in the cell above.
        gates : iterable of str
            The standards this section answers. After `NotEstimable` those not yet
            answered read ``undecided`` with that reason.

        Raises
        ------
        HaloError
            When the section ends well and a listed gate was never given.
        """
        show = Show(self, title)
        try:
            yield show
        except NotEstimable as reason:
            show.not_estimated(str(reason))
            for standard in gates:
                if standard not in show.given:
                    show.gate(standard, reason)
        else:
            forgotten = [standard for standard in gates if standard not in show.given]
            if forgotten:
                raise HaloError(f"section {title!r} lists {', '.join(forgotten)} and never gives it to show.gate")
        show.close()

    def provenance(self) -> dict[str, Any]:
        """Rows read, used and dropped with reasons, the file's SHA-256, and what was noticed."""
        source = self.judgments.source
        return {
            "name": Path(source.name).name,
            "sha256": source.sha256,
            "rows_read": source.rows_read,
            "rows_used": source.rows_used,
            "dropped": dict(sorted(source.dropped.items())),
            "notes": list(source.notes),
            "items": self.judgments.n_items,
            "raters": self.judgments.n_raters,
            "judgments": self.judgments.n_judgments,
            "scale": self.judgments.scale,
            "level": self.judgments.level,
        }

    def _facts(self) -> list[tuple[str, Any]]:
        p = self.provenance()
        rows: list[tuple[str, Any]] = [
            ("Data", p["name"]),
            ("Rows read", p["rows_read"]),
            ("Rows used", p["rows_used"]),
        ]
        dropped = [(f"Dropped: {reason}", n) for reason, n in p["dropped"].items()]
        rows += dropped or [("Dropped", 0)]
        rows.append(("Items, raters, judgments", f"{p['items']:,}, {p['raters']:,}, {p['judgments']:,}"))
        rows += [("Note", note) for note in p["notes"]]
        rows += [("SHA-256 of the file", p["sha256"] or "none: the data came as a frame")]
        return [*rows, ("Audience", self.audience), ("Made with", f"halo_methods {__version__}")]

    def __str__(self) -> str:
        return "\n".join(f"{k}: {v if isinstance(v, str) else tables.cell(v)}" for k, v in self._facts())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return tables.facts(self._facts(), label="Where the data came from")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> MIMEBundle:
        return bundle(self._repr_html_(), str(self), {"kind": "data", **self.provenance()})


def start(
    name: str,
    *,
    data: Any,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scale: Any = None,
    level: Literal["nominal", "ordinal", "interval", "ratio"] | None = None,
    duplicates: str = "error",
    where: str | None = None,
    missing: Iterable[str] = ("",),
    audience: str = "partner",
) -> Report:
    """Read the data a report is about and say where it came from.

    Parameters
    ----------
    name : str
        The chapter's name.
    data : str, Path or frame
        The name of a sample, a file, or a frame.
    columns, values, scale, level, duplicates, where, missing
        As `halo_methods.read_judgments` takes them; a scale of numbers may also be
        ``"low..high"``. An empty mapping is none.
    audience : {"rater", "operations", "partner", "public"}
        Who will read the report. A sample's people are invented; their pseudonyms are
        the same every time.

    Returns
    -------
    Report

    Raises
    ------
    InvalidData
        When the data can't be read as judgments.
    BadOption
        When the audience or another option is none of those allowed.
    """
    from ..judgments import as_judgments, read_judgments

    audience = audiences.check(audience)
    options: dict[str, Any] = {
        "columns": dict(columns or {}) or None,
        "values": {k: dict(v) for k, v in (values or {}).items()} or None,
        "scale": scale_from(scale),
        "level": level,
        "duplicates": duplicates,
        "where": where,
        "missing": tuple(missing),
    }
    invented = isinstance(data, str) and os.sep not in data and data in sample_names() and not Path(data).is_file()
    if isinstance(data, (str, Path)):
        judgments = read_judgments(sample(str(data)) if invented else data, **options)
    else:
        judgments = as_judgments(data, **options)
    house = audiences.house()
    return Report(name, judgments, audience, house, b"an invented person" if invented else house.key)
