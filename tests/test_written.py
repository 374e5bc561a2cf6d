"""Pages without cells: what they print is what the package gives, and every template can be fetched from a page."""

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from halo_methods import exposure
from halo_methods.audit import proportion
from halo_methods.planning import piece_rate
from halo_methods.standards import load

ROOT = Path(__file__).parents[1]
CHAPTERS = ROOT / "book/chapters"


def page(name: str) -> str:
    return (CHAPTERS / f"{name}.md").read_text(encoding="utf-8")


def test_every_template_is_fetched_from_a_page():
    asked = set()
    for path in (ROOT / "book").rglob("*.md"):
        for target in re.findall(r"\{download\}`[^<`]*<([^>]+)>`", path.read_text(encoding="utf-8")):
            assert (path.parent / target).is_file(), f"{path.name} offers {target}"
            asked.add((path.parent / target).resolve())
    assert {p.resolve() for p in (ROOT / "data/templates").iterdir()} <= asked


def test_exposure_prints_what_the_page_shows():
    hours = ["2026-11-16T09:00Z", "2026-11-16T13:00Z", "2026-11-17T09:00Z", "2026-11-17T13:00Z"]
    harms = ["violence", "hatred", "violence", "none", "violence", "none", "none", "self-harm"]
    names = [f"i{n}" for n in range(8)]
    log = {"item_id": names, "rater_id": ["r1"] * 4 + ["r2"] * 4, "label": ["unsafe"] * 8, "rated_at": hours * 2,
           "seconds": [6000, 5400, 3600, 3000, 1800, 2400, 1200, 1500],
           "opt_out": ["no"] * 4 + ["2026-11-17T11:00+01:00"] * 4}  # fmt: skip
    items = pd.DataFrame({"item_id": names, "harm": harms})
    found = exposure.daily_minutes(pd.DataFrame(log), items=items, limit_minutes=180, timezone="Europe/Berlin")
    assert str(found) in page("workforce/wellbeing_and_pay")
    assert found.by_harm["minutes"].tolist() == [90, 100, 60, 30, 25]
    assert found.routed["minutes"].tolist() == [25]
    worst = found.by_harm.query("harm == 'self-harm'")["minutes"].max()
    assert worst <= load()["WEL-031"].numbers["worst"]


def test_the_rates_of_the_pay_table():
    times = [40, 50, 60, 70, 80] * 8
    rate = piece_rate(times, 15, unpaid_seconds=12).value
    text = page("workforce/wellbeing_and_pay")
    for pay in (0.30, rate):
        for seconds in (70, 80):
            assert f"{pay * 3600 / (seconds + 12):.2f}" in text
    assert rate == pytest.approx(0.35)


def test_the_intervals_of_the_weekly_page():
    text = page("workforce/wbr")
    error, right = proportion(7, 240), proportion(182, 200)  # 14 of 480 at a design effect of 2
    assert f"{error.value:.1%} ({error.low * 100:.1f} to {error.high * 100:.1f}; 14 of 480)" in text
    assert f"{right.value:.0%} ({right.low * 100:.0f} to {right.high * 100:.0f}; 182 of 200)" in text
    assert 2480 + 2040 + 2450 + 2450 == 9420
    people, planned, reserve = map(int, re.search(r"de-DE: (\d+), (\d+), (\d+) \|[^|]*\| de-DE not met", text).groups())
    assert people - planned == reserve < load()["VEN-007"].numbers["share"] * planned


CITIES = {"fr-FR": "Europe/Paris", "de-DE": "Europe/Berlin", "es-ES": "Europe/Madrid", "pt-BR": "America/Sao_Paulo"}


@pytest.mark.parametrize(("season", "month"), [("winter", 1), ("European summer", 7)])
def test_the_runbooks_clock_times(season, month):
    lines = page("frameworks/escalation").splitlines()
    for what in ("queue open, local", "duty lead on call, local"):
        at = next(i for i, line in enumerate(lines) if line.startswith(f"| {what}"))
        local = [c.strip() for c in lines[at].split("|")[2:-1]]
        utc = next(line for line in lines[at:] if line.startswith(f"| the same in UTC, {season}"))
        for zone, here, there in zip(CITIES.values(), local, utc.split("|")[2:-1], strict=True):
            moved = []
            for clock in here.split(" to "):
                hour, minute = map(int, clock.split(":"))
                moment = datetime(2027, month, 15, hour, minute, tzinfo=ZoneInfo(zone))
                moved.append(moment.astimezone(ZoneInfo("UTC")).strftime("%H:%M"))
            assert " to ".join(moved) == there.strip()


def test_the_last_telephone_of_the_call_chain_rings_before_the_limit():
    chain = load()["RUB-022"].numbers
    assert 0 < chain["deputy_minutes"] < chain["manager_minutes"] < load()["RUB-021"].numbers["s1_minutes"]


def test_the_worked_change_keeps_the_rules_of_its_page():
    text = page("frameworks/guideline_changes")
    decided, noticed, both, sentence, in_force = (date(2026, 11, day) for day in (2, 4, 9, 10, 11))
    rows = [text.index(f"| {day:%A} {day.day}") for day in (decided, noticed, both, sentence, in_force)]
    assert rows == sorted(rows)
    assert 6 <= np.busday_count(decided, in_force) <= 8
    assert np.busday_count(noticed, in_force) >= load()["RUB-031"].numbers["notice_days"]
    items, moved = map(int, re.search(r"on (\d+) items judged by both, (\d+) labels moved", text).groups())
    assert f"{items} items judged under both versions" in text
    assert f"{moved} labels differ" in text
    assert items >= load()["RUB-034"].numbers["items"]
    for other in ("frameworks/rubric", "frameworks/escalation", "workforce/rater_day_one", "workforce/wbr"):
        assert not re.search(r"9 November.*(one regional|es-ES is closed)|line in 1\.2\.1", page(other)), other
    assert "11 November" in page("workforce/rater_day_one")
