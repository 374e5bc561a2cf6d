"""Two versions of a rubric by meaning: each row of the rules, what is no change, the notice, labels without a pass."""

import json
import random
import re
import string
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_rubric import HOSTILE

from halo_methods.cli import FINDINGS, FINE, USAGE, main
from halo_methods.documents import read
from halo_methods.errors import BadOption, InvalidData, NotEstimable
from halo_methods.guideline_changes import (
    RubricComparison,
    change_notices,
    compare_rubrics,
    labels_without_pass,
)
from halo_methods.guideline_changes.change_notice import WORDING
from halo_methods.guideline_changes.change_rules import IDENTITY, KINDS, RULES
from halo_methods.rubric import Rubric, read_rubric

ROOT = Path(__file__).parents[1]
FILES = {path.stem: path for path in sorted((ROOT / "data/rubrics").glob("*.yml"))}
CONTENT = {name: read(path).content for name, path in FILES.items()}
few = settings(max_examples=15, deadline=60_000, suppress_health_check=[HealthCheck.too_slow])
OTHER = {
    "level": "interval",
    "unit": "span",
    "presses": "flag",
    "urgency": "S4",
    "kind": "trap",
    "market": "fr-FR",
    "effective": "2030-01-31",
    "taxonomy": "9.9",
}
Path_ = tuple[Any, ...]


@cache
def rubric(name: str) -> Rubric:
    return read_rubric(CONTENT[name])


def at(content: Any, path: Path_) -> Any:
    for part in path:
        content = content[part]
    return content


def leaves(node: Any, path: Path_ = ()) -> list[Path_]:
    """Every place of a rubric's file that holds one value."""
    if isinstance(node, dict | list):
        parts = node.items() if isinstance(node, dict) else enumerate(node)
        return [leaf for key, part in parts for leaf in leaves(part, (*path, key))]
    return [path]


PREFIXES = {".".join(rule.split(".")[:n]) for rule in RULES for n in range(1, rule.count(".") + 2)}


def rule_of(path: Path_) -> str:
    """A place as the rules write it: a name of the file's own is a star."""
    rule = ""
    for part in path:
        below = f"{rule}.{part}".lstrip(".")
        rule = below if below in PREFIXES else f"{rule}.*"
    return rule


def changed(content: dict[str, Any], path: Path_) -> dict[str, Any]:
    """The content with another value at one place, a valid one where that takes some care."""
    made = deepcopy(content)
    *above, key = path
    holder, value = at(made, tuple(above)), at(made, path)
    if key in OTHER and holder[key] != OTHER[key]:
        holder[key] = OTHER[key]
    elif key == "market":
        holder[key] = "de-DE"
    elif key in ("passes", "not_label", "label") or "order" in path:
        names = [label["name"] for label in criterion_of(made, path)["labels"]] if "order" not in path else []
        if names:
            own = at(made, path[:-3])["name"] if key == "not_label" else value
            holder[key] = next((name for name in names if name not in (value, own)), f"{value}x")  # of two: no label
        else:
            made["order"] = made["order"][::-1]
    elif isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, str):
        holder[key] = value + "x" if key in ("name", "defect") or "defects" in path[-2:] else value + " Mehr."
    else:
        holder[key] = value + 1
    return made


def criterion_of(content: dict[str, Any], path: Path_) -> dict[str, Any]:
    if path[0] == "criteria":
        found: dict[str, Any] = content["criteria"][path[1]]
        return found
    return next(one for one in content["criteria"] if one["name"] == path[3])


NEW_ENTRY: dict[str, Any] = {
    "changes.*": {"version": "0.1", "type": "amendment", "decided": "2020-01-01", "effective": "2020-02-01",
                  "note": "Early.", "recalibrate": True},
    "shows.*": "A further field.", "out_of_scope.*": {"what": "The weather", "goes_to": "The log."},
    "terms.*": "A meaning.",
    "criteria.*": {"name": "tone", "question": "Is it polite?", "level": "nominal",
                   "labels": [{"name": n, "means": f"{n}.", "is_not": "Else."} for n in ("rude", "polite")]},
    "criteria.*.labels.*": {"name": "further", "means": "More than that.", "is_not": "Less."},
    "criteria.*.labels.*.anchors.*": {"text": "Neues Beispiel", "why": "So."},
    "steps.irreversible.*": "A vote", "severities.*": {"name": "huge", "consequence": "The user leaves.", "weight": 50},
    "defects.*": {"name": "fresh", "definition": "New.", "test": "Is it new?",
                  "examples": [{"text": "a", "has_it": True, "why": "b"}]},
    "defects.*.near.*": {"defect": None, "difference": "It differs."},
    "defects.*.examples.*": {"text": "Neu", "has_it": True, "why": "So."},
    "escalation.*": {"sees": "A fire.", "presses": "stop", "urgency": "S1", "meanwhile": "You wait."},
    "examples.*": {"name": "Z9", "kind": "easy", "item": {}, "labels": {}}, "examples.*.item.*": "More.",
    "examples.*.labels.*": None,
    "markets.*": {"guideline": "Beurteilen Sie für Wien."}, "markets.*.labels.*.*": None,
}  # fmt: skip


def pair(rule: str, change: str) -> tuple[Any, Any]:
    """Two contents that differ by what a rule is about."""
    name = "agent_task" if rule.startswith("steps") else "search_relevance"
    content = deepcopy(CONTENT[name])
    content["criteria"][0]["labels"][0]["needs"] = "A word."
    if rule == "criteria.*.labels":
        other = deepcopy(content)
        other["criteria"][0]["labels"].reverse()
        return content, other
    if rule == "steps":
        other = {**deepcopy(content), "unit": "text"}
        del other["steps"]
        return (other, content) if change == "added" else (content, other)
    if rule == "exits.*":
        other = {**deepcopy(content), "exits": content["exits"][1:]}
        return (other, content) if change == "added" else (content, other)
    if rule == "order":
        other = (
            {**deepcopy(content), "order": []} if change != "changed" else {**content, "order": content["order"][::-1]}
        )
        return (other, content) if change == "added" else (content, other)
    if rule == "examples.*.defects":
        other = deepcopy(content)
        example = next(one for one in other["examples"] if one.get("defects"))
        example["defects"] = [] if change != "changed" else [other["defects"][-1]["name"]]
        return (other, content) if change == "added" else (content, other)
    if rule.startswith("markets.*.labels"):
        other = deepcopy(content)
        variant = other["markets"]["fr-FR"]["labels"]
        if rule.endswith("labels.*"):
            del variant["relevance"]
        elif change == "changed":
            variant["relevance"]["exact"] = "parfait"
        else:
            del variant["relevance"]["exact"]
        return (other, content) if change == "added" else (content, other)
    found = next((path for path in leaves(content) if rule_of(path) == rule), None)
    if change == "changed" and rule != "changes.*" and not rule.endswith("labels.*") and rule != "criteria.*":
        assert found, rule
        return content, changed(content, found)
    if rule == "changes.*":
        other = deepcopy(content)
        other["changes"] = [NEW_ENTRY[rule], *content["changes"]]
        if change == "changed":
            other["changes"] = [{**content["changes"][0], "note": "Other."}]
        return (content, other) if change != "removed" else (other, content)
    if rule == "criteria.*.labels.*" and change == "changed":
        return CONTENT["search_relevance"], relabelled(substitute="near")
    other = deepcopy(content)
    if found and not rule.endswith("*"):  # an optional value
        del at(other, found[:-1])[found[-1]]
        return (other, content) if change == "added" else (content, other)
    first = next(path for path in leaves(content) if rule_of(path).startswith(rule))
    holder = at(other, first[: rule.count(".")])
    entry = deepcopy(NEW_ENTRY[rule])
    if rule == "examples.*":
        entry |= {"item": content["examples"][0]["item"], "labels": content["examples"][0]["labels"]}
    if rule == "defects.*.near.*":
        entry["defect"] = content["defects"][-1]["name"]
    if rule == "examples.*.labels.*":
        del holder[next(iter(holder))]
        return (other, content) if change == "added" else (content, other)
    if isinstance(holder, list):
        holder.append(entry)
    else:
        holder["de-AT" if rule == "markets.*" else "further"] = entry
    return (content, other) if change == "added" else (other, content)


ROWS = [
    (rule, change) for rule, one in RULES.items() for change in ("added", "removed", "changed") if getattr(one, change)
]


@pytest.mark.parametrize(("rule", "change"), ROWS)
def test_each_row_of_the_rules(rule: str, change: str) -> None:
    old, new = pair(rule, change)
    found = compare_rubrics(old, new)
    rows = [c for c in found.changes if c.rule == rule]
    special = {"reordered": "changed", "renamed": "changed"}
    assert [(special.get(c.change, c.change), c.kind) for c in rows] == [(change, getattr(RULES[rule], change))]
    assert {c.rule for c in found.changes} <= {rule, "unit"} if rule == "steps" else len(found.changes) == 1
    assert rows[0].before or rows[0].after
    by_kind = {"editorial": "yes", "clarification": "over items judged under both"}.get(rows[0].kind, "no")
    by_kind = "yes" if rows[0].change == "renamed" else by_kind
    told = {"yes": "yes", "anew": "yes", "both": "over items judged under both"}
    assert rows[0].comparable == told.get(RULES[rule].compare or "", by_kind)


def test_every_field_of_a_rubric_has_a_rule() -> None:
    paths = [path for content in CONTENT.values() for path in leaves(content)]
    lack = {path for path in paths if rule_of(path) not in RULES and path[-1] not in IDENTITY}
    assert {path[0] for path in lack if path[-2:-1] != ("defects",)} == {"order", "changes"}
    entries = {rule for rule in RULES if rule.endswith("*")} | {
        "criteria.*.labels",
        "steps",
        "order",
        "examples.*.defects",
    }
    assert set(RULES) - entries <= {rule_of(path) for path in paths}


def expected(path: Path_) -> str | None:
    """The kind of an edit, by the rules; None where the file no longer is a rubric, or nothing is to be said."""
    rule = rule_of(path)
    if rule.startswith("changes.*"):
        return "editorial"
    if rule in ("order.*", "examples.*.defects.*"):
        rule = rule.removesuffix(".*")
    if rule in RULES and RULES[rule].changed:
        return RULES[rule].changed
    if rule in RULES:  # a text that stands for itself
        return max(filter(None, (RULES[rule].added, RULES[rule].removed)), key=KINDS.index)
    above = RULES.get(rule.rpartition(".")[0])
    return above and max(filter(None, (above.added, above.removed)), key=KINDS.index)


@settings(few, max_examples=40)
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_every_edit_of_a_shipped_rubric_is_noticed_with_its_kind(name: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(leaves(CONTENT[name])), label="place")
    try:
        found = compare_rubrics(rubric(name), changed(CONTENT[name], path))
    except (InvalidData, BadOption):  # no rubric any more, or another one
        return
    if path == ("version",):
        assert [one.what for one in found.findings if "nothing changed" in one.what]
        return
    assert max((c.kind for c in found.changes), key=KINDS.index) == expected(path)
    assert bool(found.findings) == (expected(path) != "editorial")


PROSE = ("why", "means", "is_not", "question", "definition", "test", "difference", "guideline", "verdict", "meanwhile",
         "consequence", "note", "decision", "stands_for", "ties", "when", "score", "then")  # fmt: skip


@few
@given(name=st.sampled_from(sorted(FILES)), seed=st.integers(0, 10**6))
def test_blanks_quotation_marks_and_the_order_of_keys_are_no_change(name: str, seed: int) -> None:
    random_ = random.Random(seed)

    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            keys = (
                sorted(node, key=lambda _: random_.random()) if not {"unrelated", "foreign"} & set(node) else list(node)
            )
            return {key: shuffled(node[key]) for key in keys}
        return [shuffled(one) for one in node] if isinstance(node, list) else node

    content = deepcopy(CONTENT[name])
    for path in leaves(content):
        text = at(content, path)
        if path[-1] in PROSE and isinstance(text, str):
            text = text.translate(str.maketrans("’“”", '\'""'))
            at(content, path[:-1])[path[-1]] = re.sub(" ", lambda _: random_.choice([" ", "  ", "\n", "\u00a0"]), text)
    for listed in ("criteria", "examples", "defects", "exits", "severities", "escalation"):
        random_.shuffle(content[listed])
    text = yaml.safe_dump(shuffled(content), allow_unicode=True, sort_keys=False, width=random_.choice([40, 1000]))
    found = compare_rubrics(rubric(name), text.encode())
    assert found.changes == ()
    assert (found.kind, found.findings) == (None, ())
    assert set(found.comparability["comparable"]) == {"yes"}


MIRROR = {"added": "removed", "removed": "added", "merged": "split", "split": "merged"}


@few
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_the_way_back_mirrors_what_was_added_and_removed(name: str, data: st.DataObject) -> None:
    content = CONTENT[name]
    for _ in range(3):
        content = changed(content, data.draw(st.sampled_from(leaves(content))))
    try:
        new = read_rubric(content)
        there, back = compare_rubrics(rubric(name), new), compare_rubrics(new, rubric(name))
    except (InvalidData, BadOption):
        return
    rows = sorted((c.rule, MIRROR.get(c.change, c.change), c.after, c.before) for c in there.changes)
    assert rows == sorted((c.rule, c.change, c.before, c.after) for c in back.changes)


def relabelled(**to: str) -> dict[str, Any]:
    """The search rubric with labels of its first criterion under other names, wherever they stand."""
    text = json.dumps(CONTENT["search_relevance"], ensure_ascii=False)
    for old, new in to.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    made: dict[str, Any] = json.loads(text)
    return made


def comparable(found: RubricComparison) -> dict[str, tuple[str, str]]:
    rows = found.comparability.itertuples(index=False)
    return {f"{row.criterion} {row.market}": (row.comparable, row.first) for row in rows}


def test_a_renamed_label_compares_after_reading_it_by_its_new_name() -> None:
    new = relabelled(substitute="near", unrelated="off")
    for label in new["criteria"][0]["labels"]:
        label["means"] += " In other words." * (label["name"] == "off")  # its anchors tell that it is the same
    found = compare_rubrics(rubric("search_relevance"), new)
    assert [(c.change, c.before, c.after, c.kind, c.comparable) for c in found.changes[:2]] == [
        ("renamed", "unrelated", "off", "amendment", "yes"),
        ("renamed", "substitute", "near", "amendment", "yes"),
    ]
    assert found.labels["relevance"] == {
        "unrelated": "off",
        "related": "related",
        "substitute": "near",
        "exact": "exact",
    }
    state, first = comparable(found)["relevance all"]
    assert state == "over items judged under both"
    assert "read unrelated as off; read substitute as near" in first
    only = compare_rubrics(rubric("search_relevance"), relabelled(substitute="near"))
    assert comparable(only) == {"relevance all": ("yes", "read substitute as near"), "page_language all": ("yes", "")}


def merged() -> dict[str, Any]:
    new = relabelled(related="partly", substitute="partly")
    one = new["criteria"][0]
    two = [label for label in one["labels"] if label["name"] == "partly"]
    whole = {**two[0], "means": "Something else, or nearly it.", "anchors": two[0]["anchors"] + two[1]["anchors"]}
    one["labels"] = [one["labels"][0], whole, one["labels"][3]]
    for label in one["labels"]:
        for anchor in label["anchors"]:
            if anchor.get("not_label") == label["name"]:
                del anchor["not_label"]
    return new


def test_merged_labels_compare_after_merging_the_old_ones_and_split_ones_do_not() -> None:
    found = compare_rubrics(rubric("search_relevance"), merged())
    (row,) = [c for c in found.changes if c.change == "merged"]
    assert (row.before, row.after, row.comparable) == ("related, substitute", "partly", "yes")
    assert row.first == "read related, substitute as partly"
    assert found.labels["relevance"] == {
        "unrelated": "unrelated",
        "related": "partly",
        "substitute": "partly",
        "exact": "exact",
    }
    back = compare_rubrics(merged(), rubric("search_relevance"))
    (row,) = [c for c in back.changes if c.change == "split"]
    assert (row.before, row.after, row.comparable) == ("partly", "related, substitute", "no")
    assert comparable(back)["relevance all"] == ("no", "")


def with_note(content: dict[str, Any], version: str, type_: str, **more: Any) -> dict[str, Any]:
    note = {"version": version, "type": type_, "decided": "2027-05-03", "effective": "2027-05-10",
            "note": "A queen sheet for a double bed is now *exact*.", "recalibrate": True, **more}  # fmt: skip
    return {**content, "version": version, "effective": "2027-05-10", "changes": [note, *content["changes"]]}


def edited(kind: str | None) -> dict[str, Any]:
    content = deepcopy(CONTENT["search_relevance"])
    if kind == "editorial":
        content["title"] += " and garden"
    elif kind == "clarification":
        content["criteria"][0]["question"] = "How well does this one product meet the query?"
    elif kind == "amendment":
        content["criteria"][0]["ties"] = "Take the lower one."
    elif kind == "new criterion":
        content["criteria"].append(NEW_ENTRY["criteria.*"])
    return content


@pytest.mark.parametrize(
    ("kind", "note", "version", "fault"),
    [
        ("clarification", "clarification", "1.0.1", ""), ("amendment", "amendment", "1.1", ""),
        ("new criterion", "new criterion", "2.0", ""), ("clarification", "amendment", "1.1", ""),
        ("editorial", "clarification", "1.0.1", ""), (None, "amendment", "1.1", ""),
        ("amendment", "amendment", "1.0.1", "Number it 1.1"),
        ("new criterion", "new criterion", "1.1", "Number it 2.0"),
        ("clarification", "clarification", "1.1", "Number it 1.0.1, or say amendment"),
        ("amendment", "clarification", "1.1", "Write amendment"),
        ("amendment", "amendment", "0.9", "the older file first"),
    ],
)  # fmt: skip
def test_the_version_moves_as_the_kind_asks(kind: str | None, note: str, version: str, fault: str) -> None:
    found = compare_rubrics(rubric("search_relevance"), with_note(edited(kind), version, note))
    assert ([one.fix for one in found.findings if fault in one.fix] != []) == bool(fault), found.findings
    assert bool(found.findings) == bool(fault)
    assert all(one.standard == "RUB-013" for one in found.findings)


def test_a_new_version_has_a_later_day_and_a_note() -> None:
    found = compare_rubrics(rubric("search_relevance"), {**edited("amendment"), "version": "1.1"})
    assert [(one.standard, one.place) for one in found.findings] == [("RUB-013", "changes"), ("RUB-031", "effective")]
    assert not compare_rubrics(rubric("search_relevance"), edited("editorial")).findings


def test_only_the_raters_who_see_a_change_calibrate_again() -> None:
    new = deepcopy(CONTENT["search_relevance"])
    new["markets"]["es-ES"]["guideline"] += " Una cama de 90 es individual."
    found = compare_rubrics(rubric("search_relevance"), new)
    assert found.table["raters"].to_list() == ["es-ES: practice of 10 items and a round (CAL-013)"]
    assert {market for market, (state, _) in comparable(found).items() if state == "no"} == {
        "relevance es-ES", "page_language es-ES"
    }  # fmt: skip
    exact = new["criteria"][0]["labels"][3]["anchors"]
    assert {anchor["market"] for anchor in exact} == {"de-DE", "fr-FR", "es-ES"}
    exact.append({"text": "mesa 160 → Mesa 160 cm", "why": "So.", "market": "pt-BR"})
    added = [c for c in compare_rubrics(rubric("search_relevance"), new).changes if c.change == "added"]
    assert added[0].markets == ("pt-BR",)
    del exact[0]["market"]
    assert {c.markets for c in compare_rubrics(rubric("search_relevance"), new).changes if "anchors" in c.rule} >= {
        ("fr-FR", "de-DE", "es-ES", "pt-BR")
    }


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_rubric_ends_in_a_message(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = tmp_path / "bad.yml", str(FILES["agent_task"])
    bad.write_bytes(content.encode("utf-8", "surrogatepass"))
    assert main(["rubric", "diff", *((good, str(bad)) if len(content) < 100 else (str(bad), good))]) == FINDINGS
    out, err = capsys.readouterr()
    assert err == ""
    assert 0 < len(out) < 100_000


def test_two_rubrics_are_not_two_versions() -> None:
    with pytest.raises(BadOption, match="two versions of one rubric"):
        compare_rubrics(rubric("agent_task"), rubric("search_relevance"))


# The notice


def texts(node: Any, key: str = "") -> dict[str, str]:
    """Every sentence of a wording by its place."""
    if isinstance(node, str):
        return {key: node}
    parts = node.items() if isinstance(node, dict) else enumerate(node)
    return {place: text for name, part in parts for place, text in texts(part, f"{key}.{name}").items()}


@pytest.mark.parametrize("language", WORDING)
def test_a_wording_is_whole_and_takes_the_same_values(language: str) -> None:
    english, own = texts(WORDING["en"]), texts(WORDING[language])
    assert list(own) == list(english)
    for place, text in own.items():
        fields = [
            sorted(name for _, name, _, _ in string.Formatter().parse(one) if name) for one in (text, english[place])
        ]
        assert fields[0] == fields[1], place
        assert text.count("____") == english[place].count("____"), place
    assert {RULES[rule].called for rule in RULES} - {None} == set(WORDING[language]["called"])
    if language == "fr":
        assert not [text for text in own.values() if re.search(r"(?<![\u00a0\u202f])[:;?!]", text)]


def amended(name: str) -> RubricComparison:
    """A shipped rubric with a moved boundary: one more anchor, one worked example judged otherwise."""
    new = deepcopy(CONTENT[name])
    one = new["criteria"][0]
    one["labels"][0]["means"] = "All that is far from it."
    for n, market in enumerate([None, "fr-FR", "de-DE", "es-ES", "pt-BR"]):
        anchor = {"text": f"Neu {n} | <b> *x*", "why": f"Reason {n}: because."}
        one["labels"][1]["anchors"].append({**anchor, "market": market} if market else anchor)
    for example in new["examples"]:
        judged = example["labels"][one["name"]]
        judged["label"] = next(label["name"] for label in one["labels"] if label["name"] != judged["label"])
    major, minor, *_ = map(int, new["version"].split("."))
    return compare_rubrics(rubric(name), with_note(new, f"{major}.{minor + 1}", "amendment", why="31 of 90 differ."))


@pytest.mark.parametrize("name", FILES)
def test_notices_in_five_languages(name: str) -> None:
    found = amended(name)
    files = change_notices(found)
    stem = f"{found.new.name}-{found.new.version}"
    assert list(files) == [
        f"{stem}.{tag}.{kind}.md" for tag in [*found.new.markets, "en"] for kind in ("notice", "answers")
    ]
    english = {text for text in texts(WORDING["en"]).values() if len(text) > 6 and "{" not in text}
    said = json.dumps(found.new.model_dump(mode="json"), ensure_ascii=False)
    for tag in found.new.markets:
        notice, answers = (files[f"{stem}.{tag}.{kind}.md"] for kind in ("notice", "answers"))
        own = set(texts(WORDING[next(key for key in WORDING if key[:2] == tag[:2])]).values())
        for text in english - own:
            if text not in said:
                assert not re.search(rf"(?<!\w){re.escape(text)}(?!\w)", notice + answers), text
        assert "{" not in notice
        rows = re.findall(r"^\| (\d) \| \S+ \| (.+?) \| (.+?) \| \S+ \|$", answers, re.M)
        assert len(rows) == len(re.findall(r"^\d\. ", notice, re.M)) == 5
        for _, label, why in rows:
            assert label.split(" (")[0] in notice  # among the choices
            assert why not in notice
        shown, check = notice.split("\n## ")
        asked = re.findall(r"^   > (.+)$", check, re.M)
        assert len(set(asked)) == 5
        assert not [item for item in asked if item in shown]
        assert sum("Neu" in item or " · " in item for item in asked) >= 2, "made from what changed"
        assert {cell.count("|") - cell.count("\\|") for cell in re.findall(r"^\|.*", shown, re.M)} <= {4, 5}
        assert "31 of 90 differ." in shown


def test_the_notice_has_the_headings_of_the_manual_form() -> None:
    form = (ROOT / "data/templates/amendment_notice.md").read_text("utf-8").split("## For the linguist lead")[0]
    notice = change_notices(amended("search_relevance"))["search-relevance-1.1.en.notice.md"].split("\n## ")[0]

    def headings(text: str) -> list[str]:
        return re.findall(r"^\*\*([^*:]+)(?=:?\*\*)|^\| (judged [^|]+?) \|", text, re.M)

    assert headings(notice) == headings(form)
    assert len(headings(form)) == 10
    lead = change_notices(amended("search_relevance"))["search-relevance-1.1.en.answers.md"]
    assert lead.startswith("# For the linguist lead, not sent to raters\n")


def test_a_market_without_a_change_is_told_so_in_one_line() -> None:
    new = deepcopy(CONTENT["search_relevance"])
    new["markets"]["es-ES"]["guideline"] += " Una cama de 90 es individual."
    found = compare_rubrics(rubric("search_relevance"), with_note(new, "1.1", "amendment"))
    files = change_notices(found)
    calm = [name for name in files if "fr-FR" in name]
    assert calm == ["search-relevance-1.1.fr-FR.notice.md"]
    assert "Rien ne change pour vous" in files[calm[0]]
    assert len(files[calm[0]].splitlines()) == 5
    new["criteria"][0]["question"] = "How well does this one product meet the query?"
    both = compare_rubrics(rubric("search_relevance"), with_note(new, "1.1", "amendment"))
    french = change_notices(both)["search-relevance-1.1.fr-FR.notice.md"]
    assert "précision" in french, "less than in es-ES"
    assert "5 éléments, dont 4" in french
    spanish = files["search-relevance-1.1.es-ES.notice.md"]
    assert "Una cama de 90 es individual." in spanish
    assert "Evalúas poniéndote" not in spanish, "sentences that stay are left out"


def test_a_notice_speaks_the_language_of_the_market_where_the_rubric_does() -> None:
    note = {"markets": {"fr-FR": {"note": "Un drap queen est désormais exact.", "why": "31 sur 90."}}}
    found = compare_rubrics(rubric("search_relevance"), with_note(edited("amendment"), "1.1", "amendment", **note))
    moment = pd.Timestamp("2027-05-10T09:00+02:00").to_pydatetime()
    files = change_notices(found, effective=moment)
    french, german = (files[f"search-relevance-1.1.{tag}.notice.md"] for tag in ("fr-FR", "de-DE"))
    assert "**Ce qui change\u00a0:** Un drap queen est désormais exact." in french
    assert "lundi 10 mai 2027, 09:00 (UTC+02:00)" in french
    assert "Montag, 10. Mai 2027" in german
    assert "**Warum:** \\_\\_\\_\\_" in german.replace("** ____", "** \\_\\_\\_\\_")
    assert "anglais" not in files["search-relevance-1.1.fr-FR.answers.md"]
    assert "Übersetzen Sie" in files["search-relevance-1.1.de-DE.answers.md"]
    without = {**edited("amendment"), "markets": {}}
    old = compare_rubrics({**CONTENT["search_relevance"], "markets": {}}, with_note(without, "1.1", "amendment"))
    notices = [name.split(".")[2] for name in change_notices(old) if name.endswith("notice.md")]
    assert notices == ["en", "fr", "de", "es", "pt-BR"]


# Labels without a pass


def labels(*rows: tuple[str, str, str], **more: Any) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["rater_id", "guideline", "rated_at"])
    return frame.assign(item_id=[f"i{n}" for n in range(len(rows))], label="x", **more)


PASSED = pd.DataFrame(
    [("anna", "1.3", "2026-11-11T10:00+01:00"), ("anna", "1.3", "2026-11-12T10:00Z"), ("bela", "1.2", "2026-01-01")],
    columns=["rater_id", "guideline", "passed_at"],
)
INTO_FORCE = "2026-11-11T09:00+01:00"


def flagged(frame: pd.DataFrame, **options: Any) -> list[tuple[str, str, int]]:
    given_: dict[str, Any] = {"version": "1.3", "effective": INTO_FORCE, **options}
    found = labels_without_pass(
        frame, options.pop("passes", PASSED), **{k: v for k, v in given_.items() if k != "passes"}
    )
    return list(found.table[["rater_id", "reason", "labels"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("rater", "version", "moment", "reason"),
    [
        ("anna", "1.3", "2026-11-11T09:30+01:00", "without a pass"),  # passed half an hour later
        ("anna", "1.3", "2026-11-11T08:59:59Z", "without a pass"), ("anna", "1.3", "2026-11-11T09:00Z", ""),
        ("anna", "1.3", "2026-11-11", ""),  # the day of the pass: it cannot be told
        ("anna", "1.3", "2026-11-11T07:59Z", "before it was in force"),
        ("anna", "1.3", "2026-11-10", "before it was in force"),
        ("bela", "1.3", "2026-11-12T09:00Z", "without a pass"), ("bela", "1.2", "2026-11-11T07:59Z", ""),
        ("bela", "1.2", "2026-11-11T08:00Z", "under an earlier version"),
        ("bela", "draft", "2026-11-12", "under an earlier version"),
        ("bela", "1.4", "2026-12-12T09:00Z", ""), ("bela", "1.10", "2026-12-12T09:00Z", ""),
        ("anna", "support-answer 1.3", "2026-11-11T09:00Z", ""),
        ("bela", "support-answer 1.3", "2026-11-12T09:00Z", "without a pass"),
    ],
)  # fmt: skip
def test_a_label_is_flagged_by_its_moment_and_its_version(rater: str, version: str, moment: str, reason: str) -> None:
    frame = labels((rater, version, moment), ("anna", "1.3", "2026-11-20T09:00Z"))
    assert flagged(frame) == ([(rater, reason, 1)] if reason else [])


def test_labels_between_effect_and_pass_are_counted_and_listed() -> None:
    early = [("anna", "1.3", f"2026-11-11T08:{m:02}Z") for m in (10, 20, 30)]
    late = [("bela", "1.3", "2026-11-13T09:00Z"), ("anna", "1.3", "2026-11-14T09:00Z")]
    frame = labels(*early, *late, ("anna", "1.3", ""), ("anna", "", "2026-11-14T09:00Z"))
    found = labels_without_pass(frame, PASSED, version="1.3", effective=INTO_FORCE)
    assert found.share.value == 4 / 5
    assert (found.share.n_judgments, found.share.kind, found.share.codes) == (5, "count", ("undated",))
    assert found.table["labels"].to_list() == [3, 1]
    assert [str(moment) for moment in found.table.loc[0, ["first", "last"]]] == [
        "2026-11-11 08:10:00+00:00", "2026-11-11 08:30:00+00:00"
    ]  # fmt: skip
    assert found.labels["item_id"].to_list() == ["i0", "i1", "i2", "i3"]
    assert "anna: 3 labels without a pass, 2026-11-11 08:10 to 2026-11-11 08:30 UTC" in str(found)
    json.dumps(found.to_dict())


def test_models_and_other_stages_have_no_check_to_pass() -> None:
    rows = [("anna", "1.3", "2026-11-20T09:00Z"), ("judge", "1.3", "2026-11-20T09:00Z"), ("bela", "1.2", "2026-11-20")]
    frame = labels(*rows, rater_type=["human", "model", "human"], stage=["label", "label", "review"], criterion="a")
    assert flagged(frame) == []


def test_what_cannot_be_read_is_said() -> None:
    frame = labels(("anna", "1.3", "2026-11-20T09:00Z"))
    with pytest.raises(InvalidData, match="no column guideline, passed_at"):
        flagged(frame, passes=pd.DataFrame({"rater_id": ["anna"]}))
    with pytest.raises(InvalidData, match="row 1, column passed_at: 'Monday' is not ISO 8601"):
        flagged(frame, passes=PASSED.assign(passed_at="Monday"))
    with pytest.raises(BadOption, match="effective is 'soon'"):
        flagged(frame, effective="soon")
    with pytest.raises(BadOption, match="version is 'new'"):
        flagged(frame, version="new")
    with pytest.raises(NotEstimable, match=r"a later version than 1\.3"):
        flagged(frame.assign(guideline="2.0"))
    with pytest.raises(NotEstimable, match="no column guideline"):
        flagged(frame.drop(columns="guideline"))
    with pytest.raises(NotEstimable, match="under which version"):
        flagged(labels(("anna", "1.3", ""), ("anna", "", "2026-11-20")))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, out = str(FILES["search_relevance"]), tmp_path / "new.yml", tmp_path / "out"
    new.write_text(yaml.safe_dump(with_note(edited("amendment"), "1.1", "amendment"), allow_unicode=True), "utf-8")
    assert main(["rubric", "diff", old, old]) == FINE
    assert main(["rubric", "diff", old, str(new)]) == FINE
    assert "search-relevance 1.0 to 1.1: amendment, 1 change" in capsys.readouterr().out
    line = ["rubric", "diff", old, str(new), "--out", str(out), "--format", "json"]
    assert main(line) == FINE
    made = json.loads(capsys.readouterr().out)
    assert (made["kind"], made["findings"]) == ("amendment", [])
    assert len(made["files"]) == len(list(out.iterdir())) == 10
    new.write_text(yaml.safe_dump(with_note(edited("amendment"), "1.0.1", "amendment")), "utf-8")
    assert main(["rubric", "diff", old, str(new)]) == FINDINGS
    assert "RUB-013: `version` goes from 1.0 to 1.0.1" in capsys.readouterr().out

    new.write_text(yaml.safe_dump(with_note(edited("amendment"), "1.1", "amendment")), "utf-8")
    data, passes = tmp_path / "labels.csv", tmp_path / "passes.csv"
    labels(("anna", "1.1", "2027-05-11T09:00Z"), ("bela", "1.1", "2027-05-11T09:00Z")).to_csv(data, index=False)
    passes.write_text("rater_id,guideline,passed_at\nanna,1.1,2027-05-07\n", encoding="utf-8")
    assert main([*line[:-2], "--data", str(data), "--passes", str(passes)]) == FINDINGS
    assert "bela: 1 label without a pass" in capsys.readouterr().out
    listed = out / "labels_without_pass.csv"
    assert "bela" in listed.read_text("utf-8")
    assert listed.stat().st_mode & 0o077 == 0
    assert main([*line[:-2], "--data", str(data)]) == USAGE
    assert main([*line[:-2], "--effective", "2027-05-10"]) == USAGE
    assert main(["rubric", "diff", old, str(FILES["agent_task"])]) == USAGE


def test_the_page_shows_what_the_command_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FILES["search_relevance"].read_text("utf-8")
    note = {**with_note({"changes": []}, "1.1", "amendment")["changes"][0], "effective": "2027-03-08"}
    s5 = '      page_language: {label: local, why: "In Brazil shoppers themselves call this size queen."}\n'
    why = "A queen sheet covers a double bed with some cloth left over. The size is not the one asked for."
    edits = {
        'version: "1.0"\neffective: 2027-01-18': 'version: "1.1"\neffective: 2027-03-08',
        f'{{label: substitute, why: "{why}"}}': (
            '{label: exact, why: "A queen sheet covers a double bed, and shops in Brazil sell it for one."}'
        ),
        f"{s5}    defects: [missed_requirement]\n": s5,
        "changes:\n": f"changes:\n  - {json.dumps(note)}\n",
    }
    for old, new in edits.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / "next.yml").write_text(text, "utf-8")
    assert main(["rubric", "diff", str(FILES["search_relevance"]), str(tmp_path / "next.yml")]) == FINE
    page = (ROOT / "book/chapters/frameworks/guideline_changes.md").read_text("utf-8")
    assert f"--out notices\n{capsys.readouterr().out}```" in page
