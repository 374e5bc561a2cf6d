"""``halo adjudicate pack | apply``; what it does is in `halo_methods.adjudication`."""

import json
from pathlib import Path
from typing import Any

import click

from ..atomic_files import write_files
from ..errors import BadOption, HaloError, InvalidData
from .answering import Answer, Commands, ExistingFile, answering, listed, problems_of, reading_options, several

_FILE = ExistingFile()
LONGEST_GUIDELINE = 10_000_000


@click.group(cls=Commands)
def adjudicate() -> None:
    """Blind packets of disagreements, and their decisions back."""


@adjudicate.command()
@click.option("--data", type=_FILE, required=True, metavar="FILE", help="The judgments.")
@click.option("--out", required=True, metavar="DIR")
@click.option("--queue", type=_FILE, metavar="FILE", help="Items in the order of this file's item_id, not by votes.")
@click.option("--most", type=int, metavar="N", help="So many items at most.")
@click.option("--budget", type=float, metavar="AMOUNT", help="Spend so much at most; needs --price.")
@click.option("--price", type=float, metavar="AMOUNT", help="Price of one decision.")
@click.option("--show", **several(listed), metavar="A,B", help="Columns that hold the item itself.")
@click.option("--clause", default="clause", metavar="COLUMN", help="Column with the clause cited.")
@click.option("--perspective", "perspectives", **several(listed), metavar="A,B", help="Criteria never adjudicated.")
@click.option("--guideline", type=_FILE, metavar="FILE", help="The guideline's text, to go with the packet.")
@click.option("--to", metavar="TOOL", help="Also as a project of label-studio or argilla.")
@click.option("--seed", type=int, default=0, metavar="N", help="Of the order of items and answers.")
@reading_options
@answering
def pack(
    data: str,
    out: str,
    queue: str | None,
    guideline: str | None,
    to: str | None,
    reading: dict[str, Any],
    **options: Any,
) -> Answer:
    """Write a blind packet, and apart from it its key."""
    from ..adjudication import pack as make_packet
    from ..adjudication import tool_files
    from ..judgments import read_judgments

    most = _most(*(options.pop(name) for name in ("most", "budget", "price")))
    items = _queue(queue) if queue else None
    packet = make_packet(read_judgments(data, **reading), items=items, most=most, **options)
    name = "guideline.md" if (guideline or "").lower().endswith(".md") else "guideline.txt"
    beside = ({name: _text(guideline)} if guideline else {}) | (tool_files(packet, to) if to else {})
    files = [str(f) for f in packet.write(out, beside=beside)]
    result = {"items": len(packet.table), "files": files, "notes": list(packet.notes), "seed": options["seed"]}
    last = "Send the folder packet. Keep kept_apart to yourself: it says which item is which."
    return Answer(result, [*files, *packet.notes, last])


def _most(most: int | None, budget: float | None, price: float | None) -> int | None:
    if budget is None:
        return most
    if price is None or not price > 0 or not budget > 0:
        raise BadOption("--budget needs --price, both above 0")
    affordable = int(budget / price + 1e-9)
    if affordable < 1:
        raise BadOption(f"--budget {budget:g} pays for no decision at --price {price:g}")
    return affordable if most is None else min(most, affordable)


def _queue(path: str) -> list[str]:
    from ..judgments.files import read_raw
    from ..judgments.spreadsheets import plain

    frame = read_raw(path).frame
    if "item_id" not in frame.columns:
        raise HaloError(f"{Path(path).name} has no column item_id")
    if "next" in frame.columns:
        frame = frame.filter(frame["next"] == "adjudicator")
        if not len(frame):
            raise HaloError(f"{Path(path).name} sends no item to an adjudicator")
    return [plain(i) for i in frame["item_id"].drop_nulls()]


def _text(path: str) -> str:
    if Path(path).stat().st_size > LONGEST_GUIDELINE:
        raise HaloError(f"{path} has more than {LONGEST_GUIDELINE:,} bytes; give the guideline's text alone")
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise HaloError(f"{path} is no text in UTF-8; give the guideline as .md or .txt") from None


@adjudicate.command()
@click.option("--data", type=_FILE, required=True, metavar="FILE", help="The judgments.")
@click.option("--out", required=True, metavar="DIR")
@click.option(
    "--decisions", type=_FILE, required=True, metavar="FILE", help="The packet, filled, or its tool's export."
)
@click.option("--key", metavar="FILE", help="The packet's key; otherwise looked for beside the packet.")
@reading_options
@answering
def apply(data: str, out: str, decisions: str, key: str | None, reading: dict[str, Any]) -> Answer:
    """Check decisions, add them to the judgments, draft the amendments."""
    from ..adjudication import judgments_with, read_decisions
    from ..judgments import read_judgments
    from ..judgments.spreadsheets import table_text

    judgments = read_judgments(data, **reading)
    try:
        decided = read_decisions(decisions, judgments, key=key)
    except InvalidData as invalid:
        return problems_of(invalid, Path(decisions).name, after=", nothing was written")
    if not len(decided.table):
        raise HaloError(f"{Path(decisions).name} holds no decision yet")
    targets = [Path(out) / name for name in ("judgments.csv", "amendments.yml", "decisions_summary.csv")]
    if {Path(read).resolve() for read in (data, decisions)} & {target.resolve() for target in targets}:
        raise BadOption(f"--out {out} would overwrite what is read; choose another folder")
    own = ("columns", "values", "encoding", "sheet", "delimiter")
    as_read = {name: reading[name] for name in own if name in reading}
    drafted, summary = decided.drafts(), decided.summary()
    texts = (judgments_with(data, decided, **as_read), decided.draft_text(), table_text(summary))
    files = [str(file) for file in write_files(dict(zip(targets, texts, strict=True)), private=("judgments.csv",))]
    done, added = len(decided.table), int((decided.table["decision"] != "").sum())
    result = {"problems": [], "files": files, "decided": done, "undecided": list(decided.undecided), "key": decided.key}
    result |= {"labels_added": added, "amendments": drafted}
    result |= {"summary": json.loads(summary.to_json(orient="records"))}
    counts = f"{done} decided, {len(decided.undecided)} not yet; {added} labels added, every raw label kept"
    share = "{0.of} {0.name}: {0.n} ({0.share:.2f}, 95% interval {0.low:.2f} to {0.high:.2f} over items)"
    lines = [
        *files,
        f"items by the key {decided.key}",
        counts,
        *(share.format(row) for row in summary.itertuples(index=False)),
    ]
    for draft in drafted:
        after = "raters calibrate again" if draft["recalibrate"] else "no recalibration"
        lines.append("draft: {change} of clause {clause} from {items} items; ".format(**draft) + after)
    return Answer(result, lines)
