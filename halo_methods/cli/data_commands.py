"""``halo check FILE`` and ``halo report NAME --data FILE --out DIR``."""

import csv
import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..errors import BadOption, HaloError, InvalidData
from ..results import counted
from .answering import (
    FINDINGS,
    FINE,
    GATE_FAILED,
    SPOOLED,
    Answer,
    Command,
    ExistingFile,
    answering,
    flags,
    listed,
    log,
    pairs,
    problems_of,
    reading_options,
    report_command,
)

FAILS = {"not_met": ("not_met",), "undecided": ("not_met", "undecided")}


@click.command(cls=Command)
@click.argument("file", type=ExistingFile())
@reading_options
@answering
def check(file: str, reading: dict[str, Any]) -> Answer:
    """List every problem of a file, with its row; then what the file supports today.

    That is each report that can be made of it, with its command, and what would open the others.
    Of a tool's export it names the command that reads it. A FILE called - is standard input.
    """
    from ..judgments import read_judgments
    from ..reports.supports import supported

    name = Path(file).name
    data = _given(file)
    try:
        judgments = read_judgments(file, **reading)
    except InvalidData as invalid:
        answer = problems_of(invalid, name)
        export = export_of(file, data)
        first, *rest = answer.lines
        return replace(answer, result=answer.result | export, lines=[first, *_told(export), *rest])
    export = export_of(file, data) if reading.get("columns") else {}
    found = supported(judgments)
    if found.where:
        reading = reading | {"where": " AND ".join([*(f"({w})" for w in [reading.get("where")] if w), found.where])}
    commands = {report: report_command(report, data, reading) for report in found.reports}
    counts = {"items": judgments.n_items, "raters": judgments.n_raters, "judgments": judgments.n_judgments}
    result = {"file": name, "problems": [], **judgments.source.to_dict(), **counts}
    result["supports"] = [{"report": report, "command": command} for report, command in commands.items()]
    result["opens"] = found.opened()
    del result["name"]
    lines = [f"{name}: no problems", *_told(export), *str(judgments).split("\n"), "What this file supports today:"]
    lines += [f"  {command}" for command in commands.values()] or ["  no report yet"]
    if found.where:
        lines.append(f"  Each takes one criterion; there are {', '.join(found.criteria)}.")
    lines += ["What would open more:"] + [f"  {opening['text']}" for opening in found.opened()]
    return Answer(result | export, lines)


def export_of(file: str, data: str) -> dict[str, str]:
    """The tool whose export a file looks like, and the command that reads it; empty where it is like none.

    Any table could have a column per rater or question; it is said of one whose columns are called so, or hold the
    same answers beside `item_id`. Of a localization file it is said that it holds items.
    """
    from ..exports import TOOLS, recognise
    from ..exports.localization_units import KINDS, kind_of
    from ..exports.opened_files import ExportFile
    from ..judgments.options import across

    try:
        opened = ExportFile.at(file, xml=True)
        if kind := kind_of(opened):
            command = f"halo read {shlex.quote(data)} --from {kind} --out items.csv"
            return {"tool": KINDS[kind], "read": command, "of": "items, not judgments"}
        name = recognise(opened)
        if name == "wide" and across(opened.columns) is None:
            others = [set(column) - {None, ""} for column in opened.table.frame if column.name != "item_id"]
            name = name if "item_id" in opened.columns and len(others) > 1 and set.intersection(*others) else None
        if name is None:
            return {}
    except HaloError:  # what is damaged says so itself
        return {}
    command = f"halo read {shlex.quote(data)} --from {name} --out judgments.csv"
    return {"tool": TOOLS[name].title, "read": command, "of": "one row per judgment"}


def _given(file: str) -> str:
    """A file as it was given: - for standard input."""
    return "-" if Path(file).name == SPOOLED else file


def _told(export: dict[str, str]) -> list[str]:
    said = "  it looks like an export of {tool}; make a table of it, {of}: {read}"
    return [said.format(**export)] if export else []


def typed(text: str, kind: str) -> Any:
    """A parameter as it was typed: text, unless it is declared to hold numbers, a truth value, a list or a mapping.

    Examples
    --------
    >>> typed("no", "str"), typed("2026-06-01", "NoneType"), typed("0.40", "float | None"), typed("no", "bool")
    ('no', '2026-06-01', 0.4, False)
    >>> typed("[0010, yes]", "list[str]"), typed("judgment=1, gold=1.5", "dict")
    (['0010', 'yes'], {'judgment': 1.0, 'gold': 1.5})
    """
    inner = text.strip()
    inner = inner[1:-1] if inner[:1] + inner[-1:] in ("[]", "{}") else inner
    if "dict" in kind:
        return {name: float(number) for name, number in pairs([inner.replace(":", "=")]).items()}
    if "list" in kind:
        return [typed(part, "float" if "float" in kind else "str") for part in listed([inner])]
    if kind == "bool":
        return {"yes": True, "true": True, "no": False, "false": False}[inner.lower()]
    if "int" not in kind and "float" not in kind:
        return text
    number = float(text)
    whole = int(number)  # which refuses what is not finite
    return whole if whole == number else number


def parameters(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """``key=value`` texts as a mapping."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key.strip().isidentifier() and equals):
            raise click.BadParameter(f"{text!r} is not key=value")
        if found.setdefault(key.strip(), value) != value:
            raise click.BadParameter(f"{key.strip()} is given twice")
    return found


def _typed(name: str, given: dict[str, str]) -> dict[str, Any]:
    """The parameters of a report as its notebook declares them."""
    from ..reports.runner import find, parameters_of

    notebook, values = json.loads(find(name).read_text(encoding="utf-8")), {}
    kinds = {parameter: kind for parameter, (_, kind) in parameters_of(notebook, name).items()}
    own = flags()
    for key, text in given.items():
        if key in own:
            raise click.UsageError(f"{key} has an option of its own: give {own[key]} and not -p")
        try:
            values[key] = typed(text, kinds.get(key, "str"))
        except (KeyError, ValueError, OverflowError, csv.Error):
            hint = "yes or no" if kinds[key] == "bool" else "numbers such as 400 or 0.4, without signs of thousands"
            raise click.BadParameter(f"{text[:80]!r} can't be read; write {hint}", param_hint=f"-p {key}") from None
    return values


@click.command(cls=Command)
@click.argument("name")
@click.option("--data", type=ExistingFile(), metavar="FILE", help="Your judgments; - for standard input.")
@click.option("--sample", is_flag=True, help="Instead of your judgments the sample of the report, which is invented.")
@click.option("--out", metavar="DIR", default=".", help="Folder for NAME.html, NAME.ipynb and NAME.json.")
@click.option("-p", "given", multiple=True, callback=parameters, metavar="KEY=VALUE", help="A parameter of the report.")
@click.option("--audience", type=click.Choice(["rater", "operations", "partner", "public"]), help="Partner if none.")
@click.option("--fail-on", type=click.Choice(list(FAILS)), help="Exit with 3 when a gate reads so, or worse.")
@click.option("--timeout", type=int, default=600, metavar="SECONDS", help="Longest time for one cell.")
@reading_options
@answering
def report(
    name: str, out: str, given: dict[str, str], fail_on: str | None, reading: dict[str, Any], **how: Any
) -> Answer:
    """Run a report on your data. An unknown NAME lists those there are."""
    from .. import reports

    options = {**reading, **{key: value for key, value in how.items() if value is not None}}
    values, sample = _typed(name, given), options.pop("sample")
    if sample == ("data" in options):
        raise click.UsageError("give your judgments with --data FILE, or --sample for the invented ones of the report")
    log.info("making report %s", name)
    try:
        result = reports.run(name, out=out, **options, **values)
    except BadOption as error:
        if error.option not in given:
            raise
        raise click.BadParameter(str(error), param_hint=f"-p {error.option}") from error
    except HaloError as error:
        if " is missing" in str(error) and not sample:
            told = _told(export_of(options["data"], _given(options["data"])))
            error.args = ("; ".join([str(error), *map(str.strip, told)]),)
        raise
    files = [str(Path(out) / f"{name}.{kind}") for kind in ("html", "ipynb", "json")]
    failed = [gate["standard"] for gate in result["gates"] if gate["verdict"] in FAILS.get(fail_on or "", ())]
    if failed:
        log.error("%s failed: %s", counted(len(failed), "gate"), ", ".join(sorted(set(failed))))
    lines = [*files, *map(_gate_line, result["gates"])]
    lines[:0] = ["a sample that comes with the handbook, not your own data:"] if sample else []
    withheld = sum("Withheld" in (gate.get("reason") or "") for gate in result["gates"])
    if withheld:
        log.warning(
            "%s withheld; those who run the programme see all with --audience operations", counted(withheld, "gate")
        )
    return Answer({**result, "files": files}, lines, GATE_FAILED if failed else FINDINGS if result["errors"] else FINE)


def _gate_line(gate: dict[str, Any]) -> str:
    about = f" ({gate['subject']})" if gate.get("subject") else ""
    reason = f": {gate['reason']}" if gate.get("reason") else ""
    return f"{gate['standard']}{about} {gate['verdict'].replace('_', ' ')}{reason}"
