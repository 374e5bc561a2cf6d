"""The table of judgments and where it came from."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from html import escape
from typing import Any

import polars as pl

from ..errors import BadOption, NotEstimable
from ..results import Basis, counted, readable
from .cells import Kinds, cell_text, quoted
from .options import Level, Reference, Scale, matching
from .spellings import natural, number

GROUPING = ("vendor", "locale", "slice", "queue", "system")


@dataclass(frozen=True)
class Source:
    """Where judgments came from, and what became of every row.

    Attributes
    ----------
    name : str
        The file, or what the caller called the frame.
    sha256 : str or None
        Of the file as stored; None for a frame.
    rows_read, rows_used : int
        ``rows_used + sum(dropped.values()) == rows_read``, always.
    dropped : dict of str to int
        Rows left out, by reason.
    notes : tuple of str
        What was noticed and let pass.
    """

    name: str
    sha256: str | None
    rows_read: int
    rows_used: int
    dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def less(self, reason: str, rows: int) -> "Source":
        """The same source after `rows` more rows were left out.

        Examples
        --------
        >>> Source("f.csv", None, 10, 10).less("empty label", 2)
        Source(name='f.csv', sha256=None, rows_read=10, rows_used=8, dropped={'empty label': 2}, notes=())
        """
        if not rows:
            return self
        dropped = {**self.dropped, reason: self.dropped.get(reason, 0) + rows}
        return replace(self, rows_used=self.rows_used - rows, dropped=dropped)

    def to_dict(self) -> dict[str, Any]:
        """Everything above, ready for JSON.

        Examples
        --------
        >>> Source("f.csv", None, 2, 2).to_dict()["rows_used"]
        2
        """
        return {**asdict(self), "notes": list(self.notes)}

    def __str__(self) -> str:
        dropped = "; ".join(f"{n:,} {reason}" for reason, n in self.dropped.items()) or "nothing"
        return f"{self.name}: {self.rows_read:,} rows read, {self.rows_used:,} used, dropped: {dropped}"


def in_order(values: list[Any]) -> list[Any]:
    """Distinct values sorted, as numbers if all are numbers, else the numbers in them as numbers; the missing one last.

    Examples
    --------
    >>> in_order(["10", "9", None]), in_order(["b", "10", "9"]), in_order(["nan", "10", "9"])
    (['9', '10', None], ['9', '10', 'b'], ['9', '10', 'nan'])
    """
    present, words = [v for v in set(values) if v is not None], any(number(str(v)) is None for v in {*values} - {None})
    return sorted(present, key=lambda v: natural(str(v)) if words else (float(v), str(v))) + [None] * (None in values)


def need(frame: pl.DataFrame, column: str) -> None:
    """Refuse a column that is not there.

    Raises
    ------
    NotEstimable
        With the columns that are.
    """
    if column not in frame.columns:
        raise NotEstimable(f"the data has no column {column}; it has {', '.join(frame.columns)}")


def basis_of(frame: pl.DataFrame, measure: str) -> Basis:
    """Whose judgments these are, and which.

    Examples
    --------
    >>> basis_of(pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "r"]}), "labels")
    Basis(labels)
    """
    from ..stats.variance import basis_of_arrays  # and scipy with it, which checking a file does not need

    return basis_of_arrays(frame["rater_id"], frame["item_id"], measure)


def rests_on(frame: pl.DataFrame, measure: str) -> dict[str, Any]:
    """The keywords of an `Estimate` that say what it rests on, from the judgments that entered it.

    Examples
    --------
    >>> rests_on(pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "r"]}), "labels")
    {'n_items': 2, 'n_raters': 1, 'n_judgments': 2, 'basis': Basis(labels)}
    """
    return {
        "n_items": frame["item_id"].n_unique(),
        "n_raters": frame["rater_id"].n_unique(),
        "n_judgments": frame.height,
        "basis": basis_of(frame, measure),
    }


def rests_on_each(frame: pl.DataFrame, measure: str) -> dict[str, dict[str, Any]]:
    """As `rests_on`, for the judgments of each rater by itself, in sorted order; in one pass for all raters.

    Examples
    --------
    >>> rests_on_each(pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "s"]}), "labels")["s"]
    {'n_items': 1, 'n_raters': 1, 'n_judgments': 1, 'basis': Basis(labels)}
    """
    items = dict(frame.group_by("rater_id").agg(pl.col("item_id").n_unique()).iter_rows())
    return {
        r: {"n_items": items[r], "n_raters": 1, "n_judgments": len(of_r), "basis": Basis(measure, {r: of_r})}
        for r, of_r in basis_of(frame, measure).judgments.items()
    }


def categorised(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows, items and raters as categories: these are counted and joined several times as fast as texts.

    Examples
    --------
    >>> categorised(pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "r"]}))["item_id"].to_list()
    ['a', 'b']
    """
    return frame.with_columns(pl.col("item_id", "rater_id").cast(pl.Categorical))


def value_filter(column: str, value: str | None) -> str:
    """The filter that keeps one value.

    Examples
    --------
    >>> print(value_filter("criterion", "the reader's view"))
    criterion = 'the reader''s view'
    """
    return f"{column} IS NULL" if value is None else f"{column} = '" + value.replace("'", "''") + "'"


@dataclass(frozen=True, eq=False, repr=False)
class Judgments:
    """Who said what about which item: one row for each judgment, checked.

    Made by `read_judgments` and `as_judgments`, which document the columns.

    Attributes
    ----------
    frame : polars.DataFrame
        Canonical column names. Text throughout, except `rated_at` (UTC),
        `seconds`, `cost` and, on a numeric scale, `label` (Float64).
        `gold` stays text; `accepted_answers` takes it apart.
    scale : tuple of str, (low, high), or None
        The allowed labels in order, or the range of a numeric label.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences between labels mean.
    level_given : bool
        False if it was not said, in which case labels are taken as nominal and a
        result should say so.
    source : Source
        Rows read, used, and dropped with reasons.
    rounds_are_repeats : bool
        Whether rounds only number a rater's repeated judgments (read with ``duplicates="round"``).

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> j = as_judgments(pl.DataFrame({"item_id": ["a", "a"], "rater_id": ["x", "y"], "label": ["1", "2"]}))
    >>> j
    Judgments: 1 item, 2 raters, 2 judgments
      labels: 1, 2 (taken as nominal; no level was given)
      columns: item_id, rater_id, label
      a frame: 2 rows read, 2 used, dropped: nothing
    """

    frame: pl.DataFrame
    scale: Scale | None
    level: Level
    level_given: bool
    source: Source
    rounds_are_repeats: bool = False
    _kinds: dict[str, Kinds] = field(default_factory=dict, init=False)  # what checking found, until it is numbered

    @cached_property
    def n_items(self) -> int:
        """Distinct items."""
        from .coding import numbered, unit_keys

        if unit_keys(self) == ["item_id"]:  # then they are numbered already
            return int(numbered(self)[0].max(initial=-1)) + 1
        return self.frame["item_id"].n_unique()

    @cached_property
    def n_raters(self) -> int:
        """Distinct raters."""
        from .coding import numbered

        return len(numbered(self)[2])

    @property
    def n_judgments(self) -> int:
        """Rows."""
        return len(self.frame)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns there are."""
        return tuple(self.frame.columns)

    @property
    def numeric(self) -> bool:
        """Whether labels are stored as numbers."""
        return self.frame.schema["label"] == pl.Float64

    @cached_property
    def labels(self) -> tuple[Any, ...]:
        """The scale if it is a list; otherwise the labels that occur, numbers sorted as numbers."""
        if self.scale is not None and isinstance(self.scale[0], str):
            return self.scale
        from .coding import labelled

        return tuple(in_order(labelled(self)[1].to_list()))

    def _kept(self, kept: pl.Series, reason: str) -> "Judgments":
        frame = self.frame.filter(kept)
        if len(frame) == len(self.frame):
            return self
        return replace(self, frame=frame, source=self.source.less(reason, len(self.frame) - len(frame)))

    def where(self, text: str) -> "Judgments":
        """The judgments a filter keeps.

        Parameters
        ----------
        text : str
            As in SQL: comparisons of columns with text in single quotes, numbers
            or columns (``=``, ``<>``, ``<``, ``<=``, ``>``, ``>=``, ``IN (…)``,
            ``BETWEEN … AND …``, ``LIKE 'fr%'``, ``IS NULL``), joined by ``AND``,
            ``OR``, ``NOT`` and parentheses. A name with a space stands in double
            quotes. A comparison with a missing value holds neither way, so
            ``vendor <> 'lumen'`` leaves out rows without a vendor; add
            ``OR vendor IS NULL`` to keep them. A column of text whose values are
            all numbers may be compared with numbers.

        Raises
        ------
        BadOption
            If the filter cannot be read or names an unknown column.
        NotEstimable
            If nothing is left.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["x", "x"], "label": ["1", "2"]})
        >>> as_judgments(frame).where("label = '2' AND item_id IN ('a', 'b')").n_judgments
        1
        """
        kept, _ = matching(text, self.frame)
        if not kept.any():
            raise NotEstimable(f"no judgment is left where {text}")
        return self._kept(kept, f"not where {text}")

    def only(self, **values: Any) -> "Judgments":
        """The judgments whose columns have these values.

        Parameters
        ----------
        **values
            Column to a value or a list of values.

        Raises
        ------
        NotEstimable
            If the column is not there or nothing is left.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["x", "x"], "label": ["1", "2"]})
        >>> as_judgments(frame).only(item_id=["a", "c"]).n_judgments
        1
        """
        made = self
        for column, value in values.items():
            need(self.frame, column)
            wanted = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
            if self.frame.schema[column] == pl.String:
                wanted = [cell_text(v) for v in wanted]
            there = made.frame[column]
            hit = there.is_in(pl.Series(wanted, dtype=there.dtype, strict=False).to_list(), nulls_equal=True)
            named = ", ".join(quoted(v) for v in wanted)
            if not hit.any() and column == "rater_id":
                there_are = f"there are judgments of {counted(self.n_raters, 'other rater')}"
                raise NotEstimable(f"no judgment is of a rater asked for; {there_are}", who=map(str, wanted))
            if not hit.any():
                found = ", ".join(quoted(v) for v in in_order(there.unique().to_list())[:10])
                raise NotEstimable(f"no judgment has {column} {named}; there are {found}")
            made = made._kept(hit, f"{column} is not {named}")
        return made

    def one(self, by: str | None = None) -> "Judgments":
        """One criterion and one stage, as a method needs them.

        Where there are several stages, stage `label` is taken and the rest is
        counted as dropped. Several criteria are refused unless `by` says that
        the caller takes them one at a time.

        Parameters
        ----------
        by : str or None
            A column the caller groups by.

        Raises
        ------
        NotEstimable
            If there are several criteria, or several stages and none is `label`.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "a"], "rater_id": ["x", "x"], "label": ["1", "2"],
        ...                       "criterion": ["tone", "fluency"]})
        >>> as_judgments(frame).one()
        Traceback (most recent call last):
        ...
        halo_methods.errors.NotEstimable: 2 criteria: fluency, tone; keep one with where: criterion = 'fluency',
        or take them one at a time with by="criterion"
        """
        made = self
        for column, several in (("stage", "stages"), ("criterion", "criteria")):
            there = column in self.columns and column != by
            values = in_order(made.frame[column].unique().to_list()) if there else []
            if len(values) > 1 and column == "stage" and "label" in values:
                made = made.only(stage="label")
            elif len(values) > 1:
                names = ", ".join("(missing)" if value is None else value for value in values[:10])
                more = f" and {len(values) - 10} more" if len(values) > 10 else ""
                raise NotEstimable(
                    f"{len(values)} {several}: {names}{more}; keep one with where: {value_filter(column, values[0])}, "
                    f'or take them one at a time with by="{column}"'
                )
        return made

    def groups(self, by: str) -> "Iterator[tuple[Any, Judgments]]":
        """The judgments of each value of a column, in sorted order, the missing value (None) last.

        Raises
        ------
        NotEstimable
            If there is no such column.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["x", "x"], "label": ["1", "2"]})
        >>> [(value, group.n_judgments) for value, group in as_judgments(frame).groups("item_id")]
        [('a', 1), ('b', 1)]
        """
        need(self.frame, by)
        parts = self.frame.partition_by(by, as_dict=True)
        for value in in_order([key[0] for key in parts]):
            part = parts[(value,)]
            reason = f"{by} is not {'missing' if value is None else quoted(value)}"
            yield value, replace(self, frame=part, source=self.source.less(reason, len(self.frame) - len(part)))

    def people(self) -> "Judgments":
        """The judgments of human raters; all of them where nothing tells people from models.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "a"], "rater_id": ["r", "m"], "label": ["x", "x"],
        ...                       "rater_type": ["human", "model"]})
        >>> as_judgments(frame).people().n_raters
        1
        """
        if "rater_type" not in self.columns or not (self.frame["rater_type"] == "human").any():
            return self
        return self.only(rater_type="human")

    def models(self) -> "Judgments":
        """The judgments of model judges.

        Raises
        ------
        NotEstimable
            If there are none.
        """
        if "rater_type" not in self.columns or not (self.frame["rater_type"] == "model").any():
            raise NotEstimable("there are no model judges: no row has `rater_type` 'model'")
        return self.only(rater_type="model")

    @cached_property
    def rounds(self) -> tuple[str, ...]:
        """The rounds present, in order; empty where there is no such column.

        Names that differ only in their numbers stand by number, others by their first `rated_at` where each has one.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "r"], "label": ["x", "x"],
        ...                       "round": ["10", "9"]})
        >>> as_judgments(frame).rounds
        ('9', '10')
        """
        values = in_order(self.frame["round"].drop_nulls().unique().to_list()) if "round" in self.columns else []
        if "rated_at" in self.columns and len({re.sub(r"[\d.]+", "", value).casefold() for value in values}) > 1:
            first = dict(self.frame.group_by("round").agg(pl.col("rated_at").min()).iter_rows())
            if all(first[value] is not None for value in values):
                values.sort(key=lambda value: first[value])
        return tuple(values)

    def last_round(self) -> "Judgments":
        """The judgments of the last round; all of them where there are no rounds or rounds number repeats.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "r"], "label": ["x", "x"],
        ...                       "round": ["1", "2"]})
        >>> as_judgments(frame).last_round().n_items
        1
        """
        if not self.rounds or self.rounds_are_repeats:
            return self
        return self.only(round=self.rounds[-1])

    def latest(self) -> "Judgments":
        """The judgments without labels that their own rater replaced in a later round; other stages stay whole.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "a"], "rater_id": ["r", "r"], "label": ["x", "y"],
        ...                       "round": ["1", "2"]})
        >>> as_judgments(frame).latest().frame["label"].to_list()
        ['y']
        """
        if len(self.rounds) < 2:
            return self
        order = {value: n for n, value in enumerate(self.rounds)}
        keys = [c for c in ("item_id", "rater_id", "criterion", "stage") if c in self.columns]
        turn = pl.col("round").replace_strict(order, default=-1, return_dtype=pl.Int64)
        last = turn == turn.max().over(keys)
        if "stage" in self.columns:
            last |= pl.col("stage") != "label"
        return self._kept(self.frame.select(last.alias("last"))["last"], "replaced by its rater in a later round")

    def marked(self, reference: Reference | None = None) -> pl.DataFrame:
        """The judgments of items whose right answer is known, each marked right or not.

        Parameters
        ----------
        reference : {"gold", "audit"}, optional
            Where the right answer comes from: accepted gold answers, or the label of the first audit round
            (items whose auditors differ there have none). By default gold, and the audit for items without gold.

        Returns
        -------
        polars.DataFrame
            One criterion and stage `label`: the columns of the table, ``answer`` (the first accepted one) and
            ``right``.

        Raises
        ------
        NotEstimable
            If no judged item has a right answer.
        BadOption
            For another reference.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "a"], "rater_id": ["r", "s"], "label": ["good", "poor"],
        ...                       "gold": ["good|fair", "good|fair"]})
        >>> as_judgments(frame).marked("gold")["right"].to_list()
        [True, False]
        """
        from .marking import marked

        return marked(self, reference)

    def default_group(self) -> str:
        """The column that groups are compared by where none was named.

        The first of vendor, locale, slice, queue and system with two values.

        Raises
        ------
        NotEstimable
            If none of them has two values.

        Examples
        --------
        >>> from halo_methods.judgments import as_judgments
        >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["r", "r"], "label": ["x", "x"],
        ...                       "locale": ["fr-FR", "de-DE"], "vendor": ["v", "v"]})
        >>> as_judgments(frame).default_group()
        'locale'
        """
        for column in GROUPING:
            if column in self.columns and self.frame[column].drop_nulls().n_unique() > 1:
                return column
        reason = f"none of the columns {', '.join(GROUPING)} has two values; name one with `by`"
        raise NotEstimable(reason, public=True)

    def basis(self, measure: str) -> Basis:
        """Whose judgments these are, for an `Estimate` that rests on all of them."""
        return basis_of(self.frame, measure)

    def __len__(self) -> int:
        return len(self.frame)

    def head(self, n: int = 5) -> Any:
        """The first rows as a pandas DataFrame."""
        return self.frame.head(n).to_pandas()

    def to_pandas(self) -> Any:
        """The table as a pandas DataFrame."""
        return self.frame.to_pandas()

    def _lines(self) -> list[tuple[str, str]]:
        if self.numeric:
            low, high = self.scale or (self.frame["label"].min(), self.frame["label"].max())
            shown = f"numbers from {readable(low)} to {readable(high)}"  # type: ignore[arg-type]
        else:
            shown = ", ".join(str(label) for label in self.labels[:12])
            shown += f" and {len(self.labels) - 12} more" if len(self.labels) > 12 else ""
        level = self.level if self.level_given else "taken as nominal; no level was given"
        lines = [("labels", f"{shown} ({level})"), ("columns", ", ".join(self.columns))]
        return lines + [("note", note) for note in self.source.notes]

    def _size(self) -> str:
        sizes = ((self.n_items, "item"), (self.n_raters, "rater"), (self.n_judgments, "judgment"))
        return ", ".join(counted(n, noun) for n, noun in sizes)

    def __repr__(self) -> str:
        return "\n  ".join([f"Judgments: {self._size()}", *(f"{k}: {v}" for k, v in self._lines()), str(self.source)])

    def _repr_html_(self) -> str:
        rest = str(self.source).removeprefix(f"{self.source.name}: ")
        rows = [("judgments", self._size()), *self._lines(), ("source", self.source.name), ("rows", rest)]
        if self.source.sha256:
            rows.append(("SHA-256", self.source.sha256))
        body = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in rows)
        return f'<table class="halo-judgments"><tbody>{body}</tbody></table>'


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the judgments that have a moment, with the column ``day``.

    Raises
    ------
    NotEstimable
        If none has one.

    Examples
    --------
    >>> dated(pl.DataFrame({"rated_at": [datetime(2026, 5, 4, 9), None]}))["day"].to_list()
    [datetime.date(2026, 5, 4)]
    """
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        text = "the judgments are not dated; add a `rated_at` column"
        raise NotEstimable(text, public=True)
    return frame.filter(pl.col("rated_at").is_not_null()).with_columns(pl.col("rated_at").dt.date().alias("day"))


def as_day(value: date | str | None, *, option: str) -> date | None:
    """Read an option that is a day: a date, a moment, ISO text, or None.

    Raises
    ------
    BadOption
        If it is none.

    Examples
    --------
    >>> as_day("2026-05-04", option="today")
    datetime.date(2026, 5, 4)
    """
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadOption(f"{option} is {value!r}; allowed: a date such as 2026-05-04") from None
