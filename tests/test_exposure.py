"""Exposure: minutes by rater, day and class of harm against sums by hand, and what is refused."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halo_methods as halo
from halo_methods.errors import BadOption, HaloError, NotEstimable
from halo_methods.workforce import exposure

COLUMNS = ["item_id", "rater_id", "label", "rated_at", "seconds", "harm"]


def table(rows, columns=COLUMNS):
    return halo.as_judgments(pd.DataFrame(rows, columns=columns))


def week(seed, raters=6, days=5, items=30, most=600):
    rng = np.random.default_rng(seed)
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    rows = []
    for r in range(raters):
        for d in range(days):
            for i in range(items):
                at = start + timedelta(days=d, minutes=10 * i)
                harm = str(rng.choice(["violence", "self-harm", "none"]))
                rows.append((f"{r}-{d}-{i}", f"r{r}", "x", at.isoformat(), int(rng.integers(1, most)), harm))
    return rows


def by_hand(rows):
    minutes: dict = {}
    for _, rater, _, at, seconds, harm in rows:
        if harm != "none":
            key = rater, datetime.fromisoformat(at).date(), harm
            minutes[key] = minutes.get(key, 0) + seconds / 60
    return minutes


@given(st.integers(0, 10_000), st.integers(0, 200))
@settings(max_examples=15, deadline=None)
def test_minutes_and_days_over_are_sums_by_hand(seed, limit):
    rows = week(seed, raters=3, days=3, items=12)
    found, hand = exposure(table(rows), limit_minutes=limit), by_hand(rows)
    got = {(r.rater_id, pd.Timestamp(r.day).date(), r.harm): r.minutes for r in found.table.itertuples()}
    assert got == pytest.approx(hand)
    days: dict = {}
    for (rater, day, _), minutes in hand.items():
        days[rater, day] = days.get((rater, day), 0) + minutes
    over = {key for key, minutes in days.items() if minutes > limit}
    assert {(r.rater_id, pd.Timestamp(r.day).date()) for r in found.over.itertuples()} == over
    assert found.share.value == pytest.approx(len(over) / len(days))
    assert found.share.low <= found.share.value <= found.share.high


def test_order_of_rows_and_names_do_not_matter():
    rows = week(3)
    one, other = exposure(table(rows), limit_minutes=60), exposure(table(rows[::-1]), limit_minutes=60)
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.share == other.share


def test_the_side_table_says_what_the_column_says():
    rows = week(5)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    items = frame[["item_id", "harm"]].drop_duplicates()
    plain = halo.as_judgments(frame.drop(columns="harm"))
    pd.testing.assert_frame_equal(exposure(plain, items=items).table, exposure(table(rows)).table)
    short = exposure(plain, items=items.iloc[5:])
    assert any("5 items not in the side table" in c for c in short.cautions)


def test_a_limit_by_class_leaves_other_classes_free():
    rows = [("a", "r", "x", "2026-03-02T09:00:00Z", 5400, "violence"),
            ("b", "r", "x", "2026-03-02T12:00:00Z", 5400, "self-harm")]  # fmt: skip
    assert exposure(table(rows), limit_minutes={"self-harm": 60}).over["class"].tolist() == ["self-harm"]
    assert exposure(table(rows), limit_minutes={"violence": 90, "self-harm": 90}).over.empty
    assert exposure(table(rows), limit_minutes=179).over["class"].tolist() == ["all"]
    assert exposure(table(rows), limit_minutes=180).over.empty


def test_a_day_is_a_day_on_the_raters_clock():
    rows = [("a", "r", "x", "2026-03-02T23:30:00Z", 3600, "violence"),
            ("b", "r", "x", "2026-03-03T01:30:00Z", 3600, "violence")]  # fmt: skip
    assert len(exposure(table(rows)).days) == 2
    assert exposure(table(rows), timezone="America/Sao_Paulo").days["minutes"].tolist() == [120.0]


def test_every_stage_counts_and_models_do_not():
    columns = [*COLUMNS, "stage", "rater_type"]
    at = "2026-03-02T09:00:00Z"
    who = [("r", "label", "human"), ("r", "audit", "human"), ("m", "label", "model")]
    rows = [("a", rater, "x", at, 60, "violence", stage, kind) for rater, stage, kind in who]
    found = exposure(table(rows, columns))
    assert found.days["minutes"].tolist() == [2.0]


def test_criteria_are_added_or_the_longest_is_taken():
    columns = [*COLUMNS, "criterion"]
    at = "2026-03-02T09:00:00Z"
    rows = [("a", "r", "x", at, 120, "violence", "harm"), ("a", "r", "x", at, 60, "violence", "tone")]
    assert exposure(table(rows, columns)).days["minutes"].tolist() == [3.0]
    assert exposure(table(rows, columns), criteria="longest").days["minutes"].tolist() == [2.0]
    assert "longest" in " ".join(exposure(table(rows, columns)).cautions)


def test_who_opted_out_and_was_still_routed():
    columns = [*COLUMNS, "opt_out"]
    rows = [("a", "r", "x", "2026-03-02T09:00:00Z", 60, "violence", "2026-03-02T10:00:00Z"),
            ("b", "r", "x", "2026-03-02T10:00:00Z", 60, "violence", "2026-03-02T10:00:00Z"),
            ("c", "r", "x", "2026-03-02T11:00:00Z", 60, "none", "2026-03-02T10:00:00Z"),
            ("d", "s", "x", "2026-03-02T11:00:00Z", 60, "violence", "yes"),
            ("e", "t", "x", "2026-03-02T11:00:00Z", 60, "violence", "no"),
            ("f", "u", "x", "2026-03-02T11:00:00Z", 60, "violence", None)]  # fmt: skip
    routed = exposure(table(rows, columns)).routed
    assert routed[["rater_id", "judgments"]].values.tolist() == [["r", 1], ["s", 1]]
    rows[0] = (*rows[0][:-1], "perhaps")
    with pytest.raises(HaloError, match="perhaps"):
        exposure(table(rows, columns))


def test_the_interval_is_wider_where_the_same_raters_pass_the_limit():
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def days(over):
        return table([(f"{r}-{d}", f"r{r}", "x", (start + timedelta(days=d)).isoformat(),
                       7200 if over(r, d) else 60, "violence") for r in range(10) for d in range(10)])  # fmt: skip

    spread = exposure(days(lambda r, d: d == r), limit_minutes=60).share
    heaped = exposure(days(lambda r, d: r == 0), limit_minutes=60).share
    assert spread.value == heaped.value == 0.1
    assert heaped.high > spread.high
    assert (round(spread.low, 4), round(spread.high, 4)) == (0.0490, 0.1762)  # Clopper and Pearson, 10 of 100
    none = exposure(days(lambda r, d: False), limit_minutes=60).share
    assert (none.value, round(none.high, 4)) == (0.0, 0.0362)  # 1 - .025 ** (1 / 100)


def test_the_interval_covers_the_share_of_raters_who_differ():
    rng, hits, start = np.random.default_rng(11), 0, datetime(2026, 3, 2, 9, tzinfo=UTC)
    for _ in range(120):
        chance = rng.beta(2, 6, size=20)
        at = [(start + timedelta(days=d)).isoformat() for d in range(8)]
        seconds = np.where(rng.random((20, 8)) < chance[:, None], 7200, 60)
        rows = [(f"{r}-{d}", f"r{r}", "x", at[d], int(seconds[r, d]), "violence") for r in range(20) for d in range(8)]
        found = exposure(table(rows), limit_minutes=60).share
        hits += found.low <= 0.25 <= found.high
    assert hits >= 108


def test_it_says_what_is_missing_and_names_nobody():
    rows = week(1, raters=2, days=1, items=5)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    for gone in ("rated_at", "seconds"):
        with pytest.raises(NotEstimable, match=gone):
            exposure(halo.as_judgments(frame.drop(columns=gone)))
    with pytest.raises(NotEstimable, match="risk"):
        exposure(table(rows), harm="risk")
    with pytest.raises(NotEstimable, match="class of harm"):
        exposure(halo.as_judgments(frame.assign(harm="none")))
    with pytest.raises(NotEstimable, match="side table"):
        exposure(table(rows), items=frame[["item_id"]])
    with pytest.raises(HaloError, match="twice"):
        exposure(table(rows), items=pd.concat([frame, frame])[["item_id", "harm"]])
    with pytest.raises(HaloError, match="limit_minutes"):
        exposure(table(rows), limit_minutes=-1)
    with pytest.raises(HaloError, match="timezone"):
        exposure(table(rows), timezone="Mars")
    with pytest.raises(BadOption, match="criteria"):
        exposure(table(rows), criteria="most")
    text = str(exposure(table(rows), limit_minutes=1))
    assert "r0" not in text
    assert "opt_out" in text
    untimed = halo.as_judgments(frame.assign(seconds=[None, *frame["seconds"][1:]], harm="violence"))
    assert any("1 judgment of distressing items without seconds" in c for c in exposure(untimed).cautions)
