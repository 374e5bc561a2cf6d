"""The outputs that `book/plan.md` shows are what the check says today's plans.

``python tests/test_plan_walk.py`` writes them anew.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from halo_methods.standards import load
from halo_methods.standards.plan import PlanCheck, check_plan

PLANS = Path(__file__).parents[1] / "data/plans"
STEPS = sorted((PLANS / "walk").glob("*.yml"))
TODAY = date(2026, 11, 24)


def merged(plan: Any, change: Any) -> Any:
    """The plan with the change put in; null takes a clause out."""
    if not (isinstance(plan, dict) and isinstance(change, dict)):
        return change
    both = {key: merged(plan.get(key), value) for key, value in change.items()}
    return {key: value for key, value in {**plan, **both}.items() if value is not None}


def step(path: Path) -> PlanCheck:
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not path.stem.startswith("1"):
        whole = yaml.safe_load((PLANS / "preference_launch.yml").read_text(encoding="utf-8"))
        plan = merged(whole, plan)
    return check_plan(plan, load(), today=TODAY)


def output(path: Path) -> str:
    return step(path).text(most=4).replace("a plan:", f"{path.name}:", 1) + "\n"


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_the_page_shows_what_the_check_says(path: Path) -> None:
    shown = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert shown == output(path), "python tests/test_plan_walk.py writes it anew"


def test_the_walk_ends_clean() -> None:
    assert [step(path).clean for path in STEPS] == [False, False, False, True]
    assert [f.standard for f in step(STEPS[-1]).of("excepted")] == ["DAT-004", "EXP-003", "EXP-021"]


if __name__ == "__main__":
    for file in STEPS:
        file.with_suffix(".txt").write_text(output(file), encoding="utf-8")
