"""Files that are there whole or not at all."""

import os
import secrets
from collections.abc import Container, Mapping
from pathlib import Path


def write_files(contents: Mapping[str | os.PathLike[str], str | bytes], *, private: Container[str] = ()) -> list[Path]:
    """Write files beside their places first, then move them there one after the other.

    A reader never sees half a file, and a file that was there stays until the new one is whole.
    Folders are created. Text is written as UTF-8, with its line ends as they are.

    Parameters
    ----------
    contents : mapping
        Path to text or bytes.
    private : container of str
        Names of those that are for their owner alone (mode 600). For others the umask decides.

    Returns
    -------
    list of Path
        The files, in the order given.

    Raises
    ------
    OSError
        If one of them can't be written; then none is replaced.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_files({folder / "notes" / "a.txt": "one", folder / "b.bin": b"two"})[0].read_text()
    'one'
    >>> sorted(path.name for path in folder.iterdir())
    ['b.bin', 'notes']
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for target, content in ((Path(name), content) for name, content in contents.items()):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                raise IsADirectoryError(f"{target} is a folder")
            beside = target.parent / f".halo-{secrets.token_hex(8)}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            handle = os.open(beside, flags, 0o600 if target.name in private else 0o666)
            staged.append((beside, target))
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode("utf-8") if isinstance(content, str) else content)
        for beside, target in staged:
            os.replace(beside, target)
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)
    return [target for _, target in staged]
