"""Exposure: minutes by rater, day and class of harm against sums by hand, and what is refused."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from helpers import collected
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import halo_methods as halo
from halo_methods import plots, reports
from halo_methods.errors import BadOption, NotEstimable
from halo_methods.exposure import daily_minutes
from halo_methods.reports.audience import Shown
from halo_methods.standards import gate
from halo_methods.stats import score_interval

COLUMNS = ["item_id", "rater_id", "label", "rated_at", "seconds", "harm"]


def exposure(j, *, limit_minutes=240, **options):
    return daily_minutes(j, limit_minutes=limit_minutes, **options)


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
@settings(max_examples=15)
def test_minutes_and_days_over_are_sums_by_hand(seed, limit):
    rows = week(seed, raters=3, days=3, items=12)
    found, hand = exposure(table(rows), limit_minutes=limit), by_hand(rows)
    got = {(r.rater_id, pd.Timestamp(r.day).date(), r.harm): r.minutes for r in found.by_harm.itertuples()}
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
    pd.testing.assert_frame_equal(one.by_harm, other.by_harm)
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
    with pytest.raises(BadOption, match="perhaps"):
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
    low, high = score_interval(9.9, 99, stats.t.ppf(0.975, 9))  # raters are alike, so days are independent: n - 1
    assert (spread.low, spread.high) == pytest.approx((float(low), float(high)))
    none = exposure(days(lambda r, d: False), limit_minutes=60).share
    assert (none.value, round(none.high, 4)) == (0.0, 0.0362)  # 1 - .025 ** (1 / 100)


def test_the_interval_covers_the_share_of_raters_who_differ():
    rng, hits, start = np.random.default_rng(11), 0, datetime(2026, 3, 2, 9, tzinfo=UTC)
    for _ in range(60):
        chance = rng.beta(2, 6, size=20)
        at = [(start + timedelta(days=d)).isoformat() for d in range(8)]
        seconds = np.where(rng.random((20, 8)) < chance[:, None], 7200, 60)
        rows = [(f"{r}-{d}", f"r{r}", "x", at[d], int(seconds[r, d]), "violence") for r in range(20) for d in range(8)]
        found = exposure(table(rows), limit_minutes=60).share
        hits += found.low <= 0.25 <= found.high
    assert hits >= 54


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
    with pytest.raises(BadOption, match="twice"):
        exposure(table(rows), items=pd.concat([frame, frame])[["item_id", "harm"]])
    with pytest.raises(BadOption, match="limit_minutes"):
        exposure(table(rows), limit_minutes=-1)
    with pytest.raises(BadOption, match="timezone"):
        exposure(table(rows), timezone="Mars")
    with pytest.raises(BadOption, match="criteria"):
        exposure(table(rows), criteria="most")
    text = str(exposure(table(rows), limit_minutes=1))
    assert "r0" not in text
    assert "opt_out" in text
    untimed = halo.as_judgments(frame.assign(seconds=[None, *frame["seconds"][1:]], harm="violence"))
    assert any("1 judgment of distressing items without seconds" in c for c in exposure(untimed).cautions)


# ---------------------------------------------------------------- what must not happen once

OVER, ROUTED = "days over the limit", "opted out and still routed"


def gaps(seed, raters=3, days=3, items=8):
    """A week with holes: rows, and the items table that leaves some out."""
    rng = np.random.default_rng(seed)
    rows = [list(row) for row in week(seed, raters, days, items)]
    for row in rows:
        row[3] = None if rng.random() < 0.1 else row[3]
        row[4] = None if rng.random() < 0.15 else row[4]
        row.append(str(rng.choice(["no", "yes", "2026-03-03T08:30:00Z"], p=[0.8, 0.1, 0.1])))
    return rows, {row[0]: row[5] for row in rows if rng.random() < 0.9}


def counted_by_hand(rows, harms, limit, worst):
    """Rater-days over the limit and routed after opting out, in loops; at worst, if the gaps hide all they can."""
    longest = max(row[4] for row in rows if row[4] is not None)
    minutes, loose, routed = {}, {}, set()
    for item, rater, _, at, seconds, _, out in rows:
        harm = harms.get(item)
        if harm == "none" or (harm is None and not worst):
            continue
        time = (seconds if seconds is not None else longest if worst else 0) / 60
        day = at and datetime.fromisoformat(at).date()
        if at:
            minutes[rater, day] = minutes.get((rater, day), 0) + time
        else:
            loose[rater] = loose.get(rater, 0) + time
        since = out.startswith("2026")
        gone = out == "yes" or (since and (worst if not at else at >= "2026-03-03T08:30:00"))
        if gone:
            routed.add((rater, day))
    extra = loose if worst else {}
    over = {key for key, m in minutes.items() if m + extra.get(key[0], 0) > limit + 1e-9}
    over |= {(rater, None) for rater, m in extra.items() if m > limit + 1e-9}
    return len(over), len(routed)


@given(st.integers(0, 10_000), st.integers(5, 60))
@settings(max_examples=25, deadline=None)
def test_known_and_possible_faults_are_those_of_a_loop(seed, limit):
    rows, harms = gaps(seed)
    j = table([(*r[:5], r[6]) for r in rows], [*COLUMNS[:5], "opt_out"])
    items = pd.DataFrame({"item_id": list(harms), "harm": list(harms.values())})
    found = exposure(j, items=items, limit_minutes=limit)
    known, most = (counted_by_hand(rows, harms, limit, worst) for worst in (False, True))
    assert [found.counts[k].value for k in (OVER, ROUTED)] == [found.counts[k].low for k in (OVER, ROUTED)]
    assert [found.counts[k].value for k in (OVER, ROUTED)] == list(known)
    assert [found.counts[k].high for k in (OVER, ROUTED)] == [max(a, b) for a, b in zip(known, most, strict=True)]


def hundred(minutes_of_one):
    """Twenty people on five days, a minute each, but for one person's first day."""
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    rows = [[f"{r}-{d}", f"r{r}", "x", (start + timedelta(days=d)).isoformat(), 60, "violence", "no"]
            for r in range(20) for d in range(5)]  # fmt: skip
    rows[0][4] = 60 * minutes_of_one
    return pd.DataFrame(rows, columns=[*COLUMNS, "opt_out"])


def test_one_person_over_the_limit_on_one_day_is_not_averaged_away():
    found = exposure(halo.as_judgments(hundred(181)), limit_minutes=180)
    assert found.over[["rater_id", "minutes"]].values.tolist() == [["r0", 181.0]]
    assert found.by_person.iloc[0][["rater_id", "minutes", "days", "days_over"]].tolist() == ["r0", 181.0, 5, 1]
    assert found.share.low < 0.011  # the share alone would read as one day in a hundred, give or take
    assert gate("WEL-037", found.counts[OVER]).verdict == "not_met"
    at_the_limit = exposure(halo.as_judgments(hundred(180)), limit_minutes=180)
    assert {gate("WEL-037", e).verdict for e in at_the_limit.counts.values()} == {"met"}


def test_a_gap_that_could_hide_a_long_day_leaves_the_verdict_undecided():
    def found(frame, limit, items=None):
        return exposure(halo.as_judgments(frame), limit_minutes=limit, items=items).counts[OVER]

    whole = hundred(1)
    assert gate("WEL-037", found(whole, 1)).verdict == "met"
    untimed = hundred(3)  # and one of a minute without its seconds: at worst as long as the longest, 3 minutes
    untimed.loc[1, "seconds"] = None
    assert (found(untimed, 2).value, found(untimed, 2).high) == (1, 2)
    undated = whole.copy()
    undated.loc[0, "rated_at"] = None  # on any of the four other days of that person
    assert (found(undated, 1.5).value, found(undated, 1.5).high) == (0, 4)
    items = whole[["item_id", "harm"]].iloc[1:]
    unclassed = found(whole.drop(columns="harm"), 0.9, items)
    assert (unclassed.value, unclassed.high) == (99, 100)
    made = gate("WEL-037", found(undated, 1.5))
    assert made.verdict == "undecided"
    assert "Nothing was drawn" in made.to_settle
    assert "missing" in made.estimate.cautions[0]


@given(st.sets(st.integers(0, 99), max_size=40), st.sets(st.integers(0, 99), max_size=40))
@settings(max_examples=20)
def test_complete_judgments_are_counted_one_by_one(gaps, harmless):
    frame = hundred(1)
    for place in gaps:
        frame.loc[place, ["seconds", "rated_at"][place % 2]] = None
    frame.loc[sorted(harmless), "harm"] = "none"
    items = frame[["item_id", "harm"]].iloc[:-1]  # the last item is in no table, whatever its class
    complete = exposure(halo.as_judgments(frame.drop(columns="harm")), items=items).complete
    assert complete.value == pytest.approx(1 - len({99} | (gaps - harmless)) / 100)
    assert gate("WEL-040", complete).verdict == ("met" if complete.value >= 0.99 else "not_met")


def test_without_opt_outs_only_that_count_is_missing():
    found = exposure(table(week(1)), limit_minutes=10_000).counts
    assert found[OVER].high == 0
    assert isinstance(found[ROUTED], NotEstimable)
    made = gate("WEL-037", found[ROUTED])
    assert (made.verdict, "opt_out" in made.reason) == ("undecided", True)


def test_nothing_timed_is_refused_and_not_no_minutes():
    frame = pd.DataFrame(week(1), columns=COLUMNS)
    for column in ("seconds", "rated_at"):
        with pytest.raises(NotEstimable, match=column):
            exposure(halo.as_judgments(frame.assign(**{column: None})))


def test_class_names_cannot_break_the_tables():
    rows = [("a", "r", "x", "2026-03-02T09:00:00Z", 60, name) for name in ("rater_id",)]
    rows += [(f"b{n}", "r", "x", "2026-03-02T09:00:00Z", 60, name) for n, name in enumerate(["day", "minutes", "$x"])]
    made = exposure(table(rows)).by_person
    assert made.columns.is_unique
    assert made["minutes"].tolist() == [4.0]
    assert "all: limit 240" in plots.minutes_a_day(exposure(table(rows)).table).alt


def test_the_picture_draws_each_limit():
    held = exposure(table(week(2)), limit_minutes={"violence": 5, "self-harm": 7}).table
    figure = plots.minutes_a_day(held)
    lines = [axes.lines[-1].get_xdata()[0] for axes in figure.axes]
    assert dict(zip(dict.fromkeys(held["class"]), lines, strict=True)) == {"violence": 5, "self-harm": 7}
    dots = sum(len(line.get_xdata()) for axes in figure.axes for line in axes.lines[:2])
    assert dots == len(held)
    with pytest.raises(NotEstimable):
        plots.minutes_a_day(held.iloc[:0])


def test_counts_rest_on_those_who_opted_out_or_were_over():
    """One person's opt-out among eight is one person's figure, however many others were exposed (H5)."""
    columns = [*COLUMNS, "opt_out"]
    rows = [(*row, "yes" if row[1] == "r3" else "no") for row in week(4, raters=8)]
    counts = exposure(table(rows, columns)).counts
    routed, over = counts[ROUTED], counts[OVER]
    assert routed.value == 5
    assert (routed.n_raters, sorted(routed.basis.judgments)) == (1, ["r3"])
    assert (over.n_raters, len(over.basis.judgments)) == (8, 8)
    assert not Shown(threshold=5).may_show(routed.basis)
    assert Shown(threshold=5).may_show(over.basis)
    nobody = exposure(table([(*row[:6], "no") for row in rows], columns)).counts[ROUTED]
    assert (nobody.value, nobody.n_raters) == (0, 0)
    one = hundred(181).drop(columns="opt_out")
    assert exposure(halo.as_judgments(one), limit_minutes=180).counts[OVER].n_raters == 1
    assert exposure(halo.as_judgments(one), limit_minutes=181).counts[OVER].n_raters == 20
    later = exposure(table([(*row[:6], "2027-01-01T00:00Z") for row in rows], columns)).counts[ROUTED]
    assert (later.value, later.n_raters) == (0, 8)


def chapter(audience, folder, **options):
    made = reports.run("exposure", out=folder, audience=audience, **options)
    page, notebook = (folder / f"exposure.{kind}" for kind in ("html", "ipynb"))
    verdicts = {g["subject"]: g["verdict"] for g in made["gates"] if g["standard"] == "WEL-037"}
    return verdicts, page.read_text("utf-8"), notebook.read_text("utf-8")


def test_the_report_finds_what_was_planted(tmp_path):
    verdicts, page, _ = chapter("operations", tmp_path, limit_minutes=3.0)
    assert verdicts == {OVER: "not_met", ROUTED: "not_met"}
    assert "limit 3, longest 3.67, 1 of 140 rater-days over it" in page
    truth = reports.truth("workforce")
    for name in (truth["over_limit"][0], truth["opted_out"][0]):
        assert f">{name}<" not in page


@pytest.mark.parametrize("audience", ["partner", "public"])
def test_others_see_what_rests_on_enough_people_and_no_person(audience, tmp_path):
    verdicts, page, notebook = chapter(audience, tmp_path, limit_minutes=3.0)
    assert verdicts == {OVER: "undecided", ROUTED: "undecided"}  # one person was over, one opted out
    for told in (page, notebook):
        assert "R-" not in told
        assert "3.67" not in told
        assert "Longest day" not in told


def test_without_an_items_table_the_report_says_what_to_collect(tmp_path, root, monkeypatch):
    log = tmp_path / "log.csv"
    log.write_bytes((root / "data" / "samples" / "workforce.csv").read_bytes())
    _, gates = collected("exposure", log, "operations", monkeypatch)
    gates = [g for g in gates if g["standard"] == "WEL-037"]
    assert [g["verdict"] for g in gates] == ["undecided"]
    assert "collect an items table" in gates[0]["reason"]
