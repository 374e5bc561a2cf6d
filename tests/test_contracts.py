"""Promises that every public name keeps: confidences, options, frames, intervals, order, names, thin tables."""

import inspect
import pkgutil
import re
import warnings
from dataclasses import is_dataclass, replace
from functools import cache
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import halo_methods as halo
from halo_methods.errors import BadOption, HaloError, InvalidData, NotEstimable
from halo_methods.results import Estimate

ROOMS = sorted(m.name for m in pkgutil.iter_modules(halo.__path__, "halo_methods.") if m.name != "halo_methods.cli")
BAD_CONFIDENCES = [95, 0, 1, -0.1, "a", float("nan")]


def table(seed=3, items=36, raters=6):
    """Judgments with every optional column: two rounds, gold, clauses, vendors, seconds, audits by time."""
    rng, rows = np.random.default_rng(seed), []
    for again in (1, 2):
        for i in range(items):
            for r in range(raters):
                gold = "abc"[i % 3]
                label = gold if rng.random() < 0.6 + 0.05 * r else "abc"[rng.integers(3)]
                at = pd.Timestamp("2026-03-02T09:00Z") + pd.Timedelta(days=20 * (again - 1) + i % 18, minutes=7 * r + i)
                rows.append((f"i{i:02d}-{again}" if i % 3 else f"i{i:02d}", f"rater {r}", label, gold, str(again),
                             at.isoformat(), 20 + int(rng.integers(60)), f"v{r % 2}", f"{1 + i % 4}.1", "label",
                             ["fr-FR", "de-DE"][i % 2], f"q{i % 2}", "human", "1" if again == 1 else "2"))  # fmt: skip
    columns = ["item_id", "rater_id", "label", "gold", "round", "rated_at", "seconds", "vendor", "clause", "stage",
               "locale", "queue", "rater_type", "guideline"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


WHOLE = table()
PAIRS = pd.DataFrame(
    [(f"q{i}", f"r{i % 5}", *["ab", "ba"][i % 2], ["left", "right", "tie"][i % 3]) for i in range(60)],
    columns=["item_id", "rater_id", "left", "right", "winner"],
)
SPANS = pd.DataFrame(
    [(f"s{i // 3}", f"r{i % 3}", *((i % 7, i % 7 + 4, "style", "minor") if i % 4 else ("", "", "", "")), 40)
     for i in range(90)],
    columns=["item_id", "rater_id", "start", "end", "category", "severity", "length"],
)  # fmt: skip
STEPS = pd.DataFrame(
    [(f"t{i}", s, f"r{n}", "wrong_tool" if s == 1 + (i + n // 2) % 3 else "ok", f"s{i // 3}",
      *(["yes", "no"] if i % 2 else ["no", "yes"]))
     for i in range(30) for s in (1, 2, 3) for n in range(3)],
    columns=["trajectory_id", "step", "rater_id", "label", "scenario", "outcome", "verifier"],
)  # fmt: skip
SCALE = {"scale": ["a", "b", "c"], "level": "ordinal"}


@cache
def judged(thin="", *, scaled=False):
    """The whole table or a thin one as judgments: read once, since reading takes longer than most functions."""
    return halo.as_judgments(THIN[thin] if thin else WHOLE, **(SCALE if scaled else {}))


def public():
    """Every callable of every room's ``__all__``."""
    rooms = [import_module(room) for room in ROOMS]
    return [
        pytest.param(thing, id=f"{room.__name__.removeprefix('halo_methods.')}.{name}")
        for room in rooms
        for name in getattr(room, "__all__", ())
        if callable(thing := getattr(room, name))
    ]


FUNCTIONS = [p for p in public() if inspect.isfunction(p.values[0])]


def parameters(function):
    return inspect.signature(function).parameters


OF_JUDGMENTS = [p for p in FUNCTIONS if next(iter(parameters(p.values[0])), "") == "j"]
WITH_CONFIDENCE = [p for p in FUNCTIONS if "confidence" in parameters(p.values[0])]
ARGUMENTS = {
    "a": "rater 0", "b": "rater 1", "column": "vendor", "label": "b", "rate": 0.3, "hourly_floor": 12.0,
    "unpaid_seconds": 5.0, "n": 8, "seed": 1, "bar": 0.7, "groups": "vendor", "by": "vendor", "limit_minutes": 60,
    "k": 1, "half_width": 0.02, "successes": [9, 8], "trials": [10, 10], "events": 3, "x": [1.0, 2.0, 4.0],
    "above": [1.0, 2.0, 2.0], "below": [2.0, 3.0, 5.0], "hits": [1, 0, 1, 1], "raters": [0, 0, 1, 1], "p": 0.75,
    "variance": 0.01, "y": [1, 0, 1, 1], "after": [0, 1, 0, 1], "items": [0, 0, 1, 1],
    "seconds": [30.0, 40.0] * 20,
    "volume": [100, 90], "staffing": halo.planning.Staffing(start="2026-03-02", market="fr-FR"), "detector": "copied",
    "share": 0.6, "to": "label-studio", "pairs": PAIRS, "spans": SPANS, "steps": STEPS,
    "honest": WHOLE, "sheet": WHOLE, "version": "2", "effective": "2026-03-20",
    "ranked": pd.DataFrame({"change": "edge case", "examples": ["i00", "unit i00"]}),
    "epsilon": 0.1, "positive": 3, "sensitivity": (8, 9), "specificity": (8, 9), "labels": [1.0, 2.0, 3.0, 4.0],
    "judge_on_labelled": [1.0, 2.0, 3.0, 3.0], "judge_on_unlabelled": [1.0, 2.0, 4.0], "columns": ["seconds"],
    "bars": halo.llm_judge.judge_passport.Bars(winning=0.5, half_width=0.05, sensitivity=0.9, same=0.9),
    "passes": pd.DataFrame(columns=["rater_id", "guideline", "passed_at"], dtype=str),
}  # fmt: skip


def called(function, j, **options):
    """Call with what the function must be given; a parameter that is new is named above, or the suite fails."""
    needed = [n for n, p in parameters(function).items() if p.default is inspect.Parameter.empty and n != "j"]
    needed = [n for n in needed if n not in options]
    unknown = [n for n in needed if n not in ARGUMENTS]
    assert not unknown, f"name a value for {', '.join(unknown)} in ARGUMENTS"
    first = (j,) if "j" in parameters(function) else ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(*first, **{n: ARGUMENTS[n] for n in needed}, **options)


@cache
def answer(function):
    """What a function makes of the whole table, or None where it refuses: two promises are held by one call."""
    try:
        return called(function, judged(scaled=True))
    except NotEstimable:
        return None


def estimates_of(result):
    """Every estimate that a result holds."""
    if isinstance(result, Estimate):
        return [result]
    if isinstance(result, dict):
        return [e for value in result.values() for e in estimates_of(value)]
    if is_dataclass(result) and not isinstance(result, type):
        values = [v for k, v in vars(result).items() if not k.startswith("_")]
        more = getattr(result, "estimates", {})
        return [e for value in [*values, more] if isinstance(value, (Estimate, dict)) for e in estimates_of(value)]
    return []


def numbers(result):
    """What a result says in numbers, whatever its people and items are called and however its rows are ordered."""
    said = sorted((round(e.value, 9), round(e.low, 9), round(e.high, 9)) for e in estimates_of(result))
    frames = [result] if isinstance(result, pd.DataFrame) else [getattr(result, "table", None)]
    for frame in frames:
        if isinstance(frame, pd.DataFrame):
            for column in frame.select_dtypes("number"):
                said.append((column, *sorted(np.round(frame[column].dropna().astype(float), 9))))
    return said


def test_every_name_is_there_and_documented():
    for parameter in public():
        thing = parameter.values[0]
        assert inspect.getdoc(thing), parameter.id
        assert not inspect.getdoc(thing).splitlines()[0].endswith(","), parameter.id


@pytest.mark.parametrize("function", FUNCTIONS)
def test_options_are_written_out_and_keyword_only(function):
    for name, p in parameters(function).items():
        if function is not halo.reports.run:  # whose parameters are those of the report's notebook
            assert p.kind is not inspect.Parameter.VAR_KEYWORD, f"**{name} hides the options"
        if p.default is not inspect.Parameter.empty and name not in OPTIONAL_BY_PLACE:
            assert p.kind is inspect.Parameter.KEYWORD_ONLY, f"{name} is an option and can be given by place"


# What a function works on may be given by place although it may be left out: data, a column, a register.
OPTIONAL_BY_PLACE = {
    *("criterion", "accuracy", "prevalence", "consumer_risk", "inspection", "groups", "gold", "shift", "clause"),
    *("column", "data", "path", "register", "honest", "items", "out", "content", "person", "words"),
}


@pytest.mark.parametrize("function", WITH_CONFIDENCE)
@pytest.mark.parametrize("confidence", BAD_CONFIDENCES)
def test_an_impossible_confidence_is_refused_by_name(function, confidence):
    with pytest.raises(BadOption, match="confidence"):
        called(function, judged(scaled=True), confidence=confidence)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_misspelt_option_names_the_function(function):
    if function is halo.reports.run:
        pytest.skip("its parameters are those of the report's notebook: held by test_reports")
    needed = dict.fromkeys(n for n, p in parameters(function).items() if p.default is inspect.Parameter.empty)
    with pytest.raises(TypeError, match=rf"{function.__name__}\(\) got an unexpected keyword argument 'confidense'"):
        function(**needed | {n: WHOLE for n in needed if n == "j"}, confidense=0.9)


@pytest.mark.parametrize("function", OF_JUDGMENTS)
def test_a_frame_is_as_good_as_judgments(function):
    try:
        from_judgments = called(function, judged())
    except NotEstimable as refused:
        reason = str(refused)
    else:
        assert numbers(called(function, WHOLE)) == numbers(from_judgments)
        return
    with pytest.raises(NotEstimable, match=re.escape(reason)):
        called(function, WHOLE)


@pytest.mark.parametrize("function", OF_JUDGMENTS)
def test_intervals_hold_their_values_and_say_what_they_rest_on(function):
    for e in estimates_of(answer(function)):
        assert e.low <= e.value <= e.high
        assert 0 < e.confidence <= 1
        assert min(e.n_items, e.n_raters, e.n_judgments) >= 0
        assert all(re.fullmatch(r"[a-z0-9_]+", c.code) for c in e.cautions), e.cautions
        assert not any(f"rater {r}" in text for text in (e.method, *e.cautions) for r in range(6)), e.method


@cache
def shuffled(*, renamed):
    """The whole table in another order of rows.

    Names keep their order, so that ties fall the same way; a draw goes by the names and keeps them.
    """
    frame = WHOLE.iloc[np.random.default_rng(1).permutation(len(WHOLE))]
    names = {"rater_id": "person " + frame["rater_id"], "item_id": "unit " + frame["item_id"]}
    return halo.as_judgments(frame.assign(**names) if renamed else frame, **SCALE)


@pytest.mark.parametrize("function", OF_JUDGMENTS)
def test_order_of_rows_and_names_of_raters_and_items_change_nothing(function):
    if (result := answer(function)) is None:
        return
    draws = "seed" in parameters(function) or function.__name__ in DRAWS_BY_NAME
    raters = {n: f"person {ARGUMENTS[n]}" for n in ("a", "b") if n in parameters(function)}
    first, again = numbers(result), shuffled(renamed=not draws)
    second = numbers(called(function, again) if draws or not raters else function(again, **raters))
    assert len(first) == len(second)
    for one, two in zip(first, second, strict=True):
        assert one[:1] == two[:1] or np.allclose(one, two, rtol=1e-6, atol=1e-8)
        assert np.allclose([x for x in one if not isinstance(x, str)], [x for x in two if not isinstance(x, str)],
                           rtol=1e-6, atol=1e-8)  # fmt: skip


DRAWS_BY_NAME = ("adjudicate", "between_groups", "split", "changes", "retraining", "soft_labels", "worksheet")

THIN = {
    "one rater": WHOLE[WHOLE["rater_id"] == "rater 0"],
    "one item": WHOLE[WHOLE["item_id"] == "i00"],
    "one label": WHOLE.assign(label="a", gold="a"),
    "one judgment": WHOLE.head(1),
    "required columns": WHOLE[WHOLE["round"] == "1"][["item_id", "rater_id", "label"]],
}


@pytest.mark.parametrize("function", OF_JUDGMENTS)
@pytest.mark.parametrize("thin", THIN)
def test_thin_tables_end_in_a_result_or_a_reason(function, thin):
    try:
        result = called(function, judged(thin))
    except (NotEstimable, BadOption) as refused:
        reason, estimates = str(refused), []
    else:
        reason, estimates = "a result", estimates_of(result)
    assert reason
    for e in estimates:
        assert e.low <= e.value <= e.high


@pytest.mark.parametrize("function", OF_JUDGMENTS)
def test_an_empty_table_is_refused_in_words(function):
    with pytest.raises((InvalidData, NotEstimable), match=r"no (judgment|rows)|left"):
        called(function, WHOLE.head(0))


def test_all_refusals_of_options_are_value_errors():
    assert issubclass(BadOption, ValueError)
    assert issubclass(BadOption, HaloError)


def test_an_estimate_cannot_be_made_by_place_or_wrong():
    share = halo.stats.proportion(9, 10)
    assert {p.kind for p in parameters(Estimate).values()} == {inspect.Parameter.KEYWORD_ONLY}
    with pytest.raises(HaloError, match="outside its interval"):
        replace(share, low=0.95, value=0.9, high=0.99)
    with pytest.raises(BadOption, match="over is"):
        replace(share, over="people")
    with pytest.raises(BadOption, match="kind is"):
        replace(share, kind="guess")
    with pytest.raises(HaloError, match="is nan; raise NotEstimable"):
        replace(share, value=float("nan"))
    with pytest.raises(HaloError, match="has no code"):
        replace(share, cautions=("few raters",))
