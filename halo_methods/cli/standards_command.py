"""``halo standards list | show | trace | new | blank | check | audit | load | template``."""

import math
from pathlib import Path
from typing import Any

import click

from ..atomic_files import write_files
from ..errors import BadOption, HaloError
from ..results import counted
from .answering import FINDINGS, FINE, Answer, Commands, ExistingFile, answering

NAMES = ("id", "level", "tier", "title", "do", "moments", "topic", "evidence", "numbers", "owner", "since", "review_by")


@click.group(cls=Commands)
def standards() -> None:
    """The register of standards, and plans checked against it."""


def _register() -> Any:
    from ..standards.register import house

    return house().register()


@standards.command("list")
@click.option("--topic", default="", help="Of one topic only.")
@click.option("--tier", default="", type=click.Choice(("", "core", "decision", "high_risk")), help="Of one tier only.")
@answering
def listed(topic: str, tier: str) -> Answer:
    """All of them."""
    whole = [standard.to_dict() for standard in _register().filter(topic=topic, tier=tier).values()]
    chosen = [{n: s[n] for n in NAMES} for s in whole]
    return Answer(chosen, [f"{s['id']}  {s['level']:<6}  {s['title']}" for s in chosen])


@standards.command()
@click.option("--topic", default="", help="Of one topic only.")
@answering
def trace(topic: str) -> Answer:
    """From responsibility to test."""
    from ..standards.register import trace

    rows = trace(_register().filter(topic=topic))
    names = ("responsibility", "standard", "kind", "where", "test")
    return Answer(rows, ["  ".join(row[n] or "no test yet" for n in names) for row in rows])


@standards.command()
@click.argument("id")
@answering
def show(id: str) -> Answer:
    """One of them, whole."""
    import yaml

    whole = _register()[id.upper()].to_dict()
    filled = {name: value for name, value in whole.items() if value}
    text = yaml.safe_dump(filled, sort_keys=False, allow_unicode=True, width=math.inf)
    return Answer(whole, text.strip().split("\n"))


@standards.command()
@click.argument("family")
@answering
def new(family: str) -> Answer:
    """The next free identifier of a family."""
    name = _register().next_id(family.upper())
    return Answer({"id": name}, [name])


@standards.command()
@answering
def blank() -> Answer:
    """A plan with every clause explained and none filled in."""
    from ..standards.blank_plan import blank

    return Answer({"plan": blank()}, blank().split("\n"))


@standards.command()
@click.argument("plans", metavar="PLAN.yml...", nargs=-1, required=True, type=ExistingFile())
@click.option("--out", metavar="FILE.html", help="Write the portfolio of all plans to one page.")
@answering
def check(plans: tuple[str, ...], out: str | None) -> Answer:
    """Answer plans clause by clause."""
    from ..standards.plan import check_plan
    from ..standards.portfolio import portfolio

    if out:
        write_files({out: portfolio(list(plans))})
    checks, unread = [], []
    for plan in plans:
        try:
            checks.append(check_plan(plan))
        except HaloError as problem:
            if len(plans) == 1:
                raise
            unread.append(f"{Path(plan).name}: {problem}")
    answers = [done.to_dict() for done in checks]
    result = answers[0] if len(plans) == 1 else {"plans": answers, "unread": unread}
    findings = unread or not all(done.clean for done in checks)
    text = "\n\n".join([*(done.text() for done in checks), *unread])
    return Answer(result, text.split("\n"), FINDINGS if findings else FINE)


def _new_file(out: str | None, kinds: tuple[str, ...]) -> Path:
    """A file of one of these kinds that is not there yet: people write into what is made here."""
    if out is None or Path(out).suffix not in kinds:
        raise BadOption(f"--out is {out}; name a file that ends in {' or '.join(kinds)}", option="out", given=out)
    if Path(out).exists():
        raise HaloError(f"{out} is there already, perhaps filled in; name another file, or move it away")
    return Path(out)


@standards.command()
@click.argument("plan", metavar="PLAN.yml", type=ExistingFile())
@click.option("--out", metavar="FILE.xlsx", required=True, help="Where the sheet is written.")
@click.option("--quarter", default="", metavar="2027-Q1", help="Whose sitting it is; this quarter's unless told.")
@answering
def audit(plan: str, out: str, quarter: str) -> Answer:
    """The sheet of a sitting: the questions that are due, to be answered and named in the plan."""
    from ..standards.sitting import sitting

    _new_file(out, (".xlsx",))
    asked = sitting(plan, quarter=quarter)
    write_files({out: asked.workbook()})
    lines = [f"{out}: {counted(len(asked.questions), 'question')} for {asked.quarter}"]
    lines += [f"  {role}: {n}" for role, n in asked.by_role.items()]
    lines += [f"  not asked: {name}, which depends on `{clause}`" for name, clause in asked.unsure.items()]
    lines.append("Answer it, then name it under `attestation_sheets` in the plan.")
    return Answer({"out": out, **asked.to_dict()}, lines)


@standards.command()
@click.argument("plan", metavar="PLAN.yml", type=ExistingFile())
@answering
def load(plan: str) -> Answer:
    """What a plan costs: answers to audit questions in a year, and labels that check other labels."""
    from ..standards.programme_load import programme_load

    found = programme_load(plan)
    return Answer(found.to_dict(), found.text().split("\n"))


@standards.command("template")
@click.argument("name", required=False)
@click.option("--out", metavar="FILE.md|.docx|.xlsx", help="Where it is written, and as which kind of file.")
@answering
def fill_in(name: str | None, out: str | None) -> Answer:
    """A page to fill in, with the standards' numbers; without a name, those there are."""
    from ..standards.templates import KINDS, template, template_names

    if name is None:
        return Answer(template_names(), template_names())
    made = _new_file(out, KINDS)
    write_files({made: template(name, made.suffix)})
    return Answer({"template": name, "out": out}, [str(made)])
