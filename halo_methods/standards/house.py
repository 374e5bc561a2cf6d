"""A house's own thresholds and standards, from ``halo.toml``."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import BadOption, HaloError, NotEstimable
from .model import Measured
from .register import Register, load

CONFIG = "HALO_CONFIG"
SECTIONS = {"thresholds": None, "standards": {"folder"}, "privacy": {"threshold", "key"}}


@dataclass(frozen=True)
class House:
    """What a house sets for itself.

    Attributes
    ----------
    path : Path or None
        The ``halo.toml`` read; None without one.
    thresholds : dict of str to float
        Standard -> the house's threshold.
    folder : Path or None
        Where its own standards are.
    privacy_threshold : int
        The smallest group of people shown to anyone but operations.
    key_path : Path or None
        The key of its pseudonyms.
    """

    path: Path | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    folder: Path | None = None
    privacy_threshold: int = 5
    key_path: Path | None = None

    def register(self) -> Register:
        """The handbook's standards and the house's own."""
        return load(None, (self.folder,) if self.folder else ())


def find() -> Path | None:
    """The ``halo.toml`` that applies: named by ``HALO_CONFIG``, or in this folder or one above it."""
    if os.environ.get(CONFIG):
        return Path(os.environ[CONFIG])
    here = Path.cwd()
    return next((p / "halo.toml" for p in (here, *here.parents) if (p / "halo.toml").is_file()), None)


def house(path: Path | None = None) -> House:
    """Read ``halo.toml``.

    Parameters
    ----------
    path : Path, optional
        The file; otherwise the one that applies here, and the defaults without any::

            [thresholds]
            CAL-004 = 0.9

            [standards]
            folder = "standards"

            [privacy]
            threshold = 5
            key = "pseudonyms.key"

    Raises
    ------
    HaloError
        If the file can't be read, or a name or value in it is not allowed.

    Examples
    --------
    >>> house(Path("no-such-file.toml"))
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: no-such-file.toml can't be read: No such file or directory
    """
    path = path or find()
    if path is None:
        return House()
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as problem:
        raise HaloError(f"{path.name} can't be read: {problem.strerror}") from problem
    return _read(path, stamp)


@cache
def _read(path: Path, stamp: int) -> House:
    if path.stat().st_size > 100_000:
        raise HaloError(f"{path.name} has more than 100,000 bytes; a house's settings need a page")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise HaloError(f"{path.name} can't be read: {str(problem)[:200]}") from problem
    _known(path, "section", given, SECTIONS)
    for section, names in SECTIONS.items():
        if not isinstance(given.get(section, {}), dict):
            raise BadOption(f"{section} in {path.name} is no section; write [{section}]")
        if names:
            _known(path, f"key in [{section}]", given.get(section, {}), names)
    folder = _path(path, given.get("standards", {}).get("folder"), "standards.folder")
    privacy = given.get("privacy", {})
    least = privacy.get("threshold", 5)
    if isinstance(least, bool) or not isinstance(least, int) or least < 2:
        raise BadOption(f"privacy.threshold in {path.name} is {least!r}; it must be a whole number of at least 2")
    made = House(path, given.get("thresholds", {}), folder, least, _path(path, privacy.get("key"), "privacy.key"))
    register = made.register()
    for name, value in made.thresholds.items():
        if not isinstance(register[name].evidence, Measured):
            raise BadOption(f"thresholds.{name} in {path.name}: {name} is {register[name].evidence.kind}, not measured")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e12:
            raise BadOption(f"thresholds.{name} in {path.name} is {value!r}; it must be a number")
    return made


def _known(path: Path, what: str, given: Mapping[str, Any], allowed: Any) -> None:
    for name in given:
        if name not in allowed:
            raise BadOption(f"{path.name} has an unknown {what}, {name!r}; allowed: {', '.join(sorted(allowed))}")


def _path(path: Path, given: Any, name: str) -> Path | None:
    if given is None:
        return None
    if not isinstance(given, str) or not given:
        raise BadOption(f"{name} in {path.name} is {given!r}; it must be a path, from the folder of {path.name}")
    return path.parent / given


def threshold(name: str) -> float:
    """The threshold of a measured standard, the house's own where ``halo.toml`` sets one.

    Examples
    --------
    >>> threshold("CAL-005")
    0.8
    """
    evidence = house().register()[name].evidence
    if not isinstance(evidence, Measured):
        raise NotEstimable(f"{name} is {evidence.kind}, so it has no threshold")
    return float(house().thresholds.get(name, evidence.threshold))
