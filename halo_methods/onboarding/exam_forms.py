"""Exams as signed files: a form without answers, an attempt that comes back, a certificate to check offline."""

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NoReturn, TypeVar, overload

import numpy as np
import polars as pl
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import Field

from ..certification import Certificate, ExamPlan, certify
from ..documents import Day, Model, read
from ..errors import BadOption, HaloError, InvalidData, Problem
from ..judgments.cells import accepted_answers
from ..results import counted, readable
from ..stats import check_count

Count = Annotated[int, Field(ge=1, le=10_000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Paper = TypeVar("Paper", bound="Signed")
UNANSWERED = "(unanswered)"
NOT_SHOWN = ("item_id", "gold", "difficulty")


class Subject(Model):
    """What a certificate is about: a rater, by code, at one version of one task, in one locale."""

    rater: Short
    task: Short
    version: Short
    locale: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$", max_length=35)]


class Signed(Model):
    """A document whose every field the signature covers."""

    subject: Subject
    signature: str = ""

    def content(self) -> bytes:
        """What is signed: every other field, in one fixed spelling."""
        fields = self.model_dump(mode="json", exclude={"signature"})
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    def text(self) -> str:
        """The document as a JSON file."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"

    def verify(self, key: Ed25519PublicKey) -> None:
        """Refuse a document that was changed after it was signed, or signed with another key.

        Raises
        ------
        InvalidData
        """
        try:
            key.verify(base64.b64decode(self.signature, validate=True), self.content())
        except (InvalidSignature, ValueError):
            what = "the signature does not fit: the file was changed, or signed with another key"
            _refuse(what, "Ask for the original.")


class Form(Signed):
    """One attempt at an exam: the codes of its items, its pass mark, its last day."""

    attempt: Count
    attempts: Count
    labels: list[Short] = Field(min_length=2, max_length=100)
    codes: list[Short] = Field(min_length=1, max_length=10_000)
    pass_mark: Count
    bars: dict[Short, float]
    pool: Short
    issued: Day
    expires: Day


class Attempt(Model):
    """A form with the answers of a candidate, by the code of the item."""

    form: Form
    answers: dict[Short, Short] = Field(max_length=10_000)


class SignedCertificate(Signed):
    """A certificate: who may judge what, until which day."""

    attempt: Count
    items: Count
    issued: Day
    last_day: Day

    def page(self) -> str:
        """The certificate as one HTML page, printed on one sheet, in the language of its locale."""
        return _page("certificate.html.j2", self)


@dataclass(frozen=True, kw_only=True)
class Exam:
    """A form with what its items show.

    Attributes
    ----------
    form : Form
    shows : dict
        Code of an item -> name of a field -> text, in the order in which the items are asked.
    """

    form: Form
    shows: dict[str, dict[str, str]]

    def page(self) -> str:
        """The exam as one HTML page that needs no network and saves the attempt as a file."""
        return _page("exam.html.j2", self.form, shows=self.shows)


@dataclass(frozen=True, kw_only=True)
class Graded:
    """An attempt beside its answers.

    Attributes
    ----------
    form : Form
    outcome : Certificate
        Right answers, items, and the verdict of the planned exam.
    unanswered : int
        Items without an answer; each counts as wrong.
    wrong : tuple of str
        ``item_id`` of each item that was missed or left out: for those who keep the pool.
    answers : polars.DataFrame
        One row per item, as the cohort report reads it; with gold, so for those who keep the pool.
    """

    form: Form
    outcome: Certificate
    unanswered: int
    wrong: tuple[str, ...]
    answers: pl.DataFrame

    def __str__(self) -> str:
        left = f"; {counted(self.unanswered, 'item')} without an answer, counted as wrong" if self.unanswered else ""
        of = f"attempt {self.form.attempt} of {self.form.attempts}, pass mark {self.form.pass_mark}"
        return f"{self.outcome} ({of}{left})"


def matched_sets(difficulty: Sequence[float], n: int, sets: int, order: Sequence[bytes]) -> list[list[int]]:
    """Draw disjoint sets of items that are equally hard.

    The items in order of difficulty are cut into n rungs of neighbours, and each set takes one item of each rung.
    The sets differ in mean difficulty by no more than the mean width of a rung.

    Parameters
    ----------
    difficulty : sequence of float
        Per item, for instance the share of earlier candidates who missed it.
    n, sets : int
        Items of a set, and sets.
    order : sequence of bytes
        Per item, random: the items of a rung are taken in this order, and so are items of one difficulty.

    Returns
    -------
    list of list of int
        The places of the items, set by set.

    Raises
    ------
    BadOption
        If there are fewer than ``n * sets`` items.

    Examples
    --------
    >>> matched_sets([.1, .5, .2, .6], n=2, sets=2, order=[b"b", b"a", b"a", b"b"])
    [[2, 1], [0, 3]]
    """
    if len(difficulty) < n * sets:
        raise BadOption(
            f"the pool has {counted(len(difficulty), 'item')}; {counted(sets, 'attempt')} of {n} items need {n * sets}"
        )
    ranked = sorted(range(len(difficulty)), key=lambda at: (difficulty[at], order[at]))
    rungs = [sorted(rung.tolist(), key=lambda at: order[at]) for rung in np.array_split(ranked, n)]
    return [[rung[k] for rung in rungs] for k in range(sets)]


def issue_form(
    pool: pl.DataFrame,
    subject: Subject,
    *,
    labels: Sequence[str],
    plan: ExamPlan,
    key: Ed25519PrivateKey,
    issued: date,
    attempt: int = 1,
    days: int = 14,
    tolerance: float = 0.02,
) -> Exam:
    """Draw the items of one attempt, and sign the form that names them without their answers.

    The draw follows from the key, the subject and the pool alone. So no attempt repeats an item of another one,
    and nothing about earlier attempts needs to be kept.

    Parameters
    ----------
    pool : polars.DataFrame
        ``item_id``, ``gold``, and what candidates see in every other column. ``difficulty`` (0 to 1, such as the
        share of earlier candidates who missed the item) makes the attempts equally hard; without it they are equal on
        average only.
    subject : Subject
    labels : sequence of str
        What a candidate may answer.
    plan : ExamPlan
        Of `exam_plan`: items, pass mark and attempts.
    attempt : int
        Which of the attempts.
    days : int
        Days until the form expires.
    tolerance : float
        Two attempts may differ in mean difficulty by so much.

    Raises
    ------
    BadOption
        If the pool is too small or too uneven, or there is no such attempt.
    InvalidData
        If an item is listed twice, has no gold answer, or one that is no label.
    """
    check_count(attempt, option="attempt", least=1, most=plan.attempts)
    if plan.stopping.when != "end":
        raise BadOption("a form is sat to its end; give a plan that stops at the end")
    _check_pool(pool, labels)
    hard = _difficulty(pool)
    sets = matched_sets(hard, plan.n, plan.attempts, [_mark(key, subject, name) for name in pool["item_id"]])
    means = [float(np.mean([hard[at] for at in one])) for one in sets]
    if (apart := max(means) - min(means)) > tolerance:
        raise BadOption(
            f"the attempts differ in mean difficulty by {readable(apart)}, more than {tolerance:g}; add items"
        )
    codes = {_mark(key, subject, pool["item_id"][at], attempt).hex()[:16]: at for at in sets[attempt - 1]}
    form = Form(
        subject=subject,
        attempt=attempt,
        attempts=plan.attempts,
        labels=list(labels),
        codes=sorted(codes),
        pass_mark=plan.c,
        bars={bar: getattr(plan, bar) for bar in ("unacceptable", "good", "alpha", "beta")},
        pool=_fingerprint(key, pool),
        issued=issued,
        expires=issued + timedelta(days=check_count(days, option="days", least=1)),
    )
    shown = [column for column in pool.columns if column not in NOT_SHOWN]
    shows = {code: {column: str(pool[column][codes[code]] or "") for column in shown} for code in sorted(codes)}
    return Exam(form=_signed(form, key), shows=shows)


def grade(attempt: Attempt, pool: pl.DataFrame, *, key: Ed25519PrivateKey, received: date) -> Graded:
    """Grade an attempt with the pool it was drawn from.

    The answers are what the file says: no signature shows who gave them.

    Raises
    ------
    InvalidData
        If the form was changed after it was signed, came back late or before its day, or was drawn from another pool.
        Also if an answer belongs to no item or is no label.
    """
    form = attempt.form
    form.verify(key.public_key())
    if not form.issued <= received <= form.expires:
        _refuse(
            f"the form holds from {form.issued} to {form.expires}, and the attempt came on {received}",
            "Issue the next attempt.",
        )
    if form.pool != _fingerprint(key, pool):
        _refuse("the form was drawn from another pool, or the pool changed since", "Give the pool as it was then.")
    known = {_mark(key, form.subject, name, form.attempt).hex()[:16]: at for at, name in enumerate(pool["item_id"])}
    codes = set(form.codes)
    for code, label in attempt.answers.items():
        if code not in codes:
            _refuse(f"the answer to {code!r} belongs to no item of the form", "Have the attempt saved again.")
        if label not in form.labels:
            _refuse(f"{label!r} is no label", f"Allowed: {', '.join(form.labels)}.")
    places = {code: known[code] for code in sorted(codes)}
    right = {
        code for code, at in places.items() if attempt.answers.get(code) in accepted_answers(str(pool["gold"][at]))
    }
    wrong = tuple(str(pool["item_id"][at]) for code, at in places.items() if code not in right)
    outcome = certify(len(right), len(codes), attempts=form.attempts, **form.bars)
    said = [attempt.answers.get(code, UNANSWERED) for code in places]
    answers = (
        pool[list(places.values())]
        .select("item_id", "gold")
        .with_columns(
            pl.Series("label", said),
            rater_id=pl.lit(form.subject.rater),
            locale=pl.lit(form.subject.locale),
            guideline=pl.lit(f"{form.subject.task} {form.subject.version}"),
            kind=pl.lit("exam"),
            round=pl.lit(str(form.attempt)),
        )
    )
    unanswered = len(codes - set(attempt.answers))
    return Graded(form=form, outcome=outcome, unanswered=unanswered, wrong=wrong, answers=answers)


def signed_certificate(graded: Graded, *, key: Ed25519PrivateKey, issued: date, valid_days: int) -> SignedCertificate:
    """Make the certificate of a passed attempt.

    Raises
    ------
    BadOption
        If the attempt was not passed.
    """
    if graded.outcome.verdict != "met":
        raise BadOption(f"no certificate: {graded}")
    last = issued + timedelta(days=check_count(valid_days, option="valid_days", least=1))
    form = graded.form
    paper = SignedCertificate(
        subject=form.subject, attempt=form.attempt, items=len(form.codes), issued=issued, last_day=last
    )
    return _signed(paper, key)


def new_keys() -> tuple[bytes, bytes]:
    """Make a signing key and its public key, as PEM."""
    key = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)


@overload
def read_key(pem: bytes, *, signing: Literal[True]) -> Ed25519PrivateKey: ...
@overload
def read_key(pem: bytes, *, signing: Literal[False]) -> Ed25519PublicKey: ...
def read_key(pem: bytes, *, signing: bool) -> Ed25519PrivateKey | Ed25519PublicKey:
    """The signing key of a PEM file, or its public key.

    Raises
    ------
    HaloError
        If the file holds no such key.
    """
    key: object = None
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = serialization.load_pem_private_key(pem, None) if signing else serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PrivateKey if signing else Ed25519PublicKey):
        raise HaloError(f"the file holds no {'signing' if signing else 'public'} key; `halo certify keys` makes both")
    return key


def _page(template: str, paper: Form | SignedCertificate, **more: object) -> str:
    language = paper.subject.locale.split("-")[0]
    words = _wording()[language if language in _wording() else "en"]
    return _templates().get_template(template).render(paper=paper, words=words, language=language, **more)


@cache
def _wording() -> dict[str, dict[str, str]]:
    return dict(read(Path(__file__).with_name("exam_wording.yml")).content)


@cache
def _templates() -> Environment:
    loader = PackageLoader("halo_methods", "onboarding")
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _signed(paper: Paper, key: Ed25519PrivateKey) -> Paper:
    return paper.model_copy(update={"signature": base64.b64encode(key.sign(paper.content())).decode()})


def _check_pool(pool: pl.DataFrame, labels: Sequence[str]) -> None:
    missing = [column for column in ("item_id", "gold") if column not in pool.columns]
    if missing or not set(pool.columns) - set(NOT_SHOWN):
        _refuse(
            f"the pool has the columns {', '.join(pool.columns)}",
            "Give item_id, gold and at least one column that candidates see.",
        )
    problems = []
    seen: set[str] = set()
    for row, (name, gold) in enumerate(pool.select("item_id", "gold").iter_rows(), start=2):
        answers = accepted_answers(gold)
        if name is None or name in seen:
            problems.append(Problem(f"item_id {name!r} is empty or listed twice", "List each item once.", row=row))
        elif not answers or set(answers) - set(labels):
            problems.append(
                Problem(f"gold of {name!r} is {gold!r}", f"Give one of the labels: {', '.join(labels)}.", row=row)
            )
        seen.add(name)
    if problems:
        raise InvalidData(problems)


def _difficulty(pool: pl.DataFrame) -> list[float]:
    """Per item, .5 where the pool has no such column."""
    if "difficulty" not in pool.columns:
        return [0.5] * len(pool)
    hard = pool["difficulty"].cast(pl.Float64, strict=False)
    outside = pl.arg_where(~hard.is_between(0, 1).fill_null(False), eager=True)
    if len(outside):
        what = f"difficulty of {pool['item_id'][outside[0]]!r} is {pool['difficulty'][outside[0]]!r}"
        raise InvalidData([Problem(what, "Give a number from 0 to 1.", row=int(outside[0]) + 2)])
    return hard.to_list()


def _fingerprint(key: Ed25519PrivateKey, pool: pl.DataFrame) -> str:
    """What shows that a pool is the same; without the key it tells nothing about the answers."""
    columns = sorted(pool.columns)
    said = json.dumps([columns, *sorted(map(list, pool.select(columns).rows()), key=repr)], default=str).encode()
    return hmac.new(key.private_bytes_raw(), said, hashlib.sha256).hexdigest()


def _mark(key: Ed25519PrivateKey, subject: Subject, *what: object) -> bytes:
    """A random-looking value that only the key and these words give."""
    said = json.dumps([*subject.model_dump().values(), *map(str, what)]).encode()
    return hmac.new(key.private_bytes_raw(), said, hashlib.sha256).digest()


def _refuse(what: str, fix: str) -> NoReturn:
    raise InvalidData([Problem(what, fix)])
