"""What a file is by its first bytes: unpacked where it is packed, refused in words where it is no table."""

import io
import lzma
import re

from ..errors import InvalidData, Problem
from . import bounds

PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4")
_MOST_MEMORY = 2**28


_CODECS = {
    rb"\x1f\x8b": "gzip",
    rb"BZh[1-9](1AY&SY|\x17rE8P\x90)": "bz2",
    rb"\xfd7zXZ\x00": "xz",
    rb"\x28\xb5\x2f\xfd": "zstd",
    rb"\x04\x22\x4d\x18": "lz4",
}
_PLAIN = "Export the table itself as CSV, .xlsx or Parquet."
_REFUSED = {
    rb"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls) or has a password", "Save it as .xlsx or CSV, without one."),
    rb"\x80[\x02-\x05]": ("a pickle, which can run programs when it is opened", "Write it with to_parquet or to_csv."),
    rb"ARROW1|FEA1": ("an Arrow or Feather file", "Write it with to_parquet."),
    rb"(?s)7z\xbc\xaf|Rar!\x1a|.{257}ustar": ("an archive", "Give the file inside."),
    rb"\s*(?i:<!doctype html|<html|<table)": ("a web page, whatever its name says", _PLAIN),
    (_XML := rb"\s*<\?xml"): ("XML, whatever its name says", _PLAIN),
    rb"%PDF-": ("a PDF", _PLAIN),
    rb"SQLite format 3\0|\x89HDF\r|Obj\x01|\x93NUMPY|<stata_dta>|\$FL[23]@": ("of a kind that is not read", _PLAIN),
}


def unpacked(stored: bytes, name: str, *, xml: bool = False) -> bytes:
    """What a file holds: gzip, bzip2, xz, zstd and lz4 unpacked within bounds; XML only where it is asked for.

    Raises
    ------
    InvalidData
        If it is damaged, or of a kind that is no table of judgments.

    Examples
    --------
    >>> import gzip
    >>> bytes(unpacked(gzip.compress(b"item_id"), "a.csv.gz"))
    b'item_id'
    >>> unpacked(b"%PDF-1.7", "a.pdf")
    Traceback (most recent call last):
    ...
    halo_methods.errors.InvalidData: 1 problem:
      the file is a PDF. Export the table itself as CSV, .xlsx or Parquet.
    """
    codec = next((codec for magic, codec in _CODECS.items() if re.match(magic, stored)), None)
    content = _read(stored, name, codec) if codec else stored
    for magic, (what, fix) in _REFUSED.items():
        if re.match(magic, content[:300]) and not (xml and magic == _XML):
            raise InvalidData([Problem(f"the file is {what}", fix)])
    return content


def _read(stored: bytes, name: str, codec: str) -> bytes:
    import pyarrow as pa

    content = bytearray()
    try:
        if codec == "xz":
            lzma.LZMADecompressor(memlimit=_MOST_MEMORY).decompress(stored[:100_000], 1)
        with (
            lzma.open(io.BytesIO(stored))
            if codec == "xz"
            else pa.CompressedInputStream(pa.BufferReader(stored), codec) as stream
        ):
            while part := stream.read(2**24):
                content += part
                bounds.unpacked_within(name, len(content), len(stored), "Unpack it if it is meant")
    except (OSError, EOFError, lzma.LZMAError) as error:
        cut = isinstance(error, EOFError) or "Truncated" in str(error)
        what = "is cut short" if cut else "is damaged"
        if "Memory" in str(error):
            what = f"needs more than {_MOST_MEMORY // 10**6} MB of memory to be unpacked"
        raise InvalidData([Problem(f"the {codec} file {what}", "Copy or export it again.")]) from error
    return content  # type: ignore[return-value]  # nothing is copied
