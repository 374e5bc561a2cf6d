"""What all commands share: how they are told to read data, how they print and exit, what they refuse."""

import csv
import functools
import io
import json
import logging
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from ..errors import BadOption, HaloError, InvalidData, printable
from ..results import counted

FINE, FINDINGS, USAGE, GATE_FAILED, COULD_NOT_RUN = range(5)
INTERRUPTED = 130
SPOOLED = "standard-input"

log = logging.getLogger("halo")


@dataclass(frozen=True)
class Answer:
    """What a command found: for a program, for a reader line by line, and how it exits."""

    result: Any
    lines: Iterable[str]
    status: int = FINE


class Command(click.Command):
    """A command that takes an option twice only where it adds up."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an option of one value that is given a second time."""
        order = [] if ctx.resilient_parsing else self.make_parser(ctx).parse_args(list(args))[2]
        for option in order:
            if order.count(option) > 1 and not getattr(option, "multiple", True):
                raise click.UsageError(f"{option.opts[0]} is given {order.count(option)} times; give it once", ctx)
        return super().parse_args(ctx, args)


class Commands(click.Group):
    """Several of them."""

    command_class = Command


class ExistingFile(click.Path):
    """A file that is there, or ``-`` for standard input; where it is not, the command could not run."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        device = str(value).startswith("/dev/") and Path(value).is_file()
        if ctx and not ctx.resilient_parsing and (value == "-" or device or Path(value).is_fifo()):
            return _spooled(str(value), ctx)
        if Path(value).is_dir():
            raise HaloError(f"{value} is a folder; name a file in it")
        if not Path(value).is_file():
            beside = f"; there is {value}.csv" if Path(f"{value}.csv").is_file() else ""
            raise HaloError(f"there is no file {value}{beside}")
        return str(value)


def _spooled(value: str, ctx: click.Context) -> str:
    """What comes through a pipe as a file of its own, within the bounds of one, until the command ends."""
    from ..judgments import bounds

    if value == "-" and (sys.stdin is None or sys.stdin.isatty()):
        raise HaloError("standard input is a terminal; send a file into it: halo check - < FILE")
    folder, size = ctx.with_resource(tempfile.TemporaryDirectory(prefix="halo-")), 0
    with click.open_file(value, "rb") as piped, open(Path(folder, SPOOLED), "wb") as file:
        while part := piped.read(2**20):
            size += len(part)
            bounds.within("standard input", "MOST_BYTES", size, "bytes")
            file.write(part)
    return file.name


def answering(command: Callable[..., Answer]) -> Callable[..., int]:
    """Give a command ``--format``, ``--quiet`` and ``--verbose``, and print its answer."""

    @click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How results print.")
    @click.option("--quiet", is_flag=True, help="Errors only.")
    @click.option("--verbose", is_flag=True, help="What is being done.")
    @functools.wraps(command)
    def run(form: str, quiet: bool, verbose: bool, **options: Any) -> int:
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose exclude each other")
        logging.getLogger().setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)
        for chatty in ("traitlets", "papermill", "matplotlib", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        try:
            answer = command(**options)
        except BadOption as error:
            raise click.UsageError(_spelled(error)) from error
        text = "\n".join(map(printable, answer.lines))
        if form == "json":
            text = json.dumps(answer.result, indent=2, allow_nan=False)
        try:
            print(text, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return COULD_NOT_RUN
        return answer.status

    return run


def flags() -> dict[str | None, str]:
    """Each parameter of the running command, and how it is typed."""
    return {parameter.name: parameter.opts[0] for parameter in click.get_current_context().command.params}


def _spelled(error: BadOption) -> str:
    """The error with its option as it is typed here."""
    if error.option in flags() and error.allowed:
        return f"{flags()[error.option]} is {error.given}; allowed: {', '.join(map(str, error.allowed))}"
    return str(error)


def problems_of(invalid: InvalidData, name: str, after: str = "") -> Answer:
    """All problems of a file, their options as they are typed here."""
    lines = [f"{name}: {counted(len(invalid.problems), 'problem')}{after}"]
    lines += [f"  {line}" for line in invalid.lines(in_shell)]
    return Answer({"file": name, "problems": [asdict(p) for p in invalid.problems]}, lines, FINDINGS)


def listed(texts: Iterable[str]) -> list[str]:
    """``a,b,c`` as a list; several texts add up, and a part that holds a comma stands in double quotes.

    Examples
    --------
    >>> listed(["a, b", '"c, d"'])
    ['a', 'b', 'c, d']
    """
    return [part.strip() for part in _parts(texts)]


def _parts(texts: Iterable[str]) -> list[str]:
    """What stands between the commas, with the blanks behind it."""
    return [part for text in texts for part in next(csv.reader([text], skipinitialspace=True), [])]


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """``a=b,c=d`` as a mapping; several texts add up.

    Examples
    --------
    >>> pairs(["item_id=task, label=answer", "rater_id= who"])
    {'item_id': 'task', 'label': 'answer', 'rater_id': 'who'}
    """
    return {key: value.strip() for key, value in columns_mapped(texts).items()}


def columns_mapped(texts: Iterable[str]) -> dict[str, str]:
    """``a=b,c=d`` as `pairs` reads it, with the blanks around a column's name, which a file's header may have.

    Examples
    --------
    >>> columns_mapped(["item_id=task, label=answer", "rater_id= who"])
    {'item_id': 'task', 'label': 'answer', 'rater_id': ' who'}
    """
    mapping: dict[str, str] = {}
    for part in _parts(texts):
        key, equals, value = part.partition("=")
        key = key.strip()
        if not (key and equals and value.strip()):
            raise ValueError(f"{part!r} is not name=value")
        if mapping.setdefault(key, value) != value:
            raise ValueError(f"{key} is given twice")
    return mapping


def value_pairs(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """``column:from=to,from=to`` as a mapping for each column; several texts add up.

    Examples
    --------
    >>> value_pairs(["rater_type:llm=model,person=human", "label:ok=good"])
    {'rater_type': {'llm': 'model', 'person': 'human'}, 'label': {'ok': 'good'}}
    """
    mapping: dict[str, dict[str, str]] = {}
    for text in texts:
        column = ""
        for part in listed([text]):
            named, colon, rest = part.partition(":")
            column, rest = (named.strip(), rest) if colon else (column, part)
            old, equals, new = (p.strip() for p in rest.partition("="))
            if not (column and equals and new):
                raise ValueError(f"{part!r} is not column:from=to")
            if mapping.setdefault(column, {}).setdefault(old, new) != new:
                raise ValueError(f"{column}:{old} is given twice")
    return mapping


def several(read: Callable[[tuple[str, ...]], Any]) -> dict[str, Any]:
    """The settings of an option that may be repeated, and how its texts are read."""

    def callback(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> Any:
        try:
            return read(texts)
        except (ValueError, csv.Error) as error:
            hint = """; a part with a comma stands in double quotes: '"label=Good, or bad?"'"""
            raise click.BadParameter(f"{error}; write {parameter.metavar}{hint}") from None

    return {"multiple": True, "callback": callback}


def written(value: Any) -> str:
    """A value as its option takes it.

    Examples
    --------
    >>> written({"label": {"ok": "good"}}), written({"item_id": "task"}), written(["a", "b, c"]), written("cp1252")
    ('label:ok=good', 'item_id=task', 'a,"b, c"', 'cp1252')
    """
    if isinstance(value, str):
        return value
    parts = value
    if isinstance(value, dict):
        nested = [f"{name}:{a}={b}" for name, to in value.items() if isinstance(to, dict) for a, b in to.items()]
        parts = nested or [f"{name}={to}" for name, to in value.items()]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(parts)
    return line.getvalue()


def in_shell(option: str, value: Any) -> str:
    """An option as it is typed in a shell; its name alone where no text gives the value back.

    Examples
    --------
    >>> print(in_shell("columns", {"item_id": "task id"}), in_shell("missing", [" "]))
    --columns 'item_id=task id' --missing
    """
    from ..judgments.options import scale_of

    reads: dict[str, Callable[[list[str]], Any]] = {"columns": pairs, "values": value_pairs, "missing": listed}
    reads["scale"] = lambda texts: list(scale_of(texts[0]) or ())
    flag, text = f"--{option.replace('_', '-')}", written(value)
    try:
        same = option not in reads or reads[option]([text]) == value
    except (ValueError, csv.Error):
        same = False
    return f"{flag} {_quoted(text)}" if same else flag


def _quoted(text: str) -> str:
    """A text as a shell takes it; in double quotes, which are easier to read, where it holds single ones alone."""
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)


def report_command(report: str, data: str, reading: dict[str, Any]) -> str:
    """The command that makes a report, as it is typed in a shell.

    Examples
    --------
    >>> print(report_command("gold", "week 12.csv", {"columns": {"item_id": "task"}, "scale": "a,b"}))
    halo report gold --data 'week 12.csv' --columns item_id=task --scale a,b --out reports
    """
    options = [f"--{option} {_quoted(written(value))}" for option, value in reading.items()]
    return " ".join(["halo report", report, "--data", _quoted(data), *options, "--out reports"])


_LEVELS, _RULES = ("nominal", "ordinal", "interval", "ratio"), ("error", "first", "last", "round")
_DATES = """How rated_at (and due, opt_out) is written: iso, day-first, month-first, year-first, epoch, epoch-ms,
epoch-us, epoch-ns or spreadsheet; and the zone of moments that name none, as in 'day-first Europe/Berlin'."""
_SCALE = "The labels in order, a range, or a rubric, as search_relevance#relevance or FILE.yml#relevance."
_COLUMNS = """Which column of the file each name is. May be repeated, as --values and --missing; a part with a comma
stands in double quotes: '"label=Good, or bad?"'."""


def _with_rubric(reading: dict[str, Any]) -> dict[str, Any]:
    """A scale that names a rubric as the labels and the level of its criterion."""
    if "scale" not in reading:
        return reading
    from ..reports.places import by_rubric

    try:
        return by_rubric(reading)
    except BadOption as error:
        raise click.UsageError(str(error)) from error


_READING = {
    "columns": click.option("--columns", **several(columns_mapped), metavar="NAME=COLUMN,…", help=_COLUMNS),
    "values": click.option(
        "--values", **several(value_pairs), metavar="COLUMN:FROM=TO,…", help="Values to read as others."
    ),
    "scale": click.option("--scale", metavar="A,B,C or LOW..HIGH", help=_SCALE),
    "level": click.option("--level", type=click.Choice(_LEVELS), help="Level of measurement of the labels."),
    "duplicates": click.option(
        "--duplicates", type=click.Choice(_RULES), help="What to do with a second row of one judgment."
    ),
    "where": click.option("--where", metavar="SQL", help="""Rows to keep, for instance "locale = 'fr-FR'"."""),
    "missing": click.option("--missing", **several(listed), metavar="A,B", help="Labels that count as missing."),
    "dates": click.option("--dates", metavar="FORM [ZONE]", help=_DATES),
    "encoding": click.option("--encoding", metavar="NAME", help="Of the file's text; utf-8 unless told."),
    "sheet": click.option("--sheet", metavar="NAME", help="Of a workbook; the first that is not hidden unless told."),
    "delimiter": click.option(
        "--delimiter", metavar="SIGN", help="Between cells: comma, semicolon, tab, bar, blanks, or a sign."
    ),
}
OF_TABLES = ("columns", "encoding", "sheet", "delimiter")


def reading_options(command: Callable[..., Any], names: Sequence[str] = tuple(_READING)) -> Callable[..., Any]:
    """Give a command options of reading; it takes those that were given as one mapping, `reading`."""

    @functools.wraps(command)
    def run(**options: Any) -> Any:
        reading = {name: options.pop(name) for name in names}
        return command(reading=_with_rubric({name: value for name, value in reading.items() if value}), **options)

    for name in reversed(names):
        run = _READING[name](run)
    return run
