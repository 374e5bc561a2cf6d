"""``halo plan design | capacity``; what it does is in `halo_methods.planning`."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from .errors import BadOption, HaloError, NotEstimable
from .results import readable

Answer = tuple[Any, str, bool]


def add(commands: Any, common: argparse.ArgumentParser, reading: Callable[[argparse.ArgumentParser], None]) -> None:
    """Put the command into the grammar; each sub-command's ``answer`` gives a result, its text, and findings or not."""
    kinds = commands.add_parser("plan", help="how many raters, items and labels; how many people by week")
    what = kinds.add_subparsers(dest="what", required=True, metavar="WHAT")

    made = what.add_parser("design", parents=[common], help="the best design that a budget buys")
    made.set_defaults(answer=designed)
    option = made.add_argument
    option("--budget", type=float, required=True, metavar="AMOUNT")
    option("--data", metavar="FILE", help="a pilot's judgments; or give --components")
    option("--components", type=_numbers, metavar="item=…,rater=…,residual=…", help="variances, instead of a pilot")
    option("--prices", type=_numbers, default={"label": 1.0}, metavar="label=…,item=…,rater=…,audit=…")
    option("--decision", choices=("mean", "difference", "ranking", "item"), default="mean")
    option("--design", choices=("rotating", "crossed"), default="rotating")
    option("--shared", choices=("items and raters", "items", "raters", "nothing"), default="items and raters")
    option("--gap", type=float, metavar="D", help="for a ranking: a difference that must come out in its order")
    option("--pool", type=int, metavar="N", help="raters there are")
    option("--items", type=int, metavar="N", help="items there are")
    option("--workload", type=int, metavar="N", help="labels one rater can give at most")
    option(
        "--overlap", type=float, default=0.1, metavar="SHARE", help="items with a second label, at least; default .1"
    )
    option("--audit", type=float, default=0.05, metavar="SHARE", help="labels audited, at least; default .05")
    reading(made)

    made = what.add_parser("capacity", parents=[common], help="people by week for a forecast")
    made.set_defaults(answer=staffed)
    option = made.add_argument
    option("--data", metavar="FILE", required=True, help="judgments with a column seconds")
    option("--volume", type=_volumes, required=True, metavar="N,N,…", help="judgments wanted in each week")
    option("--start", type=_day, required=True, metavar="DATE", help="the Monday of the first week")
    option("--market", required=True, metavar="TAG", help="whose public holidays count, for instance de-DE")
    option("--staff", type=int, default=0, metavar="N", help="people already certified")
    option("--shrinkage", type=float, default=0.30, metavar="SHARE", help="paid time that is not active work")
    option("--attrition", type=float, default=0.01, metavar="SHARE", help="who leaves in a week")
    option(
        "--yield", dest="passing", type=float, default=0.75, metavar="SHARE", help="hires who pass the certification"
    )
    option("--hours", type=float, default=7.0, metavar="N", help="paid hours a day")
    option("--weeks-to-start", type=int, default=2, metavar="N", help="from hiring to the first live week")
    reading(made)


def _numbers(text: str) -> dict[str, float]:
    found = {}
    for part in text.split(","):
        name, equals, value = (p.strip() for p in part.partition("="))
        try:
            found[name] = float(value)
        except ValueError:
            equals = ""
        if not (name and equals):
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is not name=number; write item=1,rater=.1,residual=2")
    return found


def _volumes(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers; write 2000,2500,2500") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2026-06-01") from None


def _read(name: str, options: dict[str, Any]) -> Any:
    from .judgments import read_judgments

    if not Path(name).is_file():
        raise HaloError(f"there is no file {name}")
    return read_judgments(name, **options).people()


def designed(args: argparse.Namespace, options: dict[str, Any]) -> Answer:
    """``halo plan design``."""
    from . import disagreement, planning

    if (args.data is None) == (args.components is None):
        raise BadOption("give a pilot with --data, or variances with --components, one of the two")
    given = args.components or disagreement.variance_components(_read(args.data, options))
    unknown = sorted(set(args.prices) - {"label", "item", "rater", "audit"})
    if unknown:
        raise BadOption(f"--prices has no {unknown[0]!r}; it has label, item, rater, audit")
    asked = ("decision", "design", "shared", "gap", "items", "workload", "overlap", "audit")
    limits = {name: getattr(args, name) for name in asked}
    prices = planning.Prices(**args.prices)
    made = planning.best_design(given, prices, args.budget, pool=args.pool, **limits)
    by_pool = planning.pools(given, prices, args.budget, **limits) if made.question else None
    names = ("design", "decision", "raters", "items", "labels_per_item", "overlap", "audit", "variance", "low", "high")
    result = {n: getattr(made, n) for n in (*names, "half_width", "right_order", "cost", "budget")}
    result |= {"frontier": made.frontier.to_dict("records"), "cautions": list(made.cautions)}
    lines = []
    if by_pool is not None:
        table = by_pool[[c for c in by_pool if c != "narrower"]]
        result |= {"question": made.question, "pools": table.to_dict("records")}
        lines += [made.question, "", "pool   raters   items   labels an item   cost   half of the 95% interval"]
        lines += ["   ".join(readable(float(x)) for x in row) for row in table.itertuples(index=False)]
        lines += ["", "Without a limit of raters:"]
    lines += [_row(what, value) for what, value in made.table.itertuples(index=False)]
    lines += ["", made.another_tenth, "", "budget   cost   raters   items   labels an item   half of the 95% interval"]
    for row in made.frontier.to_dict("records"):
        numbers = (row[n] for n in ("budget", "cost", "raters", "items", "labels_per_item", "half_width"))
        lines.append("   ".join(readable(float(x)) for x in numbers))
    return result, "\n".join([*lines, *(f"caution: {c}" for c in made.cautions)]), False


def _row(what: str, value: Any) -> str:
    return f"{what}: {value if isinstance(value, str) else readable(float(value))}"


def staffed(args: argparse.Namespace, options: dict[str, Any]) -> Answer:
    """``halo plan capacity``."""
    from . import planning

    judgments = _read(args.data, options)
    if "seconds" not in judgments.columns:
        raise NotEstimable("the data has no column seconds: measure active time, or name its column with --columns")
    timed = planning.working_times(judgments)
    made = planning.capacity(
        args.volume, timed["seconds"], raters=timed["rater_id"], start=args.start, market=args.market,
        staff=args.staff, shrinkage=args.shrinkage, attrition=args.attrition, certification_yield=args.passing,
        hours_a_day=args.hours, weeks_to_start=args.weeks_to_start,
    )  # fmt: skip
    rows = [{**row, "week": row["week"].isoformat()} for row in made.table.to_dict("records")]
    lines = [f"hire now: {made.hires}", f"week: people needed ({100 * made.confidence:.0f}% interval), chance covered"]
    for row in rows:
        people, low, high = (readable(float(row[n])) for n in ("people", "low", "high"))
        lines.append(f"{row['week']}: {people} ({low} to {high}), {100 * row['covered']:.0f}%")
    lines += [f"caution: {c}" for c in made.cautions]
    return {"hires": made.hires, "weeks": rows, "cautions": list(made.cautions)}, "\n".join(lines), False
