"""What partners and the public get: no name of any shape, no figure about few people, however they are combined."""

import json
import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from helpers import run_cells, undrawn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halo_methods import agreement, reports
from halo_methods.errors import BadOption
from halo_methods.reports import places, section
from halo_methods.reports import report as reporting
from halo_methods.reports.audience import Shown, one_person
from halo_methods.standards.register import House

CHAPTERS = list(places.needs())
NAMES = ["anna", "ann", "a", "r1", "r", "7", "77", "good", "x", "the", "north", "O'Hara", "Zoë", "r1.2"]
SIZES = {"north": 6, "south": 6, "tiny": 2}
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


def crafted(names, *, items=40, seed=5):
    """Three vendors of 6, 6 and 2 people with gold, dates, times, harms, lots, clauses and audits of everything."""
    rng, rows = np.random.default_rng(seed), []
    vendors = [v for v, n in SIZES.items() for _ in range(n)]
    for number, (name, vendor) in enumerate(zip(names, vendors, strict=False)):
        for i in range(items):
            gold = "yes" if i % 2 else "no"
            right = rng.random() < (0.2 if vendor == "tiny" else 0.85)
            label = gold if right else {"yes": "no", "no": "yes"}[gold]
            at = pd.Timestamp("2026-03-02T09:00:00Z") + pd.Timedelta(days=(i + number) % 20, minutes=i)
            rows.append((f"i{i:02d}", name, label, gold, at.isoformat(), 20 + (i * 7 + number) % 40, vendor,
                         f"L{i % 3}", f"{1 + i % 3}.{vendor}", f"as {name} said"))  # fmt: skip
    columns = ["item_id", "rater_id", "label", "gold", "rated_at", "seconds", "vendor", "lot", "clause", "comment"]
    return pd.DataFrame(rows, columns=columns)


def edition(name, file, audience, monkeypatch, **options):
    """What a chapter's cells display to an audience, without a kernel, and the bases of the figures it showed."""
    shown = []
    ledger = Shown.may_show
    groups = Shown.groups

    def may_show(self, basis):
        allowed = ledger(self, basis)
        if allowed:
            shown.append(basis)
        return allowed

    def chosen(self, bases):
        kept = groups(self, bases)
        shown.extend(bases[k] for k in kept)
        return kept

    with monkeypatch.context() as patch:
        patch.setattr(Shown, "may_show", may_show)
        patch.setattr(Shown, "groups", chosen)
        patch.setattr(section, "figure_bundle", undrawn)
        outputs, report = run_cells(name, file, audience, patch, **options)
    text = json.dumps([{k: v for k, v in o.items() if k != "image/png"} for o in outputs], ensure_ascii=False)
    return text + str(report), shown


@pytest.fixture(scope="module")
def seen(file):
    """An edition of the crafted data under the house's own rules; each is made once."""
    made = {}

    def see(name, audience, **options):
        key = name, audience, *options.items()
        if key not in made:
            with pytest.MonkeyPatch.context() as patch:
                made[key] = edition(name, file, audience, patch, **options)
        return made[key]

    return see


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("audiences") / "anna r1.csv"
    crafted(NAMES).to_csv(path, index=False)
    return path


def told(text, name):
    """Whether a name stands in a text as a word of its own; words of the handbook's own sentences do not count."""
    return re.search(rf"(?<![\w'.]){re.escape(name)}(?![\w'.])", text)


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("audience", ["partner", "public"])
def test_no_name_of_any_shape_appears(name, audience, file, seen, monkeypatch):
    """The same data with other names give the same page: nothing of the names is in it."""
    text, _ = seen(name, audience)
    other = file.with_name("other.csv")
    crafted([f"zq{n}vw" for n in range(len(NAMES))]).to_csv(other, index=False)
    again, _ = edition(name, other, audience, monkeypatch)
    assert text == again
    assert not re.search(r"zq\d+vw|R-[0-9a-f]{6}", again)
    for awkward in ("anna", "O'Hara", "Zoë", "r1.2"):
        assert not told(text, awkward), awkward


@pytest.mark.parametrize("name", CHAPTERS)
def test_operations_see_pseudonyms_and_no_names(name, tmp_path, monkeypatch):
    names = [f"zq{n}vw" for n in range(14)]
    crafted(names).to_csv(tmp_path / "o.csv", index=False)
    text, _ = edition(name, tmp_path / "o.csv", "operations", monkeypatch)
    text = re.sub(r"as zq\d+vw said", "", text)
    assert not re.search(r"zq\d+vw", text), text[max(0, text.find("zq") - 200) : text.find("zq") + 60]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_small_vendor_is_told_to_nobody_outside(name, seen):
    for audience in ("partner", "public"):
        text, _ = seen(name, audience, **({"by": "vendor"} if _groups(name) else {}))
        assert "tiny" not in text


def _groups(name):
    cells = json.loads(places.find(name).read_text("utf-8"))["cells"]
    source = next("".join(c["source"]) for c in cells if "parameters" in c["metadata"].get("tags", []))
    return re.search(r"^by = ", source, flags=re.MULTILINE)


def combined(bases, threshold):
    """Fewer people than the threshold whose judgments carry a combination of figures of one measure, or None."""
    for measure in {b.measure for b in bases}:
        figures = [b for b in bases if b.measure == measure]
        people = sorted({p for b in figures for p in b.judgments})
        if not people:
            continue
        keys = sorted({(p, k) for b in figures for p, ids in b.judgments.items() for k in _ids(ids)})
        at = {key: n for n, key in enumerate(keys)}
        matrix = np.zeros((len(figures), len(keys)))
        for row, b in zip(matrix, figures, strict=True):
            for p, ids in b.judgments.items():
                for k in _ids(ids):
                    row[at[p, k]] += 1
        patterns, part = np.unique(matrix, axis=1, return_inverse=True)
        owners = [{keys[i][0] for i in np.flatnonzero(part.ravel() == n)} for n in range(patterns.shape[1])]
        rank = np.linalg.matrix_rank(patterns)
        for few in combinations(people, min(threshold - 1, len(people))):
            others = patterns[:, [bool(o - set(few)) for o in owners]]
            if (np.linalg.matrix_rank(others) if others.size else 0) < rank:
                return measure, few
    return None


def _ids(judged):
    return ["all"] * judged if isinstance(judged, int) else judged.tolist()


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("threshold", [3, 5, 10])
def test_no_combination_of_figures_is_about_fewer_people(name, threshold, file, seen, monkeypatch):
    def house(_=None):
        return House(privacy_threshold=threshold)

    by = {"by": "vendor"} if _groups(name) else {}
    if threshold == House().privacy_threshold:
        _, shown = seen(name, "partner", **by)
    else:
        monkeypatch.setattr(reporting, "house", house)
        _, shown = edition(name, file, "partner", monkeypatch, **by)
    assert combined(shown, threshold) is None


@given(names=st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=6),
                      min_size=14, max_size=14, unique_by=str.casefold))  # fmt: skip
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ["agreement", "audit"])
def test_a_page_does_not_depend_on_what_people_are_called(name, names, tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("names")
    plain = [one_person(n) for n in names]
    if len(set(plain)) < 14 or any(n != n.strip() or "|" in n for n in names):
        return
    crafted([f"p{n:02d}" for n in range(14)], items=16).to_csv(folder / "a.csv", index=False)
    crafted(names, items=16).to_csv(folder / "b.csv", index=False)
    one, _ = edition(name, folder / "a.csv", "partner", monkeypatch)
    two, _ = edition(name, folder / "b.csv", "partner", monkeypatch)
    assert one == two


@pytest.mark.parametrize("who", ["partner", "public"])
def test_h1_an_audit_of_one_persons_labels_is_told_to_nobody(who, tmp_path, monkeypatch):
    table = crafted([f"p{n}" for n in range(14)]).assign(stage="label").drop(columns=["gold", "lot", "clause"])
    audits = table[table["rater_id"] == "p0"].assign(rater_id="auditor", stage="audit", label="yes")
    everybody = table.assign(item_id=table["item_id"] + table["rater_id"])
    audits = audits.assign(item_id=audits["item_id"] + "p0")
    pd.concat([everybody, audits]).to_csv(tmp_path / "a.csv", index=False)
    text, shown = edition("audit", tmp_path / "a.csv", who, monkeypatch)
    assert not [b for b in shown if b.measure == "right"]
    assert "17" not in NUMBER.findall(text.split("Withheld")[0])


def test_h4_a_coefficient_rests_on_those_whose_labels_could_be_paired(tmp_path, monkeypatch):
    rows = [(f"s{i}", p, "xy"[i % 2]) for i in range(30) for p in ("p0", "p1")]
    rows += [(f"{p}-{i}", f"p{p}", "x") for p in range(2, 14) for i in range(5)]
    pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]).to_csv(tmp_path / "a.csv", index=False)
    assert agreement.krippendorff_alpha(pd.read_csv(tmp_path / "a.csv", dtype=str)).n_raters == 2
    _, shown = edition("agreement", tmp_path / "a.csv", "partner", monkeypatch)
    assert not [b for b in shown if b.measure == "agreement"]


def test_m13_one_person_under_five_spellings_and_one_who_dominates(tmp_path, monkeypatch):
    spellings = ["ann", "Ann", "ANN", "a.nn", "ann_", "bo"]
    for names, sizes in ((spellings, [40] * 6), ([f"p{n}" for n in range(6)], [400, 5, 5, 5, 5, 5])):
        rows = [(f"i{i}", n, "yes", "yes") for n, size in zip(names, sizes, strict=True) for i in range(size)]
        pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]).to_csv(tmp_path / "a.csv", index=False)
        _, shown = edition("audit", tmp_path / "a.csv", "partner", monkeypatch)
        assert not [b for b in shown if b.measure == "right"]


def test_m2_m11_no_hash_no_file_name_and_no_filter_leave_operations(tmp_path):
    crafted([f"p{n}" for n in range(14)]).to_csv(tmp_path / "Anna Quist.csv", index=False)
    reports.run("audit", tmp_path / "Anna Quist.csv", tmp_path / "out", where="comment <> 'as p0 said'")
    for kind in ("html", "json", "ipynb"):
        text = (tmp_path / "out" / f"audit.{kind}").read_text("utf-8")
        assert "Quist" not in text
        assert "as p0" not in text
        assert not re.search(r"\b[0-9a-f]{64}\b", text)
        if kind != "ipynb":
            assert "can't prevent" in text or kind == "json"


@pytest.mark.parametrize("name", CHAPTERS)
def test_l2_a_team_of_three_is_told_no_figure_of_its_work(name, tmp_path, monkeypatch):
    """Neither a figure nor how many items, people or judgments are behind one that is withheld."""
    crafted(NAMES[:3]).to_csv(tmp_path / "a.csv", index=False)
    text, shown = edition(name, tmp_path / "a.csv", "partner", monkeypatch)
    assert not [b for b in shown if b and b.judgments]
    assert "listed for operations" not in text


@pytest.mark.parametrize("name", ["calibration", "workforce"])
def test_l4_a_vendor_called_like_a_rater_keeps_its_name_and_its_gate(name, tmp_path, monkeypatch):
    """A page changes with what vendors are called in their names alone."""
    pages = {}
    for vendors in (["zq00vw", "zq01vw"], ["zx00vw", "zx01vw"]):
        table = crafted([f"zq{n:02d}vw" for n in range(12)], items=8).drop(columns=["comment", "clause"])
        table["vendor"] = table["vendor"].replace(dict(zip(["north", "south"], vendors, strict=True)))
        table.to_csv(tmp_path / "a.csv", index=False)
        for who in ("operations", "partner"):
            text, _ = edition(name, tmp_path / "a.csv", who, monkeypatch, by="vendor")
            plain = re.sub(r"R-[0-9a-f]{6}|\b[0-9a-f]{64}\b", "", text)
            pages.setdefault(who, []).append(plain.replace("zx0", "zq0"))
    assert all(one == other for one, other in pages.values())
    assert "zq00vw" in pages["operations"][0]


def test_l5_an_option_that_names_raters_shows_operations_no_name(tmp_path, monkeypatch):
    crafted([f"zq{n}vw" for n in range(14)]).drop(columns="comment").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(BadOption, match="clause is 'rater_id'"):
        edition("disagreement", tmp_path / "a.csv", "operations", monkeypatch, clause="rater_id")
    for name in ("calibration", "workforce", "drift", "agreement"):
        with pytest.raises(BadOption, match="by is 'rater_id'"):
            edition(name, tmp_path / "a.csv", "operations", monkeypatch, by="rater_id")
    text, _ = edition("certification", tmp_path / "a.csv", "operations", monkeypatch, experts=["zq0v"])
    assert "no judgment is of a rater asked for; there are judgments of 14 other raters" in text
    assert not re.search(r"zq\d+v", text)


@pytest.mark.parametrize("who", ["partner", "public", "operations"])
def test_m12_a_page_for_others_says_what_two_reports_give_away(who, seen):
    text, _ = seen("gold", who)
    said = "send one grouping column for one data file" in text
    assert said == (who != "operations")


def test_m4_a_partner_report_takes_no_longer_than_that_for_operations(tmp_path, monkeypatch):
    """200 raters in 40 vendors, 26 weeks: the ledger works on counts, not on combinations."""
    import time

    rng, rows = np.random.default_rng(1), []
    for r in range(200):
        for i in rng.integers(0, 400, 52):
            rows.append((f"i{i}", f"p{r}", "yes" if rng.random() < 0.8 else "no", "yes", f"v{r % 40}"))
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    table.drop_duplicates(["item_id", "rater_id"]).to_csv(tmp_path / "a.csv", index=False)
    took = {}
    for who in ("operations", "partner"):
        began = time.perf_counter()
        run_cells("audit", tmp_path / "a.csv", who, monkeypatch)
        took[who] = time.perf_counter() - began
    assert took["partner"] < 1.5 * took["operations"]
