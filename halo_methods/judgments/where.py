"""The small language of filters: `locale == 'fr-FR' and not (seconds > 600 or gold is missing)`.

Columns stand bare or in backticks, text in quotes (a quotation mark inside is
doubled). A missing value equals nothing, so every comparison with it is false
except `!=` and `not in`. Nothing is evaluated but what is listed here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from ..errors import BadOption
from .cells import moment, quoted

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<name>[^\W\d]\w*|`[^`]+`)
    |(?P<sign>==|!=|<=|>=|<|>|\(|\)|,))""",
    re.VERBOSE,
)
_WORDS = ("and", "or", "not", "in", "is", "missing")
_COMPARE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_DEEPEST, _LONGEST = 50, 10_000


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[Token]:
    if len(text) > _LONGEST:
        raise BadOption(f"where is {len(text):,} characters long; at most {_LONGEST:,}")
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match or not match.lastgroup:
            rest = text[at:].lstrip()
            hint = "; write == to compare" if rest[0] == "=" else ""
            raise BadOption(f"where cannot be read at {quoted(rest[:20])}{hint}")
        kind, word = match.lastgroup, match[match.lastgroup]
        if kind == "name" and word in _WORDS:
            kind = "word"
        found.append(Token(kind, word, match.start(match.lastgroup)))
        at = match.end()
    return [*found, Token("end", "", len(text))]


class _Parser:
    def __init__(self, text: str, frame: pl.DataFrame):
        self.text, self.frame, self.tokens, self.i, self.depth = text, frame, _tokens(text), 0, 0
        self.columns: set[str] = set()

    def take(self, *texts: str) -> bool:
        token = self.tokens[self.i]
        if token.kind in ("word", "sign") and token.text in texts:
            self.i += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.error(f"{text} was expected")

    def error(self, why: str) -> BadOption:
        token = self.tokens[self.i]
        place = f"at {quoted(self.text[token.at :][:20])}" if token.kind != "end" else "at its end"
        return BadOption(f"where cannot be read {place}: {why}, in {quoted(self.text)}")

    def whole(self) -> pl.Expr:
        made = self.either()
        if self.tokens[self.i].kind != "end":
            raise self.error("and, or, or the end was expected")
        return made

    def either(self) -> pl.Expr:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else pl.any_horizontal(parts)

    def both(self) -> pl.Expr:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else pl.all_horizontal(parts)

    def negation(self) -> pl.Expr:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise BadOption(f"where is nested more than {_DEEPEST} deep")
        if self.take("not"):
            made = ~self.negation()
        elif self.take("("):
            made = self.either()
            self.expect(")")
        else:
            made = self.comparison()
        self.depth -= 1
        return made

    def comparison(self) -> pl.Expr:
        left = self.column()
        if self.take("is"):
            present = self.take("not")
            self.expect("missing")
            return pl.col(left).is_not_null() if present else pl.col(left).is_null()
        absent = self.take("not")
        if self.take("in"):
            self.expect("(")
            parts = [self.compared(left, "==")]
            while self.take(","):
                parts.append(self.compared(left, "=="))
            self.expect(")")
            return ~pl.any_horizontal(parts) if absent else pl.any_horizontal(parts)
        sign = self.tokens[self.i].text
        if absent or self.tokens[self.i].kind != "sign" or sign not in _COMPARE:
            raise self.error("a comparison (==, !=, <, <=, >, >=, in, is missing) was expected")
        self.i += 1
        return self.compared(left, sign)

    def column(self) -> str:
        token = self.tokens[self.i]
        if token.kind != "name":
            raise self.error("a column was expected")
        name = token.text.strip("`")
        if name not in self.frame.columns:
            raise BadOption.of("a column in where", name, self.frame.columns)
        self.i += 1
        self.columns.add(name)
        return name

    def compared(self, left: str, sign: str) -> pl.Expr:
        token, column = self.tokens[self.i], pl.col(left)
        kind = self.frame.schema[left]
        if token.kind == "name":
            right = self.column()
            if self.frame.schema[right] != kind:
                raise self.error(f"{left} and {right} cannot be compared, one is text")
            other = pl.col(right)
        elif token.kind == "number":
            column, other = self.numeric(left), pl.lit(float(token.text))
            self.i += 1
        elif token.kind == "text":
            other = self.text_literal(left, token)
            self.i += 1
        else:
            raise self.error("a value was expected: text in quotes, a number or a column")
        made = _COMPARE[sign](column, other).fill_null(False)
        return ~made if sign == "!=" else made

    def numeric(self, name: str) -> pl.Expr:
        column = self.frame[name]
        if column.dtype == pl.Float64:
            return pl.col(name)
        if column.dtype != pl.String:
            raise self.error(f"{name} holds moments; compare it with text such as '2026-03-01'")
        odd = column.filter(column.is_not_null() & column.cast(pl.Float64, strict=False).is_null())
        if len(odd):
            raise self.error(f"{name} holds text such as {quoted(odd[0])}; put the value in quotes")
        return pl.col(name).cast(pl.Float64, strict=False)

    def text_literal(self, name: str, token: Token) -> pl.Expr:
        text = token.text[1:-1].replace(token.text[0] * 2, token.text[0])
        kind = self.frame.schema[name]
        if kind == pl.String:
            return pl.lit(text)
        if kind == pl.Float64:
            raise self.error(f"{name} holds numbers; write the value without quotes")
        try:
            return pl.lit(moment(text)[0]).cast(kind)
        except ValueError:
            raise self.error(f"{name} holds moments; write ISO 8601 such as '2026-03-01'") from None


def matching(text: str, frame: pl.DataFrame) -> tuple[pl.Series, set[str]]:
    """Which rows of a frame a filter keeps, and the columns it looked at.

    Raises
    ------
    BadOption
        If the filter cannot be read or names a column the frame lacks.

    Examples
    --------
    >>> frame = pl.DataFrame({"locale": ["fr-FR", "de-DE", None], "seconds": [5.0, 9.0, 1.0]})
    >>> matching("locale != 'fr-FR' and seconds < 10", frame)[0].to_list()
    [False, True, True]
    """
    parser = _Parser(text, frame)
    made = frame.select(parser.whole().alias("kept"))["kept"]
    return made, parser.columns
