"""A report small enough for tests: a notebook and a sample in folders laid out as the book's."""

from pathlib import Path

import nbformat

HOSTILE = ("<script>alert(1)</script>", '<img src=x onerror="alert(2)">', "<a href='https://elsewhere.example'>x</a>")

PARAMETERS = """
reading = {}
by = None
step = "none"
"""

START = """
import os, time
import pandas as pd
from halo_methods import Estimate, HaloError, NotEstimable, reports
from halo_methods.judgments.table import rests_on

report = reports.start("tiny", **reading, by=by)
j = report.judgments
report
"""

SHARE = """
with report.section("Share of yes") as show:
    rests = rests_on(j.frame, "labels")
    share = Estimate(value=.5, low=.4, high=.6, method="share of <b>yes</b>", over="items", **rests)
    show(share, name="share_of_yes")
    show({label: share for label in j.labels})
    if step == "die" or (step == "die once" and not os.path.exists("died")):
        open("died", "w").close()
        os._exit(3)
    if step == "sleep":
        time.sleep(60)
    if step == "refuse":
        raise HaloError("two criteria\\nare one too many")
    if step == "break":
        {}["absent"]
if step == "after":
    {}["absent"]
"""

PEOPLE = """
with report.section("People") as show:
    show(f"There are {j.n_items} items; the first is {j.frame['item_id'].sort()[0]}.")
    show(j.frame.to_pandas())
    people = pd.DataFrame({"rater_id": sorted(report.raters), "accuracy": .5})
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots()
    axes.bar([report.name_of(r) for r in people["rater_id"]], people["accuracy"])
    show(people)
    show(figure)
"""

GOLD = """
with report.section("Gold") as show:
    raise NotEstimable("no item has a <i>gold</i> label")
"""

MARKUP = "## Also\n\n<script>alert(3)</script> ![x](https://elsewhere.example/x.png) [out](https://elsewhere.example)"


def write(folder: Path, *, cells: list[tuple[str, str, list[str]]] | None = None, name: str = "tiny") -> Path:
    """Lay out ``chapters/made/<name>.ipynb`` and ``samples/tiny.csv`` in a folder and return it."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for kind, source, tags in cells if cells is not None else standard_cells():
        cell = nbformat.v4.new_markdown_cell(source) if kind == "md" else nbformat.v4.new_code_cell(source.strip())
        if tags:
            cell.metadata["tags"] = tags
        notebook.cells.append(cell)
    (folder / "chapters" / "made").mkdir(parents=True, exist_ok=True)
    (folder / "samples").mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "chapters" / "made" / f"{name}.ipynb")
    (folder / "samples" / "tiny.csv").write_text(judgments(), encoding="utf-8")
    return folder


def standard_cells() -> list[tuple[str, str, list[str]]]:
    return [
        ("md", "# A tiny report", []),
        ("md", "Only the book says {std}`CAL-001`.", ["handbook"]),
        ("code", "raise RuntimeError('only the book runs this')", ["handbook"]),
        ("code", PARAMETERS, ["parameters"]),
        ("code", START, []),
        ("md", "## The share", []),
        ("code", SHARE, []),
        ("code", PEOPLE, ["operations"]),
        ("md", MARKUP, []),
        ("code", GOLD, []),
    ]


def judgments(raters: int = 3) -> str:
    rows = ["item_id,rater_id,label,comment"]
    for item in range(4):
        for rater in range(raters):
            comment = HOSTILE[(item + rater) % 3].replace('"', '""')
            rows.append(f'"<b>i{item}</b>",rater-{rater},{"yes" if (item + rater) % 2 else HOSTILE[0]},"{comment}"')
    return "\n".join(rows) + "\n"
