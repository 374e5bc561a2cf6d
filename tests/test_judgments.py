"""Reading, mapping and checking judgments."""

import gzip
import io
import json
import re
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from helpers import check
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from halo_methods import calibration
from halo_methods.errors import BadOption, HaloError, InvalidData, NotEstimable
from halo_methods.judgments import Judgments, accepted_answers, as_judgments, read_judgments
from halo_methods.judgments.cells import encoded
from halo_methods.judgments.options import OPTIONAL, REQUIRED
from halo_methods.workforce import rates
from halo_methods.workforce.group_figures import judged

ROWS = [("a", "ann", "1"), ("a", "bob", "2"), ("b", "ann", "1"), ("b", "bob", None)]
LINES = "item_id,rater_id,label\na,ann,1\na,bob,2\nb,ann,1\nb,bob,\n"


def rows(j: Judgments) -> list[tuple]:
    return j.frame.select("item_id", "rater_id", "label").rows()


def problems(path, **options) -> list[tuple]:
    return [(p.row, p.column, p.what) for p in check(path, **options)]


@given(st.lists(st.sampled_from(["a", "b", "é", "", None]), max_size=30), st.booleans())
@settings(max_examples=50, deadline=None)
def test_cells_are_numbered_as_they_first_occur_also_where_hashes_collide(values, collide):
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(pl.Series, "hash", lambda series: pl.Series([7] * len(series), dtype=pl.UInt64))
        places, kinds = encoded(pl.Series(values, dtype=pl.String))
    assert kinds.to_list() == list(dict.fromkeys(values))
    assert [kinds[int(place)] for place in places] == values


# ---- the published files


PUBLISHED = {
    "pandalm": (
        "pandalm_pairwise.csv",
        {"values": {"rater_type": {"llm": "model"}}, "scale": ["0", "1", "2"], "missing": ["garbage"]},
        (999, 5, 4970),
        {"label 'garbage' taken as missing": 25},
    ),
    "wmt23": (
        "wmt23_sxs_mqm.csv.gz",
        {"scale": (0, "25+"), "level": "interval", "columns": {"language_pair": "locale"}},
        (4810, 18, 14430),
        {},
    ),
    "hatecheck": ("mhc_hatecheck.csv.gz", {"scale": ["non-hateful", "hateful"]}, (36590, 30, 109770), {}),
    "barzan": ("gal_barzan.csv", {"scale": ["0", "1"]}, (1000, 83, 5000), {}),
    "adult2, rounds": ("gal_adult2.csv.gz", {"duplicates": "round"}, (11040, 825, 92721), {}),
    "adult2, last": (
        "gal_adult2.csv.gz",
        {"duplicates": "last"},
        (11040, 825, 92721 - 2922),
        {"repeated judgment, last kept": 2922},
    ),
    "llmbar": (
        "llmbar_judges.csv.gz",
        {"values": {"rater_type": {"llm": "model"}}, "scale": ["1", "2"]},
        (419, 50, 41900 - 115),
        {"empty label": 115},
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_files_are_read_whole(name, datasets):
    file, options, counts, dropped = PUBLISHED[name]
    j = read_judgments(datasets(file), **options)
    assert (j.n_items, j.n_raters, j.n_judgments) == counts
    assert j.source.dropped == dropped
    assert j.source.rows_used + sum(dropped.values()) == j.source.rows_read


def test_published_repeats_are_2922_problems_unless_told(datasets):
    found = check(datasets("gal_adult2.csv.gz"))
    assert len(found) == 2922
    assert "as row 2" in found[0].what
    assert found[0].row == 3
    assert (found[0].option, found[0].value) == ("duplicates", "first")


def test_published_rounds_number_the_repeats(datasets):
    j = read_judgments(datasets("gal_adult2.csv.gz"), duplicates="round")
    assert j.frame.filter(pl.col("round") != "1").height == 2922
    assert j.frame.select("item_id", "rater_id", "round").is_duplicated().sum() == 0


def test_published_language_pair_passes_as_a_locale_in_silence(datasets):
    j = read_judgments(datasets("wmt23_sxs_mqm.csv.gz"), scale=(0, float("inf")))
    assert j.source.notes == ()
    assert j.frame.schema["label"] == pl.Float64
    assert j.frame["rated_at"][0] == datetime(2024, 8, 21, 8, 1, 48, 365000, tzinfo=UTC)


def test_published_criteria_are_taken_one_at_a_time(datasets):
    j = read_judgments(datasets("llmbar_judges.csv.gz"), values={"rater_type": {"llm": "model"}})
    with pytest.raises(NotEstimable, match="criterion = 'original'"):
        j.one()
    original = j.where("criterion = 'original'").one()
    assert original.n_judgments == sum(1 for c in j.frame["criterion"] if c == "original")
    assert {value for value, _ in j.groups("criterion")} == {"original", "swapped"}
    assert j.one(by="criterion") is j


# ---- formats give one and the same table


def workbook(table) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in table:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


HEADER = ("item_id", "rater_id", "label")
FRAME = pl.DataFrame(ROWS, schema=HEADER, orient="row")
FILES = {
    "a.csv": LINES.encode(),
    "quoted.csv": LINES.replace("ann", '"ann"').encode(),
    "semicolon.csv": LINES.replace(",", ";").encode(),
    "tab.tsv": LINES.replace(",", "\t").encode(),
    "windows.csv": LINES.replace("\n", "\r\n").encode(),
    "mac.csv": LINES.replace("\n", "\r").encode(),
    "mark.csv": b"\xef\xbb\xbf" + LINES.encode(),
    "utf16.csv": LINES.encode("utf-16"),
    "excel.csv": b"sep=;\r\n" + LINES.replace(",", ";").encode(),
    "trailing.csv": (LINES + ",,\n\n").encode(),
    "wide.csv": LINES.replace("\n", ",,\n").encode(),
    "b.csv.gz": gzip.compress(LINES.encode(), mtime=0),
    "c.parquet": parquet(FRAME),
    "whole floats.parquet": parquet(FRAME.with_columns(pl.col("label").cast(pl.Float64))),
    "categories.parquet": parquet(FRAME.with_columns(pl.all().cast(pl.Categorical))),
    "c.parquet.gz": gzip.compress(parquet(FRAME), mtime=0),
    "d.xlsx": workbook([HEADER, *ROWS]),
    "numbers.xlsx": workbook([HEADER, *((i, r, None if x is None else int(x)) for i, r, x in ROWS)]),
    "e.jsonl": "\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in ROWS).encode(),
    "list.json": json.dumps([dict(zip(HEADER, row, strict=True)) for row in ROWS]).encode(),
    "absent.jsonl": "\n".join(
        json.dumps({k: v for k, v in zip(HEADER, row, strict=True) if v is not None}) for row in ROWS
    ).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_table(name, file):
    j = read_judgments(file(FILES[name], name))
    assert rows(j) == ROWS[:3]
    assert j.source.dropped == {"empty label": 1}
    assert j.source.rows_read == 4
    assert len(j.source.sha256) == 64


def duckdb_relation():
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(FRAME.to_arrow())


PANDAS = FRAME.to_pandas()
FRAMES = {
    "pandas": lambda: PANDAS,
    "pandas objects": lambda: PANDAS.astype(object),
    "pandas categories": lambda: PANDAS.astype("category"),
    "pandas floats": lambda: PANDAS.assign(label=[1.0, 2.0, 1.0, np.nan]),
    "pandas nullable integers": lambda: PANDAS.assign(label=pd.array([1, 2, 1, pd.NA], dtype="Int64")),
    "pandas text": lambda: PANDAS.astype("string"),
    "pandas mixed": lambda: PANDAS.assign(label=pd.Series([1, np.int64(2), 1.0, pd.NA], dtype=object)),
    "polars": lambda: FRAME,
    "lazy": lambda: FRAME.lazy(),
    "polars floats": lambda: FRAME.with_columns(label=pl.Series([1.0, 2.0, 1.0, float("nan")])),
    "arrow": lambda: FRAME.to_arrow(),
    "arrow dictionary": lambda: pa.table(
        {name: FRAME.to_arrow()[name].cast(pa.string()).dictionary_encode() for name in HEADER}
    ),
    "duckdb": duckdb_relation,
    "judgments": lambda: as_judgments(FRAME.with_columns(pl.col("label").fill_null("garbage"))),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_gives_the_same_table(name):
    j = as_judgments(FRAMES[name](), missing=["", "garbage"])
    assert rows(j) == ROWS[:3]
    assert sum(j.source.dropped.values()) == 1


def test_something_else_is_no_frame():
    with pytest.raises(HaloError, match="a number is of type int"):
        as_judgments(3, name="a number")


def test_a_failing_relation_is_reported():
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.connect().sql("select error('boom') as item_id, 'x' as rater_id, '1' as label")
    with pytest.raises(HaloError, match="boom"):
        as_judgments(relation)


def test_lists_of_gold_become_accepted_answers(file):
    line = json.dumps({"item_id": "a", "rater_id": "x", "label": "1", "gold": ["1", "2|3"]})
    j = read_judgments(file(line, "x.jsonl"))
    assert accepted_answers(j.frame["gold"][0]) == ("1", "2|3")


# ---- what is refused, where and how it is fixed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", (None, None, "the file is empty")),
        ("\n\n", (None, None, "the file is empty")),
        ("item_id,rater_id,label\n", (None, None, "no judgment is left (the table has no rows)")),
        ("item_id,rater_id,label\na,x,\n", (None, None, "no judgment is left (1 empty label)")),
        ("task_id,rater_id,label\na,x,1\n", (None, None, "the column item_id is missing")),
        ("item_id,rater_id,label\n,x,1\n", (1, "item_id", "the cell is empty")),
        ("item_id,rater_id,label\na, ,1\n", (1, "rater_id", "the cell is empty")),
        ("item_id,rater_id,label\na,x,1\na,x,2\n", (2, None, "the same item_id, rater_id as row 1")),
        ("item_id,rater_id,label\na,x,1\nb,x\n", (2, None, "the row has 2 cells, the header 3")),
        ("item_id,rater_id,label\na,x,1,9\n", (1, None, "the row has 4 cells, the header 3")),
        ('item_id,rater_id,label\na,x,1\nb,"x,1\n', (2, None, "a quotation mark is opened and never closed")),
        ('item_id,rater_id,label\na,"x"y,1\n', (1, None, "text follows a closing quotation mark")),
        ("item_id,rater_id,label\na\0,x,1\n", (1, "item_id", "'a\\x00' holds a NUL byte")),
        ("item_id,rater_id,label,label\na,x,1,2\n", (None, "label", "two columns are called 'label'")),
        ("item_id,rater_id,label,stage\na,x,1,qa\n", (1, "stage", "'qa' is no stage")),
        ("item_id,rater_id,label,rater_type\na,x,1,llm\n", (1, "rater_type", "'llm' is no rater_type")),
        ("item_id,rater_id,label,seconds\na,x,1,-3\n", (1, "seconds", "'-3' is below 0")),
        ("item_id,rater_id,label,cost\na,x,1,inf\n", (1, "cost", "'inf' is not a finite number")),
        ("item_id,rater_id,label,cost\na,x,1,nan\n", (1, "cost", "'nan' is not a finite number")),
        ("item_id,rater_id,label,rated_at\na,x,1,1/2/2026\n", (1, "rated_at", "'1/2/2026' is not ISO 8601")),
        ("item_id,rater_id,label,rated_at\na,x,1,1700000000\n", (1, "rated_at", "'1700000000' is not ISO 8601")),
        ("item_id,rater_id,label,gold\na,x,1,1||\n", None),
        ("item_id,rater_id,label,gold\na,x,1,1|\n", (1, "gold", "the gold answer '1|' is outside the scale")),
    ],
)
def test_each_defect_is_named_with_its_place(content, expected, file):
    assert problems(file(content)) == ([expected] if expected else [])


def test_all_problems_come_at_once_in_the_order_of_the_rows(file):
    lines = "item_id,rater_id,label,seconds,gold\na,x,3,1,1\n,x,1,-1,1\nb,,2,x,4\nb,x,2,1,1\nb,x,1,1\n"
    found = problems(file(lines), scale=["1", "2"])
    assert [(row, column) for row, column, _ in found] == [
        (1, "label"),
        (2, "seconds"),
        (2, "item_id"),
        (3, "seconds"),
        (3, "rater_id"),
        (3, "gold"),
        (5, None),
    ]


@pytest.mark.parametrize(
    ("scale", "label", "what"),
    [
        (["poor", "good"], "Good ", "the label 'Good ' is outside the scale"),
        (["1", "2"], "3.0", "the label '3.0' is outside the scale"),
        ((0, 25), "26", "the label '26' is outside the scale"),
        ((0, 25), "-0.5", "the label '-0.5' is outside the scale"),
        ((0, 25), "many", "'many' is not a finite number"),
        ((0, "25+"), "inf", "'inf' is not a finite number"),
        ((0, "25+"), "1_0", "'1_0' is not a finite number"),
    ],
)
def test_a_label_outside_the_scale(scale, label, what, file):
    assert problems(file(f"item_id,rater_id,label\na,x,{label}\n"), scale=scale) == [(1, "label", what)]


@pytest.mark.parametrize(
    ("content", "options", "option", "value"),
    [
        ("task_id,rater_id,label\na,x,1\n", {}, "columns", {"item_id": "task_id"}),
        ("item_id,Annotator,label\na,x,1\n", {}, "columns", {"rater_id": "Annotator"}),
        ("item_id,rater_id,lable\na,x,1\n", {}, "columns", {"label": "lable"}),
        ("item_id,a,label\na,x,1\n", {}, "columns", {"rater_id": "…"}),
        ("item_id,rater_id,label\na,x,1\n", {"columns": {"gold": "lable"}}, "columns", None),
        (
            "item_id,task,rater_id,label\n1,a,x,1\n",
            {"columns": {"item_id": "task"}},
            "columns",
            {"other_item_id": "item_id"},
        ),
        ("item_id,rater_id,label\na,x,Good\n", {"scale": ["poor", "good"]}, "values", {"label": {"Good": "good"}}),
        ("item_id,rater_id,label\na,x,01\n", {"scale": ["1", "2"]}, "values", {"label": {"01": "1"}}),
        ("item_id,rater_id,label\na,x,3\n", {"scale": ["1", "2"]}, "missing", ["3"]),
        (f"item_id,rater_id,label\na,x,{'3' * 90}\n", {"scale": ["1", "2"]}, "missing", None),
        ("item_id,rater_id,label,rater_type\na,x,1,LLM\n", {}, "values", {"rater_type": {"LLM": "model"}}),
        ("item_id,rater_id,label\na,x,good\n", {"level": "ordinal"}, "scale", ["poor", "good"]),
        ("item_id,rater_id,label\na,x,1\na,x,2\n", {}, "duplicates", "first"),
    ],
)
def test_a_problem_names_the_option_that_settles_it(content, options, option, value, file):
    (found,) = check(file(content), **options)
    assert (found.option, found.value) == (option, value)
    if value is not None:
        spelled = str(found).rpartition(f"{option}=")[2]
        assert json.loads(spelled) == value


@pytest.mark.parametrize(
    ("content", "options", "fix"),
    [
        ("item_id,rater_id,label\na,x,1\n", {"columns": {"gold": "lable"}}, "There is 'label'."),
        ('item_id,rater_id,label,seconds\na,x,1,"2,5"\n', {}, "a decimal point, not a comma"),
    ],
)
def test_a_problem_says_what_to_write(content, options, fix, file):
    (found,) = check(file(content), **options)
    assert fix in found.fix
    assert found.value is None
    assert str(found).endswith(".")


def test_the_mend_mends(file):
    path = file("task_id,rater,verdict\na,x,Good\n")
    columns = {"item_id": "task_id", "rater_id": "rater", "label": "verdict"}
    assert len(check(path)) == 3
    assert len(check(path, columns=columns, scale=["good"])) == 1
    assert check(path, columns=columns, scale=["good"], values={"label": {"Good": "good"}}) == []


def test_problems_name_the_column_of_the_file(file):
    assert problems(file("task,rater_id,label\n,x,1\n"), columns={"item_id": "task"})[0][:2] == (1, "task")


@pytest.mark.parametrize(("text", "guess"), [("café", "cp1252"), ("caf\x81é", "latin-1")])
def test_a_wrong_encoding_names_the_byte_and_the_right_one(text, guess, file):
    path = file(f"item_id,rater_id,label\na,x,1\n{text},x,1\n".encode("latin-1"))
    (found,) = check(path)
    byte = text.encode("latin-1")[3]
    assert f"byte 0x{byte:02x} at position 32" in found.what
    assert found.row == 2
    assert (found.option, found.value) == ("encoding", guess)
    assert read_judgments(path, encoding=guess).frame["item_id"][1] == text


def test_utf16_without_a_mark_is_not_read_as_nonsense(file):
    path = file(LINES.encode("utf-16-le"))
    assert [(p.option, p.value) for p in check(path)] == [("encoding", "utf-16-le")]
    assert rows(read_judgments(path, encoding="utf-16-le")) == ROWS[:3]


@pytest.mark.parametrize("encoding", ["klingon", "hex", "\0", "rot13"])
def test_an_encoding_of_no_text_is_a_bad_option(encoding, file):
    with pytest.raises(BadOption, match="encoding"):
        read_judgments(file(LINES), encoding=encoding)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("x.csv.gz", gzip.compress(LINES.encode() * 99, mtime=0)[:-30], "cut short"),
        ("x.csv.gz", gzip.compress(LINES.encode(), mtime=0)[:-8] + b"\xff" * 8, "damaged"),
        ("x.parquet", parquet(FRAME)[:-40], "damaged"),
        ("x.parquet", b"PAR1", "damaged"),
        ("x.parquet", LINES.encode(), "no parquet file"),
        ("x.xlsx", LINES.encode(), "no xlsx file"),
        ("x.xlsx", workbook([HEADER, *ROWS])[:-100], "damaged"),
        ("x.xlsx", workbook([]), "the sheet is empty"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        ("x.jsonl", b'{"item_id": 1', "not JSON"),
        ("x.jsonl", b"[" * 100_000, "not JSON"),
        ("x.jsonl", b"3", "not an object"),
        ("x.jsonl", b'{"item_id": 1, "item_id": 2}', "a name occurs twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_damaged_files(name, content, what, file):
    found = check(file(content, name))
    assert any(what in p.what for p in found)
    assert all(len(p.what) < 300 for p in found)


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path, "\0"):
        with pytest.raises(HaloError, match="cannot be read") as raised:
            check(path)
        assert not isinstance(raised.value, InvalidData)


def test_formulas_are_read_as_results_or_named(file):
    content = workbook([HEADER, ("a", "x", "=1+1"), ("b", "x", "1")])
    assert problems(file(content, "x.xlsx")) == [(1, "label", "the formula '=1+1' has no stored result")]


def test_formulas_and_html_in_text_stay_text(file):
    cell = "=HYPERLINK(\"x\")<script>alert('1')</script>"
    quoted = cell.replace('"', '""')
    j = read_judgments(file(f'item_id,rater_id,label\n"{quoted}",x,1\n'))
    assert j.frame["item_id"][0] == cell
    labelled = as_judgments(FRAME.with_columns(label=pl.lit("<script>")))
    assert "<script>" not in labelled._repr_html_()


def test_ten_megabytes_in_a_cell(file):
    big = "x" * 10_000_000
    j = read_judgments(file(f"item_id,rater_id,label\n{big},x,1\n"))
    assert len(j.frame["item_id"][0]) == 10_000_000
    (found,) = check(file(f'item_id,rater_id,label\na,x,"{big}"\n'), scale=["1"])
    assert len(str(found)) < 300


# ---- mapping, filters, missing labels, repeats


def test_whole_floats_of_pandas_lose_their_point_and_text_of_identifiers_keeps_it():
    frame = pd.DataFrame({"item_id": [1.0, 2.0], "rater_id": ["x.0", "1.0"], "label": ["1.0", "2"]})
    assert rows(as_judgments(frame)) == [("1", "x.0", "1"), ("2", "1.0", "2")]


def test_identifiers_stay_as_written_and_lookalikes_are_noted(file):
    j = read_judgments(file("item_id,rater_id,label\n 007,ann,1\n7,Ann,1\ncaf\u00e9,x,1\ncafe\u0301,x,1\n"))
    assert j.frame["item_id"].to_list() == [" 007", "7", "caf\u00e9", "cafe\u0301"]
    assert any("rater_id: 'Ann' and 'ann'" in note for note in j.source.notes)
    assert any(note.startswith("item_id") for note in j.source.notes)


def test_columns_may_swap_names_and_serve_twice(file):
    path = file("item_id,rater_id,label\nx,a,1\n")
    j = read_judgments(path, columns={"item_id": "rater_id", "rater_id": "item_id", "cluster": "rater_id"})
    assert j.frame.rows(named=True) == [{"item_id": "a", "rater_id": "x", "label": "1", "cluster": "a"}]


def test_missing_texts_are_counted_apart(file):
    path = file("item_id,rater_id,label,gold\na,x,garbage,1\nb,x,n/a,1\nc,x,,1\nd,x,1,n/a\n")
    j = read_judgments(path, missing=["garbage", "n/a"])
    assert j.source.dropped == {
        "empty label": 1,
        "label 'garbage' taken as missing": 1,
        "label 'n/a' taken as missing": 1,
    }
    assert j.frame["gold"].to_list() == [None]


def test_a_label_that_looks_missing_is_noted(file):
    assert "'NaN'" in read_judgments(file("item_id,rater_id,label\na,x,NaN\n")).source.notes[0]


@pytest.mark.parametrize("text", ["none", "N/A", "[1, 2]"])
def test_a_label_that_the_scale_names_is_not_noted(text, file):
    path = file(f'item_id,rater_id,label\na,x,"{text}"\nb,x,whole\n')
    assert "looks like" in read_judgments(path).source.notes[0]
    assert not read_judgments(path, scale=[text, "whole"]).source.notes


def test_blank_rows_keep_the_numbering(file):
    path = file("item_id,rater_id,label\na,x,1\n\n,,\nb,,1\n")
    assert problems(path) == [(4, "rater_id", "the cell is empty")]
    assert read_judgments(file("item_id,rater_id,label\na,x,1\n\nb,x,1\n")).source.dropped == {"blank row": 1}


def test_repeats_first_last_round(file):
    path = file("item_id,rater_id,label\na,x,1\nb,x,1\na,x,2\na,x,3\n")
    assert rows(read_judgments(path, duplicates="first")) == [("a", "x", "1"), ("b", "x", "1")]
    assert rows(read_judgments(path, duplicates="last")) == [("b", "x", "1"), ("a", "x", "3")]
    rounds = read_judgments(path, duplicates="round")
    assert rounds.frame["round"].to_list() == ["1", "1", "2", "3"]
    assert read_judgments(path, duplicates="first").source.dropped == {"repeated judgment, first kept": 2}


@pytest.mark.parametrize("column", ["criterion", "stage", "round"])
def test_what_tells_judgments_apart(column, file):
    path = file(f"item_id,rater_id,label,{column}\na,x,1,label\na,x,2,review\na,x,3,\n")
    if column == "stage":
        assert problems(path) == [(3, None, "the same item_id, rater_id, stage as row 1")]
    else:
        assert check(path) == []


def test_rounds_that_repeat_are_not_renumbered(file):
    path = file("item_id,rater_id,label,round\na,x,1,1\na,x,2,1\n")
    assert [p.row for p in check(path, duplicates="round")] == [2]


def test_moments_become_utc_and_a_missing_offset_is_noted(file):
    path = file("item_id,rater_id,label,rated_at\na,x,1,2026-03-01T09:30:00+02:00\nb,x,1,2026-03-01 09:30\nc,x,1,\n")
    j = read_judgments(path)
    told = [datetime(2026, 3, 1, 7, 30, tzinfo=UTC), datetime(2026, 3, 1, 9, 30, tzinfo=UTC), None]
    assert j.frame["rated_at"].to_list() == told
    assert "without an offset" in j.source.notes[0]
    typed = j.frame.with_columns(pl.col("rated_at").dt.convert_time_zone("Asia/Tokyo"))
    assert as_judgments(typed).frame["rated_at"].to_list() == told
    assert as_judgments(typed.to_pandas()).frame["rated_at"].to_list() == told


def test_decimal_commas_of_semicolon_files(file):
    j = read_judgments(file("item_id;rater_id;label;seconds\na;x;0,5;12,5\nb;x;1;3\n"), scale=(0, 1))
    assert j.frame["label"].to_list() == [0.5, 1]
    assert j.frame["seconds"].to_list() == [12.5, 3]
    assert len(j.source.notes) == 2
    gold = read_judgments(file("item_id;rater_id;label;gold\na;x;0,5;1,0|0,5\nb;x;1;\nc;x;1;1\n"), scale=(0, 1))
    assert gold.frame["gold"].to_list() == ["1.0|0.5", None, "1"]
    assert "gold: the comma in 1 cell was read as a decimal point" in gold.source.notes
    mixed = "item_id;rater_id;label;seconds\na;x;1;1.234\nb;x;1;12,5\n"
    assert [p.row for p in check(file(mixed))] == [2]


def test_rows_filtered_out_are_not_checked_unless_the_filter_needs_the_cell(file):
    path = file("item_id,rater_id,label,seconds,test\na,x,bad,1,yes\nb,x,1,slow,no\nc,x,1,1,no\n")
    assert [p.row for p in check(path, scale=["1"], where="test = 'no'")] == [2]
    assert [p.row for p in check(path, scale=["1"], where="seconds < 9 AND test = 'no'")] == [2]
    fixed = read_judgments(path, scale=["1"], where="item_id = 'c'")
    assert fixed.source.dropped == {"not where item_id = 'c'": 2}


def test_an_odd_locale_is_a_note(file):
    path = file("item_id,rater_id,label,locale\na,x,1,fr_FR\nb,x,1,en-de\nc,x,1,zh-Hant-TW\n")
    assert read_judgments(path).source.notes == ("the locale 'fr_FR' does not look like a BCP 47 tag; write 'fr-FR'",)


def test_an_empty_optional_column_is_left_out_with_a_note(file):
    j = read_judgments(file("item_id,rater_id,label,criterion\na,x,1,\n"))
    assert j.columns == ("item_id", "rater_id", "label")
    assert j.source.notes == ("column criterion is empty and was left out",)


# ---- options


@pytest.mark.parametrize(
    "options",
    [
        {"level": "cardinal"},
        {"duplicates": "drop"},
        {"scale": []},
        {"scale": ["1", "1"]},
        {"scale": (3, 1)},
        {"scale": (0, float("nan"))},
        {"scale": 5},
        {"scale": "(0, high)"},
        {"scale": ["1", "2"], "missing": ["1"]},
        {"scale": ["poor", "good"], "level": "interval"},
        {"where": "nothing = 1"},
    ],
)
def test_bad_options(options):
    with pytest.raises(BadOption):
        as_judgments(FRAME, **options)


@pytest.mark.parametrize(
    ("scale", "made"),
    [
        ([0, 1], ("0", "1")),
        ((0, 1, 2), ("0", "1", "2")),
        (("0", "1"), ("0", "1")),
        ((0, 1), (0.0, 1.0)),
        ((float("-inf"), "25+"), (float("-inf"), float("inf"))),
        ("0,1,2", ("0", "1", "2")),
        ("(0, 25+)", (0.0, float("inf"))),
        ("[-1, 1]", (-1.0, 1.0)),
    ],
)
def test_scales(scale, made):
    from halo_methods.judgments.options import scale_of

    assert scale_of(scale) == made


def test_ordinal_words_need_an_order():
    frame = FRAME.with_columns(label=pl.lit("good"))
    with pytest.raises(InvalidData, match="order"):
        as_judgments(frame, level="ordinal")
    assert as_judgments(frame, level="ordinal", scale=["poor", "good"]).labels == ("poor", "good")


# ---- the table


def table(**columns) -> Judgments:
    n = len(next(iter(columns.values())))
    base = {"item_id": [f"i{k}" for k in range(n)], "rater_id": ["x"] * n, "label": ["1"] * n}
    return as_judgments(pl.DataFrame({**base, **columns}))


WHERE = [
    ("a = 'x'", [0, 3]),
    ("a == 'x'", [0, 3]),
    ("a <> 'x'", [1]),
    ("a != 'x' or a is null", [1, 2]),
    ("NOT a = 'x'", [1]),
    ("a IN ('x', 'l''avis')", [0, 1, 3]),
    ("a NOT IN ('x')", [1]),
    ("a IS NULL", [2]),
    ("a IS NOT NULL AND n > 2", [1, 3]),
    ("a LIKE 'l%'", [1]),
    ("a NOT ILIKE 'L%'", [0, 3]),
    ("n >= 2", [1, 2, 3]),
    ("2 <= n", [1, 2, 3]),
    ("n < 1e1", [0, 2, 3]),
    ("NOT n >= 2", [0]),
    ("n BETWEEN 2 AND 10 AND a IS NOT NULL", [1, 3]),
    ("n NOT BETWEEN 2 AND 9.5", [0, 1]),
    ("n = '10' OR n > 2", [1, 3]),
    ("n = 1 OR n = 2 AND a = 'x'", [0]),
    ("(n = 1 OR n = 2) AND a = 'x'", [0]),
    ("\"two words\" = 'y'", [0]),
    ("`two words` = 'y'", [0]),
    ("seconds < 5", [0]),
    ("NOT (seconds < 5)", [1, 3]),
    ("a = b", [0]),
    ("n < m", [1]),
    ("n > m", [0]),
    ("rated_at >= '2026-01-02'", [1]),
    ("rated_at BETWEEN '2026-01-01T01:00+02:00' AND '2026-01-01'", [0]),
    ("rated_at LIKE '2026-01-02%'", [1]),
    ("n IN (1, -3, +2.0)", [0, 2]),
    ("day >= '2026' AND day < '2026-02'", [0]),
    ("\"order\" = 'x' AND order = 'x'", [1]),
]


@pytest.mark.parametrize(("text", "kept"), WHERE)
def test_where(text, kept):
    j = table(
        a=["x", "l'avis", None, "x"],
        b=["x", "y", None, None],
        n=[1, 10, 2, 3],
        m=[0, 100, None, 3],
        seconds=[1, 9, None, 6],
        rated_at=["2026-01-01", "2026-01-02", None, None],
        day=["2026-01", "2025-12", None, "2026-03"],
        order=[None, "x", "y", "z"],
        **{"two words": ["y", "z", None, None]},
    )
    left = j.where(text)
    assert left.frame["item_id"].to_list() == [f"i{k}" for k in kept]
    assert left.source.rows_used + sum(left.source.dropped.values()) == left.source.rows_read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lable = '1'", "'lable', which is no column. There is 'label'"),
        ("label = good", "Text stands in single quotes"),
        ('label = "1"', "Text stands in single quotes"),
        ("label = ", "cannot be read at 'label = '"),
        ("label '1'", "cannot be read at \"label '1'\""),
        ("(label = '1'", "unable to parse"),
        ("label = '1')", "unexpected token"),
        ("label = '1' label", "cannot be read at 'label'"),
        ("label = '1' OR", "cannot be read at 'OR'"),
        ("label = 'it", "cannot be read at"),
        ("label = NULL", "IS NULL"),
        ("1 < seconds < 3", "cannot be read at '< 3'"),
        ("seconds", "cannot be read at 'seconds'"),
        ("'1' = '1'", "cannot be read at"),
        ("seconds = '1'", "without quotes"),
        ("seconds LIKE '1%'", "without quotes"),
        ("item_id > 3", "put the value in single quotes"),
        ("item_id = seconds", "one of them is text"),
        ("label > '1'", "without quotes"),
        ("label BETWEEN '1' AND '2'", "without quotes"),
        ("label IN (1, '2')", "without quotes"),
        ("label IN ()", "cannot be read at"),
        ("rated_at > 3", "holds moments"),
        ("rated_at > 'noon'", "holds moments"),
        ("", "cannot be read at ''"),
        ("(" * 60 + "label = '1'", "unable to parse"),
        ("(" * 4000 + "label = '1'" + ")" * 4000, "unable to parse"),
        ("label = '1' " * 2000, "characters long"),
        ("label = '\ud800'", "surrogates"),
        # nothing but comparisons reaches Polars
        ("__import__('os')", "no column"),
        ("lower(label) = 'x'", "no column"),
        ("seconds + 1 > 2", "cannot be read at"),
        ("label(seconds) = 1", "cannot be read at"),
        ("label IN (SELECT label FROM self)", "no column"),
        ("label ~ '1'", "cannot be read at"),
        ("label = '1' -- no more", "cannot be read at '--"),
        ("label = '1'; DROP TABLE self", "cannot be read at ';"),
    ],
)
def test_where_says_what_is_wrong(text, message):
    with pytest.raises(BadOption, match=message) as refused:
        table(seconds=[1, 2], rated_at=["2026-01-01", None]).where(text)
    assert (refused.value.option, refused.value.given) == ("where", text)


def test_a_long_filter_is_fine():
    j = table(a=["x", "y"])
    assert j.where(" OR ".join(["a = 'x'"] * 800)).n_judgments == 1
    assert j.where(f"a IN ({', '.join(['5'] * 1500)}, 'x')".replace("5", "'5'")).n_judgments == 1


def test_only_and_where_count_what_they_leave_out():
    j = table(locale=["fr-FR", "de-DE", None], round=[1, 1, 2])
    assert j.only(locale="fr-FR", round=1).frame["item_id"].to_list() == ["i0"]
    assert j.only(locale=None).frame["item_id"].to_list() == ["i2"]
    assert j.only(locale=["fr-FR", "de-DE"]).source.dropped == {"locale is not 'fr-FR', 'de-DE'": 1}
    with pytest.raises(NotEstimable, match="there are 'de-DE', 'fr-FR'"):
        j.only(locale="fr")
    with pytest.raises(NotEstimable, match="no column vendor"):
        j.only(vendor="x")
    with pytest.raises(NotEstimable, match="no judgment is left"):
        j.where("locale = 'fr'")


def test_one_takes_the_stage_label_and_counts_the_rest():
    j = table(stage=["label", "review", None])
    assert j.one().frame["item_id"].to_list() == ["i0", "i2"]
    assert j.one().source.dropped == {"stage is not 'label'": 1}
    assert j.one(by="stage") is j
    assert j.where("stage = 'review'").one().n_judgments == 1
    with pytest.raises(NotEstimable, match="stage = 'audit'"):
        table(stage=["audit", "review"]).one()


def test_groups_are_sorted_as_numbers_and_end_with_the_missing():
    j = table(batch=["10", "9", None, "9"])
    groups = list(j.groups("batch"))
    assert [value for value, _ in groups] == ["9", "10", None]
    assert [group.n_judgments for _, group in groups] == [2, 1, 1]
    for _, group in groups:
        assert group.source.rows_used == group.n_judgments


def test_labels_sort_as_numbers_or_follow_the_scale():
    assert table(label=["10", "9", "2"]).labels == ("2", "9", "10")
    assert table(label=["b", "a", "10"]).labels == ("10", "a", "b")
    frame = FRAME.drop_nulls()
    assert as_judgments(frame, scale=["3", "2", "1"]).labels == ("3", "2", "1")
    assert as_judgments(frame, scale=(0, 5)).labels == (1.0, 2.0)
    assert as_judgments(frame, level="ratio").labels == (1.0, 2.0)


def test_one_rater_and_one_category_are_a_table():
    j = table(label=["1"])
    assert (j.n_items, j.n_raters, j.n_judgments, j.labels) == (1, 1, 1, ("1",))
    assert not j.level_given


def test_accepted_answers():
    assert accepted_answers("a|b") == ("a", "b")
    assert accepted_answers("a||b") == ("a|b",)
    assert accepted_answers("a|||b") == ("a|", "b")
    assert accepted_answers("") == accepted_answers(None) == ()


def test_a_stored_result_of_a_formula_is_its_text(file):
    book = openpyxl.Workbook()
    for row in [HEADER, ("a", "x", "=1+1")]:
        book.active.append(row)
    book.create_sheet("notes")
    written, out = io.BytesIO(), io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, re.sub(rb"(<f>1\+1</f>)<v\s*/>|(<f>1\+1</f>)<v></v>", rb"<f>1+1</f><v>2</v>", content))
    j = read_judgments(file(out.getvalue(), "x.xlsx"))
    assert rows(j) == [("a", "x", "2")]
    assert j.source.notes == ("read from sheet 'Sheet'; not read: 'notes'",)


# ---- values that look alike


def small(rows, header="item_id,rater_id,label,gold", **options):
    columns = header.split(",")
    return as_judgments(pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows]), **options)


NUMBER = st.sampled_from(["{}", "{}.0", "{}.00", "{}e0", "+{}", " {} ", "{}0e-1", "{}."])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 9), NUMBER, NUMBER), min_size=1, max_size=8), st.booleans())
def test_spellings_of_one_number_are_one_label_and_gold_follows(cells, listed):
    made = small(
        [(f"q{at}", "r", form.format(n), other.format(n)) for at, (n, form, other) in enumerate(cells)],
        scale=[f"{n}.0" for n in range(1, 10)] if listed else None,
    )
    assert made.marked("gold")["right"].all()
    assert made.frame["label"].to_list() == [f"{n}.0" if listed else f"{n}" for n, *_ in cells]
    respelt = [form for n, form, _ in cells if form.format(n) != (f"{n}.0" if listed else f"{n}")]
    assert any(note.startswith(f"label: {len(respelt)} cell") for note in made.source.notes) == bool(respelt)


def test_missing_markers_are_numbers_too_and_leading_zeros_are_kept_and_noted():
    made = small([("a", "r", "1", "1"), ("b", "r", "-99.0", "-99.00"), ("c", "r", "01", None)], missing="-99")
    assert made.frame.select("label", "gold").rows() == [("1", "1"), ("01", None)]
    assert any("'01' and '1' differ only by" in note for note in made.source.notes)


def test_gold_that_no_label_equals_is_noted_or_refused():
    made = small([("a", "r", "1", "1 "), ("b", "r", "yes", "yes |Yes")])
    assert made.frame["gold"].to_list() == ["1", "yes|Yes"]
    assert "gold: 1 gold answer equal to no label, such as 'Yes'; if it is an error, correct it" in made.source.notes
    with pytest.raises(InvalidData, match=r"row 1, column gold: the gold answer 'nan' equals no label"):
        small([("a", "r", "1", "nan"), ("b", "r", "2", "2")])
    assert small([("a", "r", "nan", "nan")]).marked("gold")["right"].all()


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=9, unique=True), st.sampled_from(["Round {}", "v{}", "{}."])
)
def test_rounds_are_in_natural_order(numbers, form):
    made = small([("q", "r", "x", form.format(n)) for n in numbers], "item_id,rater_id,label,round")
    assert made.rounds == tuple(form.format(n) for n in sorted(numbers))


@pytest.mark.parametrize("column", ["item_id", "rater_id", "vendor", "locale", "round", "criterion", "guideline"])
@pytest.mark.parametrize(
    "pair", [("ann", "ann\u200b"), ("ann", "Ann "), ("ann", "\u200eann"), ("7", "007"), ("ß", "SS")]
)
def test_lookalikes_are_noted_in_every_column_of_names(column, pair):
    rows = [("a", "r", "x", "v"), ("b", "s", "x", "v")]
    frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "vendor"], orient="row")
    notes = as_judgments(frame.with_columns(pl.Series(column, pair))).source.notes
    assert any(note.startswith(f"{column}: ") and "kept apart" in note for note in notes)


def test_identifiers_that_a_spreadsheet_rounded_are_noted():
    made = small([("1.23765E+18", "r", "x", "x"), ("1.23765E+18", "s", "x", "x")])
    assert any(note.startswith("item_id: '1.23765E+18' looks rounded") for note in made.source.notes)


def test_labels_with_more_digits_than_a_number_holds_are_refused():
    rows = [(f"i{i}", r, str(10**17 + 1 + i % 3)) for i in range(6) for r in "ab"]
    frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    with pytest.raises(InvalidData, match="are one number to a computer"):
        as_judgments(frame, level="interval")
    assert len(as_judgments(frame).labels) == 3


def test_long_words_and_long_decimals_are_not_taken_for_one_number(tmp_path):
    rows = [("a", "r", "a rather long word"), ("b", "r", "another quite long word"), ("c", "r", "3")]
    with pytest.raises(InvalidData) as refused:
        as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
    assert [problem.row for problem in refused.value.problems] == [1, 2]
    file = tmp_path / "german.csv"
    file.write_text("item_id;rater_id;label\na;r;0,12345678901234567\nb;r;0,22345678901234567\n", encoding="utf-8")
    assert check(file, level="interval") == []


@pytest.mark.parametrize("moment", ["1712101200000", "2026-03-01x09:30", "20260301120000", "2026-03-01 "])
def test_a_number_is_no_date(moment, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(f"item_id,rater_id,label,rated_at\na,r,x,2026-03-01T10:00Z\nb,r,y,{moment}\n", encoding="utf-8")
    assert [problem.row for problem in check(file)] == ([] if moment.endswith(" ") else [2])


OURS = ["right", "answer", "week", "overturned", "accepted", "_audit", "_labels", "_review", "_redone", "row", "index"]


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(OURS) | st.text(min_size=1, max_size=8), st.sampled_from(["gold", "audit"]))
def test_a_column_of_any_name_changes_nothing(name, reference):
    rows = [(f"q{i}", r, "xy"[i % 2], "x", "label") for i in range(6) for r in "rs"]
    rows += [(f"q{i}", "t", "x", "x", "audit") for i in range(6)]
    frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "gold", "stage"], orient="row")
    assume(name.strip() and name not in (*REQUIRED, *OPTIONAL) and "\0" not in name)
    with_name = as_judgments(frame.with_columns(pl.lit("1").alias(name)))
    assert with_name.marked(reference)["right"].mean() == 0.5
    assert judged(with_name)["right"].to_list() == judged(as_judgments(frame))["right"].to_list()
    assert rates(with_name, "stage").table.equals(rates(as_judgments(frame), "stage").table)


def test_rounds_without_numbers_stand_by_time():
    rows = [("q", "r", "x", name, f"2026-0{at}-01") for at, name in enumerate(["pilot", "main", "check"], start=1)]
    assert small(rows, "item_id,rater_id,label,round,rated_at").rounds == ("pilot", "main", "check")
    rows = [("q", "r", "x", f"Round {n}", f"2026-0{at}-01") for at, n in enumerate([1, 10, 2], start=1)]
    assert small(rows, "item_id,rater_id,label,round,rated_at").rounds == ("Round 1", "Round 2", "Round 10")
    assert small(rows, "item_id,rater_id,label,round,rated_at").last_round().rounds == ("Round 10",)


# ---- files that are not what they seem


@settings(max_examples=25)
@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_repeated_headers_are_dropped_and_counted(headers):
    lines = ["item_id,rater_id,label,seconds", "q,r,x,1"]
    for at, again in enumerate(headers):
        lines.append(lines[0] if again else f"q{at},r,x,2")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.csv")
        path.write_text("\n".join(lines))
        made = read_judgments(path)
    assert made.n_raters == 1
    assert made.source.dropped == ({"repeated header": sum(headers)} if any(headers) else {})


@pytest.mark.parametrize("column", ["item_id", "rater_id", "label"])
@pytest.mark.parametrize("value", [["a", "b"], {"id": 3}, [["a"]]])
def test_lists_and_objects_are_no_identifiers_or_labels(column, value, file):
    good = {"item_id": "q", "rater_id": "r", "label": "x"}
    text = "\n".join(json.dumps(record) for record in (good, {**good, "item_id": "p", column: value}))
    (found,) = check(file(text, "f.jsonl"))
    assert (found.row, found.column) == (2, column)
    assert "list or an object" in found.what or (value == [] and found.what)


def test_a_list_in_a_column_that_was_mapped_away_is_no_identifier():
    frame = pl.DataFrame({"rater_id": ["ann"], "label": ["1"], "item_id": [["a"]], "n": ["q1"]})
    with pytest.raises(InvalidData, match="the column item_id is missing"):
        as_judgments(frame, columns={"cluster": "item_id"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"item_id": {"0": "q1"}, "rater_id": {"0": "a"}, "label": {"0": "x"}}', "orient='records'"),
        ('[{"id": 7, "annotations": [{"id": 0, "result": []}], "data": {"text": "t"}}]', "Label Studio export"),
    ],
)
def test_known_exports_are_refused_in_one_sentence(content, said, file):
    (found,) = check(file(content, "f.json"))
    assert said in str(found)


def test_a_lone_quotation_mark_that_swallows_rows_is_a_problem(file):
    rows = [
        "item_id\trater_id\ttext\tlabel",
        'q1\tann\t"Nice, he said\tgood',
        *(f"q{i}\tann\tok\tgood" for i in (2, 3)),
    ]
    rows += ['q4\tann\tsize 12"\tpoor', "q5\tann\tok\tgood"]
    (found,) = check(file("\n".join(rows), "f.tsv"))
    assert found.row == 1
    assert "makes one row of 4 lines" in found.what
    whole = 'item_id,rater_id,text,label\nq1,ann,"Nice, he said,\nand left, too",good\n'
    assert check(file(whole)) == []


def test_workbooks_say_what_a_reader_does_not_see(tmp_path):
    book = openpyxl.Workbook()
    book.active.title, book.active.sheet_state = "lookup", "hidden"
    sheet = book.create_sheet("judgments")
    rows = [("item_id", "rater_id", "label", "gold", "rated_at"), ("q", "r", "3 to 5", datetime(2026, 1, 2), None)]
    for row in (*rows, ("q", "s", "x", None, datetime(2026, 1, 2)), ("q", "t", "x", None, None)):
        sheet.append(row)
    sheet.merge_cells("D2:D3")
    sheet.row_dimensions[4].hidden = True
    book.save(tmp_path / "f.xlsx")
    made = read_judgments(tmp_path / "f.xlsx")
    assert made.n_raters == 3
    notes = "\n".join(made.source.notes)
    for said in (
        "not read: 'lookup' (hidden)",
        "1 group of merged cells, the first 'D2:D3': read in every row",
        "1 hidden row of",
        "gold: dates in 2 cells",
    ):
        assert said in notes
    assert "rated_at: dates" not in notes
    with pytest.raises(InvalidData, match="the sheet is empty"):
        read_judgments(tmp_path / "f.xlsx", sheet="lookup")
    with pytest.raises(BadOption, match="sheet is 'other'; allowed: 'lookup', 'judgments'"):
        read_judgments(tmp_path / "f.xlsx", sheet="other")
    (tmp_path / "f.csv").write_text(LINES)
    with pytest.raises(BadOption, match="no workbook"):
        read_judgments(tmp_path / "f.csv", sheet="other")


def test_a_long_table_is_read_as_its_parts_are():
    """Long columns are looked at on all cores, short ones are not."""
    moments = [
        "2026-01-05T08:00:12Z",
        "2026-01-05 08:00",
        "2026-01-05T08:00:12.250000+00:00",
        " ",
        "2026-01-05T10:00+02:00",
    ]
    seconds = ["1.5", " ", None, "0:01:35", "2"]
    n = 100_000
    long = pl.DataFrame({"item_id": map(str, range(n)), "rater_id": ["r"] * n, "label": [*"12"] * (n // 2)})
    long = long.with_columns(rated_at=pl.Series(moments * (n // 5)), seconds=pl.Series(seconds * (n // 5)))
    parts = [as_judgments(long.slice(at, 25_000)).frame for at in range(0, n, 25_000)]
    assert as_judgments(long).frame.equals(pl.concat(parts))


def test_a_gold_answer_that_nobody_gave_is_noted_and_no_crash_without_a_scale():
    rows = [(f"i{i}", f"r{r}", str(1 + i % 4), "5" if i == 0 else str(1 + i % 4)) for i in range(12) for r in range(3)]
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), level="ordinal")
    assert any(note.startswith("gold: 1 gold answer equal to no label, such as '5'") for note in j.source.notes)
    assert calibration.accuracy(j).value == pytest.approx(11 / 12)


def test_groups_that_differ_by_case_are_noted_and_kept_apart(file):
    rows = "".join(f"i{k},r,x,{v},{t}\n" for k, (v, t) in enumerate([("north", "de-DE"), ("North", "de-de")]))
    notes = read_judgments(file("item_id,rater_id,label,vendor,locale\n" + rows)).source.notes
    for column in ("vendor: 'North' and 'north'", "locale: 'de-DE' and 'de-de'"):
        assert any(note.startswith(f"{column} differ only by case") for note in notes)
