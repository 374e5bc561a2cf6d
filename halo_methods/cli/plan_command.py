"""``halo plan design | capacity``; what it does is in `halo_methods.planning`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from ..errors import BadOption, NotEstimable
from ..results import readable
from .answering import Answer, Commands, ExistingFile, answering, listed, pairs, reading_options, several


@click.group(cls=Commands)
def plan() -> None:
    """How many raters, items and labels; how many people by week."""


def numbers(texts: Iterable[str]) -> dict[str, float]:
    """``name=number`` texts as a mapping."""
    return {name: float(value) for name, value in pairs(texts).items()}


def volumes(texts: Iterable[str]) -> list[float]:
    """Numbers, one a week."""
    return [float(part) for part in listed(texts)]


def _people(file: str, reading: dict[str, Any]) -> Any:
    from ..judgments import read_judgments

    return read_judgments(file, **reading).people()


_SHARED = ["items and raters", "items", "raters", "nothing"]
_PARTS, _PRICES = "item=…,rater=…,residual=…", "label=…,item=…,rater=…,audit=…"


@plan.command()
@click.option("--budget", type=float, required=True, metavar="AMOUNT")
@click.option("--data", type=ExistingFile(), metavar="FILE", help="A pilot's judgments; or give --components.")
@click.option("--components", **several(numbers), metavar=_PARTS, help="Instead of a pilot.")
@click.option("--prices", **several(numbers), default=["label=1"], metavar=_PRICES)
@click.option("--decision", type=click.Choice(["mean", "difference", "ranking", "item"]), default="mean")
@click.option("--design", type=click.Choice(["rotating", "crossed"]), default="rotating")
@click.option("--shared", type=click.Choice(_SHARED), default="items and raters")
@click.option("--gap", type=float, metavar="D", help="For a ranking: a difference that must come out in its order.")
@click.option("--pool", type=int, metavar="N", help="Raters there are.")
@click.option("--items", type=int, metavar="N", help="Items there are.")
@click.option("--workload", type=int, metavar="N", help="Labels one rater can give at most.")
@click.option("--overlap", type=float, default=0.1, metavar="SHARE", help="Items with a second label, at least.")
@click.option("--audit", type=float, default=0.05, metavar="SHARE", help="Labels audited, at least.")
@reading_options
@answering
def design(
    budget: float,
    data: str | None,
    components: dict[str, float],
    prices: dict[str, float],
    reading: dict[str, Any],
    **limits: Any,
) -> Answer:
    """The best design that a budget buys."""
    from .. import disagreement, planning

    if (data is None) == (not components):
        raise BadOption("give a pilot with --data, or variances with --components, one of the two")
    parts = components or disagreement.variance_components(_people(str(data), reading))
    unknown = sorted(set(prices) - {"label", "item", "rater", "audit"})
    if unknown:
        raise BadOption(f"--prices has no {unknown[0]!r}; it has label, item, rater, audit")
    costs = planning.Prices(**prices)
    within = planning.Limits(**limits)
    best = planning.best_design(parts, costs, budget, limits=within)
    result = {"design": within.design, "decision": within.decision, **vars(best)}
    result |= {"frontier": best.frontier.to_dict("records"), "cautions": list(best.cautions)}
    del result["limits"]
    lines = []
    if best.question:
        pools = planning.pools(parts, costs, budget, limits=within).drop(columns="narrower")
        result["pools"] = pools.to_dict("records")
        lines += [best.question, "", "pool   raters   items   labels per item   cost   half of the 95% interval"]
        lines += [*_rows(pools), "", "Without a limit of raters:"]
    lines += [
        f"{what}: {v if isinstance(v, str) else readable(float(v))}" for what, v in best.table.itertuples(index=False)
    ]
    lines += ["", best.another_tenth, ""]
    lines += ["budget   cost   raters   items   labels per item   half of the 95% interval"]
    lines += _rows(best.frontier[["budget", "cost", "raters", "items", "labels_per_item", "half_width"]])
    return Answer(result, [*lines, *(f"caution: {c}" for c in best.cautions)])


def _rows(table: Any) -> list[str]:
    return ["   ".join(readable(float(x)) for x in row) for row in table.itertuples(index=False)]


@plan.command()
@click.option("--data", type=ExistingFile(), required=True, metavar="FILE", help="Judgments with a column seconds.")
@click.option("--volume", **several(volumes), required=True, metavar="N,N,…", help="Judgments wanted, week by week.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE", help="The first Monday.")
@click.option("--market", required=True, metavar="TAG", help="Whose public holidays count, for instance de-DE.")
@click.option("--staff", type=int, default=0, metavar="N", help="People already certified.")
@click.option("--shrinkage", type=float, default=0.30, metavar="SHARE", help="Paid time that is not active work.")
@click.option("--attrition", type=float, default=0.01, metavar="SHARE", help="Who leaves in a week.")
@click.option("--yield", "certification_yield", type=float, default=0.75, metavar="SHARE", help="Hires who pass.")
@click.option("--hours", "hours_a_day", type=float, default=7.0, metavar="N", help="Paid hours a day.")
@click.option("--weeks-to-start", type=int, default=2, metavar="N", help="From hiring to the first live week.")
@reading_options
@answering
def capacity(data: str, volume: list[float], start: datetime, reading: dict[str, Any], **staffing: Any) -> Answer:
    """People by week for a forecast."""
    from .. import planning

    judgments = _people(data, reading)
    if "seconds" not in judgments.columns:
        raise NotEstimable("the data has no column seconds: measure active time, or name its column with --columns")
    timed = planning.working_times(judgments)
    weeks = planning.Staffing(start=start.date(), **staffing)
    forecast = planning.capacity(volume, timed["seconds"], weeks, raters=timed["rater_id"])
    rows = [{**row, "week": row["week"].isoformat()} for row in forecast.table.to_dict("records")]
    level = f"{100 * forecast.confidence:.0f}% interval"
    lines = [f"hire now: {forecast.hires}", f"week: people needed ({level}), chance covered"]
    for row in rows:
        people, low, high = (readable(float(row[n])) for n in ("people", "low", "high"))
        lines.append(f"{row['week']}: {people} ({low} to {high}), {100 * row['covered']:.0f}%")
    lines += [f"caution: {c}" for c in forecast.cautions]
    return Answer({"hires": forecast.hires, "weeks": rows, "cautions": list(forecast.cautions)}, lines)
