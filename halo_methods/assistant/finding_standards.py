"""Standards by a question in plain words: how rare the words are that a standard shares with it, titles first."""

import math
import re
from collections import Counter
from functools import cache

from ..standards import Register, Standard, house

LONGEST_QUESTION = 2_000
_NAMED = re.compile(r"\b([A-Z]{3})[- ]?(\d{1,3})\b")
WEIGHTS = {"title": 3.0, "do": 3.0, "statement": 2.0, "why": 1.0, "how": 1.0, "topic": 2.0}
ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ers", "er", "ed", "es", "ly", "s", "e", "y")
COMMON = re.compile(
    "an?|and|any|are|as|at|be|before|by|can|did|do|does|for|from|go|goes|ha[ds]|have|how|if?|in|into|is|its?|long|many|may|"
    "more|most|much|must|need|not|of|on|once|one|or|our|should|so|than|that|the|their|them|then|there|they|this|to|too|up|"
    "us|was|we|what|when|where|which|whom?|whose|why|will|with|your?"
)


def stems(text: str) -> list[str]:
    """The words of a text that tell something, without their endings.

    Examples
    --------
    >>> stems("How many raters does a calibration need?")
    ['rat', 'calibr']
    """
    words = (word for word in re.findall(r"[a-z0-9]+", text[:LONGEST_QUESTION].lower()) if not COMMON.fullmatch(word))
    cuts = ((word, next((e for e in ENDINGS if word.endswith(e) and len(word) - len(e) > 2), "")) for word in words)
    return [word.removesuffix(ending) for word, ending in cuts]


@cache
def _weights(texts: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, dict[str, float]]:
    """Standard -> stem -> its weight there."""
    held: dict[str, dict[str, float]] = {name: {} for name, _ in texts}
    for name, parts in texts:
        for part, weight in zip(parts, WEIGHTS.values(), strict=True):
            held[name] |= {stem: held[name].get(stem, 0) + weight for stem in set(stems(part))}
    return held


def find_standards(question: str, *, most: int = 5, register: Register | None = None) -> list[Standard]:
    """Find the standards that answer a question.

    A standard scores for each word that it shares with the question: more where few standards have the word, and where
    it stands in the title. An identifier in the question comes first. It is a search for words, not for meaning.

    Parameters
    ----------
    question : str
        In plain words; what is longer than 2,000 signs is cut.
    most : int
        How many to return at most.
    register : Register, optional
        The house's unless given.

    Returns
    -------
    list of Standard
        The best first; empty where no standard shares a word with it.

    Examples
    --------
    >>> [s.id for s in find_standards("May auditors see the label before they label?", most=1)]
    ['QUA-003']
    """
    register = house().register() if register is None else register
    current = [s for s in register.values() if not s.retired]
    texts = tuple((s.id, tuple(str(getattr(s, part)).replace("_", " ") for part in WEIGHTS)) for s in current)
    weights = _weights(texts)
    spread = Counter(stem for held in weights.values() for stem in held)
    typed = _NAMED.findall(question[:LONGEST_QUESTION].upper())
    named = {f"{family}-{int(number):03d}" for family, number in typed}
    asked = set(stems(question))

    def score(s: Standard) -> float:
        held = weights[s.id]
        rare = (math.log(1 + len(weights) / spread[stem]) * held[stem] / (held[stem] + 2) for stem in asked & set(held))
        return sum(rare) + 1000 * (s.id in named)

    ranked = sorted(((score(s), s) for s in current), key=lambda pair: (-pair[0], pair[1].id))
    return [s for points, s in ranked if points > 0][:most]
