"""A plan to fill in, written from the table of clauses."""

from .model import CLAUSES, block_of


def blank() -> str:
    """A plan to fill in: every clause without a value, with what it is for.

    Returns
    -------
    str
        YAML; a clause counts once a value is written before its comment.

    Examples
    --------
    >>> print(blank().splitlines()[0])
    title: # The plan's name, as people say it.
    """
    lines: list[str] = []
    above: list[str] = []
    for name, clause in CLAUSES.items():
        *path, leaf = name.split(".")
        lines += [
            f"{'  ' * depth}{part}:" for depth, part in enumerate(path) if path[: depth + 1] != above[: depth + 1]
        ]
        mark = "" if not block_of(name) else "  " if path == above else "- "
        above = path
        choices = f" One of: {', '.join(clause.choices)}." if clause.choices else ""
        lines.append(f"{'  ' * len(path)}{mark}{leaf}: # {clause.note}{choices}")
    return "\n".join(lines) + "\n"
