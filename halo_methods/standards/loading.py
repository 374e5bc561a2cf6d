"""Reading YAML that somebody else wrote: bounded in size, depth and time, and plain about what is wrong."""

import math
from collections.abc import Hashable
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ..errors import HaloError

MOST_BYTES = 400_000
DEEPEST = 40
MOST_NODES = 50_000
LONGEST_NUMBER = 40

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """PyYAML's safe loader that refuses a key used twice."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise _at("a key is a list or a mapping; keys are words", key_node.start_mark)
        if key in made:
            raise _at(f"the key {str(key)[:60]!r} stands twice", key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


def _number(loader: Any, node: yaml.ScalarNode) -> int | float:
    """A finite number. Long ones are refused unread: base 60 and hexadecimal cost more than they look."""
    if len(node.value) > LONGEST_NUMBER:
        raise _at(f"a number with more than {LONGEST_NUMBER} characters", node.start_mark)
    whole = node.tag == "tag:yaml.org,2002:int"
    made: int | float = loader.construct_yaml_int(node) if whole else loader.construct_yaml_float(node)
    if not math.isfinite(made):
        raise _at(f"{node.value} is no number", node.start_mark)
    return made


def _day(loader: Any, node: yaml.ScalarNode) -> Any:
    try:
        made = loader.construct_yaml_timestamp(node)
    except ValueError as problem:
        raise _at(f"{node.value[:40]} is no date: {problem}", node.start_mark) from None
    if isinstance(made, datetime):
        raise _at("a date with a time of day; write the date alone, as 2027-11-30", node.start_mark)
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _number)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def _at(what: str, mark: Any) -> HaloError:
    return HaloError(f"line {mark.line + 1}: {what}" if mark else what)


def read_yaml(path: str | Path) -> Any:
    """The content of one YAML file.

    Parameters
    ----------
    path : str or Path
        UTF-8, at most 400,000 bytes, 40 levels and 50,000 values, 40 characters
        a number; no anchors, no aliases, no tags, no key twice, no time of day.

    Returns
    -------
    object
        Mappings, lists, text, finite numbers, truth values, dates and None.

    Raises
    ------
    HaloError
        With the file's name, the line, and what is wrong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "plan.yml")
    ...     _ = file.write_text("question: does it help?")
    ...     read_yaml(file)
    {'question': 'does it help?'}
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise HaloError(f"{path.name} can't be read: {problem.strerror}") from problem
    try:
        return parse_yaml(content)
    except HaloError as problem:
        raise HaloError(f"{path.name}, {problem}") from None


def parse_yaml(content: bytes | str) -> Any:
    """YAML from memory, under the same bounds as `read_yaml`.

    Examples
    --------
    >>> parse_yaml("a: [1, two]")
    {'a': [1, 'two']}
    >>> parse_yaml("a: 1\\na: 2")
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: line 2: the key 'a' stands twice
    """
    if len(content) > MOST_BYTES:
        raise HaloError(f"it has more than {MOST_BYTES:,} bytes; no plan or standard needs that")
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        _check_events(text)
        return yaml.load(text, Loader=_Loader)
    except UnicodeDecodeError as problem:
        raise HaloError(f"byte {problem.start + 1} is not UTF-8; save the file as UTF-8") from None
    except yaml.MarkedYAMLError as problem:
        raise _at(f"not YAML: {problem.problem or problem.context}", problem.problem_mark) from None
    except yaml.YAMLError as problem:
        raise HaloError(f"not YAML: {' '.join(str(problem).split())[:120]}") from None
    except (ValueError, OverflowError, RecursionError, TypeError, AttributeError, IndexError, KeyError) as problem:
        raise HaloError(f"a value can't be read: {str(problem)[:120]}") from None


def _check_events(text: str) -> None:
    """Refuse what grows when it is built, before it is built."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _at("anchors (&) and aliases (*) are not used here; write the value out", event.start_mark)
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if tag := getattr(event, "tag", None):
                raise _at(f"the tag {str(tag)[:40]!r} is not used here", event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _at(f"more than {DEEPEST} levels deep", event.start_mark)
        if nodes > MOST_NODES:
            raise _at(f"more than {MOST_NODES:,} values", event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent) and event.explicit and nodes:
            raise _at("a second document; one file holds one", event.start_mark)
