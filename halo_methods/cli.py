"""The ``halo`` command. Results go to stdout, messages to stderr.

Exit status: 0 fine, 1 findings, 2 usage, 3 a gate asked for failed, 4 could not run.
"""

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import __version__
from .errors import BadOption, HaloError, InvalidData

FINE, FINDINGS, USAGE, GATE_FAILED, COULD_NOT_RUN = range(5)
INTERRUPTED = 130
FAILS = {"not_met": ("not_met",), "undecided": ("not_met", "undecided")}

log = logging.getLogger("halo")


class Usage(Exception):
    """A command line that can't be understood."""


def pairs(text: str) -> dict[str, str]:
    """``a=b,c=d`` as a mapping.

    Examples
    --------
    >>> pairs("item_id=task, label=answer")
    {'item_id': 'task', 'label': 'answer'}
    """
    found = {}
    for part in text.split(","):
        key, equals, value = (p.strip() for p in part.partition("="))
        if not (key and equals and value):
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is not name=name; write item_id=task,label=answer")
        found[key] = value
    return found


def value_pairs(text: str) -> dict[str, dict[str, str]]:
    """``column:from=to,column:from=to`` as a mapping for each column.

    Examples
    --------
    >>> value_pairs("rater_type:llm=model,rater_type:person=human")
    {'rater_type': {'llm': 'model', 'person': 'human'}}
    """
    found: dict[str, dict[str, str]] = {}
    column = ""
    for part in text.split(","):
        named, colon, rest = part.partition(":")
        column, rest = (named.strip(), rest) if colon else (column, part)
        old, equals, new = (p.strip() for p in rest.partition("="))
        if not (column and equals and new):
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is not column:from=to; write rater_type:llm=model")
        found.setdefault(column, {})[old] = new
    return found


def listed(text: str) -> list[str]:
    """``a,b,c`` as a list."""
    return [part.strip() for part in text.split(",")]


def parameter(text: str) -> tuple[str, Any]:
    """``key=value``, the value read as YAML.

    Examples
    --------
    >>> parameter("window=14"), parameter("by=locale"), parameter("by=")
    (('window', 14), ('by', 'locale'), ('by', None))
    """
    import yaml

    key, equals, value = text.partition("=")
    if not (key.strip().isidentifier() and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not key=value")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise argparse.ArgumentTypeError(f"the value of {key.strip()} can't be read: {value!r}") from None


def _reading(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how to read the data")
    add = group.add_argument
    add("--columns", type=pairs, metavar="NAME=COLUMN,…", help="which column of the file each name is")
    add("--values", type=value_pairs, metavar="COLUMN:FROM=TO,…", help="values to read as others")
    add("--scale", metavar="A,B,C or LOW..HIGH", help="the labels allowed, in order, or a range")
    add("--level", choices=("nominal", "ordinal", "interval", "ratio"), help="level of measurement of the labels")
    add("--duplicates", choices=("error", "first", "last", "round"), help="a second row of one judgment")
    add("--where", metavar="EXPRESSION", help="rows to keep, for instance \"locale == 'fr-FR'\"")
    add("--missing", type=listed, metavar="A,B", help="labels that count as missing besides the empty one")
    add("--encoding", metavar="NAME", help="of the file's text, utf-8 unless said")


def _options(args: argparse.Namespace) -> dict[str, Any]:
    names = ("columns", "values", "scale", "level", "duplicates", "where", "missing", "encoding")
    given = {n: getattr(args, n) for n in names if getattr(args, n) is not None}
    if "missing" in given:
        given["missing"] = ["", *given["missing"]]
    return given


_AS_OPTIONS = (
    (re.compile(r"""columns=\{"(\w+)": "([^"]*)"\}"""), r"--columns \1=\2"),
    (re.compile(r"""values=\{"(\w+)": \{'([^']*)': '([^']*)'\}\}"""), r"--values \1:\2=\3"),
    (re.compile(r"""scale=\["(\w+)", "(\w+)"\]"""), r"--scale \1,\2"),
    (re.compile(r"""\b(encoding|duplicates|level)=["']([\w-]+)["']"""), r"--\1 \2"),
    (re.compile(r"\bmissing="), "--missing"),
)


def typed(message: str) -> str:
    """A message of the package with its options as they are typed here.

    Examples
    --------
    >>> typed("say encoding='cp1252' or list it in missing=")
    'say --encoding cp1252 or list it in --missing'
    """
    for pattern, option in _AS_OPTIONS:
        message = pattern.sub(option, message)
    return message


def _print(args: argparse.Namespace, result: Any, text: Callable[[], str]) -> None:
    if args.format == "json":
        print(json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print(text())


def check(args: argparse.Namespace) -> int:
    """``halo check FILE``: every problem with its row, or what was read."""
    from .judgments import read_judgments
    from .results import counted

    if not Path(args.file).is_file():
        raise HaloError(f"there is no file {args.file}")
    try:
        judgments = read_judgments(args.file, **_options(args))
    except InvalidData as invalid:
        problems = [{"row": p.row, "column": p.column, "what": p.what, "mend": p.mend} for p in invalid.problems]
        n = len(problems)
        lines = [
            f"{Path(args.file).name}: {n:,} problem{'s' if n != 1 else ''}",
            *(f"  {typed(str(p))}" for p in invalid.problems),
        ]
        _print(args, {"file": Path(args.file).name, "problems": problems}, lambda: "\n".join(lines))
        return FINDINGS
    source = judgments.source
    sizes = ((judgments.n_items, "item"), (judgments.n_raters, "rater"), (judgments.n_judgments, "judgment"))
    read = {
        "file": Path(args.file).name,
        "problems": [],
        "rows_read": source.rows_read,
        "rows_used": source.rows_used,
        "dropped": dict(source.dropped),
        "notes": list(source.notes),
        "items": judgments.n_items,
        "raters": judgments.n_raters,
        "judgments": judgments.n_judgments,
        "sha256": source.sha256,
    }
    lines = [
        f"{read['file']}: no problems",
        f"  {source.rows_read:,} rows read, {source.rows_used:,} used",
        *(f"  {n:,} dropped: {reason}" for reason, n in source.dropped.items()),
        "  " + ", ".join(counted(n, noun) for n, noun in sizes),
        *(f"  note: {typed(note)}" for note in source.notes),
    ]
    _print(args, read, lambda: "\n".join(lines))
    return FINE


def report(args: argparse.Namespace) -> int:
    """``halo report NAME --data FILE --out DIR``."""
    from . import reports

    given = dict(args.parameter)
    options = _options(args)
    clash = sorted(set(given) & ({*options, "data", "audience"} if args.audience else {*options, "data"}))
    if clash:
        raise Usage(f"{clash[0]} is given twice; use its own option and not -p")
    if args.audience:
        given["audience"] = args.audience
    log.info("making report %s", args.name)
    made = reports.run(args.name, args.data, args.out, timeout=args.timeout, **options, **given)
    files = [str(Path(args.out) / f"{args.name}.{kind}") for kind in ("html", "ipynb", "json")]
    wanted = FAILS.get(args.fail_on, ())
    failing = [g for g in made["gates"] if g["verdict"] in wanted]
    _print(args, {**made, "files": files}, lambda: "\n".join([*files, *map(_gate_line, made["gates"])]))
    if failing:
        n = len(failing)
        log.error("%d gate%s failed: %s", n, "s" if n != 1 else "", ", ".join(sorted({g["standard"] for g in failing})))
    return GATE_FAILED if failing else FINE


def _gate_line(gate: dict[str, Any]) -> str:
    about = f" ({gate['subject']})" if gate.get("subject") else ""
    reason = f": {gate['reason']}" if gate.get("reason") else ""
    return f"{gate['standard']}{about} {gate['verdict'].replace('_', ' ')}{reason}"


def standards(args: argparse.Namespace) -> int:
    """``halo standards …``: what it answers is in `halo_methods.standards.command`."""
    result, text, findings = args.answer(args)
    _print(args, result, lambda: text)
    return FINDINGS if findings else FINE


def answered(args: argparse.Namespace) -> int:
    """``halo adjudicate …`` and ``halo plan …``: what they answer is in modules of their own."""
    result, text, findings = args.answer(args, _options(args))
    _print(args, result, lambda: text)
    return FINDINGS if findings else FINE


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    from . import adjudicate_command, plan_command
    from .standards import command as standards_command

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--format", choices=("text", "json"), default="text", help="how results are printed")
    loud = common.add_mutually_exclusive_group()
    loud.add_argument("--quiet", action="store_true", help="errors only")
    loud.add_argument("--verbose", action="store_true", help="what is being done")

    top = argparse.ArgumentParser(
        prog="halo",
        description="Standards and methods for human evaluation of AI products.",
        epilog="Exit status: 0 fine, 1 findings, 2 usage, 3 a gate asked for failed, 4 could not run.",
    )
    top.add_argument("--version", action="version", version=f"halo {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("check", parents=[common], help="list every problem of a file, with its row")
    one.add_argument("file", metavar="FILE")
    _reading(one)
    one.set_defaults(run=check)

    one = commands.add_parser("report", parents=[common], help="run a report on your data")
    one.add_argument("name", metavar="NAME", help="a report; an unknown name lists those there are")
    one.add_argument("--data", metavar="FILE", help="a file or the name of a sample; without it the report's sample")
    one.add_argument("--out", metavar="DIR", default=".", help="folder for NAME.html, NAME.ipynb and NAME.json")
    one.add_argument("-p", dest="parameter", type=parameter, action="append", default=[], metavar="KEY=VALUE")
    one.add_argument("--audience", choices=("rater", "operations", "partner", "public"), help="default: partner")
    one.add_argument("--fail-on", choices=tuple(FAILS), help="exit with 3 when a gate reads so, or worse")
    one.add_argument("--timeout", type=int, default=600, metavar="SECONDS", help="longest time for one cell")
    _reading(one)
    one.set_defaults(run=report)

    standards_command.add(commands, common)
    commands.choices["standards"].set_defaults(run=standards)
    adjudicate_command.add(commands, common, _reading)
    plan_command.add(commands, common, _reading)
    for name in ("adjudicate", "plan"):
        commands.choices[name].set_defaults(run=answered)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = parser().parse_args(argv)
    level = logging.ERROR if args.quiet else logging.INFO if args.verbose else logging.WARNING
    logging.basicConfig(level=level, format="halo: %(message)s", stream=sys.stderr, force=True)
    if level < logging.WARNING:
        for chatty in ("traitlets", "papermill", "matplotlib", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except (Usage, BadOption) as problem:
        log.error("%s", typed(str(problem)))
        return USAGE
    except HaloError as problem:
        log.error("%s", typed(str(problem)))
        return COULD_NOT_RUN
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        log.error("interrupted")
        return INTERRUPTED
    except OSError as problem:
        log.error("%s", typed(str(problem)))
        return COULD_NOT_RUN
    except Exception as problem:
        log.error("a fault in halo itself: %s: %s", type(problem).__name__, problem, exc_info=args.verbose)
        return COULD_NOT_RUN
    return status


if __name__ == "__main__":
    sys.exit(main())
