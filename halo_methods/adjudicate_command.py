"""``halo adjudicate pack | apply``; what it does is in `halo_methods.aggregation`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import BadOption, HaloError, InvalidData

Answer = tuple[Any, str, bool]


def add(commands: Any, common: argparse.ArgumentParser, reading: Callable[[argparse.ArgumentParser], None]) -> None:
    """Put the command into the grammar; each sub-command's ``answer`` gives a result, its text, and findings or not."""
    kinds = commands.add_parser("adjudicate", help="blind packets of disagreements, and their decisions back")
    what = kinds.add_subparsers(dest="what", required=True, metavar="WHAT")

    def one(name: str, about: str, answer: Any) -> Any:
        made = what.add_parser(name, parents=[common], help=about)
        made.add_argument("--data", metavar="FILE", required=True, help="the judgments")
        made.add_argument("--out", metavar="DIR", required=True)
        made.set_defaults(answer=answer)
        return made.add_argument, made

    option, parser = one("pack", "write a blind packet, and apart from it its key", packed)
    option("--queue", metavar="FILE", help="items in the order of this file's column item_id, not by votes")
    option("--most", type=int, metavar="N", help="so many items at most")
    option("--budget", type=float, metavar="AMOUNT", help="spend so much at most; needs --price")
    option("--price", type=float, metavar="AMOUNT", help="price of one decision")
    option("--show", type=_names, default=[], metavar="A,B", help="columns that hold the item itself")
    option("--clause", default="clause", metavar="COLUMN", help="column with the clause cited")
    option("--perspective", type=_names, default=[], metavar="A,B", help="criteria that are never adjudicated")
    option("--guideline", metavar="FILE", help="the guideline's text, to go with the packet")
    option("--seed", type=int, default=0, metavar="N", help="of the order of items and answers")
    reading(parser)
    option, parser = one("apply", "check decisions, add them to the judgments, draft the amendments", applied)
    option("--decisions", metavar="FILE", required=True, help="the packet, filled")
    option("--key", metavar="FILE", help="the packet's key; otherwise looked for beside the packet")
    reading(parser)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _read(args: argparse.Namespace, options: dict[str, Any]) -> Any:
    from .judgments import read_judgments

    if not Path(args.data).is_file():
        raise HaloError(f"there is no file {args.data}")
    return read_judgments(args.data, **options)


def packed(args: argparse.Namespace, options: dict[str, Any]) -> Answer:
    """``halo adjudicate pack``."""
    from .adjudication import packets

    made = packets.pack(_read(args, options), items=_queue(args.queue), most=_most(args), show=args.show,
                        clause=args.clause, perspectives=args.perspective, seed=args.seed)  # fmt: skip
    name = "guideline.md" if (args.guideline or "").lower().endswith(".md") else "guideline.txt"
    written = made.write(args.out, beside={name: _text(args.guideline)} if args.guideline else None)
    files = [str(f) for f in written]
    result = {"items": len(made.table), "files": files, "notes": list(made.notes), "seed": args.seed}
    lines = [*files, *made.notes, "Send the folder packet. Keep kept_apart to yourself: it says which item is which."]
    return result, "\n".join(lines), False


def _most(args: argparse.Namespace) -> int | None:
    if args.budget is None:
        return args.most
    if args.price is None or not args.price > 0 or not args.budget > 0:
        raise BadOption("--budget needs --price, both above 0")
    affordable = int(args.budget / args.price + 1e-9)
    if affordable < 1:
        raise BadOption(f"--budget {args.budget:g} pays for no decision at --price {args.price:g}")
    return affordable if args.most is None else min(args.most, affordable)


def _queue(path: str | None) -> list[str] | None:
    if path is None:
        return None
    from .adjudication.spreadsheets import plain
    from .judgments.files import read_raw

    frame = read_raw(path).frame
    if "item_id" not in frame.columns:
        raise HaloError(f"{Path(path).name} has no column item_id")
    if "next" in frame.columns:
        frame = frame.filter(frame["next"] == "adjudicator")
        if not len(frame):
            raise HaloError(f"{Path(path).name} sends no item to an adjudicator")
    return [plain(i) for i in frame["item_id"].drop_nulls()]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise HaloError(f"{path} is no text in UTF-8; give the guideline as .md or .txt") from None


def applied(args: argparse.Namespace, options: dict[str, Any]) -> Answer:
    """``halo adjudicate apply``."""
    from .adjudication import amendments, decisions, packets
    from .adjudication.spreadsheets import write_all

    judgments = _read(args, options)
    if not Path(args.decisions).is_file():
        raise HaloError(f"there is no file {args.decisions}")
    key = packets.read_key(args.key or decisions.kept_apart(args.decisions))
    try:
        made = decisions.read_decisions(args.decisions, key, judgments)
    except InvalidData as invalid:
        problems = [{"row": p.row, "column": p.column, "what": p.what, "mend": p.mend} for p in invalid.problems]
        n = len(problems)
        head = f"{Path(args.decisions).name}: {n:,} problem{'s' if n != 1 else ''}, nothing was written"
        return {"problems": problems}, "\n".join([head, *(f"  {p}" for p in invalid.problems)]), True
    if not len(made.table):
        raise HaloError(f"{Path(args.decisions).name} holds no decision yet")
    inputs = {Path(p).resolve() for p in (args.data, args.decisions)}
    names = ("judgments.csv", "amendments.yml", "decisions_summary.csv")
    if inputs & {(Path(args.out) / n).resolve() for n in names}:
        raise BadOption(f"--out {args.out} would overwrite what is read; choose another folder")
    kept = {n: options[n] for n in ("columns", "values", "encoding") if n in options}
    texts = (
        decisions.judgments_with(args.data, made, **kept),
        amendments.draft_text(made),
        decisions.summary_text(made),
    )
    files = [str(f) for f in write_all(args.out, dict(zip(names, texts, strict=True)), replace=True)]
    drafted = amendments.draft(made)
    summary = made.summary()
    result = {
        "problems": [], "files": files, "decided": len(made.table), "undecided": list(made.undecided),
        "labels_added": int((made.table["decision"] != "").sum()), "amendments": drafted,
        "summary": json.loads(summary.to_json(orient="records")),
    }  # fmt: skip
    counts = f"{len(made.table)} decided, {len(made.undecided)} not yet; {result['labels_added']} labels added"
    lines = [*files, f"{counts}, every raw label kept", *_shares(summary), *_drafts(drafted)]
    return result, "\n".join(lines), False


def _shares(summary: Any) -> list[str]:
    return [f"{s.of} {s.name}: {s.n} ({s.share:.2f}, 95% interval {s.low:.2f} to {s.high:.2f} over items)"
            for s in summary.itertuples(index=False)]  # fmt: skip


def _drafts(drafted: list[dict[str, Any]]) -> list[str]:
    return [f"draft: {d['change']} of clause {d['clause']} from {d['items']} items; "
            + ("raters calibrate again" if d["recalibrate"] else "no recalibration") for d in drafted]  # fmt: skip
