"""Whether charts run as long as stated, find changes as soon as stated, and what peeking and many charts cost.

    python benchmarks/study_drift.py

Writes benchmarks/results/study_drift.csv, one row a setting: what was stated
and what the simulation gave, with its standard error. About two minutes.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from halo_methods import drift
from halo_methods.drift.run_length import _cusum_two_sided, share_run_length
from halo_methods.stats.discovery import change_test

RESULTS = Path(__file__).parent / "results" / "study_drift.csv"
Row = tuple[str, str, float, float, float, int]


def run_lengths(kind: str, weight: float, limit: float, shift: float, runs: int, seed: int) -> np.ndarray:
    """Samples until each of many simulated charts signals."""
    rng = np.random.default_rng(seed)
    length, state, alive = np.zeros(runs), np.zeros((2, runs)), np.arange(runs)
    t = 0
    while alive.size:
        t += 1
        z = rng.normal(size=alive.size) + shift
        if kind == "cusum":
            state = np.maximum(0, state + np.stack([z, -z]) - weight)
            out = (state > limit).any(axis=0)
        else:
            state = np.stack([weight * z + (1 - weight) * state[0], state[1]])
            out = np.abs(state[0]) > limit * np.sqrt(weight / (2 - weight))
        length[alive[out]] = t
        alive, state = alive[~out], state[:, ~out]
    return length


def known_centre(runs: int = 20_000) -> Iterator[Row]:
    """Run lengths with known centre and spread, without and with a shift."""
    for kind, weight, limit in (("cusum", 0.5, 5.0), ("cusum", 0.25, 8.0), ("ewma", 0.2, 2.962), ("ewma", 0.05, 2.615)):
        stated_of = drift.cusum_run_length if kind == "cusum" else drift.ewma_run_length
        for shift in (0.0, 0.5, 1.0, 2.0):
            made = run_lengths(kind, weight, limit, shift, runs, 1)
            name = f"{kind} {weight:g}, {limit:g}, shift {shift:g}"
            stated = stated_of(weight, limit, shift)
            yield "run length", name, stated, made.mean(), made.std() / runs**0.5, runs


def from_a_baseline(charts: int = 20_000, periods: int = 1000) -> Iterator[Row]:
    """Periods a false alarm, where centre and spread come from a baseline; charts begin anew after each."""
    for baseline in (20, 30, 50, 100):
        rng = np.random.default_rng(2)
        design = drift.cusum_design(500, baseline=baseline)
        centre = rng.normal(size=charts) / baseline**0.5
        spread = np.sqrt(rng.chisquare(baseline - 1, size=charts) / (baseline - 1))
        for name, h in ((f"designed for it, h {design.limit:.2f}", design.limit), ("h 5", 5.0)):
            up, down, alarms = np.zeros(charts), np.zeros(charts), np.zeros(charts)
            for _ in range(periods):
                z = (rng.normal(size=charts) - centre) / spread
                up, down = np.maximum(0, up + z - 0.5), np.maximum(0, down - z - 0.5)
                out = (up > h) | (down > h)
                alarms += out
                up[out], down[out] = 0, 0
            rate = alarms.mean() / periods
            error = alarms.std() / charts**0.5 / periods / rate**2
            stated = drift.cusum_run_length(0.5, h, baseline=baseline)
            yield "run length from a baseline", f"baseline {baseline}, {name}", stated, 1 / rate, error, charts


def shares_from_a_baseline(charts: int = 100_000) -> Iterator[Row]:
    """Periods a false alarm of charts of shares, where the centre (and Laney's spread) comes from drawn baselines."""
    for size, share in ((170, 0.1), (4000, 0.3)):
        above = stats.binom.sf(np.arange(-1, size + 1), size, share)  # of counting 0 and more
        for baseline in (20, 30, 50, 100):
            rng = np.random.default_rng(6)
            made = rng.binomial(size, share, (charts, baseline)) / size
            centre = made.mean(axis=1)
            spread = np.sqrt(centre * (1 - centre) / size)
            moving = np.abs(np.diff(made)).mean(axis=1) / 1.128
            for name, widths, factor in (("p chart", spread, None), ("Laney", moving, 1.0)):
                over = np.floor((centre + 3 * widths) * size).astype(int).clip(-1, size) + 1
                under = np.ceil((centre - 3 * widths) * size).astype(int).clip(0, size + 1)
                rate = above[over] + 1 - above[under]
                stated = share_run_length(3, share, size, baseline=np.full(baseline, size), spread=factor)
                error = rate.std() / charts**0.5 / rate.mean() ** 2
                setting = f"{name}, baseline {baseline}, n {size}, p {share:g}"
                yield "share from a baseline", setting, stated, 1 / rate.mean(), error, charts


def delay_from_a_baseline(charts: int = 20_000) -> Iterator[Row]:
    """Periods until a shift of one is seen on average; below 30 periods, what nine baselines of ten stay below."""
    for baseline in (12, 20, 30, 50, 100):
        rng = np.random.default_rng(7)
        design = drift.cusum_design(465, baseline=baseline)
        steady = np.isfinite(design.detection)
        centre = rng.normal(size=charts) / baseline**0.5
        spread = np.sqrt(rng.chisquare(baseline - 1, size=charts) / (baseline - 1))
        took, at = np.zeros(charts), np.arange(charts)
        up, down = np.zeros(charts), np.zeros(charts)
        while steady and at.size:
            z = (rng.normal(size=at.size) + 1 - centre[at]) / spread[at]
            took[at] += 1
            up, down = np.maximum(0, up + z - design.weight), np.maximum(0, down - z - design.weight)
            on = (up <= design.limit) & (down <= design.limit)
            at, up, down = at[on], up[on], down[on]
        if steady:
            error, name = took.std() / charts**0.5, f"baseline {baseline}, mean"
            yield "delay from a baseline", name, design.detection, took.mean(), error, charts
            continue
        few = charts // 10
        each = [_cusum_two_sided(design.weight * s, design.limit * s, 1 + c)
                for s, c in zip(spread[:few], centre[:few], strict=True)]  # fmt: skip
        name, nine = f"baseline {baseline}, mean of nine baselines in ten at most", float(np.quantile(each, 0.9))
        density = 0.02 / (np.quantile(each, 0.91) - np.quantile(each, 0.89))
        yield "delay from a baseline", name, design.nine_in_ten, nine, (0.09 / few) ** 0.5 / density, few


def peeking(streams: int = 2000, looks: int = 2000) -> Iterator[Row]:
    """Streams whose interval ever leaves out the true share, one look a judgment from the twentieth."""
    for p in (0.05, 0.2, 0.5):
        rng = np.random.default_rng(3)
        ordinary = sequence = 0
        for _ in range(streams // 200):
            x = (rng.random((200, looks)) < p).astype(float)
            k, n = x.cumsum(axis=1), np.arange(1, looks + 1)
            share = k / n
            half = 1.96 * np.sqrt(np.clip(share * (1 - share), 1e-12, None) / n)
            ordinary += (np.abs(share - p) > half)[:, 19:].any(axis=1).sum()
            log_e = [np.log(change_test(row, np.ones(looks), p).e_value) for row in x]
            sequence += (np.array(log_e) > np.log(20)).any(axis=1).sum()
        for name, out, stated in (("ordinary interval", ordinary, 0.05), ("confidence sequence", sequence, 0.05)):
            rate = out / streams
            yield "peeking", f"{name}, share {p:g}", stated, rate, (rate * (1 - rate) / streams) ** 0.5, streams


def batches(periods: int = 50_000) -> Iterator[Row]:
    """Periods flagged where days differ by two points and nothing else happens."""
    rng = np.random.default_rng(4)
    for p in (0.1, 0.2):
        n = np.full(periods, 2000)
        d = rng.binomial(n, np.clip(rng.normal(p, 0.02, periods), 0, 1))
        for name, chart in (("p chart", drift.p_chart(d, n)), ("Laney", drift.laney(d, n))):
            rate = len(chart.signals) / periods
            yield "batch variation", f"{name}, share {p:g}", 0.0027, rate, (rate * (1 - rate) / periods) ** 0.5, periods


def small_counts() -> Iterator[Row]:
    """Run lengths of charts of counts, exact, beside those of the normal curve."""
    for n in (20, 50, 100, 500, 2000):
        for p in (0.02, 0.05, 0.1, 0.2, 0.5):
            for row in drift.normal_approximation(n, p).itertuples():
                if np.isfinite(row.exact):
                    yield "counts", f"{row.chart.split(',')[0]}, n {n}, p {p:g}", row.stated, row.exact, 0.0, 0


def many_charts(rounds: int = 200) -> Iterator[Row]:
    """Share of false charts among those listed, and of changed charts that are listed."""
    rng = np.random.default_rng(5)
    design = drift.cusum_design(500, baseline=30)
    for charts, changed in ((40, 0), (40, 4), (200, 20)):
        false, found = [], []
        for _ in range(rounds):
            x = rng.normal(size=(charts, 90))
            x[:changed, 60:] += 1.5
            each = (drift.cusum(row, design.weight, design.limit, baseline=30) for row in x)
            table = drift.many({str(i): chart for i, chart in enumerate(each)}, design, baseline=30).table
            listed = table.loc[table["listed"], "chart"].astype(int)
            false.append((listed >= changed).sum() / max(len(listed), 1))
            found.append((listed < changed).sum() / max(changed, 1))
        name = f"{charts} charts, {changed} changed by 1.5"
        yield "many charts", f"{name}: false among listed", 0.1, np.mean(false), np.std(false) / rounds**0.5, rounds
        if changed:
            yield "many charts", f"{name}: found", 1.0, np.mean(found), np.std(found) / rounds**0.5, rounds


def main() -> None:
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        file.write("# made by: python benchmarks/study_drift.py\n")
        write = csv.writer(file, lineterminator="\n")
        write.writerow(("part", "setting", "stated", "simulated", "standard_error", "runs"))
        parts = (known_centre, from_a_baseline, shares_from_a_baseline, delay_from_a_baseline, peeking)
        for part in (*parts, batches, small_counts, many_charts):
            for name, setting, *numbers, runs in part():
                write.writerow((name, setting, *(f"{x:.5g}" for x in numbers), runs))
            file.flush()


if __name__ == "__main__":
    main()
