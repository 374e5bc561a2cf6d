"""Every report chapter as a report: on its sample, on the required columns only, on hostile text, on real judgments."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from helpers import collected, run_cells

from halo_methods import reports
from halo_methods.judgments import read_judgments
from halo_methods.reports import places
from halo_methods.reports.supports import supported

CHAPTERS = reports.names()
JUDGING = [name for name in reports.names() if places.input_of(name) in ("judgments", "attempts")]
REQUIRED = ["item_id", "rater_id", "label"]


class Elements(HTMLParser):
    """The tags of a page and their attributes, as a browser would see them."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes


def csv(rows, folder, columns=(*REQUIRED, "gold")):
    file = folder / "made.csv"
    pd.DataFrame(rows, columns=list(columns)).to_csv(file, index=False)
    return file


def stated(out, name):
    return json.loads((out / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_runs_on_its_sample_without_the_handbooks_cells(name, tmp_path):
    made = reports.run(name, out=tmp_path, audience="operations")
    assert made["data"]["rows_used"] > 0
    assert {g["verdict"] for g in made["gates"]} <= {"met", "not_met", "undecided", "excepted"}
    page = (tmp_path / f"{name}.html").read_text("utf-8")
    assert "{std}" not in page
    assert "{cite" not in page
    assert made == stated(tmp_path, name)


@pytest.mark.parametrize("name", JUDGING)
@pytest.mark.parametrize("audience", ["operations", "partner"])
def test_runs_on_the_required_columns_only(name, audience, tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    rows = [(f"i{i}", f"r{r}", rng.choice(["a", "b"])) for i in range(20) for r in range(3)]
    file = csv(rows, tmp_path, REQUIRED)
    data, gates = collected(name, file, audience, monkeypatch)
    assert data["rows_used"] == 60
    assert name in supported(read_judgments(file)).reports or all(gate["estimate"] is None for gate in gates)
    assert all(g["reason"] for g in gates if g["estimate"] is None and g["verdict"] == "undecided")


FROM_FILES = ("adjudication", "agreement", "workforce")
"""Reports whose files are read; of the others what their cells show, since all files are made in one way."""


def shown(name, file, folder, audience, patch):
    """All that a report says of a file: in its cells, and for some in the files it leaves."""
    outputs, report = run_cells(name, file, audience, patch)
    outputs.append(report._repr_mimebundle_())
    parts = [json.dumps({k: v for k, v in o.items() if k != "image/png"}) for o in outputs]
    pages = [o["text/html"] for o in outputs if "text/html" in o]
    if name in FROM_FILES:
        reports.run(name, file, folder / "out", audience=audience)
        html, *others = [(folder / "out" / f"{name}.{kind}").read_text("utf-8") for kind in ("html", "json", "ipynb")]
        pages, parts = [*pages, html], [*parts, *others]
    return pages, parts


@pytest.mark.parametrize("name", JUDGING)
def test_no_rater_is_named_anywhere(name, tmp_path, monkeypatch):
    """For partners here; what the cells show to the public is held by test_audiences."""
    rows = [(f"i{i}", who, "ab"[(i + n) % 2], "a") for i in range(30)
            for n, who in enumerate(["Zebulon Quist", "Ottoline Frump"])]  # fmt: skip
    pages, parts = shown(name, csv(rows, tmp_path), tmp_path, "partner", monkeypatch)
    assert len(pages) > 1
    for text in [*pages, *parts]:
        assert "Quist" not in text
        assert "Frump" not in text
        assert not re.search(r"R-[0-9a-f]{6}", text)


BAD = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(2)">',
    "=1+cmd|' /C calc'!A0",
    "$x^2$ {std}`CAL-001`",
]
NO_CELL_SHOWN = ("certification", "integrity", "llm_judge", "planning")
"""Reports that show no text out of these data."""


@pytest.mark.parametrize("name", JUDGING)
def test_hostile_text_stays_text(name, tmp_path, monkeypatch):
    rows = [
        (f"{BAD[i % 4]}{i}", f"{BAD[r]}{r}", BAD[(i + (r == i // 2 % 4)) % 2], BAD[0], BAD[i % 3])
        for i in range(12)
        for r in range(4)
    ]
    file = tmp_path / "bad.csv"
    table = pd.DataFrame(rows, columns=[*REQUIRED, "gold", "slice"])
    if name == "exposure":
        table = table.assign(harm=BAD[0], rated_at="2026-03-02T09:00Z", seconds=60)
    if name == "onboarding":
        table = table.assign(section=BAD[0])
    table.to_csv(file, index=False)
    pages, _ = shown(name, file, tmp_path, "operations", monkeypatch)
    found = Elements()
    found.feed("".join(pages))
    assert "script" not in found.tags
    assert not [a for a, _ in found.attributes if a.startswith("on")]
    assert all(v.startswith(("#", "data:image/png")) for a, v in found.attributes if a in ("src", "href"))
    assert "alert(1)" in "".join(pages) or name in NO_CELL_SHOWN


NAMES = ["Zebulon Quist", "Ottoline Frump", "Zeb Amadou"]
MARKS = [(f"{BAD[i % 4]}{i}", who, *((i, i + 4 + n, BAD[0], "major") if (i + n) % 3 else [""] * 4))
         for i in range(30) for n, who in enumerate(NAMES)]  # fmt: skip
STEPS = [(f"{BAD[i % 4]}{i}", s, who, BAD[0] if s == 1 + (i + n) % 3 else "ok")
         for i in range(30) for s in (1, 2, 3) for n, who in enumerate(NAMES)]  # fmt: skip
OTHER_TABLES = {
    "spans": pd.DataFrame(MARKS, columns=["item_id", "rater_id", "start", "end", "category", "severity"]),
    "steps": pd.DataFrame(STEPS, columns=["trajectory_id", "step", "rater_id", "label"]),
}
"""Required columns only, with hostile text in every cell that may hold text."""


@pytest.mark.parametrize("name", sorted(set(CHAPTERS) - set(JUDGING)))
@pytest.mark.parametrize("audience", ["operations", "partner"])
def test_other_tables_run_on_the_required_columns_and_name_nobody(name, audience, tmp_path):
    table = OTHER_TABLES[places.input_of(name)]
    table.to_csv(tmp_path / "made.csv", index=False)
    made = reports.run(name, tmp_path / "made.csv", tmp_path / "out", audience=audience)
    assert made["data"]["rows_used"] == (len(table) if audience == "operations" else made["data"]["rows_used"])
    assert all(g["reason"] for g in made["gates"] if g["estimate"] is None and g["verdict"] == "undecided")
    page = (tmp_path / "out" / f"{name}.html").read_text("utf-8")
    found = Elements()
    found.feed(page)
    assert "script" not in found.tags
    assert not [a for a, _ in found.attributes if a.startswith("on")]
    for kind in ("html", "json", "ipynb"):
        text = (tmp_path / "out" / f"{name}.{kind}").read_text("utf-8")
        assert not re.search("Quist|Frump|Amadou", text)
        assert audience == "operations" or not re.search(r"R-[0-9a-f]{6}", text)


THIN = {
    "one rater": [(f"i{i}", "r", "x", "x") for i in range(20)],
    "one category": [(f"i{i}", f"r{r}", "x", "x") for i in range(20) for r in range(4)],
    "one judgment": [("a", "b", "x", "x")],
    "a megabyte in a cell": [("z" * 1_000_000, "b", "x", "x"), ("a", "c", "y" * 1_000_000, "x")],
    "as many labels as judgments": [(f"i{i}", f"r{i}", f"text {i}", "x") for i in range(300)],
}


def no_verdict_without_estimate(data, gates, rows):
    assert data["rows_used"] == len(rows)
    assert all(g["verdict"] != "not_met" for g in gates if g["estimate"] is None)


@pytest.mark.parametrize("name", ["agreement", "adjudication"])
def test_cells_of_a_megabyte_end_in_a_page(name, tmp_path):
    rows = THIN["a megabyte in a cell"]
    made = reports.run(name, csv(rows, tmp_path), tmp_path / "out", audience="operations")
    no_verdict_without_estimate(made["data"], made["gates"], rows)


@pytest.mark.parametrize("name", JUDGING)
@pytest.mark.parametrize("kind", THIN)
def test_thin_data_end_in_reasons(name, kind, tmp_path, monkeypatch):
    no_verdict_without_estimate(*collected(name, csv(THIN[kind], tmp_path), "operations", monkeypatch), THIN[kind])


REAL = {
    "pandalm_pairwise.csv": {"values": {"rater_type": {"llm": "model"}, "label": {"garbage": "0"}}, "scale": "0,1,2"},
    "wmt23_sxs_mqm.csv.gz": {"columns": {"pair": "locale"}, "scale": "0..25+", "level": "interval", "by": "pair"},
    "mhc_hatecheck.csv.gz": {},
    "gal_barzan.csv": {"scale": "0,1"},
    "gal_adult2.csv.gz": {"duplicates": "round"},
    "llmbar_judges.csv.gz": {"values": {"rater_type": {"llm": "model"}}, "where": "criterion = 'original'"},
}
PRINTED = {
    "pandalm_pairwise.csv": [".711", ".588", ".574", ".576", ".668", ".575"],
    "wmt23_sxs_mqm.csv.gz": [],
    "mhc_hatecheck.csv.gz": [],
    "gal_barzan.csv": [".696"],
    "gal_adult2.csv.gz": [".763"],
    "llmbar_judges.csv.gz": [],
}


@pytest.mark.parametrize("file", REAL)
def test_calibration_on_real_judgments(file, datasets, tmp_path):
    made = reports.run("calibration", datasets(file), tmp_path, audience="operations", **REAL[file])
    page = (tmp_path / "calibration.html").read_text("utf-8")
    shown = set(re.findall(r">-?(0\.\d{1,3})<", page))
    assert {float(p) for p in PRINTED[file]} <= {float(s) for s in shown}
    assert made["data"]["rows_used"] + sum(made["data"]["dropped"].values()) == made["data"]["rows_read"]
