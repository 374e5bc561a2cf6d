"""``halo check FILE`` and ``halo report NAME --data FILE --out DIR``."""

from pathlib import Path
from typing import Any

import click

from ..errors import BadOption, InvalidData
from ..results import counted
from .answering import FINE, GATE_FAILED, Answer, Command, ExistingFile, answering, log, problems_of, reading_options

FAILS = {"not_met": ("not_met",), "undecided": ("not_met", "undecided")}


@click.command(cls=Command)
@click.argument("file", type=ExistingFile())
@reading_options
@answering
def check(file: str, reading: dict[str, Any]) -> Answer:
    """List every problem of a file, with its row."""
    from ..judgments import read_judgments

    name = Path(file).name
    try:
        judgments = read_judgments(file, **reading)
    except InvalidData as invalid:
        return problems_of(invalid, name)
    counts = {"items": judgments.n_items, "raters": judgments.n_raters, "judgments": judgments.n_judgments}
    result = {"file": name, "problems": [], **judgments.source.to_dict(), **counts}
    del result["name"]
    return Answer(result, [f"{name}: no problems", *str(judgments).split("\n")])


def parameters(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """``key=value`` texts as a mapping, each value read as YAML."""
    import yaml

    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key.strip().isidentifier() and equals):
            raise click.BadParameter(f"{text!r} is not key=value")
        try:
            found[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise click.BadParameter(f"the value of {key.strip()} can't be read: {value!r}") from None
    return found


@click.command(cls=Command)
@click.argument("name")
@click.option("--data", metavar="FILE", help="A file or the name of a sample; without it the report's own sample.")
@click.option("--out", metavar="DIR", default=".", help="Folder for NAME.html, NAME.ipynb and NAME.json.")
@click.option("-p", "given", multiple=True, callback=parameters, metavar="KEY=VALUE", help="A parameter of the report.")
@click.option("--audience", type=click.Choice(["rater", "operations", "partner", "public"]), help="Partner if none.")
@click.option("--fail-on", type=click.Choice(list(FAILS)), help="Exit with 3 when a gate reads so, or worse.")
@click.option("--timeout", type=int, default=600, metavar="SECONDS", help="Longest time for one cell.")
@reading_options
@answering
def report(
    name: str, out: str, given: dict[str, Any], fail_on: str | None, reading: dict[str, Any], **how: Any
) -> Answer:
    """Run a report on your data. An unknown NAME lists those there are."""
    from .. import reports

    options = {**reading, **{key: value for key, value in how.items() if value is not None}}
    clash = sorted(set(given) & {*options, "name", "data", "out"})
    if clash:
        raise click.UsageError(f"{clash[0]} is given twice; use its own option and not -p")
    log.info("making report %s", name)
    try:
        result = reports.run(name, out=out, **options, **given)
    except BadOption as error:
        if error.option not in given:
            raise
        raise click.BadParameter(str(error), param_hint=f"-p {error.option}") from error
    files = [str(Path(out) / f"{name}.{kind}") for kind in ("html", "ipynb", "json")]
    failed = [gate["standard"] for gate in result["gates"] if gate["verdict"] in FAILS.get(fail_on or "", ())]
    if failed:
        log.error("%s failed: %s", counted(len(failed), "gate"), ", ".join(sorted(set(failed))))
    lines = [*files, *map(_gate_line, result["gates"])]
    return Answer({**result, "files": files}, lines, GATE_FAILED if failed else FINE)


def _gate_line(gate: dict[str, Any]) -> str:
    about = f" ({gate['subject']})" if gate.get("subject") else ""
    reason = f": {gate['reason']}" if gate.get("reason") else ""
    return f"{gate['standard']}{about} {gate['verdict'].replace('_', ' ')}{reason}"
