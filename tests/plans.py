"""The worked plans, and how tests change them."""

import copy
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from halo_methods.standards import load
from halo_methods.standards.plan import PlanCheck, check_plan

ROOT = Path(__file__).parents[1]
PLANS = {path.stem: path for path in sorted((ROOT / "data/plans").glob("*.yml"))}
TODAY = date(2026, 11, 24)
REGISTER = load()
LAUNCH, SAFETY, MONITOR = "preference_launch", "safety_annotation", "calibration_programme"


def plan(name: str) -> dict[str, Any]:
    return yaml.safe_load(PLANS[name].read_text(encoding="utf-8"))


def put(values: dict[str, Any], clause: str, value: object) -> dict[str, Any]:
    """The plan with one clause set, or taken out where the value is None; in a list of blocks, in the first."""
    changed = copy.deepcopy(values)
    *path, leaf = clause.split(".")
    node: Any = changed
    for key in path:
        node = node.setdefault(key, {})
        node = node[0] if isinstance(node, list) else node
    node.pop(leaf, None)
    if value is not None:
        node[leaf] = value
    return changed


def check(values: Any, today: date = TODAY) -> PlanCheck:
    return check_plan(values, REGISTER, today=today)


def excepted(name: str, until: date) -> list[dict[str, Any]]:
    return [{"standard": name, "until": until, "reason": "a vendor joins in March", "granted_by": REGISTER[name].owner}]
