"""Run every executable chapter in place and keep its outputs, without what changes from run to run.

make outputs
python tools/refresh_notebooks.py drift audit      only these
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).parent.parent / "book"


def refresh(path: Path) -> bool:
    """Execute one notebook; True if its file changed."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute(cwd=path.parent)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    before = path.read_text("utf-8")
    nbformat.write(notebook, path)
    return path.read_text("utf-8") != before


def main() -> int:
    wanted = sys.argv[1:]
    for path in sorted([*BOOK.glob("*.ipynb"), *BOOK.glob("chapters/*/*.ipynb")]):
        if wanted and path.stem not in wanted:
            continue
        print(f"{path.stem}: {'outputs changed' if refresh(path) else 'outputs as they were'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
