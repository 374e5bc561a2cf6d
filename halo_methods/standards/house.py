"""A house's own thresholds and standards, from ``halo.toml``."""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import Field

from ..documents import Model, Text, check, nearest, read
from ..errors import HaloError, InvalidData, NotEstimable
from .model import Measured, Number
from .register import Register, load

CONFIG = "HALO_CONFIG"
MOST_BYTES = 100_000


class Standards(Model):
    """``[standards]``: the house's own."""

    folder: Text | None = None


class Privacy(Model):
    """``[privacy]``: who may be told of how few people."""

    threshold: int = Field(default=5, ge=2)
    key: Text | None = None


class HouseFile(Model):
    """What ``halo.toml`` may say."""

    thresholds: dict[str, Number] = Field(default_factory=dict)
    standards: Standards = Standards()
    privacy: Privacy = Privacy()


@dataclass(frozen=True)
class House:
    """What a house sets for itself.

    Attributes
    ----------
    source : Path or None
        The ``halo.toml`` that applies; None without one.
    thresholds : dict of str to float
        Standard -> the house's threshold.
    folder : Path or None
        Where its own standards are.
    privacy_threshold : int
        The smallest group of people shown to anyone but operations.
    key_path : Path or None
        The key of its pseudonyms.
    """

    source: Path | None = None
    thresholds: Mapping[str, Number] = field(default_factory=dict)
    folder: Path | None = None
    privacy_threshold: int = 5
    key_path: Path | None = None

    def register(self) -> Register:
        """The handbook's standards and the house's own."""
        return load(None, (self.folder,) if self.folder else ())

    def key(self) -> bytes | None:
        """The key of its pseudonyms, None where it has none.

        Raises
        ------
        HaloError
            When the file can't be read, others can read or change it, or it has fewer than 16 bytes.
        """
        if self.key_path is None:
            return None
        key = read_trusted(self.key_path, secret=True).strip()
        if len(key) < 16:
            raise HaloError(f"the pseudonym key {self.key_path.name} has {len(key)} bytes; it needs at least 16")
        return key


def distrust(status: os.stat_result, user: int, *, secret: bool = False) -> str:
    """Why a file or folder is not trusted; empty when it is.

    It is trusted when its owner is the user or root, and nobody else may change it. In a folder where
    everyone may only change what is their own, as the system's temporary folder, the file's owner counts.

    Parameters
    ----------
    status : os.stat_result
        Of the file or folder.
    user : int
        Whom the process works for.
    secret : bool
        Whether others may not read it either.

    Examples
    --------
    >>> here = os.stat_result((0o100644, 0, 0, 1, 1000, 1000, 0, 0, 0, 0))
    >>> distrust(here, 1000), distrust(here, 1001), distrust(here, 1000, secret=True)
    ('', 'another user owns it', 'others can read it')
    """
    own_only = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_uid not in (user, 0):
        return "another user owns it"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not own_only:
        return "others can change it"
    return "others can read it" if secret and status.st_mode & stat.S_IROTH else ""


def read_trusted(path: Path, *, secret: bool = False) -> bytes:
    """The content of a file that decides what others may see.

    Raises
    ------
    HaloError
        When it can't be read, is too large, or it or its folder is not trusted; see `distrust`.
    """
    try:
        with path.open("rb") as file:
            checked = {path.parent: path.parent.stat(), path: os.fstat(file.fileno())}
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise HaloError(f"{path.name} can't be read: {problem.strerror}") from problem
    for place, status in checked.items() if hasattr(os, "getuid") else ():
        if why := distrust(status, os.getuid(), secret=secret and place == path):
            fix = f"make it your own (chown, chmod {'600' if secret else 'go-w'})"
            fix += "" if secret else f", or name a file of your own in {CONFIG}"
            raise HaloError(f"{path} is not trusted, because of {place}: {why}; {fix}")
    if len(content) > MOST_BYTES:
        raise HaloError(f"{path.name} has more than {MOST_BYTES:,} bytes; a house's settings need a page")
    return content


def find() -> Path | None:
    """The ``halo.toml`` that applies: named by ``HALO_CONFIG``, or in this folder or above it.

    The search ends at the root of a repository, or at the home folder.
    """
    if os.environ.get(CONFIG):
        return Path(os.environ[CONFIG])
    home = Path(os.path.expanduser("~")).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if os.path.isfile(folder / "halo.toml"):
            return folder / "halo.toml"
        if folder == home or os.path.exists(folder / ".git"):
            break
    return None


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
        If the file can't be read or is not trusted.
    InvalidData
        With every name or value in it that is not allowed.

    Examples
    --------
    >>> house(Path("no-such-file.toml"))
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: no-such-file.toml can't be read: No such file or directory
    """
    path = path or find()
    return House() if path is None else _house(path, read_trusted(path))


@cache
def _house(path: Path, content: bytes) -> House:
    try:
        document = read(tomllib.loads(content.decode("utf-8")), name=path.name)
    except (ValueError, RecursionError) as problem:
        raise HaloError(f"{path.name} can't be read: {str(problem)[:200]}") from problem
    file, faults = check(HouseFile, document)
    if file is None:
        raise InvalidData(faults)
    folder, key = (path.parent / name if name else None for name in (file.standards.folder, file.privacy.key))
    made = House(path, file.thresholds, folder, file.privacy.threshold, key)
    register = made.register()
    for name in made.thresholds:
        if name not in register:
            fix = f"Did you mean {nearest(name, register)}?"
            faults.append(document.fault(("thresholds", name), "unknown", "is no standard", fix))
        elif not isinstance(register[name].evidence, Measured):
            what = f"is {register[name].evidence.kind}, not measured"
            faults.append(document.fault(("thresholds", name), "kind", what, "Take the line out."))
    if faults:
        raise InvalidData(faults)
    return made


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
