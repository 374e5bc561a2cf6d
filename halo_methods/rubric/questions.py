"""Whether a question asks two things: the words that join them, in English and the languages of the four markets."""

import re
from collections.abc import Iterable
from typing import NamedTuple


class _Language(NamedTuple):
    """Patterns of a language's words: frequent ones, *and*, *or*, *is*, prepositions, articles, a new clause."""

    common: str
    both: str
    either: str
    be: str
    before: str
    article: str
    clause: str


LANGUAGES = {
    "en": _Language(
        "the is are does do of this what how to in any can",
        "and|as well as",
        "or",
        "is|are|was|were|sound|sounds|seem|seems",
        "about|against|at|between|by|for|from|in|of|on|to|under|with|without",
        "the|a|an|this|that|any|each|its|their|his|her|your",
        "is|are|was|were|does|do|did|has|have|can|could|will|would|should",
    ),
    "fr": _Language(
        "le la les est une que qui dans cette pour réponse elle des ce du",
        "et|ainsi que",
        "ou",
        "est|sont|semble|semblent|était",
        "à|au|aux|avec|contre|dans|de|des|du|en|entre|par|pour|sans|sous|sur",
        "le|la|les|un|une|ce|cette|son|sa|ses|leur",
        "est-ce|est-elle|est-il|a-t-elle|peut-on",
    ),
    "de": _Language(
        "der die das ist sind eine ein den dem wie welche kann diese nicht antwort",
        "und|sowie",
        "oder",
        "ist|sind|wirkt|klingt|war",
        "am|an|auf|aus|bei|beim|durch|für|gegen|im|in|mit|nach|ohne|über|um|unter|vom|von|vor|zu|zum|zur|zwischen",
        "der|die|das|den|dem|des|ein|eine|einen|einem|einer|diese|diesen|dieser",
        "ist|sind|kann|hat|wird",
    ),
    "es": _Language(
        "el la los las es una que qué en esta respuesta para con del cómo",
        "y|e|así como",
        "o|u",
        "es|son|está|están|parece|suena",
        "a|al|con|contra|de|del|en|entre|para|por|sin|sobre",
        "el|la|los|las|un|una|este|esta|su|sus",
        "es|está|puede|tiene|hay",
    ),
    "pt": _Language(
        "a os as é uma que em esta resposta para com do da não como",
        "e|bem como",
        "ou",
        "é|são|está|estão|parece|soa",
        "a|ao|à|com|contra|da|das|de|do|dos|em|entre|na|nas|no|nos|para|pela|pelo|por|sem|sobre",
        "o|a|os|as|um|uma|este|esta|seu|sua",
        "é|está|pode|tem|há",
    ),
}
OPPOSITES = {frozenset(pair) for pair in (("true", "false"), ("right", "wrong"), ("yes", "no"), ("more", "less"))}
_WORD = r"[\w’'-]+"


def language_of(text: str) -> str:
    """The language whose frequent words a text has most of; English where there are none.

    >>> language_of("Ist die Antwort richtig?"), language_of("La respuesta, ¿es correcta?"), language_of("OK?")
    ('de', 'es', 'en')
    """
    held = re.findall(_WORD, text.casefold())
    return max(LANGUAGES, key=lambda name: sum(word in LANGUAGES[name].common.split() for word in held))


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
    *And* joins two questions, unless it stands in what a preposition governs ("rules on refunds and returns") or
    joins two names. *Or* joins two only between two adjectives after *is* and before a new clause: an item is seldom
    asked for one of two faults as for two things ("contradict the card, or promise what it does not allow").

    Examples
    --------
    >>> two_questions("Is the answer accurate and polite?"), two_questions("Does it keep the rules on tax and duty?")
    ('and', '')
    """
    text = re.sub(r"“[^”]*”|„[^“]*“|«[^»]*»|\"[^\"]*\"|\([^)]*\)", "", question)
    if len(re.findall(r"\?", text)) > 1:
        return "?"
    language = LANGUAGES[language_of(text)]
    names = {name.casefold() for name in labels}
    for join in re.finditer(rf"\b({language.both}|{language.either})\b", text, re.IGNORECASE):
        before, after = text[: join.start()].rstrip(" ,"), text[join.end() :].strip()
        last, first = (re.findall(_WORD, side) or [""] for side in (before, after))
        pair = frozenset((last[-1].casefold(), first[0].casefold()))
        named = last[-1][:1].isupper() and first[0][:1].isupper() and language is not LANGUAGES["de"]
        if named or pair in OPPOSITES or pair <= names or "not" in pair:
            continue
        if re.search(rf"\b({language.before})\s+(({language.article})\s+)?\S+$|\b({language.before})$", before, re.I):
            continue
        if re.fullmatch(language.both, join[0], re.IGNORECASE):
            return join[0]
        adjectives = re.search(rf"\b({language.be})\b", before, re.I) and re.fullmatch(
            rf"({_WORD}\s+)?{_WORD}\s*\?", after
        )
        if adjectives or re.match(rf"({language.clause})\b", after, re.IGNORECASE):
            return join[0]
    return ""
