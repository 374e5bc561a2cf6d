"""How often the audit's intervals and plans hold the truth, by simulation.

python benchmarks/study_audit.py [OUT.csv]

Rows: coverage of the interval of the error rate when errors cluster in raters
(and of the interval that takes labels as independent), coverage and error of
the rate corrected by double sampling (and of Rogan and Gladen's correction
with sensitivity and specificity measured on another lot), risks of the plans
as realised, coverage of a risk-based sample's weighted rate.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from halo_methods import audit
from halo_methods.stats import two_way_share, wilson
from halo_methods.stats.two_phase import double_sampling

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benchmarks" / "results" / "study_audit.csv"


def beta_rates(rng, mean, icc, size):
    """Error rates of raters with this mean and intraclass correlation."""
    if icc == 0:
        return np.full(size, mean)
    total = 1 / icc - 1
    return rng.beta(mean * total, (1 - mean) * total, size)


def clustered(runs, seed, mean=0.08, icc=0.05, raters=20, labels=25):
    """Coverage over raters drawn anew, of the clustered interval and of the independent one."""
    rng = np.random.default_rng(seed)
    hit = np.zeros(2)
    who = np.repeat(np.arange(raters), labels)
    for _ in range(runs):
        wrong = rng.random(who.size) < beta_rates(rng, mean, icc, raters)[who]
        made = two_way_share(wrong, who)
        low, high = wilson(wrong.sum(), wrong.size)
        hit += [made.low <= mean <= made.high, low <= mean <= high]
    return hit / runs


def corrected(
    runs, seed, rate=0.08, sensitivity=0.85, specificity=0.97, n=500, again=(0.6, 0.2), elsewhere=0.70, icc=None
):
    """Coverage of double sampling, and root mean squared errors of it, of the found share and of Rogan-Gladen.

    Last the coverage of its sensitivity, where labels audited again hold an error.
    With an icc, over 20 raters drawn anew each time.
    """
    rng = np.random.default_rng(seed)
    hit, errors, sensed = 0, np.zeros(3), []
    who = None if icc is None else np.arange(n) % 20
    for _ in range(runs):
        truth = rng.random(n) < (rate if who is None else beta_rates(rng, rate, icc, 20)[who])
        found = np.where(truth, rng.random(n) < sensitivity, rng.random(n) > specificity)
        part = rng.random(n) < np.where(found, again[0], again[1])
        made = double_sampling(found, np.where(part, truth, np.nan), who)
        sensed += [e.low <= sensitivity <= e.high for e in [made.sensitivity] if e]
        made = made.rate
        hit += made.low <= rate <= made.high
        # Sensitivity as measured on another lot, of harder items.
        carried = np.clip((found.mean() + specificity - 1) / (elsewhere + specificity - 1), 0, 1)
        errors += (np.array([made.value, found.mean(), carried]) - rate) ** 2
    return hit / runs, np.sqrt(errors / runs), np.mean(sensed)


def risks(runs, seed, aql=0.03, rql=0.10, producer=0.05, consumer=0.10, lot=None):
    """Shares of good lots rejected and of bad lots accepted."""
    rng = np.random.default_rng(seed)
    plan = audit.single_plan(aql, producer, rql, consumer, lot=lot)

    def drawn(p):
        if lot is None:
            return rng.binomial(plan.n, p, runs)
        bad = round(p * lot)
        return rng.hypergeometric(bad, lot - bad, plan.n, runs)

    return plan, (drawn(aql) > plan.accept).mean(), (drawn(rql) <= plan.accept).mean()


def double_risks(runs, seed, aql=0.03, rql=0.10, producer=0.05, consumer=0.10):
    rng = np.random.default_rng(seed)
    plan = audit.double_plan(aql, producer, rql, consumer)

    def accepted(p):
        first, second = rng.binomial(plan.n1, p, runs), rng.binomial(plan.n2, p, runs)
        unsure = (first > plan.accept1) & (first < plan.reject1)
        audited = plan.n1 + plan.n2 * unsure
        return (first <= plan.accept1) | (unsure & (first + second <= plan.accept)), audited

    good, audited = accepted(aql)
    return plan, 1 - good.mean(), accepted(rql)[0].mean(), audited.mean()


def by_risk(runs, seed, n=200, frame=2000):
    """Coverage of the weighted rate of a sample drawn by a risk score that errors follow, and bias without weights."""
    from halo_methods.audit.sample_draw import inclusion_probabilities

    rng = np.random.default_rng(seed)
    score = rng.choice([1.0, 3.0, 9.0], size=frame, p=[0.7, 0.2, 0.1])
    wrong = rng.random(frame) < 0.02 * score
    chance, hit, plain = inclusion_probabilities(score, n), 0, 0.0
    for _ in range(runs):
        order = rng.permutation(frame)
        ends = np.concatenate([[0], np.cumsum(chance[order])])
        start = rng.random()
        kept = order[np.floor(ends[1:] - start + 1e-9) > np.floor(ends[:-1] - start + 1e-9)]
        made = two_way_share(wrong[kept], kept, weights=1 / chance[kept], over="items")
        hit += made.low <= wrong.mean() <= made.high
        plain += wrong[kept].mean() / runs
    return hit / runs, wrong.mean(), plain


def study(runs=2000):
    rows = []

    def row(what, setting, quantity, value, nominal=None, n=runs):
        rows.append({"what": what, "setting": setting, "quantity": quantity, "value": round(float(value), 4),
                     "nominal": nominal, "runs": n})  # fmt: skip

    for k, (icc, raters) in enumerate([(0.0, 20), (0.05, 10), (0.05, 20), (0.05, 40), (0.15, 20)]):
        robust, plain = clustered(runs, 100 + k, icc=icc, raters=raters)
        setting = f"{raters} raters × 25 labels, 8% errors, icc {icc:g}"
        row("error rate", setting, "coverage, clustered by rater", robust, 0.95)
        row("error rate", setting, "coverage, labels taken as independent", plain, 0.95)
    for k, (rate, again) in enumerate([(0.08, (0.6, 0.2)), (0.08, (1.0, 0.1)), (0.03, (0.6, 0.2)), (0.20, (0.3, 0.3))]):
        setting = f"{rate:.0%} errors, auditor .85/.97, {again[0]:.0%} and {again[1]:.0%} of 500 again"
        hit, (double, found, carried), sensed = corrected(runs, 200 + k, rate=rate, again=again)
        row("corrected rate", setting, "coverage, double sampling", hit, 0.95)
        row("sensitivity", setting, "coverage, double sampling", sensed, 0.95)
        row("corrected rate", setting, "root mean squared error, double sampling", double)
        row("corrected rate", setting, "root mean squared error, uncorrected", found)
        row("corrected rate", setting, "root mean squared error, Rogan-Gladen, sensitivity .70 from elsewhere", carried)
    setting = "8% errors of 20 raters, icc 0.05, auditor .85/.97, 60% and 20% of 500 again"
    hit, *_ = corrected(runs, 210, icc=0.05)
    row("corrected rate", setting, "coverage, double sampling, clustered by rater", hit, 0.95)
    many = 50 * runs
    for lot in (None, 400):
        plan, producer, consumer = risks(many, 300, lot=lot)
        setting = f"single plan, {plan.n} drawn, {plan.accept} accepted, {'lot of 400' if lot else 'many lots'}"
        row("plan", setting, "good lots (3%) rejected", producer, 0.05, many)
        row("plan", setting, "bad lots (10%) accepted", consumer, 0.10, many)
    plan, producer, consumer, mean = double_risks(many, 301)
    setting = f"double plan, {plan.n1} and {plan.n2}, accept {plan.accept1} and {plan.accept}"
    row("plan", setting, "good lots (3%) rejected", producer, 0.05, many)
    row("plan", setting, "bad lots (10%) accepted", consumer, 0.10, many)
    row(
        "plan",
        setting,
        "labels audited on average in a good lot",
        mean,
        round(float(plan.average_number(0.03)), 4),
        many,
    )
    hit, rate, plain = by_risk(runs, 400)
    row("risk-based sample", "200 of 2,000, errors follow the score", "coverage, weighted", hit, 0.95)
    row("risk-based sample", "200 of 2,000, errors follow the score", "true error rate", rate)
    row("risk-based sample", "200 of 2,000, errors follow the score", "mean without weights", plain)
    return pd.DataFrame(rows)


def main(out=OUT):
    with Path(out).open("w", encoding="utf-8", newline="") as file:
        file.write("# made by: python benchmarks/study_audit.py\n")
        study().to_csv(file, index=False, lineterminator="\n")
    print(Path(out).read_text("utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:2])
