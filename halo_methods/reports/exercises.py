"""Exercises: a notebook with tasks, their solutions, the mistakes that people make, and a hint for each.

The author writes one notebook per exercise, `data/exercises/NAME.ipynb`. Three kinds of code cells make it:

- without a tag: what the learner gets as it is;
- tagged ``solution``: the last name that it assigns is the task, and its value the answer;
- tagged ``mistake``, after its solution: another value for the same task.

The text with which a solution or a mistake begins is its hint. What the learner gets is made from this, and nothing of
it is kept: solutions and mistakes are left out, and each task ends with a check. A check runs the author's notebook on
the same data, so that a learner's file holds no answer.
"""

import ast
import io
import math
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import BadOption, HaloError
from ..results import Estimate
from .places import exercise_file

DECIMALS = 3
NO_MISTAKE_WE_KNOW = "Not yet, and it is no mistake that we know. Here is where to look: "


@dataclass(frozen=True)
class Task:
    """One task of an exercise: the right value, the hint where to look, and a hint for each mistake."""

    right: Any
    hint: str
    solution: str
    mistakes: tuple[tuple[Any, str], ...]


@dataclass(frozen=True)
class Checked:
    """What a check says of an answer.

    >>> Checked(True, "Right.")
    Right.
    """

    right: bool
    text: str

    def __repr__(self) -> str:
        return self.text


def check(exercise: str, **answer: Any) -> Checked:
    """Compare one answer with the solution of its task: right, or a hint about the likely mistake.

    Numbers are right to three decimals, counts exactly; lists in any order.

    Raises
    ------
    BadOption
        When the exercise has no such task, or several are asked about at once.

    Examples
    --------
    >>> check("certification", items=112)
    Not yet. This is the number for both attempts together. The question is about one.
    >>> check("certification", items=...)
    No answer yet: put one in place of the three dots.
    """
    known = tasks(exercise)
    if len(answer) != 1 or (name := next(iter(answer))) not in known:
        raise BadOption(f"exercise {exercise} has the tasks {', '.join(known)}; check one of them at a time")
    given, task = _plain(answer[name]), known[name]
    wanted = _plain(task.right)
    if given is None or given is ...:
        return Checked(False, "No answer yet: put one in place of the three dots.")
    if _same(given, wanted):
        return Checked(True, "Right.")
    hints = (hint for value, hint in task.mistakes if _same(given, _plain(value)))
    if hint := next(hints, _slip(given, wanted)):
        return Checked(False, f"Not yet. {hint}")
    return Checked(False, NO_MISTAKE_WE_KNOW + task.hint)


def _plain(value: Any) -> Any:
    """A value as it is compared: an estimate by its value, a text without case, several in order."""
    value = value.value if isinstance(value, Estimate) else value
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, str):
        return " ".join(value.casefold().replace("_", " ").split())
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return sorted(map(str, map(_plain, value)))
    return value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(given: Any, wanted: Any) -> bool:
    if _number(given) and isinstance(wanted, float):
        return math.isclose(given, wanted, rel_tol=0, abs_tol=0.51 * 10**-DECIMALS)
    return bool(given == wanted)


def _slip(given: Any, wanted: Any) -> str:
    """A slip that may happen in each task."""
    if _number(wanted) and not _number(given):
        return f"A number is asked for, and this is a {type(given).__name__}."
    if isinstance(wanted, str | list) and type(given) is not type(wanted):
        return f"A {'text' if isinstance(wanted, str) else 'list'} is asked for, and this is a {type(given).__name__}."
    if isinstance(wanted, float) and _same(given / 100, wanted):
        return "This is in percent. Give the share, between 0 and 1."
    if isinstance(wanted, float) and given in (round(wanted, 1), round(wanted, 2)):
        return f"This is rounded. Give the estimate itself, or {DECIMALS} decimals."
    return ""


@cache
def tasks(exercise: str) -> dict[str, Task]:
    """The tasks of an exercise by name, worked out by running the author's notebook.

    Raises
    ------
    HaloError
        When no exercise has that name, or a mistake of it is the solution of its task.
    """
    space: dict[str, Any] = {}
    found: dict[str, Task] = {}
    for cell in _cells(exercise):
        kind = _kind(cell)
        own = dict(space) if kind == "mistake" else space
        if cell["cell_type"] == "code":
            with redirect_stdout(io.StringIO()):
                exec(compile(cell["source"], f"{exercise}.ipynb", "exec"), own)
        if not kind:
            continue
        name, hint, code = _parts(cell["source"])
        if kind == "solution":
            found[name] = Task(own[name], hint, code, ())
            continue
        task = found[name]
        if any(_same(_plain(own[name]), _plain(value)) for value in (task.right, *(v for v, _ in task.mistakes))):
            raise HaloError(
                f"exercise {exercise}: the mistake {own[name]!r} of {name} is its solution, or listed twice"
            )
        found[name] = Task(task.right, task.hint, task.solution, (*task.mistakes, (own[name], hint)))
    return found


def handout(exercise: str) -> str:
    """The notebook that a learner gets: no solution, no mistake, no answer; each task ends with its check.

    Examples
    --------
    >>> "exam_plan" in handout("certification"), "items = ...  # your turn" in handout("certification")
    (False, True)
    """
    import nbformat

    cells = [nbformat.v4.new_code_cell("from halo_methods.reports.exercises import check")]
    for cell in _cells(exercise):
        kind = _kind(cell)
        if cell["cell_type"] == "markdown":
            cells.append(nbformat.v4.new_markdown_cell(cell["source"]))
        elif not kind:
            cells.append(nbformat.v4.new_code_cell(cell["source"]))
        elif kind == "solution":
            name = _parts(cell["source"])[0]
            cells.append(nbformat.v4.new_code_cell(f"{name} = ...  # your turn"))
            cells.append(nbformat.v4.new_code_cell(f'check("{exercise}", {name}={name})'))
    cells.insert(0, cells.pop(1))  # the title comes first
    for number, cell in enumerate(cells):
        cell["id"] = f"{exercise}-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), indent=1) + "\n"


def _cells(exercise: str) -> list[Any]:
    import nbformat

    return list(nbformat.reads(Path(exercise_file(exercise)).read_text(encoding="utf-8"), as_version=4).cells)


def _kind(cell: Mapping[str, Any]) -> str:
    """Whether a cell is a solution or a mistake; empty for any other."""
    return next((tag for tag in cell["metadata"].get("tags", []) if tag in ("solution", "mistake")), "")


def _parts(source: str) -> tuple[str, str, str]:
    """The task, the hint and the code of a solution or mistake.

    >>> _parts('\"\"\"Count again.\"\"\"\\nx = 1\\nitems = x')
    ('items', 'Count again.', 'x = 1\\nitems = x')
    """
    tree = ast.parse(source)
    assigned = [line.targets[0] for line in tree.body if isinstance(line, ast.Assign)]
    code = "\n".join(source.splitlines()[tree.body[1].lineno - 1 :])
    return ast.unparse(assigned[-1]), ast.get_docstring(tree) or "", code
