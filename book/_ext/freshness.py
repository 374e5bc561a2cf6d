"""Execute a chapter again when what it runs on has changed.

The execution cache compares code cells only. Here each executable chapter has a digest of everything else its outputs
depend on. That is the modules it imports and what those import, and the data files beside those modules. It is also the
samples and the tables of studies that its code names, and the lock. When the digest differs from the one of the last
complete build, the chapter's stored outputs are dropped and the page is read again.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "halo_methods"
DATA_SUFFIXES = {".yml", ".j2", ".css"}
RECORD = "freshness.json"


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(root: Path) -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    return {
        module_name(path, root): path for path in sorted((root / PACKAGE).rglob("*.py")) if "_book" not in path.parts
    }


def imported(source: str, package: str, known: Iterable[str]) -> set[str]:
    """Modules of the package that a piece of source imports, at its top or inside functions.

    `package` is the one that relative imports start from. A name that is no module stands for the whole package,
    because the package's own names load on first use.

    >>> sorted(imported("from . import results; import numpy", "m", {"m", "m.results"}))
    ['m.results']
    >>> sorted(imported("import m; from m import read", "", {"m", "m.results"}))
    ['m', 'm.results']
    """
    known = set(known)
    top = {name.split(".")[0] for name in known}
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in top:
                    found |= {alias.name} if "." in alias.name and alias.name in known else known
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            if base.split(".")[0] not in top:
                continue
            for alias in node.names:
                name = f"{base}.{alias.name}"
                if name in known:
                    found.add(name)
                elif base in top and not node.level:
                    found |= known
                else:
                    found.add(base)
    return found & known


def reached(start: Iterable[str], root: Path) -> set[str]:
    """Modules that the given ones need, themselves included."""
    paths = modules(root)

    @cache
    def needs(name: str) -> frozenset[str]:
        path = paths[name]
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        return frozenset(imported(path.read_text(encoding="utf-8"), package, paths))

    seen: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name in seen or name not in paths:
            continue
        seen.add(name)
        parents = [name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1)]
        todo += [*needs(name), *(parent for parent in parents if parent != PACKAGE)]
    return seen


def code_of(notebook: Path) -> str:
    """The code cells of a notebook in one piece, without lines that only IPython understands."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return re.sub(r"^\s*[%!].*$", "", code, flags=re.MULTILINE)


def inputs(notebook: Path, root: Path) -> list[Path]:
    """The files, other than the notebook itself, that its outputs depend on."""
    code = code_of(notebook)
    paths = modules(root)
    found = {root / PACKAGE / "__init__.py", root / "requirements.lock"}
    for name in reached(imported(code, "", paths), root):
        found.add(paths[name])
        if paths[name].name == "__init__.py" and paths[name].parent != root / PACKAGE:
            found |= {path for path in paths[name].parent.rglob("*") if path.suffix in DATA_SUFFIXES}
    reading = root / "data" / "samples" / "reading.yml"  # which may name a rubric
    lines = reading.read_text(encoding="utf-8").splitlines() if reading.is_file() else []
    named = [code, notebook.stem, *(line for line in lines if line.startswith(f"{notebook.stem}:"))]
    words = set(re.findall(r"[\w-]+", "\n".join(named)))
    for folder in ("data/samples", "data/rubrics", "benchmarks/results"):
        found |= {path for path in (root / folder).rglob("*") if path.is_file() and path.name.split(".")[0] in words}
    return sorted(path for path in found if path.is_file())


def digest(notebook: Path, root: Path) -> str:
    """One text that changes when an input of the notebook does."""
    total = hashlib.sha256()
    for path in inputs(notebook, root):
        total.update(f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def executable(env: Any) -> Iterator[tuple[str, Path]]:
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix == ".ipynb":
            yield docname, path


def forget(folder: Path, notebook: Path) -> None:
    """Drop the stored outputs of one notebook from the execution cache."""
    from jupyter_cache import get_cache

    store = get_cache(str(folder))
    for record in store.list_cache_records():
        if Path(record.uri).resolve() == notebook.resolve():
            store.remove_cache(record.pk)


def outdated(app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    folder = Path(env.mystnb_config.execution_cache_path)
    record = folder / RECORD
    before = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    root = Path(app.srcdir)
    app.halo_digests = {docname: digest(path, root) for docname, path in executable(env)}
    stale = [docname for docname, now in app.halo_digests.items() if before.get(docname) != now]
    for docname in stale:
        forget(folder, Path(env.doc2path(docname)))
    return stale


def remember(app: Any, exception: Exception | None) -> None:
    """After a complete build only: a chapter that failed stays stale."""
    if exception is None and hasattr(app, "halo_digests"):
        folder = Path(app.env.mystnb_config.execution_cache_path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RECORD).write_text(json.dumps(app.halo_digests, indent=1), encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    app.connect("env-get-outdated", outdated)
    app.connect("build-finished", remember)
    return {"version": "1", "parallel_read_safe": True}
