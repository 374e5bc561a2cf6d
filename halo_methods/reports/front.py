"""The first screen of a report: on what data, the verdicts, what to do next, and where the sections are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..results import counted
from ..standards.gates import STAY_SAFE
from ..standards.register import house
from .rendering import WORST_FIRST, in_short, template

MOST_VERDICTS, MOST_STEPS = 9, 3

Given = Mapping[str, Any]
Step = dict[str, Any]


def by_standard(gates: Sequence[Given]) -> list[tuple[str, list[Given]]]:
    """The gates of each standard with its worst verdict first, the worst standards first; as given among equals."""
    groups: dict[str, list[Given]] = {}
    for gate in gates:
        groups.setdefault(gate["standard"], []).append(gate)
    ordered = [(standard, sorted(held, key=_rank)) for standard, held in groups.items()]
    return sorted(ordered, key=lambda group: _rank(group[1][0]))


def _rank(gate: Given) -> int:
    return WORST_FIRST.index(gate["verdict"])


def next_steps(gates: Sequence[Given]) -> list[Step]:
    """What to do, most worth doing first: ``what``, ``by`` (the owner's role), ``standards`` and ``verdict``.

    Musts that are not met come first, then musts that an affordable top-up settles, then other undecided
    musts, then the rest. Standards that ask the same are one step, of the owner of the first.

    Examples
    --------
    >>> gate = {"standard": "CAL-004", "level": "must", "title": "The team is right on gold", "estimate": None}
    >>> gate |= {"verdict": "undecided", "reason": "no judged item has a gold answer", "to_settle": "", "subject": ""}
    >>> next_steps([gate])
    [{'what': 'No judged item has a gold answer.', 'by': 'programme manager', 'standards': ['CAL-004'],
      'verdict': 'undecided'}]
    """
    register = house().register()
    steps: dict[str, Step] = {}
    ranked = []
    for standard, held in by_standard(gates):
        worst = held[0]["verdict"]
        if worst in ("met", "excepted"):
            continue
        what = _to_do([g for g in held if g["verdict"] == worst], len(held))
        far = worst == "undecided" and (not held[0]["to_settle"] or STAY_SAFE in held[0]["to_settle"])
        ranked.append(((held[0]["level"] != "must", _rank(held[0]), far), what, standard, worst))
    for _, what, standard, worst in sorted(ranked, key=lambda step: step[0]):
        step = {"what": what, "by": register[standard].owner, "standards": [], "verdict": worst}
        steps.setdefault(what, step)["standards"].append(standard)
    return list(steps.values())


def _to_do(held: Sequence[Given], of: int) -> str:
    """One sentence or two: the fix of a standard that is not met, or what settles an undecided one."""
    first = held[0]
    if first["verdict"] == "not_met":
        asked = house().register()[first["standard"]]
        fix = asked.fix or f"Find out why this is not met: {asked.title}."
        return fix if of == 1 else f"{fix} Not met: {len(held)} of {of}."
    texts = Counter(g["to_settle"] or g["reason"] or "Nothing was estimated" for g in held)
    if len(texts) > 1:
        return f"Undecided: {len(held)} of {of}; the section says what settles each."
    text = next(iter(texts))
    about = f"{first['subject']}: " if of > 1 and len(held) == 1 else ""
    return f"{about}{text[0].upper()}{text[1:].rstrip('.')}."


def on_data(data: Given) -> str:
    """On what data a report is, in one line.

    Examples
    --------
    >>> on_data({"name": "withheld", "items": 40, "raters": 1, "judgments": 1200})
    'About 40 items, 1 rater, 1,200 judgments'
    """
    sizes = ", ".join(counted(data[f"{noun}s"], noun) for noun in ("item", "rater", "judgment"))
    return f"About {sizes}" if data["name"] == "withheld" else f"{data['name']}: {sizes}"


def first_screen(found: Given, places: Mapping[str, str] | None = None) -> str:
    """On what data, the verdicts, and what to do next, as HTML.

    People are counted and not named: one line per standard, in whose fold the standard stands.

    Parameters
    ----------
    found : mapping
        Of what ``NAME.json`` holds: ``data``, ``gates``, ``next``.
    places : mapping of str to str, optional
        Standard -> the anchor of the section that gives it.

    Examples
    --------
    >>> gate = {"standard": "CAL-004", "level": "must", "title": "Right", "verdict": "met", "estimate": None}
    >>> "1 of 1 standards met" in first_screen({"gates": [gate]})
    True
    """
    settings, rows, data = house(), [], found.get("data")
    register = settings.register()
    for standard, held in by_standard(found.get("gates", [])):
        counts = Counter(g["verdict"].replace("_", " ") for g in held)
        several = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        row = {"gate": held[0], "verdict": held[0]["verdict"], "place": (places or {}).get(standard)}
        row |= {"found": several if len(held) > 1 else in_short(held[0].get("estimate"))}
        rows.append(row | {"standard": register[standard]})
    whole = Counter(row["verdict"] for row in rows)
    said = [f"{whole['met']} of {len(rows)} standards met"]
    said += [f"{whole[v]} {v.replace('_', ' ')}" for v in ("not_met", "undecided", "excepted") if whole[v]]
    return template("front.html.j2").render(
        on=data and on_data(data),
        on_sample=data and data.get("sample"),
        said=", ".join(said),
        rows=rows,
        most=MOST_VERDICTS,
        steps=found.get("next", []),
        first=MOST_STEPS,
        site=settings.site,
    )
