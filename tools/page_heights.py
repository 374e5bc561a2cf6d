"""How long the chapters are: screens at 1280 by 900 and on a phone with folds closed, and minutes of reading.

    python tools/page_heights.py [_build/html]

Writes benchmarks/results/page_heights.csv, which the book shows; needs Chromium and a built site.
"""

import re
import sys
from pathlib import Path
from typing import Any

import chromium
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "benchmarks" / "results" / "page_heights.csv"
MOST = 12
ANSWER = (
    "() => { const box = document.querySelector('.answer'); return box ? box.getBoundingClientRect().bottom : null }"
)
OPEN_CODE = (
    "() => [...document.querySelectorAll('.cell .cell_input')].filter((cell) => !cell.closest('details')).length"
)


def chapters(site: Path) -> list[str]:
    """Pages of the chapters, by the names of their sources."""
    sources = sorted(p for p in (ROOT / "book" / "chapters").rglob("*") if p.suffix in (".md", ".ipynb"))
    return [p.stem for p in sources if (site / f"{p.stem}.html").exists()]


def measured(page: Any) -> dict[str, Any]:
    """Height in screens of an open page, the lower end of its answer box, and the code cells that are not folded."""
    size = page.viewport_size
    minutes = re.search(r"Reading takes (\d+) minutes", page.inner_text("main"))
    return {
        "screens": round(page.evaluate("() => document.documentElement.scrollHeight") / size["height"], 1),
        "answer": page.evaluate(ANSWER),
        "open_code": page.evaluate(OPEN_CODE),
        "minutes": int(minutes[1]) if minutes else None,
    }


def table(site: Path) -> pd.DataFrame:
    """A row a chapter."""
    rows = []
    with chromium.running() as browser:
        wide, narrow = (
            browser.new_page(viewport={"width": width, "height": height})
            for width, height in (chromium.DESKTOP, chromium.PHONE)
        )
        for name in chapters(site):
            address = (site / f"{name}.html").resolve().as_uri()
            for page in (wide, narrow):
                chromium.go(page, address)
            seen = measured(wide)
            rows.append(
                {
                    "chapter": name,
                    "screens": seen["screens"],
                    "phone_screens": measured(narrow)["screens"],
                    "minutes": seen["minutes"],
                }
            )
    return pd.DataFrame(rows).astype({"minutes": "Int64"})


if __name__ == "__main__":
    found = table(Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html"))
    TABLE.write_text("# python tools/page_heights.py _build/html\n" + found.to_csv(index=False), encoding="utf-8")
    print(found.to_string())
