"""``halo standards list | show | trace | new | blank | check``."""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ..errors import HaloError
from .book import trace
from .house import house

Answer = tuple[Any, str, bool]
NAMES = ("id", "level", "title", "topic", "evidence", "owner", "since", "review_by")


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Put the command into the grammar; each sub-command's ``answer`` gives a result, its text, and findings or not."""
    kinds = commands.add_parser("standards", help="the register of standards, and plans checked against it")
    what = kinds.add_subparsers(dest="what", required=True, metavar="WHAT")

    def one(name: str, about: str, answer: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = what.add_parser(name, parents=[common], help=about)
        made.set_defaults(answer=answer)
        return made

    for name, about, answer in (("list", "all of them", listed), ("trace", "from responsibility to test", traced)):
        one(name, about, answer).add_argument("--topic", help="of one topic only")
    one("show", "one of them, whole", shown).add_argument("id", metavar="ID")
    one("new", "the next free identifier of a family", new).add_argument("family", metavar="FAMILY")
    one("blank", "a plan with every clause explained and none filled in", blank_plan)
    check = one("check", "answer plans clause by clause", checked)
    check.add_argument("plans", metavar="PLAN.yml", nargs="+")
    check.add_argument("--out", metavar="FILE.html", help="write the portfolio of all plans to one page")


def _plain(standard: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(standard.to_dict(), default=str))
    return made


def listed(args: argparse.Namespace) -> Answer:
    chosen = [{n: s[n] for n in NAMES} for s in map(_plain, house().register().filter(topic=args.topic or "").values())]
    return chosen, "\n".join(f"{s['id']}  {s['level']:<6}  {s['title']}" for s in chosen), False


def traced(args: argparse.Namespace) -> Answer:
    rows = trace(house().register().filter(topic=args.topic or ""))
    names = ("responsibility", "standard", "kind", "where", "test")
    lines = ("  ".join(r[n] or "no test yet" for n in names) for r in rows)
    return rows, "\n".join(lines), False


def shown(args: argparse.Namespace) -> Answer:
    whole = _plain(house().register()[args.id.upper()])
    return whole, "\n".join(_lines(whole)), False


def new(args: argparse.Namespace) -> Answer:
    name = house().register().next_id(args.family.upper())
    return {"id": name}, name, False


def blank_plan(args: argparse.Namespace) -> Answer:
    from .plan import blank

    return {"plan": blank()}, blank(), False


def checked(args: argparse.Namespace) -> Answer:
    from .plan import check_plan
    from .portfolio import portfolio

    for plan in args.plans:
        if not Path(plan).is_file():
            raise HaloError(f"there is no plan {plan}")
    if args.out:
        _replace(Path(args.out), portfolio(args.plans))
    answers, texts, findings, unread = [], [], False, []
    for plan in args.plans:
        try:
            made = check_plan(plan)
        except HaloError as problem:
            if len(args.plans) == 1:
                raise
            unread.append(f"{Path(plan).name}: {problem}")
            continue
        answers.append(made.to_dict())
        texts.append(made.text())
        findings = findings or bool(made.exit_code)
    result = answers[0] if len(args.plans) == 1 else {"plans": answers, "unread": unread}
    return result, "\n\n".join([*texts, *unread]), findings or bool(unread)


def _replace(target: Path, text: str) -> None:
    """Write a whole file or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _lines(value: Any, indent: str = "") -> list[str]:
    lines = []
    for key, held in value.items():
        if held in (None, "", [], {}):
            continue
        if isinstance(held, dict):
            lines += [f"{indent}{key}:", *_lines(held, indent + "  ")]
        else:
            said = ", ".join(map(str, held)) if isinstance(held, list) else held
            lines.append(f"{indent}{key}: {said}")
    return lines
