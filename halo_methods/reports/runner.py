"""Run a chapter's notebook on a reader's data and leave a page, a notebook and numbers."""

import ast
import copy
import json
import logging
import math
import os
import platform
import re
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from .. import errors
from ..atomic_files import write_files
from ..errors import BadOption, HaloError
from ..results import MIME
from ..standards.register import CONFIG
from ..standards.register import find as config_file
from .places import by_rubric, find, meant, sample, sample_names, sample_of

log = logging.getLogger(__name__)

READING: dict[str, Any] = {"columns": {}, "values": {}, "scale": None, "level": None, "duplicates": "error"}
READING |= {"where": None, "missing": [""], "dates": "iso", "encoding": "utf-8", "sheet": None, "delimiter": None}
READING["audience"] = "partner"
AUDIENCES = ("rater", "operations", "partner", "public")
NAME_RATERS = ("expert", "experts", "drifted")
OPEN = ("level", "audience", "duplicates", "by")
NOT_KEPT = "given; not kept, since it names raters"
WITHHELD = "given; not kept for this audience"
LIBRARIES = ("matplotlib", "narwhals", "numpy", "pandas", "pingouin", "polars", "pyarrow", "scipy", "seaborn")
LONGEST_MESSAGE = 800


def tags(cell: Mapping[str, Any]) -> list[str]:
    """A cell's tags."""
    return list(cell["metadata"].get("tags", []))


def parameters_of(notebook: Mapping[str, Any], name: str) -> dict[str, tuple[Any, str]]:
    """The parameters of a report, read without running anything: default, and type as declared or of the default.

    Raises
    ------
    HaloError
        When the notebook has no cell tagged ``parameters``, more than one, or one that
        does more than assign literal values.
    """
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code" and "parameters" in tags(c)]
    if len(cells) != 1:
        many = "no cell" if not cells else f"{len(cells)} cells"
        raise HaloError(f"report {name} has {many} tagged 'parameters'; a report has exactly one")
    found: dict[str, tuple[Any, str]] = {}
    try:
        for statement in ast.parse("".join(cells[0]["source"])).body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign):
                raise ValueError
            names: list[Any] = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            default = ast.literal_eval(statement.value)  # type: ignore[arg-type]
            kind = ast.unparse(statement.annotation) if isinstance(statement, ast.AnnAssign) else type(default).__name__
            found |= {one.id: (default, kind) for one in names}
    except (AttributeError, SyntaxError, ValueError):
        raise HaloError(f"the parameters of report {name} must be plain assignments of literal values") from None
    return found


def recorded(given: Mapping[str, Any], audience: str) -> dict[str, Any]:
    """The parameters as a report's files keep them.

    Operations keeps all but those that name raters. Other audiences keep numbers, choices of the house
    (level, audience, duplicates) and the grouping column; a filter or a file name can name a person.

    Examples
    --------
    >>> recorded({"experts": ["anna"], "where": "rater_id <> 'anna'", "by": "locale", "drifted": []}, "operations")
    {'experts': 'given; not kept, since it names raters', 'where': 'given; not kept, since it names raters',
     'by': 'locale', 'drifted': []}
    >>> recorded({"where": "locale = 'fr-FR'", "alpha": 0.05, "expert": 7, "by": "locale"}, "partner")
    {'where': 'given; not kept for this audience', 'alpha': 0.05, 'expert': 'given; not kept, since it names raters',
     'by': 'locale'}
    """
    return {k: v if v in (None, "", [], {}) else _kept(k, v, audience) for k, v in given.items()}


def _kept(name: str, value: Any, audience: str) -> Any:
    if name in NAME_RATERS or (name in ("where", "values") and audience == "operations" and "rater_id" in str(value)):
        return NOT_KEPT
    if audience == "operations" or name in OPEN or isinstance(value, (bool, int, float)):
        return value
    return WITHHELD


def literal(value: Any) -> Any:
    """A parameter as a notebook can be given it: a pair of numbers is written ``"low..high"``."""
    if isinstance(value, tuple) and len(value) == 2 and all(type(v) in (int, float) for v in value):
        return f"{value[0]}..{value[1]}"
    try:
        return to_jsonable_python(value)
    except PydanticSerializationError:
        raise BadOption(f"a parameter is a {type(value).__name__}; use text, numbers, lists or mappings") from None


def check_number(name: str, value: Any, kind: str) -> None:
    """Refuse what is no number for a parameter of a report that is declared to be one.

    Examples
    --------
    >>> check_number("good", 0.9, "float | None"), check_number("good", None, "float | None")
    (None, None)
    >>> check_number("good", "text", "float | None")
    Traceback (most recent call last):
    halo_methods.errors.BadOption: good is 'text'; give a number such as 400 or 0.4
    """
    if kind.partition(" ")[0] not in ("int", "float") or (value is None and "None" in kind):
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadOption(f"{name} is {value!r}; give a number such as 400 or 0.4", option=name, given=value)


def locate(data: str | Path) -> tuple[str, str]:
    """What the notebook is given for `data`, and what the report calls it.

    Raises
    ------
    HaloError
        When it is neither a file nor the name of a sample.
    """
    path = Path(data).expanduser()
    if path.is_file():
        return str(path.resolve()), path.name
    if str(data) in sample_names():
        if Path(f"{data}.csv").is_file():
            raise HaloError(
                f"{data} is the name of a sample, and {data}.csv stands here; name the file with its ending"
            )
        return str(data), sample(str(data)).name
    text = f"there is no file {path.name!r} at the path given, and no sample of that name"
    raise HaloError(f"{text} (samples: {', '.join(sample_names()) or 'none'})")


def why(error_name: str, error_value: str) -> str:
    """One line for an exception: what this package refuses needs no more."""
    lines = error_value.strip().splitlines() or ["no message"]
    text = error_value if error_name in vars(errors) else f"{error_name}: {lines[-1]}"
    line = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + "…"


def scrubbed(value: Any, secrets: Mapping[str, str]) -> Any:
    """The same structure with machine paths replaced by names."""
    if isinstance(value, str):
        for path, instead in secrets.items():
            value = value.replace(path, instead)
        return value
    if isinstance(value, dict):
        for key in value:
            value[key] = scrubbed(value[key], secrets)
        return value
    return [scrubbed(v, secrets) for v in value] if isinstance(value, list) else value


def _execute(notebook: Any, parameters: dict[str, Any], folder: Path, timeout: int, environment: dict[str, str]) -> Any:
    """Run every cell; a kernel that dies is given one more chance."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from .kernels import manager_with

    for module in ("papermill", "papermill.translators", "traitlets"):
        logging.getLogger(module).setLevel(logging.CRITICAL)
    begun: list[Any] = []

    def begin(cell: Any, cell_index: int) -> None:
        begun.append(cell)

    def attempt() -> Any:
        begun[:] = notebook.cells[:1]
        return papermill.execute_notebook(
            copy.deepcopy(notebook),
            None,  # papermill would write the notebook twice for each cell
            parameters=parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=str(folder),
            execution_timeout=timeout,
            kernel_manager_class=manager_with(environment),
            shutdown_kernel="immediate",
            on_cell_start=begin,
        )

    try:
        try:
            return attempt()
        except DeadKernelError:
            log.warning("the kernel died in %s; trying once more", _place(begun))
            return attempt()
    except papermill.PapermillExecutionError as problem:
        text = f"in {_place(begun)}: {why(problem.ename, problem.evalue)}"
        if problem.ename == BadOption.__name__:
            raise BadOption(text, option=problem.evalue.split(" ")[0]) from None
        raise HaloError(text) from None
    except CellTimeoutError:
        raise HaloError(f"in {_place(begun)}: still running after {timeout} s") from None
    except DeadKernelError:
        raise HaloError(f"in {_place(begun)}: the kernel died, twice") from None


def _place(begun: list[Any]) -> str:
    """The last cell that was begun, and its section or the last heading above it."""
    source, above = begun[-1].source, "\n".join(c.source for c in begun[:-1] if c.cell_type == "markdown")
    section = re.search(r"""\.section\(\s*f?(["'])(?P<title>.+?)\1""", source)
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", above, re.MULTILINE) or ["the beginning"]
    first = source.strip().partition("\n")[0][:60]
    return f'section "{section["title"] if section else headings[-1]}", the cell that begins `{first}`'


def _cleaned(notebook: Any, kept: Mapping[str, Any], secrets: Mapping[str, str], audience: str) -> Any:
    """The executed notebook without traces of the machine and the hour; outside operations without what was printed."""
    from papermill.translators import PythonTranslator

    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for volatile in ("papermill", "execution"):
            cell.metadata.pop(volatile, None)
        if audience != "operations" and cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.output_type != "stream"]
        if "injected-parameters" in tags(cell):
            cell.source = PythonTranslator.codify(dict(kept), "Parameters of this report")
    return scrubbed(notebook, secrets)


def findings(notebook: Any) -> dict[str, list[dict[str, Any]]]:
    """What an executed notebook has shown, in order: of ``data``, ``estimate``, ``gate`` and ``error``."""
    outputs = [o.get("data", {}) for cell in notebook.cells for o in cell.get("outputs", [])]
    found: dict[str, list[dict[str, Any]]] = {
        kind: [] for kind in ("data", "estimate", "gate", "error", "estimates", "gates")
    }
    for shown in [copy.deepcopy(o[MIME]) for o in outputs if MIME in o]:
        for one in [*shown.pop("estimates", []), *shown.pop("gates", []), shown]:
            found[one.pop("shows")].append(one)
    return found


@contextmanager
def _signals_clean_up() -> Iterator[None]:
    """Within it, SIGTERM and SIGHUP end the process as an error does: what it holds is given back."""

    def leave(number: int, frame: Any) -> None:
        for handled in numbers:
            signal.signal(handled, signal.SIG_IGN)
        raise SystemExit(128 + number)

    numbers = {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
    with ExitStack() as after:
        for number in numbers if threading.current_thread() is threading.main_thread() else ():
            if signal.getsignal(number) is signal.SIG_DFL:
                after.callback(signal.signal, number, signal.signal(number, leave))
        yield


def run(
    name: str, data: str | Path | None = None, out: str | Path = ".", *, timeout: int = 600, **parameters: Any
) -> dict[str, Any]:
    """Make a report: ``NAME.html``, ``NAME.ipynb`` and ``NAME.json`` in a folder.

    The chapter's own notebook runs in a kernel of its own, without the cells that only
    the book shows. Nothing is left behind by a report that fails, and one that was
    there is replaced only when the new one is whole.

    Parameters
    ----------
    name : str
        The report, see `names`.
    data : str or Path, optional
        A file or the name of a sample; without it the report's own sample.
    out : str or Path
        Folder for the three files, created if missing.
    timeout : int
        Longest time one cell may take, in seconds.
    **parameters
        Parameters of the report. ``audience`` is ``"partner"`` unless given.

    Returns
    -------
    dict
        What ``NAME.json`` holds: ``report``, ``parameters``, ``data``, ``estimates``,
        ``gates``, ``next`` (what to do, by whom, for which standards), ``errors`` (sections that an
        error of the handbook's own stopped), ``versions``.

    Raises
    ------
    BadOption
        For a parameter the report does not have.
    HaloError
        When there is no such report or data, or a cell fails; the message is one line
        that names the cell and says why.
    """
    import nbformat

    from .front import next_steps
    from .kernels import private_folder, warm_up
    from .whole_page import page

    notebook_path = find(name)
    warm_up()
    notebook = nbformat.read(notebook_path, as_version=4)
    declared = parameters_of(notebook, name)
    own = {k: default for k, (default, _) in declared.items() if k != "reading"}
    known = {"data": None, **READING, **own}
    given = by_rubric({k: literal(v) for k, v in parameters.items()})
    for unknown in sorted(given.keys() - known.keys()):
        there = f"{meant(unknown, known)} It has: {', '.join(sorted(known))}."
        raise BadOption(f"report {name} has no parameter {unknown!r}.{there}")  # papermill would take the default
    for key in given.keys() & own.keys():
        check_number(key, given[key], declared[key][1])
    audience = given.setdefault("audience", "partner")
    BadOption.unless("audience", audience, AUDIENCES)
    if timeout < 1:
        raise BadOption(f"timeout is {timeout}; give the seconds one cell may take, 1 or more")
    own_sample = sample_of(name)
    given["data"], file = locate(data) if data else (own_sample, sample(own_sample).name)
    on_sample = not os.path.isabs(given["data"])
    inside = audience == "operations"
    paths = [v for v in given.values() if isinstance(v, str) and os.path.isabs(v) and Path(v).is_file()]
    secrets = {path: Path(path).name if inside else "a file" for path in paths}
    kept = scrubbed(recorded({**given, "data": file}, audience), secrets)
    reading = [k for k in ("data", *READING) if k in given]
    injected, shown = (
        {"reading": {k: values[k] for k in reading} | more, **{k: values[k] for k in given if k in own}}
        for values, more in ((given, {"errors": "show"}), (kept, {}))
    )
    left_out = {"handbook"} if inside else {"handbook", "operations"}
    notebook.cells = [cell for cell in notebook.cells if not left_out & set(tags(cell))]
    config = config_file()
    environment = {CONFIG: str(config.resolve())} if config else {}
    target = Path(out).expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise BadOption(f"out is {out}, which is a file; name a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(target if target.is_dir() else target.parent, os.W_OK):
        raise PermissionError(f"nothing can be written into {out}")
    place = tempfile.TemporaryDirectory(prefix="run-", dir=private_folder(os.getpid()), ignore_cleanup_errors=True)
    with _signals_clean_up(), place as folder:
        try:
            executed = _execute(notebook, injected, Path(folder), timeout, environment)
        except HaloError as problem:
            problem.args = (f"report {name} failed {scrubbed(str(problem), secrets)}",)
            raise
        executed = _cleaned(executed, shown, {**secrets, folder: "."}, audience)
        found = findings(executed)
        data_read = found["data"][-1] if found["data"] else None
        own_versions = {"halo_methods": version("halo-methods"), "python": platform.python_version()}
        result = {
            "report": name,
            "parameters": {k: kept.get(k, default) for k, default in known.items()},
            "data": data_read and {**data_read, "sample": on_sample},
            "estimates": found["estimate"],
            "gates": found["gate"],
            "next": next_steps(found["gate"]),
            "errors": found["error"],
            "versions": own_versions | {library: version(library) for library in LIBRARIES},
        }
        texts = {
            "ipynb": nbformat.writes(executed) + "\n",
            "html": page(executed, name, result),
            "json": json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False) + "\n",
        }
        write_files({target / f"{name}.{kind}": text for kind, text in texts.items()})
    for error in found["error"]:
        log.error("section %r of report %s stopped at an error of ours: %s", error["section"], name, error["error"])
    return result
