"""How a table is to be read: the options of `read_judgments`, checked, the caller's names for columns, and filters.

A filter is SQL comparisons such as `locale = 'fr-FR' AND seconds < 600`, worked out by Polars. Only comparisons of
columns, joined by AND, OR, NOT and parentheses, get as far as Polars: no function, no arithmetic, no query.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, get_args

import polars as pl

from ..errors import BadOption, InvalidData, Problem
from .cells import LONGEST_QUOTE, cell_text, quoted
from .dates import Dates, moment
from .spellings import number as number
from .spellings import shortest

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Reference = Literal["gold", "audit"]
Scale = tuple[str, ...] | tuple[float, float]

_DUPLICATES = ("error", "first", "last", "round")


@dataclass
class Reading:
    """The options of `read_judgments`, checked; BadOption with what is allowed otherwise."""

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scale: Any = None
    level: str | None = None
    duplicates: str = "error"
    where: str | None = None
    missing: str | Sequence[str] = ("",)
    dates: Any = "iso"

    def __post_init__(self) -> None:
        if self.level not in (None, *get_args(Level)):
            raise BadOption.of("level", self.level, get_args(Level))
        BadOption.unless("duplicates", self.duplicates, _DUPLICATES)
        absent = [self.missing] if isinstance(self.missing, str) else self.missing
        self.missing = tuple(dict.fromkeys(["", *absent]))
        self.scale = scale_of(self.scale)
        self.dates = Dates.of(self.dates)
        for text in self.listed or ():
            if text in self.missing:
                raise BadOption(f"{quoted(text)} is on the scale and listed as missing; it can't be both")
            if self.level in ("interval", "ratio") and number(text) is None:
                raise BadOption(f"level is {self.level!r} but the scale holds labels that are no numbers")

    @property
    def listed(self) -> tuple[str, ...] | None:
        """The labels of the scale in order; None without a scale and where it is a range."""
        return self.scale if self.scale and isinstance(self.scale[0], str) else None

    @property
    def range(self) -> tuple[float, float] | None:
        """The ends between which labels are numbers; None where labels stay text."""
        numeric = self.listed is None and (self.scale or self.level in ("interval", "ratio"))
        return self.scale or (-math.inf, math.inf) if numeric else None


def scale_of(given: Any) -> Scale | None:
    """A scale as given by a caller or on a command line.

    Parameters
    ----------
    given : None, list of labels, (low, high), or str
        A tuple of two numbers is a range; an end may be infinite or written
        ``"25+"``, which leaves the upper end open. Everything else is the list
        of labels in order. As text: ``"poor,fair,good"``, ``"0..25+"`` or ``"(0, 25+)"``;
        a label that holds a comma stands in double quotes.

    Raises
    ------
    BadOption
        If the scale is empty, repeats a label, is a text of one label, or its ends are not in order.

    Examples
    --------
    >>> scale_of([1, 2, 3]), scale_of((0, "25+")), scale_of("poor,fair"), scale_of("0..100")
    (('1', '2', '3'), (0.0, inf), ('poor', 'fair'), (0.0, 100.0))
    """
    if given is None:
        return None
    if isinstance(given, str):
        text = given.strip()
        bracketed = text[:1] in ("(", "[") and text[-1:] in (")", "]")
        if bracketed or (".." in text and "," not in text):
            return _range(given, re.split(r"\.\.|,", text[1:-1] if bracketed else text))
        rows = csv.reader(text.splitlines(), skipinitialspace=True)
        labels = [part.strip() for row in rows for part in row if part.strip()]
        if len(labels) == 1:
            raise BadOption(f"scale has one label, {quoted(text)}; write low..high, or the labels in order with commas")
        return scale_of(labels)
    if not isinstance(given, list | tuple):
        raise BadOption(f"scale is {quoted(given)}; give a list of labels in order or (low, high)")
    numbers = [isinstance(end, int | float) and not isinstance(end, bool) for end in given]
    if isinstance(given, tuple) and len(given) == 2 and any(numbers):
        return _range(given, given)
    texts = tuple(cell_text(g) or "" for g in given)
    if not texts or "" in texts or len(set(map(shortest, texts))) < len(texts):
        raise BadOption(f"scale is {quoted(given)}; list each label once, none of them empty")
    return texts


def _range(given: Any, ends: Sequence[Any]) -> tuple[float, float]:
    texts = [str(end) for end in ends]
    try:
        low, high = (float(text.removesuffix("+")) for text in texts)
    except ValueError:
        low = high = math.nan
    if not low < high:
        raise BadOption(f"scale is {quoted(given)}; write low..high, two numbers, or the labels in order with commas")
    return low, math.inf if texts[1].endswith("+") else high


REQUIRED = ("item_id", "rater_id", "label")
OPTIONAL = (
    "criterion", "system", "cluster", "slice", "locale", "rated_at", "vendor", "queue", "rater_type", "stage",
    "round", "guideline", "suggestion", "gold", "seconds", "cost", "comment",
)  # fmt: skip


SEARCHED = 20


def header_at(rows: Sequence[Sequence[str | None]]) -> int:
    """How many of the first rows stand before the one that names the required columns, or else before the first filled.

    Examples
    --------
    >>> header_at([["Week 12"], [], ["item_id", " rater_id", "label"], ["a", "b", "c"]])
    2
    """
    texts = [{(cell or "").strip() for cell in row} for row in rows[:SEARCHED]]
    filled = [at for at, cells in enumerate(texts) if cells - {""}]
    return next((at for at in filled if texts[at].issuperset(REQUIRED)), min(filled, default=0))


def renamed(
    frame: pl.DataFrame, columns: Mapping[str, str], problems: list[Problem], required: Sequence[str] = REQUIRED
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The table under canonical names, and each renamed column's name in the source.

    What is not there, of the columns named or required, and what two columns would be called are problems.
    """
    names: dict[str, str] = {}
    columns = {name: source if source in frame.columns else source.strip() for name, source in columns.items()}
    for name, source in columns.items():
        if source in frame.columns:
            names[name] = source
        else:
            what = f"there is no column {quoted(source)}, which the option columns names for {name}"
            problems.append(Problem(what, nearest(source, frame.columns), option="columns"))
    made = {name: frame[source] for name, source in names.items()}
    for name in (c for c in frame.columns if c not in columns.values()):
        if name in names:
            what = f"two columns would be called {name}: it and {quoted(names[name])}"
            other = {f"other_{name}": name}
            problems.append(Problem(what, "Rename this one too.", column=name, option="columns", value=other))
        made.setdefault(name, frame[name])
    free = [c for c in made if c not in (*REQUIRED, *OPTIONAL)]
    lacking = [name for name in required if name not in made and name not in columns]
    wide = across(free) if "label" in lacking else None
    taken = {source: name for name, source in names.items()}
    problems += [wide] if wide else [_missing(name, free, taken.get(name)) for name in lacking]
    order = [c for c in (*REQUIRED, *OPTIONAL) if c in made]
    return pl.DataFrame([made[c].alias(c) for c in order + free]), names


def require(source: Mapping[str, str], there: Sequence[str]) -> None:
    """Refuse a table that lacks columns of its kind.

    Parameters
    ----------
    source : mapping
        Canonical name -> the column that holds it.
    there : sequence of str
        The columns of the table.

    Raises
    ------
    InvalidData
        With each column that is missing.
    """
    lacking = [(name, column) for name, column in source.items() if column not in there]
    if lacking:
        missing = "the column {} is missing"
        raise InvalidData([Problem(missing.format(n), nearest(c, there), option="columns") for n, c in lacking])


def across(columns: Sequence[str]) -> Problem | None:
    """The problem of a table with a column per question or rater, where the names of its columns show that.

    Examples
    --------
    >>> across(["Timestamp", "Conversation 1 [Helpful]", "Conversation 2 [Helpful]"]).what
    "the table has a column per question, such as 'Conversation 1 [Helpful]', where a row per answer is read"
    >>> across(["item", "Rater 1", "Rater 2"]).what
    "the table has a column per rater or question, such as 'Rater 1', where a row per answer is read"
    """
    asked = [told for c in columns if (told := re.fullmatch(r"(.*\S)\s*\[([^][]+)\]\s*", c))]
    stems = [re.sub(r"\d+$", "", c.strip()) for c in columns]
    counted = [c for c, stem in zip(columns, stems, strict=True) if stem != c.strip() and stems.count(stem) > 1]
    how = "Turn it so that each answer has a row (unpivot in a spreadsheet, melt in pandas), with"
    if len(asked) > 1:
        item, criterion = map(quoted, asked[0].groups())
        what, fix = "question", f"{how} item_id {item}, criterion {criterion}, its rater_id, and the answer as label."
        first = asked[0][0]
    elif counted:
        what, first, fix = "rater or question", counted[0], f"{how} its item_id, its rater_id, and the answer as label."
    else:
        return None
    return Problem(f"the table has a column per {what}, such as {quoted(first)}, where a row per answer is read", fix)


def nearest(name: str, there: Sequence[str]) -> str:
    """Columns that are there and look like the one that is not."""
    near = get_close_matches(name, there, 3, 0.5) or list(there)[:20]
    return f"There is {', '.join(map(quoted, near))}."


_SYNONYMS = {
    "item_id": ("task_id", "task", "item", "items", "unit_id", "id", "example_id", "sample_id", "question_id",
                "prompt_id"),
    "rater_id": ("rater", "annotator_id", "annotator", "worker_id", "worker", "user_id", "user", "judge", "labeler",
                 "reviewer", "reviewer_id"),
    "label": ("accept", "answer", "rating", "score", "judgment", "judgement", "value", "choice", "annotation",
              "verdict", "result", "output_result"),
}  # fmt: skip


def alike(name: str, free: Sequence[str]) -> list[str]:
    """Those of the columns whose names say that they hold a required column, the likeliest first.

    Examples
    --------
    >>> alike("rater_id", ["Worker ID", "text"]), alike("label", ["text"])
    (['Worker ID'], [])
    """
    plain = {re.sub(r"[\W_]+", "_", c.strip().lower()).strip("_"): c for c in reversed(free)}
    near = [plain[s] for s in (name, *_SYNONYMS[name]) if s in plain]
    ends = [f"_{s}" for s in (name, *_SYNONYMS[name]) if s == "label" or s.endswith("_id")]
    near += [plain[c] for end in ends for c in plain if c.endswith(end)]
    near += [plain[m] for m in get_close_matches(name, plain, 1, 0.71)]
    return list(dict.fromkeys(near))


def _missing(name: str, free: Sequence[str], taken_as: str | None) -> Problem:
    """A required column that is not there, with the mapping that would supply it if a name looks right."""
    if taken_as is not None:
        what = f"the column {name} is missing, since the option columns reads it as {taken_as}"
        return Problem(what, f"Leave {taken_as}={name} out.", column=name, option="columns")
    near = alike(name, free)
    if near:
        fix, source = f"If it is {quoted(near[0])}, map it.", near[0]
    else:
        there = ", ".join(quoted(c) for c in free[:20]) or "no other column"
        fix, source = f"Name the column that holds it; there is {there}.", "…"
    value = {name: source} if len(source) <= LONGEST_QUOTE else None
    return Problem(f"the column {name} is missing", fix, option="columns", value=value)


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    |(?P<text>'(?:[^']|'')*')
    |(?P<column>[^\W\d]\w*|"(?:[^"]|"")+"|`[^`]+`)
    |(?P<sign>==?|<>|!=|<=|>=|<|>|\(|\)|,))""",
    re.VERBOSE,
)
# A letter for each token: c a column, n a number, t a text; of the rest, those that play the same part share one.
_WORDS = "== = <> != < <= > >= ( ) , AND OR NOT IN IS NULL LIKE ILIKE BETWEEN"
_LETTERS = dict(zip(_WORDS.split(), "====<<<<(),&|!is0~~b", strict=True))
_COMPARISON = re.compile(r"c[=<][cnt]|[nt][=<]c|c!?b[nt]&[nt]|c!?i\([nt](?:,[nt])*\)|c!?~t|cs!?0")
_JOINED = re.compile(r"[(!]*C[ )]*(?:[&|][(!]*C[ )]*)*")  # C a comparison, blanks where the rest of it stood
_LONGEST = 10_000
_FORMS = "compare with =, <>, <, <=, >, >=, IN (…), BETWEEN … AND …, LIKE '…%', IS NULL; join with AND, OR, NOT"


class _Filter:
    """A filter's tokens, as Polars is to read them, and a letter for each."""

    def __init__(self, text: str, frame: pl.DataFrame):
        self.text, self.frame = text, frame
        self.tokens: list[str] = []
        self.names: list[str] = []
        self.letters, starts, at = "", list[int](), 0
        if len(text) > _LONGEST:
            raise self.error(f" is {len(text):,} characters long; at most {_LONGEST:,}")
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise self.error(f" cannot be read at {quoted(text[at:].strip()[:20])}; {_FORMS}")
            at, kind = match.end(), str(match.lastgroup)
            starts.append(match.start(kind))
            self.add(match[kind], kind)
        marked = _COMPARISON.sub(lambda match: "C".ljust(len(match[0])), self.letters)
        joined = _JOINED.match(marked)
        if joined is None or joined.end() < len(marked):
            wrong = joined.end() if joined else len(marked) - len(marked.lstrip("(!"))
            raise self.error(f" cannot be read at {quoted(text[[*starts, len(text)][wrong] :][:20])}; {_FORMS}")
        for comparison in _COMPARISON.finditer(self.letters):
            self.compare(comparison[0], range(*comparison.span()))

    def error(self, why: str) -> BadOption:
        return BadOption(f"where{why}", option="where", given=self.text)

    def add(self, token: str, kind: str) -> None:
        name, letter = "", _LETTERS.get(token.upper(), kind[0])
        if letter == "c":
            name = token[1:-1].replace('""', '"') if token[0] in '"`' else token
            if name not in self.frame.columns:
                there = nearest(name, self.frame.columns)
                raise self.error(f" names {quoted(name)}, which is no column. {there} Text stands in single quotes.")
            token = '"' + name.replace('"', '""') + '"'
        self.tokens.append("=" if token == "==" else token)
        self.names.append(name)
        self.letters += letter

    def compare(self, form: str, places: range) -> None:
        """Refuse to compare what is of two kinds; write numbers and moments as their column holds them."""
        (name, *others) = (self.names[place] for place in places if self.names[place])
        kind = self.frame.schema[name]
        if others and self.frame.schema[others[0]] != kind:
            raise self.error(f" compares {name} with {others[0]}, and one of them is text")
        texts = {place: self.tokens[place][1:-1].replace("''", "'") for place in places if self.letters[place] == "t"}
        if kind == pl.Float64 and texts:
            raise self.error(f" compares {name}, which holds numbers, with text; write numbers without quotes")
        if kind == pl.String:
            self.compare_text(form, [place for place in places if self.names[place]], list(texts.values()))
        elif isinstance(kind, pl.Datetime) and "~" not in form:
            try:
                moments = {place: moment(text)[0].replace(tzinfo=None) for place, text in texts.items()}
            except ValueError:
                moments = {}
            if len(moments) < form.count("t") + form.count("n"):
                raise self.error(f" compares {name}, which holds moments; write them as '2026-03-01'")
            for place, at in moments.items():
                self.tokens[place] = f"'{at.isoformat(timespec='microseconds')}'"

    def compare_text(self, form: str, columns: list[int], texts: list[str]) -> None:
        """Columns of text that hold nothing but numbers compare by their size, never by their spelling."""
        ordered = ("<" in form or "b" in form) and all(number(text) is not None for text in texts)
        if "n" not in form and not ordered:
            return
        name = self.names[columns[0]]
        held = pl.concat([self.frame[self.names[place]].drop_nulls() for place in columns])
        odd = held.filter(~held.cast(pl.Float64, strict=False).is_finite().fill_null(False))
        if "n" not in form and (len(odd) or not len(held)):
            return
        if texts:
            raise self.error(f" compares {name}, which holds numbers, with text; write numbers without quotes")
        if len(odd):
            why = f"holds text such as {quoted(odd[0])}, with a number; put the value in single quotes"
            raise self.error(f" compares {name}, which {why}")
        for place in columns:
            self.tokens[place] = f"CAST({self.tokens[place]} AS DOUBLE)"


def matching(text: str, frame: pl.DataFrame) -> tuple[pl.Series, set[str]]:
    """Which rows of a frame a filter keeps, and the columns it looked at.

    Raises
    ------
    BadOption
        If the filter cannot be read or names a column the frame lacks.

    Examples
    --------
    >>> frame = pl.DataFrame({"locale": ["fr-FR", "de-DE", None], "seconds": [5.0, 9.0, 1.0]})
    >>> matching("locale <> 'fr-FR' AND seconds < 10", frame)[0].to_list()
    [False, True, False]
    """
    read = _Filter(text, frame)
    moments = pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    try:
        rows = frame.lazy().with_columns(moments).select(kept=pl.sql_expr(" ".join(read.tokens)))
        kept = rows.collect(optimizations=pl.QueryOptFlags.none())["kept"]  # which take minutes for 1,000 comparisons
    except (pl.exceptions.PolarsError, UnicodeError) as error:
        raise read.error(f" cannot be read: {str(error).splitlines()[0][:200]}") from error
    return kept.fill_null(False), {name for name in read.names if name}
