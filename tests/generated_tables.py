"""Tables of judgments as files have them at their worst, and what every method answers on them.

One strategy, one walk, one brute-force interval; shared by tests/test_generated_tables.py and
benchmarks/study_generated_tables.py. The methods are those of tests/test_contracts.py.
"""

import inspect
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import test_contracts as contracts
from hypothesis import strategies as st
from scipy.stats import norm

from halo_methods import agreement, audit, calibration, drift
from halo_methods.aggregation import dependence
from halo_methods.cli import main
from halo_methods.errors import HaloError
from halo_methods.judgments import Judgments, read_judgments
from halo_methods.results import Estimate
from halo_methods.standards import gates

SIZES = [1, 1, 2, 3, 5, 9, 10, 11, 20, 40, 70]
RATERS = [1, 2, 2, 3, 3, 4, 5, 8]
NAMES = {
    "plain": "r{}",
    "number": "{}",
    "zeros": "00{}",
    "float": "{}.0",
    "formula": "=cmd|{}",
    "comma": "Doe, {}",
    "marks": "é\u200b{}\u202e",
    "emoji": "\U0001f469\ufe0f{}",
    "quote": '"{}',
    "space": " r {} ",
    "nan": "nan{}",
    "long": "n" * 90 + "{}",
}
LABELS = {
    "words": ["ok", "bad", "worse"],
    "two": ["yes", "no"],
    "case": ["Yes", "yes", "NO "],
    "numbers": ["1", "2", "3", "4", "5"],
    "spelt": ["1", "1.0", "2", "2.00", "3"],
    "comma": ["1,5", "2,5", "3"],
    "huge": ["1e300", "2e300", "-1e300"],
    "long": ["100000000000000001", "100000000000000002", "100000000000000003"],
    "tiny": ["1e-9", "2e-9", "4e-9"],
    "mixed": ["0", "1e-300", "1e12", "-3.5"],
    "marks": ["ok\u200b", "ok", "\u202ebad", "bad\ufe0f"],
    "bars": ["a|b", "a", "b", "a||b"],
    "sets": ["a|b", "b|a", "c"],
    "one": ["same"],
    "missing": ["n/a", "nan", "ok", "None"],
    "many": [f"t{k}" for k in range(200)],
    "scores": [f"{k / 7:.3f}" for k in range(150)],
}
OPTIONAL = ["gold", "round", "rated_at", "seconds", "vendor", "clause", "stage", "locale", "queue", "rater_type",
            "guideline", "comment", "suggestion", "harm", "slice", "criterion", "cluster", "system",
            "cost"]  # fmt: skip
STRANGE = ["n", "value", "low", "high", "count", "literal", "item", "index", "label_", "rater_a", "table", "__row",
           "größe", "Item_Id", "a b", "x" * 200]  # fmt: skip
SPELT = [str, str.upper, str.title, " {} ".format, lambda name: name.replace("_", " "), lambda name: "\ufeff" + name]


@dataclass(frozen=True)
class Table:
    """A file and how it is read."""

    drawn: dict[str, Any]
    content: bytes = field(repr=False)
    options: dict[str, Any]

    def read(self) -> Judgments:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            path.write_bytes(self.content)
            return read_judgments(path, **self.options)

    def checked(self) -> tuple[int, str]:
        """Exit status and text of ``halo check``."""
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()) as out, redirect_stderr(out):
            path = Path(folder) / "table.csv"
            path.write_bytes(self.content)
            given = [text for name, value in self.options.items() for text in (f"--{name}", value)]
            return main(["check", str(path), *given]), out.getvalue()


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table: how many items and raters, which labels, columns and spellings, how good the raters, what is missing."""
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    drawn = {
        "items": pick(*SIZES), "raters": pick(*RATERS), "rounds": pick(1, 1, 1, 2),
        "labels": pick("words", "two", *LABELS),
        "rare": pick(0, 0, 0, 1, 2, 4), "right": pick(0.4, 0.75, 0.9, 0.97, 1.0), "spread": pick(0.0, 0.0, 0.1, 0.3),
        "gaps": pick(0.0, 0.0, 0.3, 0.8), "empty": pick(0.0, 0.0, 0.02), "gold": pick(1.0, 1.0, 0.3, 0.05),
        "item_names": pick("plain", *NAMES), "rater_names": pick("plain", "plain", *NAMES),
        "spelt": pick(*[0] * 6, *range(6)),
        "mark": pick(",", ",", ";", "\t"), "start": pick("", "", "\ufeff", "\n"), "end": pick("\n", "\r\n"),
        "twice": pick(0, 0, 0, 0, 1), "audits": pick(0, 0, 1), "order": pick(0, 1), "level": pick(None, *LEVELS),
        "columns": draw(st.sets(st.sampled_from(OPTIONAL))),
        "strange": draw(st.sets(st.sampled_from(STRANGE), max_size=2)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }  # fmt: skip
    return made(drawn)


LEVELS = ["nominal", "ordinal", "interval"]


def made(drawn: dict[str, Any]) -> Table:
    """The table of the numbers drawn; the rest is left to their seed."""
    d, rng = drawn, np.random.default_rng(drawn["seed"])
    labels, columns = LABELS[d["labels"]], set(d["columns"])
    accuracy = np.clip(rng.normal(d["right"], d["spread"], d["raters"]), 0, 1)
    usual = rng.integers(len(labels), size=d["items"])
    truth = np.where(np.arange(d["items"]) < d["rare"], len(labels) - 1, 0) if d["rare"] else usual
    rows = []
    for again in range(d["rounds"]):
        for i in range(d["items"]):
            for r in range(d["raters"] + d["audits"]):
                audit = r == d["raters"]
                if rng.random() < (0.5 if audit else d["gaps"]):
                    continue
                right = audit or rng.random() < accuracy[r]
                rows.append((i, r, truth[i] if right else rng.integers(len(labels)), again, audit))
    rows = rows or [(0, 0, 0, 0, False)]
    rows += rows[: d["twice"]]
    if d["order"]:
        rows = [rows[k] for k in rng.permutation(len(rows))]
    gold = {i: labels[truth[i]] if rng.random() < d["gold"] else "" for i in range(d["items"])}
    item, rater = NAMES[d["item_names"]].format, NAMES[d["rater_names"]].format
    frame = pd.DataFrame({"item_id": [item(i) for i, *_ in rows], "rater_id": [rater(r) for _, r, *_ in rows],
                          "label": [labels[k] for _, _, k, *_ in rows]})  # fmt: skip
    if d["rounds"] > 1:
        columns.add("round")
    if d["audits"]:
        columns.add("stage")
    for name in sorted(columns):
        frame[name] = [of_row(name, rng, i, r, again, audit, gold, labels) for i, r, _, again, audit in rows]
    for name in sorted(d["strange"]):
        frame[name] = rng.choice(["x", "1", ""], len(rows))
    frame = frame.mask(rng.random(frame.shape) < d["empty"], "")
    frame.columns = [SPELT[d["spelt"]](name) if name in columns else name for name in frame.columns]
    text = frame.to_csv(index=False, sep=d["mark"], lineterminator=d["end"])
    options: dict[str, Any] = {}
    if d["level"] in ("nominal", "ordinal") and "," not in "".join(labels) and len(labels) < 9:
        options["scale"] = ",".join(dict.fromkeys(labels))
    if d["level"]:
        options["level"] = d["level"]
    return Table(drawn, (d["start"] + text).encode(), options)


def of_row(name: str, rng: Any, i: int, r: int, again: int, audit: bool, gold: dict, labels: list[str]) -> str:
    """What an optional column holds in a row."""
    day = pd.Timestamp("2026-03-02T09:00Z") + pd.Timedelta(days=21 * again + i, minutes=7 * r)
    return {
        "gold": gold[i], "round": str(1 + again), "rated_at": day.isoformat(), "seconds": str(int(rng.integers(5, 90))),
        "vendor": f"v{r % 2}", "clause": f"{1 + i % 3}.1", "stage": "audit" if audit else "label",
        "locale": ["fr-FR", "de-DE"][i % 2], "queue": f"q{i % 2}", "rater_type": "model" if r == 3 else "human",
        "guideline": str(1 + again), "comment": "same words again" if r else "", "harm": ["none", "severe"][i % 2],
        "suggestion": labels[0], "slice": f"s{i % 3}", "criterion": "tone", "cluster": f"c{i // 2}",
        "system": f"m{i % 2}", "cost": "0.1",
    }[name]  # fmt: skip


def asked(j: Judgments, function: Callable) -> dict[str, Any]:
    """The arguments of a function that depend on the table."""
    raters = sorted(j.frame["rater_id"].unique().to_list())
    by = next((c for c in ("vendor", "locale", "slice", "queue") if c in j.columns), "vendor")
    own = {"a": raters[0], "b": raters[-1], "label": j.labels[-1], "column": by, "groups": by, "by": by, "bar": 0.8,
           "honest": j, "sheet": j, "experts": raters[:3], "item": by}  # fmt: skip
    return {name: own[name] for name in inspect.signature(function).parameters if name in own}


@dataclass
class Answers:
    """What the methods said of one table."""

    estimates: list[tuple[str, Estimate]] = field(default_factory=list)
    verdicts: list[tuple[str, str, bool]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def attempt(self, name: str, ask: Callable[[], Any]) -> Any:
        """The answer; a refusal or a fault is written down under the name."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return ask()
        except HaloError as refused:
            self.refused.append((name, f"{type(refused).__name__}: {refused}"))
            if not str(refused).strip():
                self.faults.append((name, "a refusal without a reason"))
        except Exception as fault:  # whatever it is, it is what is looked for
            self.faults.append((name, f"{type(fault).__name__}: {fault}"))
        return None

    def open(self, name: str, result: Any, depth: int = 2) -> None:
        """Every estimate and every interval that a result holds, or makes when asked without arguments."""
        if isinstance(result, Estimate):
            self.estimates.append((name, result))
            if why := outside(result):
                self.faults.append((name, f"{result.method}: {why}"))
        elif isinstance(result, pd.DataFrame):
            self.frames(name, result)
        elif isinstance(result, dict):
            for value in result.values():
                self.open(name, value, depth)
        elif depth and type(result).__module__.startswith("halo_methods") and not isinstance(result, Judgments):
            for part in parts(result):
                if not (part in SLOW and name in AGAIN):
                    of_part = self.attempt(f"{name}.{part}", lambda part=part: asked_of(result, part))
                    self.open(f"{name}.{part}", of_part, depth - 1)
            self.attempt(f"{name} in words", lambda: f"{result}{result!r}")

    def frames(self, name: str, frame: pd.DataFrame) -> None:
        """A table's intervals end after they begin, and are whole or absent."""
        if {"low", "high"} <= set(frame.columns):
            ends = frame[["low", "high"]].astype(float)
            if (ends["low"] > ends["high"] + 1e-9).any():
                self.faults.append((name, "an interval in the table ends before it begins"))
            if (ends["low"].isna() != ends["high"].isna()).any():
                self.faults.append((name, "half an interval in the table"))


SLOW = ("dependence", "cautions", "estimates")  # the test of copying, made once a table
AGAIN = [f"aggregation.{n}" for n in ("dawid_skene", "glad", "mace", "one_coin", "ordinal", "majority")]
METHODS = {p.id: p.values[0] for p in contracts.OF_JUDGMENTS} | {"drift.Watch": drift.Watch}


def asked_of(result: Any, part: str) -> Any:
    made = getattr(result, part)
    return made() if callable(made) and not isinstance(made, type) else made


def parts(result: Any) -> Iterator[str]:
    """The names of a result's properties and of its methods that need no argument."""
    for name, thing in inspect.getmembers(type(result)):
        if name.startswith("_") or name in ("plot", "write", "save", "figure", "decide"):
            continue
        optional = inspect.isfunction(thing) and all(
            p.default is not inspect.Parameter.empty for p in list(inspect.signature(thing).parameters.values())[1:]
        )
        if optional or isinstance(thing, property | cached_property):
            yield name


def answers(table: Table) -> Answers:
    """What `halo check` and every method say of a table."""
    said = Answers()
    status, text = table.checked()
    try:
        j = table.read()
    except HaloError as refused:
        said.refused.append(("reading", f"{type(refused).__name__}: {refused}"))
        if status == 0:
            said.faults.append(("check", f"no problem found in a file that is refused: {refused}"))
        return said
    except Exception as fault:
        said.faults.append(("reading", f"{type(fault).__name__}: {fault}"))
        return said
    if status:
        said.faults.append(("check", f"status {status} for a file that is read: {text}"))
    before, dependence.REPLICATES = dependence.REPLICATES, 19
    try:
        for name, function in METHODS.items():
            options = asked(j, function)
            call = (lambda: drift.Watch(j, baseline=3)) if name == "drift.Watch" else (
                lambda f=function, o=options: contracts.called(f, j, **o))  # fmt: skip
            said.open(name, said.attempt(name, call))
    finally:
        dependence.REPLICATES = before
    said.verdicts = said.attempt("verdicts", lambda: list(verdicts(j))) or []
    undecided = [f"{standard} reads {verdict}" for standard, verdict, agreed in said.verdicts if not agreed]
    said.faults += [("verdicts", f"{text} where brute force is undecided") for text in undecided]
    return said


def counts_of(j: Judgments) -> np.ndarray:
    """How often each item (in each round) was given each label, items judged once left out."""
    frame = j.one().frame.to_pandas()
    unit = frame["item_id"] + "\n" + (frame["round"].fillna("") if "round" in frame else "")
    table = pd.crosstab(unit, frame["label"].astype(float if j.numeric else str)).reindex(
        columns=[float(x) if j.numeric else str(x) for x in j.one().labels], fill_value=0)  # fmt: skip
    return table.to_numpy(float)[table.sum(axis=1) > 1]


def alpha(counts: np.ndarray, distance: Callable[[np.ndarray], np.ndarray]) -> float:
    """Krippendorff's alpha from its coincidences."""
    n = counts.sum(1)
    pairs = np.einsum("ia,ib->ab", counts / (n - 1)[:, None], counts) - np.diag((counts / (n - 1)[:, None]).sum(0))
    total = counts.sum(0)
    among = (np.outer(total, total) - np.diag(total)) / (total.sum() - 1)
    d = distance(total)
    return float(1 - (pairs * d).sum() / (among * d).sum())


def distance_of(j: Judgments) -> Callable[[np.ndarray], np.ndarray]:
    """How far labels lie apart, at the level of the table, from how often each was given."""
    at = np.arange(len(j.one().labels), dtype=float)
    if j.level == "ordinal":
        middle = lambda total: np.cumsum(total) - total / 2  # noqa: E731
        return lambda total: (middle(total)[:, None] - middle(total)) ** 2
    if j.level in ("interval", "ratio"):
        at = np.array(j.one().labels, dtype=float)
        at = at / max(np.abs(at).max(), 1e-300)
        return lambda total: (at[:, None] - at) ** 2
    return lambda total: 1.0 - np.eye(len(at))


def agreeing(counts: np.ndarray) -> float:
    n = counts.sum(1)
    return float(((counts * (counts - 1)).sum(1) / (n * (n - 1))).mean())


def agreeing_on(counts: np.ndarray, label: int) -> float:
    n, own = counts.sum(1), counts[:, label]
    return float((own * (own - 1) / (n - 1)).sum() / own.sum())


def share(counts: np.ndarray) -> float:
    return float(counts[:, 0].sum() / counts.sum())


def hits(frame: pd.DataFrame, hit: pd.Series) -> np.ndarray:
    """Judgments of each item that count, and those that don't."""
    table = pd.crosstab(frame["item_id"], hit.astype(bool)).reindex(columns=[True, False], fill_value=0)
    return table.to_numpy(float)


def brute_force(
    counts: np.ndarray, point: Callable[[np.ndarray], float], confidence: float = 0.95, draws: int = 400
) -> tuple:
    """Ends of the bootstrap over items: percentiles, corrected for bias (Efron 1987) where draws are many.

    Where every resample says the same, as many items as the rule of three leaves room for,
    evenly through the table, are turned to the worst: labels as different as can be, or the other answer.
    """
    rng, n = np.random.default_rng(7), len(counts)
    with np.errstate(all="ignore"):
        values = np.array([point(counts[rng.integers(n, size=n)]) for _ in range(draws)])
        values = values[np.isfinite(values)]
        if len(values) == 0 or np.ptp(values) < 1e-12:
            room = max(1, int(n * (1 - (1 - confidence) ** (1 / n))))  # whole items: one more would be surer than asked
            worse, usual = counts.copy(), np.argsort(-counts.sum(0))
            for at in np.linspace(0, n - 1, room + 2).round().astype(int)[1:-1]:
                each, left = divmod(int(counts[at].sum()), len(usual))
                apart = each + np.isin(np.arange(len(usual)), usual[:left])
                worse[at] = counts[at, ::-1] if point is share else apart
            both = np.append(values, point(worse))
            return np.nanmin(both), np.nanmax(both)
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if draws >= MANY:
        here = point(counts)
        bias = norm.ppf(np.clip((values < here).mean() + (values == here).mean() / 2, 1 / draws, 1 - 1 / draws))
        tails = norm.cdf(2 * bias + norm.ppf(tails))
    return tuple(np.quantile(values, tails))


MANY = 4000
"""Resamples of a second look: 400 percentiles of a skewed statistic of twenty items end too low by .04."""
LESS_SURE = 0.9
"""Confidence of the brute-force interval. Two honest 95% intervals of one table end at different points, so that a
verdict right at an end would be called undecided by the other; at 90% the bootstrap asks only for gross certainty."""


def verdicts(j: Judgments) -> Iterator[tuple[str, str, bool]]:
    """Each gate on agreement and shares right: its standard, the verdict, and whether brute force decides too."""
    j = j.people()
    label = lambda: agreement.rarest_label(j)  # noqa: E731
    marked = lambda: j.marked("gold").to_pandas()  # noqa: E731
    at = lambda: [str(x) for x in j.one().labels].index(str(label()))  # noqa: E731
    of_alpha, right = (lambda c: alpha(c, distance_of(j))), (lambda: hits(marked(), marked()["right"]))
    measures: dict[str, tuple] = {
        "CAL-026": (lambda: agreement.reliability(j), lambda: counts_of(j), of_alpha),
        "CAL-027": (lambda: agreement.specific_agreement(j, label()), lambda: counts_of(j),
                    lambda c: agreeing_on(c, at())),
        "CAL-004": (lambda: calibration.accuracy(j, reference="gold"), right, share),
        "QUA-007": (lambda: audit.error_rate(j), lambda: hits(j.marked().to_pandas(), ~j.marked().to_pandas()["right"]),
                    share),
    }  # fmt: skip
    if "vendor" in j.columns:
        for name in j.frame["vendor"].drop_nulls().unique().sort():
            part = j.only(vendor=name)
            measures[f"CAL-028 {name}"] = (lambda p=part: agreement.reliability(p), lambda p=part: counts_of(p),
                                           lambda c, p=part: alpha(c, distance_of(p)))  # fmt: skip
            measures[f"VEN-040 {name}"] = (
                lambda p=part: calibration.accuracy(p),
                lambda p=part: hits(p.marked().to_pandas(), p.marked().to_pandas()["right"]),
                share,
            )
    for standard, (estimate, counts, point) in measures.items():
        try:
            gate = gates.gate(standard.split()[0], estimate())
        except HaloError as refused:
            if not str(refused).strip():
                raise
            yield standard, "refused", True
            continue
        if gate.verdict == "undecided":
            yield standard, "undecided", True
            continue
        table = counts()
        dust = 1e-6 * max(1.0, abs(gate.estimate.value))
        ends = (brute_force(table, point, LESS_SURE, draws) for draws in (400, MANY))
        sides = ((low >= gate.threshold - dust, high < gate.threshold + dust) for low, high in ends)
        yield (
            standard,
            gate.verdict,
            any(side[(gate.verdict == "met") ^ (gate.direction == "at_least")] for side in sides),
        )


# Fleiss' kappa takes prevalence from items judged once too, so that chance above a half lets it fall below -1.
RANGES = {
    "share": (0.0, 1.0), "rate": (0.0, 1.0), "accuracy": (0.0, 1.0), "raw agreement": (0.0, 1.0),
    "Krippendorff": (-1.0, 1.0), "Fleiss": (-np.inf, 1.0), "Scott": (-1.0, 1.0), "Gwet": (-1.0, 1.0),
    "Brennan": (-1.0, 1.0), "Cohen": (-1.0, 1.0), "variance component": (0.0, np.inf), "dependability": (0.0, 1.0),
    "difference": (-1.0, 1.0), "items that": (0.0, np.inf), "raters": (0.0, np.inf),
}  # fmt: skip


def outside(e: Estimate) -> str:
    """Why an estimate cannot be, or nothing."""
    if not np.isfinite([e.value, e.low, e.high]).all() or not e.low <= e.value <= e.high:
        return f"ends {e.low} to {e.high} around {e.value}"
    if e.kind == "count" and not e.low == e.value == e.high:
        return "a count with an interval"
    begin = "difference" if " minus " in e.method else e.method
    least, most = (0.0, 1.0) if e.kind == "p_value" else next(
        (ends for kind, ends in RANGES.items() if begin.startswith(kind)), (-np.inf, np.inf))  # fmt: skip
    if e.low < min(least, e.value) - 1e-9 or e.high > max(most, e.value) + 1e-9 or not least <= e.value + 1e-9:
        return f"{e.low} to {e.high} is outside {least} to {most}"
    return "" if e.items_only is None or e.items_only[0] <= e.items_only[1] else "items-only ends before it begins"
