"""The chapters on rubrics, scales and taxonomy: what they print is what the shipped rubrics and the package say."""

import re
from pathlib import Path

import pytest
import yaml
from rubric_excerpts import changed, content, found, key, markdown

import halo_methods as halo
from halo_methods.agreement import krippendorff_alpha, percent_agreement
from halo_methods.audit import proportion
from halo_methods.cli import main
from halo_methods.rubric import TARGETS, lint, read_rubric, render

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    name: (ROOT / f"book/chapters/frameworks/{name}.md").read_text("utf-8") for name in ("rubric", "scales", "taxonomy")
}
RUBRICS = {path.stem: path for path in sorted((ROOT / "data/rubrics").glob("*.yml"))}
SMALLEST = ROOT / "data/templates/smallest_rubric.yml"
PLACE = re.compile(r"\{rubric\}`([^`]+)`|\{rubric-(?:table|defect)\} (\S+)")
LINT = re.compile(r"```\{rubric-lint\} (\w+)\n(.*?)```", re.DOTALL)


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("name", PAGES)
def test_each_place_that_a_page_reads_is_there(name: str) -> None:
    places = [one or two for one, two in PLACE.findall(PAGES[name])]
    assert len(places) > 5
    for place in places:
        rubric, _, rest = place.partition(".")
        assert found(content(rubric), rest) not in (None, ""), place


@pytest.mark.parametrize(
    ("rubric", "place", "value"),
    [
        (rubric, place, value)
        for text in PAGES.values()
        for rubric, lines in LINT.findall(text)
        for place, value in yaml.safe_load(lines).items()
    ],
)
def test_a_bad_version_gets_one_finding(rubric: str, place: str, value: object) -> None:
    assert len(changed(rubric, place, value)) == 1


def test_what_the_lint_cannot_see_is_said() -> None:
    (question,) = re.findall(r"\*([^*]+)\* passes it", PAGES["rubric"])
    assert changed("search_relevance", "criteria.relevance.question", question) == []


@pytest.mark.parametrize("place", ["gone", "criteria.gone", "criteria.9", "seconds.x"])
def test_a_place_that_is_not_there_is_told(place: str) -> None:
    with pytest.raises((LookupError, ValueError, TypeError)):
        found(content("search_relevance"), place)


def test_an_entry_is_named_by_its_name_or_its_number() -> None:
    assert key([{"name": "a"}, {"name": "b"}], "b") == key([{}, {}], "1") == 1


def test_a_table_holds_no_sign_that_breaks_it() -> None:
    assert markdown(["a"], [["x | y"], ["a\nb"]]).splitlines()[2:] == [r"| x \| y |", "| a b |"]


def test_the_smallest_rubric_lints_clean_and_renders() -> None:
    assert lint(SMALLEST) == []
    rubric = read_rubric(SMALLEST)
    assert len(rubric.criteria) == 1
    assert all(render(rubric, to) for to in TARGETS)


@pytest.mark.parametrize("name", PAGES)
def test_an_excerpt_of_a_file_begins_and_ends_with_lines_that_stand_once(name: str) -> None:
    blocks = re.findall(r"\{literalinclude\} \.\./\.\./\.\./(\S+)\n(.*?)```", PAGES[name], re.DOTALL)
    assert blocks
    for path, options in blocks:
        lines = (ROOT / path).read_text("utf-8").splitlines()
        for mark in re.findall(r':(?:start-at|start-after|end-before): "?([^"\n]+)"?', options):
            assert sum(mark in line for line in lines) == 1, mark


def test_the_lint_prints_what_the_page_shows(tmp_path: Path, capsys, monkeypatch) -> None:
    clean, faulty = re.findall(r"\$ halo rubric lint search_relevance\.yml\n(.*?)```", PAGES["rubric"], re.DOTALL)
    monkeypatch.chdir(tmp_path)
    text = RUBRICS["search_relevance"].read_text("utf-8")
    defects = ", ".join(found(content("search_relevance"), "examples.S4.defects"))
    without = text.replace(f"    defects: [{defects}]\n", "")
    for shown, held in ((clean, text), (faulty, without)):
        (tmp_path / "search_relevance.yml").write_text(held, "utf-8")
        main(["rubric", "lint", "search_relevance.yml"])
        assert capsys.readouterr().out == shown


def test_the_renders_are_those_of_the_package() -> None:
    table = rows(PAGES["rubric"].split("(rubric-renders)=")[1].split("```")[0])[2:]
    rubric = read_rubric(RUBRICS["search_relevance"])
    shown = {to: ["search-relevance.fr-FR" + end for end in re.findall(r"`([^`]+)`", files)] for to, _, files in table}
    assert shown == {to: list(render(rubric, to, market="fr-FR")) for to in TARGETS}


def test_the_plan_of_the_page_is_the_rubrics() -> None:
    plan = yaml.safe_load(re.search(r"```yaml\n(decision: .*?)```", PAGES["rubric"], re.DOTALL)[1])
    told, rubric = plan["rubric"], read_rubric(RUBRICS["search_relevance"])
    held = [{"name": c.name, "level": c.level, "labels": c.names} for c in rubric.criteria]
    assert [{k: one[k] for k in held[0]} for one in told["criteria"]] == held
    assert (told["name"], told["version"], told["taxonomy"]) == (
        rubric.name,
        rubric.version,
        {"version": rubric.taxonomy},
    )
    assert plan["purpose"]["priority"] == rubric.order
    assert told["exits"] == [way.name for way in rubric.exits]


def written(estimate: halo.Estimate) -> str:
    value, low, high = (f"{x:.2f}".removeprefix("0") for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def test_the_three_readings_of_one_sample() -> None:
    file, reading = ROOT / "data/samples/simulation.csv", read_rubric(RUBRICS["assistant_response"]).reading("helpful")
    merged = dict.fromkeys(["partly", "yes"], "pass") | {"no": "below"}
    two = {"values": {"label": merged, "gold": merged}, "scale": ["below", "pass"], "level": "nominal"}
    table = rows(PAGES["scales"].split("### What the level changes")[1].split("```")[0])[2:]
    for how, (_, _, alpha, raw) in zip((reading, {**reading, "level": "nominal"}, two), table, strict=True):
        j = halo.read_judgments(file, **how)
        assert (alpha, raw) == (written(krippendorff_alpha(j)), written(percent_agreement(j)).split()[0])


def test_ways_out_are_read_as_the_page_shows(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    labels = ["no", "not_applicable", "yes", "cannot_judge", "partly", "yes"]
    lines = [f"{i // 2},{'ab'[i % 2]},{label}" for i, label in enumerate(labels)]
    Path("export.csv").write_text("\n".join(["item_id,rater_id,label", *lines]), "utf-8")
    command, shown = re.search(r"\$ halo (check .*)\n((?:.*\n)+?)```", PAGES["scales"]).groups()
    main(command.split())
    assert shown.strip() in capsys.readouterr().out


@pytest.mark.parametrize("name", RUBRICS)
def test_neighbours_name_each_other(name: str) -> None:
    near = {(d["name"], n["defect"]) for d in content(name)["defects"] for n in d["near"]}
    assert {(b, a) for a, b in near} == near


def test_the_counts_of_the_taxonomys_page() -> None:
    weights = {one["name"]: one["weight"] for one in content("search_relevance")["severities"]}
    codes = {one["name"] for one in content("search_relevance")["defects"]}
    table = rows(PAGES["taxonomy"].split("(taxonomy-counting)=")[1].split("\n\nThe penalty")[0])[2:]
    for code, severity, _, confirmed, share, penalty in table[:-1]:
        one = proportion(int(confirmed), 400)
        assert code in codes
        assert share == f"{one.value:.1%} ({one.low * 100:.1f} to {one.high * 100:.1f})"
        assert int(penalty) == weights[severity] * int(confirmed)
    marked, confirmed, penalty = (sum(int(row[i]) for row in table[:-1]) for i in (2, 3, 5))
    assert table[-1] == ["all", "", str(marked), str(confirmed), "", f"{penalty}; {penalty / 4:.0f} per 100 results"]
