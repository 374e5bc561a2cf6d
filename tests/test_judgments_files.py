"""Files and frames in the forms that people have: read as they are meant, or refused in one true sentence."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import re
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from helpers import check
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods.errors import InvalidData
from halo_methods.judgments import as_judgments, read_judgments

few = settings(max_examples=25)
HEADER = ("item_id", "rater_id", "label")
ROWS = [("q1", "ann", "good"), ("q1", "bob", "poor"), ("q2", "ann", "good")]


@pytest.fixture
def file(tmp_path):
    def write(content, name="export.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


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
        ("f.xls", b"\n<html><table>", "a web page or XML"),
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
