"""The kinds of table that a chapter may read, and who reads each."""

from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from ..errors import BadOption
from ..judgments import (
    Judgments,
    as_judgments,
    as_pairs,
    as_spans,
    as_steps,
    read_judgments,
    read_pairs,
    read_spans,
    read_steps,
)

READERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "judgments": (read_judgments, as_judgments),
    "attempts": (read_judgments, as_judgments),
    "pairs": (read_pairs, as_pairs),
    "spans": (read_spans, as_spans),
    "steps": (read_steps, as_steps),
}
"""By the input that a notebook's metadata names: what reads a file, and what reads a frame."""
UNSAID = {"duplicates": "error", "missing": ("",)}


def read_table(kind: str, data: Any, options: Mapping[str, Any], of_file: Mapping[str, Any]) -> tuple[Any, Judgments]:
    """Read the table of a chapter, and give the judgments in it beside it.

    Parameters
    ----------
    kind : str
        Of `READERS`.
    data : str, Path or frame
    options, of_file : mapping
        As `read_judgments` takes them; ``of_file`` is for files only.

    Raises
    ------
    BadOption
        If an option is given that this kind of table does not have, such as a scale of pairs.
    """
    from_file = isinstance(data, str | Path)
    reader = READERS[kind][0 if from_file else 1]
    takes = signature(reader).parameters
    for name, value in options.items():
        if name not in takes and value not in (None, UNSAID.get(name)):
            raise BadOption(f"{name} is {value!r}, and a report on {kind} has no {name}; leave it out", option=name)
    asked = {**options, **(of_file if from_file else {})}
    table = reader(data, **{name: value for name, value in asked.items() if name in takes})
    return table, getattr(table, "judgments", table)
