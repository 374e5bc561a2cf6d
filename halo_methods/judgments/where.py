"""Filters: SQL comparisons such as `locale = 'fr-FR' AND seconds < 600`, worked out by Polars.

Only comparisons of columns, joined by AND, OR, NOT and parentheses, get as far as Polars:
no function, no arithmetic, no query.
"""

import re

import polars as pl

from ..errors import BadOption
from .cells import moment, quoted
from .options import nearest, number

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
