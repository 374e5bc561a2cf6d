"""Generators of the samples in ``data/samples``, each with its truth.

A module for each topic has ``SAMPLES``, by file name the function that makes the
table, and ``truth()``, what is true of it. A truth follows from the parameters of
the generator or is counted on what it drew, never estimated by `halo_methods`.
"""

from importlib import import_module
from types import ModuleType
from typing import Any

TOPICS = (
    "adjudication",
    "aggregation",
    "agreement",
    "audit",
    "calibration",
    "capstone",
    "disagreement",
    "drift",
    "llm_judge",
    "onboarding",
    "planning",
    "preference",
    "practice",
    "simulation",
    "spans",
    "trajectory",
    "workforce",
)


def generator(topic: str) -> ModuleType:
    """Return the module that makes the samples of a topic.

    >>> sorted(generator("workforce").SAMPLES)
    ['workforce', 'workforce_bidders', 'workforce_honest', 'workforce_items']
    """
    return import_module(f"{__name__}.{topic}")


def truth() -> dict[str, Any]:
    """Return what is true of every sample, by topic, as ``data/samples/truth.json`` holds it.

    >>> truth()["planning"]["components"]["item"]
    0.9
    """
    return {topic: rounded(generator(topic).truth()) for topic in TOPICS}


def rounded(value: Any) -> Any:
    """Round the numbers of a nested value to ten places, so that the last bit of a sum changes no file.

    >>> rounded({"share": [0.1 + 0.2]})
    {'share': [0.3]}
    """
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return round(value, 10) if isinstance(value, float) else value
