"""Audiences hold: no report shows partners or the public a person, or a figure about a small group of people."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from halo_methods import reports
from halo_methods.reports import places, showing
from halo_methods.reports.audience import of_enough_people

CHAPTERS = reports.names()
SIZES = {"Xanadu": 1, "Brobdingnag": 2, "Lilliput": 7, "Narnia": 8}
SMALL = ("Xanadu", "Brobdingnag")
SURNAMES = ["Quist", "Frump", "Zyxw", "Plugh", "Grobnik", "Vorpal", "Snark", "Bandersnatch", "Mimsy"]
LOCALES = {"Xanadu": "mn-MN", "Brobdingnag": "is-IS", "Lilliput": "el-GR", "Narnia": "fi-FI"}
GROUPS = ["vendor", "queue", "slice", "lot", "clause"]


def crafted():
    """People in groups of 1, 2, 7 and 8 by every column that reports group by, with gold, dates, times and audits."""
    rng = np.random.default_rng(5)
    rows, number = [], 0
    for group, size in SIZES.items():
        for k in range(size):
            name = f"{SURNAMES[number % len(SURNAMES)]}{number}"
            number += 1
            for i in [*range(20), *(1000 * number + d for d in range(20))]:
                right = rng.random() < (0.3 if group in SMALL else 0.85)
                gold = "yes" if i % 2 else "no"
                label = gold if right else ("no" if gold == "yes" else "yes")
                day = pd.Timestamp("2026-03-02T09:00:00Z") + pd.Timedelta(days=(i + k) % 20, minutes=i)
                rows.append((f"item{i}", name, label, gold, day.isoformat(), 20 + (i * 7 + k) % 40, "label",
                             f"as {name} says", LOCALES[group], *[f"{group}{c}" for c in GROUPS]))  # fmt: skip
    made = [r for r in rows if r[1] == rows[0][1]]
    for n, auditor in enumerate(["Auditor Jubjub", "Auditor Tumtum"]):
        rows += [
            (*r[:1], auditor, r[3], r[3], r[4], 30, "audit", f"ask {r[1]} about it", *r[8:]) for r in made[6 * n :]
        ]
    columns = ["item_id", "rater_id", "label", "gold", "rated_at", "seconds", "stage", "comment", "locale", *GROUPS]
    return pd.DataFrame(rows, columns=columns)


def drifting():
    """Ninety days of ten people, two of them of a small locale."""
    table = pd.read_csv(reports.sample("drift")).drop(columns="slice")
    people = sorted(table["rater_id"].unique())
    locale = {r: LOCALES["Brobdingnag" if n < 2 else "Narnia"] for n, r in enumerate(people)}
    names = {r: f"{SURNAMES[n % len(SURNAMES)]}{n}" for n, r in enumerate(people)}
    return table.assign(locale=table["rater_id"].map(locale), rater_id=table["rater_id"].map(names))


def in_this_process(name, file, audience):
    """What a chapter's cells display, without a kernel and without the words between them."""
    shown, names = [], {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(showing, "publish", lambda data, _=None: shown.append(json.dumps(data, ensure_ascii=False)))
        for cell in json.loads(places.find(name).read_text("utf-8"))["cells"]:
            tags = cell["metadata"].get("tags", [])
            if cell["cell_type"] == "code" and "handbook" not in tags:
                exec(compile("".join(cell["source"]), name, "exec"), names)
                if "parameters" in tags:
                    names |= {"data": str(file), "audience": audience}
    return {"shown": "\n".join([*shown, str(names["report"])])}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What each report says to an audience, made once; to a partner, its three files."""
    folder, made = tmp_path_factory.mktemp("audiences"), {}

    def run(name, audience):
        if (name, audience) not in made:
            table, out = drifting().assign(stage="label") if name == "drift" else crafted(), folder / name
            file = folder / "crafted.csv"
            (table if name == "audit" else table[table["stage"] == "label"]).to_csv(file, index=False)
            if audience == "partner":
                reports.run(name, file, out, audience=audience)
                made[name, audience] = {k: (out / f"{name}.{k}").read_text("utf-8") for k in ("html", "json", "ipynb")}
            else:
                made[name, audience] = in_this_process(name, file, audience)
        return made[name, audience]

    return run


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("audience", ["partner", "public"])
def test_no_person_and_no_small_group_appears(name, audience, written):
    for kind, text in written(name, audience).items():
        told = re.sub(r'data:image/png;base64,[^"]*|"image/png": "[^"]*"', "", text)
        for surname in [*SURNAMES, "Jubjub", "Tumtum"]:
            assert surname not in told, (kind, surname)
        assert not re.search(r"\bR-[0-9a-f]{6}", told), kind
        for group in [*SMALL, *(LOCALES[g] for g in SMALL)]:
            at = told.find(group)
            assert at < 0, (kind, told[max(0, at - 300) : at + 100])


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_small_group_cannot_be_had_by_subtraction(name, written):
    """Three people are in small groups: all rows of the others together with a total would give them away."""
    for table in re.findall(r"<table.*?</table>", written(name, "partner")["html"], flags=re.DOTALL):
        if ">week<" not in table:
            rows = {g for g in SIZES if g in table or f">{LOCALES[g]}<" in table}
            assert not {"Lilliput", "Narnia"} <= rows, table


@pytest.mark.parametrize("name", CHAPTERS)
def test_operations_see_pseudonyms_and_no_names(name, written):
    for kind, text in written(name, "operations").items():
        told = re.sub(r'data:image/png;base64,[^"]*|"image/png": "[^"]*"', "", text)
        for surname in [*SURNAMES, "Jubjub", "Tumtum"]:
            assert surname not in told, (kind, surname)


def test_the_crafted_file_makes_reports_speak_of_groups(written):
    said = {name: written(name, "operations")["shown"] for name in CHAPTERS}
    speak = {name for name, page in said.items() if any(group in page or LOCALES[group] in page for group in SMALL)}
    assert {"agreement", "audit", "calibration", "drift", "workforce"} <= speak


@pytest.mark.parametrize("audience", ["partner", "public"])
def test_data_of_few_people_show_no_figure(audience, capsys):
    from halo_methods.audit import proportion

    rows = [(f"i{i}", f"r{r}", "ab"[(i + r) % 2]) for i in range(6) for r in range(3)]
    report = reports.start("tiny", data=pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), audience=audience)
    with report.section("S", gates=["CAL-004"]) as show:
        show(pd.DataFrame({"share": [0.4321]}))
        show("0.4321 of them")
        show.gate("CAL-004", proportion(90, 100))
    said = capsys.readouterr().out
    assert "0.4321" not in said
    assert "0.9" not in said
    assert "Withheld" in said


def test_rows_and_figures_about_few_people_are_held_back():
    from halo_methods.results import Estimate

    few = Estimate(value=0.5, low=0.4, high=0.6, n_items=10, n_raters=2, n_judgments=20, method="share", over="items")
    many = Estimate(value=0.5, low=0.4, high=0.6, n_items=10, n_raters=9, n_judgments=90, method="share", over="items")
    assert of_enough_people(few, 5)[0] is None
    assert of_enough_people(many, 5) == (many, "")
    assert list(of_enough_people({"few": few, "many": many}, 5)[0]) == ["many"]
    assert of_enough_people(pd.DataFrame({"e": [few, many]}), 5)[0]["e"].tolist() == ["withheld", many]
    assert of_enough_people(few, 0) == (few, "")


def checked_in_part():
    """Vendors of 8, 9 and 7 people; of the first two were checked, and answer wrongly."""
    rows = []
    for vendor, size in {"northern": 8, "southern": 9, "western": 7}.items():
        for r in range(size):
            for i in range(40):
                few = vendor == "northern"
                wrong = (i % 4 > 0) if few and r < 2 else (i + r) % 9 == 0
                gold = "xy"[i % 2]
                label = "yx"[i % 2] if wrong else gold
                known = gold if not few or r < 2 else None
                rows.append(
                    (f"i{i}", f"{vendor} {r}", label, known, vendor, vendor, f"2026-03-{2 + i % 20:02d}T09:00Z")
                )
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor", "lot", "rated_at"])


CHECKED = {
    "workforce": ["Share right on gold or audit", "Shares against the lines", "What the figures allow", "VEN-040"],
    "audit": ["Lots by the plan", "Error rate of each lot", "Error rate by vendor", "Next step of each lot"],
    "calibration": ["By group"],
}


@pytest.mark.parametrize("name", list(CHECKED))
def test_chapters_count_the_people_their_figures_rest_on(name, tmp_path):
    checked_in_part().to_csv(tmp_path / "part.csv", index=False)
    for audience in ("operations", "partner"):
        shown = in_this_process(name, tmp_path / "part.csv", audience)["shown"].splitlines()
        for caption in CHECKED[name]:
            told = [line for line in shown if caption in line]
            assert any("northern" in line for line in told) == (audience == "operations"), (caption, audience)
