"""Exams as signed forms: the draw, the grading, the certificate, and what is refused."""

import base64
import codecs
import hashlib
import html
import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import polars as pl
import pytest
from chromium import CHROMIUM, PHONE, running
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods.certification import exam_plan
from halo_methods.cli import FINDINGS, FINE, USAGE, main
from halo_methods.documents import load
from halo_methods.errors import BadOption, HaloError, InvalidData
from halo_methods.judgments import read_judgments
from halo_methods.judgments.files import read_raw
from halo_methods.onboarding import (
    Attempt,
    Exam,
    Form,
    SignedCertificate,
    Subject,
    grade,
    issue_form,
    matched_sets,
    new_keys,
    read_key,
    readiness,
    signed_certificate,
)
from halo_methods.standards import number

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
LABELS = ["poor", "fair", "good"]
DAY = date(2026, 11, 30)
KEY = read_key(new_keys()[0], signing=True)
PLAN = exam_plan(attempts=2)
SUBJECT = Subject(rater="R-4f21", task="support-answer", version="1.2", locale="fr-FR")


def pool(n: int = 150, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "item_id": [f"trap-{i:03}" for i in range(n)],
            "gold": rng.choice(LABELS, n),
            "difficulty": rng.beta(1, 6, n).round(3),
            "answer": [f"Votre colis {i} est parti." for i in range(n)],
        }
    )


POOL = pool()


def issued(**given) -> Exam:
    options = {"labels": LABELS, "plan": PLAN, "key": KEY, "issued": DAY, **given}
    return issue_form(options.pop("pool", POOL), options.pop("subject", SUBJECT), **options)


def answered(exam: Exam, right: int | None = None) -> Attempt:
    """An attempt with so many right answers, found as a reader of the pool would: by what is shown."""
    gold = dict(POOL.select("answer", "gold").iter_rows())
    answers = {}
    for place, (code, shows) in enumerate(exam.shows.items()):
        correct = gold[shows["answer"]]
        missed = right is not None and place >= right
        answers[code] = next(label for label in LABELS if (label == correct) != missed)
    return Attempt(form=exam.form, answers=answers)


EXAM = issued()
FORM = EXAM.form


@pytest.mark.parametrize("right", [PLAN.n, PLAN.c, PLAN.c - 1, 0])
def test_the_pass_mark_decides(right: int) -> None:
    graded = grade(answered(EXAM, right), POOL, key=KEY, received=DAY)
    assert graded.outcome.passes == right
    assert (graded.outcome.verdict == "met") == (right >= FORM.pass_mark)
    assert len(graded.wrong) == PLAN.n - right
    if right < FORM.pass_mark:
        with pytest.raises(BadOption, match="no certificate"):
            signed_certificate(graded, key=KEY, issued=DAY, valid_days=180)


def test_an_unanswered_item_counts_as_wrong() -> None:
    whole = answered(EXAM)
    left = Attempt(form=FORM, answers=dict(list(whole.answers.items())[10:]))
    graded = grade(left, POOL, key=KEY, received=DAY)
    assert (graded.unanswered, graded.outcome.passes) == (10, PLAN.n - 10)
    assert "10 items without an answer" in str(graded)


CHANGES = st.sampled_from(
    ["rater", "task", "version", "locale", "attempt", "attempts", "labels", "codes", "pass_mark", "bars", "pool",
     "issued", "expires", "signature"]
)  # fmt: skip


def changed(form: dict, field: str) -> dict:
    """The form with one field that somebody would want to change."""
    form = json.loads(json.dumps(form))
    if field in form["subject"]:
        form["subject"][field] = {"locale": "de-DE"}.get(field, "other")
    elif field == "codes":
        form["codes"] = form["codes"][1:]
    elif field == "labels":
        form["labels"] = form["labels"][:2]
    elif field == "bars":
        form["bars"]["unacceptable"] = 0.5
    elif field in ("issued", "expires"):
        form[field] = (date.fromisoformat(form[field]) + timedelta(1 if field == "expires" else -1)).isoformat()
    elif field == "signature":
        form[field] = form[field].swapcase()
    elif field == "pool":
        form[field] = form[field][::-1]
    else:
        form[field] += 1
    return form


@given(CHANGES)
@settings(max_examples=40)
def test_a_changed_form_is_refused(field: str) -> None:
    attempt = json.loads(answered(EXAM).model_dump_json())
    assert grade(load(Attempt, attempt), POOL, key=KEY, received=DAY).outcome.verdict == "met"
    attempt["form"] = changed(attempt["form"], field)
    with pytest.raises(InvalidData, match="signature does not fit"):
        grade(load(Attempt, attempt), POOL, key=KEY, received=DAY)


def test_another_key_late_attempts_and_another_pool_are_refused() -> None:
    other = read_key(new_keys()[0], signing=True)
    attempt = answered(EXAM)
    with pytest.raises(InvalidData, match="signature"):
        grade(attempt, POOL, key=other, received=DAY)
    for day in (DAY - timedelta(1), FORM.expires + timedelta(1)):
        with pytest.raises(InvalidData, match="the attempt came on"):
            grade(attempt, POOL, key=KEY, received=day)
    easier = POOL.with_columns(gold=pl.lit("good"))
    with pytest.raises(InvalidData, match="pool changed"):
        grade(attempt, easier, key=KEY, received=DAY)
    stranger = Attempt(form=FORM, answers={**attempt.answers, "0" * 16: "good"})
    with pytest.raises(InvalidData, match="belongs to no item"):
        grade(stranger, POOL, key=KEY, received=DAY)
    odd = Attempt(form=FORM, answers={**attempt.answers, FORM.codes[0]: "excellent"})
    with pytest.raises(InvalidData, match="no label"):
        grade(odd, POOL, key=KEY, received=DAY)


def test_a_form_says_nothing_about_the_answers() -> None:
    """Other gold answers change no more than the fingerprint of the pool, which the key hides, and the signature."""
    turned = POOL.with_columns(
        gold=pl.col("gold").replace_strict(dict(zip(LABELS, LABELS[1:] + LABELS[:1], strict=True)))
    )
    there, here = (issued(pool=one) for one in (turned, POOL))
    assert here.shows == there.shows
    assert here.form.model_dump(exclude={"pool", "signature"}) == there.form.model_dump(exclude={"pool", "signature"})
    for text in (FORM.text(), EXAM.page()):
        assert "trap-" not in text, "item_id may say what kind of item it is"
        assert "gold" not in text
        assert "difficulty" not in text


def disguises(text: str) -> dict[str, str]:
    """A text as a page could hold it, plain or encoded, or as something that only a guess of it would give."""
    raw = text.encode()
    inner = {  # the whole groups of three bytes, wherever the text begins in what is encoded
        f"base64 from byte {at}": base64.b64encode(bytes(at) + raw).decode().rstrip("=")[(0, 2, 3)[at] : -2]
        for at in range(3)
    }
    hashes = {name: hashlib.new(name, raw).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")}
    hashes |= {f"{name} as base64": base64.b64encode(hashlib.new(name, raw).digest()).decode() for name in hashes}
    return {
        **inner,
        **hashes,
        "plain": text,
        "hex": raw.hex(),
        "rot13": codecs.encode(text, "rot13"),
        "URL": quote(text, safe=""),
        "JSON": json.dumps(text)[1:-1],
        "JSON in JSON": json.dumps(json.dumps(text)[1:-1])[1:-1],
        "escapes": "".join(f"\\u{ord(sign):04x}" for sign in text),
        "HTML": html.escape(text),
        "character numbers": ",".join(str(ord(sign)) for sign in text),
        "backwards": text[::-1],
    }


def found_in(text: str, secrets: Iterable[str]) -> list[tuple[str, str]]:
    return [(secret, how) for secret in secrets for how, as_is in disguises(secret).items() if as_is in text]


def answers_of(exam: Exam, attempt: Attempt) -> list[str]:
    """Each right answer tied to its item, as a key of answers would hold it, and the whole key in order."""
    pairs = list(attempt.answers.items())
    tied = [f"{code}{sign}{label}" for code, label in pairs for sign in (":", '":"', '": "', "=", ",", "")]
    numbers = "".join(str(LABELS.index(label)) for _, label in pairs)
    return [*tied, numbers, ",".join(label for _, label in pairs), *POOL["item_id"]]


def test_no_answer_is_on_an_exam_page_in_any_disguise() -> None:
    secrets = answers_of(EXAM, answered(EXAM))
    certificate = signed_certificate(
        grade(answered(EXAM), POOL, key=KEY, received=DAY), key=KEY, issued=DAY, valid_days=9
    )
    for text in (EXAM.page(), FORM.text(), certificate.page(), certificate.text()):
        assert not found_in(text, secrets)


@pytest.mark.parametrize("how", disguises("0123456789abcdef:good"))
def test_an_answer_that_were_there_would_be_found(how: str) -> None:
    secret = answers_of(EXAM, answered(EXAM))[0]
    page = EXAM.page().replace("</body>", f"<p>{disguises(secret)[how]}</p></body>")
    assert secret in {one for one, _ in found_in(page, [secret])}
    hidden = base64.b64encode(f"key {secret}; more".encode()).decode()
    assert found_in(EXAM.page() + hidden, [secret])


@pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the book is not built: make book")
def test_no_pool_and_no_signing_key_is_in_the_site() -> None:
    """Answers of a certification live in a pool: a site without pools and keys can hold none."""
    kinds = {".html", ".js", ".json", ".csv", ".txt", ".md", ".xml", ".yml", ".pem"}
    texts = {p: p.read_text("utf-8", "replace") for p in SITE.rglob("*") if p.suffix in kinds}
    assert len(texts) > 50
    key = "PRIVATE" + " KEY-----"  # in two parts: the site holds this file
    for path, text in texts.items():
        assert not found_in(text, [key]), path.name
        if path.suffix == ".csv":
            header = set(text.split("\n", 1)[0].split(","))
            assert not {"gold", "difficulty"} <= header, f"{path.name} looks like the pool of an exam"
            assert ",exam," not in text, f"{path.name} holds answers of an exam"


def test_attempts_share_no_item_and_raters_share_no_order() -> None:
    first, second = ({shows["answer"] for shows in issued(attempt=attempt).shows.values()} for attempt in (1, 2))
    assert len(first) == len(second) == PLAN.n
    assert not first & second
    other = issued(subject=SUBJECT.model_copy(update={"rater": "R-77aa"}))
    assert set(other.form.codes).isdisjoint(FORM.codes)
    assert list(other.shows.values()) != list(EXAM.shows.values())
    assert issued() == EXAM, "the same words draw the same items"


@given(st.lists(st.floats(0, 1), min_size=12, max_size=80), st.integers(1, 3), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_sets_are_disjoint_and_as_hard_as_each_other(hard: list[float], sets: int, random) -> None:
    n = len(hard) // sets
    order = [random.randbytes(8) for _ in hard]
    drawn = matched_sets(hard, n, sets, order)
    assert len({at for one in drawn for at in one}) == n * sets
    rungs = np.array_split(np.sort(hard), n)
    widest = np.mean([rung.max() - rung.min() for rung in rungs])
    means = [np.mean([hard[at] for at in one]) for one in drawn]
    assert max(means) - min(means) <= widest + 1e-12


def test_attempts_are_equally_hard_in_simulation() -> None:
    """Sets of a pool like those met differ by far less than the tolerance; sets drawn at random would not."""
    rng = np.random.default_rng(5)
    matched, plain = [], []
    for _ in range(200):
        hard = rng.beta(1, 6, 2 * PLAN.n + 10)
        order = [rng.bytes(8) for _ in hard]
        one, two = matched_sets(hard.tolist(), PLAN.n, 2, order)
        matched.append(abs(hard[one].mean() - hard[two].mean()))
        shuffled = rng.permutation(hard)
        plain.append(abs(shuffled[: PLAN.n].mean() - shuffled[PLAN.n : 2 * PLAN.n].mean()))
    assert np.quantile(matched, 0.99) < 0.02 < np.quantile(plain, 0.9)
    assert np.median(matched) < np.median(plain) / 5


def test_the_decision_errs_as_promised_over_all_attempts() -> None:
    """Candidates at either bar, items of unequal difficulty, both attempts of one draw."""
    rng = np.random.default_rng(6)
    rounds = 4000
    lets_in, turns_away = float(number("CAL-009.lets_in")), float(number("CAL-009.turns_away"))
    hard = rng.beta(1, 6, 2 * PLAN.n + 10)
    sets = np.array(matched_sets(hard.tolist(), PLAN.n, 2, [rng.bytes(8) for _ in hard]))
    passed = {}
    for ability in (PLAN.unacceptable, PLAN.good):
        chance = 1 - hard[sets] * (1 - ability) / hard[sets].mean(axis=1, keepdims=True)
        right = (rng.random((rounds, *sets.shape)) < chance).sum(axis=2)
        passed[ability] = (right >= PLAN.c).any(axis=1).mean()
    sampling = 3 * np.sqrt(0.05 / rounds)
    assert passed[PLAN.unacceptable] <= lets_in + sampling
    assert passed[PLAN.good] >= 1 - turns_away - sampling


@pytest.mark.parametrize("field", ["rater", "task", "version", "locale", "attempt", "items", "issued", "last_day"])
def test_an_edited_certificate_is_refused(field: str) -> None:
    graded = grade(answered(EXAM), POOL, key=KEY, received=DAY)
    certificate = signed_certificate(graded, key=KEY, issued=DAY, valid_days=180)
    certificate.verify(KEY.public_key())
    edited = json.loads(certificate.text())
    place = edited["subject"] if field in edited["subject"] else edited
    if field in ("issued", "last_day"):
        place[field] = "2027-12-31"
    elif isinstance(place[field], int):
        place[field] += 1
    else:
        place[field] = "pt-BR" if field == "locale" else place[field] + "x"
    with pytest.raises(InvalidData, match="signature"):
        load(SignedCertificate, edited).verify(KEY.public_key())


def test_a_pool_that_cannot_be_used_is_refused_in_words() -> None:
    with pytest.raises(BadOption, match=f"need {2 * PLAN.n}"):
        issued(pool=POOL.head(100))
    with pytest.raises(InvalidData, match="listed twice"):
        issued(pool=pl.concat([POOL, POOL.head(1)]))
    with pytest.raises(InvalidData, match=r"gold of 'trap-000' is None"):
        issued(pool=POOL.with_columns(gold=pl.when(pl.col("item_id") != "trap-000").then("gold")))
    with pytest.raises(InvalidData, match="at least one column that candidates see"):
        issued(pool=POOL.drop("answer"))
    with pytest.raises(InvalidData, match=r"difficulty of 'trap-000' is 1\.5"):
        issued(pool=POOL.with_columns(difficulty=pl.lit(1.5)))
    with pytest.raises(BadOption, match="attempt"):
        issued(attempt=3)
    far = POOL.with_columns(difficulty=pl.when(pl.int_range(pl.len()) < 3).then(1.0).otherwise(0.0))
    assert issued(pool=far).form.codes


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "de-DE", "es-ES", "pt-BR", "it-IT"])
def test_pages_speak_the_language_of_the_locale(language: str) -> None:
    form = issued(subject=SUBJECT.model_copy(update={"locale": language}))
    page = form.page()
    assert f'<html lang="{language[:2]}">' in page
    said = {"fr": "Tentative 1 sur 2", "de": "Versuch 1 von 2", "es": "Intento 1 de 2", "pt": "Tentativa 1 de 2"}
    assert said.get(language[:2], "Attempt 1 of 2") in page


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def programme(tmp_path: Path) -> Path:
    """A folder with keys and a pool, and one issued exam."""
    assert run("certify", "keys", "--out", tmp_path / "keys") == FINE
    POOL.write_csv(tmp_path / "pool.csv")
    return tmp_path


def exam(folder: Path, *more: object) -> int:
    who = ["--rater", "R-4f21", "--task", "support-answer", "--task-version", "1.2", "--locale", "fr-FR"]
    key = ["--key", folder / "keys" / "signing_key.pem", "--pool", folder / "pool.csv"]
    return run("certify", "issue", *key, *who, "--scale", "poor,fair,good", "--out", folder / "exam", *more)


def test_from_the_key_to_the_certificate(programme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exam(programme, "--today", "2026-11-30") == FINE
    assert "items," in capsys.readouterr().out
    assert load(Form, programme / "exam" / "form.json").attempt == 1
    signing = read_key((programme / "keys" / "signing_key.pem").read_bytes(), signing=True)
    form = issued(pool=read_raw(programme / "pool.csv").frame, key=signing)
    assert form.form == load(Form, programme / "exam" / "form.json")
    (programme / "attempt.json").write_text(answered(form).model_dump_json(), encoding="utf-8")
    key = ["--key", programme / "keys" / "signing_key.pem", "--pool", programme / "pool.csv"]
    graded = programme / "answers.csv"
    out = ["--out", programme / "done", "--today", "2026-12-01", "--answers", graded]
    assert run("certify", "score", programme / "attempt.json", *key, *out) == FINE
    assert "valid until 2027-05-30" in capsys.readouterr().out
    assert graded.stat().st_mode & 0o077 == 0, "the answers hold the gold"
    assert readiness(read_judgments(graded)).table["verdict"].tolist() == ["met"]
    certificate = programme / "done" / "certificate.json"
    public = ["--key", programme / "keys" / "public_key.pem"]
    assert run("certify", "verify", certificate, *public, "--today", "2027-05-30") == FINE
    assert run("certify", "verify", certificate, *public, "--today", "2027-05-31") == FINDINGS
    certificate.write_text(certificate.read_text("utf-8").replace("2027-05-30", "2028-05-30"), encoding="utf-8")
    capsys.readouterr()
    assert run("certify", "verify", certificate, *public) == FINDINGS
    assert "signature does not fit" in capsys.readouterr().out
    (programme / "failed.json").write_text(answered(form, 3).model_dump_json(), encoding="utf-8")
    assert (
        run("certify", "score", programme / "failed.json", *key, "--out", programme / "no", "--today", "2026-12-01")
        == FINDINGS
    )
    assert not (programme / "no").exists()


def test_a_key_is_its_owners_and_outside_every_repository(programme: Path) -> None:
    assert (programme / "keys" / "signing_key.pem").stat().st_mode & 0o077 == 0
    assert run("certify", "keys", "--out", programme / "keys") == 4, "a second key would end every certificate"
    (programme / ".git").mkdir()
    assert exam(programme) == 4
    assert run("certify", "keys", "--out", programme / "more" / "keys") == 4
    with pytest.raises(HaloError, match="no signing key"):
        read_key((programme / "keys" / "public_key.pem").read_bytes(), signing=True)


def test_a_column_of_the_pool_that_is_not_there_or_named_twice_is_said(
    programme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for columns, said in (("gold=key", "no column 'key'"), ("item_id=answer", "two columns would be called item_id")):
        assert exam(programme, "--columns", columns) != FINE
        assert said in "".join(capsys.readouterr())
    assert exam(programme, "--where", "difficulty > 1") == USAGE
    assert "No such option '--where'" in capsys.readouterr().err


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: make tools")
def test_an_exam_is_sat_by_keyboard_with_the_network_off(tmp_path: Path) -> None:
    form = issued(subject=SUBJECT.model_copy(update={"task": "</script><b>'x'"}))
    (tmp_path / "exam.html").write_text(form.page(), encoding="utf-8")
    wanted = answered(form).answers
    with running() as browser:
        width, height = PHONE
        page = browser.new_context(viewport={"width": width, "height": height}, offline=True).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"file://{tmp_path}/exam.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for code in form.shows:
            page.keyboard.press("Tab")
            for _ in range(LABELS.index(wanted[code])):
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Space")
        page.reload()
        assert page.text_content("#said").startswith(f"{PLAN.n} / {PLAN.n}"), "answers are kept in the browser"
        page.focus("button")
        with page.expect_download() as saved:
            page.keyboard.press("Enter")
        attempt = load(Attempt, Path(saved.value.path()))
        assert {url.split(":")[0] for url in asked} <= {"file", "blob"}
    assert attempt.answers == wanted
    assert grade(attempt, POOL, key=KEY, received=DAY).outcome.verdict == "met"
