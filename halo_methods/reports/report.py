"""What a report chapter calls: ``start``, then one section a cell."""

import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import __version__
from ..errors import HaloError, NotEstimable
from . import audience as audiences
from . import tables
from .cells import Cells, Part
from .display import MIMEBundle, bundle
from .places import sample, sample_names
from .show import Show
from .words import Words

if TYPE_CHECKING:
    import polars as pl

    from ..judgments import Judgments


def _ends(scale: Any) -> Any:
    """A scale for JSON: labels in order, or the ends of a range, None where one is open."""
    if scale is None or isinstance(scale[0], str):
        return scale
    return {end: x if math.isfinite(x) else None for end, x in zip(("low", "high"), scale, strict=True)}


def _forget_figures() -> None:
    """Close what was drawn and not shown: a kernel would display it at the end of the cell, whoever reads."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


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
    on_own_sample : bool
        Whether it runs on the sample that bears the chapter's name.
    cells : Cells
        Which groups of people this audience may see.
    words : Words
        What this audience may read of sentences that quote the data.
    too_few : bool
        Whether the whole data are of fewer people than this audience may see figures about.
    """

    def __init__(self, name: str, judgments: "Judgments", audience: str, house: audiences.House, key: bytes | None):
        self.name, self.judgments, self.audience, self.house = name, judgments, audience, house
        self.on_own_sample = False
        self._pseudonyms = audiences.Pseudonyms(key) if key else audiences.Pseudonyms()
        frame = judgments.frame
        everybody = frozenset(str(r) for r in frame["rater_id"].unique().to_list())
        models = frame.filter(frame["rater_type"] == "model") if "rater_type" in frame.columns else frame.clear()
        others = frame.filter(frame["rater_type"].ne_missing("model")) if len(models) else frame
        self.raters = frozenset(str(r) for r in others["rater_id"].unique().to_list())
        self.models = everybody - self.raters
        self._pseudonyms.learn(self.raters)
        self.cells = Cells(judgments, self.raters, audience, house.privacy_threshold)
        self.words = Words(
            self.raters - self.cells.other_names(), self.name_of, self.cells.small, self.cells.small_labels
        )
        self.too_few = False
        self._few(self.cells.labellers(judgments))

    def _few(self, people: int) -> None:
        self.too_few |= self.audience != "operations" and 0 < people < self.house.privacy_threshold

    def about(self, j: "Judgments") -> "Judgments":
        """Say which part of the data the report is about, such as the last round, and return it.

        Where fewer people labelled it than the privacy threshold, an audience outside
        operations is shown no figure of the report.
        """
        self._few(self.cells.labellers(j))
        self.cells.about(j)
        return j

    def _file_beside(self, file: str | None, own: str) -> "str | Path | None":
        """The file given; without one the sample ``own``, where the report runs on the chapter's own sample."""
        if file is None and own and self.on_own_sample:
            return sample(own)
        return file

    def beside(self, file: str | None, *, own: str = "") -> "Judgments | None":
        """Further judgments that the report needs beside its data, such as a baseline, read on the same scale.

        Parameters
        ----------
        file : str, optional
            With its whole path, since a report runs in a folder of its own.
        own : str
            The sample to take where the report runs on the chapter's own sample and no file is given.

        Returns
        -------
        Judgments or None
            None where there is no file.

        Raises
        ------
        HaloError
            If the file cannot be read as judgments.
        """
        from ..judgments import read_judgments

        found, j = self._file_beside(file, own), self.judgments
        return None if found is None else read_judgments(found, scale=j.scale, level=j.level if j.level_given else None)

    def side_table(self, file: str | None, *, own: str = "") -> "pl.DataFrame | None":
        """What does not change from judgment to judgment, such as the items table: text as it stands in the file.

        Parameters
        ----------
        file : str, optional
            With its whole path, since a report runs in a folder of its own.
        own : str
            The sample to take where the report runs on the chapter's own sample and no file is given.

        Returns
        -------
        polars.DataFrame or None
            None where there is no file.

        Raises
        ------
        HaloError
            If the file cannot be read.
        """
        from ..judgments.files import read_raw

        found = self._file_beside(file, own)
        return None if found is None else read_raw(found).frame

    def name_of(self, rater: object) -> str:
        """What this audience may call a rater: a model by its name, a person by a pseudonym or not at all."""
        if str(rater) in self.models:
            return str(rater)
        return self._pseudonyms.of(rater) if self.audience == "operations" else "a person"

    def least(self, people: int = 1) -> int:
        """The fewest people a row shown to this audience may be about: ``people`` or the privacy threshold."""
        return people if self.audience == "operations" else max(people, self.house.privacy_threshold)

    def may_tell_of(self, people: "int | Sequence[Part]", *, among: "Sequence[Part]" = ()) -> None:
        """Stop the section where this audience may not see a figure about so few people.

        Parameters
        ----------
        people : int or sequence of Judgments or polars.DataFrame
            How many, or what the figure rests on: none is about nobody.
        among : sequence of Judgments or polars.DataFrame
            A larger part whose figure is shown as well: fewer people must not follow by subtraction.

        Raises
        ------
        NotEstimable
            Outside of operations, when there are fewer than the privacy threshold.
        """
        least = self.least(0)
        if not isinstance(people, int):
            allowed = not among or self.audience == "operations" or all(self.cells.allows(p, among) for p in people)
            people = min(map(self.cells.labellers, people), default=least) if allowed else 0
        if people < least:
            raise NotEstimable(f"withheld: figures about fewer than {least} people are not shown to this audience")

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
        if self.too_few:
            show.withheld(f"Withheld: the data are of fewer than {self.house.privacy_threshold} people, "
                          "and only operations sees figures about so few.")  # fmt: skip
        try:
            yield show
        except NotEstimable as stopped:
            reason = (
                stopped if not self.too_few else NotEstimable("withheld: only operations sees figures about so few")
            )
            show.not_estimated(str(reason))
            for standard in gates:
                if standard not in show.given:
                    show.gate(standard, reason)
        else:
            forgotten = [standard for standard in gates if standard not in show.given]
            if forgotten:
                raise HaloError(f"section {title!r} lists {', '.join(forgotten)} and never gives it to show.gate")
        finally:
            _forget_figures()
        show.close()

    def provenance(self) -> dict[str, Any]:
        """Rows read, used and dropped with reasons, the file's SHA-256, and what was noticed."""
        source = self.judgments.source
        return {
            "name": Path(source.name).name,
            "sha256": source.sha256,
            "rows_read": source.rows_read,
            "rows_used": source.rows_used,
            "dropped": {self.words.note(why): n for why, n in sorted(source.dropped.items())},
            "notes": [self.words.note(note) for note in source.notes],
            "items": self.judgments.n_items,
            "raters": self.judgments.n_raters,
            "judgments": self.judgments.n_judgments,
            "scale": _ends(self.judgments.scale),
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
    encoding: str = "utf-8",
    audience: str = "partner",
    sample_options: Mapping[str, Any] | None = None,
) -> Report:
    """Read the data a report is about and say where it came from.

    Parameters
    ----------
    name : str
        The chapter's name.
    data : str, Path or frame
        The name of a sample, a file, or a frame.
    columns, values, scale, level, duplicates, where, missing, encoding
        As `halo_methods.read_judgments` takes them; a scale of numbers may also be
        ``"low..high"``. An empty mapping is none.
    audience : {"rater", "operations", "partner", "public"}
        Who will read the report. A sample's people are invented; their pseudonyms are
        the same every time.
    sample_options : mapping, optional
        Options that hold for the chapter's own sample only, where nothing else is given:
        its scale must not be taken for that of somebody's data.

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
        "scale": scale,
        "level": level,
        "duplicates": duplicates,
        "where": where,
        "missing": tuple(missing),
    }
    invented = isinstance(data, str) and os.sep not in data and data in sample_names() and not Path(data).is_file()
    if invented and data == name:
        options |= {k: v for k, v in (sample_options or {}).items() if options.get(k) is None}
    if isinstance(data, (str, Path)):
        judgments = read_judgments(sample(str(data)) if invented else data, encoding=encoding, **options)
    else:
        judgments = as_judgments(data, **options)
    house = audiences.house()
    made = Report(name, judgments, audience, house, b"an invented person" if invented else house.key)
    made.on_own_sample = invented and data == name
    return made
