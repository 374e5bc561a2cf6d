"""Names of raters and vendors taken out of what an adjudicator reads."""

import re
from unicodedata import category, normalize

import polars as pl

SHORTEST_NAME = 3


def names_in(frame: pl.DataFrame) -> re.Pattern[str]:
    """Whatever in a text, folded, would name a rater or a vendor."""
    known = {str(v) for c in ("rater_id", "vendor") if c in frame.columns for v in frame[c].drop_nulls().unique()}
    spelled = {folded(name)[0].strip() for name in known}
    long = sorted((n for n in spelled if len(n) >= SHORTEST_NAME), key=lambda n: (-len(n), n))
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, long)) or '(?!)'})(?![^\W_])")


def folded(text: str) -> tuple[str, list[int]]:
    """The text without case, accents, invisible marks, kinds of blanks and quotes; and where each sign stood."""
    made, places = "", list[int]()
    for at, written in enumerate(text):
        for sign in normalize("NFKD", normalize("NFKD", written).casefold()):
            kind = category(sign)
            sign = " " if sign.isspace() else "-" if kind == "Pd" else "'" if kind in ("Pi", "Pf", "Lm", "Sk") else sign
            if kind not in ("Mn", "Cf") and not (sign == " " and made.endswith(" ")):
                made += sign
                places.append(at)
    return made, [*places, len(text)]


def unnamed(text: str, names: re.Pattern[str]) -> str:
    """The text with the names taken out, however they are written."""
    plain, places = folded(text)
    for found in reversed(list(names.finditer(plain))):
        end = max(places[found.end()], places[found.end() - 1] + 1)
        text = f"{text[: places[found.start()]]}[a rater]{text[end:]}"
    return text
