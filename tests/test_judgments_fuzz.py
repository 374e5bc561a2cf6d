"""Whatever comes in, judgments or one of our own errors come out, and every row is accounted for."""

import contextlib
import gzip
import io
import os
import sqlite3
import tempfile
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import check
from hypothesis import example, given, settings
from hypothesis import strategies as st

from halo_methods.errors import BadOption, HaloError, InvalidData
from halo_methods.judgments import Judgments, accepted_answers, as_judgments, read_judgments
from halo_methods.judgments.cells import gold_text, quoted
from halo_methods.judgments.dates import moment
from halo_methods.judgments.files import _quoted_table, plain_table
from halo_methods.judgments.options import matching

EXAMPLES = int(os.environ.get("HALO_FUZZ_EXAMPLES", "100"))
fuzz = settings(max_examples=EXAMPLES)

HEADER = b"item_id,rater_id,label,rated_at,seconds,gold,stage\n"
BITS = [b"a", b"b", b"1", b"2", b",", b",", b",", b"\n", b"\n", b'"', b";", b"\t", b"\r", b"\0", b"|", b"\xe9", b" ",
        b"\xc3\xa9", b"2026-01-01", b"9" * 30, b"nan", b"-1", b"label", b"\xff\xfe", b"=1"]  # fmt: skip
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "scale": st.sampled_from([["1", "2"], (0, 3), (float("-inf"), "2+"), "a,b"]),
        "level": st.sampled_from(["nominal", "ordinal", "interval", "ratio"]),
        "duplicates": st.sampled_from(["error", "first", "last", "round"]),
        "where": st.sampled_from(["label = '1'", "seconds > 2", "gold IS NULL", "stage <> 'x'", "rated_at > '2020'"]),
        "missing": st.sampled_from([["a"], "nan", []]),
        "values": st.sampled_from([{"label": {"a": "1", "b": ""}}, {"stage": {"1": "label"}}]),
        "columns": st.sampled_from([{"item_id": "rater_id", "rater_id": "item_id"}, {"cluster": "item_id"}]),
    },
)


def accounted(j: Judgments) -> None:
    assert j.source.rows_used == len(j.frame) > 0
    assert j.source.rows_used + sum(j.source.dropped.values()) == j.source.rows_read
    assert j.frame.select("item_id", "rater_id", "label").null_count().sum_horizontal().item() == 0
    unit = [c for c in ("item_id", "rater_id", "criterion", "stage", "round") if c in j.columns]
    assert not j.frame.select(unit).is_duplicated().any()
    assert repr(j)
    assert j._repr_html_()


def attempt(made) -> None:
    try:
        j = made()
    except HaloError as error:
        message = str(error).strip()
    else:
        message = repr(j)
        accounted(j)
    assert message


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@fuzz
@given(
    body=st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(BITS), max_size=60).map(b"".join)),
    header=st.sampled_from([HEADER, HEADER.replace(b",", b";"), b""]),
    name=st.sampled_from(["x.csv", "x.tsv", "x.jsonl", "x"]),
    options=OPTIONS,
)
@example(body=b"\n1,2,3,4\r1", header=HEADER, name="x.csv", options={})
def test_random_bytes(body, header, name, options, folder):
    path = folder / name
    path.write_bytes(header + body)
    attempt(lambda: read_judgments(path, **options))


@fuzz
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["x", "y", ""]),
            st.sampled_from(["1", "2", "", "nan", "2.0"]),
            st.sampled_from(["", "2026-01-01", "2026-01-01T00:00+14:00", "0001-01-01T00:00+14:00", "today"]),
            st.sampled_from(["", "1", "-1", "1e999"]),
            st.sampled_from(["", "1", "1|2", "|", "||"]),
            st.sampled_from(["", "label", "audit"]),
        ),
        max_size=8,
    ),
    options=OPTIONS,
)
def test_random_rows_and_check_agrees_with_reading(rows, options, folder):
    path = folder / "rows.csv"
    path.write_bytes(HEADER + "".join(",".join(row) + "\n" for row in rows).encode())
    try:
        accounted(read_judgments(path, **options))
        readable = True
    except BadOption:
        return
    except HaloError:
        readable = False
    assert readable is (not check(path, **options))


@fuzz
@given(
    start=st.sampled_from([b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b'{"item_id":', b"[{", b"\xff\xfe"]),
    body=st.binary(max_size=200),
    name=st.sampled_from(["x.parquet", "x.xlsx", "x.csv.gz", "x.jsonl", "x.json"]),
)
def test_random_bytes_that_begin_like_a_format(start, body, name, folder):
    path = folder / name
    path.write_bytes(start + body)
    attempt(lambda: read_judgments(path))


def _stored(kind: str) -> bytes:
    frame, out = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["x", "x"], "label": [1, 2]}), io.BytesIO()
    if kind == "parquet":
        frame.write_parquet(out)
    elif kind == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in [frame.columns, *frame.rows()]:
            book.active.append(row)
        book.save(out)
    else:
        out.write(gzip.compress(frame.write_csv().encode()))
    return out.getvalue()


def test_a_parquet_file_with_texts_that_are_not_utf_8_is_refused(folder):
    """Polars takes Arrow's texts unread, and one that is no UTF-8 ends the whole process later."""
    texts, offsets = pa.py_buffer(b"a\xffb"), pa.py_buffer(np.array([0, 1, 2, 3], "int32").tobytes())
    items = pa.Array.from_buffers(pa.string(), 3, [None, offsets, texts])
    pq.write_table(
        pa.table({"item_id": items, "rater_id": ["x"] * 3, "label": ["1", "2", "1"]}), folder / "bad.parquet"
    )
    with pytest.raises(InvalidData, match="damaged"):
        read_judgments(folder / "bad.parquet")


@settings(max_examples=EXAMPLES // 2)
@given(kind=st.sampled_from(["parquet", "xlsx", "csv.gz"]), at=st.floats(0, 1), byte=st.integers(0, 255))
def test_one_changed_byte(kind, at, byte, folder):
    content = bytearray(_stored(kind))
    content[int(at * (len(content) - 1))] = byte
    path = folder / f"changed.{kind}"
    path.write_bytes(content)
    attempt(lambda: read_judgments(path))


CELLS = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
    st.complex_numbers(),
)
NAMES = st.sampled_from(["item_id", "rater_id", "label", "rated_at", "seconds", "gold", "round", "", "extra"])


@fuzz
@given(
    columns=st.lists(st.tuples(NAMES, st.lists(CELLS, min_size=3, max_size=3)), max_size=6),
    kind=st.sampled_from(["object", "typed", "category"]),
    options=OPTIONS,
)
def test_random_pandas_frames(columns, kind, options):
    made = [pd.Series(values, name=name, dtype=object) for name, values in columns]
    if kind == "typed":
        made = [series.infer_objects() for series in made]
    elif kind == "category":
        made = [series.map(str).astype("category") for series in made]
    attempt(lambda: as_judgments(pd.concat(made, axis=1) if made else pd.DataFrame(), **options))


@fuzz
@given(
    data=st.dictionaries(
        NAMES,
        st.one_of(
            *(
                st.lists(st.one_of(st.none(), cell), min_size=3, max_size=3)
                for cell in (
                    st.integers(-(2**63), 2**63 - 1),
                    st.floats(),
                    st.booleans(),
                    st.text(st.characters(codec="utf-8"), max_size=5),
                    st.binary(max_size=3),
                    st.datetimes(),
                    st.dates(),
                    st.times(),
                    st.timedeltas(timedelta(-9999), timedelta(9999)),
                    st.lists(st.text(st.characters(codec="utf-8"), max_size=2), max_size=2),
                )
            )
        ),
    ),
    kind=st.sampled_from(["eager", "lazy", "arrow"]),
    options=OPTIONS,
)
def test_random_polars_and_arrow_frames(data, kind, options):
    if kind == "arrow":
        frame = pa.table(data)
    else:
        frame = pl.DataFrame(data, strict=False)
        frame = frame.lazy() if kind == "lazy" else frame
    attempt(lambda: as_judgments(frame, **options))


@fuzz
@given(
    text=st.lists(
        st.sampled_from(["a", "b b", "é", "1", ",", ",", "\n", "\r\n", "\r", "\t", ";", " ", "\0", "﻿"]), max_size=40
    ).map("".join),
    mark=st.sampled_from(",;\t"),
)
def test_the_quick_way_gives_what_the_careful_way_gives(text, mark):
    quick = plain_table(text.encode(), mark, "x")
    if quick is None:
        return
    careful = _quoted_table(text, mark, "x")
    empty = pl.all().fill_null("")
    assert quick.frame.select(empty).equals(careful.frame.select(empty))
    assert (quick.problems, quick.notes) == (careful.problems, careful.notes)


WORDS = (
    'label seconds `label` "label" = == != <> < >= IN not AND or is null LIKE between ( ) , \'1\' "2" 1 -2.5 \' nothing'
)
WORDS = [*WORDS.split(), "1e400", "é", "lower", "select", "--", ";", "count(*)", "'%'"]


@fuzz
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_random_filters(text):
    frame = pl.DataFrame({"label": ["1", "2", None], "seconds": [1.0, None, 3.0]})
    try:
        kept, columns = matching(text, frame)
    except BadOption:
        return
    assert len(kept) == 3
    assert kept.null_count() == 0
    assert columns


TEXT = st.sampled_from(["'x'", "'y'", "'l''avis'", "''"])
NUMBER = st.sampled_from(["1", "2.5", "-3", "1e1"])
SIGN = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
COMPARISON = st.one_of(
    st.tuples(st.sampled_from(["label", '"two words"']), SIGN, TEXT),
    st.tuples(st.sampled_from(["seconds", "size"]), SIGN, NUMBER),
    st.tuples(NUMBER, SIGN, st.sampled_from(["seconds", "size"])),
    st.just(('label <> "two words"',)),
    st.tuples(
        st.sampled_from(["seconds IN", "size NOT IN"]), st.lists(NUMBER, min_size=1).map(lambda v: f"({', '.join(v)})")
    ),
    st.tuples(st.just("seconds"), st.sampled_from(["BETWEEN", "NOT BETWEEN"]), NUMBER, st.just("AND"), NUMBER),
    st.tuples(st.just("label"), st.sampled_from(["LIKE 'l%'", "NOT LIKE '%a_is'", "IS NULL", "IS NOT NULL"])),
).map(" ".join)
FILTER = st.recursive(
    COMPARISON,
    lambda part: st.one_of(
        part.map("NOT ({})".format),
        part.map("({})".format),
        st.tuples(part, st.sampled_from([" AND ", " OR "]), part).map("".join),
    ),
    max_leaves=6,
)


@fuzz
@given(FILTER)
def test_a_filter_keeps_the_rows_that_sqlite_keeps(text):
    rows = [
        ("x", "x", 1.0, 3),
        ("l'avis", "y", 2.5, 10),
        (None, "x", None, 2),
        ("y", None, -3.0, None),
        ("", "", 9.0, 1),
    ]
    frame = pl.DataFrame(rows, ["label", "two words", "seconds", "size"], orient="row")
    kept, _ = matching(text, frame.with_columns(pl.col("size").cast(pl.String)))
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("PRAGMA case_sensitive_like = ON")
        base.execute('CREATE TABLE t (label TEXT, "two words" TEXT, seconds REAL, size REAL)')
        base.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        assert kept.to_list() == [bool(row[0]) for row in base.execute(f"SELECT {text} FROM t ORDER BY rowid")]


@fuzz
@given(st.text(), st.sampled_from([True, False]))
def test_a_filter_negated_keeps_the_rest(value, absent):
    frame = pl.DataFrame({"label": [value if len(value) < 9 else "x", "y", None]})
    text = "label " + ("NOT IN" if absent else "in") + " ('" + value.replace("'", "''") + "')"
    if any(0xD800 <= ord(c) < 0xE000 for c in value):
        return
    kept, _ = matching(text, frame)
    other, _ = matching(f"not ({text})", frame)
    assert (kept ^ other).to_list() == [True, True, False]  # a comparison with a missing value holds neither way


@given(st.lists(st.text(min_size=1), min_size=1))
def test_accepted_answers_is_the_inverse_of_writing_them(answers):
    written = gold_text(answers)
    if not any(a.startswith("|") for a in answers[1:]):
        assert accepted_answers(written) == tuple(answers)


@given(st.text())
def test_a_quotation_is_short(text):
    assert len(quoted(text)) <= 80


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False))
def test_moments_survive(at):
    try:
        assert moment(at.isoformat())[0] == at.astimezone(UTC)
    except (ValueError, OverflowError):
        assert at.year in (1, 9999)
