"""Run a chapter's notebook on somebody's data and leave a page, a notebook and numbers."""

import copy
import json
import logging
import os
import platform
import re
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..errors import HaloError
from ..results import MIME
from . import audience as audiences
from .parameters import READING, check_parameters, literal, locate, parameters_of, recorded, tags
from .places import find, sample_of

log = logging.getLogger(__name__)

LIBRARIES = ("matplotlib", "narwhals", "numpy", "pandas", "pingouin", "polars", "pyarrow", "scipy", "seaborn")
LONGEST_MESSAGE = 800


class ReportFailed(HaloError):
    """A report that could not be made; the message says which cell, and why, in one line."""


def for_audience(notebook: Any, audience: str) -> Any:
    """The notebook without outputs, without the cells that only the book shows, or that only operations sees."""
    left_out = {"handbook"} if audience == "operations" else {"handbook", "operations"}
    kept = copy.deepcopy(notebook)
    kept.cells = [c for c in kept.cells if not left_out & set(tags(c))]
    for cell in kept.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return kept


def heading_above(notebook: Any, index: int) -> str:
    """The title of the section a cell is in, else of the nearest heading above it."""
    source = notebook.cells[index].source
    titled = re.search(r"""\.section\(\s*f?(["'])(.+?)\1""", source)
    if titled:
        return titled[2]
    for cell in reversed(notebook.cells[:index]):
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            if headings:
                return headings[-1]
    return "the beginning"


def _refusals(kind: type[HaloError] = HaloError) -> set[str]:
    return {kind.__name__}.union(*(_refusals(c) for c in kind.__subclasses__()))


def _one_line(text: str) -> str:
    line = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + "…"


def why(error_name: str, error_value: str) -> str:
    """One line for an exception: what this package refuses speaks for itself."""
    if error_name in _refusals():
        return _one_line(error_value)
    lines = error_value.strip().splitlines()
    return _one_line(f"{error_name}: {lines[-1] if lines else 'no message'}")


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
    output = folder / "run.ipynb"
    for again in (True, False):
        try:
            return papermill.execute_notebook(
                copy.deepcopy(notebook),
                str(output).replace("{", "{{").replace("}", "}}"),  # papermill fills in what stands in braces
                parameters=parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                cwd=str(folder),
                execution_timeout=timeout,
                kernel_manager_class=manager_with(environment),
                shutdown_kernel="immediate",
            )
        except papermill.PapermillExecutionError as problem:
            raise ReportFailed(f"in {_place(output)}: {why(problem.ename, problem.evalue)}") from None
        except CellTimeoutError:
            raise ReportFailed(f"in {_place(output)}: still running after {timeout} s") from None
        except DeadKernelError:
            if not again:
                raise ReportFailed(f"in {_place(output)}: the kernel died, twice") from None
            log.warning("the kernel died in %s; trying once more", _place(output))
    raise AssertionError


def _read(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def _place(output: Path) -> str:
    """The last cell of a partly run notebook that was begun, in a reader's words."""
    notebook = _read(output)
    begun = [n for n, c in enumerate(notebook.cells) if c.metadata.get("papermill", {}).get("start_time")]
    cell = max(begun, default=0)
    first = next((line.strip() for line in notebook.cells[cell].source.splitlines() if line.strip()), "")
    return f'section "{heading_above(notebook, cell)}", the cell that begins `{first[:60]}`'


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


def findings(notebook: Any) -> tuple[dict[str, Any] | None, list[dict[str, Any]], list[dict[str, Any]]]:
    """Data, estimates and gates an executed notebook has shown, in order."""
    found: dict[str, list[dict[str, Any]]] = {"data": [], "estimate": [], "gate": []}
    outputs = [o.get("data", {}) for cell in notebook.cells for o in cell.get("outputs", [])]
    for shown in [copy.deepcopy(o[MIME]) for o in outputs if MIME in o]:
        inner = [*shown.pop("estimates", []), *shown.pop("gates", [])]
        for one in [*inner, shown]:
            kind = one.pop("shows")
            if kind in found:
                found[kind].append(one)
    return next(reversed(found["data"]), None), found["estimate"], found["gate"]


def versions() -> dict[str, str]:
    """Versions of this package, Python and the libraries that make numbers."""
    found = {"halo_methods": version("halo-methods"), "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


@contextmanager
def _signals_clean_up() -> Iterator[None]:
    """Within it, SIGTERM and SIGHUP end the process as an error does: what it holds is given back."""

    def leave(signum: int, frame: Any) -> None:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + signum)

    ours = threading.current_thread() is threading.main_thread()
    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    before = [n for n in numbers if ours and n is not None and signal.getsignal(n) is signal.SIG_DFL]
    for signum in before:
        signal.signal(signum, leave)
    try:
        yield
    finally:
        for signum in before:
            signal.signal(signum, signal.SIG_DFL)


@contextmanager
def _workplace(out: Path) -> Iterator[tuple[Path, Path]]:
    """A folder beside `out` for finished files and one elsewhere to run in; both go away, whatever ends the report."""
    from .kernels import private_folder

    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        _signals_clean_up(),
        tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True) as finished,
        tempfile.TemporaryDirectory(prefix="run-", dir=private_folder(os.getpid()), ignore_cleanup_errors=True) as run,
    ):
        yield Path(finished), Path(run)


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
        ``gates``, ``versions``.

    Raises
    ------
    BadOption
        For a parameter the report does not have.
    HaloError
        When there is no such report or data, or a cell fails; the message is one line
        that names the cell and says why.
    """
    from . import kernels

    notebook_path = find(name)
    kernels.warm_up()
    notebook = _read(notebook_path)
    own = {k: v for k, v in parameters_of(notebook, name).items() if k != "reading"}
    known = {"data": None, **READING, **own}
    given = {k: literal(v) for k, v in parameters.items()}
    check_parameters(given, known, name)
    audience = audiences.check(given.setdefault("audience", "partner"))
    given["data"], file = locate(data or sample_of(name))
    inside = audience == "operations"
    kept, secrets = recorded({**given, "data": file}, audience), dict[str, str]()
    for parameter, value in given.items():
        if isinstance(value, str) and os.path.isabs(value) and Path(value).is_file():
            secrets[value] = Path(value).name if inside else "a file"
            if inside and parameter != "data":
                kept[parameter] = secrets[value]
    reading = {k: given[k] for k in ("data", *READING) if k in given}
    injected = {"reading": reading, **{k: v for k, v in given.items() if k in own}}
    shown = {"reading": {k: kept[k] for k in reading}, **{k: kept[k] for k in given if k in own}}
    config = audiences.config_file()
    environment = {audiences.CONFIG: str(config.resolve())} if config else {}
    target = Path(out).expanduser().resolve()
    with _workplace(target) as (made, folder):
        try:
            executed = _execute(for_audience(notebook, audience), injected, folder, timeout, environment)
        except ReportFailed as problem:
            raise ReportFailed(f"report {name} failed {scrubbed(str(problem), secrets)}") from None
        secrets |= {str(folder): "."}
        executed = _cleaned(executed, shown, secrets, audience)
        provenance, estimates, gates = findings(executed)
        result = {
            "report": name,
            "parameters": {k: kept.get(k, default) for k, default in known.items()},
            "data": provenance,
            "estimates": estimates,
            "gates": gates,
            "versions": versions(),
        }
        _write(made, name, executed, result)
        target.mkdir(parents=True, exist_ok=True)
        for suffix in ("ipynb", "html", "json"):
            os.replace(made / f"{name}.{suffix}", target / f"{name}.{suffix}")
    return result


def _write(folder: Path, name: str, executed: Any, result: dict[str, Any]) -> None:
    import nbformat

    from .html import page

    text = json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
    nbformat.write(executed, folder / f"{name}.ipynb")
    (folder / f"{name}.html").write_text(page(executed, name, result["gates"]), encoding="utf-8")
