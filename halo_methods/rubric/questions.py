"""What the words of a rubric say: its language, a degree without a meaning, two questions in one."""

import re
from collections.abc import Iterable
from pathlib import Path

from ..documents import Model, Text, load


class _Language(Model):
    common: Text
    both: Text
    either: Text
    be: Text
    before: Text
    article: Text
    clause: Text


class _Wording(Model):
    degrees: Text
    empty: Text
    opposites: list[list[Text]]
    languages: dict[Text, _Language]


_WORDING = load(_Wording, Path(__file__).with_name("wording.yml"))
_NO_CONTENT = frozenset(f"{_WORDING.degrees} {_WORDING.empty}".split())
_OPPOSITES = set(map(frozenset, _WORDING.opposites))
LANGUAGES = _WORDING.languages
_WORD = r"[\w’'-]+"


def content_words(text: str) -> set[str]:
    """The words of an English text that say more than a degree.

    >>> sorted(content_words("The answer is somewhat helpful.")), content_words("a very serious error")
    (['answer', 'helpful'], set())
    """
    return set(re.findall(r"\w+", text.casefold())) - _NO_CONTENT


def frequent_words(text: str) -> dict[str, int]:
    """How many frequent words of each language a text has."""
    held = re.findall(_WORD, text.casefold())
    return {name: sum(word in language.common.split() for word in held) for name, language in LANGUAGES.items()}


def language_of(text: str) -> str:
    """The language whose frequent words a text has most of; English where there are none.

    >>> language_of("Ist die Antwort richtig?"), language_of("La respuesta, ¿es correcta?"), language_of("OK?")
    ('de', 'es', 'en')
    """
    counts = frequent_words(text)
    return max(counts, key=lambda name: counts[name])


def foreign(text: str, language: str) -> bool:
    """Whether a text is clearly in another language than the one named.

    >>> foreign("You judge in the place of the shopper.", "de"), foreign("Sie urteilen für Kunden.", "de")
    (True, False)
    """
    counts = frequent_words(text)
    return language in counts and max(counts.values()) > max(2, 2 * counts[language])


def two_questions(question: str, labels: Iterable[str] = ()) -> str:
    """The sign or word that joins two questions in one; empty where there is one question.

    Parameters
    ----------
    question : str
        Quotations and what stands in brackets are left out.
    labels : iterable of str
        Answers that the question may offer, as in "Is it right or wrong?".

    Notes
    -----
    *And* joins two questions, unless a preposition governs it ("rules on refunds and returns") or it joins two names.
    *Or* joins two only between two adjectives after *is*, and before a new clause. Either of two faults is one
    property: "contradict the card, or promise what it does not allow".

    Examples
    --------
    >>> two_questions("Is the answer accurate and polite?"), two_questions("Does it keep the rules on tax and duty?")
    ('and', '')
    """
    text = re.sub(r"“[^”]*”|„[^“]*“|«[^»]*»|\"[^\"]*\"|\([^)]*\)", "", question)
    if text.count("?") > 1:
        return "?"
    name, answers = language_of(text), {label.casefold() for label in labels}
    language = LANGUAGES[name]
    governed = re.compile(rf"\b({language.before})(\s+(({language.article})\s+)?\S+)?$", re.IGNORECASE)
    adjective = re.compile(rf"({_WORD}\s+)?{_WORD}\s*\?")
    for join in re.finditer(rf"\b({language.both}|{language.either})\b", text, re.IGNORECASE):
        before, after = text[: join.start()].rstrip(" ,")[-200:], text[join.end() :].strip()[:200]
        last, first = (re.findall(_WORD, before) or [""])[-1], (re.findall(_WORD, after) or [""])[0]
        pair = frozenset((last.casefold(), first.casefold()))
        names = last[:1].isupper() and first[:1].isupper() and name != "de"
        if names or pair in _OPPOSITES or pair <= answers or first == "not" or governed.search(before):
            continue
        if re.fullmatch(language.both, join[0], re.IGNORECASE):
            return join[0]
        if re.match(rf"({language.clause})\b", after, re.IGNORECASE):
            return join[0]
        if adjective.fullmatch(after) and re.search(rf"\b({language.be})\b", before, re.IGNORECASE):
            return join[0]
    return ""
