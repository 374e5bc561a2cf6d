"""The tools whose exports are read, which of them a file comes from, and the one way to read it."""

import os
from collections.abc import Iterator, Mapping, Sequence

from ..errors import BadOption, HaloError, InvalidData, Problem
from . import (
    argilla_records,
    crowd_results,
    doccano,
    inspect_logs,
    label_studio,
    model_results,
    prodigy,
    trec_qrels,
    wide_forms,
)
from .opened_files import ExportFile, Options
from .reading_exports import Export, Tool, gathered

# In the order they are asked whether a file is theirs: the particular before the general.
TOOLS: dict[str, Tool] = {
    "label-studio": label_studio.TOOL,
    "inspect": inspect_logs.TOOL,
    "argilla": argilla_records.TOOL,
    "prodigy": prodigy.TOOL,
    "doccano": doccano.TOOL,
    "mechanical-turk": crowd_results.MECHANICAL_TURK,
    "toloka": crowd_results.TOLOKA,
    "appen": crowd_results.APPEN,
    "promptfoo": model_results.PROMPTFOO,
    "deepeval": model_results.DEEPEVAL,
    "lm-eval": model_results.LM_EVAL,
    "trec-qrels": trec_qrels.TOOL,
    "form": wide_forms.FORM,
    "wide": wide_forms.WIDE,
}


def recognise(file: str | os.PathLike[str] | ExportFile) -> str | None:
    """The tool a file comes from, by its shape.

    Parameters
    ----------
    file : path or ExportFile
        One file of an export.

    Returns
    -------
    str or None
        A name of `TOOLS`.

    Examples
    --------
    >>> recognise(ExportFile("a.json", b'[{"id": 1, "data": {}, "annotations": []}]'))
    'label-studio'
    """
    opened = file if isinstance(file, ExportFile) else ExportFile.at(file)
    for name, tool in TOOLS.items():
        if any(tool.recognise(part) for part in _parts(opened, tool)):
            return name
    return None


def _parts(file: ExportFile, tool: Tool) -> list[ExportFile]:
    return list(file.members.values()) if file.packed and not tool.archive else [file]


def read_export(
    paths: Sequence[str | os.PathLike[str]],
    tool: str,
    *,
    columns: Mapping[str, str] | None = None,
    criteria: Sequence[str] = (),
    rater_from: str | None = None,
    dates: str | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    delimiter: str | None = None,
) -> Export:
    """The judgments of a tool's export, one row per judgment.

    Parameters
    ----------
    paths : list of path
        The files of one export, or those of several raters or installations.
    tool : str
        A name of `TOOLS`.
    columns : mapping, optional
        Name here to field of the task, ``{"item_id": "doc_id", "system": "model"}``. A name that is not canonical
        is kept as a column of its own.
    criteria : list of str
        The questions to keep; all if not given.
    rater_from : {"file"}, optional
        Name the rater by the file, where each rater has one.
    dates : str, optional
        How moments are written, as for `read_judgments`; the tool's own way if not given.
    encoding, sheet, delimiter : str, optional
        As for `read_judgments`.

    Returns
    -------
    Export

    Raises
    ------
    InvalidData
        If a file is damaged, or no export of this tool; the message says whose it is.
    BadOption
        For an option outside its list.
    HaloError
        If a file cannot be opened, or holds no judgment.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> result = [{"from_name": "quality", "type": "choices", "value": {"choices": ["good"]}}]
    >>> task = {"id": 7, "data": {}, "annotations": [{"completed_by": 3, "result": result}]}
    >>> file = pathlib.Path(tempfile.mkdtemp(), "export.json")
    >>> _ = file.write_text(json.dumps([task]))
    >>> export = read_export([file], "label-studio")
    >>> export.table.rows(named=True)
    [{'item_id': '7', 'rater_id': '3', 'label': 'good', 'criterion': 'quality'}]
    >>> export.counts
    {'tasks': 1, 'people': 1, 'kept': 1, 'predictions': 0, 'cancelled': 0}
    """
    BadOption.unless("tool", tool, TOOLS)
    BadOption.unless("rater_from", rater_from, (None, "file"))
    if not paths:
        raise HaloError("no file is given")
    options = Options(columns or {}, criteria, rater_from, dates, encoding, sheet, delimiter)
    given = [ExportFile.at(path, options) for path in paths]
    return gathered([part for file in given for part in _checked(file, tool)], TOOLS[tool], options)


def _checked(file: ExportFile, name: str) -> Iterator[ExportFile]:
    """The files an export consists of, each by the shape of this tool."""
    tool = TOOLS[name]
    for part in _parts(file, tool):
        if (other := recognise(part)) != name:
            what = f"{part.name} is no export of {tool.title}"
            if other:
                raise InvalidData([Problem(f"{what} but of {TOOLS[other].title}", f"Read it with --from {other}.")])
            part.records()  # what is damaged says so itself
            fix = f"Expected {tool.shape}. Where to export it: {tool.export.removesuffix('.')}."
            raise InvalidData([Problem(what, fix)])
        yield part
