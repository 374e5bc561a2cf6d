"""What a report chapter calls: ``start``, then one section per cell."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import polars as pl

from .. import __version__
from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments, read_judgments
from ..judgments.files import read_raw
from ..judgments.table import need
from ..standards.register import find as config_file
from ..standards.register import house
from .audience import WITHHELD, Pseudonyms, Shown, coarse_count
from .front import on_data
from .inputs import read_table
from .places import by_rubric, comes_with_the_handbook, input_of, sample, sample_names, sample_of, sample_reading
from .rendering import MIMEBundle, bundle, cell, facts, folded
from .runner import AUDIENCES
from .section import Section

Result = TypeVar("Result")
LIMITS = (
    "Whoever has two reports on the same people, by two columns or of two weeks, can subtract their figures. "
    "This page can't prevent that: send one grouping column for one data file."
)


def _ends(scale: Any) -> Any:
    """A scale for JSON: labels in order, or the ends of a range, None where one is open."""
    if scale is None or isinstance(scale[0], str):
        return scale
    return {end: x if math.isfinite(x) else None for end, x in zip(("low", "high"), scale, strict=True)}


class Report:
    """One report being made: its data, its audience, its sections.

    Attributes
    ----------
    name : str
        The chapter's name.
    judgments : Judgments
        What was read.
    table : Judgments, Pairs or Spans
        The same, as the chapter's notebook says that it reads it.
    audience : {"rater", "operations", "partner", "public"}
        Who will read it.
    privacy_threshold : int
        The smallest group shown outside operations, in people.
    on_sample, on_own_sample : bool
        Whether it runs on a sample of the handbook, and on the chapter's own.
    errors : {"raise", "show"}
        What becomes of an error of the handbook's own inside a section.
    shown : Shown
        Which figures a reader outside operations has seen.
    """

    def __init__(
        self, name: str, judgments: Judgments, audience: str, threshold: int, key: bytes | None, *, by: str | None
    ):
        self.name, self.judgments, self.audience, self.privacy_threshold = name, judgments, audience, threshold
        self.table: Any = judgments
        self.on_sample = self.on_own_sample = False
        self.errors = "raise"
        self._by = by
        self._pseudonyms = Pseudonyms(key) if key else Pseudonyms()
        frame = judgments.frame
        models = frame.filter(frame["rater_type"] == "model") if "rater_type" in frame.columns else frame.clear()
        self.models = frozenset(map(str, models["rater_id"].unique().to_list()))
        self.raters = frozenset(map(str, frame["rater_id"].unique().to_list())) - self.models
        self._pseudonyms.learn(self.raters)
        self.shown = Shown(threshold, self.models)
        self._computed: dict[Any, Any] = {}

    @property
    def by(self) -> str:
        """The one column that groups are compared by: the one asked for, otherwise the default of the data.

        Raises
        ------
        NotEstimable
            If the data has no such column, or none was named and none has two values.
        """
        if self._by is None:
            return self.judgments.default_group()
        need(self.judgments.frame, self._by)
        return self._by

    @property
    def by_or_none(self) -> str | None:
        """The same, or None where there is no such column."""
        try:
            return self.by
        except NotEstimable:
            return None

    def compute(self, method: Callable[..., Result], /, *arguments: Any, **options: Any) -> Result:
        """Call a method once for a report; another section with the same arguments gets the same result.

        Raises
        ------
        NotEstimable
            Each time, if the method raised it.
        """
        key = (method, tuple(map(id, arguments)), tuple(sorted((k, repr(v)) for k, v in options.items())))
        if key not in self._computed:
            try:
                result: Any = method(*arguments, **options)
            except NotEstimable as refusal:
                result = refusal.with_traceback(None)  # whose frames hold the data
            self._computed[key] = (result, arguments)  # which keeps their ids from being given again
        result = self._computed[key][0]
        if isinstance(result, NotEstimable):
            raise result
        return result

    def _file_beside(self, file: str | None, own: str) -> str | Path | None:
        """The file named; without one the sample ``own``, where the report runs on the chapter's own sample."""
        if file is None and own and self.on_own_sample:
            return sample(own)
        return file

    def beside(self, file: str | None, *, own: str = "") -> Judgments | None:
        """Read further judgments that the report needs beside its data, such as a baseline, on the same scale.

        Parameters
        ----------
        file : str, optional
            With its whole path, since a report runs in a folder of its own.
        own : str
            The sample to take where the report runs on the chapter's own sample and no file is named.

        Returns
        -------
        Judgments or None
            None where there is no file.

        Raises
        ------
        HaloError
            If the file cannot be read as judgments.
        """
        found, j = self._file_beside(file, own), self.judgments
        return None if found is None else read_judgments(found, scale=j.scale, level=j.level if j.level_given else None)

    def side_table(self, file: str | None, *, own: str = "") -> pl.DataFrame | None:
        """Read what does not change from judgment to judgment, such as the items table, as text.

        The parameters are those of `beside`; None where there is no file.

        Raises
        ------
        HaloError
            If the file cannot be read.
        """
        found = self._file_beside(file, own)
        return None if found is None else read_raw(found).frame

    def name_of(self, rater: object) -> str:
        """Return what this audience may call a rater: a model by its name, a person by a pseudonym or not at all."""
        if str(rater) in self.models:
            return str(rater)
        return self._pseudonyms.of(rater) if self.audience == "operations" else "a person"

    def withheld(self) -> NotEstimable:
        """The reason that a figure is about too few people for this audience."""
        text = WITHHELD.format(least=self.privacy_threshold).rstrip(".")
        return NotEstimable(text, public=True)

    @contextmanager
    def section(self, title: str, *, gates: Iterable[str] = ()) -> Iterator[Section]:
        """Run one section; what can't be estimated shows its reason and the report goes on.

        Parameters
        ----------
        title : str
            Names the section in messages and in ``NAME.json``; the heading itself is
            Markdown, in the cell above.
        gates : iterable of str
            The standards this section answers. After `NotEstimable` those not yet
            answered read ``undecided`` with that reason; so after an error of the
            handbook's own, where the report was started with ``errors="show"``.

        Raises
        ------
        HaloError
            When the section ends well and a listed gate was never given.
        """
        show = Section(self, title)
        try:
            yield show
        except NotEstimable as reason:
            show.not_estimated(reason, gates)
        except HaloError:
            raise
        except Exception as error:
            if self.errors == "raise":
                raise
            show.stopped(error, gates)
        else:
            forgotten = [standard for standard in gates if standard not in show.given]
            if forgotten:
                raise HaloError(f"section {title!r} lists {', '.join(forgotten)} and never gives it to show.gate")
        finally:
            if pyplot := sys.modules.get("matplotlib.pyplot"):
                pyplot.close("all")  # a kernel would display what was drawn and not shown, whoever reads
        show.close()

    def provenance(self) -> dict[str, Any]:
        """Where the data came from and what became of every row; outside operations rounded, and without words of it.

        No hash, no file name, no filter and no note leaves operations: who has the
        data without names could find out whom they are about.
        """
        j, source = self.judgments, self.judgments.source
        counts = {"items": j.n_items, "raters": j.n_raters, "judgments": j.n_judgments}
        asked: dict[str, Any] = {"privacy_threshold": self.privacy_threshold}
        asked |= {"threshold_from": "halo.toml" if config_file() else "the handbook"}
        if self.audience == "operations":
            name, told = Path(source.name).name, {**counts, "scale": _ends(j.scale), "level": j.level}
            return {**source.to_dict(), "name": name, **told, **asked}
        sizes = {"rows_read": source.rows_read, "rows_used": source.rows_used, **counts}
        rounded = {k: coarse_count(n) for k, n in sizes.items()}
        withheld: dict[str, Any] = {"dropped": {}, "notes": [], "scale": None, "level": j.level}
        return {"name": "withheld", "sha256": None, **rounded, **withheld, **asked}

    def _facts(self) -> list[tuple[str, Any]]:
        p, inside = self.provenance(), self.audience == "operations"
        sizes = f"{p['items']:,}, {p['raters']:,}, {p['judgments']:,}"
        rows: list[tuple[str, Any]] = [("Items, raters, judgments", sizes if inside else f"about {sizes}")]
        if inside:
            read = [("Data", p["name"]), ("Rows read", p["rows_read"]), ("Rows used", p["rows_used"])]
            dropped = [(f"Dropped: {reason}", n) for reason, n in p["dropped"].items()] or [("Dropped", 0)]
            rows = [*read, *dropped, *rows, *(("Note", note) for note in p["notes"])]
            rows.append(("SHA-256 of the file", p["sha256"] or "none: the data came as a frame"))
        threshold = f"{p['privacy_threshold']} people, set by {p['threshold_from']}"
        rows += [("Audience", self.audience), ("Smallest group shown outside operations", threshold)]
        rows += [] if inside else [("What this page can't prevent", LIMITS)]
        kind = "invented data" if self.on_own_sample else "data"
        rows += [("Sample", f"{kind} that come with the handbook")] if self.on_sample else []
        return [*rows, ("Made with", f"halo_methods {__version__}")]

    def __repr__(self) -> str:
        return "\n".join(f"{k}: {v if isinstance(v, str) else cell(v)}" for k, v in self._facts())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> MIMEBundle:
        html = folded(facts(self._facts(), label="Where the data came from"), on_data(self.provenance()))
        return bundle(html, str(self), {"shows": "data", **self.provenance()})


def start(
    name: str,
    *,
    data: Any = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scale: Any = None,
    level: Literal["nominal", "ordinal", "interval", "ratio"] | None = None,
    duplicates: Literal["error", "first", "last", "round"] = "error",
    where: str | None = None,
    missing: Iterable[str] = ("",),
    dates: str = "iso",
    encoding: str = "utf-8",
    sheet: str | None = None,
    delimiter: str | None = None,
    audience: Literal["rater", "operations", "partner", "public"] = "partner",
    by: str | None = None,
    errors: Literal["raise", "show"] = "raise",
) -> Report:
    """Read the data a report is about and say where it came from.

    Parameters
    ----------
    name : str
        The chapter's name.
    data : str, Path or frame, optional
        The name of a sample, a file, or a frame; without it the chapter's own sample, which is read on the scale
        that ``data/samples/reading.yml`` names.
    columns, values, scale, level, duplicates, where, missing, dates, encoding, sheet, delimiter
        As `halo_methods.read_judgments` takes them; a scale of numbers may also be
        ``"low..high"``, or name a rubric's criterion, as ``"search_relevance#relevance"``. An empty mapping is none.
    audience : {"rater", "operations", "partner", "public"}
        Who will read the report. The people of the handbook's samples are invented; their
        pseudonyms are the same every time.
    by : str, optional
        The one column that groups are compared by; otherwise `Judgments.default_group`.
    errors : {"raise", "show"}
        Whether an error of the handbook's own ends the report or only its section.

    Returns
    -------
    Report

    Raises
    ------
    InvalidData
        When the data can't be read as the chapter's kind of table.
    BadOption
        When the audience or another option is none of those allowed.
    """
    BadOption.unless("audience", audience, AUDIENCES)
    BadOption.unless("errors", errors, ("raise", "show"))
    if by in ("rater_id", "item_id"):
        raise BadOption(f"by is {by!r}, which makes no groups; name a column such as vendor or locale")
    own = sample_of(name)
    data = own if data is None else data
    options: dict[str, Any] = {
        "columns": columns,
        "values": values,
        "scale": scale,
        "level": level,
        "duplicates": duplicates,
        "where": where,
        "missing": tuple(missing),
        "dates": dates,
    }
    invented = isinstance(data, str) and data in sample_names() and not Path(data).is_file()
    on_own_sample = invented and data == own
    if on_own_sample:
        options |= {k: v for k, v in sample_reading(own).items() if options.get(k) is None}
    options = by_rubric(options)
    path, of_file = sample(data) if invented else data, {"encoding": encoding, "sheet": sheet, "delimiter": delimiter}
    table, judgments = read_table(input_of(name), path, options, of_file)
    settings = house()
    public = invented and comes_with_the_handbook(sample(data))
    key = b"an invented person" if public else settings.key()
    report = Report(name, judgments, audience, settings.privacy_threshold, key, by=by)
    report.table = table
    report.on_sample, report.on_own_sample, report.errors = invented, on_own_sample, errors
    return report
