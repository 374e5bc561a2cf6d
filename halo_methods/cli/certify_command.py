"""``halo certify keys | issue | score | collect | verify``; what it does is in `halo_methods.onboarding`."""

import shlex
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic_files import write_files
from ..errors import BadOption, HaloError, InvalidData, Problem
from ..results import counted
from .answering import (
    FINDINGS,
    FINE,
    OF_TABLES,
    Answer,
    Commands,
    ExistingFile,
    answering,
    problems_of,
    reading_options,
)

if TYPE_CHECKING:
    import polars as pl

_FILE = ExistingFile()
_DAY = click.DateTime(["%Y-%m-%d"])
SIGNING, PUBLIC = "signing_key.pem", "public_key.pem"


@click.group(cls=Commands)
def certify() -> None:
    """Exams as signed forms, graded attempts, and certificates to check offline."""


@certify.command()
@click.option("--out", required=True, metavar="DIR", help="Outside every repository; backed up by the quality lead.")
@answering
def keys(out: str) -> Answer:
    """Make the signing key, once, and the public key that checks certificates."""
    from ..onboarding import new_keys

    folder = _outside_repositories(Path(out))
    taken = [name for name in (SIGNING, PUBLIC) if (folder / name).exists()]
    if taken:
        raise HaloError(f"{folder / taken[0]} is there: a new key would end every certificate signed with it")
    private, public = new_keys()
    files = write_files({folder / SIGNING: private, folder / PUBLIC: public}, private=(SIGNING,))
    last = f"Keep {SIGNING} to yourself. Give {PUBLIC} to everyone who checks certificates."
    return Answer({"files": [str(file) for file in files]}, [*map(str, files), last])


@certify.command()
@click.option("--pool", type=_FILE, required=True, metavar="FILE", help="item_id, gold, what is shown, difficulty.")
@click.option("--rater", required=True, metavar="CODE", help="The rater's code, never a name.")
@click.option("--task", required=True, metavar="NAME")
@click.option("--task-version", "version", required=True, metavar="X.Y", help="Of its guideline.")
@click.option("--locale", required=True, metavar="fr-FR")
@click.option("--attempt", type=int, default=1, metavar="K")
@click.option("--good", type=float, default=0.95, metavar="SHARE", help="An accuracy that should pass.")
@click.option("--unacceptable", type=float, default=0.85, metavar="SHARE", help="An accuracy that must not pass.")
@click.option("--days", type=int, default=14, metavar="N", help="Days to sit it.")
@click.option("--today", type=_DAY, metavar="DAY", help="Otherwise the day it is.")
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="The signing key.")
@click.option("--out", required=True, metavar="DIR")
@partial(reading_options, names=("scale", *OF_TABLES))
@answering
def issue(
    pool: str, attempt: int, days: int, today: datetime | None, key: str, out: str, reading: dict[str, Any], **what: Any
) -> Answer:
    """Draw one rater's exam and write it as a page without answers."""
    from .. import standards
    from ..certification import Stopping, exam_plan
    from ..documents import load
    from ..judgments.options import Reading
    from ..onboarding import Subject, issue_form

    labels = Reading(scale=reading.get("scale")).listed
    if not labels:
        raise BadOption("give the labels that candidates choose from, as --scale poor,fair,good or --scale RUBRIC.yml")
    limits = {bar: standards.number(f"CAL-009.{name}") for bar, name in (("alpha", "lets_in"), ("beta", "turns_away"))}
    limits |= {bar: what.pop(bar) for bar in ("unacceptable", "good")}
    plan = exam_plan(stopping=Stopping(), **limits, attempts=int(standards.number("CAL-009.attempts")))
    exam = issue_form(
        _pool(pool, reading),
        load(Subject, what, name="the options"),
        labels=labels,
        plan=plan,
        key=_signing_key(key),
        issued=_day(today),
        attempt=attempt,
        days=days,
    )
    files = write_files({Path(out) / "exam.html": exam.page(), Path(out) / "form.json": exam.form.text()})
    said = (
        f"attempt {attempt} of {plan.attempts}: {plan.n} items, {plan.c} right answers pass, until {exam.form.expires}"
    )
    result = {"items": plan.n, "pass_mark": plan.c, "attempts": plan.attempts, "expires": exam.form.expires.isoformat()}
    return Answer({**result, "files": list(map(str, files))}, [*map(str, files), said])


@certify.command()
@click.argument("attempt", metavar="ATTEMPT.json", type=_FILE)
@click.option("--pool", type=_FILE, required=True, metavar="FILE", help="The pool the form was drawn from.")
@click.option("--risk", type=click.Choice(["low", "high"]), default="low", help="A high risk ends it sooner.")
@click.option("--today", type=_DAY, metavar="DAY", help="When the attempt came; otherwise the day it is.")
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="The signing key.")
@click.option("--answers", metavar="FILE.csv", help="Write the graded answers too, for the cohort; they hold the gold.")
@click.option("--out", required=True, metavar="DIR")
@partial(reading_options, names=OF_TABLES)
@answering
def score(
    attempt: str,
    pool: str,
    risk: str,
    today: datetime | None,
    key: str,
    answers: str | None,
    out: str,
    reading: dict[str, Any],
) -> Answer:
    """Grade an attempt and, if it is passed, write the certificate. Findings: not passed."""
    from .. import standards
    from ..documents import load
    from ..onboarding import Attempt, grade, signed_certificate

    signing = _signing_key(key)
    try:
        graded = grade(load(Attempt, Path(attempt)), _pool(pool, reading), key=signing, received=_day(today))
    except InvalidData as invalid:
        return problems_of(invalid, Path(attempt).name, after=", nothing was written")
    if answers:
        write_files({answers: graded.answers.write_csv()}, private=(Path(answers).name,))
    outcome = graded.outcome
    result: dict[str, Any] = {"verdict": outcome.verdict, "right": outcome.passes, "items": outcome.trials}
    result |= {"unanswered": graded.unanswered, "wrong": list(graded.wrong), "files": []}
    if outcome.verdict != "met":
        return Answer(result, [str(graded)], FINDINGS)
    valid = int(standards.number("CAL-013.days_high_risk" if risk == "high" else "CAL-013.days"))
    certificate = signed_certificate(graded, key=signing, issued=_day(today), valid_days=valid)
    pages = {"certificate.html": certificate.page(), "certificate.json": certificate.text()}
    files = write_files({Path(out) / name: text for name, text in pages.items()})
    result |= {"last_day": certificate.last_day.isoformat(), "files": list(map(str, files))}
    return Answer(result, [*map(str, files), str(graded), f"valid until {certificate.last_day}"])


@certify.command()
@click.argument("files", metavar="FILE…", type=_FILE, nargs=-1, required=True)
@click.option("--out", required=True, metavar="FILE.csv", help="The table that `halo report onboarding` reads.")
@answering
def collect(files: tuple[str, ...], out: str) -> Answer:
    """Put a cohort's attempts into one table: files saved in the rater's path, and answers that `score` wrote."""
    import polars as pl

    from ..judgments.files import read_raw

    if Path(out).resolve() in {Path(file).resolve() for file in files}:
        raise BadOption(f"--out {out} would overwrite what is read; choose another file")
    table = pl.concat([read_raw(file).frame for file in files], how="diagonal").unique(maintain_order=True)
    write_files({out: table.write_csv()}, private=(Path(out).name,))
    following = f"halo report onboarding --data {shlex.quote(out)} --out reports --audience operations"
    said = f"{counted(len(table), 'answer')} of {counted(len(files), 'file')}"
    return Answer({"file": out, "answers": len(table), "next": following}, [out, said, f"next: {following}"])


@certify.command()
@click.argument("certificate", metavar="CERTIFICATE.json", type=_FILE)
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="The public key.")
@click.option("--today", type=_DAY, metavar="DAY", help="The day to check for; otherwise the day it is.")
@answering
def verify(certificate: str, key: str, today: datetime | None) -> Answer:
    """Check that a certificate is as it was signed, and that it has not ended. No network."""
    from ..documents import load
    from ..onboarding import SignedCertificate, read_key

    try:
        paper = load(SignedCertificate, Path(certificate))
        paper.verify(read_key(_pem(key), signing=False))
    except InvalidData as invalid:
        return problems_of(invalid, Path(certificate).name)
    subject, holds = paper.subject, paper.issued <= _day(today) <= paper.last_day
    about = f"{subject.rater}, {subject.task} {subject.version}, {subject.locale}"
    said = f"{'valid' if holds else 'not valid on this day'}: {about}, {paper.issued} to {paper.last_day}"
    return Answer({**paper.model_dump(mode="json"), "valid": holds}, [said], FINE if holds else FINDINGS)


def _pool(file: str, reading: dict[str, Any]) -> "pl.DataFrame":
    from ..judgments.files import read_raw
    from ..judgments.options import renamed

    named = {name: reading[name] for name in OF_TABLES[1:] if name in reading}
    problems: list[Problem] = []
    frame, _ = renamed(read_raw(file, **named).frame, reading.get("columns", {}), problems, required=())
    if problems:
        raise InvalidData(problems)
    return frame


def _signing_key(file: str) -> Any:
    from ..onboarding import read_key

    _outside_repositories(Path(file).parent)
    return read_key(_pem(file), signing=True)


def _pem(file: str) -> bytes:
    with open(file, "rb") as opened:
        return opened.read(10_000)


def _outside_repositories(folder: Path) -> Path:
    """Refuse a folder of a repository: a key that is committed once is everybody's."""
    for above in (folder.resolve(), *folder.resolve().parents):
        if (above / ".git").exists():
            raise HaloError(f"{folder} lies in the repository {above}; keep the signing key outside")
    return folder


def _day(given: datetime | None) -> date:
    return given.date() if given else date.today()
