"""Lines of code by topic, without docstrings, comments and blank lines, beside the sizes the design asks for.

python tools/size.py            prints the table; `make size`
"""

import ast
import io
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "halo_methods"
HOUSE = {"stats", "judgments", "standards", "reports", "plots", "cli", "locales"}
MOST = {"code": 600, "files": 5, "functions": 8, "classes": 3, "whole": 15_000}


def code_lines(source: str) -> int:
    """Count the lines that hold code: no docstring, no comment alone, no blank line."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            docstrings |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    quiet = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in quiet:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def public_names(folder_or_file: Path) -> tuple[int, int]:
    """Count the public functions and classes that a topic exports."""
    init = folder_or_file / "__init__.py" if folder_or_file.is_dir() else folder_or_file
    tree = ast.parse(init.read_text(encoding="utf-8"))
    exported: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            exported = [ast.literal_eval(e) for e in getattr(node.value, "elts", [])]
    classes = sum(name[:1].isupper() and not name.isupper() for name in exported)
    return len(exported) - classes, classes


def sizes() -> list[dict[str, int | str]]:
    """One row per room of the package, methods first, then the house, then the whole."""
    rows: list[dict[str, int | str]] = []
    loose = {"topic": "(single files)", "code": 0, "files": 0, "functions": 0, "classes": 0}
    for place in sorted(PACKAGE.iterdir()):
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        if (place.name.startswith("_") and place.is_dir()) or not files or files[0].suffix != ".py":
            continue
        code = sum(code_lines(f.read_text(encoding="utf-8")) for f in files)
        if place.is_file() and place.stem in ("__init__", "results", "errors", "documents"):
            loose["code"] += code  # type: ignore[operator]
            loose["files"] += 1  # type: ignore[operator]
            continue
        functions, classes = public_names(place)
        rows.append(
            {"topic": place.stem, "code": code, "files": len(files), "functions": functions, "classes": classes}
        )
    rows.sort(key=lambda row: (row["topic"] in HOUSE, row["topic"]))
    rows.append(loose)
    whole = {key: sum(int(row[key]) for row in rows) for key in ("code", "files", "functions", "classes")}
    return [*rows, {"topic": "whole", **whole}]


def main() -> None:
    print(f"{'topic':16}{'code':>7}{'files':>7}{'functions':>11}{'classes':>9}")
    print(f"{'design: a topic':16}{MOST['code']:>7}{MOST['files']:>7}{MOST['functions']:>11}{MOST['classes']:>9}")
    for row in sizes():
        over = "  over" if row["topic"] not in HOUSE | {"whole"} and int(row["code"]) > MOST["code"] else ""
        print(f"{row['topic']:16}{row['code']:>7}{row['files']:>7}{row['functions']:>11}{row['classes']:>9}{over}")
    print(f"{'design: whole':16}{MOST['whole']:>7}")


if __name__ == "__main__":
    main()
