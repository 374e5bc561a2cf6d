"""Files and frames in the forms that people have: read as they are meant, or refused in one true sentence."""

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import re
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from helpers import check
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from halo_methods.errors import BadOption, InvalidData
from halo_methods.judgments import as_judgments, read_judgments
from halo_methods.judgments.dates import Dates, fitting, moment

few = settings(max_examples=25)
HEADER = ("item_id", "rater_id", "label")
ROWS = [("q1", "ann", "good"), ("q1", "bob", "poor"), ("q2", "ann", "good")]


def lines(mark=",", rows=(HEADER, *ROWS)):
    return "".join(mark.join(row) + "\n" for row in rows)


def rows(j):
    return j.frame.select(HEADER).rows()


# ---- lists and objects in cells


STRUCTURES = st.sampled_from(
    [["a", "b"], ("a", "b"), {"a": 1}, {"a", "b"}, frozenset("ab"), np.array(["a", "b"]), np.array([[1]]), [["a"]]]
)


@few
@given(column=st.sampled_from(HEADER), value=STRUCTURES, row=st.integers(0, 2))
def test_a_structure_in_an_object_column_is_no_identifier_or_label(column, value, row):
    columns = {name: list(cells) for name, cells in zip(HEADER, zip(*ROWS, strict=True), strict=True)}
    columns[column][row] = value
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    with pytest.raises(InvalidData) as refused:
        as_judgments(frame)
    (found,) = refused.value.problems
    assert (found.row, found.column) == (row + 1, column)
    assert "comes from a list or an object" in found.what


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_what_becomes_of_lists_and_objects_is_said(frame):
    columns = dict(zip(HEADER, map(list, zip(*ROWS, strict=True)), strict=True))
    made = as_judgments(frame({**columns, "gold": [["good", "fair"], ["poor"], ["good"]]}))
    assert made.frame["gold"].to_list() == ["good|fair", "poor", "good"]
    assert "gold: lists or objects in 3 cells were read as text, such as 'good|fair'" in made.source.notes
    one = as_judgments(frame({**columns, "label": [["good"], ["poor"], ["good"]]}))
    assert rows(one) == ROWS
    assert "label: lists or objects in 3 cells were read as text, such as 'good'" in one.source.notes


# ---- names of columns


BLANKS = st.text(st.sampled_from(" \t\u00a0\u2003"), max_size=2)


@few
@given(before=st.lists(BLANKS, min_size=4, max_size=4), after=st.lists(BLANKS, min_size=4, max_size=4))
def test_blanks_around_a_name_are_noticed_and_taken_off(before, after):
    names = [b + name + a for b, name, a in zip(before, [*HEADER, "my column"], after, strict=True)]
    made = as_judgments(pl.DataFrame([(*row, "x") for row in ROWS], names, orient="row"))
    assert (rows(made), made.columns[-1]) == (ROWS, "my column")
    odd = [name for name in names if name != name.strip()]
    assert [note for note in made.source.notes if "blank" in note] == [
        f"column {name!r} is read as {name.strip()!r}, without the blanks around it" for name in odd
    ]
    as_judgments(pl.DataFrame([(*row, "x") for row in ROWS], names, orient="row"), columns={"vendor": names[-1]})


def test_a_fix_can_be_followed_to_the_end():
    """What a message says to do leads to no further message: here a mapping that was turned round."""
    frame = pl.DataFrame(ROWS, HEADER, orient="row")
    with pytest.raises(InvalidData) as refused:
        as_judgments(frame, columns={"item": "item_id"})
    assert str(refused.value).count("item=item_id") == 1
    assert "the option columns reads it as item. Leave item=item_id out." in str(refused.value)
    turned = frame.rename({"item_id": "item"})
    with pytest.raises(InvalidData) as refused:
        as_judgments(turned, columns={"item": "item_id"})
    fix = next(p for p in refused.value.problems if p.value)
    assert rows(as_judgments(turned, columns=fix.value)) == ROWS


def test_two_names_that_differ_by_a_blank_stay_two():
    frame = pl.DataFrame([(*row, "x", "y") for row in ROWS], [*HEADER, "a", "a "], orient="row")
    assert as_judgments(frame).columns[-2:] == ("a", "a ")


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ("id _input_hash accept answer _annotator_id _session_id", "id _annotator_id accept"),
        ("_unit_id _created_at _id _trust _worker_id relations_label", "_unit_id _worker_id relations_label"),
        ("INPUT:image OUTPUT:result GOLDEN:result ASSIGNMENT:task_id ASSIGNMENT:assignment_id ASSIGNMENT:worker_id",
         "ASSIGNMENT:task_id ASSIGNMENT:worker_id OUTPUT:result"),
        ("inner_id server_id text", "… … …"),
        ("Item.ID Reviewer labels", "Item.ID Reviewer labels"),
    ],
)  # fmt: skip
def test_suggested_names_are_right_for_known_exports(names, meant, file):
    found = check(file(lines(rows=[names.split(), ["x"] * len(names.split())])))
    assert [p.value for p in found] == [{name: said} for name, said in zip(HEADER, meant.split(), strict=True)]


@pytest.mark.parametrize(("key", "tool"), [("annotations", "a Label Studio"), ("responses", "an Argilla")])
def test_an_export_with_judgments_inside_records_is_named(key, tool, file):
    (found,) = check(file(json.dumps([{"id": 1, key: [{"value": "x"}]}]), "f.json"))
    assert f"the file is {tool} export" in found.what


# ---- packed files, and files that are no table


def arrow_packed(codec):
    def pack(content):
        out = pa.BufferOutputStream()
        with pa.CompressedOutputStream(out, codec) as stream:
            stream.write(content)
        return out.getvalue().to_pybytes()

    return pack


PACK = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": arrow_packed("zstd"),
    "lz4": arrow_packed("lz4"),
}


@few
@given(ending=st.sampled_from(list(PACK)), name=st.sampled_from(["f.csv", "F.JSONL"]), members=st.integers(1, 3))
def test_every_packing_is_read(ending, name, members):
    records = [json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in ROWS]
    text = lines() if name == "f.csv" else "".join(records)
    size = len(text) // members + 1
    parts = [PACK[ending](text[at : at + size].encode()) for at in range(0, len(text), size)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.{ending}")
        path.write_bytes(b"".join(parts))
        assert rows(read_judgments(path)) == ROWS
        path.write_bytes(b"".join(parts)[:-5])
        (found,) = check(path)
    assert re.search("cut short|damaged", found.what)


def zipped(*parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    return out.getvalue()


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        *((f"f{n}.pkl", pickle.dumps(ROWS, protocol=n), "a pickle, which can run programs") for n in range(2, 6)),
        ("f.pkl.gz", gzip.compress(pickle.dumps(ROWS)), "a pickle"),
        ("f.ods", zipped("mimetype", "content.xml"), "an OpenDocument spreadsheet"),
        ("f.xlsb", zipped("xl/workbook.bin"), "a binary workbook"),
        ("f.zip", zipped("a.csv"), "a zip archive"),
        ("f.tgz", tar(), "an archive"),
        ("f.xls", b"\n<html><table>", "a web page"),
        ("f.pdf", b"%PDF-1.7\n", "a PDF"),
        ("f.db", b"SQLite format 3\0", "a kind that is not read"),
        ("f.csv", bytes(range(256)) * 20, "no text"),
        ("f.bin", np.random.default_rng(1).bytes(5000), "no text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_of_another_kind_are_refused_by_their_name(name, content, said, file):
    (found,) = check(file(content, name))
    assert said in found.what
    assert found.option is None


# ---- what stands between cells, and before the header


MARKS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "#": "#", " ": "blanks"}
WORDS = st.text(st.sampled_from("ab,;\t|# 5"), min_size=1, max_size=6).filter(str.strip)


@few
@given(mark=st.sampled_from(list(MARKS)), labels=st.lists(WORDS, min_size=3, max_size=3), named=st.booleans())
def test_any_delimiter_is_read_with_any_of_them_in_cells(mark, labels, named):
    labels = [f"x{label}y" for label in labels]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, lineterminator="\n")
    writer.writerows([HEADER, *((i, r, label) for (i, r, _), label in zip(ROWS, labels, strict=True))])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.csv")
        path.write_text(out.getvalue())
        given = {"delimiter": MARKS[mark] if named else mark} if named or mark in "# " else {}
        given = {"delimiter": "blanks"} if mark == " " else given
        made = read_judgments(path, **given)
    assert made.frame["label"].to_list() == labels


@few
@given(
    runs=st.lists(st.text(st.sampled_from(" \t"), min_size=1, max_size=4), min_size=8, max_size=8), ends=st.booleans()
)
def test_runs_of_blanks_are_one_delimiter_where_it_is_named(runs, ends):
    first, *rest = [HEADER, *ROWS]
    made = [a.join(row[:2]) + b + row[2] for row, a, b in zip([first, *rest], runs[::2], runs[1::2], strict=True)]
    text = "".join(f"  {line} \t\r\n" if ends else f"{line}\n" for line in made)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.txt")
        path.write_bytes(text.encode())
        assert rows(read_judgments(path, delimiter="blanks")) == ROWS


def test_blanks_between_cells_are_a_delimiter_to_be_named(file):
    found = check(file(lines(" ")))
    assert (found[0].option, found[0].value) == ("delimiter", "blanks")


def test_signs_in_a_quoted_name_are_no_delimiters(file):
    assert rows(read_judgments(file('item_id,rater_id,label,"notes; a; b; c; d; e"\nq1,ann,good,\n'))) == ROWS[:1]


@pytest.mark.parametrize("delimiter", ["", "ab", "x", '"', "\n", "colon"])
def test_a_delimiter_that_is_none_is_a_bad_option(delimiter, file):
    with pytest.raises(BadOption, match=r"delimiter is .*allowed: 'comma'"):
        read_judgments(file(lines()), delimiter=delimiter)
    with pytest.raises(BadOption, match="no text with delimiters"):
        read_judgments(file('{"item_id": 1}'), delimiter="comma")


@pytest.mark.parametrize("mark", [",", ";", "|"])
@pytest.mark.parametrize("cell", ["{}", '"{}"'])
def test_blanks_after_each_delimiter_belong_to_no_cell(mark, cell, file):
    made = read_judgments(file(lines(f"{mark} ", [map(cell.format, row) for row in (HEADER, *ROWS)])))
    assert rows(made) == ROWS
    assert made.source.notes == (f"blanks after each {mark!r} were taken off",)


TITLES = st.lists(st.sampled_from(["", "Week 12", "a,b", "item_id", '"Made by"; us']), max_size=6)


@few
@given(titles=TITLES, end=st.sampled_from(["\n", "\r\n", "\r"]), mark=st.sampled_from(",;\t|"))
def test_lines_before_the_header_are_passed_over_with_a_note(titles, end, mark):
    text = end.join([*titles, *lines(mark).splitlines()])
    book = openpyxl.Workbook()
    for row in ([title or None] for title in titles):
        book.active.append(row)
    for row in (HEADER, *ROWS):
        book.active.append(row)
    with tempfile.TemporaryDirectory() as folder:
        for path in (Path(folder, "f.csv"), Path(folder, "f.xlsx")):
            path.write_bytes(text.encode())
            if path.suffix == ".xlsx":
                book.save(path)
            made = read_judgments(path)
            assert (rows(made), made.source.rows_read) == (ROWS, 3)
            assert len(made.source.notes) == bool(titles)


# ---- JSON


RECORDS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
JSON = {
    "lines": lambda indent: "\n".join(json.dumps(record) for record in RECORDS),
    "pretty": lambda indent: "\n".join(json.dumps(record, indent=indent) for record in RECORDS),
    "list": lambda indent: json.dumps(RECORDS, indent=indent),
    "inside": lambda indent: json.dumps({"meta": {"n": 3}, "data": RECORDS, "none": []}, indent=indent),
    "alone": lambda indent: json.dumps({"results": RECORDS}, indent=indent),
    "table": lambda indent: pd.DataFrame(RECORDS).to_json(orient="table", indent=indent),
}


@pytest.mark.parametrize("name", ["f.txt", "f", "f.json", "f.jsonl", "f.csv"])
@pytest.mark.parametrize("way", JSON)
@pytest.mark.parametrize("indent", [1, 4])
def test_json_is_read_in_every_shape_under_any_name(name, way, indent, file):
    made = read_judgments(file(JSON[way](indent), name))
    assert rows(made) == ROWS
    assert any("read from 'data' of the file" in note for note in made.source.notes) == (way in ("inside", "table"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pd.DataFrame(RECORDS).to_json(orient="split"), "an object for each column"),
        (pd.DataFrame(RECORDS).to_json(), "an object for each column"),
        (json.dumps({"images": RECORDS, "judged": RECORDS}), "several lists: 'images', 'judged'"),
        (json.dumps(RECORDS, indent=2)[:-9], "is not JSON"),
        (json.dumps(RECORDS[0], indent=2) + "\n{", "is not JSON"),
        ('{"id": 1, "annotations": [{"a": 1}], "data": {}}\n' * 2, "a Label Studio export"),
    ],
)
def test_json_of_another_shape_is_refused_once(content, said, file):
    (found,) = check(file(content, "f.txt"))
    assert said in found.what


# ---- moments


MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 30)).map(lambda at: at.replace(microsecond=0))
OFFSETS = {"": 0, " UTC": 0, "Z": 0, " GMT+1": 60, " UTC-03:30": -210, "+0530": 330, " GMT-0800 (PST)": -480}
DAYS = {
    "day-first": ["%d.%m.%Y", "%d/%m/%y", "%d-%m-%Y", "%d %b %Y", "%A, %d %B %Y"],
    "month-first": ["%m/%d/%Y", "%m-%d-%y", "%b %d, %Y", "%a %b %d %Y"],
    "year-first": ["%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%Y %b %d"],
}
CLOCKS = [" %H:%M:%S", ", %H:%M:%S", " %I:%M:%S %p", " %I:%M:%S\u202f%p", "T%H:%M:%S.000"]


@settings(max_examples=50)
@given(st.data(), MOMENTS, st.sampled_from(list(DAYS)), st.sampled_from(CLOCKS), st.sampled_from(list(OFFSETS)))
def test_moments_in_the_form_that_is_named(data, at, form, clock, offset):
    assume("%p" not in clock or offset != "Z")
    day = data.draw(st.sampled_from(DAYS[form]))
    text = at.strftime(day + clock) + offset
    utc = at.replace(tzinfo=UTC) - timedelta(minutes=OFFSETS[offset])
    assert moment(text, Dates.of(form)) == (utc, offset != "")
    assert moment(at.isoformat(), Dates.of(form)) == (at.replace(tzinfo=UTC), False)
    with pytest.raises(ValueError, match="is not"):
        moment(text.replace(" ", "  ") + " CET", Dates.of(form))


@few
@given(at=MOMENTS, unit=st.sampled_from(["epoch", "epoch-ms", "epoch-us", "epoch-ns"]), part=st.booleans())
def test_numbers_since_1970_in_the_unit_that_is_named_and_no_other(at, unit, part):
    size = int(at.replace(tzinfo=UTC).timestamp()) * {"epoch": 1, "epoch-ms": 10**3, "epoch-us": 10**6}.get(unit, 10**9)
    text = f"{size}.0" if part else str(size)
    assert moment(text, Dates.of(unit)) == (at.replace(tzinfo=UTC), True)
    assert fitting([text]) == [unit]


@few
@given(at=MOMENTS, zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]))
def test_moments_in_a_zone_are_what_the_zone_says_or_refused(at, zone):
    both = {at.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    frame = pl.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"], "rated_at": [at.isoformat()]})
    if len(both) == 1:
        made = as_judgments(frame, dates=zone)
        assert (
            {made.frame["rated_at"][0]} == both == {moment(f"{at:%Y/%m/%d %H:%M:%S} {zone}", Dates.of("year-first"))[0]}
        )
        assert not any("without an offset" in note for note in made.source.notes)


def test_an_hour_that_is_there_twice_is_refused(file):
    path = file("item_id,rater_id,label,rated_at\na,r,x,2026-10-25T02:30:00\nb,r,x,29.3.2026 02:30\n")
    found = check(path, dates="day-first Europe/Berlin")
    assert [("twice or not at all" in p.what, p.row) for p in found] == [(True, 1), (True, 2)]
    assert check(path, dates="day-first Asia/Tokyo") == []


@pytest.mark.parametrize(
    ("cells", "value", "said"),
    [
        (["3/4/2026", "5/6/2026 9:00 PM"], "day-first", "day-first or month-first reads every such cell"),
        (["3/4/2026", "3/24/2026"], "month-first", "month-first reads every such cell"),
        (["3.4.26", "24.3.26"], "day-first", "day-first reads every such cell"),
        (["1712101200"], "epoch", "epoch reads"),
        (["1712101200000"], "epoch-ms", "epoch-ms reads"),
        (["46083.139"], "spreadsheet", "spreadsheet reads"),
        (["2026/03/14 3:04:05 PM GMT+1"], "year-first", "year-first reads"),
        (["3/14/2026", "last Monday"], None, "an offset such as +01:00"),
    ],
)
def test_a_form_that_is_not_named_is_never_guessed(cells, value, said, file):
    path = file("item_id,rater_id,label,rated_at\n" + "".join(f"{c},r,x,{c}\n" for c in cells))
    found = check(path)
    assert len(found) == len(cells)
    assert {(p.option, p.value) for p in found} == {("dates" if value else None, value)}
    assert all(said in p.fix for p in found)
    assert value is None or check(path, dates=value) == []


@pytest.mark.parametrize(
    "dates", ["german", "day-first Berlin", "day-first UTC UTC", "", "../x", "epoch,month-first", 3]
)
def test_a_form_or_zone_that_is_none_is_a_bad_option(dates):
    with pytest.raises(BadOption, match=r"dates is .*'day-first'"):
        as_judgments(pl.DataFrame(ROWS, HEADER, orient="row"), dates=dates)


# ---- merged cells of a workbook


@few
@given(runs=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["good", None])), min_size=1, max_size=5))
def test_a_value_that_is_merged_down_a_column_stands_in_each_row(runs, tmp_path_factory):
    sheet = openpyxl.Workbook().active
    sheet.append([*HEADER, "gold"])
    expected = []
    for item, (length, gold) in enumerate(runs):
        start = sheet.max_row + 1
        for row in range(length):
            sheet.append([f"q{item}" if row == 0 else None, f"r{row}", "good", gold if row == 0 else None])
            expected.append((f"q{item}", f"r{row}", "good", gold))
        for column in "AD" if length > 1 else "":
            sheet.merge_cells(f"{column}{start}:{column}{sheet.max_row}")
    sheet.append(["none of these", None, None])
    sheet.merge_cells(f"A{sheet.max_row}:C{sheet.max_row}")
    path = tmp_path_factory.mktemp("merged") / "f.xlsx"
    sheet.parent.save(path)
    made = read_judgments(path, where="label = 'good'")
    golds = made.frame["gold"] if "gold" in made.columns else [None] * len(expected)
    assert [(*row, gold) for row, gold in zip(rows(made), golds, strict=True)] == expected
    told = [note for note in made.source.notes if "merged cells" in note]
    assert len(told) == 1


def test_rounded_identifiers_are_no_repeats_to_be_removed():
    ids = [1237649770260464000 + n for n in (1, 1, 2, 2)]
    frame = pd.DataFrame({"item_id": np.array(ids, float), "rater_id": ["ann", "bob"] * 2, "label": "x"})
    with pytest.raises(InvalidData) as refused:
        as_judgments(frame)
    assert {(p.option, "looks rounded by a spreadsheet" in p.fix) for p in refused.value.problems} == {(None, True)}


@pytest.mark.parametrize("label", ['["x", "y"]', "['y', 'x']", '{"a": 1}'])
def test_lists_that_are_written_out_as_labels_are_noted(label):
    made = as_judgments(pl.DataFrame([("q1", "ann", label), ("q1", "bob", "[x")], HEADER, orient="row"))
    assert [label in note for note in made.source.notes] == [True]


@pytest.mark.parametrize(
    ("header", "what", "fix"),
    [
        ("Timestamp,Email,Talk 1 [Helpful],Talk 1 [Safe],Talk 2 [Helpful]", "a column per question, such as 'Talk 1",
         "item_id 'Talk 1', criterion 'Helpful', its rater_id"),
        ("item_id,rater_1,rater_2,rater_3", "a column per rater or question, such as 'rater_1'", "its rater_id, and"),
        ("rater_id,Q1,Q2", "a column per rater or question, such as 'Q1'", "so that each answer has a row"),
    ],
)  # fmt: skip
def test_a_table_with_a_column_per_question_or_rater_is_refused_once_with_what_to_do(header, what, fix, file):
    with pytest.raises(InvalidData) as refused:
        read_judgments(file(f"{header}\n" + "1," * header.count(",") + "2\n"))
    (problem,) = refused.value.problems
    assert what in problem.what
    assert fix in problem.fix


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.booleans())
@settings(max_examples=30, deadline=None)
def test_durations_with_hours_are_read_as_seconds_and_said(hours, minutes, seconds, filled):
    clock = f"{hours:02}:{minutes:02}:{seconds:02}" if filled else f"{hours}:{minutes:02}:{seconds:02}.5"
    frame = pd.DataFrame({"item_id": ["a", "b"], "rater_id": "r", "label": "x", "seconds": [clock, "12.5"]})
    j = as_judgments(frame)
    assert j.frame["seconds"].to_list() == [hours * 3600 + minutes * 60 + seconds + (not filled) / 2, 12.5]
    assert "durations such as 0:01:35 in 1 cell" in str(j)


@pytest.mark.parametrize("cell", ["1:35", "0:61:00", "0:00:60", "1:2:3"])
def test_a_duration_that_could_be_two_is_refused(cell):
    frame = pd.DataFrame({"item_id": ["a"], "rater_id": "r", "label": "x", "seconds": [cell]})
    with pytest.raises(InvalidData, match="is not a finite number"):
        as_judgments(frame)


def test_the_form_of_dates_holds_for_due_moments_and_opt_outs_too():
    cells = [("3.2.2026 09:00", "3.2.2026 10:00", "yes"), ("5.2.2026 09:00", "4.2.2026", "5.2.2026")]
    frame = pd.DataFrame([(f"i{n}", "r", "x", *row) for n, row in enumerate(cells)])
    frame.columns = [*HEADER, "rated_at", "due", "opt_out"]
    j = as_judgments(frame, dates="day-first Europe/Berlin")
    assert j.frame["due"].to_list() == ["2026-02-03T09:00:00+00:00", "2026-02-03T23:00:00+00:00"]
    assert j.frame["opt_out"].to_list() == ["yes", "2026-02-04T23:00:00+00:00"]


@pytest.mark.parametrize("start", [b"", b"Week 12\n\n", b"sep=,\n"])
def test_bytes_that_are_no_utf_8_are_told_at_their_place_in_the_file(start, tmp_path):
    content = start + lines(rows=(HEADER, ("é1", "ann", "good"), *ROWS)).encode("cp1252")
    (file := tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InvalidData, match=f"byte 0xe9 at position {content.index(0xE9)} is not utf-8"):
        read_judgments(file)


@pytest.mark.parametrize("rows", [(HEADER, ("q1", "ann"), *ROWS), (HEADER, *ROWS, ("q2", "bob"))])
def test_a_line_without_its_last_cell_is_no_empty_label(rows, tmp_path):
    (file := tmp_path / "a.csv").write_text(lines(rows=rows))
    with pytest.raises(InvalidData, match="the row has 2 cells, the header 3"):
        read_judgments(file)


@few
@given(
    st.lists(
        st.sampled_from(["2026-03-24T17:57:00", "2026-03-24T17:57:00.250000", "2026-03-24T17:57", "24 March"]),
        max_size=3,
    ),
    st.lists(st.sampled_from(["Z", "+00:00", "+02:00", ""]), min_size=3, max_size=3),
)
def test_a_moment_is_read_alike_whatever_stands_beside_it(moments, zones):
    texts = ["2026-03-24T17:57:00Z", *map("".join, zip(moments, zones, strict=False))]
    frame = pl.DataFrame({"item_id": [f"q{n}" for n in range(len(texts))], "rater_id": "r", "label": "x"})
    try:
        told = [moment(text)[0] for text in texts]
    except ValueError:
        with pytest.raises(InvalidData, match="is not ISO 8601"):
            as_judgments(frame.with_columns(rated_at=pl.Series(texts)))
        return
    j = as_judgments(frame.with_columns(rated_at=pl.Series(texts)))
    assert j.frame["rated_at"].to_list() == told
    assert any("without an offset" in note for note in j.source.notes) == any(not moment(t)[1] for t in texts)
