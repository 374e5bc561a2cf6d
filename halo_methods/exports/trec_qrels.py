"""TREC relevance judgments: lines of topic, iteration, document and label, a file per judge."""

import re
from collections.abc import Iterator

from .opened_files import ExportFile, Record
from .reading_exports import Tool

_LINE = re.compile(r"(\S+)[ \t]+(?:0|Q0)[ \t]+(\S+)[ \t]+(-?\d+)\s*")


def _records(file: ExportFile) -> list[Record]:
    return [{"line": line} for line in file.text.splitlines() if line.strip()]


def _rows(record: Record, file: ExportFile) -> Iterator[Record]:
    told = _LINE.fullmatch(record["line"])
    if told is None:
        raise ValueError(record["line"])
    topic, document, label = told.groups()
    yield {"item_id": f"{topic} {document}", "cluster": topic, "label": label, "data": {"document": document}}


TOOL = Tool(
    title="TREC qrels",
    shape="lines of topic, 0, document and label",
    export="the file of each judge, read with `--rater-from file`",
    recognise=lambda file: _LINE.fullmatch(file.content[:1000].split(b"\n")[0].decode("utf-8", "replace")) is not None,
    rows=_rows,
    records=_records,
)
