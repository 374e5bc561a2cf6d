"""Small files that would take all memory or hours if they were read; run as a program, it gives them to `halo`.

Each bomb is a function that writes its file into a folder and returns what to type after `halo`.
"""

import bz2
import contextlib
import gzip
import hashlib
import io
import json
import lzma
import re
import resource
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BOMBS = {}
HEADER = b"item_id,rater_id,label\n"


def bomb(make):
    BOMBS[make.__name__.removeprefix("_")] = make
    return make


def written(folder, name, content, *options):
    file = folder / name
    file.write_bytes(content)
    return ["check", str(file), *options]


# Text, packed: a member repeated is a file as well.


def gz(block, times, first=b"", last=b""):
    """A gzip file of one member: its first bytes, a block again and again, its last bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    total, size = zlib.crc32(first), len(first) + len(block) * times + len(last)
    for _ in range(times if size < 300_000_000 else 0):  # of more nobody reads the end
        total = zlib.crc32(block, total)
    end = struct.pack("<II", zlib.crc32(last, total), size % 2**32)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + start + again * times + packer.compress(last) + packer.flush() + end


@bomb
def gz_rows(folder):
    return written(folder, "a.csv.gz", gz(b"1,ann,good\n" * 100_000, 7_000, HEADER))


@bomb
def gz_members(folder):
    return written(folder, "a.csv.gz", gzip.compress(HEADER) + gzip.compress(b"1,ann,good\n" * 900_000) * 30)


@bomb
def gz_one_cell(folder):
    return written(folder, "a.csv.gz", gz(b"x" * 1_000_000, 800, HEADER + b"1,ann,"))


@bomb
def gz_one_quoted_cell(folder):
    return written(folder, "a.csv.gz", gz(b"x\n" * 20_000, 3_000, HEADER + b'1,ann,"', b'"\n'))


@bomb
def gz_quotation_marks(folder):
    return written(folder, "a.csv.gz", gz(b'"' * 1_000_000, 800, HEADER + b"1,ann,"))


@bomb
def gz_commas(folder):
    return written(folder, "a.csv.gz", gz(b"," * 1_000_000, 800, HEADER))


@bomb
def gz_header_of_commas(folder):
    return written(folder, "a.csv.gz", gz(b"," * 1_000_000, 90))


@bomb
def gz_blank_lines(folder):
    return written(folder, "a.csv.gz", gz(b"\n" * 1_000_000, 95, HEADER))


@bomb
def gz_short_rows(folder):
    return written(folder, "a.csv.gz", gz(b",,\n" * 1_000_000, 32, HEADER))


@bomb
def gz_short_quoted_rows(folder):
    return written(folder, "a.csv.gz", gz(b',,""\n' * 1_000_000, 19, HEADER))


@bomb
def gz_wide_rows(folder):
    header = ",".join(f"c{i}" for i in range(1_500)).encode() + b"\n"
    return written(folder, "a.csv.gz", gz((b"," * 1_499 + b"\n") * 100, 600, header))


@bomb
def gz_tabs(folder):
    return written(folder, "a.tsv.gz", gz(b"\t\t\n" * 1_000_000, 300, HEADER.replace(b",", b"\t")))


@bomb
def gz_utf_16(folder):
    text = "1,ann,good\n" * 100_000
    return written(
        folder, "a.csv.gz", gz(text.encode("utf-16-le"), 400, b"\xff\xfe" + HEADER.decode().encode("utf-16-le"))
    )


@bomb
def gz_in_gz(folder):
    return written(folder, "a.csv.gz", gzip.compress(gz(b"\0" * 1_000_000, 9_000, HEADER)))


@bomb
def bz2_rows(folder):
    return written(folder, "a.csv.bz2", bz2.compress(b"1,ann,good\n" * 100_000) * 2_000)


@bomb
def bz2_zeros(folder):
    return written(folder, "a.csv.bz2", bz2.compress(b"\0" * 9_000_000) * 300)


@bomb
def xz_rows(folder):
    return written(folder, "a.csv.xz", lzma.compress(HEADER + b"1,ann,good\n" * 900_000, preset=0) * 200)


@bomb
def xz_dictionary(folder):
    """A header that asks for a window of 1.5 GB."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**20}]
    content = bytearray(lzma.compress(HEADER + b"1,ann,good\n", format=lzma.FORMAT_XZ, filters=filters))
    content[16] = 39
    content[20:24] = struct.pack("<I", zlib.crc32(content[12:20]))
    return written(folder, "a.csv.xz", bytes(content))


@bomb
def zst_rows(folder):
    packed = pa.compress(b"1,ann,good\n" * 900_000, codec="zstd", asbytes=True)
    return written(folder, "a.csv.zst", pa.compress(HEADER, codec="zstd", asbytes=True) + packed * 900)


# Text as it is.


def as_wide(folder, columns, mark=""):
    row = ",".join(f"{mark}c{i}{mark}" for i in range(columns))
    return written(folder, "a.csv", f"{row}\n{row}\n".encode())


@bomb
def columns_20_000(folder):
    return as_wide(folder, 20_000)


@bomb
def columns_200_000(folder):
    return as_wide(folder, 200_000)


@bomb
def columns_in_quotes(folder):
    return as_wide(folder, 200_000, '"')


@bomb
def cell_of_nul_bytes(folder):
    file = folder / "a.csv"
    with file.open("wb") as out:
        out.write(HEADER + b"1,ann,")
        out.truncate(400_000_000)
    return ["check", str(file)]


@bomb
def cell_of_200_mb(folder):
    return written(folder, "a.csv", HEADER + b'1,ann,"' + b"x" * 200_000_000 + b'"\n')


@bomb
def quoted_cell_of_200_mb(folder):
    return written(folder, "a.csv", HEADER + b'1,ann,"' + (b"x" * 999 + b"\n") * 200_000 + b'"\n')


@bomb
def header_of_200_mb(folder):
    return written(folder, "a.csv", b"item_id,rater_id," + b"x" * 200_000_000 + b"\n1,ann,good\n")


@bomb
def sparse_file(folder):
    file = folder / "a.csv"
    with file.open("wb") as out:
        out.truncate(50_000_000_000)
    return ["check", str(file)]


# JSON.


@bomb
def json_lists_490_deep(folder):
    return written(
        folder, "a.jsonl", b'{"item_id": "1", "rater_id": "ann", "label": ' + b"[" * 490 + b"]" * 490 + b"}\n"
    )


@bomb
def json_objects_490_deep(folder):
    return written(folder, "a.jsonl", b'{"item_id": "1", "label": ' + b'{"a": ' * 490 + b"1" + b"}" * 490 + b"}\n")


@bomb
def json_bars_doubled(folder):
    """Each level of lists doubles a bar."""
    return written(folder, "a.jsonl", b'{"item_id": "1", "label": ' + b"[" * 34 + b'"a|b", "c"' + b"]" * 34 + b"}\n")


@bomb
def json_a_key_a_row(folder):
    return written(folder, "a.jsonl", b"".join(b'{"k%d": 1}\n' % i for i in range(20_000)))


@bomb
def json_few_keys_many_rows(folder):
    keys = json.dumps({f"k{i}": 1 for i in range(1_500)}).encode()
    return written(folder, "a.jsonl.gz", gz(b"{}\n" * 50_000, 1, keys + b"\n"))


@bomb
def json_200_000_keys(folder):
    return written(folder, "a.jsonl", json.dumps({f"k{i}": 1 for i in range(200_000)}).encode())


@bomb
def json_empty_lines(folder):
    return written(folder, "a.jsonl.gz", gz(b"{}\n" * 1_000_000, 32))


@bomb
def json_empty_objects(folder):
    return written(folder, "a.json.gz", gz(b"{}," * 1_000_000, 32, b"[", b"{}]"))


@bomb
def json_empty_lists(folder):
    content = b'[{"item_id": [' + b"[]," * 20_000_000 + b"[]]}]"
    return written(folder, "a.json", content)


@bomb
def json_numbers_in_a_cell(folder):
    return written(folder, "a.jsonl", b'{"item_id": [' + b"7.5," * 20_000_000 + b"1]}\n")


@bomb
def json_string_of_200_mb(folder):
    return written(folder, "a.jsonl", b'{"item_id": "' + b"x" * 200_000_000 + b'"}\n')


@bomb
def json_list_string_of_200_mb(folder):
    return written(folder, "a.json", b'[{"item_id": "' + b"x" * 200_000_000 + b'"}]')


# Workbooks.

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def xlsx(rows="", *, sheet=None, strings=None, styles=None, sheets=1, more=None):
    """A workbook, its parts as given."""
    names = [f'<sheet name="s{i}" sheetId="{i}" r:id="rId1"/>' for i in range(1, sheets + 1)]
    relations = f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    kinds = f'<Override PartName="/xl/workbook.xml" ContentType="{KINDS}.sheet.main+xml"/>'
    kinds += f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KINDS}.worksheet+xml"/>'
    parts = {}
    for part, text in {"sharedStrings": strings, "styles": styles}.items():
        if text is not None:
            relations += f'<Relationship Id="{part}" Type="{RELATIONS}/{part}" Target="{part}.xml"/>'
            kinds += f'<Override PartName="/xl/{part}.xml" ContentType="{KINDS}.{part}+xml"/>'
            parts[f"xl/{part}.xml"] = text
    parts |= {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{"".join(names)}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        "xl/worksheets/sheet1.xml": sheet or f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def row(at, *cells):
    return f'<row r="{at}">' + "".join(f'<c r="{place}" t="str"><v>{text}</v></c>' for place, text in cells) + "</row>"


HEAD = row(1, ("A1", "item_id"), ("B1", "rater_id"), ("C1", "label"))
ONE = row(2, ("A2", "1"), ("B2", "ann"), ("C2", "good"))


@bomb
def xlsx_far_cell(folder):
    return written(folder, "a.xlsx", xlsx(HEAD + ONE + row(1_048_576, ("XFD1048576", "x"))))


@bomb
def xlsx_wide_rows(folder):
    rows = "".join(row(at, (f"XFD{at}", "x")) for at in range(2, 12_000))
    return written(folder, "a.xlsx", xlsx(HEAD + rows))


@bomb
def xlsx_row_number(folder):
    return written(folder, "a.xlsx", xlsx(HEAD + row(2_000_000_000, ("A2000000000", "x"))))


@bomb
def xlsx_empty_rows(folder):
    return written(folder, "a.xlsx", xlsx(HEAD + "<row/>" * 2_000_000))


@bomb
def xlsx_spaces(folder):
    return written(folder, "a.xlsx", xlsx(HEAD + row(2, ("A2", " " * 40_000_000))))


@bomb
def xlsx_one_string_often(folder):
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 32_000}</t></si></sst>'
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(2, 100_000))
    return written(folder, "a.xlsx", xlsx(HEAD + rows, strings=strings))


@bomb
def xlsx_long_string(folder):
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 9_000_000}</t></si></sst>'
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(2, 20_000))
    return written(folder, "a.xlsx", xlsx(HEAD + rows, strings=strings))


@bomb
def xlsx_many_strings(folder):
    strings = f'<sst xmlns="{MAIN}">{"<si><t/></si>" * 1_000_000}</sst>'
    return written(folder, "a.xlsx", xlsx(HEAD + ONE, strings=strings))


@bomb
def xlsx_styles(folder):
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 2_000_000}</cellXfs></styleSheet>'
    return written(folder, "a.xlsx", xlsx(HEAD + ONE, styles=styles))


@bomb
def xlsx_many_sheets(folder):
    return written(folder, "a.xlsx", xlsx(HEAD + ONE, sheets=60_000))


@bomb
def xlsx_merged(folder):
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/>' + '<mergeCell ref="A1:XFD9"/>' * 400_000 + "</mergeCells>"
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{HEAD}{ONE}</sheetData>{merged}</worksheet>'
    return written(folder, "a.xlsx", xlsx(sheet=sheet))


@bomb
def xlsx_entities(folder):
    entities = '<!ENTITY a0 "xxxxxxxxxx">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    sheet = f'<!DOCTYPE worksheet [{entities}]><worksheet xmlns="{MAIN}"><sheetData>'
    sheet += f"{HEAD}{row(2, ('A2', '&a9;'))}</sheetData></worksheet>"
    return written(folder, "a.xlsx", xlsx(sheet=sheet))


@bomb
def xlsx_size_forged(folder):
    """The directory says 100 bytes, the part unpacks to 200 MB."""
    content = bytearray(xlsx(HEAD + row(2, ("A2", "x" * 20_000_000))))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        for found in re.finditer(re.escape(mark), bytes(content)):
            if struct.unpack_from("<I", content, found.start() + at)[0] > 1_000_000:
                struct.pack_into("<I", content, found.start() + at, 100)
    return written(folder, "a.xlsx", bytes(content))


@bomb
def xlsx_in_gz(folder):
    return written(folder, "a.xlsx.gz", gzip.compress(xlsx(HEAD + row(2, ("XFD2", "x")))))


@bomb
def zip_of_zeros(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("judgments.csv", b"\0" * 30_000_000)
    return written(folder, "a.zip", out.getvalue())


# Parquet, Arrow, Feather.


def parquet(table, **options):
    out = io.BytesIO()
    pq.write_table(pa.table(table) if isinstance(table, dict) else table, out, **options)
    return out.getvalue()


def repeated(value, rows):
    """A column of one value, held once."""
    return pa.DictionaryArray.from_arrays(zeros(rows), pa.array([value]))


def zeros(rows):
    return pa.Array.from_buffers(pa.int8(), rows, [None, pa.py_buffer(bytes(rows))])


def plain_parquet(table, **options):
    """As a writer without Arrow's own schema leaves it."""
    return parquet(table, store_schema=False, **options)


@bomb
def parquet_dictionary(folder):
    table = {"item_id": repeated("x" * 900_000, 200_000), "rater_id": repeated("ann", 200_000)}
    return written(folder, "a.parquet", parquet(table))


@bomb
def parquet_dictionary_plain(folder):
    table = {"item_id": repeated("x" * 30_000, 1_000_000), "rater_id": repeated("ann", 1_000_000)}
    return written(folder, "a.parquet", plain_parquet(table))


@bomb
def parquet_runs(folder):
    return written(folder, "a.parquet", parquet({"item_id": zeros(11_000_000)}))


@bomb
def parquet_nulls(folder):
    return written(folder, "a.parquet", parquet({f"c{i}": pa.nulls(11_000_000) for i in range(30)}))


@bomb
def parquet_zstd(folder):
    text = pa.array(["x" * 400_000] * 500)
    return written(folder, "a.parquet", parquet({"item_id": text}, compression="zstd", use_dictionary=False))


@bomb
def parquet_children(folder):
    lists = pa.ListArray.from_arrays([0, 61_000_000], zeros(61_000_000))
    return written(folder, "a.parquet", parquet({"item_id": lists}))


@bomb
def parquet_structs(folder):
    struct_ = pa.StructArray.from_arrays([pa.nulls(210_000, pa.int8())] * 300, [f"f{i}" for i in range(300)])
    return written(folder, "a.parquet", parquet({"item_id": struct_}))


@bomb
def parquet_wide_bytes(folder):
    wide = pa.nulls(1, pa.binary(100_000_000))
    return written(folder, "a.parquet", parquet({"item_id": pa.chunked_array([wide] * 40)}))


@bomb
def parquet_fixed_lists(folder):
    wide = pa.nulls(1, pa.list_(pa.int8(), 100_000_000))
    return written(folder, "a.parquet", parquet({"item_id": pa.chunked_array([wide] * 40)}))


@bomb
def parquet_columns(folder):
    one = zeros(1)
    return written(folder, "a.parquet", parquet({f"c{i}": one for i in range(4_000)}))


@bomb
def parquet_deep(folder):
    kind = pa.int8()
    for _ in range(90):
        kind = pa.list_(kind)
    return written(folder, "a.parquet", parquet({"item_id": pa.nulls(3, kind)}))


@bomb
def parquet_bars_doubled(folder):
    value, kind = "a|b", pa.string()
    for _ in range(34):
        value, kind = [value], pa.list_(kind)
    return written(folder, "a.parquet", parquet({"item_id": pa.array([value], kind)}))


@bomb
def parquet_in_gz(folder):
    return written(folder, "a.parquet.gz", gzip.compress(parquet({"item_id": zeros(11_000_000)})))


@bomb
def arrow_file(folder):
    out = io.BytesIO()
    table = pa.table({"item_id": zeros(61_000_000)})
    with pa.ipc.new_file(out, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return written(folder, "a.arrow", out.getvalue())


@bomb
def feather_file(folder):
    from pyarrow import feather

    feather.write_feather(pa.table({"item_id": zeros(11_000_000)}), folder / "a.feather", compression="zstd")
    return ["check", str(folder / "a.feather")]


# Documents: plans, a house's settings, options.


def plan(folder, text):
    (folder / "plan.yml").write_text(text)
    return ["standards", "check", str(folder / "plan.yml")]


@bomb
def plan_deep(folder):
    return plan(folder, "a: " + "[" * 150_000 + "]" * 150_000)


@bomb
def plan_mappings_deep(folder):
    return plan(folder, "a: " + "{a: " * 50_000 + "}" * 50_000)


@bomb
def plan_values(folder):
    return plan(folder, "a: [" + "1," * 190_000 + "1]")


@bomb
def plan_of_zeros(folder):
    with (folder / "plan.yml").open("wb") as out:
        out.truncate(3_000_000_000)
    return ["standards", "check", str(folder / "plan.yml")]


def settings(folder, text):
    (folder / "halo.toml").write_text(text)
    return ["standards", "list"]


@bomb
def settings_deep(folder):
    return settings(folder, "a = " + "[" * 49_000 + "]" * 49_000)


@bomb
def settings_dotted(folder):
    return settings(folder, ".".join(["a"] * 49_000) + " = 1\n")


@bomb
def settings_of_zeros(folder):
    made = settings(folder, "")
    with (folder / "halo.toml").open("wb") as out:
        out.truncate(3_000_000_000)
    return made


# Packets of adjudication on their way back.


def returned(folder, name, content):
    (folder / "data.csv").write_bytes(HEADER + b"1,ann,good\n1,bob,poor\n")
    tag = hashlib.sha256(repr(("", ["1"])).encode()).hexdigest()[:8]
    (folder / "key.csv").write_text(f"packet_id,item_id,criterion\nP{tag}-001,1,\n")
    (folder / name).write_bytes(content)
    files = ["--data", str(folder / "data.csv"), "--decisions", str(folder / name), "--out", str(folder / "out")]
    return ["adjudicate", "apply", *files]


@bomb
def packet_xlsx(folder):
    return returned(folder, "packet.xlsx", xlsx(HEAD + row(2, ("XFD2", "x"))))


@bomb
def packet_csv(folder):
    return returned(folder, "packet.csv.gz", gz(b"P1,good,rater_slip\n" * 50_000, 600, b"packet_id,decision,cause\n"))


@bomb
def packet_key(folder):
    given = returned(folder, "packet.csv", b"packet_id,decision,cause\nP1,good,rater_slip\n")
    (folder / "key.csv").write_bytes(gz(b"P1,1,\n" * 100_000, 900, b"packet_id,item_id,criterion\n"))
    return given


@bomb
def queue(folder):
    given = returned(folder, "queue.csv.gz", gz(b"1\n" * 100_000, 2_000, b"item_id\n"))
    return ["adjudicate", "pack", *given[2:4], "--queue", given[5], "--out", given[7]]


@bomb
def guideline(folder):
    given = returned(folder, "packet.csv", b"")
    with (folder / "guide.txt").open("wb") as out:
        out.truncate(1_500_000_000)
    return ["adjudicate", "pack", *given[2:4], "--guideline", str(folder / "guide.txt"), "--out", given[7]]


# Exports of tools.


def exported(folder, name, content):
    given = written(folder, name, content)
    return ["read", given[1], "--out", str(folder / "out.csv"), "--from"]


def task(result):
    return b'[{"id": 1, "data": {}, "annotations": [{"completed_by": 1, "result": ' + result + b"}]}]"


@bomb
def export_nested(folder):
    return [*exported(folder, "a.json", task(b"[" * 10_000 + b"]" * 10_000)), "label-studio"]


@bomb
def export_one_choice(folder):
    choice = b'{"from_name": "q", "value": {"choices": ["' + b"x" * 11_000_000 + b'"]}}'
    return [*exported(folder, "a.json", task(b"[" + choice + b"]")), "label-studio"]


@bomb
def export_empty_results(folder):
    return [*exported(folder, "a.json.gz", gz(b"{}," * 1_000_000, 30, task(b"[")[:-4], b"{}]}]}]")), "label-studio"]


@bomb
def export_zip_of_blanks(folder):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in range(3):
            archive.writestr(f"{member}.jsonl", b" " * 200_000_000)
    return [*exported(folder, "a.zip", buffer.getvalue()), "doccano"]


@bomb
def export_zstandard_log(folder):
    """A member that unpacks to far more than the archive says."""
    packed = pa.compress(b" " * 100_000_000, codec="zstd", asbytes=True) * 20
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("header.json", b"{}")
        archive.writestr("samples/1.json", packed)
    content = bytearray(buffer.getvalue())
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = content.rfind(mark)
        content[place + at : place + at + 2] = struct.pack("<H", 93)
    return [*exported(folder, "a.eval", bytes(content)), "inspect"]


def peak():
    """The most memory used since the last call, in bytes."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    most = int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024
    with contextlib.suppress(OSError):
        reset.write_text("5")
    return most


def exploded(name, folder):
    """One bomb given to `halo`: how it ended, how long it took, what it said, how much memory it took."""
    from halo_methods.cli import main

    argv = BOMBS[name](folder)
    out, err = io.StringIO(), io.StringIO()
    pa.default_memory_pool().release_unused()
    peak()
    begun = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(folder):
        status = main(argv)
    seconds = time.process_time() - begun
    said = {"out": out.getvalue()[:2000], "err": err.getvalue()[:2000]}
    return {"bomb": name, "status": status, "seconds": round(seconds, 2), "peak": peak(), **said}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--limit"]:
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
        del sys.argv[1:3]
    for called in sys.argv[1:] or BOMBS:
        with tempfile.TemporaryDirectory() as place:
            print(json.dumps(exploded(called, Path(place))), flush=True)
